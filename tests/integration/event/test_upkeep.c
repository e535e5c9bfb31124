// Partitions ahead of the log, and forgetting: in steps that are each whole, never waiting for a reader, never renumbering.
#include <stdlib.h>
#include <string.h>

#include "tests/integration/event/rig.h"

#define TYPE "pcn.log.thing.updated"

static void write_many(log_rig_t *rig, int count, int days)
{
    rig_sql(rig,
            "INSERT INTO event_queue (id, type, subject, version, time, data) SELECT gen_random_uuid(), '" TYPE "', 'things/' || "
            "(i * 7919) %% 1300, i, now() - interval '%d days', '{\"n\":' || i || '}' FROM generate_series(1, %d) i",
            days, count);
    while (rig_number(rig) > 0) {
    }
}

static Pcn__Platform__V1__Upkeep keep(log_rig_t *rig, int64_t partition, int64_t days)
{
    Pcn__Platform__V1__Upkeep kept;
    if (rig_upkeep(rig, partition, days, &kept) != STATUS_OK)
        fail_msg("%s", rig->problem.detail);
    return kept;
}

static int new_rig(void **state)
{
    *state = rig_new(0);
    return 0;
}

static void room_is_ahead(void **state)
{
    log_rig_t *rig = *state;
    Pcn__Platform__V1__Upkeep kept = keep(rig, 100, 0);
    // Two of the relay's transactions, however small partitions are.
    assert_true(kept.covered >= 2000);
    assert_int_equal(keep(rig, 100, 0).covered, kept.covered);
    write_many(rig, 2000, 0);
    assert_true(keep(rig, 100, 0).covered >= 4000);
    // Another size holds for what is made from now on, and leaves no gap.
    kept = keep(rig, 100000, 0);
    assert_true(kept.covered >= 100000);
    assert_int_equal(rig_sql(rig, "SELECT count(*) FROM (SELECT first, lag(last) OVER (ORDER BY first) AS before FROM event_partition) p "
                                  "WHERE first <> coalesce(before, 0) + 1"),
                     0);
    assert_int_equal(rig_sql(rig, "SELECT count(*) FROM event_partition p FULL JOIN (SELECT inhrelid::regclass::text AS name FROM "
                                  "pg_inherits WHERE inhparent = 'event'::regclass) i ON i.name = 'event_' || p.first "
                                  "WHERE p.first IS NULL OR i.name IS NULL"),
                     0);
    assert_int_equal(rig_sql(rig, "SELECT count(*) FROM pg_inherits i WHERE inhparent = 'event'::regclass AND NOT EXISTS "
                                  "(SELECT FROM pg_index x WHERE x.indrelid = i.inhrelid AND x.indisprimary)"),
                     0);
    assert_int_equal(rig_sql(rig, "SELECT count(*) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE inhparent = "
                                  "'event'::regclass AND NOT coalesce('autovacuum_analyze_scale_factor=1' = ANY (c.reloptions), false)"),
                     0);
}

static void without_retention_all_is_kept(void **state)
{
    log_rig_t *rig = *state;
    keep(rig, 100, 0);
    write_many(rig, 500, 5000);
    assert_int_equal(keep(rig, 100, 0).pruned, 0);
    assert_int_equal(rig_sql(rig, "SELECT count(*) FROM event"), 500);
}

static void old_partitions_go(void **state)
{
    log_rig_t *rig = *state;
    keep(rig, 100, 0);
    write_many(rig, 350, 10);
    write_many(rig, 300, 2);
    int64_t pruned = 0;
    for (Pcn__Platform__V1__Upkeep kept = keep(rig, 100, 7); kept.more; kept = keep(rig, 100, 7)) {
        assert_int_equal(kept.pruned, pruned + 100);
        pruned = kept.pruned;
        assert_int_equal(rig_sql(rig, "SELECT pruned FROM log_state"), pruned);
        assert_int_equal(rig_sql(rig, "SELECT min(sequence) FROM event"), pruned + 1);
    }
    // The fourth has newer events.
    assert_int_equal(pruned, 300);
    assert_int_equal(rig_sql(rig, "SELECT max(sequence) FROM event_kept"), 300);
    assert_int_equal(keep(rig, 100, 7).pruned, 300);
    // A longer time brings nothing back.
    assert_int_equal(keep(rig, 100, 0).pruned, 300);
}

