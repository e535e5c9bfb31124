# Tests against a real database. Include it, then pcn_database_test(folder name libraries…): tests/integration/<folder>/test_<name>.c.
# They share one private cluster, which the fixture `postgres` starts before the first and stops after the last, failed or not.
# PCN_TEST_DATABASE_URL tells them where it is; each makes a database of its own (postgres.h).
include_guard(GLOBAL)

# Two build folders may run at the same time; a socket's path must be short.
string(SHA256 hash ${CMAKE_BINARY_DIR})
string(SUBSTRING ${hash} 0 12 hash)
set(PCN_TEST_POSTGRES_DIR /tmp/pcn-test-${hash} CACHE INTERNAL "The tests' cluster")
set(PCN_TEST_DATABASE_URL "host=${PCN_TEST_POSTGRES_DIR} user=pcn_test dbname=postgres" CACHE INTERNAL "How tests reach it")
set(PCN_TEST_POSTGRES ${CMAKE_SOURCE_DIR}/tests/support/postgres.sh CACHE INTERNAL "")

add_test(NAME postgres/start COMMAND ${PCN_TEST_POSTGRES} start ${PCN_TEST_POSTGRES_DIR} --watch)
add_test(NAME postgres/stop COMMAND ${PCN_TEST_POSTGRES} stop ${PCN_TEST_POSTGRES_DIR})
set_tests_properties(postgres/start PROPERTIES FIXTURES_SETUP postgres TIMEOUT 300)
set_tests_properties(postgres/stop PROPERTIES FIXTURES_CLEANUP postgres TIMEOUT 300)

add_library(pcn_test_postgres STATIC ${CMAKE_SOURCE_DIR}/tests/support/postgres.c)
target_include_directories(pcn_test_postgres PUBLIC ${CMAKE_SOURCE_DIR})
target_link_libraries(pcn_test_postgres PUBLIC PkgConfig::PQ)

# pcn_needs_database(test): for tests that are no cmocka binary.
function(pcn_needs_database test)
  set_property(TEST ${test} APPEND PROPERTY FIXTURES_REQUIRED postgres)
  set_property(TEST ${test} APPEND PROPERTY ENVIRONMENT "PCN_TEST_DATABASE_URL=${PCN_TEST_DATABASE_URL}")
endfunction()

function(pcn_database_test folder name)
  string(REPLACE "/" "_" prefix ${folder})
  set(target itest_${prefix}_${name})
  add_executable(${target} ${CMAKE_SOURCE_DIR}/tests/integration/${folder}/test_${name}.c)
  target_link_libraries(${target} PRIVATE ${ARGN} pcn_test_postgres cmocka)
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR})
  add_test(NAME integration/${folder}/${name} COMMAND ${target})
  set_tests_properties(integration/${folder}/${name} PROPERTIES LABELS integration TIMEOUT 300)
  pcn_needs_database(integration/${folder}/${name})
endfunction()
