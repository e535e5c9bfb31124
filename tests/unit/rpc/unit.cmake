foreach(name batch budget client context due frame keys outbox publisher server zap)
  pcn_unit(rpc ${name} pcn_rpc)
endforeach()
