include(${CMAKE_SOURCE_DIR}/tests/support/postgres.cmake)
pcn_database_test(noticeboard statements pcn_noticeboard_core)
