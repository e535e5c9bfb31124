include(${CMAKE_CURRENT_SOURCE_DIR}/support/postgres.cmake)

add_library(event_rig STATIC ${CMAKE_CURRENT_LIST_DIR}/rig.c)
target_include_directories(event_rig PUBLIC ${CMAKE_SOURCE_DIR})
target_link_libraries(event_rig PUBLIC pcn_service pcn_test_postgres cmocka)
foreach(name migrate number read relay snapshot upkeep)
  pcn_database_test(event ${name} event_rig)
endforeach()
