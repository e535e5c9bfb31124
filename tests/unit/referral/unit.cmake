# A line for each, so that they come and go apart.
foreach(name
  rules_hours
  rules_directory
  rules_signposting
  rules_schedule
  rules_visibility
  rules_digital
  rules_consultation
  rules_pathway
  rules_pathway_version
  rules_patient
  rules_appointment
  rules_wait
  rules_waiting
  rules_taking
  rules_obligation
  rules_access_offer
  settings
  )
  pcn_unit(referral ${name} pcn_referral_core)
endforeach()
