# What the pages point at is there.
add_test(NAME unit/documents/links COMMAND ${PYTHON} ${CMAKE_CURRENT_LIST_DIR}/links.py ${CMAKE_SOURCE_DIR})
set_tests_properties(unit/documents/links PROPERTIES LABELS unit)
