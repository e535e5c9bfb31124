// What the files of handlers of social prescriptions share.
#ifndef PCN_REFERRAL_PRESCRIPTIONS_H
#define PCN_REFERRAL_PRESCRIPTIONS_H

#include "services/referral/handlers_patient.h"
#include "services/referral/rules_prescription.h"

typedef Pcn__Referral__V1__SocialPrescription prescription_t;
typedef Pcn__Referral__V1__SocialPrescriptionState prescription_state_t;
typedef Pcn__Referral__Store__V1__LoadedPrescription loaded_prescription_t;
typedef Pcn__Referral__Store__V1__PrescriptionChange prescription_change_t;

#define PRESCRIPTION_TYPE (&pcn__referral__v1__social_prescription__type)
#define PRESCRIPTION_STATE_TYPE (&pcn__referral__v1__social_prescription_state__type)
#define PRESCRIPTION_CHANGE_TYPE (&pcn__referral__store__v1__prescription_change__type)
#define LOADED_PRESCRIPTION_TYPE (&pcn__referral__store__v1__loaded_prescription__type)
#define LOADED_ALIGNMENT_TYPE (&pcn__referral__store__v1__loaded_alignment__type)
#define ALIGNMENT_TYPE (&pcn__referral__v1__link_worker_alignment__type)

// SNOMED's concept for a status.
char *prescription_snomed(prescription_status_t state);
// The prescription of a row; NULL without memory.
prescription_t *prescription_of(service_call_t *call, const loaded_prescription_t *row);
// Adds a step to the history, by the caller, with a reason or NULL. False without memory.
bool prescription_add_step(service_call_t *call, prescription_t *prescription, prescription_status_t from, char *reason);
// Leaves the changed prescription as reply and the change as what the save writes; its one event carries the state alone.
status_t prescription_emit(service_call_t *call, const char *type, prescription_change_t *change);
status_t prescription_refuse(service_call_t *call, const char *id);

status_t decide_get_social_prescribing(service_call_t *call);
status_t decide_create_social_prescription(service_call_t *call);
status_t decide_get_social_prescription(service_call_t *call);
status_t prepare_list_social_prescriptions(service_call_t *call);
status_t decide_list_social_prescriptions(service_call_t *call);
status_t decide_count_social_prescriptions(service_call_t *call);
status_t decide_accept_prescription(service_call_t *call);
status_t decide_decline_prescription(service_call_t *call);
status_t decide_plan_prescription(service_call_t *call);
status_t decide_add_prescription_contact(service_call_t *call);
status_t decide_score_prescription(service_call_t *call);
status_t decide_complete_prescription(service_call_t *call);
status_t decide_close_prescription(service_call_t *call);
status_t decide_redirect_prescription(service_call_t *call);

status_t decide_create_link_worker_alignment(service_call_t *call);
status_t decide_end_link_worker_alignment(service_call_t *call);
status_t decide_list_link_worker_alignments(service_call_t *call);

#endif
