// How a referral goes on, who takes which step, what it is called, and what may be the same. Pure.
#ifndef PCN_REFERRAL_RULES_REFERRAL_H
#define PCN_REFERRAL_RULES_REFERRAL_H

#include "common/base/status.h"
#include "services/referral/messages.h"
#include "services/referral/rules_pathway.h"
#include "services/referral/rules_wait.h"

typedef Pcn__Referral__V1__ReferralState referral_state_t;
typedef Pcn__Referral__V1__ReferralOutcome referral_outcome_t;
typedef Pcn__Referral__Store__V1__ReferralTarget referral_target_t;
typedef Pcn__Referral__Store__V1__ReferralGround referral_ground_t;

#define REFERRAL_STATE(name) PCN__REFERRAL__V1__REFERRAL_STATE__REFERRAL_STATE_##name
#define REFERRAL_OUTCOME(name) PCN__REFERRAL__V1__REFERRAL_OUTCOME__REFERRAL_OUTCOME_##name
#define REFERRAL_STATES 11

typedef enum referral_verb {
    REFERRAL_AMEND, // fields of it alone
    REFERRAL_SUBMIT,
    REFERRAL_RESUBMIT,
    REFERRAL_ACCEPT,
    REFERRAL_RETURN,
    REFERRAL_REJECT,
    REFERRAL_REDIRECT,
    REFERRAL_DEFER,
    REFERRAL_BOOK,
    REFERRAL_COMPLETE,
    REFERRAL_CANCEL,
    REFERRAL_VERBS
} referral_verb_t;

// Where a verb leads from a state; ABORTED with the reason where it leads nowhere.
MUST_CHECK status_t referral_go(referral_state_t from, referral_verb_t verb, referral_state_t *to, problem_t *problem);
// Whether it may still go on.
bool referral_open(referral_state_t state);
// Whether the caller's side takes the verb; who refers goes on with it as long as they see the patient's record. PERMISSION_DENIED.
MUST_CHECK status_t referral_permits(referral_verb_t verb, bool refers, bool triages, bool sees, problem_t *problem);

// e-RS's word for a state, and for what became of its appointment where it is booked; `status` and `by` 0 where there is none.
const char *referral_ers_state(referral_state_t state, appointment_status_t status, Pcn__Referral__V1__CancelledBy by);

// The reference of a number: eleven digits that are another's for no other number below 10^11, and a check digit that shows every wrong
// digit and every two neighbours that changed places (Damm's).
#define REFERENCE_SIZE 15
void referral_reference(int64_t number, char out[REFERENCE_SIZE]);
// Whether it is one: twelve digits, spaces between them or not, that hold together.
bool referral_reference_holds(const char *text);

// Whether one of the same patient and specialty or pathway may be the same: it is open, or ended within so many days. `closed_on`: 0 for
// not.
bool referral_duplicate(referral_state_t state, int32_t closed_on, int32_t today, int32_t days);

// What a verb does to a running clock: whether it stops it, and as what. `outcome` of a completion. Nothing final leaves it running.
bool referral_stop(referral_verb_t verb, referral_outcome_t outcome, wait_event_kind_t *stop);

// Whether a referral may go to a service on a day: it is active and takes the patient (rules_taking.h). FAILED_PRECONDITION `service`.
MUST_CHECK status_t referral_check_target(const referral_target_t *target, const char *service, int32_t day, problem_t *problem);

// What a referral lacks to be submitted in the arena. One of a sensitive patient goes
// to somebody who is named (performer or `support`), since who lies above sees nothing of them. False without memory.
bool referral_lacks(const Pcn__Referral__V1__PatientReferral *referral, const referral_ground_t *ground, bool sensitive,
                    const char *support, int32_t today, arena_t *arena, referral_missing_t ***missing, size_t *count);

#endif
