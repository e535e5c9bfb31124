// Deadlines, full queues, and a pool that ends with work in it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/db/pace.h"
#include "tests/integration/db/rig.h"

#define MS 1000

static db_statement_t *slow(rig_t *rig)
{
    return rig_statement(rig, "slow", "SELECT pg_sleep(:request.stated_population / 1000.0)", NULL);
}

// Waits for who holds the test's lock.
#define LOCK "7"

static void hold(rig_t *rig, bool held)
{
    free(test_database_query(rig->database, held ? "SELECT pg_advisory_lock(" LOCK ")" : "SELECT pg_advisory_unlock(" LOCK ")"));
}

static void test_in_flight_and_behind(void **state)
{
    (void)state;
    rig_t rig;
    rig_init(&rig, &(db_options_t){.write_connections = 1, .lock_timeout_ms = -1, .statement_timeout_ms = -1});
    db_statement_t *wait = rig_statement(&rig, "wait", "SELECT pg_advisory_xact_lock(" LOCK ")", NULL);
    db_statement_t *insert = rig_insert(&rig);
    rig_open(&rig);
    rig_wait_ready(&rig);
    hold(&rig, true);
    asked_t busy, behind, patient, prompt;
    int64_t start = clock_steady_us();
    asked_init(&busy, wait, "a", NO_NUMBER);
    busy.query.deadline_us = start + 50 * MS;
    asked_init(&behind, insert, "b", 1);
    behind.query.deadline_us = start + 100 * MS;
    asked_init(&patient, insert, "c", 1);
    asked_init(&prompt, insert, "d", 1);
    prompt.query.deadline_us = start; // over before it began
    db_write(rig.db, &busy.query);
    rig_turn(&rig);
    db_write(rig.db, &behind.query);
    db_write(rig.db, &patient.query);
    db_write(rig.db, &prompt.query);
    RIG_UNTIL(&rig, busy.answers + behind.answers + prompt.answers == 3);
    assert_int_equal(busy.status, STATUS_DEADLINE_EXCEEDED);
    assert_int_equal(behind.status, STATUS_DEADLINE_EXCEEDED);
    assert_int_equal(prompt.status, STATUS_DEADLINE_EXCEEDED);
    assert_true(busy.answered_us - start >= 50 * MS);
    assert_int_equal(patient.answers, 0); // it waits behind the statement, which goes on
    hold(&rig, false);
    rig_run(&rig);
    assert_int_equal(patient.status, STATUS_OK);
    assert_int_equal(busy.answers, 1);
    assert_int_equal(test_database_number(rig.database, "SELECT count(*) FROM item"), 1);
    asked_deinit(&busy);
    asked_deinit(&behind);
    asked_deinit(&patient);
    asked_deinit(&prompt);
    rig_deinit(&rig);
}

static void test_statement_timeout(void **state)
{
    (void)state;
    rig_t rig;
    rig_init(&rig, &(db_options_t){.write_connections = 1, .statement_timeout_ms = 1000});
    db_statement_t *sleep = slow(&rig);
    db_statement_t *insert = rig_insert(&rig);
    rig_open(&rig);
    rig_wait_ready(&rig);
    asked_t stuck, other;
    asked_init(&stuck, sleep, "b", 60000);
    asked_init(&other, insert, "a", 1);
    db_write(rig.db, &stuck.query);
    db_write(rig.db, &other.query);
    rig_run(&rig);
    assert_int_equal(stuck.status, STATUS_DEADLINE_EXCEEDED);
    assert_int_equal(other.status, STATUS_OK);
    asked_deinit(&stuck);
    asked_deinit(&other);
    rig_deinit(&rig);
}

