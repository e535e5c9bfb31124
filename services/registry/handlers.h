// Decisions of the registry's calls, one a method of the contract; service.c ties each to its statements.
#ifndef PCN_REGISTRY_HANDLERS_H
#define PCN_REGISTRY_HANDLERS_H

#include "common/service/service.h"
#include "services/registry/rules_timeline.h"

#define EVENT_CREATED "pcn.registry.organisation.created"
#define EVENT_UPDATED "pcn.registry.organisation.updated"
// What was recorded for a day to come; when it comes into force it is an update.
#define EVENT_ANNOUNCED "pcn.registry.organisation.announced"

// The scope that lifts the limit of reach from writes.
#define SCOPE_ANY "registry.any"

status_t decide_get_organisation(service_call_t *call);
status_t decide_list_organisations(service_call_t *call);
status_t decide_create_organisation(service_call_t *call);
status_t decide_update_organisation(service_call_t *call);
status_t decide_get_network(service_call_t *call);
status_t decide_add_member(service_call_t *call);
status_t decide_move_member(service_call_t *call);
status_t decide_leave_member(service_call_t *call);
status_t decide_correct_member(service_call_t *call);
status_t decide_correct_director(service_call_t *call);
status_t decide_merge_organisation(service_call_t *call);
status_t decide_split_organisation(service_call_t *call);
status_t decide_add_waiver(service_call_t *call);
status_t decide_end_waiver(service_call_t *call);
status_t decide_correct_waiver(service_call_t *call);
status_t decide_add_director(service_call_t *call);
status_t decide_add_list_size(service_call_t *call);
status_t decide_get_checks(service_call_t *call);
status_t prepare_get_history(service_call_t *call);
status_t decide_get_history(service_call_t *call);
status_t decide_close_organisation(service_call_t *call);
status_t decide_come_into_force(service_call_t *call);

// ---- what they share ----

status_t refuse_memory(service_call_t *call);

// The organisation that a call changes, as it was loaded; NULL with the refusal in *status: NOT_FOUND (also out of reach), ABORTED where it
// is not at the expected version. `what` it is called: "network".
const aggregate_t *changeable(service_call_t *call, const char *code, const char *what, status_t *status);

// Adds the event of an organisation or network; `data` is the resource after the change. RESOURCE_EXHAUSTED without room.
MUST_CHECK status_t emit(service_call_t *call, const char *type, const char *code, int64_t version, const pb_type_t *data_type,
                         const void *data);

// The event of an organisation as it is after the change: for a network the data is the Network, which is the same aggregate. `facts` has
// all that hangs on it, NULL for a new one; its own organisation in there is not looked at.
MUST_CHECK status_t emit_organisation(service_call_t *call, const char *type, const organisation_t *organisation, const aggregate_t *facts);

// What a changed timeline writes, and its event: announced where only days to come differ, else updated.
MUST_CHECK status_t emit_timeline(service_call_t *call, timeline_t *timeline, const aggregate_t *facts, timeline_record_t **record);

#endif
