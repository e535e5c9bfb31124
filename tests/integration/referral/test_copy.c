// What the registry's events make of the copy: organisations, their registered lists, and who belongs to which network.
#include <stdio.h>

#include "services/referral/store_copy.h"
#include "tests/integration/referral/world.h"

// News as the platform hands them over: rows of subject, version and data.
static void assert_applied(world_t *world, const char *rows)
{
    char sql[8192];
    (void)snprintf(sql, sizeof sql, "WITH news (subject, version, data) AS (VALUES %s), %s SELECT 1", rows, copy_organisations.sql);
    PGresult *result = db_session_exec(world->session, sql, &world->problem);
    if (result == NULL)
        fail_msg("%s", world->problem.detail);
    PQclear(result);
}

static const char *sizes(world_t *world)
{
    return world_query(world,
                       "SELECT string_agg(concat_ws(' ', organisation, as_of, count, CASE WHEN synthetic THEN 'synthetic' END), ', ' "
                       "ORDER BY organisation, synthetic, as_of) FROM list_size");
}

static const char *members(world_t *world)
{
    return world_query(world,
                       "SELECT string_agg(concat_ws(' ', network, practice, from_on, to_on), ', ' ORDER BY network, practice, from_on) "
                       "FROM membership");
}

#define PRACTICE(lists)                                                                                                                    \
    "('organisations/gp-n', 2, jsonb '{\"code\":\"gp-n\",\"name\":\"N\",\"kind\":\"practice\",\"status\":\"active\",\"listSizes\":[" lists \
    "]}')"

static void registered_lists_are_kept(void **state)
{
    world_t *world = *state;
    assert_applied(world, PRACTICE("{\"kind\":\"registered\",\"asOf\":\"2026-01-01\",\"count\":9000,\"source\":\"s\"},"
                                   "{\"kind\":\"weighted\",\"asOf\":\"2026-01-01\",\"count\":9900,\"source\":\"s\"},"
                                   "{\"kind\":\"registered\",\"asOf\":\"2026-01-01\",\"count\":5000,\"subGroup\":\"g\",\"source\":\"s\"},"
                                   "{\"kind\":\"registered\",\"asOf\":\"2026-01-01\",\"count\":8000,\"synthetic\":true,\"source\":\"s\"}"));
    assert_string_equal(sizes(world), "gp-n 2026-01-01 9000, gp-n 2026-01-01 8000 synthetic");
    // A correction takes the place of what it corrects; an older one, that an event does not have any more, stays.
    assert_applied(world, PRACTICE("{\"kind\":\"registered\",\"asOf\":\"2026-04-01\",\"count\":9200,\"source\":\"s\"},"
                                   "{\"kind\":\"registered\",\"asOf\":\"2026-01-01\",\"count\":8000,\"synthetic\":true,\"source\":\"s\"}"));
    assert_applied(world, PRACTICE("{\"kind\":\"registered\",\"asOf\":\"2026-04-01\",\"count\":9300,\"source\":\"t\"}"));
    assert_string_equal(sizes(world), "gp-n 2026-01-01 9000, gp-n 2026-04-01 9300, gp-n 2026-01-01 8000 synthetic");
    // An event without any, and one of an organisation that is not there any more.
    assert_applied(world,
                   "('organisations/gp-n', 5, jsonb '{\"code\":\"gp-n\",\"name\":\"N\",\"kind\":\"practice\",\"status\":\"active\"}')");
    assert_string_equal(world_query(world, "SELECT count(*) FROM list_size"), "3");
    assert_applied(world, "('organisations/gp-n', 5, NULL::jsonb), ('organisations/gp-x', 5, NULL)");
    assert_string_equal(world_query(world, "SELECT count(*) FROM list_size"), "0");
    assert_string_equal(world_query(world, "SELECT count(*) FROM organisation WHERE code IN ('gp-n', 'gp-x')"), "0");
}

#define NETWORK(code, members)                                                                                                             \
    "('organisations/" code "', 2, jsonb '{\"code\":\"" code                                                                               \
    "\",\"name\":\"N\",\"kind\":\"network\",\"status\":\"active\",\"members\":[" members "]}')"

static void memberships_are_those_of_the_event(void **state)
{
    world_t *world = *state;
    assert_applied(
        world,
        NETWORK("pcn-a", "{\"practice\":\"gp-a1\",\"from\":\"2019-07-01\"},{\"practice\":\"gp-a2\",\"from\":\"2019-07-01\"}") "," NETWORK(
            "pcn-b", "{\"practice\":\"gp-b1\",\"from\":\"2019-07-01\",\"to\":\"2030-03-31\"}"));
    assert_string_equal(members(world), "pcn-a gp-a1 2019-07-01, pcn-a gp-a2 2019-07-01, pcn-b gp-b1 2019-07-01 2030-03-31");
    // One moves, one was never there, one ends later than was thought.
    assert_applied(world,
                   NETWORK("pcn-a", "{\"practice\":\"gp-a1\",\"from\":\"2019-07-01\",\"to\":\"2026-12-31\"}") "," NETWORK(
                       "pcn-b", "{\"practice\":\"gp-a1\",\"from\":\"2027-01-01\"},{\"practice\":\"gp-b1\",\"from\":\"2019-07-01\"}"));
    assert_string_equal(members(world), "pcn-a gp-a1 2019-07-01 2026-12-31, pcn-b gp-a1 2027-01-01, pcn-b gp-b1 2019-07-01");
    assert_applied(world, "('organisations/pcn-b', 3, NULL::jsonb)");
    assert_string_equal(members(world), "pcn-a gp-a1 2019-07-01 2026-12-31");
    assert_applied(world, NETWORK("pcn-a", ""));
    assert_string_equal(members(world), "");
}

static const char *closing(world_t *world)
{
    return world_query(world, "SELECT concat_ws(' ', status, closed_on, successors) FROM organisation WHERE code = 'gp-n'");
}

#define CHANGED(rest) "('organisations/gp-n', 2, jsonb '{\"code\":\"gp-n\",\"name\":\"N\",\"kind\":\"practice\"," rest "}')"

static void a_close_is_known_when_it_is_announced(void **state)
{
    world_t *world = *state;
    assert_applied(world,
                   CHANGED("\"status\":\"active\",\"successors\":[\"gp-a1\"],\"coming\":[{\"from\":\"2030-01-01\",\"changes\":"
                           "{\"name\":\"M\"}},{\"from\":\"2030-04-01\",\"changes\":{\"status\":\"closed\",\"closedOn\":\"2030-04-01\"}}]"));
    assert_string_equal(closing(world), "active 2030-04-01 {gp-a1}");
    // Taken back, and announced anew for two.
    assert_applied(world, CHANGED("\"status\":\"active\""));
    assert_string_equal(closing(world), "active {}");
    assert_applied(world, CHANGED("\"status\":\"closed\",\"closedOn\":\"2026-04-01\",\"successors\":[\"gp-a1\",\"gp-a2\"]"));
    assert_string_equal(closing(world), "closed 2026-04-01 {gp-a1,gp-a2}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(registered_lists_are_kept, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(memberships_are_those_of_the_event, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(a_close_is_known_when_it_is_announced, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
