// What an imported membership does to where its practice lies, on every day that is on record.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/registry/staged.h"

// Today is 25 November 2026. gp-b and gp-c lie below ccg-a, as does pcn-a; pcn-b lies below ccg-b.
static int setup(void **state)
{
    const int failed = world_setup(state);
    if (failed != 0)
        return failed;
    world_t *world = *state;
    world_populate(world);
    assert_call(world, "CreateOrganisation",
                "{\"organisation\":{\"code\":\"pcn-b\",\"name\":\"B\",\"kind\":\"network\",\"parent\":\"ccg-b\"}}");
    assert_call(world, "CreateOrganisation",
                "{\"organisation\":{\"code\":\"gp-c\",\"name\":\"C\",\"kind\":\"practice\",\"parent\":\"ccg-a\"}}");
    staged_sql(world, "DELETE FROM event_queue");
    return 0;
}

// Its parents by the day from which on each holds, as a read of each day finds them.
static void assert_course(world_t *world, const char *practice, const char *expected)
{
    char sql[1024];
    (void)snprintf(sql, sizeof sql,
                   "SELECT string_agg(d || ' ' || coalesce(parent, '-'), ', ' ORDER BY d) FROM (SELECT d::date AS d, o.parent, "
                   "    lag(o.parent, 1, '') OVER (ORDER BY d) AS before FROM generate_series(date '2025-12-20', '2027-02-10', '1 day') d "
                   "    LEFT JOIN LATERAL organisations_on(d::date) o ON o.code = '%s') c WHERE parent IS DISTINCT FROM before",
                   practice);
    staged_assert_text(world, sql, expected);
}

static void days_gone_by_are_its_networks(void **state)
{
    world_t *world = *state;
    staged_assert_imported(world,
                           ROWS("memberships|{'network':'pcn-b','practice':'gp-b','from':'2026-01-01','to':'2026-03-31','source':'m'}"));
    assert_course(world, "gp-b", "2025-12-20 ccg-a, 2026-01-01 pcn-b, 2026-04-01 ccg-a");
    staged_assert_text(
        world,
        "SELECT string_agg(concat_ws(' ', from_on, to_on, parent, superseded_at IS NOT NULL), ', ' ORDER BY from_on, parent) "
        "FROM organisation_past WHERE code = 'gp-b'",
        "2026-01-01 2026-03-31 ccg-a t, 2026-01-01 2026-03-31 pcn-b f, 2025-12-31 ccg-a f");
    staged_assert_text(world, "SELECT concat_ws(' ', parent, facts_from, version) FROM organisation WHERE code = 'gp-b'",
                       "ccg-a 2026-04-01 2");
    staged_assert_text(
        world, "SELECT string_agg(concat_ws(' ', split_part(type, '.', 4), subject, version), ', ' ORDER BY subject) FROM event_queue",
        "updated organisations/gp-b 2, updated organisations/pcn-b 2");
    // Another one cuts into the past that is on record by now.
    staged_assert_imported(world,
                           ROWS("memberships|{'network':'pcn-a','practice':'gp-b','from':'2025-12-25','to':'2025-12-31','source':'m'}"));
    assert_course(world, "gp-b", "2025-12-20 ccg-a, 2025-12-25 pcn-a, 2026-01-01 pcn-b, 2026-04-01 ccg-a");
}

