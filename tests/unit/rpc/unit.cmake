foreach(name audience batch binding budget client context due frame keys outbox peers publisher server share subscriber zap)
  pcn_unit(rpc ${name} pcn_rpc)
endforeach()
