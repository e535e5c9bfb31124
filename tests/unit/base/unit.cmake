foreach(name status utf8 arena buf clock id log config metrics base64url)
  pcn_unit(base ${name} pcn_base)
endforeach()
