// Clocks of referrals: what starts and stops them, breach dates, shares, working days and responses. The dates here are counted by hand, or
// by a plain count of days that knows nothing of the rules.
#include "services/referral/rules_wait.h"

#include "tests/unit/referral/support.h"

#define DAY_US INT64_C(86400000000)
#define HOUR_US INT64_C(3600000000)

static const wait_standard_t weeks_18 = {.days = 126, .share = 920};
static const wait_standard_t weeks_52 = {.days = 364, .share = 1000};
static const wait_standard_t weeks_2 = {.days = 14, .share = 930};

// England's bank holidays around the Christmas and Easter that are tested, in order (gov.uk/bank-holidays).
static const char *const holiday_dates[] = {
    "2023-12-25", "2023-12-26", "2024-01-01", "2024-03-29", "2024-04-01", "2024-05-06", "2024-05-27", "2024-08-26", "2024-12-25",
    "2024-12-26", "2025-01-01", "2025-04-18", "2025-04-21", "2025-05-05", "2025-05-26", "2025-08-25", "2025-12-25", "2025-12-26",
    "2026-01-01", "2026-04-03", "2026-04-06", "2026-05-04", "2026-05-25", "2026-08-31", "2026-12-25", "2026-12-28", "2027-01-01",
    "2027-03-26", "2027-03-29", "2027-05-03", "2027-05-31", "2027-08-30", "2027-12-27", "2027-12-28", "2028-01-03",
};
#define HOLIDAYS (sizeof holiday_dates / sizeof *holiday_dates)

typedef struct world {
    int32_t days[HOLIDAYS];
    holidays_t holidays;
} world_t;

static world_t *world_of(void **state)
{
    world_t *world = arena_alloc(*state, sizeof *world);
    assert_non_null(world);
    for (size_t i = 0; i < HOLIDAYS; i++)
        world->days[i] = day_of(holiday_dates[i]);
    world->holidays = (holidays_t){.days = world->days, .count = HOLIDAYS};
    return world;
}

static int64_t instant_of(const char *text)
{
    int64_t instant_us = 0;
    assert_true(instant_parse(text, &instant_us));
    return instant_us;
}

static void assert_date(int32_t day, const char *expected)
{
    char text[DATE_SIZE];
    date_format(day, text);
    assert_string_equal(text, expected);
}

// ---- what starts and stops ----

// Each pair of state and event, by what the state is afterwards: - none, R running, M monitored, S stopped, D first one missed, V void.
static void each_pair_of_state_and_event(void **state)
{
    (void)state;
    static const char letters[] = "-RMSDV";
    static const struct {
        const char *event, *after; // of each of the letters
    } rows[] = {
        {"received", "RRRRRR"},
        {"advice", "-RMSDV"},
        {"first-treatment", "-SMSVV"},
        {"decision-not-to-treat", "-SMSVV"},
        {"patient-declined", "-SMSVV"},
        {"active-monitoring", "-MMSDV"},
        {"returned-to-primary-care", "-SSSVV"},
        {"redirected", "-SMSVV"},
        {"first-appointment-missed", "-DMSDV"},
        {"later-appointment-missed", "-RMSDV"},
        {"rebooked", "-RMSRV"},
        {"decision-to-treat", "-RRSDV"},
        {"new-treatment", "-RRRDV"},
        {"withdrawn", "-VMSVV"},
    };
    assert_int_equal(sizeof rows / sizeof *rows, WAIT_EVENT_KINDS);
    assert_int_equal(strlen(letters), WAIT_STATES);
    for (size_t i = 0; i < WAIT_EVENT_KINDS; i++) {
        wait_event_kind_t kind;
        assert_true(wait_event_of(rows[i].event, &kind));
        assert_string_equal(wait_event_text(kind), rows[i].event);
        for (int before = 0; before < WAIT_STATES; before++) {
            const wait_state_t after = wait_state_after((wait_state_t)before, kind);
            if (letters[after] != rows[i].after[before])
                fail_msg("%s in %c made %c, not %c", rows[i].event, letters[before], letters[after], rows[i].after[before]);
        }
    }
    wait_event_kind_t kind;
    assert_false(wait_event_of("clock-pause", &kind));
}

