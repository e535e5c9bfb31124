// Whether a service takes somebody: found in the directory, on its waiting list, for an online consultation, and in a slot. Pure.
#ifndef PCN_REFERRAL_RULES_TAKING_H
#define PCN_REFERRAL_RULES_TAKING_H

#include "common/base/status.h"
#include "services/referral/messages.h"

typedef Pcn__Referral__Store__V1__TakingReferences taking_references_t;
typedef Pcn__Referral__Store__V1__Taking taking_t;

// As many as there are clauses.
#define TAKING_REASONS_MAX 5
#define TAKING_DETAIL_SIZE 80

// Who is to be taken, as far as that is known.
typedef struct taking_person {
    bool has_age, has_sex;
    uint32_t age;
    sex_t sex;
} taking_person_t;

// A clause that keeps somebody out: its code in the directory, and its sentence.
typedef struct taking_reason {
    const char *code;
    char detail[TAKING_DETAIL_SIZE];
} taking_reason_t;

// Whole years on a day; somebody who was born on 29 February is a year older on 1 March. Dates are YYYY-MM-DD; none is before the birth.
uint32_t taking_age(const char *birth_date, int32_t day);

// Every clause that keeps the person out; what is not known of them keeps nobody out. The count.
size_t taking_reasons(const taking_t *taking, const taking_person_t *person, taking_reason_t reasons[TAKING_REASONS_MAX]);

// The same of the patient in `taking` on a day: FAILED_PRECONDITION `field` with the first clause. NULL takes everybody.
MUST_CHECK status_t taking_check_patient(const taking_t *taking, int32_t day, const char *field, problem_t *problem);

// FAILED_PRECONDITION `patient` where they have died or the record was merged; `service` where there is none, it is not active, or does
// not take the patient, who is of the age of `day`; `channel_field` where it is not offered in that way.
MUST_CHECK status_t taking_check(const taking_references_t *row, const char *service, const char *channel_field, int32_t day,
                                 problem_t *problem);

#endif
