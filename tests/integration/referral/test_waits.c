// Incomplete waits by organisation and specialty: whose they are, on which day, and who is told of them.
#include <stdio.h>
#include <string.h>

#include "tests/integration/referral/patients.h"
#include "tests/integration/referral/referrals_sql.h"

static int setup(void **state)
{
    if (world_setup(state) != 0)
        return -1;
    (void)world_query(*state,
                      REFERRALS_SQL "INSERT INTO organisation VALUES ('trust-a', 'Trust A', 'provider', 'ics-a', NULL, 'active', 1)");
    return 0;
}

// One patient, and nothing referred.
static int afresh(void **state)
{
    world_t *world = *state;
    // A Tuesday after Christmas, in the first week of the year.
    world->today = "2027-01-05";
    world->noon = true;
    world->scopes[0] = "referrals.triage";
    world->organisation = "ccg-a";
    (void)world_query(world, "TRUNCATE patient CASCADE; SELECT person(1, 'gp-a1', '1956-03-14', 'female', '2020-01-01')");
    return 0;
}

// One more referral of the one patient, with a clock from the day on.
static void refer(world_t *world, const char *referrer, const char *specialty, const char *started, const char *stopped)
{
    char sql[600];
    (void)snprintf(
        sql, sizeof sql,
        "SELECT refer((SELECT id FROM patient), '%s', 'trust-a', '%s', 'routine', %s, '%s 12:00+00', '%s', nullif('%s', '')::date)",
        referrer, specialty, stopped[0] != '\0' ? "'completed'" : "'accepted'", started, started, stopped);
    (void)world_query(world, sql);
}

static void rows_and_sums(void **state)
{
    world_t *world = *state;
    refer(world, "gp-a1", "cardiology", "2026-09-01", "");            // 126 days: the last that is within
    refer(world, "gp-a1", "cardiology", "2026-08-31", "");            // 127
    refer(world, "gp-a1", "dermatology", "2026-01-06", "");           // 364: not beyond 52 weeks
    refer(world, "gp-b1", "dermatology", "2026-01-05", "");           // 365
    refer(world, "gp-b1", "dermatology", "2027-01-05", "");           // today
    refer(world, "gp-b1", "dermatology", "2026-12-01", "2027-01-05"); // treated today
    refer(world, "gp-x", "dermatology", "2020-01-05", "");            // of another system
    assert_call(world, "GetWaits", "{\"organisation\":\"ccg-a\"}");
    assert_reply_has(world,
                     "\"organisation\":\"ccg-a\",\"by\":\"referrer\",\"day\":\"2027-01-05\",\"standards\":[{\"code\":\"fifty-two-weeks\","
                     "\"days\":364,");
    assert_reply_has(world, "{\"code\":\"referral-to-treatment\",\"days\":126,\"share\":\"0.920\",");
    assert_reply_has(world,
                     "\"total\":{\"incomplete\":5,\"within\":2,\"share\":\"0.400\",\"met\":false,\"over52Weeks\":1,\"longestWeeks\":52,"
                     "\"twoWeekWaits\":0,\"twoWeekBreaches\":0}");
    assert_reply_has(world,
                     "\"specialties\":[{\"specialty\":\"cardiology\",\"incomplete\":2,\"within\":1,\"share\":\"0.500\",\"met\":false,"
                     "\"over52Weeks\":0,\"longestWeeks\":18,");
    assert_reply_has(world, "{\"specialty\":\"dermatology\",\"incomplete\":3,\"within\":1,\"share\":\"0.333\",\"met\":false,"
                            "\"over52Weeks\":1,\"longestWeeks\":52,");
    assert_reply_has(world,
                     "\"rows\":[{\"organisation\":\"gp-a1\",\"name\":\"Practice A1\",\"specialty\":\"cardiology\",\"incomplete\":2,");
    assert_reply_has(world,
                     "{\"organisation\":\"gp-b1\",\"name\":\"Practice B1\",\"specialty\":\"dermatology\",\"incomplete\":2,\"within\":1,");
    assert_call(world, "GetWaits", "{\"organisation\":\"pcn-a\",\"specialty\":\"cardiology\"}");
    assert_reply_has(world, "\"total\":{\"incomplete\":2,");
    assert_reply_lacks(world, "dermatology");
    assert_reply_lacks(world, "gp-b1");
}

