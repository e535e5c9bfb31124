#include <stdio.h>

#include "services/referral/rules_schedule.h"
#include "tests/unit/referral/support.h"

typedef struct made {
    made_slot_t *slots;
    size_t count;
    int32_t last;
    status_t status;
    problem_t problem;
} made_t;

static made_t make(arena_t *arena, const char *schedule, const char *from, const char *to, const char *holiday, size_t max)
{
    made_t made = {.count = 0};
    const int32_t day = holiday != NULL ? day_of(holiday) : 0;
    const holidays_t holidays = {.days = &day, .count = holiday != NULL};
    made.status = schedule_slots(message(arena, SCHEDULE_TEMPLATE_TYPE, schedule), day_of(from), day_of(to), &holidays, max, arena,
                                 &made.slots, &made.count, &made.last, &made.problem);
    return made;
}

static void assert_start(const made_t *made, size_t index, const char *start, int32_t lane)
{
    char text[INSTANT_SIZE];
    assert_true(index < made->count);
    instant_format(made->slots[index].start_us, text);
    if (strncmp(text, start, strlen(start)) != 0)
        fail_msg("slot %zu begins at %s, not %s", index, text, start);
    assert_int_equal(made->slots[index].lane, lane);
}

// Mondays 09:00 to 10:00 in quarters of an hour, two side by side; Tuesdays 18:30 to 20:00 in halves.
#define WEEK                                                                                                                               \
    "'validFrom':'2026-01-01','sessions':[{'weekday':'monday','from':'09:00','to':'10:00','minutes':15,'parallel':2},"                     \
    "{'weekday':'tuesday','from':'18:30','to':'20:00','minutes':30}]"

static void a_week_is_cut_into_slots(void **state)
{
    const made_t made = make(*state, "{" WEEK "}", "2026-11-30", "2026-12-06", NULL, 100);
    assert_int_equal(made.status, STATUS_OK);
    assert_int_equal(made.count, 11);
    assert_start(&made, 0, "2026-11-30T09:00:00", 1);
    assert_start(&made, 1, "2026-11-30T09:00:00", 2);
    assert_start(&made, 7, "2026-11-30T09:45:00", 2);
    assert_start(&made, 8, "2026-12-01T18:30:00", 1);
    assert_start(&made, 10, "2026-12-01T19:30:00", 1);
    assert_int_equal(made.slots[0].minutes, 15);
    assert_int_equal(made.slots[8].minutes, 30);
    assert_int_equal(made.last, day_of("2026-12-06"));
    // A rest too short for a slot is none.
    assert_int_equal(make(*state, "{'validFrom':'2026-01-01','sessions':[{'weekday':'monday','from':'09:00','to':'09:59','minutes':20}]}",
                          "2026-11-30", "2026-11-30", NULL, 9)
                         .count,
                     2);
}

static void a_session_keeps_its_time_over_both_clock_changes(void **state)
{
    const char *nine = "{'validFrom':'2026-01-01','sessions':[{'weekday':'sunday','from':'09:00','to':'09:30','minutes':30},"
                       "{'weekday':'saturday','from':'09:00','to':'09:30','minutes':30}]}";
    made_t made = make(*state, nine, "2027-03-27", "2027-03-28", NULL, 9);
    assert_int_equal(made.count, 2);
    assert_start(&made, 0, "2027-03-27T09:00:00", 1);
    assert_start(&made, 1, "2027-03-28T08:00:00", 1);
    made = make(*state, nine, "2027-10-30", "2027-10-31", NULL, 9);
    assert_start(&made, 0, "2027-10-30T08:00:00", 1);
    assert_start(&made, 1, "2027-10-31T09:00:00", 1);
    // The night: an hour that is skipped has no slots, one that comes twice has them once.
    const char *night = "{'validFrom':'2026-01-01','sessions':[{'weekday':'sunday','from':'00:00','to':'04:00','minutes':30}]}";
    made = make(*state, night, "2027-03-28", "2027-03-28", NULL, 9);
    assert_int_equal(made.count, 6);
    assert_start(&made, 1, "2027-03-28T00:30:00", 1);
    assert_start(&made, 2, "2027-03-28T01:00:00", 1);
    made = make(*state, night, "2027-10-31", "2027-10-31", NULL, 9);
    assert_int_equal(made.count, 8);
    assert_start(&made, 0, "2027-10-30T23:00:00", 1);
    assert_start(&made, 3, "2027-10-31T00:30:00", 1);
    assert_start(&made, 4, "2027-10-31T02:00:00", 1);
    for (size_t i = 1; i < made.count; i++)
        assert_true(made.slots[i - 1].start_us < made.slots[i].start_us);
}

