// Online consultations: every step from every status, lateness to the microsecond, whose words are written down.
#include "services/referral/rules_consultation.h"
#include "tests/unit/referral/support.h"

#define S(name) CONSULTATION_STATUS(name)

static void every_step_from_every_status(void **state)
{
    (void)state;
    static const struct {
        consultation_status_t from, to[CONSULTATION_STEPS];
    } wanted[] = {
        // triage, answer, message, ask, convert, close
        {S(UNSPECIFIED), {S(UNSPECIFIED), S(UNSPECIFIED), S(UNSPECIFIED), S(UNSPECIFIED), S(UNSPECIFIED), S(UNSPECIFIED)}},
        {S(REQUESTED), {S(TRIAGED), S(UNSPECIFIED), S(REQUESTED), S(UNSPECIFIED), S(UNSPECIFIED), S(CLOSED)}},
        {S(TRIAGED), {S(TRIAGED), S(ANSWERED), S(TRIAGED), S(TRIAGED), S(CONVERTED), S(CLOSED)}},
        {S(ANSWERED), {S(UNSPECIFIED), S(ANSWERED), S(ANSWERED), S(ANSWERED), S(CONVERTED), S(CLOSED)}},
        {S(CONVERTED), {S(UNSPECIFIED), S(UNSPECIFIED), S(CONVERTED), S(CONVERTED), S(UNSPECIFIED), S(CLOSED)}},
        {S(CLOSED), {S(UNSPECIFIED), S(UNSPECIFIED), S(UNSPECIFIED), S(UNSPECIFIED), S(UNSPECIFIED), S(UNSPECIFIED)}},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        for (int step = 0; step < CONSULTATION_STEPS; step++) {
            consultation_status_t to;
            problem_t problem = {0};
            const status_t status = consultation_go(wanted[i].from, (consultation_step_t)step, &to, &problem);
            assert_int_equal(to, wanted[i].to[step]);
            assert_int_equal(status, to != S(UNSPECIFIED) ? STATUS_OK : STATUS_ABORTED);
            if (status != STATUS_OK)
                assert_true(strlen(problem.detail) > 0);
        }
    }
}

static void a_status_of_a_later_version_goes_nowhere(void **state)
{
    (void)state;
    consultation_status_t to;
    problem_t problem = {0};
    assert_int_equal(consultation_go((consultation_status_t)77, CONSULTATION_CLOSE, &to, &problem), STATUS_ABORTED);
}

static void lateness_is_exact(void **state)
{
    (void)state;
    const int64_t created = INT64_C(1764068400000000), due = consultation_due(created, 120);
    assert_int_equal(due - created, INT64_C(7200000000));
    assert_false(consultation_late(due, 0, 0, due));
    assert_true(consultation_late(due, 0, 0, due + 1));
    // Once it was triaged or closed, the clock stands.
    assert_false(consultation_late(due, due, 0, due + 1000000));
    assert_true(consultation_late(due, due + 1, 0, due + 1000000));
    assert_false(consultation_late(due, 0, due, due + 1000000));
    assert_true(consultation_late(due, 0, due + 1, due + 1000000));
    assert_false(consultation_late(due, due - 1, due + 1, due + 1000000));
}

static void whose_words(void **state)
{
    (void)state;
    static const char *const all[] = {"patient", "practice", "specialist"};
    for (size_t i = 0; i < 3; i++) {
        problem_t problem = {0};
        assert_int_equal(consultation_sender(all[i], true, false, &problem), STATUS_OK);
        assert_int_equal(consultation_sender(all[i], true, true, &problem), STATUS_OK);
        assert_int_equal(consultation_sender(all[i], false, true, &problem), i == 2 ? STATUS_OK : STATUS_PERMISSION_DENIED);
        assert_int_equal(consultation_sender(all[i], false, false, &problem), STATUS_PERMISSION_DENIED);
        assert_string_equal(problem.field, "from");
    }
}

static void it_goes_on_at_what_takes_place(void **state)
{
    (void)state;
    static const channel_t all[] = {CHANNEL(UNSPECIFIED), CHANNEL(IN_PERSON), CHANNEL(TELEPHONE), CHANNEL(VIDEO), CHANNEL(ONLINE_MESSAGE)};
    for (size_t i = 0; i < 5; i++) {
        problem_t problem = {0};
        assert_int_equal(consultation_outcome(all[i], true, &problem), i >= 1 && i <= 3 ? STATUS_OK : STATUS_FAILED_PRECONDITION);
        assert_int_equal(consultation_outcome(all[i], false, &problem), STATUS_FAILED_PRECONDITION);
        assert_string_equal(problem.field, "appointment");
    }
}

static void a_thread_has_an_end(void **state)
{
    (void)state;
    problem_t problem = {0};
    assert_int_equal(consultation_room(0, 0, 4000, &problem), STATUS_OK);
    assert_int_equal(consultation_room(CONSULTATION_THREAD_MESSAGES - 1, 0, 1, &problem), STATUS_OK);
    assert_int_equal(consultation_room(CONSULTATION_THREAD_MESSAGES, 0, 1, &problem), STATUS_FAILED_PRECONDITION);
    assert_int_equal(consultation_room(1, CONSULTATION_THREAD_BYTES - 10, 10, &problem), STATUS_OK);
    assert_int_equal(consultation_room(1, CONSULTATION_THREAD_BYTES - 10, 11, &problem), STATUS_FAILED_PRECONDITION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_step_from_every_status),
        cmocka_unit_test(a_status_of_a_later_version_goes_nowhere),
        cmocka_unit_test(lateness_is_exact),
        cmocka_unit_test(whose_words),
        cmocka_unit_test(it_goes_on_at_what_takes_place),
        cmocka_unit_test(a_thread_has_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
