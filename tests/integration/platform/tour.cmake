# The README's tour, command by command, on a platform of its own.
add_test(NAME integration/platform/tour COMMAND ${PYTHON} ${CMAKE_CURRENT_LIST_DIR}/tour.py ${CMAKE_SOURCE_DIR})
set_tests_properties(integration/platform/tour PROPERTIES LABELS integration TIMEOUT 1800 RESOURCE_LOCK platform
  ENVIRONMENT "PCN_BUILD=${CMAKE_BINARY_DIR}")
