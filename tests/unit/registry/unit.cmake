foreach(name rules_term rules_timeline rules_facts rules_day rules_organisation rules_membership rules_move rules_succession rules_waiver rules_list_size rules_network rules_aggregate rules_findings rules_survey rules_patch rules_beside rules_coverage rules_cursor rules_tree rules_paging handlers)
  pcn_unit(registry ${name} pcn_registry_core)
endforeach()
