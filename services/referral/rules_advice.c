#include "services/referral/rules_advice.h"

#define NOWHERE ADVICE_STATE(UNSPECIFIED)
#define STATES 6

static const advice_state_t steps[STATES][ADVICE_STEPS] = {
    [ADVICE_STATE(PROVIDER_RESPONSE_REQUIRED)] =
        {
            [ADVICE_RESPOND] = ADVICE_STATE(REFERRER_TO_REVIEW_RESPONSE),
            [ADVICE_ASK_FOR_INFORMATION] = ADVICE_STATE(REFERRER_TO_SUBMIT_FURTHER_INFORMATION),
            [ADVICE_CONVERT] = ADVICE_STATE(ADVICE_CONVERTED),
            [ADVICE_CANCEL] = ADVICE_STATE(CONVERSATION_ENDED),
        },
    // What is unclear in an answer is asked again.
    [ADVICE_STATE(REFERRER_TO_REVIEW_RESPONSE)] =
        {
            [ADVICE_SUBMIT_INFORMATION] = ADVICE_STATE(PROVIDER_RESPONSE_REQUIRED),
            [ADVICE_CLOSE] = ADVICE_STATE(CONVERSATION_ENDED),
            [ADVICE_CANCEL] = ADVICE_STATE(CONVERSATION_ENDED),
        },
    [ADVICE_STATE(REFERRER_TO_SUBMIT_FURTHER_INFORMATION)] =
        {
            [ADVICE_SUBMIT_INFORMATION] = ADVICE_STATE(PROVIDER_RESPONSE_REQUIRED),
            [ADVICE_CLOSE] = ADVICE_STATE(CONVERSATION_ENDED),
            [ADVICE_CANCEL] = ADVICE_STATE(CONVERSATION_ENDED),
        },
};

static const char *const names[STATES] = {"is of no state",
                                          "waits for the provider's response",
                                          "waits for the referrer to review a response",
                                          "waits for further information from the referrer",
                                          "was converted to a referral",
                                          "has ended"};

status_t advice_go(advice_state_t from, advice_step_t step, advice_state_t *to, problem_t *problem)
{
    const unsigned at = (unsigned)from < STATES ? (unsigned)from : 0;
    *to = steps[at][step];
    return *to != NOWHERE ? STATUS_OK : problem_set(problem, STATUS_ABORTED, NULL, "The conversation %s", names[at]);
}

advice_end_t advice_end(advice_step_t step)
{
    if (step == ADVICE_CLOSE)
        return ADVICE_END(CLOSED);
    return step == ADVICE_CANCEL ? ADVICE_END(CANCELLED) : ADVICE_END(UNSPECIFIED);
}

bool advice_is_providers(advice_step_t step)
{
    return step == ADVICE_RESPOND || step == ADVICE_ASK_FOR_INFORMATION || step == ADVICE_CONVERT;
}

status_t advice_permits(advice_step_t step, bool refers, bool provides, problem_t *problem)
{
    if (advice_is_providers(step))
        return provides ? STATUS_OK : problem_set(problem, STATUS_PERMISSION_DENIED, NULL, "That is for the provider who was asked");
    return refers ? STATUS_OK : problem_set(problem, STATUS_PERMISSION_DENIED, NULL, "That is for the referrer who asked");
}

status_t advice_check_consent(bool may_convert, problem_t *problem)
{
    if (may_convert)
        return STATUS_OK;
    return problem_set(problem, STATUS_FAILED_PRECONDITION, "mayConvert",
                       "The referrer did not agree beforehand that it may become a referral");
}

advice_message_kind_t advice_message_kind(advice_step_t step)
{
    static const advice_message_kind_t kinds[ADVICE_STEPS] = {
        [ADVICE_RESPOND] = ADVICE_MESSAGE(RESPONSE),
        [ADVICE_ASK_FOR_INFORMATION] = ADVICE_MESSAGE(INFORMATION_ASKED),
        [ADVICE_SUBMIT_INFORMATION] = ADVICE_MESSAGE(INFORMATION),
        [ADVICE_CONVERT] = ADVICE_MESSAGE(CONVERSION),
        [ADVICE_CLOSE] = ADVICE_MESSAGE(CLOSING),
        [ADVICE_CANCEL] = ADVICE_MESSAGE(CANCELLATION),
    };
    return kinds[step];
}

bool advice_overdue(advice_state_t state, int32_t due, int32_t today)
{
    return state == ADVICE_STATE(PROVIDER_RESPONSE_REQUIRED) && today > due;
}
