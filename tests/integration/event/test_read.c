// Events/Read: pages of the log in order, and which places are not in it.
#include <stdlib.h>
#include <string.h>

#include "common/event/epoch.h"
#include "tests/integration/event/rig.h"

static Pcn__Events__V1__ReadRequest request(int64_t after)
{
    Pcn__Events__V1__ReadRequest request = PCN__EVENTS__V1__READ_REQUEST__INIT;
    request.service = (char *)"log";
    request.has_after = 1;
    request.after = after;
    return request;
}

static const Pcn__Events__V1__ReadReply *must_read(log_rig_t *rig, const Pcn__Events__V1__ReadRequest *asked)
{
    void *reply = NULL;
    if (rig_call(rig, "Read", asked, &reply) != STATUS_OK)
        fail_msg("%s: %s", rig->problem.field, rig->problem.detail);
    return reply;
}

static void assert_gone(log_rig_t *rig, const Pcn__Events__V1__ReadRequest *asked, const char *field)
{
    void *reply = NULL;
    assert_int_equal(rig_call(rig, "Read", asked, &reply), STATUS_OUT_OF_RANGE);
    assert_null(reply);
    assert_string_equal(rig->problem.field, field);
    assert_non_null(strstr(rig->problem.detail, "/v1/events/log/snapshot"));
}

// Every third is of the other type; each has 20 digits of data.
static void fill(log_rig_t *rig, int count, int bytes)
{
    rig_sql(rig,
            "INSERT INTO event_queue (id, type, subject, version, time, traceparent, data) SELECT gen_random_uuid(), 'pcn.log.' || "
            "CASE i %% 3 WHEN 0 THEN 'other' ELSE 'thing' END || '.updated', 'things/' || i, 1, timestamptz '2026-11-01 10:00:00.25+00', "
            "'trace', '{\"n\":\"' || lpad(i::text, %d, '0') || '\"}' FROM generate_series(1, %d) i",
            bytes, count);
    while (rig_number(rig) > 0) {
    }
}

static void an_empty_log_has_an_end(void **state)
{
    log_rig_t *rig = *state;
    const Pcn__Events__V1__ReadRequest asked = request(0);
    const Pcn__Events__V1__ReadReply *reply = must_read(rig, &asked);
    assert_int_equal(reply->n_events, 0);
    assert_true(reply->has_next && reply->has_max && reply->has_pruned);
    assert_int_equal(reply->next + reply->max + reply->pruned, 0);
    assert_int_equal(strlen(reply->epoch), 36);
}

static void pages_follow_each_other(void **state)
{
    log_rig_t *rig = *state;
    Pcn__Events__V1__ReadRequest asked = request(0);
    int64_t expected = 1;
    fill(rig, 250, 20);
    asked.has_after = 0;
    for (int page = 0; page < 3; page++) {
        const Pcn__Events__V1__ReadReply *reply = must_read(rig, &asked);
        assert_int_equal(reply->n_events, page < 2 ? 100 : 50);
        assert_int_equal(reply->max, 250);
        for (size_t i = 0; i < reply->n_events; i++, expected++) {
            const Pcn__Events__V1__Event *event = reply->events[i];
            assert_int_equal(event->sequence, expected);
            assert_string_equal(event->specversion, "1.0");
            assert_string_equal(event->source, "/pcn/log");
            assert_string_equal(event->time, "2026-11-01T10:00:00.250000Z");
            assert_string_equal(event->traceparent, "trace");
            assert_string_equal(event->datacontenttype, "application/json");
            assert_int_equal(strlen(event->id), 36);
            assert_int_equal(atoi(event->data + 6), expected);
        }
        assert_int_equal(reply->next, page < 2 ? expected - 1 : 250);
        asked.has_after = 1;
        asked.after = reply->next;
    }
    assert_int_equal(must_read(rig, &asked)->n_events, 0);
}

static void a_type_leaves_places_out(void **state)
{
    log_rig_t *rig = *state;
    Pcn__Events__V1__ReadRequest asked = request(0);
    fill(rig, 30, 20);
    asked.type = (char *)"pcn.log.other.";
    asked.has_limit = 1;
    asked.limit = 4;
    const Pcn__Events__V1__ReadReply *reply = must_read(rig, &asked);
    assert_int_equal(reply->n_events, 4);
    assert_int_equal(reply->next, 12);
    asked.after = 12;
    asked.limit = 100;
    reply = must_read(rig, &asked);
    assert_int_equal(reply->n_events, 6);
    // What comes after the last one of the type is of no interest.
    asked.type = (char *)"pcn.log.nothing";
    asked.after = 0;
    reply = must_read(rig, &asked);
    assert_int_equal(reply->n_events, 0);
    assert_int_equal(reply->next, 30);
    // It is a prefix, not a pattern.
    asked.type = (char *)"%";
    assert_int_equal(must_read(rig, &asked)->n_events, 0);
}

