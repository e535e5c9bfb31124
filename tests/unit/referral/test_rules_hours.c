#include "services/referral/rules_hours.h"
#include "tests/unit/referral/support.h"

#define HOURS_TYPE (&pcn__referral__v1__hours__type)

static const char week[] = "{'weekly':[{'weekday':'monday','from':'08:00','to':'12:00'},{'weekday':'monday','from':'13:00','to':'18:30'},"
                           "{'weekday':'friday','from':'20:00','to':'24:00'},{'weekday':'saturday','from':'00:00','to':'02:00'}],"
                           "'exceptions':[{'date':'2026-11-30'},{'date':'2026-12-07','from':'10:00','to':'11:00'},"
                           "{'date':'2026-12-07','from':'15:00','to':'16:00'}]}";

static bool open_at(arena_t *arena, const char *json, const char *date, const char *time, bool bank_holiday)
{
    const local_moment_t moment = {.day = day_of(date), .minute = minute_of_time(time), .bank_holiday = bank_holiday};
    return hours_open(message(arena, HOURS_TYPE, json), &moment);
}

static void times_are_minutes(void **state)
{
    (void)state;
    assert_int_equal(minute_of_time("00:00"), 0);
    assert_int_equal(minute_of_time("08:30"), 510);
    assert_int_equal(minute_of_time("23:59"), 1439);
    assert_int_equal(minute_of_time("24:00"), 1440);
}

static void the_week_says_when_it_is_open(void **state)
{
    // A Monday.
    static const struct {
        const char *time;
        bool open;
    } monday[] = {{"07:59", false}, {"08:00", true}, {"11:59", true}, {"12:00", false},
                  {"12:59", false}, {"13:00", true}, {"18:29", true}, {"18:30", false}};
    for (size_t i = 0; i < sizeof monday / sizeof *monday; i++)
        assert_int_equal(open_at(*state, week, "2026-11-23", monday[i].time, false), monday[i].open);
    assert_false(open_at(*state, week, "2026-11-24", "09:00", false));
    // Past midnight: two openings.
    assert_true(open_at(*state, week, "2026-11-27", "23:59", false));
    assert_true(open_at(*state, week, "2026-11-28", "00:00", false));
    assert_true(open_at(*state, week, "2026-11-28", "01:59", false));
    assert_false(open_at(*state, week, "2026-11-28", "02:00", false));
    assert_false(open_at(*state, week, "2026-11-29", "01:00", false));
}

static void an_exception_decides_alone(void **state)
{
    assert_false(open_at(*state, week, "2026-11-30", "09:00", false));
    assert_false(open_at(*state, week, "2026-12-07", "09:00", false));
    assert_true(open_at(*state, week, "2026-12-07", "10:00", false));
    assert_true(open_at(*state, week, "2026-12-07", "15:59", false));
    assert_false(open_at(*state, week, "2026-12-07", "16:00", false));
    // Also on a bank holiday.
    assert_true(open_at(*state, week, "2026-12-07", "10:30", true));
}

static void a_bank_holiday_closes_unless_it_does_not(void **state)
{
    assert_false(open_at(*state, week, "2026-11-23", "09:00", true));
    assert_true(
        open_at(*state, "{'weekly':[{'weekday':'monday','from':'08:00','to':'12:00'}],'bankHolidays':true}", "2026-11-23", "09:00", true));
}

static void without_hours_nothing_is_known(void **state)
{
    const local_moment_t moment = {.day = day_of("2026-11-23"), .minute = 600};
    assert_false(hours_open(NULL, &moment));
    assert_false(open_at(*state, "{}", "2026-11-23", "09:00", false));
}

static void assert_refused(arena_t *arena, const char *json, const char *field)
{
    problem_t problem = {0};
    assert_int_equal(hours_check(message(arena, HOURS_TYPE, json), &problem), STATUS_INVALID_ARGUMENT);
    assert_string_equal(problem.field, field);
}

static void hours_that_make_no_sense_are_refused(void **state)
{
    problem_t problem = {0};
    assert_int_equal(hours_check(message(*state, HOURS_TYPE, week), &problem), STATUS_OK);
    assert_int_equal(hours_check(NULL, &problem), STATUS_OK);
    assert_refused(*state, "{'weekly':[{'weekday':'monday','from':'12:00','to':'12:00'}]}", "hours.weekly[0].to");
    assert_refused(*state, "{'weekly':[{'weekday':'monday','from':'20:00','to':'02:00'}]}", "hours.weekly[0].to");
    assert_refused(*state, "{'weekly':[{'weekday':'monday','from':'08:00','to':'12:00'},{'weekday':'monday','from':'11:59','to':'13:00'}]}",
                   "hours.weekly[1].from");
    assert_refused(*state, "{'exceptions':[{'date':'2026-12-24','from':'08:00'}]}", "hours.exceptions[0].to");
    assert_refused(*state, "{'exceptions':[{'date':'2026-12-24','to':'08:00'}]}", "hours.exceptions[0].from");
    assert_refused(*state, "{'exceptions':[{'date':'2026-12-24','from':'09:00','to':'08:00'}]}", "hours.exceptions[0].to");
    assert_refused(*state, "{'exceptions':[{'date':'2026-12-24'},{'date':'2026-12-24','from':'08:00','to':'09:00'}]}",
                   "hours.exceptions[1].date");
    assert_refused(*state,
                   "{'exceptions':[{'date':'2026-12-24','from':'08:00','to':'10:00'},{'date':'2026-12-24','from':'09:00','to':'11:00'}]}",
                   "hours.exceptions[1].from");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_setup, arena_teardown)
    const struct CMUnitTest tests[] = {
        TEST(times_are_minutes),
        TEST(the_week_says_when_it_is_open),
        TEST(an_exception_decides_alone),
        TEST(a_bank_holiday_closes_unless_it_does_not),
        TEST(without_hours_nothing_is_known),
        TEST(hours_that_make_no_sense_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
