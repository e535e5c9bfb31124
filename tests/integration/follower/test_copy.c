// A copy that is what the log says: after the first load, killed at any moment, over restarts, another epoch and a pruned place, with one
// replica or two.
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "tests/integration/follower/rig.h"

#define ORGANISATIONS 2000
#define KILLS 12

static void assert_applied_once(rig_t *rig)
{
    assert_int_equal(rig_number(rig, "SELECT count(*) FROM (SELECT FROM copy.application WHERE NOT gone GROUP BY subject, version "
                                     "HAVING count(*) > 1) twice"),
                     0);
}

static void test_first_load(void **state)
{
    rig_t *rig = *state;
    rig_start_registry(rig);
    for (int i = 0; i < 3; i++)
        rig_change(rig, 1, ORGANISATIONS);
    rig_start_copy(rig);
    rig_equal(rig);
    // From a snapshot: no history.
    assert_int_equal(rig_number(rig, "SELECT count(*) FROM copy.organisation_copy"), ORGANISATIONS);
    assert_int_equal(rig_metric(rig, "pcn_follower_snapshots_total", false), 1);
    rig_await_metric(rig, "pcn_follower_lag_events", false, 0);
    assert_int_equal(rig_metric(rig, "pcn_follower_lag_seconds", false), 0);
    assert_int_equal(rig_metric(rig, "pcn_follower_stopped", false), 0);
    assert_int_equal(rig_metric(rig, "pcn_follower_active", false), 1);
}

static void test_changes_follow(void **state)
{
    rig_t *rig = *state;
    // Others' events move the place and nothing else.
    rig_sql(rig, "INSERT INTO registry.event_queue (id, type, subject, version, time, data) SELECT gen_random_uuid(), "
                 "'pcn.registry.other.made', 'others/' || i, 1, now(), '{}' FROM generate_series(1, 50) i");
    rig_change(rig, 1, ORGANISATIONS);
    rig_change(rig, 1, 100);
    rig_await(rig, 1,
              "SELECT ((SELECT count(*) FROM registry.event_queue) = 0 AND (SELECT sequence FROM copy.follower) = "
              "(SELECT head FROM registry.log_state))::int");
    assert_int_equal(rig_number(rig, "SELECT count(*) FROM copy.organisation_copy"), ORGANISATIONS);
    assert_int_equal(rig_number(rig, "SELECT count(*) FROM copy.organisation_copy WHERE version = %u", rig->sequence), 100);
    rig_sql(rig, "DELETE FROM registry.event_latest WHERE subject LIKE 'others/%%'");
    rig_equal(rig);
    assert_applied_once(rig);
}

static void test_killed_at_any_moment(void **state)
{
    rig_t *rig = *state;
    const unsigned seed = 20261126;
    srandom(seed);
    for (int i = 0; i < KILLS; i++) {
        for (int j = 0; j < 3; j++)
            rig_change(rig, (unsigned)(random() % ORGANISATIONS), 300);
        (void)poll(NULL, 0, (int)(random() % 60));
        rig_kill(&rig->copy);
        rig_change(rig, 1, 200);
        rig_start_copy(rig);
    }
    rig_equal(rig);
    assert_applied_once(rig);
    // The place was there each time.
    assert_int_equal(rig_metric(rig, "pcn_follower_snapshots_total", false), 0);
}

static void test_registry_restarts(void **state)
{
    rig_t *rig = *state;
    rig_change(rig, 1, 500);
    rig_kill(&rig->registry);
    rig_change(rig, 1, 500);
    rig_start_registry(rig);
    rig_change(rig, 1, 500);
    rig_equal(rig);
    rig_end(&rig->registry);
    rig_start_registry(rig);
    rig_change(rig, 1, 10);
    rig_equal(rig);
    assert_applied_once(rig);
}

// The registry comes back under another key.
static void test_another_key(void **state)
{
    rig_t *rig = *state;
    rig_end(&rig->registry);
    rig_forget_key(rig, "registry");
    rig_start_registry(rig);
    rig_change(rig, 1, 10);
    rig_equal(rig);
    assert_applied_once(rig);
}

// A connection that is lost under way: the statement is sent again, and does nothing where it was committed.
static void test_connection_lost(void **state)
{
    rig_t *rig = *state;
    for (int i = 0; i < 5; i++) {
        rig_change(rig, 1, 1000);
        (void)poll(NULL, 0, 5 * i);
        rig_sql(rig, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pcn-copy follower of registry' "
                     "AND datname = current_database()");
    }
    rig_equal(rig);
    assert_applied_once(rig);
}