static void numbers_never_begin_again(void **state)
{
    log_rig_t *rig = *state;
    keep(rig, 100, 0);
    write_many(rig, 300, 10);
    while (keep(rig, 100, 7).more) {
    }
    assert_int_equal(rig_sql(rig, "SELECT count(*) FROM event"), 0);
    assert_int_equal(rig_sql(rig, "SELECT head - pruned FROM log_state"), 0);
    rig_write(rig, "things/119", TYPE, 1000, "{}", 0);
    assert_int_equal(rig_number(rig), 1);
    assert_int_equal(rig_sql(rig, "SELECT sequence FROM event"), 301);
    // Its place before is remembered, forgotten or not.
    assert_int_equal(rig_sql(rig, "SELECT e.previous - k.sequence FROM event e JOIN event_kept k ON k.subject = e.subject"), 0);
}

// A partition of more than a step is forgotten by and by, and each step leaves what the log says to be true.
static void a_large_one_goes_in_steps(void **state)
{
    log_rig_t *rig = *state;
    static const char wrong[] = "SELECT count(*) FROM (SELECT subject, max(sequence) AS sequence FROM copy WHERE sequence <= "
                                "(SELECT pruned FROM log_state) GROUP BY subject) e FULL JOIN event_kept k USING (subject) "
                                "WHERE e.sequence IS DISTINCT FROM k.sequence";
    unsigned steps = 0;
    keep(rig, 25000, 0);
    write_many(rig, 26000, 10);
    rig_sql(rig, "CREATE TABLE copy AS SELECT * FROM event");
    while (keep(rig, 25000, 7).more) {
        steps++;
        assert_int_equal(rig_sql(rig, wrong), 0);
        assert_int_equal(rig_sql(rig, "SELECT (count(*) = 0)::int FROM event WHERE sequence <= 25000"), steps == 3);
    }
    assert_int_equal(steps, 3);
    assert_int_equal(rig_sql(rig, "SELECT pruned FROM log_state"), 25000);
    assert_int_equal(rig_sql(rig, "SELECT count(*) FROM event_kept k JOIN copy c USING (sequence, subject, version, time, id, type, data)"),
                     rig_sql(rig, "SELECT count(*) FROM event_kept"));
}

static void a_reader_is_not_waited_for(void **state)
{
    log_rig_t *rig = *state;
    Pcn__Platform__V1__Upkeep kept;
    keep(rig, 100, 0);
    write_many(rig, 150, 10);
    // A reader holds the partition that was to go.
    assert_int_equal(rig_sql_as(rig, rig->app_session, "BEGIN; SELECT count(*) FROM event"), STATUS_OK);
    assert_int_equal(rig_upkeep(rig, 100, 7, &kept), STATUS_ABORTED);
    assert_int_equal(rig_sql(rig, "SELECT pruned FROM log_state"), 0);
    assert_int_equal(rig_sql(rig, "SELECT count(*) FROM event_kept"), 0);
    // Making room waits for nobody.
    write_many(rig, 1900, 0);
    assert_int_equal(rig_upkeep(rig, 100, 0, &kept), STATUS_OK);
    assert_true(kept.covered > 4000);
    assert_int_equal(rig_sql_as(rig, rig->app_session, "COMMIT"), STATUS_OK);
    assert_int_equal(keep(rig, 100, 7).pruned, 100);
}

static void its_right_is_narrow(void **state)
{
    log_rig_t *rig = *state;
    Pcn__Platform__V1__Upkeep kept;
    assert_int_not_equal(rig_upkeep(rig, 0, 0, &kept), STATUS_OK);
    assert_int_not_equal(rig_upkeep(rig, 100, -1, &kept), STATUS_OK);
    // What the caller puts before the schema is not looked at.
    rig_sql(rig, "CREATE SCHEMA trap; GRANT ALL ON SCHEMA trap TO %s", rig->job);
    assert_int_equal(rig_sql_as(rig, rig->job_session,
                                "CREATE TABLE trap.event_partition (first bigint, last bigint); CREATE TEMPORARY TABLE "
                                "log_state (head bigint, pruned bigint); SET search_path = trap, pg_temp"),
                     STATUS_OK);
    assert_int_equal(rig_sql_as(rig, rig->job_session, "SELECT log.event_upkeep(100, 0)"), STATUS_OK);
    assert_int_equal(rig_sql(rig, "SELECT count(*) FROM trap.event_partition"), 0);
    assert_true(rig_sql(rig, "SELECT count(*) FROM event_partition") > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(room_is_ahead, new_rig, rig_teardown),
        cmocka_unit_test_setup_teardown(without_retention_all_is_kept, new_rig, rig_teardown),
        cmocka_unit_test_setup_teardown(old_partitions_go, new_rig, rig_teardown),
        cmocka_unit_test_setup_teardown(numbers_never_begin_again, new_rig, rig_teardown),
        cmocka_unit_test_setup_teardown(a_large_one_goes_in_steps, new_rig, rig_teardown),
        cmocka_unit_test_setup_teardown(a_reader_is_not_waited_for, new_rig, rig_teardown),
        cmocka_unit_test_setup_teardown(its_right_is_narrow, new_rig, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