static wait_event_t on(const char *date, wait_event_kind_t kind)
{
    return (wait_event_t){.kind = kind, .day = day_of(date)};
}

static void assert_waits(const wait_event_t *events, size_t count, const char *date, wait_state_t state, int32_t days)
{
    const wait_clock_t clock = wait_clock_on(events, count, day_of(date));
    assert_int_equal(clock.state, state);
    assert_int_equal(wait_days(&clock, day_of(date)), days);
}

static void a_pathway_runs_until_treatment(void **state)
{
    (void)state;
    const wait_event_t events[] = {
        on("2026-01-02", WAIT_EVENT_ADVICE),          on("2026-01-05", WAIT_EVENT_RECEIVED),
        on("2026-02-02", WAIT_EVENT_RECEIVED), // handed on by triage
        on("2026-05-11", WAIT_EVENT_FIRST_TREATMENT), on("2026-06-01", WAIT_EVENT_RETURNED),
    };
    assert_waits(events, 5, "2026-01-04", WAIT_NONE, 0);
    assert_waits(events, 5, "2026-01-05", WAIT_RUNNING, 0);
    assert_waits(events, 5, "2026-01-06", WAIT_RUNNING, 1);
    assert_waits(events, 5, "2026-05-10", WAIT_RUNNING, 125);
    assert_waits(events, 5, "2026-05-11", WAIT_STOPPED, 126);
    assert_waits(events, 5, "2027-01-01", WAIT_STOPPED, 126);
    const wait_clock_t clock = wait_clock_on(events, 5, day_of("2026-07-01"));
    assert_date(clock.started, "2026-01-05");
    assert_date(clock.stopped, "2026-05-11");
    assert_int_equal(clock.stopped_by, WAIT_EVENT_FIRST_TREATMENT);
    assert_int_equal(clock.clocks, 1);
    assert_waits(NULL, 0, "2026-01-01", WAIT_NONE, 0);
}

static void advice_alone_starts_none(void **state)
{
    (void)state;
    const wait_event_t advice[] = {on("2026-01-05", WAIT_EVENT_ADVICE), on("2026-01-09", WAIT_EVENT_ADVICE)};
    assert_waits(advice, 2, "2026-12-31", WAIT_NONE, 0);
    // Converted, it is received on the day of the conversion and not on that of the question.
    const wait_event_t converted[] = {on("2026-01-05", WAIT_EVENT_ADVICE), on("2026-01-12", WAIT_EVENT_RECEIVED)};
    assert_waits(converted, 2, "2026-01-19", WAIT_RUNNING, 7);
}

static void a_return_and_a_second_try_are_two_clocks(void **state)
{
    (void)state;
    const wait_event_t events[] = {
        on("2026-01-05", WAIT_EVENT_RECEIVED),
        on("2026-01-08", WAIT_EVENT_RETURNED),
        on("2026-01-20", WAIT_EVENT_RECEIVED),
    };
    assert_waits(events, 3, "2026-01-19", WAIT_STOPPED, 3);
    assert_waits(events, 3, "2026-01-27", WAIT_RUNNING, 7);
    assert_int_equal(wait_clock_on(events, 3, day_of("2026-01-27")).clocks, 2);
}

static void monitoring_stops_and_a_decision_starts_anew(void **state)
{
    (void)state;
    const wait_event_t events[] = {
        on("2026-01-05", WAIT_EVENT_RECEIVED),         on("2026-02-09", WAIT_EVENT_MONITORING),
        on("2026-08-10", WAIT_EVENT_DECIDED_TO_TREAT), on("2026-08-17", WAIT_EVENT_DECIDED_TO_TREAT), // said again
        on("2026-09-07", WAIT_EVENT_DECLINED),
    };
    assert_waits(events, 5, "2026-08-09", WAIT_MONITORED, 35);
    assert_waits(events, 5, "2026-08-31", WAIT_RUNNING, 21);
    assert_waits(events, 5, "2026-12-31", WAIT_STOPPED, 28);
}

