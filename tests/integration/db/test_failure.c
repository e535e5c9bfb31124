// One failing statement among many: it is answered, the others are saved.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/db/rig.h"

static void fill(rig_t *rig, asked_t *asked, int count, const db_statement_t *insert)
{
    for (int i = 0; i < count; i++) {
        char code[16];
        snprintf(code, sizeof(code), "p-%02d", i);
        asked_init(&asked[i], insert, code, i);
        db_write(rig->db, &asked[i].query);
    }
}

static void expect_one_failure(const asked_t *asked, int count, int bad, status_t status, const char *constraint)
{
    for (int i = 0; i < count; i++) {
        assert_int_equal(asked[i].answers, 1);
        assert_int_equal(asked[i].status, i == bad ? status : STATUS_OK);
    }
    assert_string_equal(asked[bad].constraint, constraint);
    assert_string_equal(asked[bad].problem.field, "");
    assert_int_equal(asked[bad].rows, 0);
    assert_null(strstr(asked[bad].problem.detail, "item"));
}

static void test_one_bad_among_fifty(void **state)
{
    (void)state;
    rig_t rig;
    rig_init(&rig, &(db_options_t){.write_connections = 1});
    db_statement_t *insert = rig_insert(&rig);
    rig_open(&rig);
    rig_wait_ready(&rig);
    asked_t *asked = asked_many(50);
    fill(&rig, asked, 50, insert);
    asked[20].request.stated_population = -1;
    rig_run(&rig);
    expect_one_failure(asked, 50, 20, STATUS_INVALID_ARGUMENT, "item_number_sign");
    assert_int_equal(test_database_number(rig.database, "SELECT count(*) FROM item"), 49);
    assert_int_equal(test_database_number(rig.database, "SELECT count(DISTINCT xid) FROM item"), 1);
    assert_int_equal(metrics_counter(rig.metrics, "pcn_db_resent_total", "kind=\"write\"", "")->value, 49);
    asked_free(asked, 50);
    rig_deinit(&rig);
}

static void test_several_bad(void **state)
{
    (void)state;
    rig_t rig;
    rig_init(&rig, &(db_options_t){.write_connections = 1});
    free(test_database_query(rig.database, "INSERT INTO item VALUES ('p-03', 1)"));
    db_statement_t *insert = rig_insert(&rig);
    rig_open(&rig);
    asked_t *asked = asked_many(50);
    fill(&rig, asked, 50, insert);
    asked[0].request.stated_population = -1;
    asked[49].request.stated_population = -1;
    rig_run(&rig);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(asked[i].answers, 1);
        assert_int_equal(asked[i].status, i == 3 ? STATUS_ALREADY_EXISTS : i == 0 || i == 49 ? STATUS_INVALID_ARGUMENT : STATUS_OK);
    }
    assert_string_equal(asked[3].constraint, "item_pkey");
    assert_int_equal(test_database_number(rig.database, "SELECT count(*) FROM item"), 48);
    asked_free(asked, 50);
    rig_deinit(&rig);
}

static void test_deferred_constraint(void **state)
{
    (void)state;
    rig_t rig;
    rig_init(&rig, &(db_options_t){.write_connections = 1});
    db_statement_t *insert = rig_insert(&rig);
    rig_open(&rig);
    rig_wait_ready(&rig);
    asked_t *asked = asked_many(12);
    fill(&rig, asked, 12, insert);
    for (int i = 0; i < 12; i++)
        asked[i].request.parent = (char *)(i == 5 ? "unknown" : "known");
    rig_run(&rig);
    expect_one_failure(asked, 12, 5, STATUS_FAILED_PRECONDITION, "item_owner_fkey");
    assert_int_equal(test_database_number(rig.database, "SELECT count(*) FROM item"), 11);
    asked_free(asked, 12);
    rig_deinit(&rig);
}

static void test_a_statement_that_cannot_be_prepared(void **state)
{
    (void)state;
    rig_t rig;
    rig_init(&rig, &(db_options_t){.write_connections = 1});
    db_statement_t *insert = rig_insert(&rig);
    db_statement_t *broken = rig_statement(&rig, "broken", "INSERT INTO nowhere VALUES (:request.code)", NULL);
    rig_open(&rig);
    rig_wait_ready(&rig);
    asked_t *asked = asked_many(20);
    for (int i = 0; i < 20; i++) {
        char code[16];
        snprintf(code, sizeof(code), "p-%02d", i);
        asked_init(&asked[i], i % 4 == 1 ? broken : insert, code, i);
        db_write(rig.db, &asked[i].query);
    }
    rig_run(&rig);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(asked[i].answers, 1);
        assert_int_equal(asked[i].status, i % 4 == 1 ? STATUS_INTERNAL : STATUS_OK);
    }
    assert_string_equal(asked[1].problem.detail, "Internal error");
    assert_int_equal(test_database_number(rig.database, "SELECT count(*) FROM item"), 15);
    assert_int_equal(metrics_counter(rig.metrics, "pcn_db_batch_size_count", "kind=\"write\"", "")->value, 2); // all of them at once
    // Once it can be prepared it is.
    free(test_database_query(rig.database, "CREATE TABLE nowhere (code text)"));
    asked_deinit(&asked[1]);
    asked_init(&asked[1], broken, "again", 1);
    db_write(rig.db, &asked[1].query);
    rig_run(&rig);
    assert_int_equal(asked[1].status, STATUS_OK);
    asked_free(asked, 20);
    rig_deinit(&rig);
}

