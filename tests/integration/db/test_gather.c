// Writes of one statement that are ready together are one execution over arrays.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/db/rig.h"

// Tells how many rows its execution had, and what became of the name on the way.
#define PUT                                                                                                                                \
    "WITH input AS (:inputs), "                                                                                                            \
    "made AS (INSERT INTO item (code, number) SELECT :request.code, :request.stated_population::bigint FROM input i "                      \
    "    ON CONFLICT DO NOTHING RETURNING code) "                                                                                          \
    "SELECT count(*) OVER () || '/' || (m.code IS NOT NULL) || '/' || coalesce(:request.name, 'none') AS answer, i.n "                     \
    "FROM input i LEFT JOIN made m ON m.code = :request.code ORDER BY i.n"

#define MANY 40

typedef struct fixture {
    rig_t rig;
    db_statement_t *put;
} fixture_t;

static void begin(fixture_t *fixture)
{
    rig_init(&fixture->rig, &(db_options_t){.write_connections = 1});
    fixture->put = rig_statement(&fixture->rig, "put", PUT, NULL);
    rig_open(&fixture->rig);
    rig_wait_ready(&fixture->rig);
}

static void put(fixture_t *fixture, asked_t *asked, const char *code, int64_t number, const char *name)
{
    asked_init(asked, fixture->put, code, number);
    asked->request.name = (char *)name;
    db_write(fixture->rig.db, &asked->query);
}

static void test_each_gets_its_row(void **state)
{
    (void)state;
    fixture_t fixture;
    begin(&fixture);
    asked_t *asked = calloc(MANY, sizeof(*asked));
    static const char *const names[] = {"plain", "a \"quoted\" \\ {one}", "NULL", "", NULL, "two\nlines", "caf\xc3\xa9"};
    for (int i = 0; i < MANY; i++) {
        char code[32];
        snprintf(code, sizeof(code), "p-%d", (i * 7) % MANY); // not in order
        put(&fixture, &asked[i], code, i, names[i % 7]);
    }
    rig_run(&fixture.rig);
    for (int i = 0; i < MANY; i++) {
        char expected[64];
        snprintf(expected, sizeof(expected), "%d/true/%s", MANY, names[i % 7] != NULL ? names[i % 7] : "none");
        assert_int_equal(asked[i].answers, 1);
        assert_int_equal(asked[i].status, STATUS_OK);
        assert_int_equal(asked[i].rows, 1);
        assert_string_equal(asked[i].first, expected);
        asked_deinit(&asked[i]);
    }
    free(asked);
    char *count = test_database_query(fixture.rig.database, "SELECT count(*) || ' in ' || count(DISTINCT xid::text) FROM item");
    assert_string_equal(count, "40 in 1");
    free(count);
    rig_deinit(&fixture.rig);
}

// Two changes of one aggregate are two executions, in the order in which they came.
static void test_one_aggregate_twice(void **state)
{
    (void)state;
    fixture_t fixture;
    begin(&fixture);
    asked_t asked[5];
    static const char *const codes[] = {"a", "b", "a", "c", "a"};
    static const bool first[] = {true, true, false, true, false};
    for (int i = 0; i < 5; i++)
        put(&fixture, &asked[i], codes[i], i, "x");
    rig_run(&fixture.rig);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(asked[i].status, STATUS_OK);
        assert_int_equal(strstr(asked[i].first, "/true/") != NULL, first[i]);
        asked_deinit(&asked[i]);
    }
    char *batches = test_database_query(fixture.rig.database, "SELECT count(DISTINCT xid::text) FROM item");
    assert_string_equal(batches, "1");
    free(batches);
    rig_deinit(&fixture.rig);
}

