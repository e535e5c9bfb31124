#include "services/referral/rules_signposting.h"
#include "tests/unit/referral/support.h"

static void every_pair_of_states(void **state)
{
    (void)state;
    static const outcome_t outcomes[] = {OUTCOME(SUGGESTED), OUTCOME(TAKEN), OUTCOME(DECLINED)};
    for (size_t i = 0; i < 3; i++) {
        for (size_t j = 1; j < 3; j++) {
            problem_t problem = {0};
            const status_t status = signposting_settle(outcomes[i], outcomes[j], false, &problem);
            assert_int_equal(status, i == 0 ? STATUS_OK : STATUS_ABORTED);
        }
    }
}

static void only_what_is_taken_avoids_an_appointment(void **state)
{
    (void)state;
    problem_t problem = {0};
    assert_int_equal(signposting_settle(OUTCOME(SUGGESTED), OUTCOME(TAKEN), true, &problem), STATUS_OK);
    assert_int_equal(signposting_settle(OUTCOME(SUGGESTED), OUTCOME(DECLINED), true, &problem), STATUS_INVALID_ARGUMENT);
    assert_string_equal(problem.field, "avoidedAppointment");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_of_states),
        cmocka_unit_test(only_what_is_taken_avoids_an_appointment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
