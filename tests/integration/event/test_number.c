// Events get their places: without a gap, in the order of the queue, with the subject's place before.
#include <stdlib.h>
#include <string.h>

#include "tests/integration/event/rig.h"

#define TYPE "pcn.log.thing.updated"

static const char wrong_previous[] = "SELECT count(*) FROM event e WHERE previous IS DISTINCT FROM "
                                     "(SELECT max(sequence) FROM event o WHERE o.subject = e.subject AND o.sequence < e.sequence)";
static const char wrong_latest[] = "SELECT count(*) FROM (SELECT subject, max(sequence) AS sequence FROM event GROUP BY subject) e "
                                   "FULL JOIN event_latest l USING (subject) WHERE e.sequence IS DISTINCT FROM l.sequence";

static void places_have_no_gap(void **state)
{
    log_rig_t *rig = *state;
    rig_write(rig, "things/a", TYPE, 1, "{}", 0);
    rig_write(rig, "things/b", TYPE, 1, "{}", 0);
    rig_write(rig, "things/a", TYPE, 2, "{}", 0);
    rig_write(rig, "things/a", TYPE, 3, "{}", 0);
    assert_int_equal(rig_number(rig), 4);
    rig_write(rig, "things/b", TYPE, 2, "{}", 0);
    assert_int_equal(rig_number(rig), 1);
    assert_int_equal(rig_sql(rig, "SELECT count(*) FROM event WHERE (sequence, subject, version) IN ((1, 'things/a', 1), "
                                  "(2, 'things/b', 1), (3, 'things/a', 2), (4, 'things/a', 3), (5, 'things/b', 2))"),
                     5);
    assert_int_equal(rig_sql(rig, "SELECT head FROM log_state"), 5);
    assert_int_equal(rig_sql(rig, wrong_previous), 0);
    assert_int_equal(rig_sql(rig, wrong_latest), 0);
    assert_int_equal(rig_sql(rig, "SELECT count(*) FROM event_queue"), 0);
}

// Whether one look takes a transaction id: asked by the relay's own session and in the same transaction, since the cluster's counter is
// everybody's.
static bool takes_a_transaction_id(log_rig_t *rig, int expected)
{
    problem_t problem = {0};
    assert_int_equal(rig_sql_as(rig, rig->job_session, "BEGIN"), STATUS_OK);
    assert_int_equal(rig_number(rig), expected);
    PGresult *result = db_session_exec(rig->job_session, "SELECT pg_current_xact_id_if_assigned()", &problem);
    if (result == NULL)
        fail_msg("%s", problem.detail);
    const bool taken = !PQgetisnull(result, 0, 0);
    PQclear(result);
    assert_int_equal(rig_sql_as(rig, rig->job_session, "COMMIT"), STATUS_OK);
    return taken;
}

static void an_empty_queue_costs_no_transaction(void **state)
{
    log_rig_t *rig = *state;
    assert_false(takes_a_transaction_id(rig, 0));
    rig_write(rig, "things/a", TYPE, 1, "{}", 0);
    assert_true(takes_a_transaction_id(rig, 1)); // a look that finds something does
    assert_false(takes_a_transaction_id(rig, 0));
}

static void more_than_a_batch_is_several(void **state)
{
    log_rig_t *rig = *state;
    rig_sql(rig, "INSERT INTO event_queue (id, type, subject, version, time, data) SELECT gen_random_uuid(), '" TYPE "', 'things/' || "
                 "i %% 300, i, now(), '{}' FROM generate_series(1, 2500) i");
    assert_int_equal(rig_number(rig), 1000);
    assert_int_equal(rig_number(rig), 1000);
    assert_int_equal(rig_number(rig), 500);
    assert_int_equal(rig_sql(rig, "SELECT count(*) FROM event WHERE sequence = version"), 2500);
    assert_int_equal(rig_sql(rig, "SELECT head FROM log_state"), 2500);
    assert_int_equal(rig_sql(rig, wrong_previous), 0);
    assert_int_equal(rig_sql(rig, wrong_latest), 0);
}

static void want_of_room_loses_nothing(void **state)
{
    (void)state;
    log_rig_t *rig = rig_new(0);
    Pcn__Platform__V1__Upkeep kept;
    rig_write(rig, "things/a", TYPE, 1, "{}", 0);
    assert_int_equal(rig_number_status(rig), STATUS_INVALID_ARGUMENT);
    assert_int_equal(rig_sql(rig, "SELECT count(*) FROM event_queue"), 1);
    assert_int_equal(rig_sql(rig, "SELECT head FROM log_state"), 0);
    assert_int_equal(rig_upkeep(rig, 100, 0, &kept), STATUS_OK);
    assert_int_equal(rig_number(rig), 1);
    rig_destroy(&rig);
}

static void each_role_may_do_its_part(void **state)
{
    log_rig_t *rig = *state;
    static const char *const not_app[] = {
        "INSERT INTO event (sequence, version, time, id, type, subject, data) VALUES (1, 1, now(), gen_random_uuid(), 't', 's', '{}')",
        "UPDATE event SET data = '{}'",
        "DELETE FROM event",
        "DELETE FROM event_queue",
        "UPDATE event_queue SET data = '{}'",
        "UPDATE log_state SET head = 7",
        "UPDATE event_latest SET sequence = 1",
        "DELETE FROM event_kept",
        "SELECT event_upkeep(1000, 1)",
        "SELECT event_partition_add(5000001, 5000002)",
        "CREATE TABLE mine (a int)",
    };
    static const char *const not_job[] = {
        "UPDATE event SET data = '{}'",
        "DELETE FROM event",
        "INSERT INTO event_queue (id, type, subject, version, time, data) VALUES (gen_random_uuid(), 't', 's', 1, now(), '{}')",
        "UPDATE log_state SET epoch = gen_random_uuid()",
        "UPDATE log_state SET pruned = 0",
        "UPDATE event_latest SET subject = ''",
        "DELETE FROM event_kept",
        "SELECT event_partition_add(5000001, 5000002)",
        "DROP TABLE event_1",
        "CREATE TABLE mine (a int)",
    };
    for (size_t i = 0; i < sizeof not_app / sizeof *not_app; i++) {
        if (rig_sql_as(rig, rig->app_session, not_app[i]) == STATUS_OK)
            fail_msg("The application may %s", not_app[i]);
    }
    for (size_t i = 0; i < sizeof not_job / sizeof *not_job; i++) {
        if (rig_sql_as(rig, rig->job_session, not_job[i]) == STATUS_OK)
            fail_msg("The relay may %s", not_job[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(places_have_no_gap, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(an_empty_queue_costs_no_transaction, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(more_than_a_batch_is_several, rig_setup, rig_teardown),
        cmocka_unit_test(want_of_room_loses_nothing),
        cmocka_unit_test_setup_teardown(each_role_may_do_its_part, rig_setup, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
