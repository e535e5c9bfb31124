// The relay's chain against a real PostgreSQL, proved by what pcnctl proves it with; and that only the relay can write it.
#include "tests/integration/audit/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/db/session.h"
#include "common/event/log.h"

#define assert_said(rig, i, text) assert_non_null(strstr((rig)->said[i], text))

static void several_batches_are_one_chain(void **state)
{
    rig_t *rig = *state;
    assert_int_equal(rig_prove(rig, NULL), 0);
    rig_write(rig, 2620);
    rig_chain(rig, 2620);
    assert_int_equal(rig_prove(rig, NULL), 0);
    rig_write(rig, 3);
    rig_chain(rig, 2623);
    rig_write(rig, 1000);
    rig_chain(rig, 3623);
    assert_int_equal(rig_prove(rig, NULL), 0);
    assert_int_equal(test_database_number(rig->database, "SELECT count(*) FROM audit"), 3623);
    assert_int_equal(test_database_number(rig->database, "SELECT max(place) FROM audit"), 3623);
    // In the order of the queue.
    assert_int_equal(test_database_number(rig->database, "SELECT place FROM audit WHERE resource = 'organisations/gp-2620'"), 2620);
}

static void the_clock_of_a_session_does_not_count(void **state)
{
    rig_t *rig = *state;
    rig_exec(rig, "INSERT INTO audit_queue (at, request_id, subject, organisation, method, resource, verdict) VALUES "
                  "('1999-12-31 23:59:59.999999-11', 'ABCDEFAB-1234-7890-ABCD-EF0123456789', 'a:1,b', '5:abc,', 'm', 'r', 'done')");
    // For every session from now on, also the relay's next one.
    rig_exec(rig, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %%I SET timezone = ''Pacific/Auckland''', current_database()); "
                  "EXECUTE format('ALTER DATABASE %%I SET datestyle = ''German''', current_database()); END $$");
    rig_exec(rig, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '%% audit' AND datname = "
                  "current_database()");
    rig_chain(rig, 1);
    assert_int_equal(rig_prove(rig, NULL), 0);
}

static void one_altered_entry_is_found(void **state)
{
    static const char *const changes[] = {"at = at + interval '1 microsecond'",
                                          "request_id = gen_random_uuid()",
                                          "subject = subject || 'x'",
                                          "organisation = 'other'",
                                          "origin = '203.0.113.8'",
                                          "origin = NULL",
                                          "peer = 'other'",
                                          "method = 'other'",
                                          "resource = 'organisations/other'",
                                          "verdict = 'refused: ABORTED'",
                                          "subject = subject || organisation, organisation = ''"};
    rig_t *rig = *state;
    rig_write(rig, 300);
    rig_chain(rig, 300);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        rig_exec(rig, "CREATE TABLE before AS SELECT * FROM audit WHERE place = 142; UPDATE audit SET %s WHERE place = 142", changes[i]);
        if (rig_prove(rig, NULL) != 1)
            fail_msg("%s: %u faults", changes[i], rig->faults);
        assert_said(rig, 0, "place 142: the entry does not fit its hash");
        rig_exec(rig, "DELETE FROM audit WHERE place = 142; INSERT INTO audit SELECT * FROM before; DROP TABLE before");
        assert_int_equal(rig_prove(rig, NULL), 0);
    }
}

static void one_deleted_entry_is_found(void **state)
{
    rig_t *rig = *state;
    rig_write(rig, 300);
    rig_chain(rig, 300);
    rig_exec(rig, "DELETE FROM audit WHERE place = 250");
    assert_int_equal(rig_prove(rig, NULL), 1);
    assert_said(rig, 0, "place 250 is missing");
    // The chain goes on all the same, and both faults show.
    rig_exec(rig, "UPDATE audit SET subject = 'x' WHERE place = 17");
    rig_write(rig, 10);
    rig_chain(rig, 310);
    assert_int_equal(rig_prove(rig, NULL), 2);
    assert_said(rig, 0, "place 17:");
    assert_said(rig, 1, "place 250 is missing");
}

