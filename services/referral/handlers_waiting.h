// Handlers of the waiting list, and what others share with them.
#ifndef PCN_REFERRAL_HANDLERS_WAITING_H
#define PCN_REFERRAL_HANDLERS_WAITING_H

#include "services/referral/handlers_patient.h"
#include "services/referral/rules_waiting.h"

typedef Pcn__Referral__V1__WaitingEntry waiting_entry_t;
typedef Pcn__Referral__Store__V1__LoadedWaitingEntry loaded_waiting_entry_t;
typedef Pcn__Referral__Store__V1__WaitingChange waiting_change_t;

#define WAITING_ENTRY_TYPE (&pcn__referral__v1__waiting_entry__type)
#define WAITING_STATE_TYPE (&pcn__referral__v1__waiting_entry_state__type)
#define WAITING_CHANGE_TYPE (&pcn__referral__store__v1__waiting_change__type)
#define LOADED_WAITING_ENTRY_TYPE (&pcn__referral__store__v1__loaded_waiting_entry__type)

// The entry of a row after a step, with its next version; NULL with the refusal in *status.
waiting_entry_t *waiting_entry_after(service_call_t *call, const loaded_waiting_entry_t *row, waiting_step_t step, status_t *status);
// The entry of a booking, settled by the appointment: refuses another patient's, one of another service, one that is over, and one that is
// offered another slot. `named`: by the request, not by the hold alone.
waiting_entry_t *waiting_entry_booked(service_call_t *call, const loaded_waiting_entry_t *row,
                                      const Pcn__Referral__V1__Appointment *appointment, bool named, status_t *status);
// Adds the entry's event. RESOURCE_EXHAUSTED without memory.
MUST_CHECK status_t waiting_event(service_call_t *call, const char *type, const waiting_entry_t *entry);
// Adds the event of a hold that was made or given up along with an entry. RESOURCE_EXHAUSTED without memory.
MUST_CHECK status_t waiting_hold_event(service_call_t *call, const char *type, const Pcn__Referral__V1__WaitingOffer *offer,
                                       const char *holder, int64_t version);
// Whether the entry's end gives up a hold that still stands.
bool waiting_gives_up(const loaded_waiting_entry_t *row);
// Adds the events of an entry, by then the patient's, that is withdrawn along with something else.
MUST_CHECK status_t waiting_tell_withdrawn(service_call_t *call, const loaded_waiting_entry_t *row, const char *patient);

status_t decide_create_waiting_entry(service_call_t *call);
status_t decide_get_waiting_entry(service_call_t *call);
status_t prepare_list_waiting_entries(service_call_t *call);
status_t decide_list_waiting_entries(service_call_t *call);
status_t decide_withdraw_waiting_entry(service_call_t *call);
status_t decide_decline_offer(service_call_t *call);
status_t decide_offer_slot(service_call_t *call);
status_t decide_settle_waiting_entry(service_call_t *call);

#endif
