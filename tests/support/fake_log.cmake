# A change log that a test writes the script of: fake_log.h.
include_guard(GLOBAL)
add_library(pcn_test_fake_log STATIC ${CMAKE_SOURCE_DIR}/tests/support/fake_log.c)
target_include_directories(pcn_test_fake_log PUBLIC ${CMAKE_SOURCE_DIR})
target_link_libraries(pcn_test_fake_log PUBLIC pcn_rpc cmocka)