static void test_full_queue(void **state)
{
    (void)state;
    rig_t rig;
    rig_init(&rig, &(db_options_t){.read_connections = 1, .write_connections = 1, .queue_max = 10});
    db_statement_t *insert = rig_insert(&rig);
    db_statement_t *get = rig_statement(&rig, "get", "SELECT 1", NULL);
    rig_open(&rig);
    rig_wait_ready(&rig);
    asked_t asked[15], read;
    for (int i = 0; i < 15; i++) {
        char code[16];
        snprintf(code, sizeof(code), "p-%d", i);
        asked_init(&asked[i], insert, code, i);
        db_write(rig.db, &asked[i].query);
        assert_int_equal(asked[i].answers, 0);
    }
    asked_init(&read, get, "x", NO_NUMBER);
    db_read(rig.db, &read.query); // a kind of its own
    rig_run(&rig);
    for (int i = 0; i < 15; i++) {
        assert_int_equal(asked[i].answers, 1);
        assert_int_equal(asked[i].status, i < 10 ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED);
        assert_int_equal(asked[i].problem.retry_after_ms > 0, i >= 10);
    }
    assert_int_equal(read.status, STATUS_OK);
    // There is room again.
    asked_t later;
    asked_init(&later, insert, "later", 1);
    db_write(rig.db, &later.query);
    rig_run(&rig);
    assert_int_equal(later.status, STATUS_OK);
    for (int i = 0; i < 15; i++)
        asked_deinit(&asked[i]);
    asked_deinit(&read);
    asked_deinit(&later);
    rig_deinit(&rig);
}

// More wait than are done in time: whoever asks before is told, and what is taken in all the same is served.
static void test_crowded(void **state)
{
    (void)state;
    enum { MANY = PACE_ROOM_LEAST + 2 };
    rig_t rig;
    rig_init(&rig, &(db_options_t){.read_connections = 1, .write_connections = 1, .lock_timeout_ms = -1, .statement_timeout_ms = -1});
    db_statement_t *wait = rig_statement(&rig, "wait", "SELECT pg_advisory_xact_lock(" LOCK ")", NULL);
    db_statement_t *insert = rig_insert(&rig);
    rig_open(&rig);
    rig_wait_ready(&rig);
    assert_false(db_crowded(rig.db, true));
    hold(&rig, true);
    asked_t busy, *asked = calloc(MANY, sizeof *asked);
    assert_non_null(asked);
    asked_init(&busy, wait, "a", NO_NUMBER);
    db_write(rig.db, &busy.query);
    rig_turn(&rig);
    for (int i = 0; i < MANY; i++) {
        char code[16];
        snprintf(code, sizeof(code), "p-%d", i);
        asked_init(&asked[i], insert, code, i);
        assert_int_equal(db_crowded(rig.db, true), i >= PACE_ROOM_LEAST);
        db_write(rig.db, &asked[i].query);
    }
    assert_true(db_crowded(rig.db, true));
    assert_false(db_crowded(rig.db, false));
    hold(&rig, false);
    rig_run(&rig);
    assert_false(db_crowded(rig.db, true));
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(asked[i].status, STATUS_OK);
        asked_deinit(&asked[i]);
    }
    free(asked);
    asked_deinit(&busy);
    rig_deinit(&rig);
}

static void test_coalesced_reads_with_different_deadlines(void **state)
{
    (void)state;
    rig_t rig;
    rig_init(&rig, &(db_options_t){.read_connections = 1, .lock_timeout_ms = -1, .statement_timeout_ms = -1});
    free(test_database_query(rig.database, "INSERT INTO item VALUES ('a', 1), ('b', 2)"));
    db_statement_t *get = rig_statement(
        &rig, "get", "SELECT number, code FROM item, pg_advisory_xact_lock(" LOCK ") WHERE code = ANY(:request.code)", "request.code");
    rig_open(&rig);
    rig_wait_ready(&rig);
    hold(&rig, true);
    asked_t hasty, patient;
    asked_init(&hasty, get, "a", NO_NUMBER);
    hasty.query.deadline_us = clock_steady_us() + 30 * MS;
    asked_init(&patient, get, "b", NO_NUMBER);
    db_read(rig.db, &hasty.query);
    db_read(rig.db, &patient.query);
    RIG_UNTIL(&rig, hasty.answers > 0);
    assert_int_equal(patient.answers, 0);
    hold(&rig, false);
    rig_run(&rig);
    assert_int_equal(hasty.answers, 1);
    assert_int_equal(hasty.status, STATUS_DEADLINE_EXCEEDED);
    assert_int_equal(patient.answers, 1);
    assert_int_equal(patient.rows, 1); // not the other's row
    assert_string_equal(patient.first, "2");
    asked_deinit(&hasty);
    asked_deinit(&patient);
    rig_deinit(&rig);
}