static void of_a_day_before(void **state)
{
    world_t *world = *state;
    refer(world, "gp-a1", "cardiology", "2026-06-01", "2026-10-05"); // treated on the 126th day
    refer(world, "gp-a1", "cardiology", "2026-06-02", "");
    assert_call(world, "GetWaits", "{\"organisation\":\"gp-a1\",\"day\":\"2026-10-04\"}");
    assert_reply_has(world, "\"day\":\"2026-10-04\"");
    // Two-week waits are known as they are today alone.
    assert_reply_has(world,
                     "\"total\":{\"incomplete\":2,\"within\":2,\"share\":\"1.000\",\"met\":true,\"over52Weeks\":0,\"longestWeeks\":17}");
    assert_call(world, "GetWaits", "{\"organisation\":\"gp-a1\",\"day\":\"2026-10-05\"}");
    assert_reply_has(world, "\"total\":{\"incomplete\":1,\"within\":1,");
    assert_call(world, "GetWaits", "{\"organisation\":\"gp-a1\",\"day\":\"2026-10-07\"}");
    assert_reply_has(world, "\"total\":{\"incomplete\":1,\"within\":0,\"share\":\"0.000\",\"met\":false,");
    assert_call(world, "GetWaits", "{\"organisation\":\"gp-a1\",\"day\":\"2026-05-31\"}");
    assert_reply_has(world, "\"total\":{\"incomplete\":0,\"within\":0,\"over52Weeks\":0},\"specialties\":[],\"rows\":[]");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "day", "GetWaits", "{\"organisation\":\"gp-a1\",\"day\":\"2027-01-06\"}");
}

static void by_who_performs(void **state)
{
    world_t *world = *state;
    refer(world, "gp-a1", "cardiology", "2026-12-01", "");
    refer(world, "gp-x", "cardiology", "2026-12-02", "");
    world->organisation = "trust-a";
    assert_call(world, "GetWaits", "{\"organisation\":\"trust-a\",\"by\":\"performer\"}");
    assert_reply_has(world, "\"by\":\"performer\"");
    assert_reply_has(world, "\"rows\":[{\"organisation\":\"trust-a\",\"name\":\"Trust A\",\"specialty\":\"cardiology\",\"incomplete\":2,");
    // It refers nobody.
    assert_call(world, "GetWaits", "{\"organisation\":\"trust-a\"}");
    assert_reply_has(world, "\"total\":{\"incomplete\":0,");
}

