foreach(name rules_hours rules_directory rules_signposting rules_schedule rules_visibility rules_digital rules_consultation rules_patient)
  pcn_unit(referral ${name} pcn_referral_core)
endforeach()
