// Decisions about what stands beside organisations: stated facts, clinical systems, alignments.
#ifndef PCN_REGISTRY_HANDLERS_BESIDE_H
#define PCN_REGISTRY_HANDLERS_BESIDE_H

#include "common/service/service.h"

status_t decide_add_fact(service_call_t *call);
status_t prepare_list_facts(service_call_t *call);
status_t decide_list_facts(service_call_t *call);
status_t decide_add_system(service_call_t *call);
status_t decide_list_systems(service_call_t *call);
status_t decide_get_system_coverage(service_call_t *call);
status_t decide_add_alignment(service_call_t *call);
status_t decide_list_organisation_alignments(service_call_t *call);
status_t prepare_list_alignments(service_call_t *call);
status_t decide_list_alignments(service_call_t *call);

#endif
