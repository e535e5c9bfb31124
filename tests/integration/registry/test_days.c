// Lists and trees of any day over registries made by chance (days.sql), against what the plain way over everything tells. PCN_TEST_SEED
// runs a seed alone.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/registry/world.h"

#define SEEDS 2
#define SQL_MAX ((size_t)64 * 1024)

static char *read_sql(void)
{
    char *text = calloc(1, SQL_MAX);
    FILE *file = fopen(PCN_TEST_DAYS, "r");
    assert_non_null(text);
    assert_non_null(file);
    const size_t size = fread(text, 1, SQL_MAX, file);
    (void)fclose(file);
    assert_true(size > 0 && size < SQL_MAX);
    return text;
}

// How many rows only one of two queries has.
static void assert_same(world_t *world, const char *what, const char *is, const char *must)
{
    char sql[4096];
    (void)snprintf(
        sql, sizeof sql,
        "WITH a AS MATERIALIZED (%s), b AS MATERIALIZED (%s) SELECT (SELECT count(*) FROM (SELECT * FROM a EXCEPT ALL SELECT * FROM b) x) "
        "+ (SELECT count(*) FROM (SELECT * FROM b EXCEPT ALL SELECT * FROM a) x)",
        is, must);
    assert_int_equal(strlen(sql) < sizeof sql - 1, 1);
    const long count = test_database_number(world->database, sql);
    if (count != 0)
        fail_msg("%s: %ld rows differ", what, count);
    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM (%s) b", must);
    assert_true(test_database_number(world->database, sql) > 0);
}

#define PLACED "(VALUES (true), (false)) p (placed)"
#define FILTERS                                                                                                                            \
    "(VALUES (NULL), ('practice')) k (kind), (VALUES (NULL), ('active')) s (status), "                                                     \
    "(VALUES (NULL), ('y-1'), ('z-2')) b (below), (VALUES (NULL), ('n-7'), ('p-030')) t (code)"

static void check(long seed, const char *sql)
{
    void *state = NULL;
    assert_int_equal(world_setup(&state), 0);
    world_t *world = state;
    print_message("seed %ld\n", seed);
    char begin[64];
    (void)snprintf(begin, sizeof begin, "SELECT setseed(%ld / 1000.0)", seed);
    free(test_database_query(world->database, begin));
    free(test_database_query(world->database, sql));
    // When a change was recorded does not matter here.
    assert_same(world, "organisations", "SELECT d.day, to_jsonb(o) - 'facts_recorded_at' - 'linked' FROM days d, organisations_on(d.day) o",
                "SELECT o.day, to_jsonb(o) - 'day' - 'facts_recorded_at' - 'linked' FROM model o");
    assert_same(world, "trees",
                "SELECT d.day, r.code AS root, p.placed, t.code, t.name, t.kind, t.level, t.status, t.depth, t.path FROM days d, "
                "organisation r, " PLACED ", tree_of(r.code, d.day, p.placed, 8) t WHERE r.code IN ('x-1', 'n-3', 'z-1')",
                "SELECT d.day, r.code AS root, p.placed, t.code, t.name, t.kind, t.level, t.status, t.depth, t.path FROM days d, "
                "organisation r, " PLACED ", model_tree(r.code, d.day, p.placed, 8) t WHERE r.code IN ('x-1', 'n-3', 'z-1')");
    // Pages of seven after each of some codes.
    assert_same(
        world, "lists",
        "SELECT d.day, k.kind, s.status, b.below, t.code AS after, l.total_size, l.code FROM days d, " FILTERS
        ", organisations_listed(NULL, d.day, k.kind, NULL, s.status, b.below, translate(encode(convert_to('1.x.' || t.code, 'UTF8'), "
        "'base64'), '=', ''), 7) l",
        "SELECT d.day, k.kind, s.status, b.below, t.code AS after, w.total, w.code FROM days d, " FILTERS
        ", LATERAL (SELECT n.total, c.code FROM (SELECT count(*) AS total FROM model o WHERE o.day = d.day AND (k.kind IS NULL OR o.kind = "
        "k.kind) "
        "AND (s.status IS NULL OR o.status = s.status) AND (b.below IS NULL OR o.parent = b.below OR o.place = b.below)) n "
        "LEFT JOIN LATERAL (SELECT o.code::text AS code FROM model o WHERE o.day = d.day AND (k.kind IS NULL OR o.kind = k.kind) AND "
        "(s.status IS "
        "NULL "
        "OR o.status = s.status) AND (b.below IS NULL OR o.parent = b.below OR o.place = b.below) AND (t.code IS NULL OR o.code > t.code) "
        "ORDER BY o.code LIMIT 7) c ON true) w");
    world_teardown(&state);
}

static void reads_of_a_day_are_those_of_the_plain_way(void **state)
{
    (void)state;
    char *sql = read_sql();
    const char *alone = getenv("PCN_TEST_SEED");
    if (alone != NULL)
        check(strtol(alone, NULL, 10), sql);
    for (long seed = 1; alone == NULL && seed <= SEEDS; seed++)
        check(seed, sql);
    free(sql);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads_of_a_day_are_those_of_the_plain_way)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
