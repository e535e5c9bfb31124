// What the files of handlers of referrals share.
#ifndef PCN_REFERRAL_REFERRALS_H
#define PCN_REFERRAL_REFERRALS_H

#include "services/referral/handlers_patient.h"
#include "services/referral/rules_referral.h"

typedef Pcn__Referral__V1__PatientReferral referral_t;
typedef Pcn__Referral__V1__PatientReferralState referral_told_t;
typedef Pcn__Referral__V1__ReferralClock referral_clock_t;
typedef Pcn__Referral__Store__V1__ReferralCandidate referral_candidate_t;
typedef Pcn__Referral__Store__V1__LoadedReferral loaded_referral_t;
typedef Pcn__Referral__Store__V1__ReferralChange referral_change_t;

#define REFERRAL_TYPE (&pcn__referral__v1__patient_referral__type)
#define REFERRAL_TOLD_TYPE (&pcn__referral__v1__patient_referral_state__type)
#define REFERRAL_CHANGE_TYPE (&pcn__referral__store__v1__referral_change__type)
#define LOADED_REFERRAL_TYPE (&pcn__referral__store__v1__loaded_referral__type)
#define LISTED_REFERRAL_TYPE (&pcn__referral__v1__listed_referral__type)

// What the triage desk alone does.
#define SCOPE_TRIAGE "referrals.triage"

status_t refuse_referral(service_call_t *call, const char *id);
// FAILED_PRECONDITION: no version of it is in force.
status_t refuse_pathway(service_call_t *call, const char *code);
// The referral of a row, with all that is worked out of it; NULL without memory.
referral_t *referral_of(service_call_t *call, const loaded_referral_t *row);
// Works out anew what depends on state, day and service. False without memory.
bool referral_work_out(service_call_t *call, const loaded_referral_t *row, referral_t *referral);
// Appends a step of the caller to the history, and leaves it in the change. Refuses a caller without organisation.
status_t referral_step(service_call_t *call, referral_change_t *change, referral_verb_t verb, referral_state_t from, char *reason);
// The event of a referral that changed: its state alone.
status_t referral_event(service_call_t *call, const char *type, const referral_t *referral);
// Leaves the changed referral as reply and the change as what the save writes; its one event carries the state alone.
status_t emit_referral(service_call_t *call, const char *type, referral_change_t *change);
// A date, in the arena; NULL without memory.
char *referral_date(service_call_t *call, int32_t day);

#endif
