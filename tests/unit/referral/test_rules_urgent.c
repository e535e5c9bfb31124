// Urgent cases: every step from every state, who may take it, the clock to the microsecond and over clock changes, and which service may be
// given one.
#include "services/referral/rules_urgent.h"
#include "tests/unit/referral/support.h"

#define S(name) PCN__REFERRAL__V1__URGENT_CASE_STATUS__URGENT_CASE_STATUS_##name
#define NO S(UNSPECIFIED)

static void every_step_from_every_state(void **state)
{
    (void)state;
    static const struct {
        urgent_status_t from, to[URGENT_STEPS];
    } wanted[] = {
        // dispose, assign, accept, book, respond, close
        {NO, {NO, NO, NO, NO, NO, NO}},
        {S(OPENED), {S(DISPOSED), NO, NO, NO, NO, S(CLOSED)}},
        {S(DISPOSED), {S(DISPOSED), S(ASSIGNED), NO, S(BOOKED), NO, S(CLOSED)}},
        {S(ASSIGNED), {S(DISPOSED), S(ASSIGNED), S(ACCEPTED), S(BOOKED), S(RESPONDED), S(CLOSED)}},
        {S(ACCEPTED), {S(DISPOSED), S(ASSIGNED), NO, S(BOOKED), S(RESPONDED), S(CLOSED)}},
        {S(BOOKED), {S(DISPOSED), S(ASSIGNED), NO, S(BOOKED), S(RESPONDED), S(CLOSED)}},
        {S(RESPONDED), {NO, NO, NO, NO, NO, S(CLOSED)}},
        {S(CLOSED), {NO, NO, NO, NO, NO, NO}},
        {(urgent_status_t)77, {NO, NO, NO, NO, NO, NO}},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        for (int step = 0; step < URGENT_STEPS; step++) {
            urgent_status_t to;
            problem_t problem = {0};
            const status_t status = urgent_go(wanted[i].from, (urgent_step_t)step, &to, &problem);
            if (to != wanted[i].to[step])
                fail_msg("step %d from %d leads to %d", step, (int)wanted[i].from, (int)to);
            assert_int_equal(status, to != NO ? STATUS_OK : STATUS_ABORTED);
            assert_true(status == STATUS_OK || strlen(problem.detail) > 0);
        }
    }
}

static void who_opened_it_decides_where_it_goes(void **state)
{
    (void)state;
    for (int step = 0; step < URGENT_STEPS; step++) {
        assert_true(urgent_may((urgent_step_t)step, true, false));
        assert_true(urgent_may((urgent_step_t)step, true, true));
        assert_int_equal(urgent_may((urgent_step_t)step, false, true), step != URGENT_DISPOSE && step != URGENT_ASSIGN);
        assert_false(urgent_may((urgent_step_t)step, false, false));
    }
}

static void the_shorter_promise_counts(void **state)
{
    (void)state;
    assert_int_equal(urgent_target(120, 60), 60);
    assert_int_equal(urgent_target(60, 120), 60);
    assert_int_equal(urgent_target(120, 0), 120);
    assert_int_equal(urgent_target(0, 90), 90);
    assert_int_equal(urgent_target(0, 0), 0);
}

static int64_t instant(const char *text)
{
    int64_t at = 0;
    assert_true(instant_parse(text, &at));
    return at;
}

