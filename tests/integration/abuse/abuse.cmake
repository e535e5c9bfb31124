# What strangers do to a platform on purpose. Three programs, each with a platform of its own.
include(${CMAKE_SOURCE_DIR}/tests/support/platform.cmake)
add_library(pcn_test_abuse STATIC ${CMAKE_CURRENT_LIST_DIR}/raw.c ${CMAKE_CURRENT_LIST_DIR}/vitals.c)
target_link_libraries(pcn_test_abuse PUBLIC pcn_test_rig)
foreach(name http)
  pcn_platform_test(abuse ${name})
  target_link_libraries(ptest_abuse_${name} PRIVATE pcn_test_abuse)
endforeach()
target_sources(ptest_abuse_http PRIVATE ${CMAKE_CURRENT_LIST_DIR}/malformed.c ${CMAKE_CURRENT_LIST_DIR}/flood.c
  ${CMAKE_CURRENT_LIST_DIR}/slow.c)
target_link_libraries(ptest_abuse_http PRIVATE Threads::Threads)
