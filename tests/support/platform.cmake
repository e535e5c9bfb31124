# Tests of a whole platform: pcn_platform_test(folder name) is tests/integration/<folder>/test_<name>.c. Each starts its own on the programs
# of this build folder, at a port of its own: as many run side by side as ctest is told to (-j), since most of them mostly wait.
include_guard(GLOBAL)

add_library(pcn_test_platform STATIC ${CMAKE_SOURCE_DIR}/tests/support/platform.c ${CMAKE_SOURCE_DIR}/tests/support/http.c)
target_include_directories(pcn_test_platform PUBLIC ${CMAKE_SOURCE_DIR})
target_compile_definitions(pcn_test_platform PRIVATE PCN_CLONE="${CMAKE_SOURCE_DIR}")
target_link_libraries(pcn_test_platform PUBLIC pcn_base PkgConfig::CURL PkgConfig::JANSSON)

function(pcn_platform_test folder name)
  string(REPLACE "/" "_" prefix ${folder})
  set(target ptest_${prefix}_${name})
  add_executable(${target} ${CMAKE_SOURCE_DIR}/tests/integration/${folder}/test_${name}.c)
  target_link_libraries(${target} PRIVATE pcn_test_platform cmocka)
  add_test(NAME integration/${folder}/${name} COMMAND ${target})
  set_tests_properties(integration/${folder}/${name} PROPERTIES LABELS integration TIMEOUT 1800
    ENVIRONMENT "PCN_BUILD=${CMAKE_BINARY_DIR}")
endfunction()