// Nobody is in two slots of a row at once on the night on which the clocks go forward, whatever the slots' length and the sessions' ends.
static void slots_never_overlap_when_the_clocks_go_forward(void **state)
{
    for (int first = 0; first < 120; first += 13) {
        for (int minutes = 5; minutes <= 180; minutes += 23) {
            char plan[400];
            (void)snprintf(plan, sizeof plan,
                           "{'validFrom':'2026-01-01','sessions':[{'weekday':'sunday','from':'%02d:%02d','to':'03:00','minutes':%d},"
                           "{'weekday':'sunday','from':'03:00','to':'24:00','minutes':%d}]}",
                           first / 60, first % 60, minutes < 180 - first ? minutes : 180 - first, minutes);
            const made_t made = make(*state, plan, "2027-03-28", "2027-03-28", NULL, 400);
            assert_int_equal(made.status, STATUS_OK);
            for (size_t i = 1; i < made.count; i++)
                assert_true(made.slots[i - 1].start_us + made.slots[i - 1].minutes * INT64_C(60000000) <= made.slots[i].start_us);
        }
    }
    // One over the change takes the place of the one that it runs into.
    const made_t made =
        make(*state, "{'validFrom':'2026-01-01','sessions':[{'weekday':'sunday','from':'00:25','to':'24:00','minutes':120}]}", "2027-03-28",
             "2027-03-28", NULL, 99);
    assert_start(&made, 0, "2027-03-28T00:25:00", 1);
    assert_start(&made, 1, "2027-03-28T03:25:00", 1);
}

static void bank_holidays_and_exceptions_differ(void **state)
{
    assert_int_equal(make(*state, "{" WEEK "}", "2026-12-28", "2026-12-28", "2026-12-28", 99).count, 0);
    assert_int_equal(make(*state, "{" WEEK ",'bankHolidays':true}", "2026-12-28", "2026-12-28", "2026-12-28", 99).count, 8);
    assert_int_equal(make(*state, "{" WEEK ",'exceptions':[{'date':'2026-11-30'}]}", "2026-11-30", "2026-11-30", NULL, 99).count, 0);
    const made_t made = make(*state,
                             "{" WEEK ",'exceptions':[{'date':'2026-12-28','from':'10:00','to':'11:00','minutes':20},"
                             "{'date':'2026-12-28','from':'12:00','to':'12:20','minutes':20,'parallel':2}]}",
                             "2026-12-28", "2026-12-29", "2026-12-28", 99);
    assert_int_equal(made.count, 3 + 2 + 3);
    assert_start(&made, 0, "2026-12-28T10:00:00", 1);
    assert_start(&made, 4, "2026-12-28T12:00:00", 2);
}

static void only_valid_days_have_slots(void **state)
{
    const char *schedule =
        "{'validFrom':'2026-12-01','validTo':'2026-12-02','sessions':["
        "{'weekday':'monday','from':'09:00','to':'09:30','minutes':30},{'weekday':'tuesday','from':'09:00','to':'09:30','minutes':30},"
        "{'weekday':'wednesday','from':'09:00','to':'09:30','minutes':30},{'weekday':'thursday','from':'09:00','to':'09:30','minutes':30}]"
        "}";
    const made_t made = make(*state, schedule, "2026-11-30", "2026-12-04", NULL, 9);
    assert_int_equal(made.count, 2);
    assert_start(&made, 0, "2026-12-01", 1);
    assert_start(&made, 1, "2026-12-02", 1);
    assert_int_equal(made.last, day_of("2026-12-04"));
}

static void as_many_whole_days_as_there_is_room(void **state)
{
    made_t made = make(*state, "{" WEEK "}", "2026-11-30", "2026-12-14", NULL, 12);
    assert_int_equal(made.status, STATUS_OK);
    assert_int_equal(made.count, 11);
    assert_int_equal(made.last, day_of("2026-12-06"));
    made = make(*state, "{" WEEK "}", "2026-11-30", "2026-12-14", NULL, 7);
    assert_int_equal(made.status, STATUS_RESOURCE_EXHAUSTED);
    assert_string_equal(made.problem.field, "sessions");
}

