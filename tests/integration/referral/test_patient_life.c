// What happens to a record: death, leaving, merging, being sensitive. One world for all: each test has numbers of its own.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "tests/integration/referral/patients.h"

// More than any call has to look at.
#define MANY 5000

static int setup(void **state)
{
    if (world_setup(state) != 0)
        return -1;
    ((world_t *)*state)->unlimited = false;
    return 0;
}

static world_t *as(void **state, const char *organisation)
{
    world_t *world = *state;
    world->organisation = organisation;
    world->today = "2026-11-25";
    return world;
}

static const char *events(world_t *world, const char *id)
{
    char sql[400];
    (void)snprintf(
        sql, sizeof sql,
        "SELECT string_agg(replace(type, 'pcn.referral.patient.', '') || ' ' || version || ' ' || (data::jsonb ->> 'state'), ', ' "
        "ORDER BY position) FROM event_queue WHERE subject = 'patients/%s'",
        id);
    return world_query(world, sql);
}

static void a_death_ends_the_registration_and_can_be_withdrawn(void **state)
{
    world_t *world = as(state, "gp-a1");
    char id[40];
    assert_registered(world, "gp-a1", "9996000060", "Dora", id);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "on", "RecordDeath", "{\"id\":\"%s\",\"on\":\"2026-11-26\"}", id);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "on", "RecordDeath", "{\"id\":\"%s\",\"on\":\"1956-03-13\"}", id);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "id", "WithdrawDeath", "{\"id\":\"%s\"}", id);
    assert_call(world, "RecordDeath", "{\"id\":\"%s\",\"on\":\"2026-11-20\"}", id);
    assert_reply_has(world, "\"practice\":\"gp-a1\"");
    assert_reply_has(world, "\"diedOn\":\"2026-11-20\",\"flags\":[\"deceased\"]");
    assert_string_equal(registrations_of(world, id), "gp-a1 2026-11-25 2026-11-24");
    char *dead = strdup(world->reply);
    assert_call(world, "GetPatient", "{\"id\":\"%s\"}", id);
    assert_string_equal(world->reply, dead);
    free(dead);
    assert_call(world, "RecordDeath", "{\"id\":\"%s\",\"on\":\"2026-11-25\"}", id);
    assert_string_equal(registrations_of(world, id), "gp-a1 2026-11-25 2026-11-25");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "id", "DeregisterPatient", "{\"id\":\"%s\"}", id);
    world->organisation = "gp-x";
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "nhsNumber", "CreatePatient",
                   "{\"patient\":{\"nhsNumber\":\"9996000060\",\"name\":\"Dora\",\"birthDate\":\"1956-03-14\"}}");
    assert_refusal(world, STATUS_NOT_FOUND, "id", "WithdrawDeath", "{\"id\":\"%s\"}", id);
    world->organisation = "gp-a1";
    assert_call(world, "WithdrawDeath", "{\"id\":\"%s\"}", id);
    assert_reply_lacks(world, "diedOn");
    assert_string_equal(registrations_of(world, id), "gp-a1 2026-11-25 -");
    assert_string_equal(events(world, id), "registered 1 registered, died 2 deceased, died 3 deceased, updated 4 registered");
}

static void who_left_is_seen_by_nobody_until_registered_again(void **state)
{
    world_t *world = as(state, "gp-a1");
    char id[40], again[40];
    assert_registered(world, "gp-a1", "9996000079", "Leo", id);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "on", "DeregisterPatient", "{\"id\":\"%s\",\"on\":\"2026-11-24\"}", id);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "on", "DeregisterPatient", "{\"id\":\"%s\",\"on\":\"2026-11-26\"}", id);
    assert_call(world, "DeregisterPatient", "{\"id\":\"%s\"}", id);
    assert_reply_lacks(world, "\"practice\":\"gp-a1\",\"registeredFrom\"");
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetPatient", "{\"id\":\"%s\"}", id);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "DeregisterPatient", "{\"id\":\"%s\"}", id);
    // On the same day, elsewhere: nobody is told, since nobody is left.
    assert_registered(world, "gp-x", "9996000079", "Leo", again);
    assert_string_equal(again, id);
    assert_string_equal(registrations_of(world, id), "gp-a1 2026-11-25 2026-11-24, gp-x 2026-11-25 -");
    assert_string_equal(events(world, id), "registered 1 registered, deregistered 2 unregistered, registered 3 registered");
    char sql[200];
    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM notice WHERE patient = '%s'", id);
    assert_string_equal(world_query(world, sql), "0");
}

