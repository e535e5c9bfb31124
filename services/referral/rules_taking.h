// Whether a service takes a patient: for an online consultation, or onto its waiting list. Pure.
#ifndef PCN_REFERRAL_RULES_TAKING_H
#define PCN_REFERRAL_RULES_TAKING_H

#include "common/base/status.h"
#include "services/referral/messages.h"

typedef Pcn__Referral__Store__V1__TakingReferences taking_references_t;

// FAILED_PRECONDITION `patient` where they have died or the record was merged; `service` where there is none, it is not active, takes
// nothing from the caller's organisation, or does not serve the patient's practice; `channel_field` where it is not offered in that way.
MUST_CHECK status_t taking_check(const taking_references_t *row, const char *service, const char *channel_field, problem_t *problem);

#endif
