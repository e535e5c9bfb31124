// Reach as a table: after each move of an organisation it is what a walk up both trees finds.
#include <stdio.h>
#include <stdlib.h>

#include "tests/integration/referral/world.h"

static const char differences[] = "WITH walked AS (SELECT u.* FROM reach_of(ARRAY(SELECT code::text FROM organisation)) u) "
                                  "SELECT count(*) FROM (SELECT * FROM walked FULL JOIN reach USING (organisation, above) EXCEPT "
                                  "SELECT * FROM walked JOIN reach USING (organisation, above)) d";

static void assert_right(world_t *world)
{
    assert_string_equal(world_query(world, differences), "0");
}

static void change(world_t *world, const char *sql)
{
    free(test_database_query(world->database, sql));
    assert_right(world);
}

static void every_move_takes_along_what_lies_below(void **state)
{
    world_t *world = *state;
    assert_right(world);
    assert_string_equal(world_query(world, "SELECT string_agg(above, ' ' ORDER BY above) FROM reach WHERE organisation = 'gp-a1'"),
                        "ccg-a gp-a1 ics-a la-a pcn-a");
    change(world, "UPDATE organisation SET parent = 'pcn-b' WHERE code = 'gp-a1'");
    assert_string_equal(world_query(world, "SELECT string_agg(above, ' ' ORDER BY above) FROM reach WHERE organisation = 'gp-a1'"),
                        "ccg-a gp-a1 ics-a pcn-b");
    change(world, "UPDATE organisation SET parent = 'ics-x' WHERE code = 'ccg-a'");
    assert_string_equal(world_query(world, "SELECT count(*) FROM reach WHERE above = 'ics-x'"), "8");
    change(world, "UPDATE organisation SET parent = NULL, place = NULL WHERE kind = 'network'");
    change(world, "UPDATE organisation SET name = name || ' renamed'");
    change(world, "INSERT INTO organisation VALUES ('ccg-new', 'New', 'ccg', 'ics-a', NULL, 'active', 1), "
                  "('pcn-new', 'New', 'network', 'ccg-new', 'la-a', 'active', 1)");
    change(world, "DELETE FROM organisation WHERE code = 'ccg-new'");
    change(world, "INSERT INTO organisation VALUES ('ccg-new', 'New', 'ccg', 'ics-x', NULL, 'active', 2)");
    assert_string_equal(world_query(world, "SELECT string_agg(above, ' ' ORDER BY above) FROM reach WHERE organisation = 'pcn-new'"),
                        "ccg-new ics-a ics-x la-a pcn-new");
}

// The registry refuses circles; a walk must end all the same.
static void a_circle_ends(void **state)
{
    world_t *world = *state;
    change(world, "UPDATE organisation SET parent = 'gp-x' WHERE code = 'ics-x'");
    assert_string_equal(world_query(world, "SELECT string_agg(above, ' ' ORDER BY above) FROM reach WHERE organisation = 'gp-x'"),
                        "gp-x ics-x");
}

static void many_moves_agree_with_the_walk(void **state)
{
    world_t *world = *state;
    unsigned seed = 20261126;
    for (int i = 0; i < 200; i++) {
        seed = seed * 1103515245u + 12345u;
        char sql[400];
        (void)snprintf(
            sql, sizeof sql,
            "UPDATE organisation o SET parent = p.code FROM (SELECT code FROM organisation ORDER BY md5(code || '%u') LIMIT 1) p "
            "WHERE o.code IN (SELECT code FROM organisation ORDER BY md5(code || '%u') LIMIT %u) AND o.code <> p.code",
            seed, seed / 7, 1 + seed / 65536 % 3);
        change(world, sql);
    }
}

// Else an index over reach serves no comparison with a code, and all of it is read for each organisation that arrives and each row that is
// looked at.
static void codes_and_reach_compare_alike(void **state)
{
    world_t *world = *state;
    assert_string_equal(world_query(world, "SELECT string_agg(a.attrelid::regclass || '.' || a.attname, ' ') FROM pg_attribute a "
                                           "WHERE a.attrelid IN ('reach'::regclass, 'organisation'::regclass) "
                                           "AND a.attname IN ('organisation', 'above', 'code', 'parent', 'place') "
                                           "AND a.attcollation <> 'pg_catalog.\"C\"'::regcollation"),
                        "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(codes_and_reach_compare_alike, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(every_move_takes_along_what_lies_below, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(a_circle_ends, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(many_moves_agree_with_the_walk, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