// Both days of a registration are included: the practice that is left on its last day sees the record to the end of that day.
static void the_last_day_is_the_practices(void **state)
{
    world_t *world = as(state, "gp-a1");
    char id[40], today[DATE_SIZE], sql[300];
    date_format(date_of_instant(clock_wall_us()), today);
    world->today = today;
    assert_registered(world, "gp-a1", "9996000206", "Pia", id);
    assert_call(world, "SetSensitive", "{\"id\":\"%s\",\"sensitive\":true}", id);
    assert_call(world, "DeregisterPatient", "{\"id\":\"%s\"}", id);
    assert_call(world, "GetPatient", "{\"id\":\"%s\"}", id);
    assert_reply_lacks(world, "\"practice\":\"gp-a1\",\"registeredFrom\"");
    assert_reply_has(world, "\"to\":\"20");
    assert_call(world, "FindPatients", "{\"nhsNumber\":\"9996000206\"}");
    assert_reply_has(world, id);
    (void)snprintf(sql, sizeof sql,
                   "SELECT until = ('%s'::date + 1)::timestamp AT TIME ZONE 'Europe/London' FROM patient_grant WHERE patient = '%s'", today,
                   id);
    assert_string_equal(world_query(world, sql), "t");
    // To look at, not to change; and for nobody else.
    assert_refusal(world, STATUS_NOT_FOUND, "id", "UpdatePatient", "{\"id\":\"%s\",\"patient\":{\"name\":\"Eve\"}}", id);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "DeregisterPatient", "{\"id\":\"%s\"}", id);
    world->organisation = "pcn-a";
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetPatient", "{\"id\":\"%s\"}", id);
    world->organisation = "gp-a2";
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetPatient", "{\"id\":\"%s\"}", id);
    // The day after it is gone.
    world->organisation = "gp-a1";
    (void)snprintf(sql, sizeof sql, "UPDATE patient_grant SET until = now() WHERE patient = '%s'", id);
    free(test_database_query(world->database, sql));
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetPatient", "{\"id\":\"%s\"}", id);
    // Registered elsewhere on the same day: that practice sees it, the other one no more, and nobody is told where the patient was.
    assert_registered(world, "gp-a1", "9996000168", "Quin", id);
    assert_call(world, "DeregisterPatient", "{\"id\":\"%s\"}", id);
    assert_call(world, "GetPatient", "{\"id\":\"%s\"}", id);
    assert_registered(world, "gp-x", "9996000168", "Quin", id);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetPatient", "{\"id\":\"%s\"}", id);
    world->organisation = "gp-x";
    assert_call(world, "ExportPatient", "{\"id\":\"%s\"}", id);
    assert_reply_lacks(world, "gp-a1");
    // One that ended on a day before has no such day.
    world->organisation = "gp-a1";
    assert_call(
        world, "CreatePatient",
        "{\"patient\":{\"nhsNumber\":\"9996000176\",\"name\":\"Rae\",\"birthDate\":\"1956-03-14\",\"registeredFrom\":\"2026-01-01\"}}");
    keep_id(world, id);
    assert_call(world, "DeregisterPatient", "{\"id\":\"%s\",\"on\":\"2026-11-24\"}", id);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetPatient", "{\"id\":\"%s\"}", id);
}

static void a_double_goes_into_the_other(void **state)
{
    world_t *world = as(state, "gp-a1");
    char id[40], left[40], sql[400];
    assert_registered(world, "gp-a1", "9996000087", "Mia", id);
    assert_registered(world, "gp-a1", "9996000095", "Mia", left);
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO patient_grant VALUES ('%s', gen_random_uuid(), 'gp-x', NULL, 'appointment', now(), "
                   "now() + interval '1 hour')",
                   id);
    free(test_database_query(world->database, sql));
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "into", "MergePatient", "{\"id\":\"%s\",\"into\":\"%s\"}", id, id);
    assert_call(world, "MergePatient", "{\"id\":\"%s\",\"into\":\"%s\"}", id, left);
    assert_reply_has(world, "\"flags\":[\"merged\"]");
    char expected[100];
    (void)snprintf(expected, sizeof expected, "\"mergedInto\":\"%s\"", left);
    assert_reply_has(world, expected);
    assert_string_equal(events(world, id), "registered 1 registered, merged 2 merged");
    assert_string_equal(events(world, left), "registered 1 registered, updated 2 registered");
    // Reading goes on, the number finds the record that is left, which has what hung on the double.
    char *merged = strdup(world->reply);
    assert_call(world, "GetPatient", "{\"id\":\"%s\"}", id);
    assert_string_equal(world->reply, merged);
    free(merged);
    assert_call(world, "FindPatients", "{\"nhsNumber\":\"9996000087\"}");
    assert_reply_has(world, left);
    (void)snprintf(sql, sizeof sql, "SELECT organisation FROM patient_grant WHERE patient = '%s'", left);
    assert_string_equal(world_query(world, sql), "gp-x");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "id", "UpdatePatient", "{\"id\":\"%s\",\"patient\":{\"name\":\"Eve\"}}", id);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "into", "MergePatient", "{\"id\":\"%s\",\"into\":\"%s\"}", left, id);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "nhsNumber", "CreatePatient",
                   "{\"patient\":{\"nhsNumber\":\"9996000087\",\"name\":\"Mia\",\"birthDate\":\"1956-03-14\"}}");
    world->organisation = "gp-x";
    assert_call(world, "GetPatient", "{\"id\":\"%s\"}", id);
    world->organisation = "gp-b1";
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetPatient", "{\"id\":\"%s\"}", id);
}