static void two_weeks(void **state)
{
    world_t *world = *state;
    static const struct {
        const char *state, *submitted, *rest;
    } rows[] = {
        {"triage", "2026-12-22 12:00+00", ""},                                   // the fourteenth day
        {"accepted", "2026-12-21 23:59+00", ""},                                 // the fifteenth
        {"booked", "2026-12-20 12:00+00", "booked_for = '2027-01-06 09:00+00'"}, // to be seen tomorrow, too late
        {"booked", "2026-12-20 12:00+00", "booked_for = '2027-01-04 09:00+00'"}, // was seen
        {"returned", "2026-12-01 12:00+00", ""},                                 // waits for nobody here
        {"completed", "2026-12-01 12:00+00", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char sql[700];
        (void)snprintf(
            sql, sizeof sql,
            "WITH made AS MATERIALIZED (SELECT refer((SELECT id FROM patient), 'gp-a1', 'trust-a', 'cancer', 'two-week-wait', '%s', "
            "'%s', NULL, '2026-12-30') AS id) SELECT id FROM made",
            rows[i].state, rows[i].submitted);
        const char *id = world_query(world, sql);
        (void)snprintf(sql, sizeof sql, "UPDATE referral SET %s WHERE id = '%s'", rows[i].rest, id);
        if (rows[i].rest[0] != '\0')
            (void)world_query(world, sql);
    }
    assert_call(world, "GetWaits", "{\"organisation\":\"gp-a1\"}");
    assert_reply_has(world, "\"twoWeekWaits\":3,\"twoWeekBreaches\":2}");
    assert_call(world, "GetWaits", "{\"organisation\":\"gp-a1\",\"day\":\"2027-01-04\"}");
    assert_reply_lacks(world, "twoWeek");
}

static void nobody_is_told_beyond_reach(void **state)
{
    world_t *world = *state;
    refer(world, "gp-a1", "cardiology", "2026-12-01", "");
    static const char *const callers[] = {"ics-x", "pcn-b", "gp-a2"};
    for (size_t i = 0; i < sizeof callers / sizeof *callers; i++) {
        world->organisation = callers[i];
        assert_refusal(world, STATUS_NOT_FOUND, "organisation", "GetWaits", "{\"organisation\":\"gp-a1\"}");
        assert_refusal(world, STATUS_NOT_FOUND, "organisation", "GetWaits", "{\"organisation\":\"ics-a\"}");
        assert_refusal(world, STATUS_NOT_FOUND, "organisation", "GetWaits", "{\"organisation\":\"nobody\"}");
    }
    world->organisation = "ics-a";
    assert_call(world, "GetWaits", "{\"organisation\":\"ics-a\"}");
    assert_reply_has(world, "\"total\":{\"incomplete\":1,");
    // Also who sees none of the referrals is told how many there are: of somebody sensitive too.
    (void)world_query(world, "UPDATE patient SET sensitive = true");
    assert_call(world, "GetWaits", "{\"organisation\":\"ics-a\"}");
    assert_reply_has(world, "\"total\":{\"incomplete\":1,");
    // Told nobody, the database counts nothing.
    assert_string_equal(asked_untold(world, "SELECT count(*) FROM waits_counted('ics-a', false, '2027-01-05', now(), NULL, true)"), "0");
}

// By the verbs of a referral, as its users go through them.
static void as_a_referral_goes(void **state)
{
    world_t *world = *state;
    char patient[40], id[40];
    (void)snprintf(patient, sizeof patient, "%s", world_query(world, "SELECT id FROM patient"));
    static const struct {
        const char *caller, *verb, *rest;
        int incomplete; // afterwards
    } steps[] = {
        {"gp-a1", "SubmitReferral", "", 1},
        {"ccg-a", "ReturnReferral", ",\"reason\":\"Try this first\"", 0},
        {"gp-a1", "ResubmitReferral", ",\"reason\":\"It was tried\"", 1},
        {"ccg-a", "AcceptReferral", "", 1},
        {"ccg-a", "DeferReferral", ",\"reason\":\"No place yet\"", 1},
        {"ccg-a", "BookReferral", ",\"bookedFor\":\"2027-01-06T09:00:00Z\"", 1},
        {"ccg-a", "CompleteReferral", ",\"outcome\":\"active-monitoring\"", 0},
    };
    world->organisation = "gp-a1";
    assert_call(world, "CreateReferral",
                "{\"referral\":{\"patient\":\"%s\",\"specialty\":\"cardiology\",\"priority\":\"two-week-wait\",\"reason\":\"Chest pain\"}}",
                patient);
    keep_id(world, id);
    assert_call(world, "GetWaits", "{\"organisation\":\"gp-a1\"}");
    assert_reply_has(world, "\"total\":{\"incomplete\":0,");
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        char expected[80];
        (void)snprintf(expected, sizeof expected, "\"total\":{\"incomplete\":%d,", steps[i].incomplete);
        world->organisation = steps[i].caller;
        assert_call(world, steps[i].verb, "{\"id\":\"%s\"%s}", id, steps[i].rest);
        world->organisation = "ccg-a";
        assert_call(world, "GetWaits", "{\"organisation\":\"ccg-a\"}");
        assert_reply_has(world, expected);
    }
    assert_reply_has(world, "\"twoWeekWaits\":0,");
}

static void made_up_ones_stand_apart(void **state)
{
    world_t *world = *state;
    (void)world_query(world, "UPDATE patient SET synthetic = true");
    refer(world, "gp-a1", "cardiology", "2026-12-01", "");
    assert_call(world, "GetWaits", "{\"organisation\":\"gp-a1\"}");
    assert_reply_has(world, "\"total\":{\"incomplete\":0,");
    assert_call(world, "GetWaits", "{\"organisation\":\"gp-a1\",\"synthetic\":true}");
    assert_reply_has(world, "\"total\":{\"incomplete\":1,");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, afresh)
    const struct CMUnitTest tests[] = {
        TEST(rows_and_sums),
        TEST(of_a_day_before),
        TEST(by_who_performs),
        TEST(two_weeks),
        TEST(nobody_is_told_beyond_reach),
        TEST(made_up_ones_stand_apart),
        TEST(as_a_referral_goes),
    };
    return cmocka_run_group_tests(tests, setup, world_teardown);
}