static void test_end_with_work(void **state)
{
    (void)state;
    enum { SLEEP_MS = 60000 };
    rig_t rig;
    rig_init(&rig, &(db_options_t){.read_connections = 1, .write_connections = 1, .statement_timeout_ms = -1});
    db_statement_t *sleep = slow(&rig);
    rig_open(&rig);
    rig_wait_ready(&rig);
    asked_t flying, waiting, reading;
    asked_init(&flying, sleep, "a", SLEEP_MS);
    asked_init(&waiting, sleep, "b", SLEEP_MS);
    asked_init(&reading, sleep, "c", SLEEP_MS);
    db_write(rig.db, &flying.query);
    db_read(rig.db, &reading.query);
    rig_turn(&rig);
    db_write(rig.db, &waiting.query);
    int64_t start = clock_steady_us();
    rig_close(&rig);
    assert_true(clock_steady_us() - start < SLEEP_MS * MS / 2); // what they do is not awaited
    assert_int_equal(flying.answers, 1);
    assert_int_equal(flying.status, STATUS_UNAVAILABLE);
    assert_int_equal(waiting.answers, 1);
    assert_int_equal(waiting.status, STATUS_UNAVAILABLE);
    assert_int_equal(reading.answers, 1);
    assert_int_equal(reading.status, STATUS_UNAVAILABLE);
    assert_int_equal(metrics_gauge(rig.metrics, "pcn_db_queue", "kind=\"write\"", "")->value, 0);
    asked_deinit(&flying);
    asked_deinit(&waiting);
    asked_deinit(&reading);
    rig_deinit(&rig);
}

static void end_pool(db_query_t *query, const db_rows_t *rows, const problem_t *problem)
{
    (void)rows;
    asked_t *asked = query->data;
    rig_t *rig = (rig_t *)asked->request.notes;
    asked->answers++;
    asked->status = problem->status;
    if (rig->db != NULL)
        db_destroy(&rig->db);
}

static void test_end_from_an_answer(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        rig_t rig;
        rig_init(&rig, &(db_options_t){.read_connections = 1, .write_connections = 1});
        db_statement_t *one = rig_statement(&rig, "one", "SELECT 1", NULL);
        rig_open(&rig);
        rig_wait_ready(&rig);
        asked_t *asked = asked_many(300);
        for (int i = 0; i < 300; i++) {
            asked_init(&asked[i], one, "x", NO_NUMBER);
            asked[i].request.notes = (char *)&rig;
            asked[i].query.done = end_pool;
            if (kind == 0)
                db_write(rig.db, &asked[i].query);
            else
                db_read(rig.db, &asked[i].query);
        }
        while (uv_run(&rig.loop, UV_RUN_ONCE) != 0)
            ;
        assert_null(rig.db);
        assert_int_equal(asked[0].status, STATUS_OK);
        for (int i = 0; i < 300; i++)
            assert_int_equal(asked[i].answers, 1);
        assert_int_equal(asked[299].status, STATUS_UNAVAILABLE);
        asked_free(asked, 300);
        rig_deinit(&rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_flight_and_behind),
        cmocka_unit_test(test_statement_timeout),
        cmocka_unit_test(test_full_queue),
        cmocka_unit_test(test_crowded),
        cmocka_unit_test(test_coalesced_reads_with_different_deadlines),
        cmocka_unit_test(test_end_with_work),
        cmocka_unit_test(test_end_from_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