static void a_first_appointment_missed_nullifies(void **state)
{
    (void)state;
    const wait_event_t events[] = {
        on("2026-01-05", WAIT_EVENT_RECEIVED),
        on("2026-03-02", WAIT_EVENT_MISSED_FIRST),
        on("2026-03-09", WAIT_EVENT_REBOOKED),
        on("2026-03-30", WAIT_EVENT_MISSED),
    };
    assert_waits(events, 4, "2026-03-01", WAIT_RUNNING, 55);
    assert_waits(events, 4, "2026-03-02", WAIT_MISSED, 0);
    assert_waits(events, 4, "2026-03-16", WAIT_RUNNING, 7);
    assert_waits(events, 4, "2026-04-06", WAIT_RUNNING, 28);
    // One that was made in error comes back by no appointment.
    const wait_event_t error[] = {on("2026-01-05", WAIT_EVENT_RECEIVED), on("2026-01-06", WAIT_EVENT_WITHDRAWN),
                                  on("2026-01-07", WAIT_EVENT_REBOOKED)};
    assert_waits(error, 3, "2026-02-01", WAIT_VOID, 0);
}

static void what_happens_on_one_day_counts_in_order(void **state)
{
    (void)state;
    const wait_event_t seen_at_once[] = {on("2026-01-05", WAIT_EVENT_RECEIVED), on("2026-01-05", WAIT_EVENT_FIRST_TREATMENT)};
    assert_waits(seen_at_once, 2, "2026-01-05", WAIT_STOPPED, 0);
    const wait_event_t sent_again[] = {on("2026-01-05", WAIT_EVENT_RECEIVED), on("2026-01-05", WAIT_EVENT_RETURNED),
                                       on("2026-01-05", WAIT_EVENT_RECEIVED)};
    assert_waits(sent_again, 3, "2026-01-06", WAIT_RUNNING, 1);
}

// Whatever happens in whatever order: a day later nobody waits less, no wait is negative, and what is to come changes nothing before.
static void whatever_happens_days_make_sense(void **state)
{
    (void)state;
    uint32_t seed = 20261126;
    for (int round = 0; round < 20000; round++) {
        wait_event_t events[8];
        int32_t day = 20000;
        for (size_t i = 0; i < 8; i++) {
            seed = seed * 1664525 + 1013904223;
            day += (int32_t)(seed >> 28);
            events[i] = (wait_event_t){.kind = (wait_event_kind_t)((seed >> 16) % WAIT_EVENT_KINDS), .day = day};
        }
        for (size_t i = 0; i < 8; i++) {
            size_t so_far = i + 1;
            while (so_far < 8 && events[so_far].day == events[i].day)
                so_far++;
            const wait_clock_t clock = wait_clock_on(events, 8, events[i].day), alone = wait_clock_on(events, so_far, INT32_MAX);
            assert_int_equal(clock.state, alone.state);
            assert_int_equal(clock.started, alone.started);
            const int32_t waited = wait_days(&clock, events[i].day), later = wait_days(&clock, events[i].day + 1);
            assert_true(waited >= 0);
            assert_int_equal(later - waited, clock.state == WAIT_RUNNING ? 1 : 0);
            assert_true(clock.state == WAIT_NONE || clock.clocks > 0);
        }
    }
}

// ---- breach dates ----