static void two_hours_are_two_hours(void **state)
{
    (void)state;
    static const struct {
        const char *disposed, *due;
    } cases[] = {
        {"2026-11-26T14:00:00Z", "2026-11-26T16:00:00Z"},
        // Clocks go back in the night to 25 October 2026 and forward in the night to 28 March 2027: elapsed time knows nothing of it.
        {"2026-10-25T01:30:00+01:00", "2026-10-25T02:30:00+00:00"},
        {"2027-03-28T00:30:00+00:00", "2027-03-28T03:30:00+01:00"},
        {"2026-12-31T23:30:00Z", "2027-01-01T01:30:00Z"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_true(urgent_due(instant(cases[i].disposed), 120) == instant(cases[i].due));
}

static void a_breach_begins_behind_the_target(void **state)
{
    (void)state;
    const int64_t due = instant("2026-11-26T16:00:00Z");
    assert_false(urgent_breached(due, 0, due));
    assert_true(urgent_breached(due, 0, due + 1));
    // Once the patient was seen, the clock stands.
    assert_false(urgent_breached(due, due, due + 1));
    assert_true(urgent_breached(due, due + 1, due + 2));
    assert_int_equal(urgent_minutes_left(due, due), 0);
    assert_int_equal(urgent_minutes_left(due, due - 59999999), 0);
    assert_int_equal(urgent_minutes_left(due, due - 60000000), 1);
    assert_int_equal(urgent_minutes_left(due, due + 1), -1);
    assert_int_equal(urgent_minutes_left(due, due + 60000000), -1);
    assert_int_equal(urgent_minutes_left(due, due + 60000001), -2);
}

static void a_service_that_answers_takes_it(void **state)
{
    arena_t *arena = *state;
    char *kinds[] = {(char *)"crisis-response", (char *)"palliative-triage-hub"};
    static const struct {
        const char *service, *detail;
    } cases[] = {
        {"{'kind':'crisis-response','status':'active','acceptsCaller':true,'serves':true}", NULL},
        {"{'kind':'palliative-triage-hub','status':'active','acceptsCaller':true,'serves':true,'rules':{'ageFrom':18}}", NULL},
        // Full, and of unknown hours: they say so themselves.
        {"{'kind':'crisis-response','status':'active','acceptsCaller':true,'serves':true,'capacity':{'places':1,'free':0}}", NULL},
        {"{'kind':'dental','status':'active','acceptsCaller':true,'serves':true}",
         "A service of kind dental does not answer the disposition"},
        {"{'kind':'crisis-response','status':'suspended','acceptsCaller':true,'serves':true}", "It takes nobody at the moment"},
        {"{'kind':'crisis-response','status':'closed','acceptsCaller':true,'serves':true}", "It is no longer there"},
        {"{'kind':'crisis-response','status':'active','acceptsCaller':false,'serves':true}", ""},
        {"{'kind':'crisis-response','status':'active','acceptsCaller':true,'serves':false}", ""},
        {"{'kind':'crisis-response','status':'active','acceptsCaller':true,'serves':true,'rules':{'ageTo':60}}", ""},
        {"{'kind':'crisis-response','status':'active','acceptsCaller':true,'serves':true,'rules':{'excludes':['fall']}}",
         "With fall one must go elsewhere"},
    };
    search_t search = PCN__REFERRAL__V1__LIST_SERVICES_REQUEST__INIT;
    search.has_age = 1;
    search.age = 70;
    search.practice = (char *)"gp-a1";
    search.need = (char *)"fall";
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        problem_t problem = {0};
        const loaded_service_t *service = message(arena, LOADED_SERVICE_TYPE, cases[i].service);
        const status_t status = urgent_check_service(&search, service, kinds, 2, arena, &problem);
        if (status != (cases[i].detail == NULL ? STATUS_OK : STATUS_FAILED_PRECONDITION))
            fail_msg("%s: %s", cases[i].service, problem.detail);
        if (status == STATUS_OK)
            continue;
        assert_string_equal(problem.field, "service");
        assert_true(strlen(problem.detail) > 0);
        if (cases[i].detail[0] != '\0')
            assert_string_equal(problem.detail, cases[i].detail);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_step_from_every_state),
        cmocka_unit_test(who_opened_it_decides_where_it_goes),
        cmocka_unit_test(the_shorter_promise_counts),
        cmocka_unit_test(two_hours_are_two_hours),
        cmocka_unit_test(a_breach_begins_behind_the_target),
        cmocka_unit_test_setup_teardown(a_service_that_answers_takes_it, arena_setup, arena_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
