// Variation of referrals by practice, over rows: the figures are counted here by hand, the statistics by rules of their own tests.
#include <stdio.h>
#include <string.h>

#include "tests/integration/referral/patients.h"
#include "tests/integration/referral/referrals_sql.h"

#define ALL_OF_2026 "\"from\":\"2026-01-01\",\"to\":\"2026-12-31\""

// So many people of one practice, born and of a sex, and how many of them were referred on an instant; numbers of people go on.
static void assert_people(world_t *world, const char *practice, int people, const char *born, const char *sex, int referred, const char *at)
{
    char sql[900];
    (void)snprintf(sql, sizeof sql,
                   "WITH made AS MATERIALIZED (SELECT person((SELECT count(*) FROM patient)::int + n, '%s', '%s', nullif('%s', ''), "
                   "'2020-01-01') AS id, n FROM generate_series(1, %d) n) "
                   "SELECT count(refer(m.id, '%s', NULL, 'cardiology', 'routine', 'triage', '%s')) FROM made m WHERE m.n <= %d",
                   practice, born, sex, people, practice, at, referred);
    char expected[16];
    (void)snprintf(expected, sizeof expected, "%d", referred);
    assert_string_equal(world_query(world, sql), expected);
}

static int setup(void **state)
{
    if (world_setup(state) != 0)
        return -1;
    (void)world_query(*state, REFERRALS_SQL "SELECT 1");
    return 0;
}

// Nobody.
static int afresh(void **state)
{
    world_t *world = *state;
    world->today = "2027-01-05";
    world->noon = true;
    world->organisation = "ccg-a";
    (void)world_query(world, "TRUNCATE patient CASCADE");
    return 0;
}

// Old women: 40 of 100 referred in all; young men: 20 of 200.
static void prepare(world_t *world)
{
    assert_people(world, "gp-a1", 50, "1950-06-01", "female", 30, "2026-03-02 12:00+00");
    assert_people(world, "gp-a1", 50, "1996-06-01", "male", 6, "2026-03-02 12:00+00");
    assert_people(world, "gp-a2", 30, "1950-06-01", "female", 8, "2026-09-07 12:00+00");
    assert_people(world, "gp-a2", 100, "1996-06-01", "male", 9, "2026-09-07 12:00+00");
    assert_people(world, "gp-b1", 20, "1950-06-01", "female", 2, "2026-09-07 12:00+00");
    assert_people(world, "gp-b1", 50, "1996-06-01", "male", 5, "2026-09-07 12:00+00");
}

static void expected_by_age_and_sex(void **state)
{
    world_t *world = *state;
    prepare(world);
    assert_call(world, "GetReferralVariation", "{\"organisation\":\"ccg-a\"," ALL_OF_2026 "}");
    assert_reply_has(world, "\"organisation\":\"ccg-a\",\"reference\":\"ccg-a\",\"from\":\"2026-01-01\",\"to\":\"2026-12-31\",\"total\":{"
                            "\"people\":300,\"observed\":60,\"expected\":\"60.0000\",\"ratio\":\"1.0000\",\"limits\":{\"lower\":\"0.7631\","
                            "\"upper\":\"1.2872\"}}");
    // 50 × 0.4 + 50 × 0.1 = 25 are to be expected of A1, 22 of A2, 13 of B1. Limits, φ and τ² here and below by the functions of
    // variation.py.
    assert_reply_has(world,
                     "{\"organisation\":\"gp-a1\",\"name\":\"Practice A1\",\"people\":100,\"observed\":36,\"expected\":\"25.0000\","
                     "\"ratio\":\"1.4400\",\"limits\":{\"lower\":\"1.0084\",\"upper\":\"1.9936\"},\"funnel95\":{\"lower\":\"0.6471\","
                     "\"upper\":\"1.4762\"},\"funnel998\":{\"lower\":\"0.4935\",\"upper\":\"1.7854\"}");
    assert_reply_has(world, "\"organisation\":\"gp-a2\",\"name\":\"Practice A2\",\"people\":130,\"observed\":17,\"expected\":\"22.0000\","
                            "\"ratio\":\"0.7727\"");
    assert_reply_has(world, "\"organisation\":\"gp-b1\",\"name\":\"Practice B1\",\"people\":70,\"observed\":7,\"expected\":\"13.0000\",");
    assert_reply_has(world, "\"place\":\"within\",\"placeWithSpread\":\"within\"");
    assert_reply_has(world, "\"spread\":{\"units\":3,\"phi\":\"2.3511\",\"tauSquared\":\"0.130578\"}");
    assert_reply_has(world, "\"assumptions\":[\"People are those who were registered");
    // Another specialty has none, and one practice is its own reference.
    assert_call(world, "GetReferralVariation", "{\"organisation\":\"ccg-a\",\"specialty\":\"dermatology\"," ALL_OF_2026 "}");
    assert_reply_has(world, "\"specialty\":\"dermatology\"");
    assert_reply_has(world, "\"total\":{\"people\":300,\"observed\":0,\"expected\":\"0.0000\"}");
    assert_call(world, "GetReferralVariation", "{\"organisation\":\"gp-a2\"," ALL_OF_2026 "}");
    assert_reply_has(world, "\"observed\":17,\"expected\":\"17.0000\",\"ratio\":\"1.0000\"");
}

