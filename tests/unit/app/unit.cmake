foreach(name endpoints listener app rest)
  pcn_unit(app ${name} pcn_app)
endforeach()
