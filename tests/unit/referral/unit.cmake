foreach(name rules_hours rules_directory rules_signposting)
  pcn_unit(referral ${name} pcn_referral_core)
endforeach()