static void test_another_epoch(void **state)
{
    rig_t *rig = *state;
    rig_end(&rig->registry);
    // A log that was made anew: some resources are not in it, of others the versions begin again.
    rig_sql(rig, "BEGIN; UPDATE registry.log_state SET epoch = gen_random_uuid(); "
                 "DELETE FROM registry.event_latest WHERE subject IN (SELECT 'organisations/o-' || i FROM generate_series(1, 1200) i); "
                 "DELETE FROM registry.event WHERE subject IN (SELECT 'organisations/o-' || i FROM generate_series(1, 1200) i); "
                 "UPDATE registry.event SET version = 1, data = json_build_object('name', 'New', 'version', 1)::text "
                 "WHERE sequence IN (SELECT sequence FROM registry.event_latest WHERE subject LIKE 'organisations/o-19%%'); COMMIT");
    rig_start_registry(rig);
    rig_equal(rig);
    assert_int_equal(rig_number(rig, "SELECT count(*) FROM copy.organisation_copy"),
                     rig_number(rig, "SELECT count(*) FROM registry.event_latest"));
    assert_int_equal(rig_number(rig, "SELECT count(*) FROM copy.application WHERE gone"), 1200);
    assert_true(rig_number(rig, "SELECT count(*) FROM copy.organisation_copy WHERE name = 'New'") > 10);
    rig_change(rig, 1, ORGANISATIONS);
    rig_equal(rig);
}

static void test_pruned_place(void **state)
{
    rig_t *rig = *state;
    rig_sql(rig, "TRUNCATE copy.application"); // the other epoch began versions again
    rig_kill(&rig->copy);
    rig_change(rig, 1, 300);
    rig_await(rig, 0, "SELECT count(*) FROM registry.event_queue");
    rig_sql(rig, "BEGIN; INSERT INTO registry.event_kept (subject, sequence, version, time, id, type, traceparent, data) "
                 "SELECT e.subject, e.sequence, e.version, e.time, e.id, e.type, e.traceparent, e.data FROM registry.event e "
                 "JOIN registry.event_latest l USING (sequence); UPDATE registry.log_state SET pruned = head; COMMIT");
    rig_start_copy(rig);
    rig_equal(rig);
    assert_int_equal(rig_metric(rig, "pcn_follower_snapshots_total", false), 1);
    // What the copy had already was not applied again.
    rig_change(rig, 1, 300);
    rig_await(rig, 0, "SELECT count(*) FROM registry.event_queue");
}

static void test_killed_in_a_snapshot(void **state)
{
    rig_t *rig = *state;
    for (int i = 0; i < 6; i++) {
        rig_sql(rig, "UPDATE copy.follower SET epoch = 'of long ago', version = version + 1");
        rig_kill(&rig->copy);
        rig_start_copy(rig);
        (void)poll(NULL, 0, 15 * i);
    }
    rig_kill(&rig->copy);
    rig_start_copy(rig);
    rig_equal(rig);
}

static void test_two_replicas(void **state)
{
    rig_t *rig = *state;
    rig_start_second(rig);
    rig_change(rig, 1, 500);
    rig_equal(rig);
    assert_int_equal(rig_metric(rig, "pcn_follower_active", false), 1);
    assert_int_equal(rig_metric(rig, "pcn_follower_active", true), 0);
    rig_change(rig, 1, 500);
    rig_kill(&rig->copy);
    rig_await_metric(rig, "pcn_follower_active", true, 1);
    rig_change(rig, 1, 500);
    rig_equal(rig);
    rig_start_copy(rig);
    rig_end(&rig->second);
    rig_change(rig, 1, 100);
    rig_equal(rig);
    rig_await_metric(rig, "pcn_follower_active", false, 1);
}

// The one that follows loses its connection and with it its turn, with a batch under way: the other goes on, and what the first sends again
// when its turn comes back does nothing.
static void test_turns_change(void **state)
{
    rig_t *rig = *state;
    rig_start_second(rig);
    for (int i = 0; i < 8; i++) {
        rig_change(rig, 1, 1200);
        (void)poll(NULL, 0, 10 + 5 * i);
        rig_sql(rig,
                "SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid AND l.locktype = 'advisory' "
                "AND l.granted WHERE a.application_name = 'pcn-copy follower of registry' AND a.datname = current_database()");
    }
    rig_equal(rig);
    assert_applied_once(rig);
    rig_end(&rig->second);
}

// Not a benchmark, only that nothing is out of proportion: it says what it saw.
static void test_catches_up(void **state)
{
    rig_t *rig = *state;
    rig_kill(&rig->copy);
    for (int i = 0; i < 10; i++)
        rig_change(rig, 1, ORGANISATIONS);
    rig_await(rig, 0, "SELECT count(*) FROM registry.event_queue");
    rig_start_copy(rig);
    const int64_t begin_us = clock_steady_us();
    rig_equal(rig);
    printf("%ld events applied in %ld ms\n", 10L * ORGANISATIONS, (long)((clock_steady_us() - begin_us) / 1000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_load),        cmocka_unit_test(test_changes_follow), cmocka_unit_test(test_killed_at_any_moment),
        cmocka_unit_test(test_registry_restarts), cmocka_unit_test(test_another_key),    cmocka_unit_test(test_connection_lost),
        cmocka_unit_test(test_another_epoch),     cmocka_unit_test(test_pruned_place),   cmocka_unit_test(test_killed_in_a_snapshot),
        cmocka_unit_test(test_two_replicas),      cmocka_unit_test(test_turns_change),   cmocka_unit_test(test_catches_up),
    };
    return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
