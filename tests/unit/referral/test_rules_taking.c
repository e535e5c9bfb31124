// Whether a service takes a patient: each clause alone refuses, in a fixed order.
#include "services/referral/rules_taking.h"
#include "tests/unit/referral/support.h"

static const char takes[] =
    "{'patient':'p','provider':'gp-a1','serviceStatus':'active','serviceOffers':true,'taking':{'acceptsCaller':true,'serves':true,"
    "'rules':{'ageFrom':60,'ageTo':69,'sexes':['female']},'birthDate':'1960-02-29','sex':'female'}}";

static void assert_refused(arena_t *arena, void (*change)(taking_references_t *), const char *field)
{
    taking_references_t *row = message(arena, &pcn__referral__store__v1__taking_references__type, takes);
    problem_t problem = {0};
    change(row);
    assert_int_equal(taking_check(row, "s", "channel", day_of("2026-11-26"), &problem), STATUS_FAILED_PRECONDITION);
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
    row->taking->accepts_caller = false;
}

static void serve_others(taking_references_t *row)
{
    row->taking->serves = false;
}

static void be_too_young(taking_references_t *row)
{
    row->taking->birth_date = (char *)(uintptr_t) "1966-11-27";
}

static void be_too_old(taking_references_t *row)
{
    row->taking->birth_date = (char *)(uintptr_t) "1956-11-26";
}

static void be_of_the_other_sex(taking_references_t *row)
{
    row->taking->sex = PCN__REFERRAL__V1__SEX__SEX_MALE;
}

static void each_clause_refuses(void **state)
{
    problem_t problem = {0};
    assert_int_equal(taking_check(message(*state, &pcn__referral__store__v1__taking_references__type, takes), "s", "channel",
                                  day_of("2026-11-26"), &problem),
                     STATUS_OK);
    assert_refused(*state, die, "patient");
    assert_refused(*state, vanish, "service");
    assert_refused(*state, suspend, "service");
    assert_refused(*state, go_elsewhere, "channel");
    assert_refused(*state, take_from_others, "service");
    assert_refused(*state, serve_others, "service");
    assert_refused(*state, be_too_young, "service");
    assert_refused(*state, be_too_old, "service");
    assert_refused(*state, be_of_the_other_sex, "service");
}

static void an_age_is_that_of_the_day(void **state)
{
    static const struct {
        const char *birth_date, *day;
        uint32_t age;
    } cases[] = {
        {"1960-05-31", "2026-05-30", 65},  {"1960-05-31", "2026-05-31", 66}, {"1960-05-31", "2026-06-01", 66},
        {"2004-02-29", "2020-02-28", 15},  {"2004-02-29", "2020-02-29", 16}, {"2004-02-29", "2021-02-28", 16},
        {"2004-02-29", "2021-03-01", 17},  {"2025-12-31", "2026-01-01", 0},  {"2026-01-01", "2026-01-01", 0},
        {"1899-12-31", "2026-12-30", 126},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (taking_age(cases[i].birth_date, day_of(cases[i].day)) != cases[i].age)
            fail_msg("%s on %s is not %u", cases[i].birth_date, cases[i].day, cases[i].age);
    }
}

static void assert_kept_out(arena_t *arena, const char *taking, const char *day, const char *detail)
{
    problem_t problem = {0};
    const status_t status =
        taking_check_patient(message(arena, &pcn__referral__store__v1__taking__type, taking), day_of(day), "slots[0]", &problem);
    assert_int_equal(status, detail != NULL ? STATUS_FAILED_PRECONDITION : STATUS_OK);
    if (detail != NULL) {
        assert_string_equal(problem.field, "slots[0]");
        assert_string_equal(problem.detail, detail);
    }
}

#define OPEN "'acceptsCaller':true,'serves':true,'birthDate':'2010-11-27'"

static void the_first_clause_is_told(void **state)
{
    problem_t problem = {0};
    assert_int_equal(taking_check_patient(NULL, 0, "slots[0]", &problem), STATUS_OK);
    assert_kept_out(*state, "{" OPEN "}", "2026-11-26", NULL);
    assert_kept_out(*state, "{'serves':true}", "2026-11-26", "The service takes nobody from the caller's organisation");
    assert_kept_out(*state, "{'acceptsCaller':true}", "2026-11-26", "The service does not serve the patient's practice");
    assert_kept_out(*state, "{" OPEN ",'rules':{'ageFrom':16}}", "2026-11-26", "The service is for those of 16 and older");
    assert_kept_out(*state, "{" OPEN ",'rules':{'ageFrom':16}}", "2026-11-27", NULL);
    assert_kept_out(*state, "{" OPEN ",'rules':{'ageTo':15}}", "2026-11-27", "The service is for those of up to 15");
    assert_kept_out(*state, "{" OPEN ",'rules':{'ageTo':15}}", "2026-11-26", NULL);
    // What is not on record keeps nobody out.
    assert_kept_out(*state, "{" OPEN ",'rules':{'sexes':['female']}}", "2026-11-26", NULL);
    assert_kept_out(*state, "{" OPEN ",'sex':'male','rules':{'sexes':['female']}}", "2026-11-26", "The service is for the other sex");
    assert_kept_out(*state, "{" OPEN ",'sex':'male','rules':{'sexes':['female','male']}}", "2026-11-26", NULL);
    assert_kept_out(*state, "{'acceptsCaller':true,'serves':true,'rules':{'ageFrom':16}}", "2026-11-26", NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_setup, arena_teardown)
    const struct CMUnitTest tests[] = {TEST(each_clause_refuses), TEST(an_age_is_that_of_the_day), TEST(the_first_clause_is_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