static void a_page_ends_by_its_size(void **state)
{
    log_rig_t *rig = *state;
    Pcn__Events__V1__ReadRequest asked = request(0);
    fill(rig, 30, 60000);
    asked.has_limit = 1;
    asked.limit = 1000;
    const Pcn__Events__V1__ReadReply *reply = must_read(rig, &asked);
    // Nine are more than half a megabyte.
    assert_int_equal(reply->n_events, 9);
    assert_int_equal(reply->next, 9);
    assert_int_equal(reply->max, 30);
    asked.after = 27;
    reply = must_read(rig, &asked);
    assert_int_equal(reply->n_events, 3);
    assert_int_equal(reply->next, 30);
}

static void places_that_are_gone(void **state)
{
    log_rig_t *rig = *state;
    Pcn__Events__V1__ReadRequest asked = request(31);
    fill(rig, 30, 20);
    assert_gone(rig, &asked, "after");
    asked.after = 30;
    must_read(rig, &asked);
    asked.epoch = (char *)"another";
    assert_gone(rig, &asked, "epoch");
    asked.epoch = NULL;
    rig_sql(rig, "UPDATE log_state SET pruned = 10");
    asked.after = 9;
    assert_gone(rig, &asked, "after");
    asked.has_after = 0;
    assert_gone(rig, &asked, "after");
    asked.has_after = 1;
    asked.after = 10;
    const Pcn__Events__V1__ReadReply *reply = must_read(rig, &asked);
    assert_int_equal(reply->pruned, 10);
    assert_int_equal(reply->events[0]->sequence, 11);
}

static void a_new_epoch_makes_places_void(void **state)
{
    log_rig_t *rig = *state;
    char epoch[EVENT_EPOCH_SIZE];
    char *old = test_database_query(rig->database, "SELECT epoch FROM log_state");
    Pcn__Events__V1__ReadRequest asked = request(0);
    db_session_t *owner = NULL;
    asked.epoch = old;
    must_read(rig, &asked);
    assert_int_equal(db_session_open(test_database_dsn(rig->database), "owner", "log", &owner, &rig->problem), STATUS_OK);
    assert_int_equal(event_epoch_renew(owner, epoch, &rig->problem), STATUS_OK);
    db_session_close(&owner);
    assert_gone(rig, &asked, "epoch");
    asked.epoch = epoch;
    assert_string_equal(must_read(rig, &asked)->epoch, epoch);
    free(old);
}

// A page is read by a range of keys, in whatever partition, also by the plan that serves every parameter.
static void a_page_is_a_range_scan(void **state)
{
    log_rig_t *rig = *state;
    fill(rig, 3000, 20);
    rig_sql(rig, "ANALYZE event");
    const plan_method_t *method = plan_find(rig->plan, "pcn.events.v1.Events/Read");
    char sql[4096];
    (void)snprintf(sql, sizeof sql, "SET plan_cache_mode = force_generic_plan; PREPARE page AS %s", db_statement_sql(method->load));
    rig_sql(rig, "%s", sql);
    rig_sql(rig, "CREATE TEMPORARY TABLE plan_line (line text); DO $$ DECLARE l text; BEGIN FOR l IN EXECUTE "
                 "'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) EXECUTE page(2000, NULL, 100)' "
                 "LOOP INSERT INTO plan_line VALUES (l); END LOOP; END $$");
    assert_true(rig_sql(rig, "SELECT count(*) FROM plan_line WHERE line LIKE '%%Index Scan%%event%%rows=100 %%'") >= 1);
    assert_int_equal(rig_sql(rig, "SELECT count(*) FROM plan_line WHERE line LIKE '%%Seq Scan on event_%%'"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_empty_log_has_an_end, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(pages_follow_each_other, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_type_leaves_places_out, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_page_ends_by_its_size, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(places_that_are_gone, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_new_epoch_makes_places_void, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_page_is_a_range_scan, rig_setup, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
