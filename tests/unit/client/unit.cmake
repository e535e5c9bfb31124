foreach(name token resource batch note)
  pcn_unit(client ${name} pcn_client)
endforeach()
