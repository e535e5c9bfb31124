include(${CMAKE_SOURCE_DIR}/tests/support/postgres.cmake)
pcn_database_test(errand errands pcn_service)
