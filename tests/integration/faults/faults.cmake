# The fault cases, on the release's programs: sanitizers have a build of their own, without whole platforms.
include(${CMAKE_SOURCE_DIR}/tests/support/faults.cmake)
add_library(pcn_test_stage STATIC ${CMAKE_CURRENT_LIST_DIR}/stage.c ${CMAKE_CURRENT_LIST_DIR}/peer.c ${CMAKE_CURRENT_LIST_DIR}/race.c)
target_link_libraries(pcn_test_stage PUBLIC pcn_test_faults cmocka)
add_library(pcn_test_booking_stage STATIC ${CMAKE_CURRENT_LIST_DIR}/booking_stage.c ${CMAKE_CURRENT_LIST_DIR}/referral_stage.c
  ${support}/mix_referral.c ${support}/mix_referral_steps.c ${support}/mix_referral_check.c)
target_link_libraries(pcn_test_booking_stage PUBLIC pcn_test_stage pcn_simulator)
foreach(name kill_service kill_relay kill_gateway postgres subscriber idempotency replay snapshot)
  pcn_fault_test(faults ${name} pcn_test_stage)
endforeach()
foreach(name booking referrals overload chaos)
  pcn_fault_test(faults ${name} pcn_test_booking_stage)
endforeach()
