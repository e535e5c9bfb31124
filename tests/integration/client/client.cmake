# libpcn against a fake service in the same process, and a program that knows nothing but what is installed.
include(${CMAKE_SOURCE_DIR}/tests/support/fake_log.cmake)
find_package(Threads REQUIRED)
set(here ${CMAKE_CURRENT_LIST_DIR})

add_executable(itest_client_subscription ${here}/test_subscription.c ${here}/service.c)
target_link_libraries(itest_client_subscription PRIVATE pcn_shared pcn_test_fake_log Threads::Threads)
target_include_directories(itest_client_subscription PRIVATE ${CMAKE_SOURCE_DIR})
add_test(NAME integration/client/subscription COMMAND itest_client_subscription)
set_tests_properties(integration/client/subscription PROPERTIES LABELS integration TIMEOUT 300)

add_test(NAME integration/client/installed COMMAND ${here}/installed.sh ${CMAKE_BINARY_DIR} ${CMAKE_C_COMPILER} "${PCN_SANITIZE}")
set_tests_properties(integration/client/installed PROPERTIES LABELS integration TIMEOUT 300 SKIP_RETURN_CODE 77)
