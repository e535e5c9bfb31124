// How a request for advice goes on, whose step is whose, and when an answer is late. Pure.
#ifndef PCN_REFERRAL_RULES_ADVICE_H
#define PCN_REFERRAL_RULES_ADVICE_H

#include "common/base/status.h"
#include "services/referral/messages.h"

typedef Pcn__Referral__V1__AdviceState advice_state_t;
typedef Pcn__Referral__V1__AdviceEnd advice_end_t;
typedef Pcn__Referral__V1__AdviceMessageKind advice_message_kind_t;

#define ADVICE_STATE(name) PCN__REFERRAL__V1__ADVICE_STATE__ADVICE_STATE_##name
#define ADVICE_END(name) PCN__REFERRAL__V1__ADVICE_END__ADVICE_END_##name
#define ADVICE_MESSAGE(name) PCN__REFERRAL__V1__ADVICE_MESSAGE_KIND__ADVICE_MESSAGE_KIND_##name

typedef enum advice_step {
    ADVICE_RESPOND,
    ADVICE_ASK_FOR_INFORMATION,
    ADVICE_SUBMIT_INFORMATION,
    ADVICE_CONVERT,
    ADVICE_CLOSE,
    ADVICE_CANCEL,
    ADVICE_STEPS
} advice_step_t;

// Where a step leads from a state; ABORTED with the reason where it leads nowhere.
MUST_CHECK status_t advice_go(advice_state_t from, advice_step_t step, advice_state_t *to, problem_t *problem);
// How it ends by a step; UNSPECIFIED where it does not.
advice_end_t advice_end(advice_step_t step);

// Whether a step is the provider's; else it is the referrer's.
bool advice_is_providers(advice_step_t step);
// PERMISSION_DENIED where the step is the other side's.
MUST_CHECK status_t advice_permits(advice_step_t step, bool refers, bool provides, problem_t *problem);
// FAILED_PRECONDITION where the referrer has not said beforehand that the provider may.
MUST_CHECK status_t advice_check_consent(bool may_convert, problem_t *problem);

// What the words of a step are.
advice_message_kind_t advice_message_kind(advice_step_t step);

// Whether it waits for the provider and its day is over.
bool advice_overdue(advice_state_t state, int32_t due, int32_t today);

#endif
