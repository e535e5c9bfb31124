// Advice and guidance: every step from every state, whose step it is, the consent to convert, when an answer is late.
#include "services/referral/rules_advice.h"
#include "tests/unit/referral/support.h"

#define S(name) ADVICE_STATE(name)
#define NO S(UNSPECIFIED)
#define ASKED S(PROVIDER_RESPONSE_REQUIRED)
#define REVIEW S(REFERRER_TO_REVIEW_RESPONSE)
#define MORE S(REFERRER_TO_SUBMIT_FURTHER_INFORMATION)
#define CONVERTED S(ADVICE_CONVERTED)
#define ENDED S(CONVERSATION_ENDED)

static void every_step_from_every_state(void **state)
{
    (void)state;
    static const struct {
        advice_state_t from, to[ADVICE_STEPS];
    } wanted[] = {
        // respond, ask for information, submit information, convert, close, cancel
        {NO, {NO, NO, NO, NO, NO, NO}},
        {ASKED, {REVIEW, MORE, NO, CONVERTED, NO, ENDED}},
        {REVIEW, {NO, NO, ASKED, NO, ENDED, ENDED}},
        {MORE, {NO, NO, ASKED, NO, ENDED, ENDED}},
        {CONVERTED, {NO, NO, NO, NO, NO, NO}},
        {ENDED, {NO, NO, NO, NO, NO, NO}},
        // Of a later version.
        {(advice_state_t)77, {NO, NO, NO, NO, NO, NO}},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        for (int step = 0; step < ADVICE_STEPS; step++) {
            advice_state_t to;
            problem_t problem = {0};
            const status_t status = advice_go(wanted[i].from, (advice_step_t)step, &to, &problem);
            assert_int_equal(to, wanted[i].to[step]);
            assert_int_equal(status, to != NO ? STATUS_OK : STATUS_ABORTED);
            if (status != STATUS_OK)
                assert_true(strlen(problem.detail) > 0);
            if (to != NO)
                assert_int_equal(advice_end((advice_step_t)step) != ADVICE_END(UNSPECIFIED), to == ENDED);
        }
    }
    assert_int_equal(advice_end(ADVICE_CLOSE), ADVICE_END(CLOSED));
    assert_int_equal(advice_end(ADVICE_CANCEL), ADVICE_END(CANCELLED));
}

static void whose_step_it_is(void **state)
{
    (void)state;
    static const bool providers[ADVICE_STEPS] = {true, true, false, true, false, false};
    for (int step = 0; step < ADVICE_STEPS; step++) {
        assert_int_equal(advice_is_providers((advice_step_t)step), providers[step]);
        for (int sides = 0; sides < 4; sides++) {
            const bool refers = (sides & 1) != 0, provides = (sides & 2) != 0;
            problem_t problem = {0};
            assert_int_equal(advice_permits((advice_step_t)step, refers, provides, &problem),
                             (providers[step] ? provides : refers) ? STATUS_OK : STATUS_PERMISSION_DENIED);
        }
    }
}

static void nobody_converts_without_consent(void **state)
{
    (void)state;
    problem_t problem = {0};
    assert_int_equal(advice_check_consent(true, &problem), STATUS_OK);
    assert_int_equal(advice_check_consent(false, &problem), STATUS_FAILED_PRECONDITION);
    assert_string_equal(problem.field, "mayConvert");
}

static void each_step_has_its_words(void **state)
{
    (void)state;
    for (int step = 0; step < ADVICE_STEPS; step++) {
        assert_int_not_equal(advice_message_kind((advice_step_t)step), ADVICE_MESSAGE(UNSPECIFIED));
        for (int other = 0; other < step; other++)
            assert_int_not_equal(advice_message_kind((advice_step_t)step), advice_message_kind((advice_step_t)other));
    }
}

static void late_is_the_day_after(void **state)
{
    (void)state;
    const int32_t due = day_of("2026-11-27");
    assert_false(advice_overdue(ASKED, due, due));
    assert_true(advice_overdue(ASKED, due, due + 1));
    static const advice_state_t others[] = {NO, REVIEW, MORE, CONVERTED, ENDED};
    for (size_t i = 0; i < 5; i++)
        assert_false(advice_overdue(others[i], due, due + 100));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_step_from_every_state),     cmocka_unit_test(whose_step_it_is),
        cmocka_unit_test(nobody_converts_without_consent), cmocka_unit_test(each_step_has_its_words),
        cmocka_unit_test(late_is_the_day_after),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
