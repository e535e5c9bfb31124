// Connections that end: under load, before they begin, and for good.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/db/rig.h"

#define TERMINATE                                                                                                                          \
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'pool'"                                        \
    " AND datname = current_database()"

static db_statement_t *repeatable(rig_t *rig)
{
    return rig_statement(rig, "repeatable",
                         "INSERT INTO item (code, number) VALUES (:request.code, :request.stated_population)"
                         " ON CONFLICT (code) DO UPDATE SET code = excluded.code RETURNING code",
                         NULL);
}

static void test_terminated_under_load(void **state)
{
    (void)state;
    enum { COUNT = 5000, TURN = 50, EVERY = 500 };
    rig_t rig;
    rig_init(&rig, &(db_options_t){.read_connections = 1, .write_connections = 2, .batch_max = 32});
    db_statement_t *insert = repeatable(&rig);
    db_statement_t *get = rig_statement(&rig, "get", "SELECT 'x' || :request.code", NULL);
    rig_open(&rig);
    rig_wait_ready(&rig);
    asked_t *writes = asked_many(COUNT);
    asked_t *reads = asked_many(COUNT);
    long terminated = 0;
    for (int i = 0; i < COUNT; i++) {
        char code[16];
        snprintf(code, sizeof(code), "p-%d", i);
        asked_init(&writes[i], insert, code, i);
        asked_init(&reads[i], get, code, NO_NUMBER);
        db_write(rig.db, &writes[i].query);
        db_read(rig.db, &reads[i].query);
        if (i % TURN == 0)
            rig_turn(&rig);
        if (i % EVERY == 0)
            terminated += test_database_number(rig.database, TERMINATE);
    }
    rig_run(&rig);
    assert_true(terminated >= 3);
    for (int i = 0; i < COUNT; i++) {
        char expected[80];
        snprintf(expected, sizeof(expected), "x%s", reads[i].code);
        assert_int_equal(writes[i].answers, 1);
        assert_int_equal(writes[i].status, STATUS_OK);
        assert_string_equal(writes[i].first, writes[i].code);
        assert_int_equal(reads[i].answers, 1);
        assert_int_equal(reads[i].status, STATUS_OK);
        assert_string_equal(reads[i].first, expected);
    }
    assert_int_equal(test_database_number(rig.database, "SELECT count(*) FROM item"), COUNT);
    assert_true(metrics_counter(rig.metrics, "pcn_db_reconnects_total", "kind=\"write\"", "")->value >= 2);
    rig_wait_ready(&rig);
    asked_free(writes, COUNT);
    asked_free(reads, COUNT);
    rig_deinit(&rig);
}

static void test_terminated_while_idle(void **state)
{
    (void)state;
    rig_t rig;
    rig_init(&rig, &(db_options_t){.read_connections = 1, .write_connections = 1});
    db_statement_t *insert = repeatable(&rig);
    rig_open(&rig);
    rig_wait_ready(&rig);
    assert_int_equal(test_database_number(rig.database, TERMINATE), 2);
    RIG_UNTIL(&rig, !db_ready(rig.db));
    rig_wait_ready(&rig);
    asked_t asked;
    asked_init(&asked, insert, "a", 1);
    db_write(rig.db, &asked.query);
    rig_run(&rig);
    assert_int_equal(asked.status, STATUS_OK);
    asked_deinit(&asked);
    rig_deinit(&rig);
}

static void test_nobody_there(void **state)
{
    (void)state;
    rig_t rig;
    rig_init(&rig, &(db_options_t){.read_connections = 1, .write_connections = 1});
    db_statement_t *insert = repeatable(&rig);
    rig.options.dsn = "host=/nonexistent user=nobody dbname=nothing";
    rig_open(&rig);
    asked_t asked[2];
    int64_t start = clock_steady_us();
    for (int i = 0; i < 2; i++) {
        asked_init(&asked[i], insert, "a", 1);
        asked[i].query.deadline_us = start + 100000;
    }
    db_write(rig.db, &asked[0].query);
    db_read(rig.db, &asked[1].query);
    rig_run(&rig);
    assert_false(db_ready(rig.db));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(asked[i].answers, 1);
        assert_int_equal(asked[i].status, STATUS_UNAVAILABLE);
        assert_true(asked[i].problem.retry_after_ms > 0);
        assert_true(asked[i].answered_us - start >= 100000);
        assert_true(asked[i].answered_us - start < 30000000);
        asked_deinit(&asked[i]);
    }
    rig_deinit(&rig);
}

