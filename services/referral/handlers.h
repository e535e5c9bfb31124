// What handlers share.
#ifndef PCN_REFERRAL_HANDLERS_H
#define PCN_REFERRAL_HANDLERS_H

#include "common/service/service.h"
#include "services/referral/messages.h"

// Writes that no reach limits.
#define SCOPE_ANY "referral.any"
// Services of every kind; without it only those that are no clinical ones.
#define SCOPE_CLINICAL "services.clinical"

status_t refuse_memory(service_call_t *call);
// A new aggregate's id and times, as its event and its row have them. NULL without memory.
char *new_id(const service_call_t *call);
// Leaves the changed aggregate as reply, as what the save writes, and as its one event.
status_t emit(service_call_t *call, const char *type, const char *collection, const char *id, int64_t version, const pb_type_t *data_type,
              void *data);

// Adds slots that a change would touch to the problem that is set, as `touched`. Its status.
status_t refuse_touched(service_call_t *call, Pcn__Referral__Store__V1__FutureSlot *const *slots, size_t count);

status_t decide_list_service_kinds(service_call_t *call);
status_t decide_create_service_kind(service_call_t *call);
status_t decide_update_service_kind(service_call_t *call);

status_t prepare_list_services(service_call_t *call);
status_t decide_list_services(service_call_t *call);
status_t decide_get_service(service_call_t *call);
status_t decide_create_service(service_call_t *call);
status_t decide_update_service(service_call_t *call);
status_t decide_set_capacity(service_call_t *call);
status_t decide_get_offer(service_call_t *call);

status_t decide_create_signposting(service_call_t *call);
status_t decide_get_signposting(service_call_t *call);
status_t decide_take_signposting(service_call_t *call);
status_t decide_decline_signposting(service_call_t *call);
status_t decide_measure_signpostings(service_call_t *call);

status_t decide_create_schedule_template(service_call_t *call);
status_t decide_get_schedule_template(service_call_t *call);
status_t prepare_list_schedule_templates(service_call_t *call);
status_t decide_list_schedule_templates(service_call_t *call);
status_t decide_update_schedule_template(service_call_t *call);
status_t decide_generate_slots(service_call_t *call);

status_t prepare_list_slots(service_call_t *call);
// Whether it is to say what hides each slot.
bool list_slots_explains(const void *request);
status_t decide_list_slots(service_call_t *call);
status_t decide_get_slot(service_call_t *call);
status_t decide_block_slot(service_call_t *call);
status_t decide_unblock_slot(service_call_t *call);
status_t decide_reclaim_slot(service_call_t *call);
status_t decide_reclaim_unused_slot(service_call_t *call);
status_t decide_hold_slot(service_call_t *call);
status_t decide_release_hold(service_call_t *call);

status_t decide_create_appointment(service_call_t *call);
status_t decide_get_appointment(service_call_t *call);
status_t prepare_list_appointments(service_call_t *call);
status_t decide_list_appointments(service_call_t *call);
status_t decide_amend_appointment(service_call_t *call);
status_t decide_cancel_appointment(service_call_t *call);
status_t decide_reschedule_appointment(service_call_t *call);
status_t decide_arrive_appointment(service_call_t *call);
status_t decide_complete_appointment(service_call_t *call);
status_t decide_miss_appointment(service_call_t *call);
// ALREADY_EXISTS with the slot's alternatives.
status_t refuse_taken(service_call_t *call, const char *field, const Pcn__Referral__Store__V1__LoadedSlot *slot);

// ---- online consultations ----

status_t decide_create_online_consultation(service_call_t *call);
status_t decide_get_online_consultation(service_call_t *call);
status_t prepare_list_online_consultations(service_call_t *call);
status_t decide_list_online_consultations(service_call_t *call);
status_t decide_triage_online_consultation(service_call_t *call);
status_t decide_answer_online_consultation(service_call_t *call);
status_t decide_add_consultation_message(service_call_t *call);
status_t decide_ask_specialist(service_call_t *call);
status_t decide_convert_online_consultation(service_call_t *call);
status_t decide_close_online_consultation(service_call_t *call);
status_t decide_tell_overdue_consultation(service_call_t *call);
status_t decide_get_digital_coverage(service_call_t *call);

// GetCapacity and GetAccess: a range that makes sense, and the place of the page.
status_t prepare_get_capacity(service_call_t *call);
status_t decide_get_capacity(service_call_t *call);
status_t prepare_get_access(service_call_t *call);
status_t decide_get_access(service_call_t *call);

// ---- referrals ----

status_t decide_create_referral(service_call_t *call);
status_t decide_get_referral(service_call_t *call);
status_t prepare_list_referrals(service_call_t *call);
status_t decide_list_referrals(service_call_t *call);
status_t decide_update_referral(service_call_t *call);
status_t decide_submit_referral(service_call_t *call);
status_t decide_resubmit_referral(service_call_t *call);
status_t decide_accept_referral(service_call_t *call);
status_t decide_return_referral(service_call_t *call);
status_t decide_reject_referral(service_call_t *call);
status_t decide_redirect_referral(service_call_t *call);
status_t decide_defer_referral(service_call_t *call);
status_t decide_book_referral(service_call_t *call);
status_t decide_complete_referral(service_call_t *call);
status_t decide_cancel_referral(service_call_t *call);
status_t decide_tell_overdue_referral(service_call_t *call);

status_t prepare_get_waits(service_call_t *call);
status_t decide_get_waits(service_call_t *call);
status_t prepare_get_referral_variation(service_call_t *call);
status_t decide_get_referral_variation(service_call_t *call);

#endif
