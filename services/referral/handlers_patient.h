// Handlers of patients, and what others share with them.
#ifndef PCN_REFERRAL_HANDLERS_PATIENT_H
#define PCN_REFERRAL_HANDLERS_PATIENT_H

#include "services/referral/about.h"
#include "services/referral/handlers.h"

typedef Pcn__Referral__V1__Patient patient_t;
typedef Pcn__Referral__Store__V1__LoadedPatient loaded_patient_t;

// NOT_FOUND, as for a patient who is not there.
status_t refuse_patient(service_call_t *call, const char *field);
// registered, unregistered, deceased or merged.
const char *patient_state(const patient_t *patient);
// Leaves the changed patient as reply and as what the save writes; its one event carries the state alone.
status_t emit_patient(service_call_t *call, const char *type, patient_t *patient);
// The patient of a row; NULL without memory.
patient_t *patient_of(service_call_t *call, const loaded_patient_t *row);
// Adds the events of all that ends with the patient's death.
MUST_CHECK status_t tell_ended(service_call_t *call, const Pcn__Referral__Store__V1__PendingCare *pending);
// Entries of both records that wait for the same as an earlier one: their ids, and their events, as of the record that is left.
MUST_CHECK status_t withdraw_doubled(service_call_t *call, const Pcn__Referral__Store__V1__PendingCare *pending, const char *left,
                                     Pcn__Referral__Store__V1__PatientMerger *merger);
// The patient to be changed by who keeps the record, with the next version.
status_t kept_patient(service_call_t *call, const loaded_patient_t *row, patient_t **patient);

// Of what opens a patient out of reach. Whose the opening is: the caller's first organisation; NULL with the refusal in *status.
char *opening_organisation(service_call_t *call, status_t *status);
// NOT_FOUND: number and birth date do not fit together.
status_t refuse_unfit_number(service_call_t *call);
// The instant so many hours from now; NULL without memory.
char *hours_on(service_call_t *call, int64_t hours);

status_t decide_create_patient(service_call_t *call);
status_t decide_find_patients(service_call_t *call);
status_t decide_get_patient(service_call_t *call);
status_t decide_update_patient(service_call_t *call);
status_t decide_record_death(service_call_t *call);
status_t decide_withdraw_death(service_call_t *call);
status_t decide_deregister_patient(service_call_t *call);
status_t decide_set_sensitive(service_call_t *call);
status_t decide_merge_patient(service_call_t *call);

status_t decide_break_glass(service_call_t *call);
status_t decide_break_glass_by_number(service_call_t *call);
status_t decide_get_break_glass(service_call_t *call);
status_t decide_review_break_glass(service_call_t *call);
// Of both lists of a practice.
status_t prepare_of_practice(service_call_t *call);
status_t decide_list_break_glass(service_call_t *call);
status_t decide_list_notices(service_call_t *call);
status_t prepare_list_accesses(service_call_t *call);
status_t decide_list_accesses(service_call_t *call);
status_t decide_export_patient(service_call_t *call);
status_t decide_erase_patient(service_call_t *call);
status_t decide_get_retention(service_call_t *call);
status_t decide_follow_successor(service_call_t *call);

#endif