static void test_second_host_of_the_dsn(void **state)
{
    (void)state;
    rig_t rig;
    rig_init(&rig, &(db_options_t){.write_connections = 1});
    char dsn[1200];
    const char *own = test_database_dsn(rig.database);
    const char *socket = strstr(own, "host=") + 5;
    int size = (int)strcspn(socket, " ");
    snprintf(dsn, sizeof(dsn), "host=/nonexistent,%.*s user=pcn_test dbname=%s target_session_attrs=read-write", size, socket,
             strstr(own, "dbname=") + 7);
    rig.options.dsn = dsn;
    rig_open(&rig);
    rig_wait_ready(&rig);
    rig_deinit(&rig);
}

static void test_malformed_dsn(void **state)
{
    (void)state;
    rig_t rig;
    rig_init(&rig, &(db_options_t){.write_connections = 1});
    rig.options.dsn = "postgresql://user:secret%zz@host/base";
    problem_t problem;
    db_t *db;
    assert_int_equal(db_new(&rig.loop, &rig.options, rig.metrics, &db, &problem), STATUS_INVALID_ARGUMENT);
    assert_null(db);
    assert_null(strstr(problem.detail, "secret"));
    rig_deinit(&rig);
}

static void test_read_only_server_counts_as_gone(void **state)
{
    (void)state;
    rig_t rig;
    rig_init(&rig, &(db_options_t){.write_connections = 1});
    db_statement_t *insert = repeatable(&rig);
    rig_open(&rig);
    rig_wait_ready(&rig);
    free(test_database_query(rig.database, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on',"
                                           " current_database()); END $$"));
    free(test_database_query(rig.database, TERMINATE));
    RIG_UNTIL(&rig, !db_ready(rig.db));
    asked_t first, second;
    asked_init(&first, insert, "a", 1);
    first.query.deadline_us = clock_steady_us() + 200000;
    asked_init(&second, insert, "b", 1);
    db_write(rig.db, &first.query);
    db_write(rig.db, &second.query);
    RIG_UNTIL(&rig, first.answers > 0);
    assert_int_equal(first.status, STATUS_UNAVAILABLE);
    assert_int_equal(second.answers, 0);
    free(test_database_query(rig.database, "DO $$ BEGIN SET TRANSACTION READ WRITE; EXECUTE format('ALTER DATABASE %I RESET"
                                           " default_transaction_read_only', current_database()); END $$"));
    rig_run(&rig);
    assert_int_equal(second.status, STATUS_OK);
    asked_deinit(&first);
    asked_deinit(&second);
    rig_deinit(&rig);
}

static void test_setup_waits(void **state)
{
    (void)state;
    rig_t rig;
    rig_init(&rig, &(db_options_t){.write_connections = 1, .statement_timeout_ms = 1000, .setup_sql = "SELECT pg_advisory_lock(7)"});
    db_statement_t *insert = repeatable(&rig);
    free(test_database_query(rig.database, "SELECT pg_advisory_lock(7)"));
    rig_open(&rig);
    asked_t asked;
    asked_init(&asked, insert, "a", 1);
    db_write(rig.db, &asked.query);
    // Longer than the limits that statements have afterwards.
    int64_t end = clock_steady_us() + 1500000;
    RIG_UNTIL(&rig, clock_steady_us() > end);
    assert_false(db_ready(rig.db));
    assert_int_equal(asked.answers, 0);
    free(test_database_query(rig.database, "SELECT pg_advisory_unlock(7)"));
    rig_run(&rig);
    assert_true(db_ready(rig.db));
    assert_int_equal(asked.status, STATUS_OK);
    assert_int_equal(test_database_number(rig.database, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND "
                                                        "database = (SELECT oid FROM pg_database WHERE datname = current_database())"),
                     1);
    asked_deinit(&asked);
    rig_deinit(&rig);
}

static void test_settings(void **state)
{
    (void)state;
    rig_t rig;
    rig_init(&rig, &(db_options_t){.read_connections = 1, .schema = "odd \"schema\"", .application_name = "settings"});
    db_statement_t *settings = rig_statement(&rig, "settings",
                                             "SELECT concat_ws('|', current_setting('search_path'), current_setting('lock_timeout'),"
                                             " current_setting('statement_timeout'), current_setting('application_name'),"
                                             " current_setting('TimeZone'))",
                                             NULL);
    rig_open(&rig);
    asked_t asked;
    asked_init(&asked, settings, "a", 1);
    db_read(rig.db, &asked.query);
    rig_run(&rig);
    assert_string_equal(asked.first, "\"odd \"\"schema\"\"\", pcn_extensions|50ms|10s|settings|UTC");
    asked_deinit(&asked);
    rig_deinit(&rig);
}