static void assert_check(arena_t *arena, const char *schedule, const char *field)
{
    problem_t problem = {0};
    const status_t status = schedule_check(message(arena, SCHEDULE_TEMPLATE_TYPE, schedule), &problem);
    assert_int_equal(status, field != NULL ? STATUS_INVALID_ARGUMENT : STATUS_OK);
    if (field != NULL)
        assert_string_equal(problem.field, field);
}

static void a_plan_must_make_sense(void **state)
{
    assert_check(*state, "{" WEEK "}", NULL);
    assert_check(*state, "{" WEEK ",'validTo':'2025-12-31'}", "validTo");
    assert_check(*state, "{" WEEK ",'validTo':'2026-01-01'}", NULL);
    assert_check(*state, "{" WEEK ",'restrictions':{'embargoDays':1}}", "restrictions.embargoUntil");
    assert_check(*state, "{" WEEK ",'restrictions':{'embargoUntil':'08:00'}}", NULL);
    assert_check(*state, "{'validFrom':'2026-01-01','sessions':[{'weekday':'monday','from':'10:00','to':'10:00','minutes':5}]}",
                 "sessions[0].to");
    assert_check(*state, "{'validFrom':'2026-01-01','sessions':[{'weekday':'monday','from':'22:00','to':'02:00','minutes':5}]}",
                 "sessions[0].to");
    assert_check(*state, "{'validFrom':'2026-01-01','sessions':[{'weekday':'monday','from':'10:00','to':'10:10','minutes':15}]}",
                 "sessions[0].minutes");
    assert_check(*state,
                 "{'validFrom':'2026-01-01','sessions':[{'weekday':'monday','from':'10:00','to':'12:00','minutes':15},"
                 "{'weekday':'monday','from':'11:45','to':'13:00','minutes':15}]}",
                 "sessions[1].from");
    assert_check(*state, "{" WEEK ",'exceptions':[{'date':'2026-12-28','from':'10:00'}]}", "exceptions[0].to");
    assert_check(*state, "{" WEEK ",'exceptions':[{'date':'2026-12-28','from':'10:00','to':'11:00'}]}", "exceptions[0].minutes");
    assert_check(*state, "{" WEEK ",'exceptions':[{'date':'2026-12-28','from':'10:00','to':'10:10','minutes':15}]}", "exceptions[0].to");
    assert_check(*state, "{" WEEK ",'exceptions':[{'date':'2026-12-28'},{'date':'2026-12-28'}]}", "exceptions[1].date");
    assert_check(*state,
                 "{" WEEK ",'exceptions':[{'date':'2026-12-28','from':'10:00','to':'11:00','minutes':15},"
                 "{'date':'2026-12-28','from':'10:30','to':'11:30','minutes':15}]}",
                 "exceptions[1].from");
}

static void what_restricts_is_there(void **state)
{
    (void)state;
    char *types[] = {"practice", "urgent-care", "martian"}, *codes[] = {"gp-a1", "pcn-a"};
    Pcn__Referral__V1__Restrictions restrictions = PCN__REFERRAL__V1__RESTRICTIONS__INIT;
    problem_t problem = {0};
    assert_int_equal(schedule_check_restrictions(NULL, NULL, &problem), STATUS_OK);
    assert_int_equal(schedule_check_restrictions(&restrictions, NULL, &problem), STATUS_OK);
    restrictions.organisation_types = types;
    restrictions.n_organisation_types = 2;
    restrictions.organisations = codes;
    restrictions.n_organisations = 2;
    assert_int_equal(schedule_check_restrictions(&restrictions, NULL, &problem), STATUS_OK);
    assert_int_equal(schedule_check_restrictions(&restrictions, "pcn-a", &problem), STATUS_FAILED_PRECONDITION);
    assert_string_equal(problem.field, "restrictions.organisations[1]");
    restrictions.n_organisation_types = 3;
    assert_int_equal(schedule_check_restrictions(&restrictions, NULL, &problem), STATUS_FAILED_PRECONDITION);
    assert_string_equal(problem.field, "restrictions.organisationTypes[2]");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_setup, arena_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_restricts_is_there),
        TEST(a_week_is_cut_into_slots),
        TEST(a_session_keeps_its_time_over_both_clock_changes),
        TEST(slots_never_overlap_when_the_clocks_go_forward),
        TEST(bank_holidays_and_exceptions_differ),
        TEST(only_valid_days_have_slots),
        TEST(as_many_whole_days_as_there_is_room),
        TEST(a_plan_must_make_sense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
