// What the files of handlers of urgent cases share.
#ifndef PCN_REFERRAL_URGENT_H
#define PCN_REFERRAL_URGENT_H

#include "services/referral/handlers_patient.h"
#include "services/referral/rules_urgent.h"

typedef Pcn__Referral__V1__UrgentCase urgent_case_t;
typedef Pcn__Referral__V1__UrgentCaseState urgent_state_t;
typedef Pcn__Referral__V1__UrgentCaseStep urgent_case_step_t;
typedef Pcn__Referral__Store__V1__LoadedUrgentCase loaded_urgent_case_t;
typedef Pcn__Referral__Store__V1__UrgentCaseChange urgent_change_t;

#define URGENT_CASE_TYPE (&pcn__referral__v1__urgent_case__type)
#define URGENT_STATE_TYPE (&pcn__referral__v1__urgent_case_state__type)
#define URGENT_CHANGE_TYPE (&pcn__referral__store__v1__urgent_case_change__type)
#define LOADED_URGENT_CASE_TYPE (&pcn__referral__store__v1__loaded_urgent_case__type)
#define URGENT_STATUS(name) PCN__REFERRAL__V1__URGENT_CASE_STATUS__URGENT_CASE_STATUS_##name

// The case of a row as it is now; NULL without memory.
urgent_case_t *urgent_case_of(service_call_t *call, const loaded_urgent_case_t *row);
// What stands at its clock now: minutes left, and whether the target was missed. `appeared_at`: when the patient arrived for the
// appointment, or NULL.
void urgent_read_clock(const service_call_t *call, urgent_case_t *opened, const char *appeared_at);
// Adds a step to the case's history, by the caller. False without memory.
bool urgent_add_step(service_call_t *call, urgent_case_t *opened, urgent_status_t from, const char *at);
// Leaves the changed case as reply and the change as what the save writes; its one event carries the state alone.
status_t urgent_emit(service_call_t *call, const char *type, urgent_change_t *change);
status_t urgent_refuse(service_call_t *call, const char *id);
// Puts the disposition upon the case: its clock begins now. False without memory.
bool urgent_dispose(service_call_t *call, urgent_case_t *opened, char *disposition, Pcn__Referral__V1__Urgency urgency, uint32_t minutes);
// The clock's end by its target, from the disposition on. False without memory.
bool urgent_set_due(service_call_t *call, urgent_case_t *opened, uint32_t minutes);
// The case to be changed by a step, with its next version and status, by who may; NULL with the refusal in *status.
urgent_change_t *urgent_begin(service_call_t *call, const char *id, urgent_step_t step, status_t *status);

status_t decide_list_dispositions(service_call_t *call);
status_t decide_create_urgent_case(service_call_t *call);
status_t decide_get_urgent_case(service_call_t *call);
status_t prepare_list_urgent_cases(service_call_t *call);
status_t decide_list_urgent_cases(service_call_t *call);
status_t prepare_dispose_urgent_case(service_call_t *call);
status_t decide_dispose_urgent_case(service_call_t *call);
status_t prepare_find_urgent_case_services(service_call_t *call);
status_t decide_find_urgent_case_services(service_call_t *call);
status_t decide_assign_urgent_case(service_call_t *call);
status_t decide_accept_urgent_case(service_call_t *call);
status_t decide_book_urgent_case(service_call_t *call);
status_t decide_arrive_urgent_case(service_call_t *call);
status_t decide_respond_urgent_case(service_call_t *call);
status_t decide_close_urgent_case(service_call_t *call);
status_t decide_settle_urgent_case(service_call_t *call);

#endif