static void a_deleted_end_is_found(void **state)
{
    rig_t *rig = *state;
    rig_write(rig, 20);
    rig_chain(rig, 20);
    char *head = test_database_query(rig->database, "SELECT place || ':' || encode(hash, 'hex') FROM audit_head");
    assert_int_equal(rig_prove(rig, head), 0);
    rig_exec(rig, "DELETE FROM audit WHERE place = 20");
    assert_int_equal(rig_prove(rig, NULL), 1);
    assert_said(rig, 0, "place 20 is missing from the end");
    // Also once others came behind it.
    rig_write(rig, 5);
    rig_chain(rig, 25);
    assert_int_equal(rig_prove(rig, head), 1);
    assert_said(rig, 0, "place 20 is missing");
    // Who moves the head back as well is caught by who kept one, also after the chain has grown over it.
    rig_exec(rig,
             "DELETE FROM audit WHERE place >= 20; UPDATE audit_head SET place = 19, hash = (SELECT hash FROM audit WHERE place = 19)");
    assert_int_equal(rig_prove(rig, NULL), 0);
    assert_int_equal(rig_prove(rig, head), 1);
    assert_said(rig, 0, "place 20, which was kept, is not there");
    rig_write(rig, 5);
    rig_chain(rig, 24);
    assert_int_equal(rig_prove(rig, NULL), 0);
    assert_int_equal(rig_prove(rig, head), 1);
    assert_said(rig, 0, "place 20: its hash is not the one that was kept");
    free(head);
}

static void a_relay_that_dies_between_batches_leaves_no_gap(void **state)
{
    rig_t *rig = *state;
    for (int round = 1; round <= 2; round++) {
        rig_write(rig, 6000);
        // The ends of its sessions fall wherever they fall: between batches, into one, before the commit's answer.
        for (int kill = 0; kill < 3; kill++) {
            const int64_t from = rig->place->value;
            for (int turn = 0; turn < 150 && rig->place->value == from; turn++)
                (void)uv_run(&rig->loop, UV_RUN_ONCE);
            rig_exec(rig, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '%% audit' AND datname = "
                          "current_database()");
        }
        rig_chain(rig, round * 6000);
        assert_int_equal(rig->place->value, round * 6000);
        assert_int_equal(rig_prove(rig, NULL), 0);
    }
    assert_int_equal(test_database_number(rig->database, "SELECT count(DISTINCT resource || at) FROM audit"), 6000);
}

static void entries_of_open_transactions_come_later(void **state)
{
    rig_t *rig = *state;
    problem_t problem = {0};
    db_session_t *slow = NULL;
    assert_int_equal(db_session_open(test_database_dsn(rig->database), "slow", "registry", &slow, &problem), STATUS_OK);
    PQclear(db_session_exec(slow,
                            "BEGIN; INSERT INTO audit_queue (at, request_id, subject, organisation, method, resource, verdict) VALUES "
                            "(now(), gen_random_uuid(), 'slow', '', 'm', 'r', 'done')",
                            &problem));
    for (int round = 1; round <= 4; round++) {
        rig_write(rig, 5);
        rig_chain(rig, 5 * round);
    }
    PQclear(db_session_exec(slow, "COMMIT", &problem));
    db_session_close(&slow);
    rig_chain(rig, 21);
    // Behind it the beginning of the queue is settled, and what comes now is found as before.
    rig_write(rig, 5);
    rig_chain(rig, 26);
    rig_write(rig, 5);
    rig_chain(rig, 31);
    assert_int_equal(rig_prove(rig, NULL), 0);
    assert_int_equal(test_database_number(rig->database, "SELECT place FROM audit WHERE subject = 'slow'"), 21);
}

#define QUEUE_ONE                                                                                                                          \
    "INSERT INTO audit_queue (at, request_id, subject, organisation, method, resource, verdict) "                                          \
    "VALUES (now(), gen_random_uuid(), '', '', '', '', '')"

