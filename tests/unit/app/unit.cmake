foreach(name endpoints listener app)
  pcn_unit(app ${name} pcn_app)
endforeach()