static void days_to_come_are_its_networks(void **state)
{
    world_t *world = *state;
    staged_sql(world, "DELETE FROM event_queue");
    staged_sql(world, "INSERT INTO organisation_coming VALUES ('gp-c', '2027-01-10', '{\"name\": \"Renamed\"}', '2026-01-01')");
    staged_assert_imported(world,
                           ROWS("memberships|{'network':'pcn-a','practice':'gp-c','from':'2026-12-01','to':'2027-01-31','source':'m'}"));
    assert_course(world, "gp-c", "2025-12-20 ccg-a, 2026-12-01 pcn-a, 2027-02-01 ccg-a");
    staged_assert_text(world,
                       "SELECT string_agg(concat_ws(' ', from_on, changes, recorded_at = '2026-01-01'), ', ' ORDER BY from_on) "
                       "FROM organisation_coming WHERE code = 'gp-c'",
                       "2026-12-01 {\"parent\": \"pcn-a\"} f, 2027-01-10 {\"name\": \"Renamed\"} t, 2027-02-01 {\"parent\": \"ccg-a\"} f");
    staged_assert_text(world, "SELECT concat_ws(' ', parent, facts_from, version) FROM organisation WHERE code = 'gp-c'", "ccg-a 2");
    assert_int_equal(staged_number(world, "SELECT count(*) FROM organisation_past WHERE code = 'gp-c'"), 0);
    staged_assert_text(world, "SELECT data::jsonb -> 'coming' -> 0 ->> 'from' FROM event_queue WHERE subject = 'organisations/gp-c'",
                       "2026-12-01");
}

// As its row says before and after, but not below a network that it is not in: there it is what lies above that one on each day.
static void a_new_one_is_as_its_row_says(void **state)
{
    world_t *world = *state;
    staged_assert_imported(
        world,
        ROWS("organisations|{'code':'sub-n','name':'S','kind':'sub-icb','parent':'ics-a'}",
             "organisations|{'code':'pcn-n','name':'N','kind':'network','parent':'sub-n','factsFrom':'2026-05-01',"
             "'recordedAt':'2026-05-01T00:00:00Z'}",
             "past|{'code':'pcn-n','to':'2026-04-30','recordedAt':'2026-01-01T00:00:00Z','name':'N','status':'active','parent':'ccg-b'}",
             "organisations|{'code':'gp-n','name':'N','kind':'practice','parent':'pcn-n'}",
             "organisations|{'code':'gp-o','name':'O','kind':'practice','parent':'ccg-a','openedOn':'2026-01-01'}",
             "organisations|{'code':'gp-p','name':'P','kind':'practice','parent':'pcn-n'}",
             "organisations|{'code':'gp-q','name':'Q','kind':'practice','parent':'ccg-a'}",
             "memberships|{'network':'pcn-n','practice':'gp-n','from':'2026-01-01','to':'2026-02-28','source':'m'}",
             "memberships|{'network':'pcn-n','practice':'gp-o','from':'2026-01-01','source':'m'}",
             "memberships|{'network':'pcn-n','practice':'gp-q','from':'2026-01-01','to':'2026-12-31','source':'m'}",
             "memberships|{'network':'pcn-a','practice':'gp-q','from':'2027-01-01','source':'m'}"));
    assert_course(world, "gp-n", "2025-12-20 pcn-n, 2026-03-01 ccg-b, 2026-05-01 sub-n");
    assert_course(world, "gp-o", "2025-12-20 -, 2026-01-01 pcn-n");
    assert_int_equal(staged_number(world, "SELECT count(*) FROM organisation_past WHERE code = 'gp-o'"), 0);
    assert_course(world, "gp-p", "2025-12-20 pcn-n"); // never a member, nor is it now
    assert_course(world, "gp-q", "2025-12-20 ccg-a, 2026-01-01 pcn-n, 2027-01-01 pcn-a");
    assert_int_equal(staged_number(world, "SELECT count(*) FROM organisation_past WHERE code LIKE 'gp-_' AND superseded_at IS NOT NULL "
                                          "AND code > 'gp-c'"),
                     0);
    assert_int_equal(staged_number(world, "SELECT max(version) FROM organisation WHERE code IN ('gp-n', 'gp-o', 'gp-p', 'gp-q')"), 1);
    assert_int_equal(staged_number(world, "SELECT count(*) FROM event_queue WHERE subject = 'organisations/gp-q'"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_gone_by_are_its_networks),
        cmocka_unit_test(days_to_come_are_its_networks),
        cmocka_unit_test(a_new_one_is_as_its_row_says),
    };
    return cmocka_run_group_tests(tests, setup, world_teardown);
}