static void a_reference_above(void **state)
{
    world_t *world = *state;
    prepare(world);
    assert_call(world, "GetReferralVariation", "{\"organisation\":\"pcn-a\",\"reference\":\"ccg-a\"," ALL_OF_2026 "}");
    assert_reply_has(world, "\"total\":{\"people\":230,\"observed\":53,\"expected\":\"47.0000\",\"ratio\":\"1.1277\"");
    assert_reply_lacks(world, "gp-b1");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "reference", "GetReferralVariation",
                   "{\"organisation\":\"pcn-a\",\"reference\":\"pcn-b\"," ALL_OF_2026 "}");
    world->organisation = "pcn-a";
    assert_refusal(world, STATUS_NOT_FOUND, "reference", "GetReferralVariation",
                   "{\"organisation\":\"pcn-a\",\"reference\":\"ccg-a\"," ALL_OF_2026 "}");
    assert_refusal(world, STATUS_NOT_FOUND, "organisation", "GetReferralVariation", "{\"organisation\":\"pcn-b\"," ALL_OF_2026 "}");
    assert_refusal(world, STATUS_NOT_FOUND, "organisation", "GetReferralVariation", "{\"organisation\":\"nobody\"," ALL_OF_2026 "}");
    assert_call(world, "GetReferralVariation", "{\"organisation\":\"pcn-a\"," ALL_OF_2026 "}");
}

static void days_are_local_and_people_those_of_the_last(void **state)
{
    world_t *world = *state;
    // Half an hour before midnight in UTC is the next day in summer.
    assert_people(world, "gp-a1", 10, "1950-06-01", "", 6, "2026-06-30 23:30+00");
    (void)world_query(world, "SELECT person(9001, 'gp-a1', '1950-06-01', NULL, '2020-01-01', '2026-06-30'), "
                             "person(9002, 'gp-a1', '1950-06-01', NULL, '2026-07-01'), "
                             "person(9003, 'gp-a1', '1950-06-01', NULL, '2020-01-01', NULL, true)");
    assert_call(world, "GetReferralVariation", "{\"organisation\":\"gp-a1\",\"from\":\"2026-06-01\",\"to\":\"2026-06-30\"}");
    assert_reply_has(world, "\"total\":{\"people\":11,\"observed\":0,");
    assert_call(world, "GetReferralVariation", "{\"organisation\":\"gp-a1\",\"from\":\"2026-07-01\",\"to\":\"2026-07-01\"}");
    assert_reply_has(world, "\"total\":{\"people\":11,\"observed\":6,");
    assert_call(world, "GetReferralVariation",
                "{\"organisation\":\"gp-a1\",\"from\":\"2026-07-01\",\"to\":\"2026-07-01\",\"synthetic\":true}");
    assert_reply_has(world, "\"total\":{\"people\":12,\"observed\":6,");
    assert_reply_has(world, "made up for a demonstration");
}

