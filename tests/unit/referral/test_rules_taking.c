// Whether a service takes a patient: each clause alone refuses, in a fixed order.
#include "services/referral/rules_taking.h"
#include "tests/unit/referral/support.h"

static const char takes[] =
    "{'patient':'p','provider':'gp-a1','serviceStatus':'active','serviceOffers':true,'acceptsCaller':true,'serves':true}";

static void assert_refused(arena_t *arena, void (*change)(taking_references_t *), const char *field)
{
    taking_references_t *row = message(arena, &pcn__referral__store__v1__taking_references__type, takes);
    problem_t problem = {0};
    change(row);
    assert_int_equal(taking_check(row, "s", "channel", &problem), STATUS_FAILED_PRECONDITION);
    assert_string_equal(problem.field, field);
}

static void die(taking_references_t *row)
{
    row->patient_gone = true;
}

static void vanish(taking_references_t *row)
{
    row->has_service_status = false;
}

static void suspend(taking_references_t *row)
{
    row->service_status = SERVICE_STATUS(SUSPENDED);
}

static void go_elsewhere(taking_references_t *row)
{
    row->service_offers = false;
}

static void take_from_others(taking_references_t *row)
{
    row->accepts_caller = false;
}

static void serve_others(taking_references_t *row)
{
    row->serves = false;
}

static void each_clause_refuses(void **state)
{
    problem_t problem = {0};
    assert_int_equal(taking_check(message(*state, &pcn__referral__store__v1__taking_references__type, takes), "s", "channel", &problem),
                     STATUS_OK);
    assert_refused(*state, die, "patient");
    assert_refused(*state, vanish, "service");
    assert_refused(*state, suspend, "service");
    assert_refused(*state, go_elsewhere, "channel");
    assert_refused(*state, take_from_others, "service");
    assert_refused(*state, serve_others, "service");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(each_clause_refuses, arena_setup, arena_teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
