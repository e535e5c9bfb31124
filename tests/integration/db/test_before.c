// What is sent before a query, in its transaction: each query sees its own caller's and no other's.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/db/rig.h"

#define TELL "SELECT set_config('pcn.principal', :request.parent, true)"
#define ASK "SELECT coalesce(current_setting('pcn.principal', true), '') || '/' || :request.code"

static void callers_of_one_batch_are_told_apart(void **state)
{
    (void)state;
    rig_t rig;
    rig_init(&rig, &(db_options_t){.read_connections = 1});
    db_statement_t *tell = rig_statement(&rig, "tell", TELL, NULL), *ask = rig_statement(&rig, "ask", ASK, NULL);
    rig_open(&rig);
    rig_wait_ready(&rig);
    asked_t *asked = asked_many(40);
    char names[40][16];
    for (int i = 0; i < 40; i++) {
        char code[16];
        (void)snprintf(code, sizeof code, "c-%02d", i);
        (void)snprintf(names[i], sizeof names[i], "caller-%02d", i);
        asked_init(&asked[i], ask, code, i);
        asked[i].request.parent = names[i];
        asked[i].query.before = tell;
        asked[i].query.key = NULL;
        db_read(rig.db, &asked[i].query);
    }
    rig_run(&rig);
    for (int i = 0; i < 40; i++) {
        char expected[40];
        (void)snprintf(expected, sizeof expected, "caller-%02d/c-%02d", i, i);
        assert_int_equal(asked[i].status, STATUS_OK);
        assert_string_equal(asked[i].first, expected);
    }
    assert_int_equal(metrics_counter(rig.metrics, "pcn_db_batch_size_count", "kind=\"read\"", "")->value, 1);
    asked_free(asked, 40);
    // The transaction's end forgets it.
    asked_t after;
    asked_init(&after, ask, "later", 1);
    after.query.key = NULL;
    db_read(rig.db, &after.query);
    rig_run(&rig);
    assert_string_equal(after.first, "/later");
    asked_deinit(&after);
    rig_deinit(&rig);
}

static void a_failure_of_what_comes_before_is_the_querys(void **state)
{
    (void)state;
    rig_t rig;
    rig_init(&rig, &(db_options_t){.write_connections = 1});
    db_statement_t *insert = rig_insert(&rig);
    db_statement_t *divide = rig_statement(&rig, "divide", "SELECT 1 / :request.stated_practice_count::bigint", NULL);
    rig_open(&rig);
    rig_wait_ready(&rig);
    asked_t *asked = asked_many(12);
    for (int i = 0; i < 12; i++) {
        char code[16];
        (void)snprintf(code, sizeof code, "p-%02d", i);
        asked_init(&asked[i], insert, code, i);
        asked[i].request.has_stated_practice_count = 1;
        asked[i].request.stated_practice_count = i == 7 ? 0 : 1;
        asked[i].query.before = i % 2 == 1 ? divide : NULL;
        db_write(rig.db, &asked[i].query);
    }
    rig_run(&rig);
    for (int i = 0; i < 12; i++) {
        assert_int_equal(asked[i].answers, 1);
        assert_int_equal(asked[i].status == STATUS_OK, i != 7);
    }
    assert_int_equal(test_database_number(rig.database, "SELECT count(*) FROM item"), 11);
    asked_free(asked, 12);
    rig_deinit(&rig);
}

static void what_cannot_be_prepared_fails_all_that_need_it(void **state)
{
    (void)state;
    rig_t rig;
    rig_init(&rig, &(db_options_t){.write_connections = 1});
    db_statement_t *insert = rig_insert(&rig), *broken = rig_statement(&rig, "broken", "SELECT nothing FROM nowhere", NULL);
    rig_open(&rig);
    rig_wait_ready(&rig);
    asked_t *asked = asked_many(9);
    for (int i = 0; i < 9; i++) {
        char code[16];
        (void)snprintf(code, sizeof code, "p-%02d", i);
        asked_init(&asked[i], insert, code, i);
        asked[i].query.before = i % 3 == 0 ? broken : NULL;
        db_write(rig.db, &asked[i].query);
    }
    rig_run(&rig);
    for (int i = 0; i < 9; i++) {
        assert_int_equal(asked[i].answers, 1);
        assert_int_equal(asked[i].status == STATUS_OK, i % 3 != 0);
    }
    assert_int_equal(test_database_number(rig.database, "SELECT count(*) FROM item"), 6);
    asked_free(asked, 9);
    rig_deinit(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(callers_of_one_batch_are_told_apart),
        cmocka_unit_test(a_failure_of_what_comes_before_is_the_querys),
        cmocka_unit_test(what_cannot_be_prepared_fails_all_that_need_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
