# docs/new-service.md followed to the letter: what it shows stands in tests/example word by word, and a tree with that service in it is built,
# started and called.
add_test(NAME integration/example/document COMMAND ${PYTHON} ${CMAKE_CURRENT_LIST_DIR}/document.py
  ${CMAKE_SOURCE_DIR}/docs/new-service.md ${CMAKE_SOURCE_DIR}/tests/example/noticeboard ${CMAKE_SOURCE_DIR}/services/registry)
set_tests_properties(integration/example/document PROPERTIES LABELS unit)
add_test(NAME integration/example/noticeboard COMMAND ${PYTHON} ${CMAKE_CURRENT_LIST_DIR}/noticeboard.py
  ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/example ${CMAKE_BINARY_DIR}/contract "${CMAKE_C_COMPILER_LAUNCHER}")
set_tests_properties(integration/example/noticeboard PROPERTIES LABELS integration TIMEOUT 3000 RUN_SERIAL TRUE)