static void small_numbers_are_not_shown(void **state)
{
    world_t *world = *state;
    assert_people(world, "gp-a1", 50, "1950-06-01", "female", 20, "2026-03-02 12:00+00");
    assert_people(world, "gp-a2", 50, "1950-06-01", "female", 9, "2026-03-02 12:00+00");
    assert_people(world, "gp-b1", 50, "1950-06-01", "female", 4, "2026-03-02 12:00+00");
    assert_call(world, "GetReferralVariation", "{\"organisation\":\"ccg-a\"," ALL_OF_2026 "}");
    assert_reply_has(world, "\"total\":{\"people\":150,\"observed\":33,");
    assert_reply_has(world, "\"organisation\":\"gp-a1\",\"name\":\"Practice A1\",\"people\":50,\"observed\":20,\"expected\":\"11.0000\"");
    // By A2's and A1's counts that of B1 could be told.
    assert_reply_has(world, "\"organisation\":\"gp-a2\",\"name\":\"Practice A2\",\"people\":50,\"expected\":\"11.0000\",\"funnel95\"");
    assert_reply_has(world, "\"organisation\":\"gp-b1\",\"name\":\"Practice B1\",\"people\":50,\"expected\":\"11.0000\",\"funnel95\"");
    assert_reply_has(world, "\"hidden\":true");
    // How much they differ is said of those that are shown: by three figures for two counts both could be told.
    assert_reply_has(world, "\"spread\":{\"units\":1,");
    // Of itself as many are to be expected as there were.
    assert_call(world, "GetReferralVariation", "{\"organisation\":\"gp-b1\"," ALL_OF_2026 "}");
    assert_reply_has(world, "\"total\":{\"people\":50,\"hidden\":true},\"spread\":{\"units\":0,");
    assert_reply_has(world, "\"rows\":[{\"organisation\":\"gp-b1\",\"name\":\"Practice B1\",\"people\":50,\"hidden\":true}]");
    assert_reply_lacks(world, "\"expected\"");
}

static void before_and_after_a_pathway(void **state)
{
    world_t *world = *state;
    (void)world_query(
        world,
        "INSERT INTO pathway (code, version, title, specialty, effective_from, effective_to, consultant_led, criteria, questions, "
        "required_data, try_first, destinations, priorities_allowed, source, confidence, revision, recorded_at) "
        "SELECT 'chest-pain', v, 'Chest pain', 'cardiology', first, last, true, '{}', '[]', '{}', '[]', '[]', '{routine}', 'Ours', "
        "'unconfirmed', 1, now() FROM (VALUES (1, '2026-07-02'::date, '2027-12-31'::date), (2, '2028-01-01', NULL)) AS p (v, first, last)");
    prepare(world);
    (void)world_query(world, "SELECT count(refer(p.id, 'gp-a1', NULL, 'cardiology', 'routine', 'triage', '2026-07-02 00:00+01')) "
                             "FROM (SELECT id FROM patient WHERE practice = 'gp-a1' ORDER BY id LIMIT 12) p");
    // 182 days before and 183 since: 36 ÷ 182 and 12 ÷ 183 a day, of the same people.
    assert_call(world, "GetReferralVariation", "{\"organisation\":\"gp-a1\",\"pathway\":\"chest-pain\"," ALL_OF_2026 "}");
    assert_reply_has(world, "\"specialty\":\"cardiology\",\"from\":\"2026-01-01\",\"to\":\"2026-12-31\",\"pathway\":\"chest-pain\","
                            "\"pathwayVersion\":1,\"inForceFrom\":\"2026-07-02\"");
    assert_reply_has(world, "\"before\":{\"from\":\"2026-01-01\",\"to\":\"2026-07-01\",\"observed\":36,\"expected\":\"23.9342\"}");
    assert_reply_has(world, "\"after\":{\"from\":\"2026-07-02\",\"to\":\"2026-12-31\",\"observed\":12,\"expected\":\"24.0658\"},"
                            "\"ratio\":\"0.3315\",\"limits\":{\"lower\":\"0.1570\",\"upper\":\"0.6519\"}");
    // None before at the others: no ratio, and no upper limit.
    assert_call(world, "GetReferralVariation", "{\"organisation\":\"gp-a2\",\"pathway\":\"chest-pain\"," ALL_OF_2026 "}");
    assert_reply_has(world, "\"observed\":0,");
    assert_reply_has(world, "\"observed\":17,\"expected\":\"8.5233\"},\"limits\":{\"lower\":\"4.1040\"}}");
    assert_refusal(world, STATUS_NOT_FOUND, "pathway", "GetReferralVariation",
                   "{\"organisation\":\"gp-a1\",\"pathway\":\"none\"," ALL_OF_2026 "}");
    assert_refusal(world, STATUS_NOT_FOUND, "pathwayVersion", "GetReferralVariation",
                   "{\"organisation\":\"gp-a1\",\"pathway\":\"chest-pain\",\"pathwayVersion\":3," ALL_OF_2026 "}");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "pathway", "GetReferralVariation",
                   "{\"organisation\":\"gp-a1\",\"pathway\":\"chest-pain\",\"from\":\"2026-07-02\",\"to\":\"2026-12-31\"}");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "pathway", "GetReferralVariation",
                   "{\"organisation\":\"gp-a1\",\"pathway\":\"chest-pain\",\"pathwayVersion\":2," ALL_OF_2026 "}");
}

