# The README's tour, command by command, on a platform of its own.
add_test(NAME integration/platform/tour COMMAND ${PYTHON} ${CMAKE_CURRENT_LIST_DIR}/tour.py ${CMAKE_SOURCE_DIR})
set_tests_properties(integration/platform/tour PROPERTIES LABELS integration TIMEOUT 1800
  ENVIRONMENT "PCN_BUILD=${CMAKE_BINARY_DIR}")
# A gateway that has the issuer's keys from an address.
add_test(NAME integration/platform/keys COMMAND ${PYTHON} ${CMAKE_CURRENT_LIST_DIR}/keys.py ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
set_tests_properties(integration/platform/keys PROPERTIES LABELS integration TIMEOUT 600)
# Booking, by those who do it.
add_test(NAME integration/platform/booking COMMAND ${PYTHON} ${CMAKE_CURRENT_LIST_DIR}/booking.py ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
set_tests_properties(integration/platform/booking PROPERTIES LABELS integration TIMEOUT 600)
# What nobody but who may is told of a patient.
add_test(NAME integration/platform/patients COMMAND ${PYTHON} ${CMAKE_CURRENT_LIST_DIR}/patients.py ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
set_tests_properties(integration/platform/patients PROPERTIES LABELS integration TIMEOUT 600)
# What ./pcn up shows of booking.
add_test(NAME integration/platform/demonstration COMMAND ${PYTHON} ${CMAKE_CURRENT_LIST_DIR}/demonstration.py ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
set_tests_properties(integration/platform/demonstration PROPERTIES LABELS integration TIMEOUT 1800)
# The waiting list and online consultations, while their daemon dies again and again.
add_test(NAME integration/platform/waiting COMMAND ${PYTHON} ${CMAKE_CURRENT_LIST_DIR}/waiting.py ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
set_tests_properties(integration/platform/waiting PROPERTIES LABELS integration TIMEOUT 600)
# Urgent care, and a target that is missed while somebody looks.
add_test(NAME integration/platform/urgent COMMAND ${PYTHON} ${CMAKE_CURRENT_LIST_DIR}/urgent.py ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
set_tests_properties(integration/platform/urgent PROPERTIES LABELS integration TIMEOUT 600)
# Whoever has no part in a patient's care, on every path about something of theirs.
add_test(NAME integration/platform/strangers COMMAND ${PYTHON} ${CMAKE_CURRENT_LIST_DIR}/strangers.py ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
set_tests_properties(integration/platform/strangers PROPERTIES LABELS integration TIMEOUT 600)