static void merging_needs_both_within_reach_and_one_person(void **state)
{
    world_t *world = as(state, "gp-a1");
    char mine[40], other[40], born[40], dead[40];
    assert_registered(world, "gp-a1", "9996000109", "Noa", mine);
    assert_registered(world, "gp-b1", "9996000117", "Noa", other);
    assert_call(world, "CreatePatient", "{\"patient\":{\"nhsNumber\":\"9996000125\",\"name\":\"Noa\",\"birthDate\":\"1957-03-14\"}}");
    keep_id(world, born);
    assert_registered(world, "gp-a1", "9996000133", "Noa", dead);
    assert_call(world, "RecordDeath", "{\"id\":\"%s\",\"on\":\"2026-11-25\"}", dead);
    assert_refusal(world, STATUS_NOT_FOUND, "into", "MergePatient", "{\"id\":\"%s\",\"into\":\"%s\"}", mine, other);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "MergePatient", "{\"id\":\"%s\",\"into\":\"%s\"}", other, mine);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "into", "MergePatient", "{\"id\":\"%s\",\"into\":\"%s\"}", mine, born);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "into", "MergePatient", "{\"id\":\"%s\",\"into\":\"%s\"}", mine, dead);
    char request[200], meanwhile[300];
    (void)snprintf(request, sizeof request, "{\"id\":\"%s\",\"into\":\"%s\"}", mine, other);
    (void)snprintf(meanwhile, sizeof meanwhile, "UPDATE patient SET version = version + 1, practice = 'gp-x' WHERE id = '%s'", other);
    // Both seen from the network above; the one that is left goes elsewhere meanwhile.
    world->organisation = "ccg-a";
    assert_int_equal(world_race(world, meanwhile, "MergePatient", request), STATUS_NOT_FOUND);
    assert_string_equal(world->problem.field, "into");
}

static void a_sensitive_record_is_the_practices_alone(void **state)
{
    world_t *world = as(state, "pcn-a");
    char id[40];
    assert_registered(world, "gp-a1", "9996000141", "Ola", id);
    assert_call(world, "GetPatient", "{\"id\":\"%s\"}", id);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "SetSensitive", "{\"id\":\"%s\",\"sensitive\":true}", id);
    world->organisation = "gp-a1";
    assert_call(world, "SetSensitive", "{\"id\":\"%s\",\"sensitive\":true}", id);
    assert_reply_has(world, "\"flags\":[\"sensitive\"]");
    assert_int_equal(world->version, 2);
    assert_call(world, "SetSensitive", "{\"id\":\"%s\",\"sensitive\":true}", id);
    assert_int_equal(world->version, 2);
    assert_null(world->verdict);
    assert_call(world, "GetPatient", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, "\"flags\":[\"sensitive\"]");
    assert_call(world, "UpdatePatient", "{\"id\":\"%s\",\"patient\":{\"name\":\"Ola B\"}}", id);
    world->organisation = "pcn-a";
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetPatient", "{\"id\":\"%s\"}", id);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "UpdatePatient", "{\"id\":\"%s\",\"patient\":{\"name\":\"Eve\"}}", id);
    assert_call(world, "FindPatients", "{\"nhsNumber\":\"9996000141\"}");
    assert_string_equal(world->reply, "{\"patients\":[]}");
    world->organisation = "gp-a1";
    assert_call(world, "SetSensitive", "{\"id\":\"%s\",\"sensitive\":false}", id);
    world->organisation = "pcn-a";
    assert_call(world, "GetPatient", "{\"id\":\"%s\"}", id);
}

// Rows of these tables that were read one after the other so far, all that was done included.
static long rows_scanned(world_t *world)
{
    problem_t problem = {0};
    PQclear(db_session_exec(world->session, "SELECT pg_stat_force_next_flush()", &problem));
    return strtol(world_query(world, "SELECT sum(seq_tup_read) FROM pg_stat_user_tables WHERE relname IN ('patient', 'registration', "
                                     "'patient_grant', 'notice', 'break_glass', 'urgent_case')"),
                  NULL, 10);
}

