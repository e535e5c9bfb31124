// Batches: what is ready together is one transaction, in the order of the keys.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/db/rig.h"

static uint64_t batches(rig_t *rig, const char *kind)
{
    return metrics_counter(rig->metrics, "pcn_db_batch_size_count", kind, "")->value;
}

static void test_writes_of_one_turn_are_one_transaction(void **state)
{
    (void)state;
    rig_t rig;
    rig_init(&rig, &(db_options_t){.write_connections = 1});
    db_statement_t *insert = rig_insert(&rig);
    rig_open(&rig);
    rig_wait_ready(&rig);
    asked_t *asked = asked_many(100);
    for (int i = 0; i < 100; i++) {
        char code[16];
        snprintf(code, sizeof(code), "p-%03d", (i * 37) % 100);
        asked_init(&asked[i], insert, code, i);
        db_write(rig.db, &asked[i].query);
        assert_int_equal(asked[i].answers, 0); // never from inside
    }
    assert_false(db_idle(rig.db));
    rig_run(&rig);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(asked[i].answers, 1);
        assert_int_equal(asked[i].status, STATUS_OK);
        assert_string_equal(asked[i].first, asked[i].code);
    }
    assert_int_equal(test_database_number(rig.database, "SELECT count(DISTINCT xid) FROM item"), 1);
    assert_int_equal(test_database_number(rig.database, "SELECT count(*) FROM item"), 100);
    assert_int_equal(batches(&rig, "kind=\"write\""), 1);
    // Sorted by key: the rows lie in that order.
    assert_int_equal(test_database_number(rig.database, "SELECT count(*) FROM (SELECT code, lag(code) OVER (ORDER BY ctid) AS before"
                                                        " FROM item) AS x WHERE code < before"),
                     0);
    asked_free(asked, 100);
    rig_deinit(&rig);
}

static void test_batch_max(void **state)
{
    (void)state;
    rig_t rig;
    rig_init(&rig, &(db_options_t){.write_connections = 1, .batch_max = 10});
    db_statement_t *insert = rig_insert(&rig);
    rig_open(&rig);
    rig_wait_ready(&rig);
    asked_t *asked = asked_many(95);
    for (int i = 0; i < 95; i++) {
        char code[16];
        snprintf(code, sizeof(code), "p-%d", i);
        asked_init(&asked[i], insert, code, i);
        db_write(rig.db, &asked[i].query);
    }
    rig_run(&rig);
    assert_int_equal(test_database_number(rig.database, "SELECT count(*) FROM item"), 95);
    assert_int_equal(test_database_number(rig.database, "SELECT count(DISTINCT xid) FROM item"), 10);
    asked_free(asked, 95);
    rig_deinit(&rig);
}

static void test_two_writes_of_one_key_keep_their_order(void **state)
{
    (void)state;
    rig_t rig;
    rig_init(&rig, &(db_options_t){.write_connections = 2});
    db_statement_t *save = rig_statement(&rig, "save",
                                         "INSERT INTO item (code, number) VALUES (:request.code, :request.stated_population)"
                                         " ON CONFLICT (code) DO UPDATE SET number = excluded.number RETURNING number",
                                         NULL);
    rig_open(&rig);
    rig_wait_ready(&rig);
    asked_t *asked = asked_many(60);
    for (int i = 0; i < 60; i++) {
        asked_init(&asked[i], save, i % 3 == 0 ? "a" : i % 3 == 1 ? "b" : "c", i);
        db_write(rig.db, &asked[i].query);
    }
    rig_run(&rig);
    char *numbers = test_database_query(rig.database, "SELECT string_agg(number::text, ',' ORDER BY code) FROM item");
    assert_string_equal(numbers, "57,58,59");
    free(numbers);
    asked_free(asked, 60);
    rig_deinit(&rig);
}

static void test_reads_share_batches_and_connections(void **state)
{
    (void)state;
    rig_t rig;
    rig_init(&rig, &(db_options_t){.read_connections = 2});
    free(test_database_query(rig.database, "INSERT INTO item SELECT 'p-' || i, i FROM generate_series(0, 299) AS i"));
    db_statement_t *get = rig_statement(&rig, "get", "SELECT number FROM item WHERE code = :request.code", NULL);
    rig_open(&rig);
    rig_wait_ready(&rig);
    asked_t *asked = asked_many(300);
    for (int i = 0; i < 300; i++) {
        char code[16];
        snprintf(code, sizeof(code), "p-%d", i);
        asked_init(&asked[i], get, code, NO_NUMBER);
        db_read(rig.db, &asked[i].query);
    }
    rig_run(&rig);
    for (int i = 0; i < 300; i++) {
        assert_int_equal(asked[i].answers, 1);
        assert_int_equal(asked[i].rows, 1);
        assert_int_equal(atoi(asked[i].first), i);
    }
    assert_int_equal(batches(&rig, "kind=\"read\""), 3);
    asked_free(asked, 300);
    rig_deinit(&rig);
}

