// What becomes of a suggestion. Pure.
#ifndef PCN_REFERRAL_RULES_SIGNPOSTING_H
#define PCN_REFERRAL_RULES_SIGNPOSTING_H

#include "common/base/status.h"
#include "services/referral/messages.h"

typedef Pcn__Referral__V1__SignpostingOutcome outcome_t;

// suggested → taken | declined, and no further: ABORTED. An appointment is avoided only by what is taken: INVALID_ARGUMENT.
MUST_CHECK status_t signposting_settle(outcome_t before, outcome_t after, bool avoided, problem_t *problem);

#endif
