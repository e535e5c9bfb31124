include(${CMAKE_SOURCE_DIR}/tests/support/platform.cmake)
pcn_platform_test(platform up)
