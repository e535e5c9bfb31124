# A line for each, so that they come and go apart.
foreach(name
  rules_hours
  rules_directory
  rules_signposting
  rules_schedule
  rules_visibility
  rules_variation
  quantile
  rules_digital
  rules_consultation
  rules_advice
  rules_shifted
  rules_pathway
  rules_pathway_version
  rules_urgent
  rules_prescription
  rules_patient
  rules_appointment
  rules_wait
  rules_waiting
  rules_taking
  rules_referral
  rules_obligation
  rules_access_offer
  settings
  )
  pcn_unit(referral ${name} pcn_referral_core)
endforeach()

# The rules of variation against an implementation of its own.
add_executable(test_referral_variation_probe unit/referral/variation_probe.c)
target_link_libraries(test_referral_variation_probe PRIVATE pcn_referral_core)
add_test(NAME unit/referral/variation COMMAND ${PYTHON} ${CMAKE_CURRENT_LIST_DIR}/variation.py $<TARGET_FILE:test_referral_variation_probe>)
set_tests_properties(unit/referral/variation PROPERTIES LABELS unit TIMEOUT 300)