// What is asked for in one turn is worked on by all connections, and not by the one that comes first.
static void test_reads_are_dealt_to_all_connections(void **state)
{
    (void)state;
    rig_t rig;
    rig_init(&rig, &(db_options_t){.read_connections = 3});
    db_statement_t *who = rig_statement(&rig, "who", "SELECT pg_backend_pid() AS number WHERE :request.code::text IS NOT NULL", NULL);
    rig_open(&rig);
    rig_wait_ready(&rig);
    asked_t *asked = asked_many(60);
    for (int i = 0; i < 60; i++) {
        asked_init(&asked[i], who, "any", NO_NUMBER);
        db_read(rig.db, &asked[i].query);
    }
    rig_run(&rig);
    unsigned first = 0, last = 0;
    for (int i = 0; i < 60; i++) {
        assert_int_equal(asked[i].status, STATUS_OK);
        first += strcmp(asked[i].first, asked[0].first) == 0;
        last += strcmp(asked[i].first, asked[59].first) == 0;
    }
    assert_int_equal(first, 20);
    assert_int_equal(last, 20);
    assert_string_not_equal(asked[0].first, asked[59].first);
    asked_free(asked, 60);
    rig_deinit(&rig);
}

// What takes long is in nobody's way but its like's, and what it writes is there when it is answered, or it failed.
static void test_slow_reads_go_alone_and_are_committed(void **state)
{
    (void)state;
    rig_t rig;
    rig_init(&rig, &(db_options_t){.read_connections = 1, .slow_connections = 1, .lock_timeout_ms = -1, .statement_timeout_ms = -1});
    db_statement_t *sleep = rig_statement(&rig, "sleep", "SELECT 1 FROM pg_advisory_xact_lock(7)", NULL);
    db_statement_t *one = rig_statement(&rig, "one", "SELECT 1", NULL);
    db_statement_t *put = rig_statement(&rig, "put", "INSERT INTO item (code, owner) VALUES (:request.code, :request.parent) RETURNING code", NULL);
    rig_open(&rig);
    rig_wait_ready(&rig);
    free(test_database_query(rig.database, "SELECT pg_advisory_lock(7)"));
    unsigned order = 0;
    asked_t asked[5];
    const db_statement_t *const statements[] = {sleep, put, put, one, one};
    static const char *const codes[] = {"a", "good", "bad", "b", "c"};
    for (int i = 0; i < 5; i++) {
        asked_init(&asked[i], statements[i], codes[i], NO_NUMBER);
        asked[i].query.slow = i < 3;
        asked[i].order = &order;
        db_read(rig.db, &asked[i].query);
    }
    asked[2].request.parent = (char *)"nobody"; // refused when the transaction ends
    RIG_UNTIL(&rig, asked[3].answers + asked[4].answers == 2);
    free(test_database_query(rig.database, "SELECT pg_advisory_unlock(7)"));
    RIG_UNTIL(&rig, asked[1].answers == 1);
    assert_int_equal(test_database_number(rig.database, "SELECT count(*) FROM item WHERE code = 'good'"), 1);
    rig_run(&rig);
    for (int i = 0; i < 5; i++)
        assert_int_equal(asked[i].answers, 1);
    assert_true(asked[3].place < asked[0].place && asked[4].place < asked[0].place);
    assert_true(asked[0].place < asked[1].place && asked[1].place < asked[2].place);
    assert_int_equal(asked[1].status, STATUS_OK);
    assert_string_equal(asked[1].first, "good");
    assert_int_not_equal(asked[2].status, STATUS_OK);
    assert_string_equal(asked[2].constraint, "item_owner_fkey");
    assert_int_equal(batches(&rig, "kind=\"slow\""), 3);
    for (int i = 0; i < 5; i++)
        asked_deinit(&asked[i]);
    rig_deinit(&rig);
}

static void ask_again(db_query_t *query, const db_rows_t *rows, const problem_t *problem)
{
    assert_int_equal(problem->status, STATUS_OK);
    assert_int_equal(rows->count, 1);
    asked_t *asked = query->data;
    rig_t *rig = (rig_t *)asked->request.notes;
    if (++asked->answers < 5)
        db_read(rig->db, query);
}

static void test_a_query_may_be_asked_again_from_its_answer(void **state)
{
    (void)state;
    rig_t rig;
    rig_init(&rig, &(db_options_t){.read_connections = 1});
    db_statement_t *one = rig_statement(&rig, "one", "SELECT 1", NULL);
    rig_open(&rig);
    asked_t asked;
    asked_init(&asked, one, "x", NO_NUMBER);
    asked.request.notes = (char *)&rig;
    asked.query.done = ask_again;
    db_read(rig.db, &asked.query); // before the connection is there
    rig_run(&rig);
    assert_int_equal(asked.answers, 5);
    asked_deinit(&asked);
    rig_deinit(&rig);
}

