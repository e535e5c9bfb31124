include(${CMAKE_SOURCE_DIR}/tests/support/postgres.cmake)
add_library(pcn_test_daemon STATIC ${CMAKE_CURRENT_LIST_DIR}/daemon.c ${CMAKE_CURRENT_LIST_DIR}/proxy.c
  ${CMAKE_CURRENT_LIST_DIR}/stranger.c ${CMAKE_CURRENT_LIST_DIR}/frames.c)
target_include_directories(pcn_test_daemon PUBLIC ${CMAKE_SOURCE_DIR})
target_compile_definitions(pcn_test_daemon PRIVATE PCN_TEST_REGISTRY="$<TARGET_FILE:pcn-registry>")
target_link_libraries(pcn_test_daemon PUBLIC pcn_rpc pcn_test_postgres cmocka)
add_dependencies(pcn_test_daemon pcn-registry)
foreach(name disorder flood malformed revocation)
  pcn_database_test(rpc ${name} pcn_test_daemon)
  set_tests_properties(integration/rpc/${name} PROPERTIES TIMEOUT 900)
endforeach()
# What they measure of time is the machine's own, not what others leave of it.
set_tests_properties(integration/rpc/flood integration/rpc/revocation PROPERTIES RUN_SERIAL TRUE)
