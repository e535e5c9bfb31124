# The examples of docs/examples against a running platform.
include(${CMAKE_SOURCE_DIR}/tests/support/platform.cmake)
add_executable(example_c_follow ${CMAKE_SOURCE_DIR}/docs/examples/c/follow.c)
target_include_directories(example_c_follow PRIVATE ${CMAKE_SOURCE_DIR}/common/client)
target_link_libraries(example_c_follow PRIVATE pcn_shared)

pcn_platform_test(platform examples)
add_dependencies(ptest_platform_examples example_c_follow)
target_compile_definitions(ptest_platform_examples PRIVATE PCN_TEST_SOURCE="${CMAKE_SOURCE_DIR}"
  PCN_TEST_EXAMPLE_C="$<TARGET_FILE:example_c_follow>" PCN_TEST_EXAMPLE_NODE="${CMAKE_CURRENT_BINARY_DIR}/example-node")
target_link_libraries(ptest_platform_examples PRIVATE pcn_test_rig)