static void test_an_error_among_reads(void **state)
{
    (void)state;
    rig_t rig;
    rig_init(&rig, &(db_options_t){.read_connections = 1, .batch_max = 20});
    db_statement_t *divide = rig_statement(&rig, "divide", "SELECT 100 / :request.stated_population::int", NULL);
    rig_open(&rig);
    rig_wait_ready(&rig);
    asked_t *asked = asked_many(60);
    unsigned order = 0;
    for (int i = 0; i < 60; i++) {
        asked_init(&asked[i], divide, "x", i % 10 == 7 ? 0 : i % 10 + 1);
        asked[i].query.key = NULL;
        asked[i].order = &order;
        db_read(rig.db, &asked[i].query);
    }
    rig_run(&rig);
    for (int i = 0; i < 60; i++) {
        assert_int_equal(asked[i].answers, 1);
        assert_int_equal(asked[i].status, i % 10 == 7 ? STATUS_INTERNAL : STATUS_OK);
        if (i % 10 != 7)
            assert_int_equal(atoi(asked[i].first), 100 / (i % 10 + 1));
    }
    asked_free(asked, 60);
    rig_deinit(&rig);
}

// Another session holds a row: the batch is sent again without it, then it alone, and at last it is refused.
static void test_a_lock_that_is_held(void **state)
{
    (void)state;
    rig_t rig;
    rig_init(&rig, &(db_options_t){.write_connections = 1, .lock_timeout_ms = 20});
    free(test_database_query(rig.database, "INSERT INTO item SELECT 'p-0' || i, 0 FROM generate_series(0, 9) AS i"));
    db_statement_t *add = rig_statement(&rig, "add", "UPDATE item SET number = number + 1 WHERE code = :request.code", NULL);
    rig_open(&rig);
    rig_wait_ready(&rig);
    free(test_database_query(rig.database, "BEGIN"));
    free(test_database_query(rig.database, "UPDATE item SET number = 100 WHERE code = 'p-04'"));
    asked_t *asked = asked_many(10);
    unsigned order = 0;
    for (int i = 0; i < 10; i++) {
        char code[16];
        snprintf(code, sizeof(code), "p-%02d", i);
        asked_init(&asked[i], add, code, NO_NUMBER);
        asked[i].order = &order;
        db_write(rig.db, &asked[i].query);
    }
    rig_run(&rig);
    free(test_database_query(rig.database, "COMMIT"));
    for (int i = 0; i < 10; i++) {
        assert_int_equal(asked[i].answers, 1);
        assert_int_equal(asked[i].status, i == 4 ? STATUS_ABORTED : STATUS_OK);
    }
    assert_int_equal(asked[4].place, 10);
    assert_true(asked[4].problem.retry_after_ms > 0);
    assert_int_equal(test_database_number(rig.database, "SELECT sum(number) FROM item"), 109);
    // First the batch, then the others, then it alone three times.
    assert_int_equal(metrics_counter(rig.metrics, "pcn_db_batch_size_count", "kind=\"write\"", "")->value, 5);
    asked_free(asked, 10);
    rig_deinit(&rig);
}

static void test_a_value_without_a_name(void **state)
{
    (void)state;
    rig_t rig;
    rig_init(&rig, &(db_options_t){.write_connections = 1});
    db_statement_t *kind = rig_statement(&rig, "kind", "INSERT INTO item (code, owner) VALUES (:request.code, :request.kind)", NULL);
    rig_open(&rig);
    rig_wait_ready(&rig);
    asked_t asked;
    asked_init(&asked, kind, "x", NO_NUMBER);
    asked.request.has_kind = true;
    asked.request.kind = (Pcn__Registry__V1__OrganisationKind)999;
    db_write(rig.db, &asked.query);
    assert_int_equal(asked.answers, 0);
    rig_run(&rig);
    assert_int_equal(asked.answers, 1);
    assert_int_equal(asked.status, STATUS_INVALID_ARGUMENT);
    assert_string_equal(asked.problem.field, "kind");
    asked_deinit(&asked);
    rig_deinit(&rig);
}

static void test_copy_is_no_statement(void **state)
{
    (void)state;
    rig_t rig;
    rig_init(&rig, &(db_options_t){.write_connections = 1});
    db_statement_t *copy = rig_statement(&rig, "copy", "COPY item TO STDOUT", NULL);
    // The server may have committed before the connection was given up: as after any loss, a repeat must do no harm.
    db_statement_t *insert = rig_statement(&rig, "insert", "INSERT INTO item (code) VALUES (:request.code) ON CONFLICT DO NOTHING", NULL);
    rig_open(&rig);
    rig_wait_ready(&rig);
    asked_t bad, good;
    asked_init(&bad, copy, "a", 1);
    asked_init(&good, insert, "b", 1);
    db_write(rig.db, &bad.query);
    db_write(rig.db, &good.query);
    rig_run(&rig);
    assert_int_equal(bad.answers, 1);
    assert_int_equal(bad.status, STATUS_INTERNAL);
    assert_int_equal(good.answers, 1);
    assert_int_equal(good.status, STATUS_OK);
    asked_deinit(&bad);
    asked_deinit(&good);
    rig_deinit(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_bad_among_fifty),    cmocka_unit_test(test_several_bad),
        cmocka_unit_test(test_deferred_constraint),    cmocka_unit_test(test_a_statement_that_cannot_be_prepared),
        cmocka_unit_test(test_an_error_among_reads),   cmocka_unit_test(test_a_lock_that_is_held),
        cmocka_unit_test(test_a_value_without_a_name), cmocka_unit_test(test_copy_is_no_statement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