// As many as an answer has room for, with people of all ages and both sexes; one more is too many.
static void as_many_as_the_largest_system(void **state)
{
    world_t *world = *state;
    world->organisation = "ics-big";
    (void)world_query(world,
                      "INSERT INTO organisation SELECT 'ics-big', 'Big', 'ics', NULL, NULL, 'active', 1; "
                      "INSERT INTO organisation SELECT 'gp-big-' || n, 'Practice with a rather long name, number ' || n, 'practice', "
                      "'ics-big', NULL, 'active', 1 FROM generate_series(1, 500) n; "
                      "SELECT count(refer(person(n * 100 + b, 'gp-big-' || n, make_date(2026 - b / 2 * 10 - 1, 1, 1), "
                      "CASE b % 2 WHEN 0 THEN 'female' ELSE 'male' END, '2020-01-01'), 'gp-big-' || n, NULL, 'cardiology', 'routine', "
                      "'triage', '2026-09-07 12:00+00')) FROM generate_series(1, 500) n, generate_series(0, 19) b");
    (void)world_query(world,
                      "INSERT INTO pathway (code, version, title, specialty, effective_from, consultant_led, criteria, questions, "
                      "required_data, try_first, destinations, priorities_allowed, source, confidence, revision, recorded_at) "
                      "VALUES ('wide', 1, 'Wide', 'cardiology', '2026-07-01', true, '{}', '[]', '{}', '[]', '[]', '{routine}', 'Ours', "
                      "'unconfirmed', 1, now())");
    assert_call(world, "GetReferralVariation", "{\"organisation\":\"ics-big\",\"pathway\":\"wide\"," ALL_OF_2026 "}");
    assert_reply_has(world, "\"total\":{\"people\":10000,\"observed\":10000,\"expected\":\"10000.0000\",\"ratio\":\"1.0000\"");
    assert_reply_has(world, "\"organisation\":\"gp-big-500\"");
    assert_reply_has(world, "\"spread\":{\"units\":500,\"phi\":\"0.0000\",\"tauSquared\":\"0.000000\"}");
    (void)world_query(world, "INSERT INTO organisation VALUES ('gp-big-501', 'One more', 'practice', 'ics-big', NULL, 'active', 1)");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "organisation", "GetReferralVariation",
                   "{\"organisation\":\"ics-big\"," ALL_OF_2026 "}");
    (void)world_query(world, "DELETE FROM pathway; DELETE FROM organisation WHERE code LIKE 'gp-big-%' OR code = 'ics-big'");
}

static void what_makes_no_sense(void **state)
{
    world_t *world = *state;
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "to", "GetReferralVariation",
                   "{\"organisation\":\"ccg-a\",\"from\":\"2026-02-01\",\"to\":\"2026-01-31\"}");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "to", "GetReferralVariation",
                   "{\"organisation\":\"ccg-a\",\"from\":\"2026-02-01\",\"to\":\"2027-01-06\"}");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "to", "GetReferralVariation",
                   "{\"organisation\":\"ccg-a\",\"from\":\"2023-12-31\",\"to\":\"2026-12-31\"}");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "pathwayVersion", "GetReferralVariation",
                   "{\"organisation\":\"ccg-a\",\"pathwayVersion\":1," ALL_OF_2026 "}");
    // No practice is below it.
    world->organisation = "ics-a";
    assert_call(world, "GetReferralVariation", "{\"organisation\":\"provider-a\"," ALL_OF_2026 "}");
    assert_reply_has(world, "\"total\":{\"people\":0,\"observed\":0,\"expected\":\"0.0000\"},\"spread\":{\"units\":0,");
    assert_reply_has(world, "\"rows\":[]");
}

static void nothing_is_told_untold(void **state)
{
    world_t *world = *state;
    prepare(world);
    assert_string_equal(
        asked_untold(world, "SELECT count(*) FROM variation_counted('ccg-a', 'ccg-a', '2026-01-01', '2026-12-31', NULL, NULL, true)"), "0");
    assert_string_equal(asked_as(world, "pcn-a", "tester", "00000000-0000-4000-8000-000000000001",
                                 "SELECT count(*) FROM variation_counted('pcn-a', 'ccg-a', '2026-01-01', '2026-12-31', NULL, NULL, true)"),
                        "0");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, afresh)
    const struct CMUnitTest tests[] = {
        TEST(expected_by_age_and_sex),     TEST(a_reference_above),          TEST(days_are_local_and_people_those_of_the_last),
        TEST(small_numbers_are_not_shown), TEST(before_and_after_a_pathway), TEST(as_many_as_the_largest_system),
        TEST(what_makes_no_sense),         TEST(nothing_is_told_untold),
    };
    return cmocka_run_group_tests(tests, setup, world_teardown);
}