// What one of them breaks is told to that one; the others take place.
static void test_one_bad_among_many(void **state)
{
    (void)state;
    fixture_t fixture;
    begin(&fixture);
    asked_t *asked = calloc(MANY, sizeof(*asked));
    for (int i = 0; i < MANY; i++) {
        char code[32];
        snprintf(code, sizeof(code), "p-%d", i);
        put(&fixture, &asked[i], code, i == 17 ? -1 : i, "x");
    }
    rig_run(&fixture.rig);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(asked[i].answers, 1);
        assert_int_equal(asked[i].status, i == 17 ? STATUS_INVALID_ARGUMENT : STATUS_OK);
        if (i == 17)
            assert_string_equal(asked[i].constraint, "item_number_sign");
        asked_deinit(&asked[i]);
    }
    free(asked);
    char *count = test_database_query(fixture.rig.database, "SELECT count(*) FROM item");
    assert_string_equal(count, "39");
    free(count);
    rig_deinit(&fixture.rig);
}

static void test_one_alone(void **state)
{
    (void)state;
    fixture_t fixture;
    begin(&fixture);
    asked_t asked;
    put(&fixture, &asked, "a", 1, NULL);
    rig_run(&fixture.rig);
    assert_int_equal(asked.status, STATUS_OK);
    assert_string_equal(asked.first, "1/true/none");
    asked_deinit(&asked);
    rig_deinit(&fixture.rig);
}

// A statement that loses a row is our own defect, and nobody hears another's answer.
static void test_a_row_is_missing(void **state)
{
    (void)state;
    fixture_t fixture;
    rig_init(&fixture.rig, &(db_options_t){.write_connections = 1});
    fixture.put = rig_statement(
        &fixture.rig, "put",
        "WITH input AS (:inputs) SELECT :request.code AS answer, i.n FROM input i WHERE :request.code <> 'b' ORDER BY i.n", NULL);
    rig_open(&fixture.rig);
    rig_wait_ready(&fixture.rig);
    asked_t asked[3];
    for (int i = 0; i < 3; i++)
        put(&fixture, &asked[i], (const char *[]){"a", "b", "c"}[i], i, "x");
    rig_run(&fixture.rig);
    assert_int_equal(asked[0].status, STATUS_OK);
    assert_string_equal(asked[0].first, "a");
    assert_int_equal(asked[1].status, STATUS_INTERNAL);
    assert_int_equal(asked[2].status, STATUS_INTERNAL);
    for (int i = 0; i < 3; i++)
        asked_deinit(&asked[i]);
    rig_deinit(&fixture.rig);
}

// Parameters that nobody gives are NULL in every row, and there are as many rows as changes even where nobody gives anything.
static void test_what_nobody_gives(void **state)
{
    (void)state;
    rig_t rig;
    rig_init(&rig, &(db_options_t){.write_connections = 1});
    db_statement_t *tell = rig_statement(&rig, "tell",
                                         "WITH input AS (:inputs) SELECT count(*) OVER () || '/' || coalesce(:request.name, 'none') || '/' "
                                         "|| coalesce(:request.notes, 'none') "
                                         "    || '/' || coalesce(:request.source, 'none') AS answer, i.n FROM input i ORDER BY i.n",
                                         NULL);
    rig_open(&rig);
    rig_wait_ready(&rig);
    for (int given = 0; given < 2; given++) {
        asked_t asked[4];
        for (int i = 0; i < 4; i++) {
            char code[16];
            snprintf(code, sizeof(code), "c-%d", i);
            asked_init(&asked[i], tell, code, NO_NUMBER);
            asked[i].request.notes = given == 1 && i == 2 ? (char *)"noted" : NULL;
            db_write(rig.db, &asked[i].query);
        }
        rig_run(&rig);
        for (int i = 0; i < 4; i++) {
            assert_int_equal(asked[i].status, STATUS_OK);
            assert_string_equal(asked[i].first, given == 1 && i == 2 ? "4/none/noted/none" : "4/none/none/none");
            asked_deinit(&asked[i]);
        }
    }
    rig_deinit(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_gets_its_row), cmocka_unit_test(test_one_aggregate_twice), cmocka_unit_test(test_one_bad_among_many),
        cmocka_unit_test(test_one_alone),         cmocka_unit_test(test_a_row_is_missing),    cmocka_unit_test(test_what_nobody_gives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
