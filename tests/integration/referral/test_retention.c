// Records whose time is over are erased, and no others.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/referral/patients.h"

static int setup(void **state)
{
    if (world_setup(state) != 0)
        return -1;
    world_t *world = *state;
    world->unlimited = false;
    // As it is delivered no period is confirmed, so nothing is ever erased.
    const char *confirmed = world_query(world, "SELECT count(*) FROM retention_rule WHERE confidence = 'verified'");
    if (strcmp(confirmed, "0") != 0)
        return -1;
    free(test_database_query(world->database, "UPDATE retention_rule SET confidence = 'verified' WHERE code = 'deceased'"));
    return 0;
}

static void assert_died(world_t *world, const char *id, const char *on)
{
    world->organisation = "gp-a1";
    assert_call(world, "RecordDeath", "{\"id\":\"%s\",\"on\":\"%s\"}", id, on);
}

static const char *due(world_t *world, const char *today)
{
    char sql[200];
    (void)snprintf(sql, sizeof sql, "SELECT coalesce(string_agg(id::text, ' '), '') FROM patients_over('%s')", today);
    return asked_untold(world, sql);
}

static void only_what_is_over_is_erased_by_the_service_itself(void **state)
{
    world_t *world = *state;
    char old[40], twin[40], recent[40], alive[40];
    assert_registered(world, "gp-a1", "9996000281", "Xena", old);
    assert_registered(world, "gp-a1", "9996000303", "Xena", twin);
    assert_registered(world, "gp-a1", "9996000311", "Yuri", recent);
    assert_registered(world, "gp-a1", "9996000338", "Zoe", alive);
    world->organisation = "provider-a";
    assert_call(world, "CreateUrgentCase", "{\"nhsNumber\":\"9996000281\",\"birthDate\":\"1956-03-14\"}");
    assert_call(world, "BreakTheGlass", "{\"id\":\"%s\",\"reason\":\"Brought in unconscious\"}", old);
    world->organisation = "gp-a1";
    assert_call(world, "MergePatient", "{\"id\":\"%s\",\"into\":\"%s\"}", twin, old);
    assert_died(world, old, "2016-11-25");
    assert_died(world, recent, "2016-11-26");
    assert_string_equal(due(world, "2026-11-24"), "");
    assert_string_equal(due(world, "2026-11-25"), old);
    assert_call(world, "GetRetention", "{}");
    assert_reply_has(world, "\"code\":\"deceased\"");
    assert_reply_has(world, "\"years\":10");
    assert_reply_has(world, "\"applied\":true,\"due\":1,\"erased\":0}");
    assert_reply_has(world, "\"applied\":false");
    // Nobody else's statement erases, and what is not over stays.
    char sql[300];
    (void)snprintf(sql, sizeof sql, "SELECT patient_erase('%s', 3, '2026-11-25', now())", old);
    assert_string_equal(asked_as(world, "gp-a1", "tester", "0198c0de-0000-7000-8000-00000000aaaa", sql), "");
    world->own = true;
    world->organisation = NULL;
    const char *const kept[] = {recent, alive};
    for (size_t i = 0; i < 2; i++) {
        assert_call(world, "ErasePatient", "{\"id\":\"%s\"}", kept[i]);
        assert_null(world->verdict);
    }
    assert_call(world, "ErasePatient", "{\"id\":\"%s\"}", old);
    assert_string_equal(world->verdict, "done");
    assert_call(world, "ErasePatient", "{\"id\":\"%s\"}", old);
    assert_null(world->verdict);
    world->own = false;
    assert_string_equal(world_query(world, "SELECT string_agg(name, ' ' ORDER BY name) FROM patient"), "Yuri Zoe");
    static const char *const tables[] = {"registration WHERE patient <> ALL (SELECT id FROM patient)", "patient_grant", "notice",
                                         "break_glass", "urgent_case"};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM %s%s", tables[i], "");
        assert_string_equal(world_query(world, sql), "0");
    }
    assert_string_equal(world_query(world, "SELECT count(*) || ' ' || min(rule) FROM erasure"), "2 deceased");
    (void)snprintf(
        sql, sizeof sql,
        "SELECT string_agg(type || ' ' || (data::jsonb ->> 'state'), ' ') FROM event_queue WHERE type LIKE '%%erased' AND subject = "
        "'patients/%s'",
        old);
    assert_string_equal(world_query(world, sql), "pcn.referral.patient.erased erased");
    assert_call(world, "GetRetention", "{}");
    assert_reply_has(world, "\"applied\":true,\"due\":0,\"erased\":2,\"latestAt\":");
}

