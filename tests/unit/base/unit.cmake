foreach(name status utf8 arena buf clock id log config metrics)
  pcn_unit(base ${name} pcn_base)
endforeach()
