// The log's tables change under a log that is in use: nothing is lost, no place and no epoch changes.
#include <stdlib.h>
#include <string.h>

#include "tests/integration/event/rig.h"

static char *text(log_rig_t *rig, const char *sql)
{
    return test_database_query(rig->database, sql);
}

// What a log of the first tables holds: places 1 to 40 over 7 subjects, and three events that nobody has numbered yet.
static void fill(log_rig_t *rig)
{
    rig_sql(rig, "INSERT INTO event SELECT ('00000000-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid, 'pcn.log.thing.updated', "
                 "'things/t' || i %% 7, i / 7 + 1, timestamptz '2026-11-01 00:00:00+00' + i * interval '1 minute', "
                 "CASE WHEN i %% 2 = 0 THEN 'trace-' || i END, '{\"n\":' || i || '}' FROM generate_series(1, 43) i");
    // The order of places is not that of the events' making.
    rig_sql(rig, "INSERT INTO event_sequence SELECT i, ('00000000-0000-4000-8000-' || lpad((41 - i)::text, 12, '0'))::uuid "
                 "FROM generate_series(1, 40) i");
    rig_sql(rig, "INSERT INTO event_queue (event) SELECT id FROM event WHERE id > '00000000-0000-4000-8000-000000000040' ORDER BY id");
}

static void nothing_is_lost(void **state)
{
    (void)state;
    static const char before[] = "SELECT md5(string_agg(concat_ws('|', s.sequence, e.id, e.type, e.subject, e.version, e.time, "
                                 "e.traceparent, e.data), ';' ORDER BY s.sequence)) FROM event_sequence s JOIN event e ON e.id = s.event";
    static const char after[] = "SELECT md5(string_agg(concat_ws('|', sequence, id, type, subject, version, time, traceparent, data), ';' "
                                "ORDER BY sequence)) FROM event WHERE sequence <= 40";
    log_rig_t *rig = rig_new(1);
    fill(rig);
    char *epoch = text(rig, "SELECT epoch FROM log_epoch"), *content = text(rig, before);
    rig_migrate(rig);
    char *epoch_now = text(rig, "SELECT epoch FROM log_state"), *content_now = text(rig, after);
    assert_string_equal(epoch, epoch_now);
    assert_string_equal(content, content_now);
    assert_int_equal(rig_sql(rig, "SELECT head FROM log_state"), 40);
    assert_int_equal(rig_sql(rig, "SELECT pruned FROM log_state"), 0);
    assert_int_equal(rig_sql(rig, "SELECT count(*) FROM event_queue"), 3);
    assert_int_equal(rig_sql(rig, "SELECT count(*) FROM event_latest"), 7);
    assert_int_equal(rig_sql(rig, "SELECT count(*) FROM event e WHERE previous IS DISTINCT FROM "
                                  "(SELECT max(sequence) FROM event o WHERE o.subject = e.subject AND o.sequence < e.sequence)"),
                     0);
    free(epoch);
    free(epoch_now);
    free(content);
    free(content_now);
    rig_destroy(&rig);
}

static void numbering_goes_on(void **state)
{
    (void)state;
    log_rig_t *rig = rig_new(1);
    Pcn__Platform__V1__Upkeep kept;
    fill(rig);
    rig_migrate(rig);
    // There is no room behind what there was until the relay's first look.
    assert_int_equal(rig_number_status(rig), STATUS_INVALID_ARGUMENT);
    assert_int_equal(rig_upkeep(rig, 1000, 0, &kept), STATUS_OK);
    assert_true(kept.covered >= 1040 && kept.pruned == 0 && !kept.more);
    assert_int_equal(rig_number(rig), 3);
    assert_int_equal(rig_sql(rig, "SELECT count(*) FROM event WHERE sequence > 40 AND data = '{\"n\":' || sequence || '}'"), 3);
    assert_int_equal(rig_sql(rig, "SELECT count(*) FROM event e WHERE sequence > 40 AND previous IS DISTINCT FROM "
                                  "(SELECT max(sequence) FROM event o WHERE o.subject = e.subject AND o.sequence < e.sequence)"),
                     0);
    // A position that was given is not given again.
    rig_write(rig, "things/t1", "pcn.log.thing.updated", 9, "{}", 0);
    assert_true(rig_sql(rig, "SELECT position FROM event_queue") > 3);
    rig_destroy(&rig);
}

static void an_empty_log_stays_one(void **state)
{
    (void)state;
    log_rig_t *rig = rig_new(1);
    rig_migrate(rig);
    assert_int_equal(rig_sql(rig, "SELECT head + pruned FROM log_state"), 0);
    assert_int_equal(rig_sql(rig, "SELECT count(*) FROM event_partition"), 0);
    rig_destroy(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost),
        cmocka_unit_test(numbering_goes_on),
        cmocka_unit_test(an_empty_log_stays_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