// What no source confirms is kept, however long ago.
static void without_a_confirmed_period_all_is_kept(void **state)
{
    world_t *world = *state;
    char id[40];
    assert_registered(world, "gp-a1", "9996000346", "Abe", id);
    assert_died(world, id, "2001-01-01");
    assert_string_equal(due(world, "2026-11-25"), id);
    free(test_database_query(world->database, "UPDATE retention_rule SET confidence = 'unconfirmed' WHERE code = 'deceased'"));
    assert_string_equal(due(world, "2026-11-25"), "");
    world->own = true;
    assert_call(world, "ErasePatient", "{\"id\":\"%s\"}", id);
    assert_null(world->verdict);
    world->own = false;
    free(test_database_query(world->database, "UPDATE retention_rule SET confidence = 'verified', years = NULL WHERE code = 'deceased'"));
    assert_string_equal(due(world, "2026-11-25"), "");
}

// What hangs on an appointment or an entry, and names no patient itself, goes with them.
static void what_hangs_on_what_hangs_goes_too(void **state)
{
    world_t *world = *state;
    char id[40], sql[1500];
    assert_registered(world, "gp-a1", "9996000354", "Bo", id);
    free(test_database_query(world->database, "UPDATE retention_rule SET confidence = 'verified', years = 10 WHERE code = 'deceased'"));
    (void)snprintf(
        sql, sizeof sql,
        "INSERT INTO appointment (id, patient, organisation, service, slots, start_at, end_at, channel, kind, status, "
        "booked_by_subject, booked_by, version, created_at, updated_at) SELECT gen_random_uuid(), '%1$s', 'gp-a1', "
        "gen_random_uuid(), ARRAY[gen_random_uuid()], '2012-01-01', '2012-01-02', 'in-person', 'core', 'completed', 'x', 'gp-a1', 1, "
        "now(), now() FROM generate_series(1, 3); "
        "INSERT INTO appointment_slot (appointment, version, slot, overbooked) SELECT id, 1, slots[1], false FROM appointment; "
        "INSERT INTO appointment_slot VALUES (gen_random_uuid(), 1, gen_random_uuid(), true, false); "
        "INSERT INTO waiting_entry (organisation, id, patient, service, status, recorded_by, recorded_from, version, created_at, "
        "updated_at) VALUES ('gp-a1', gen_random_uuid(), '%1$s', gen_random_uuid(), 'lapsed', 'x', 'gp-a1', 1, now(), now()); "
        "INSERT INTO waiting_offer SELECT id, gen_random_uuid(), now() FROM waiting_entry",
        id);
    free(test_database_query(world->database, sql));
    assert_died(world, id, "2013-01-01");
    world->own = true;
    assert_call(world, "ErasePatient", "{\"id\":\"%s\"}", id);
    assert_string_equal(world->verdict, "done");
    world->own = false;
    // But for the one of an appointment that somebody else's is.
    assert_string_equal(world_query(world,
                                    "SELECT (SELECT count(*) FROM appointment) || ' ' || (SELECT count(*) FROM appointment_slot) || ' ' || "
                                    "(SELECT count(*) FROM waiting_entry) || ' ' || (SELECT count(*) FROM waiting_offer)"),
                        "0 1 0 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_over_is_erased_by_the_service_itself),
        cmocka_unit_test(without_a_confirmed_period_all_is_kept),
        cmocka_unit_test(what_hangs_on_what_hangs_goes_too),
    };
    return cmocka_run_group_tests(tests, setup, world_teardown);
}
