// What a referral lacks by a version of its pathway, and which version is in force on a day. Pure.
#ifndef PCN_REFERRAL_RULES_PATHWAY_H
#define PCN_REFERRAL_RULES_PATHWAY_H

#include "common/base/arena.h"
#include "common/base/status.h"
#include "services/referral/messages.h"

typedef Pcn__Referral__V1__Pathway pathway_t;
typedef Pcn__Referral__V1__PathwayQuestion pathway_question_t;
typedef Pcn__Referral__V1__FirstStep first_step_t;
typedef Pcn__Referral__V1__ReferralAnswer referral_answer_t;
typedef Pcn__Referral__V1__ReferralMissing referral_missing_t;
typedef Pcn__Referral__V1__ReferralPriority referral_priority_t;

// What is looked at of a referral. NULL or 0: not given.
typedef struct pathway_case {
    const char *specialty;
    const char *reason;
    const char *service;
    // Of that service, where it is known.
    const char *service_kind, *service_specialty;
    referral_priority_t priority;
    sex_t sex;
    referral_answer_t *const *answers;
    size_t answer_count;
} pathway_case_t;

typedef struct pathway_findings {
    // Nothing: the referral is complete.
    referral_missing_t **missing;
    size_t missing_count;
    // What is to be tried first and is not answered as it should be; each is among `missing` too.
    first_step_t **try_first;
    size_t try_first_count;
} pathway_findings_t;

// Which of the versions of one pathway is in force on a day; NULL for none.
const pathway_t *pathway_in_force(pathway_t *const *versions, size_t count, int32_t day);

// Checks a referral for a patient born on a day against a version. False without memory.
bool pathway_check(const pathway_t *pathway, const pathway_case_t *referral, int32_t born, int32_t today, arena_t *arena,
                   pathway_findings_t *findings);

#endif
