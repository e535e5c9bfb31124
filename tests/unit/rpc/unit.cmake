foreach(name budget client context due frame keys publisher server zap)
  pcn_unit(rpc ${name} pcn_rpc)
endforeach()