// A request with the ids of two patients in the places of $1 and $2.
static void fill(char request[400], const char *format, const char *first, const char *second)
{
    size_t size = 0;
    for (; *format != '\0' && size < 300; format++) {
        if (*format == '$')
            size += (size_t)snprintf(request + size, 400 - size, "%s", *++format == '1' ? first : second);
        else
            request[size++] = *format;
    }
    request[size] = '\0';
}

// Row-level security is a barrier to the planner: what it does not take for tight looks at every patient there is.
static void no_call_looks_at_all_patients(void **state)
{
    world_t *world = as(state, "gp-b1");
    char id[40], double_id[40];
    free(test_database_query(
        world->database,
        "INSERT INTO patient (id, nhs_number, name, birth_date, practice, registered_from, version, created_at, updated_at) SELECT "
        "gen_random_uuid(), lpad(n::text, 10, '0'), 'Many', '1956-03-14', 'gp-b1', '2026-01-01', 1, now(), now() FROM generate_series(1, "
        "5000) n; INSERT INTO registration SELECT id, 1, practice, registered_from, NULL, now() FROM patient WHERE name = 'Many'; "
        "INSERT INTO patient_grant SELECT id, id, 'gp-x', NULL, 'appointment', now(), now() + interval '1 day' FROM patient WHERE name = "
        "'Many'; "
        "INSERT INTO notice SELECT 'gp-b1', id, 'patient-left', id, NULL, now() FROM patient WHERE name = 'Many'; ANALYZE; "
        // What this itself read is counted before anything is measured: otherwise it would be as its session ends, some time later.
        "SELECT pg_stat_force_next_flush()"));
    assert_registered(world, "gp-b1", "9996000370", "Ivo", id);
    assert_registered(world, "gp-b1", "9996000389", "Ivo", double_id);
    static const struct {
        const char *organisation, *method, *request;
    } calls[] = {
        {"gp-b1", "CreatePatient", "{\"patient\":{\"nhsNumber\":\"9996000397\",\"name\":\"Ivo\",\"birthDate\":\"1956-03-14\"}}"},
        {"gp-b1", "GetPatient", "{\"id\":\"$1\"}"},
        {"gp-b1", "FindPatients", "{\"nhsNumber\":\"9996000370\"}"},
        {"gp-b1", "UpdatePatient", "{\"id\":\"$1\",\"patient\":{\"name\":\"Ivo B\"}}"},
        {"gp-b1", "SetSensitive", "{\"id\":\"$1\",\"sensitive\":true}"},
        {"gp-b1", "SetSensitive", "{\"id\":\"$1\",\"sensitive\":false}"},
        {"gp-b1", "MergePatient", "{\"id\":\"$2\",\"into\":\"$1\"}"},
        {"gp-b1", "GetPatient", "{\"id\":\"$2\"}"},
        {"gp-b1", "ListNotices", "{\"practice\":\"gp-b1\",\"pageSize\":5}"},
        {"gp-b1", "ListBreakGlass", "{\"practice\":\"gp-b1\"}"},
        {"gp-b1", "ListAccesses", "{\"id\":\"$1\"}"},
        {"gp-b1", "ExportPatient", "{\"id\":\"$1\"}"},
        {"gp-b1", "RecordDeath", "{\"id\":\"$1\",\"on\":\"2026-11-25\"}"},
        {"gp-b1", "WithdrawDeath", "{\"id\":\"$1\"}"},
        {"gp-x", "CreateUrgentCase", "{\"nhsNumber\":\"9996000370\",\"birthDate\":\"1956-03-14\"}"},
        {"gp-x", "BreakTheGlass", "{\"id\":\"$1\",\"reason\":\"Seen at the door\"}"},
        {"gp-x", "CreatePatient", "{\"patient\":{\"nhsNumber\":\"9996000370\",\"name\":\"Ivo\",\"birthDate\":\"1956-03-14\"}}"},
        {"gp-x", "DeregisterPatient", "{\"id\":\"$1\"}"},
    };
    long before = rows_scanned(world);
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        char request[400];
        world->organisation = calls[i].organisation;
        fill(request, calls[i].request, id, double_id);
        assert_call(world, calls[i].method, "%s", request);
        const long after = rows_scanned(world);
        if (after - before >= MANY)
            fail_msg("%s looked at %ld rows", calls[i].method, after - before);
        before = after;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_death_ends_the_registration_and_can_be_withdrawn),
        cmocka_unit_test(who_left_is_seen_by_nobody_until_registered_again),
        cmocka_unit_test(the_last_day_is_the_practices),
        cmocka_unit_test(a_double_goes_into_the_other),
        cmocka_unit_test(merging_needs_both_within_reach_and_one_person),
        cmocka_unit_test(a_sensitive_record_is_the_practices_alone),
        cmocka_unit_test(no_call_looks_at_all_patients),
    };
    return cmocka_run_group_tests(tests, setup, world_teardown);
}
