# What strangers do to a platform on purpose. Each program has a platform of its own.
include(${CMAKE_SOURCE_DIR}/tests/support/platform.cmake)
find_package(Threads REQUIRED)
add_library(pcn_test_abuse STATIC ${CMAKE_CURRENT_LIST_DIR}/raw.c ${CMAKE_CURRENT_LIST_DIR}/vitals.c)
target_link_libraries(pcn_test_abuse PUBLIC pcn_test_rig)
foreach(name http tokens texts)
  pcn_platform_test(abuse ${name})
  target_link_libraries(ptest_abuse_${name} PRIVATE pcn_test_abuse)
endforeach()
# It compares rates of a quiet and of a busy platform.
set_tests_properties(integration/abuse/http PROPERTIES RUN_SERIAL TRUE)
target_sources(ptest_abuse_http PRIVATE ${CMAKE_CURRENT_LIST_DIR}/malformed.c ${CMAKE_CURRENT_LIST_DIR}/flood.c
  ${CMAKE_CURRENT_LIST_DIR}/slow.c)
target_link_libraries(ptest_abuse_http PRIVATE Threads::Threads)
target_sources(ptest_abuse_tokens PRIVATE ${CMAKE_SOURCE_DIR}/tests/unit/gateway/issuer.c)
target_link_libraries(ptest_abuse_tokens PRIVATE PkgConfig::CRYPTO)
target_sources(ptest_abuse_texts PRIVATE ${CMAKE_CURRENT_LIST_DIR}/payload.c ${CMAKE_CURRENT_LIST_DIR}/attack.c)
target_link_libraries(ptest_abuse_texts PRIVATE pcn_pb PkgConfig::PQ)
