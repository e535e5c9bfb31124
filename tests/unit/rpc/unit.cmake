foreach(name batch budget client context due frame keys outbox publisher server zap)
  pcn_unit(rpc ${name} pcn_rpc)
endforeach()

# Not a test: how many calls a second, built when asked for.
add_executable(bench_rpc_echo EXCLUDE_FROM_ALL bench/rpc_echo.c)
target_link_libraries(bench_rpc_echo PRIVATE pcn_rpc)
