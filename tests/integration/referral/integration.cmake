include(${CMAKE_SOURCE_DIR}/tests/support/postgres.cmake)
add_library(pcn_test_referral STATIC ${CMAKE_CURRENT_LIST_DIR}/world.c ${CMAKE_CURRENT_LIST_DIR}/patients.c ${CMAKE_CURRENT_LIST_DIR}/plans.c ${CMAKE_CURRENT_LIST_DIR}/booking.c ${CMAKE_CURRENT_LIST_DIR}/cases.c ${CMAKE_SOURCE_DIR}/tests/support/world.c)
target_include_directories(pcn_test_referral PUBLIC ${CMAKE_SOURCE_DIR})
target_link_libraries(pcn_test_referral PUBLIC pcn_referral_core pcn_test_postgres cmocka)
# A line for each, so that they come and go apart.
foreach(name
  statements
  reach
  copy
  directory
  signposting
  schedules
  slots
  digital
  consultations
  urgent
  urgent_access
  prescriptions
  capacity
  waiting
  taking
  referrals
  referral_access
  endings
  succession
  reclaim
  pathways
  advice
  shifted_work
  patients
  appointments
  appointment_plans
  appointment_access
  patient_life
  patient_end
  patient_access
  patient_reach
  retention
  waits
  variation
  )
  pcn_database_test(referral ${name} pcn_test_referral)
endforeach()
target_compile_definitions(itest_referral_pathways PRIVATE PCN_PATHWAYS_DIR="${CMAKE_SOURCE_DIR}/services/referral/pathways")
