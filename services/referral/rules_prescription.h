// How a social prescription goes on, who may take a step, its plan and its scores. Pure.
#ifndef PCN_REFERRAL_RULES_PRESCRIPTION_H
#define PCN_REFERRAL_RULES_PRESCRIPTION_H

#include "common/base/status.h"
#include "services/referral/messages.h"

typedef Pcn__Referral__V1__PrescriptionStatus prescription_status_t;
typedef Pcn__Referral__V1__PlanPrescriptionRequest prescription_plan_t;
typedef Pcn__Referral__V1__PrescriptionScore prescription_score_t;
typedef Pcn__Referral__V1__OutcomeMeasure outcome_measure_t;

#define PRESCRIPTION_STATUS(name) PCN__REFERRAL__V1__PRESCRIPTION_STATUS__PRESCRIPTION_STATUS_##name

#define SNOMED_REFERRED "871731000000106"
#define SNOMED_DECLINED "871711000000103"

// What an answer has room for.
#define PRESCRIPTION_CONTACTS_MAX 100
#define PRESCRIPTION_STEPS_MAX 300

typedef enum prescription_step {
    PRESCRIPTION_ACCEPT,
    PRESCRIPTION_DECLINE,
    PRESCRIPTION_PLAN,
    PRESCRIPTION_CONTACT,
    PRESCRIPTION_SCORE,
    PRESCRIPTION_COMPLETE,
    PRESCRIPTION_CLOSE,
    PRESCRIPTION_REDIRECT,
    PRESCRIPTION_STEPS
} prescription_step_t;

// Where a step leads from a status; ABORTED with the reason where it leads nowhere.
MUST_CHECK status_t prescription_go(prescription_status_t from, prescription_step_t step, prescription_status_t *to, problem_t *problem);

// Who may take a step: `takes`, who takes it now, any; `refers`, the practice that referred, declining and closing on the patient's word.
bool prescription_may(prescription_step_t step, bool takes, bool refers);

// INVALID_ARGUMENT names the goal whose code stands there twice, and the action that is for none of them.
MUST_CHECK status_t prescription_check_plan(const prescription_plan_t *plan, problem_t *problem);

// FAILED_PRECONDITION names the score of no measure or item that there is (`scores[1].item`); INVALID_ARGUMENT one that has neither score,
// stands there twice, or lies outside of its measure.
MUST_CHECK status_t prescription_check_scores(prescription_score_t *const *scores, size_t count, outcome_measure_t *const *measures,
                                              size_t measure_count, problem_t *problem);

#endif