// Two replicas change the same rows at the same time: sorted batches cannot deadlock.
static void test_two_pools_do_not_deadlock(void **state)
{
    (void)state;
    enum { COUNT = 1000, KEYS = 40 };
    rig_t rig;
    rig_init(&rig, &(db_options_t){.write_connections = 2, .lock_timeout_ms = -1});
    free(test_database_query(rig.database, "INSERT INTO item SELECT 'k-' || i, 0 FROM generate_series(0, 39) AS i"));
    db_statement_t *add = rig_statement(&rig, "add", "UPDATE item SET number = number + 1 WHERE code = :request.code", NULL);
    rig_open(&rig);
    db_t *other;
    problem_t problem;
    assert_int_equal(db_new(&rig.loop, &rig.options, rig.metrics, &other, &problem), STATUS_OK);
    RIG_UNTIL(&rig, db_ready(rig.db) && db_ready(other));
    asked_t *asked = asked_many(2 * COUNT);
    for (int i = 0; i < 2 * COUNT; i++) {
        char code[16];
        snprintf(code, sizeof(code), "k-%d", (i * 7919) % KEYS);
        asked_init(&asked[i], add, code, NO_NUMBER);
        db_write(i < COUNT ? rig.db : other, &asked[i].query);
    }
    RIG_UNTIL(&rig, db_idle(rig.db) && db_idle(other));
    for (int i = 0; i < 2 * COUNT; i++)
        assert_int_equal(asked[i].status, STATUS_OK);
    assert_int_equal(test_database_number(rig.database, "SELECT sum(number) FROM item"), 2 * COUNT);
    assert_int_equal(metrics_counter(rig.metrics, "pcn_db_resent_total", "kind=\"write\"", "")->value, 0);
    db_destroy(&other);
    asked_free(asked, 2 * COUNT);
    rig_deinit(&rig);
}

static void test_metrics(void **state)
{
    (void)state;
    rig_t rig;
    rig_init(&rig, &(db_options_t){.read_connections = 1, .write_connections = 1});
    db_statement_t *insert = rig_insert(&rig);
    rig_open(&rig);
    rig_wait_ready(&rig);
    asked_t good, bad;
    asked_init(&good, insert, "good", 1);
    asked_init(&bad, insert, "bad", -1);
    db_write(rig.db, &good.query);
    db_write(rig.db, &bad.query);
    rig_run(&rig);
    buf_t text;
    buf_init(&text, 1 << 20);
    metrics_write(rig.metrics, &text);
    assert_non_null(strstr(text.data, "pcn_db_queries_total{statement=\"insert_item\",status=\"OK\"} 1\n"));
    assert_non_null(strstr(text.data, "pcn_db_queries_total{statement=\"insert_item\",status=\"INVALID_ARGUMENT\"} 1\n"));
    assert_non_null(strstr(text.data, "pcn_db_connections{kind=\"write\"} 1\n"));
    assert_non_null(strstr(text.data, "pcn_db_queue{kind=\"write\"} 0\n"));
    assert_non_null(strstr(text.data, "pcn_db_batch_size_count{kind=\"write\"} 2\n"));
    assert_non_null(strstr(text.data, "pcn_db_batch_size_sum{kind=\"write\"} 3\n"));
    buf_deinit(&text);
    asked_deinit(&good);
    asked_deinit(&bad);
    rig_close(&rig);
    assert_int_equal(metrics_gauge(rig.metrics, "pcn_db_connections", "kind=\"write\"", "")->value, 0);
    rig_deinit(&rig);
}

// A relay's batches are not taken for those of the requests.
static void test_metrics_of_another_kind(void **state)
{
    (void)state;
    rig_t rig;
    rig_init(&rig, &(db_options_t){.write_connections = 1, .write_kind = "relay"});
    db_statement_t *insert = rig_insert(&rig);
    rig_open(&rig);
    asked_t asked;
    asked_init(&asked, insert, "one", 1);
    db_write(rig.db, &asked.query);
    rig_run(&rig);
    assert_int_equal(metrics_counter(rig.metrics, "pcn_db_batch_size_sum", "kind=\"relay\"", "")->value, 1);
    assert_int_equal(metrics_gauge(rig.metrics, "pcn_db_connections", "kind=\"relay\"", "")->value, 1);
    assert_int_equal(metrics_counter(rig.metrics, "pcn_db_batch_size_sum", "kind=\"write\"", "")->value, 0);
    asked_deinit(&asked);
    rig_deinit(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writes_of_one_turn_are_one_transaction),
        cmocka_unit_test(test_batch_max),
        cmocka_unit_test(test_two_writes_of_one_key_keep_their_order),
        cmocka_unit_test(test_reads_share_batches_and_connections),
        cmocka_unit_test(test_reads_are_dealt_to_all_connections),
        cmocka_unit_test(test_slow_reads_go_alone_and_are_committed),
        cmocka_unit_test(test_a_query_may_be_asked_again_from_its_answer),
        cmocka_unit_test(test_two_pools_do_not_deadlock),
        cmocka_unit_test(test_metrics),
        cmocka_unit_test(test_metrics_of_another_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
