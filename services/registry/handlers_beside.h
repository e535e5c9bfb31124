// Decisions about what stands beside organisations: stated facts, clinical systems, alignments.
#ifndef PCN_REGISTRY_HANDLERS_BESIDE_H
#define PCN_REGISTRY_HANDLERS_BESIDE_H

#include "services/registry/handlers.h"
#include "services/registry/rules_beside.h"

// What a change puts on record, and what of that turned out never to have been so; the others are NULL.
typedef struct recorded {
    stated_fact_t *fact, *wrong_fact;
    system_profile_t *system, *wrong_system;
    alignment_t *alignment, *wrong_alignment;
    const char *since; // the first day on which that makes a difference; NULL: at once
} recorded_t;

// The organisation's next version and its event.
MUST_CHECK status_t beside_record(service_call_t *call, const aggregate_t *row, recorded_t recorded);

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

status_t decide_correct_fact(service_call_t *call);
status_t decide_end_system(service_call_t *call);
status_t decide_correct_system(service_call_t *call);
status_t decide_end_alignment(service_call_t *call);
status_t decide_correct_alignment(service_call_t *call);

#endif