// A plan of before: the statement is prepared anew.
static void test_changed_schema(void **state)
{
    (void)state;
    rig_t rig;
    rig_init(&rig, &(db_options_t){.read_connections = 1, .write_connections = 1});
    free(test_database_query(rig.database, "INSERT INTO item VALUES ('a', 1)"));
    db_statement_t *all = rig_statement(&rig, "all", "SELECT * FROM item WHERE code = :request.code", NULL);
    db_statement_t *change =
        rig_statement(&rig, "change", "UPDATE item SET number = number + 1 WHERE code = :request.code RETURNING *", NULL);
    rig_open(&rig);
    for (int i = 0; i < 3; i++) {
        asked_t read, write;
        asked_init(&read, all, "a", NO_NUMBER);
        asked_init(&write, change, "a", NO_NUMBER);
        db_read(rig.db, &read.query);
        db_write(rig.db, &write.query);
        rig_run(&rig);
        assert_int_equal(read.status, STATUS_OK);
        assert_int_equal(write.status, STATUS_OK);
        asked_deinit(&read);
        asked_deinit(&write);
        if (i == 0)
            free(test_database_query(rig.database, "ALTER TABLE item ADD COLUMN extra text"));
        if (i == 1)
            free(test_database_query(rig.database, "ALTER TABLE item ALTER COLUMN extra TYPE int USING NULL"));
    }
    assert_int_equal(test_database_number(rig.database, "SELECT number FROM item"), 4);
    rig_deinit(&rig);
}

// A server that hangs: nothing ends the connection, so its silence must.
static void test_frozen_server(void **state)
{
    (void)state;
    rig_t rig;
    rig_init(&rig, &(db_options_t){.write_connections = 1, .statement_timeout_ms = 1000});
    db_statement_t *insert = repeatable(&rig);
    rig_open(&rig);
    rig_wait_ready(&rig);
    long pid = test_database_number(rig.database, "SELECT pid FROM pg_stat_activity WHERE application_name = 'pool'"
                                                  " AND datname = current_database()");
    assert_int_equal(kill((pid_t)pid, SIGSTOP), 0);
    asked_t asked;
    asked_init(&asked, insert, "a", 1);
    db_write(rig.db, &asked.query);
    rig_run(&rig);
    assert_int_equal(asked.answers, 1);
    assert_int_equal(asked.status, STATUS_OK);
    assert_int_equal(kill((pid_t)pid, SIGCONT), 0);
    asked_deinit(&asked);
    rig_deinit(&rig);
}

// What somebody took from the session is made again.
static void test_lost_prepared_statements(void **state)
{
    (void)state;
    rig_t rig;
    rig_init(&rig, &(db_options_t){.write_connections = 1});
    db_statement_t *insert = repeatable(&rig);
    db_statement_t *forget = rig_statement(&rig, "forget", "DEALLOCATE ALL", NULL);
    rig_open(&rig);
    asked_t asked[3];
    for (int i = 0; i < 3; i++) {
        asked_init(&asked[i], i == 1 ? forget : insert, i == 0 ? "a" : i == 1 ? "b" : "c", i);
        db_write(rig.db, &asked[i].query);
        rig_run(&rig);
        assert_int_equal(asked[i].answers, 1);
        assert_int_equal(asked[i].status, STATUS_OK);
        asked_deinit(&asked[i]);
    }
    assert_int_equal(test_database_number(rig.database, "SELECT count(*) FROM item"), 2);
    rig_deinit(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_terminated_under_load),
        cmocka_unit_test(test_terminated_while_idle),
        cmocka_unit_test(test_nobody_there),
        cmocka_unit_test(test_second_host_of_the_dsn),
        cmocka_unit_test(test_malformed_dsn),
        cmocka_unit_test(test_read_only_server_counts_as_gone),
        cmocka_unit_test(test_setup_waits),
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_changed_schema),
        cmocka_unit_test(test_frozen_server),
        cmocka_unit_test(test_lost_prepared_statements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
