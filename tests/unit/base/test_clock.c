#include "support.h"

#include <time.h>

#include "common/base/clock.h"

#define SECOND INT64_C(1000000)

static int64_t instant(const char *text)
{
    int64_t us = 0;
    assert_true(instant_parse(text, &us));
    return us;
}

static void assert_date_of(const char *text, const char *expected)
{
    char date[DATE_SIZE];
    date_format(date_of_instant(instant(text)), date);
    assert_string_equal(date, expected);
}

static void clocks_go_forward(void **state)
{
    (void)state;
    int64_t steady = clock_steady_us();
    assert_true(clock_steady_us() >= steady);
    assert_true(llabs(clock_wall_us() - (int64_t)time(NULL) * SECOND) < 5 * SECOND);
}

static void instants_are_written_in_utc(void **state)
{
    (void)state;
    char text[INSTANT_SIZE];
    instant_format(0, text);
    assert_string_equal(text, "1970-01-01T00:00:00.000000Z");
    instant_format(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999999Z");
    instant_format(INT64_C(1764063000123456), text);
    assert_string_equal(text, "2025-11-25T09:30:00.123456Z");
    // What has no four-digit year is held at the edge.
    instant_format(INT64_MAX, text);
    assert_memory_equal(text, "9999-12-31T", 11);
    instant_format(INT64_MIN, text);
    assert_memory_equal(text, "1000-01-01T", 11);
}

static void instants_are_read_with_offsets(void **state)
{
    (void)state;
    assert_true(instant("1970-01-01T00:00:00Z") == 0);
    assert_true(instant("1970-01-01t00:00:00z") == 0);
    assert_true(instant("1970-01-01T01:00:00+01:00") == 0);
    assert_true(instant("1969-12-31T18:30:00-05:30") == 0);
    assert_true(instant("1970-01-01T00:00:00-00:00") == 0);
    assert_true(instant("1970-01-01T00:00:00.5Z") == 500000);
    assert_true(instant("1970-01-01T00:00:00.123456789Z") == 123456);
    assert_true(instant("2025-11-25T09:30:00.123456Z") == INT64_C(1764063000123456));
    assert_true(instant("2024-02-29T23:59:59+00:00") == INT64_C(1709251199) * SECOND);
}

static void instants_survive_the_round(void **state)
{
    (void)state;
    char text[INSTANT_SIZE];
    for (int64_t us = instant("1000-01-01T00:00:00Z"); us < instant("9999-12-20T00:00:00Z"); us += INT64_C(987654321987654)) {
        instant_format(us, text);
        assert_true(instant(text) == us);
    }
}

static void malformed_instants_are_refused(void **state)
{
    (void)state;
    const char *const bad[] = {
        "",
        "2025",
        "2025-11-25",
        "2025-11-25T",
        "2025-11-25T09:30",
        "2025-11-25T09:30:00",
        "2025-11-25 09:30:00Z",
        "2025-11-25T09:30:00Zx",
        "2025-11-25T24:00:00Z",
        "2025-11-25T23:60:00Z",
        "2025-11-25T23:59:60Z",
        "2025-11-25T23:59:59.Z",
        "2025-11-25T23:59:59.1234567890Z",
        "2025-11-25T23:59:59+24:00",
        "2025-11-25T23:59:59+01:60",
        "2025-11-25T23:59:59+0100",
        "2025-11-25T23:59:59+01",
        "2025-13-01T00:00:00Z",
        "2025-02-29T00:00:00Z",
        "0999-01-01T00:00:00Z",
        "1000-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "+2025-11-25T00:00:00Z",
        " 2025-11-25T00:00:00Z",
        "2025-1-25T00:00:00Z",
        "2025-11-25T9:30:00Z",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t us = 42;
        assert_false(instant_parse(bad[i], &us));
        assert_true(us == 42);
    }
}

static void every_day_survives_the_round(void **state)
{
    (void)state;
    int32_t first, last, days;
    char text[DATE_SIZE], previous[DATE_SIZE] = "";
    assert_true(date_parse("1000-01-01", &first));
    assert_true(date_parse("9999-12-31", &last));
    assert_int_equal(first, -354285);
    assert_int_equal(last, 2932896);
    for (int32_t day = first; day <= last; day++) {
        date_format(day, text);
        if (!date_parse(text, &days) || days != day || strcmp(previous, text) >= 0) {
            fail_msg("%s", text);
        }
        memcpy(previous, text, sizeof previous);
    }
    date_format(INT32_MAX, text);
    assert_string_equal(text, "9999-12-31");
    date_format(INT32_MIN, text);
    assert_string_equal(text, "1000-01-01");
}

static void dates_that_do_not_exist_are_refused(void **state)
{
    (void)state;
    const char *const bad[] = {"",           "2025-02-29", "1900-02-29", "2025-04-31", "2025-00-10", "2025-13-01",
                               "2025-01-00", "2025-01-32", "2025-1-01",  "25-01-01",   "0999-12-31", "2025-01-01 ",
                               "2025/01/01", "20250101",   "2025-01-0x", "10000-01-01"};
    int32_t days = 42;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(date_parse(bad[i], &days));
        assert_int_equal(days, 42);
    }
    assert_true(date_parse("2000-02-29", &days));
    assert_int_equal(days, 11016);
}