static void breach_dates(void **state)
{
    (void)state;
    static const struct {
        const char *started;
        const wait_standard_t *standard;
        const char *last;
    } rows[] = {
        {"2026-01-05", &weeks_18, "2026-05-11"}, // over Easter and the clocks going forward
        {"2026-09-21", &weeks_18, "2027-01-25"}, // over the clocks going back, Christmas and the new year
        {"2023-10-31", &weeks_18, "2024-03-05"}, // over 29 February
        {"2024-02-29", &weeks_18, "2024-07-04"}, {"2025-10-31", &weeks_18, "2026-03-06"}, // a year without it
        {"2099-12-31", &weeks_18, "2100-05-06"},                                          // 2100 has none
        {"2026-01-31", &weeks_52, "2027-01-30"}, {"2023-03-01", &weeks_52, "2024-02-28"}, {"2024-02-29", &weeks_52, "2025-02-27"},
        {"2026-12-24", &weeks_2, "2027-01-07"}, // holidays do not lengthen it
        {"2026-03-27", &weeks_2, "2026-04-10"},  {"2026-02-15", &weeks_2, "2026-03-01"},  {"2024-02-15", &weeks_2, "2024-02-29"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const int32_t started = day_of(rows[i].started), last = wait_last_day(started, rows[i].standard);
        assert_date(last, rows[i].last);
        assert_int_equal(wait_breach_day(started, rows[i].standard), last + 1);
        assert_true(wait_is_within(last - started, rows[i].standard));
        assert_false(wait_is_within(last + 1 - started, rows[i].standard));
    }
    assert_int_equal(wait_weeks(0), 0);
    assert_int_equal(wait_weeks(6), 0);
    assert_int_equal(wait_weeks(7), 1);
    assert_int_equal(wait_weeks(125), 17);
    assert_int_equal(wait_weeks(126), 18);
    assert_int_equal(wait_weeks(364), 52);
}

// Of each day of twelve years: the breach is on the same day of the week plus one, and as many midnights away as it says.
static void breach_dates_of_every_day(void **state)
{
    (void)state;
    for (int32_t day = day_of("2019-01-01"); day <= day_of("2030-12-31"); day++) {
        assert_int_equal(weekday_of_date(wait_last_day(day, &weeks_18)), weekday_of_date(day));
        int64_t begins_us, ends_us;
        assert_true(instant_of_local(day, 0, &begins_us));
        assert_true(instant_of_local(wait_last_day(day, &weeks_18), 1439, &ends_us));
        assert_int_equal(date_of_instant(begins_us), day);
        assert_int_equal(date_of_instant(ends_us), day + 126);
        // 126 days and 23:59 h, an hour more or less where the clocks change once in between.
        const int64_t minutes = (ends_us - begins_us) / 60000000 - (126 * 1440 + 1439);
        assert_true(minutes == 0 || minutes == 60 || minutes == -60);
    }
}

// ---- incomplete waits ----

static void assert_share(arena_t *arena, wait_tally_t tally, const char *share, bool met)
{
    const char *text = wait_tally_share(&tally, arena);
    assert_string_equal(text != NULL ? text : "", share);
    assert_true(wait_tally_is_met(&tally, &weeks_18) == met);
}

static void shares_against_the_standard(void **state)
{
    wait_tally_t tally = {0}, total = {.incomplete = 10, .within = 10, .longest = 20};
    assert_share(*state, tally, "", true);
    wait_tally_count(&tally, 126, 91, &weeks_18, &weeks_52);
    wait_tally_count(&tally, 127, 4, &weeks_18, &weeks_52);
    wait_tally_count(&tally, 364, 3, &weeks_18, &weeks_52);
    wait_tally_count(&tally, 365, 2, &weeks_18, &weeks_52);
    wait_tally_count(&tally, 999, 0, &weeks_18, &weeks_52);
    assert_int_equal(tally.incomplete, 100);
    assert_int_equal(tally.within, 91);
    assert_int_equal(tally.beyond_long, 2);
    assert_int_equal(tally.longest, 365);
    assert_share(*state, tally, "0.910", false);
    wait_tally_add(&total, &tally);
    assert_int_equal(total.incomplete, 110);
    assert_int_equal(total.within, 101);
    assert_int_equal(total.beyond_long, 2);
    assert_int_equal(total.longest, 365);
    assert_share(*state, (wait_tally_t){.incomplete = 100, .within = 92}, "0.920", true);
    // Nearly is not there, and does not look so.
    assert_share(*state, (wait_tally_t){.incomplete = 10000, .within = 9199}, "0.919", false);
    assert_share(*state, (wait_tally_t){.incomplete = 7000000, .within = 6999999}, "0.999", true);
    assert_share(*state, (wait_tally_t){.incomplete = 3, .within = 3}, "1.000", true);
    assert_share(*state, (wait_tally_t){.incomplete = 3, .within = 0}, "0.000", false);
}

// ---- working days ----

static void contact_by_over_christmas_and_easter(void **state)
{
    const world_t *world = world_of(state);
    static const struct {
        const char *created; // an instant in UTC
        int32_t working_days;
        const char *contact_by;
    } rows[] = {
        // Christmas 2026: Friday 25 and, for Saturday 26, Monday 28 are holidays; so is Friday 1 January.
        {"2026-12-23T10:00:00Z", 1, "2026-12-24"},
        {"2026-12-23T10:00:00Z", 2, "2026-12-29"},
        {"2026-12-24T17:00:00Z", 1, "2026-12-29"},
        {"2026-12-24T17:00:00Z", 5, "2027-01-05"},
        {"2026-12-25T08:00:00Z", 1, "2026-12-29"},
        {"2026-12-31T12:00:00Z", 1, "2027-01-04"},
        // Christmas 2027 falls on a weekend: Monday 27 and Tuesday 28.
        {"2027-12-24T12:00:00Z", 1, "2027-12-29"},
        {"2027-12-31T12:00:00Z", 1, "2028-01-04"},
        // Easter 2026: Friday 3 and Monday 6 April.
        {"2026-04-02T09:00:00Z", 1, "2026-04-07"},
        {"2026-04-02T09:00:00Z", 10, "2026-04-20"},
        {"2026-03-26T09:00:00Z", 10, "2026-04-13"},
        // Easter 2024 and the clocks going forward on Easter Sunday.
        {"2024-03-28T23:30:00Z", 1, "2024-04-02"},
        {"2024-03-31T23:30:00Z", 1, "2024-04-02"}, // 00:30 on Monday, a holiday
        {"2024-04-01T23:30:00Z", 1, "2024-04-03"}, // 00:30 on Tuesday
        // Summer time: half an hour before midnight in UTC is the next day here; in winter it is not.
        {"2026-07-01T23:30:00Z", 1, "2026-07-03"},
        {"2026-11-25T23:30:00Z", 1, "2026-11-26"},
        // The clocks go back on Sunday 25 October 2026.
        {"2026-10-23T23:30:00Z", 1, "2026-10-26"}, // 00:30 on Saturday
        {"2026-10-24T23:30:00Z", 1, "2026-10-26"},
        {"2026-10-25T23:30:00Z", 1, "2026-10-26"},
        {"2026-10-25T23:30:00Z", 2, "2026-10-27"},
        // A leap day, the ends of months, and none to wait for.
        {"2024-02-28T09:00:00Z", 1, "2024-02-29"},
        {"2024-02-29T09:00:00Z", 1, "2024-03-01"},
        {"2026-02-27T09:00:00Z", 1, "2026-03-02"},
        {"2026-11-30T09:00:00Z", 2, "2026-12-02"},
        {"2026-11-26T09:00:00Z", 0, "2026-11-26"},
        {"2026-12-25T09:00:00Z", 0, "2026-12-29"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[DATE_SIZE];
        date_format(wait_contact_by(instant_of(rows[i].created), rows[i].working_days, &world->holidays), text);
        if (strcmp(text, rows[i].contact_by) != 0)
            fail_msg("%s and %d working days made %s, not %s", rows[i].created, rows[i].working_days, text, rows[i].contact_by);
    }
}

// Of each day of four years and up to forty working days: a plain count says the same.
static void working_days_of_every_day(void **state)
{
    const world_t *world = world_of(state);
    for (int32_t day = day_of("2024-01-01"); day <= day_of("2027-12-31"); day++) {
        int32_t counted = 0, next = day;
        for (int32_t working_days = 1; working_days <= 40; working_days++) {
            do {
                bool holiday = false;
                next++;
                for (size_t i = 0; i < HOLIDAYS; i++)
                    holiday = holiday || world->days[i] == next;
                counted += (next + 3) % 7 < 5 && !holiday ? 1 : 0; // 1970-01-01 was a Thursday
            } while (counted < working_days);
            assert_int_equal(wait_working_day_after(day, working_days, &world->holidays), next);
            assert_int_equal(wait_working_days_between(day, next, &world->holidays), working_days);
            assert_true(wait_is_working_day(next, &world->holidays));
        }
    }
    assert_int_equal(wait_working_days_between(day_of("2026-12-24"), day_of("2026-12-28"), &world->holidays), 0);
    assert_int_equal(wait_working_days_between(day_of("2026-12-29"), day_of("2026-12-28"), &world->holidays), 0);
    // Where no holidays are known, weekends are all there is.
    assert_date(wait_working_day_after(day_of("2026-12-24"), 1, &(holidays_t){0}), "2026-12-25");
}

// ---- responses ----

static void assert_response(const char *begun, int32_t minutes, const char *responded, const char *now, wait_response_state_t expected)
{
    const int64_t responded_us = responded != NULL ? instant_of(responded) : 0;
    assert_int_equal(wait_response_on(instant_of(begun), minutes, responded != NULL ? &responded_us : NULL, instant_of(now)), expected);
}

static void two_hours_are_two_hours(void **state)
{
    (void)state;
    const char *begun = "2026-11-26T10:00:00Z";
    assert_response(begun, 120, NULL, "2026-11-26T10:00:00Z", WAIT_RESPONSE_DUE);
    assert_response(begun, 120, NULL, "2026-11-26T12:00:00Z", WAIT_RESPONSE_DUE);
    assert_response(begun, 120, NULL, "2026-11-26T12:00:00.000001Z", WAIT_RESPONSE_OVERDUE);
    assert_response(begun, 120, "2026-11-26T12:00:00Z", "2026-11-27T00:00:00Z", WAIT_RESPONSE_MET);
    assert_response(begun, 120, "2026-11-26T12:00:00.000001Z", "2026-11-27T00:00:00Z", WAIT_RESPONSE_BREACHED);
    // Over both changes of the clocks, where the wall says three hours or one.
    int64_t begun_us, ends_us;
    assert_true(instant_of_local(day_of("2026-03-29"), 30, &begun_us));
    assert_true(instant_of_local(day_of("2026-03-29"), 210, &ends_us));
    assert_int_equal(wait_response_due_us(begun_us, 120), ends_us);
    assert_true(instant_of_local(day_of("2026-10-25"), 30, &begun_us));
    assert_true(instant_of_local(day_of("2026-10-25"), 90, &ends_us));
    assert_int_equal(wait_response_due_us(begun_us, 120), ends_us + HOUR_US);
    // Over midnight at the end of a year.
    assert_int_equal(wait_response_due_us(instant_of("2026-12-31T23:00:00Z"), 120), instant_of("2027-01-01T01:00:00Z"));
    // An interval of thirty days and more does not overflow.
    assert_int_equal(wait_response_due_us(0, 60 * 24 * 1000), 1000 * DAY_US);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_setup, arena_teardown)
    const struct CMUnitTest tests[] = {
        TEST(each_pair_of_state_and_event),
        TEST(a_pathway_runs_until_treatment),
        TEST(advice_alone_starts_none),
        TEST(a_return_and_a_second_try_are_two_clocks),
        TEST(monitoring_stops_and_a_decision_starts_anew),
        TEST(a_first_appointment_missed_nullifies),
        TEST(what_happens_on_one_day_counts_in_order),
        TEST(whatever_happens_days_make_sense),
        TEST(breach_dates),
        TEST(breach_dates_of_every_day),
        TEST(shares_against_the_standard),
        TEST(contact_by_over_christmas_and_easter),
        TEST(working_days_of_every_day),
        TEST(two_hours_are_two_hours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