static void only_the_relay_writes_the_chain(void **state)
{
    static const char *const application[] = {
        "UPDATE audit SET subject = 'x'",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "INSERT INTO audit SELECT * FROM audit",
        "UPDATE audit_head SET place = 0",
        "DELETE FROM audit_head",
        "TRUNCATE audit_head",
        "INSERT INTO audit_head VALUES (9, '')",
        "UPDATE audit_queue SET subject = 'x'",
        "DELETE FROM audit_queue",
        "TRUNCATE audit_queue",
        "SELECT FROM audit_queue",
        "DROP TABLE audit",
        "ALTER TABLE audit ADD a int",
    };
    static const char *const job[] = {"UPDATE audit SET subject = 'x'",
                                      "DELETE FROM audit",
                                      "TRUNCATE audit",
                                      "DELETE FROM audit_head",
                                      "TRUNCATE audit_head",
                                      "INSERT INTO audit_head VALUES (9, '')",
                                      "UPDATE audit_queue SET at = now()",
                                      "TRUNCATE audit_queue",
                                      QUEUE_ONE};
    rig_t *rig = *state;
    rig_write(rig, 5);
    rig_chain(rig, 5);
    for (size_t i = 0; i < sizeof application / sizeof *application; i++) {
        if (rig_may(rig, rig->app, application[i]))
            fail_msg("the application may %s", application[i]);
    }
    for (size_t i = 0; i < sizeof job / sizeof *job; i++) {
        if (rig_may(rig, rig->job, job[i]))
            fail_msg("the relay may %s", job[i]);
    }
    assert_true(rig_may(rig, rig->app, "SELECT FROM audit, audit_head"));
    assert_int_equal(rig_prove(rig, NULL), 0);
}

static status_t prepare_old(rig_t *rig, db_session_t *owner, problem_t *problem)
{
    // The platform's tables before there was a chain.
    db_migration_t first[] = {event_migrations[0], {0, NULL, NULL}};
    const db_migration_t *const sets[] = {first, NULL};
    const db_migrate_options_t options = {.schema = "older", .app_role = rig->app, .job_role = rig->job, .sets = sets};
    unsigned applied = 0;
    assert_int_equal(first[0].number, 1);
    return db_migrate(owner, &options, &applied, problem);
}

static void entries_from_before_the_chain_come_first(void **state)
{
    rig_t *rig = *state;
    problem_t problem = {0};
    db_session_t *owner = NULL;
    unsigned applied = 0;
    const db_migration_t *const sets[] = {event_migrations, NULL};
    const db_migrate_options_t options = {.schema = "older", .app_role = rig->app, .job_role = rig->job, .sets = sets};
    assert_int_equal(db_session_open(test_database_dsn(rig->database), "owner", "older", &owner, &problem), STATUS_OK);
    assert_int_equal(prepare_old(rig, owner, &problem), STATUS_OK);
    rig_exec(rig, "INSERT INTO older.audit (at, request_id, subject, organisation, method, target) "
                  "SELECT now(), gen_random_uuid(), 's' || i, 'o', 'm', 'gp-' || i FROM generate_series(1, 3) i");
    if (db_migrate(owner, &options, &applied, &problem) != STATUS_OK)
        fail_msg("%s", problem.detail);
    db_session_close(&owner);
    char *rows =
        test_database_query(rig->database, "SELECT string_agg(concat_ws(' ', subject, organisation, method, resource, verdict), ','"
                                           " ORDER BY position) FROM older.audit_queue");
    assert_string_equal(rows, "s1 o m gp-1 done,s2 o m gp-2 done,s3 o m gp-3 done");
    free(rows);
    assert_int_equal(test_database_number(rig->database, "SELECT count(*) FROM older.audit"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(several_batches_are_one_chain, rig_reset),
        cmocka_unit_test_setup(the_clock_of_a_session_does_not_count, rig_reset),
        cmocka_unit_test_setup(one_altered_entry_is_found, rig_reset),
        cmocka_unit_test_setup(one_deleted_entry_is_found, rig_reset),
        cmocka_unit_test_setup(a_deleted_end_is_found, rig_reset),
        cmocka_unit_test_setup(a_relay_that_dies_between_batches_leaves_no_gap, rig_reset),
        cmocka_unit_test_setup(entries_of_open_transactions_come_later, rig_reset),
        cmocka_unit_test_setup(only_the_relay_writes_the_chain, rig_reset),
        cmocka_unit_test_setup(entries_from_before_the_chain_come_first, rig_reset),
    };
    return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
