include(${CMAKE_CURRENT_SOURCE_DIR}/support/postgres.cmake)

add_library(db_rig STATIC ${CMAKE_CURRENT_SOURCE_DIR}/integration/db/rig.c)
target_include_directories(db_rig PUBLIC ${CMAKE_SOURCE_DIR})
target_link_libraries(db_rig PUBLIC pcn_db pcn_test_postgres cmocka)
foreach(name batch before failure coalesce gather reconnect deadline session migrate row)
  pcn_database_test(db ${name} db_rig)
endforeach()
