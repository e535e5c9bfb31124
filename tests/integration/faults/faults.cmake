# The fault cases. Sanitizers and fuzzers have a build of their own; these need whole platforms, so they run on the release's.
include(${CMAKE_SOURCE_DIR}/tests/support/faults.cmake)
add_library(pcn_test_stage STATIC ${CMAKE_CURRENT_LIST_DIR}/stage.c)
target_link_libraries(pcn_test_stage PUBLIC pcn_test_faults cmocka)
foreach(name kill_service)
  pcn_fault_test(faults ${name} pcn_test_stage)
endforeach()
