add_library(gateway_support STATIC ${CMAKE_CURRENT_LIST_DIR}/issuer.c ${CMAKE_CURRENT_LIST_DIR}/harness.c
            ${CMAKE_CURRENT_LIST_DIR}/harness_log.c ${CMAKE_CURRENT_LIST_DIR}/harness_files.c ${CMAKE_CURRENT_LIST_DIR}/stream_client.c
            ${CMAKE_SOURCE_DIR}/tests/support/sse.c)
target_link_libraries(gateway_support PUBLIC pcn_gateway_core cmocka pthread)
foreach(name target route jwks token verifier principal guard reply listen config keyfile keyurl origin http request call stream_id stream_ring stream stream_write stream_hub multipart upload download)
  pcn_unit(gateway ${name} gateway_support)
endforeach()
target_sources(test_gateway_keyurl PRIVATE ${CMAKE_CURRENT_LIST_DIR}/key_server.c)