static void today_is_the_date_in_london(void **state)
{
    (void)state;
    // 2026: summer time from 29 March 01:00 UTC to 25 October 01:00 UTC.
    assert_date_of("2026-01-15T23:30:00Z", "2026-01-15");
    assert_date_of("2026-07-15T22:59:59Z", "2026-07-15");
    assert_date_of("2026-07-15T23:00:00Z", "2026-07-16");
    assert_date_of("2026-03-28T23:30:00Z", "2026-03-28");
    assert_date_of("2026-03-29T00:59:59Z", "2026-03-29");
    assert_date_of("2026-03-29T23:00:00Z", "2026-03-30");
    assert_date_of("2026-10-24T23:00:00Z", "2026-10-25");
    assert_date_of("2026-10-25T01:00:00Z", "2026-10-25");
    assert_date_of("2026-10-25T23:30:00Z", "2026-10-25");
    // A last Sunday that is the 31st: March 2024, October 2027.
    assert_date_of("2024-03-30T23:30:00Z", "2024-03-30");
    assert_date_of("2024-03-31T23:30:00Z", "2024-04-01");
    assert_date_of("2027-10-30T23:30:00Z", "2027-10-31");
    assert_date_of("2027-10-31T23:30:00Z", "2027-10-31");
    assert_date_of("2026-12-31T23:59:59Z", "2026-12-31");
}

// The C library's own time zone data says the same.
static void london_agrees_with_the_time_zone_database(void **state)
{
    (void)state;
    setenv("TZ", "Europe/London", 1);
    tzset();
    struct tm summer = {0};
    time_t probe = 1784116800; // July 2026
    localtime_r(&probe, &summer);
    if (summer.tm_isdst <= 0) {
        skip();
    }
    for (int64_t second = 946684800; second < INT64_C(4102444800); second += 1799 * 7) {
        time_t moment = (time_t)second;
        struct tm local;
        localtime_r(&moment, &local);
        char date[DATE_SIZE];
        date_format(date_of_instant(second * SECOND), date);
        int expected = (local.tm_year + 1900) * 10000 + (local.tm_mon + 1) * 100 + local.tm_mday;
        int got = atoi(date) * 10000 + atoi(date + 5) * 100 + atoi(date + 8);
        // Beyond 2037 the C library may be without a rule.
        if (local.tm_year < 137 && expected != got) {
            fail_msg("%lld: %d is not %d", (long long)second, got, expected);
        }
    }
}

static void local_times_survive_the_round(void **state)
{
    (void)state;
    // Every quarter of an hour of two years, both changes of the clocks among them.
    for (int64_t at = instant("2026-01-01T00:00:00Z"); at < instant("2028-01-01T00:00:00Z"); at += 900 * SECOND) {
        int32_t day, minute;
        int64_t again;
        local_of_instant(at, &day, &minute);
        assert_int_equal(day, date_of_instant(at));
        assert_true(instant_of_local(day, minute, &again));
        // The second coming of an hour is taken for the first.
        assert_true(again == at || (again == at - 3600 * SECOND && minute / 60 == 1));
    }
}

static void assert_local(const char *date, int32_t minute, bool exists, const char *expected)
{
    int32_t day;
    int64_t at;
    char text[INSTANT_SIZE];
    assert_true(date_parse(date, &day));
    assert_int_equal(instant_of_local(day, minute, &at), exists);
    instant_format(at, text);
    assert_string_equal(text, expected);
}

static void clocks_change_on_the_last_sundays(void **state)
{
    (void)state;
    assert_local("2027-03-27", 9 * 60, true, "2027-03-27T09:00:00.000000Z");
    assert_local("2027-03-28", 59, true, "2027-03-28T00:59:00.000000Z");
    assert_local("2027-03-28", 60, false, "2027-03-28T01:00:00.000000Z");
    assert_local("2027-03-28", 119, false, "2027-03-28T01:59:00.000000Z");
    assert_local("2027-03-28", 120, true, "2027-03-28T01:00:00.000000Z");
    assert_local("2027-03-28", 9 * 60, true, "2027-03-28T08:00:00.000000Z");
    assert_local("2027-10-31", 59, true, "2027-10-30T23:59:00.000000Z");
    assert_local("2027-10-31", 90, true, "2027-10-31T00:30:00.000000Z");
    assert_local("2027-10-31", 120, true, "2027-10-31T02:00:00.000000Z");
    assert_local("2027-10-31", 1440, true, "2027-11-01T00:00:00.000000Z");
    assert_local("2027-03-28", 1440, true, "2027-03-28T23:00:00.000000Z");
}

static void weekdays_begin_on_monday(void **state)
{
    (void)state;
    int32_t day;
    assert_true(date_parse("2026-11-26", &day)); // a Thursday
    assert_int_equal(weekday_of_date(day), 3);
    assert_int_equal(weekday_of_date(day + 3), 6);
    assert_int_equal(weekday_of_date(day + 4), 0);
    assert_int_equal(weekday_of_date(-1), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clocks_go_forward),
        cmocka_unit_test(instants_are_written_in_utc),
        cmocka_unit_test(instants_are_read_with_offsets),
        cmocka_unit_test(instants_survive_the_round),
        cmocka_unit_test(malformed_instants_are_refused),
        cmocka_unit_test(every_day_survives_the_round),
        cmocka_unit_test(dates_that_do_not_exist_are_refused),
        cmocka_unit_test(today_is_the_date_in_london),
        cmocka_unit_test(london_agrees_with_the_time_zone_database),
        cmocka_unit_test(local_times_survive_the_round),
        cmocka_unit_test(clocks_change_on_the_last_sundays),
        cmocka_unit_test(weekdays_begin_on_monday),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
