// What opens a patient out of reach, and what is told of who looked. One world for all: each test has numbers of its own.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/referral/patients.h"

#define REASON "Brought in unconscious by ambulance"

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
    world->subject = NULL;
    return world;
}

// Lets what was granted be over.
static void assert_grants_end(world_t *world, const char *id)
{
    char sql[200];
    (void)snprintf(sql, sizeof sql,
                   "UPDATE patient_grant SET from_at = now() - interval '1 day', until = now() - interval '1 second' "
                   "WHERE patient = '%s'",
                   id);
    free(test_database_query(world->database, sql));
}

// What the event tells of it: the practice to be alerted, not who and why.
static void assert_told_of(world_t *world, const char *glass)
{
    char sql[200];
    (void)snprintf(sql, sizeof sql, "SELECT string_agg(data, ' ' ORDER BY position) FROM event_queue WHERE subject = 'break-glass/%s'",
                   glass);
    const char *told = world_query(world, sql);
    assert_non_null(strstr(told, "\"practice\":\"gp-a1\",\"organisation\":\"provider-a\""));
    assert_null(strstr(told, "medic"));
    assert_null(strstr(told, REASON));
}

// The practice finds it among its notices and what is to be reviewed, and reviews it: once, and not by who opened it.
static void assert_reviewed(world_t *world, const char *id, const char *glass)
{
    char expected[200];
    assert_call(world, "ListNotices", "{\"practice\":\"gp-a1\"}");
    (void)snprintf(expected, sizeof expected, "\"kind\":\"break-glass\",\"patient\":\"%s\",\"breakGlass\":\"%s\"", id, glass);
    assert_reply_has(world, expected);
    assert_reply_lacks(world, REASON);
    assert_call(world, "ListBreakGlass", "{\"practice\":\"gp-a1\",\"open\":true}");
    assert_reply_has(world, glass);
    world->subject = "medic";
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "id", "ReviewBreakGlass", "{\"id\":\"%s\",\"justified\":true}", glass);
    world->subject = "partner";
    assert_call(world, "ReviewBreakGlass", "{\"id\":\"%s\",\"justified\":false}", glass);
    assert_reply_has(world, "\"reviewedBy\":\"partner\"");
    assert_refusal(world, STATUS_ABORTED, "", "ReviewBreakGlass", "{\"id\":\"%s\",\"justified\":true}", glass);
    assert_call(world, "ListBreakGlass", "{\"practice\":\"gp-a1\",\"open\":true}");
    assert_reply_lacks(world, glass);
    assert_call(world, "ListBreakGlass", "{\"practice\":\"gp-a1\"}");
    assert_reply_has(world, "\"justified\":false");
}

static void broken_glass_opens_to_one_person_and_is_reviewed(void **state)
{
    world_t *world = as(state, "provider-a");
    char id[40], glass[40], sql[200];
    assert_registered(world, "gp-a1", "9996000168", "Pia", id);
    world->subject = "medic";
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetPatient", "{\"id\":\"%s\"}", id);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "BreakTheGlass",
                   "{\"id\":\"0198c0de-0000-7000-8000-000000000000\",\"reason\":\"" REASON "\"}");
    assert_call(world, "BreakTheGlass", "{\"id\":\"%s\",\"reason\":\"" REASON "\"}", id);
    assert_reply_has(world, "\"practice\":\"gp-a1\",\"subject\":\"medic\",\"organisation\":\"provider-a\",\"reason\":\"" REASON "\"");
    keep_id(world, glass);
    (void)snprintf(sql, sizeof sql, "SELECT until - at = interval '4 hours' FROM break_glass WHERE id = '%s'", glass);
    assert_string_equal(world_query(world, sql), "t");
    assert_call(world, "GetPatient", "{\"id\":\"%s\"}", id);
    assert_call(world, "FindPatients", "{\"nhsNumber\":\"9996000168\"}");
    assert_reply_has(world, id);
    // It is for reading, and for this one person.
    assert_refusal(world, STATUS_NOT_FOUND, "id", "UpdatePatient", "{\"id\":\"%s\",\"patient\":{\"name\":\"Eve\"}}", id);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "ListAccesses", "{\"id\":\"%s\"}", id);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "ExportPatient", "{\"id\":\"%s\"}", id);
    world->subject = "another";
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetPatient", "{\"id\":\"%s\"}", id);
    world->subject = "medic";
    world->organisation = "gp-x";
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetPatient", "{\"id\":\"%s\"}", id);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetBreakGlass", "{\"id\":\"%s\"}", glass);
    assert_refusal(world, STATUS_NOT_FOUND, "practice", "ListBreakGlass", "{\"practice\":\"gp-a1\"}");
    assert_refusal(world, STATUS_NOT_FOUND, "practice", "ListNotices", "{\"practice\":\"gp-a1\"}");
    assert_reviewed(as(state, "gp-a1"), id, glass);
    assert_told_of(world, glass);
    // It ends by itself.
    assert_grants_end(world, id);
    as(state, "provider-a");
    world->subject = "medic";
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetPatient", "{\"id\":\"%s\"}", id);
}

// Who opens the record of somebody without a practice is not told where they were; that practice is told, and reviews it.
static void where_somebody_was_is_not_told_to_who_opens_the_record(void **state)
{
    world_t *world = as(state, "provider-a");
    char id[40], glass[40], sql[200];
    assert_registered(world, "gp-a1", "9996000907", "Una", id);
    (void)snprintf(sql, sizeof sql, "UPDATE patient SET practice = NULL, registered_from = NULL WHERE id = '%s'", id);
    free(test_database_query(world->database, sql));
    world->subject = "medic";
    assert_call(world, "BreakTheGlass", "{\"id\":\"%s\",\"reason\":\"" REASON "\"}", id);
    assert_reply_lacks(world, "gp-a1");
    keep_id(world, glass);
    assert_told_of(world, glass);
    as(state, "gp-a1");
    assert_call(world, "GetBreakGlass", "{\"id\":\"%s\"}", glass);
    assert_reply_has(world, "\"practice\":\"gp-a1\"");
}

static void who_keeps_a_record_breaks_no_glass(void **state)
{
    world_t *world = as(state, "gp-a1");
    char id[40];
    assert_registered(world, "gp-a1", "9996000176", "Quin", id);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "", "BreakTheGlass", "{\"id\":\"%s\",\"reason\":\"" REASON "\"}", id);
    world->organisation = NULL;
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "", "BreakTheGlass", "{\"id\":\"%s\",\"reason\":\"" REASON "\"}", id);
}

// Who treats somebody whose id they have not: number and birth date must fit together.
static void glass_is_broken_by_number_and_birth_date(void **state)
{
    world_t *world = as(state, "gp-x");
    char id[40], expected[80];
    assert_registered(world, "gp-a1", "9996000354", "Bea", id);
    assert_refusal(world, STATUS_NOT_FOUND, "nhsNumber", "BreakTheGlassByNumber",
                   "{\"nhsNumber\":\"9996000354\",\"birthDate\":\"1956-03-15\",\"reason\":\"" REASON "\"}");
    assert_refusal(world, STATUS_NOT_FOUND, "nhsNumber", "BreakTheGlassByNumber",
                   "{\"nhsNumber\":\"9996000362\",\"birthDate\":\"1956-03-14\",\"reason\":\"" REASON "\"}");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "nhsNumber", "BreakTheGlassByNumber",
                   "{\"nhsNumber\":\"9996000355\",\"birthDate\":\"1956-03-14\",\"reason\":\"" REASON "\"}");
    assert_call(world, "BreakTheGlassByNumber", "{\"nhsNumber\":\"9996000354\",\"birthDate\":\"1956-03-14\",\"reason\":\"" REASON "\"}");
    (void)snprintf(expected, sizeof expected, "\"patient\":\"%s\"", id);
    assert_reply_has(world, expected);
    assert_call(world, "GetPatient", "{\"id\":\"%s\"}", id);
    world->organisation = "gp-a1";
    assert_call(world, "ListAccesses", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, "\"verdict\":\"allowed\",\"action\":\"break-the-glass-by-number\"");
    assert_reply_has(world, "\"verdict\":\"refused\",\"action\":\"break-the-glass-by-number\"");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "", "BreakTheGlassByNumber",
                   "{\"nhsNumber\":\"9996000354\",\"birthDate\":\"1956-03-14\",\"reason\":\"" REASON "\"}");
}

static void an_urgent_case_opens_who_fits_number_and_birth_date(void **state)
{
    world_t *world = as(state, "provider-a");
    char id[40], expected[200];
    assert_registered(world, "gp-a1", "9996000184", "Rio", id);
    world->subject = "handler";
    assert_call(world, "FindPatients", "{\"nhsNumber\":\"9996000184\"}");
    assert_string_equal(world->reply, "{\"patients\":[]}");
    assert_refusal(world, STATUS_NOT_FOUND, "nhsNumber", "CreateUrgentCase", "{\"nhsNumber\":\"9996000184\",\"birthDate\":\"1956-03-15\"}");
    assert_refusal(world, STATUS_NOT_FOUND, "nhsNumber", "CreateUrgentCase", "{\"nhsNumber\":\"9996000397\",\"birthDate\":\"1956-03-14\"}");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "nhsNumber", "CreateUrgentCase",
                   "{\"nhsNumber\":\"9996000185\",\"birthDate\":\"1956-03-14\"}");
    assert_call(world, "CreateUrgentCase", "{\"nhsNumber\":\"9996000184\",\"birthDate\":\"1956-03-14\",\"need\":\"chest-pain\"}");
    (void)snprintf(expected, sizeof expected, "\"patient\":\"%s\",\"organisation\":\"provider-a\",\"need\":\"chest-pain\"", id);
    assert_reply_has(world, expected);
    assert_call(world, "GetPatient", "{\"id\":\"%s\"}", id);
    assert_call(world, "FindPatients", "{\"nhsNumber\":\"9996000184\"}");
    assert_reply_has(world, id);
    world->subject = "other-handler";
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetPatient", "{\"id\":\"%s\"}", id);
    // No alert of it; and a sensitive record stays closed but for break-glass.
    (void)snprintf(expected, sizeof expected, "SELECT count(*) FROM notice WHERE patient = '%s'", id);
    assert_string_equal(world_query(world, expected), "0");
    as(state, "gp-a1");
    assert_call(world, "SetSensitive", "{\"id\":\"%s\",\"sensitive\":true}", id);
    as(state, "provider-a");
    world->subject = "handler";
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetPatient", "{\"id\":\"%s\"}", id);
    assert_call(world, "BreakTheGlass", "{\"id\":\"%s\",\"reason\":\"" REASON "\"}", id);
    assert_call(world, "GetPatient", "{\"id\":\"%s\"}", id);
}

static void the_practice_sees_who_looked_and_who_was_refused(void **state)
{
    world_t *world = as(state, "gp-x");
    char id[40];
    assert_registered(world, "gp-a1", "9996000192", "Sol", id);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetPatient", "{\"id\":\"%s\"}", id);
    assert_call(world, "FindPatients", "{\"nhsNumber\":\"9996000192\"}");
    assert_refusal(world, STATUS_NOT_FOUND, "nhsNumber", "CreateUrgentCase", "{\"nhsNumber\":\"9996000192\",\"birthDate\":\"1956-03-15\"}");
    world->organisation = "pcn-a";
    assert_call(world, "GetPatient", "{\"id\":\"%s\"}", id);
    world->organisation = "gp-a1";
    assert_call(world, "ListAccesses", "{\"id\":\"%s\"}", id);
    static const char *const told[] = {
        "\"organisation\":\"pcn-a\",\"verdict\":\"allowed\",\"action\":\"get-patient\"",
        "\"organisation\":\"gp-x\",\"verdict\":\"refused\",\"action\":\"create-urgent-case\"",
        "\"organisation\":\"gp-x\",\"verdict\":\"refused\",\"action\":\"find-patients\"",
        "\"organisation\":\"gp-x\",\"verdict\":\"refused\",\"action\":\"get-patient\"",
        "\"organisation\":\"gp-a1\",\"verdict\":\"allowed\",\"action\":\"create-patient\"",
    };
    const char *at = world->reply;
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        at = strstr(at, told[i]);
        if (at == NULL)
            fail_msg("%s is not told in its order in %s", told[i], world->reply);
    }
    // In pages too, of which none is told twice.
    assert_call(world, "ListAccesses", "{\"id\":\"%s\",\"pageSize\":3}", id);
    assert_reply_has(world, "nextPageToken");
    assert_reply_lacks(world, told[4]);
    char token[220];
    (void)snprintf(token, sizeof token, "%s", strstr(world->reply, "\"nextPageToken\":\"") + 17);
    token[strcspn(token, "\"")] = '\0';
    assert_call(world, "ListAccesses", "{\"id\":\"%s\",\"pageSize\":3,\"pageToken\":\"%s\"}", id, token);
    assert_reply_lacks(world, told[0]);
    world->organisation = "gp-x";
    assert_refusal(world, STATUS_NOT_FOUND, "id", "ListAccesses", "{\"id\":\"%s\"}", id);
    // Once the patient is theirs they do not learn from it where the patient was.
    char again[40];
    assert_registered(world, "gp-x", "9996000192", "Sol", again);
    assert_call(world, "ListAccesses", "{\"id\":\"%s\"}", id);
    assert_reply_lacks(world, "gp-a1");
    assert_reply_lacks(world, "pcn-a");
    assert_reply_has(world, "\"organisation\":\"gp-x\",\"verdict\":\"refused\",\"action\":\"find-patients\"");
}

// Entries that the relay chained are found as those that wait.
static void chained_entries_are_told_as_well(void **state)
{
    world_t *world = as(state, "gp-a1");
    char id[40];
    assert_registered(world, "gp-a1", "9996000206", "Tam", id);
    assert_call(world, "GetPatient", "{\"id\":\"%s\"}", id);
    free(test_database_query(
        world->database, "WITH gone AS (DELETE FROM audit_queue RETURNING *) INSERT INTO audit SELECT (SELECT coalesce(max(place), 0) FROM "
                         "audit) + row_number() OVER (ORDER BY position), at, request_id, subject, organisation, origin, peer, method, "
                         "resource, verdict, '\\x00' FROM gone"));
    assert_call(world, "ListAccesses", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, "\"action\":\"get-patient\"");
    assert_reply_has(world, "\"action\":\"create-patient\"");
    char sql[400];
    (void)snprintf(sql, sizeof sql,
                   "SET enable_seqscan = off; EXPLAIN SELECT FROM audit a WHERE a.resource LIKE 'patients/%%' AND "
                   "left(a.resource, 45) = 'patients/%s'",
                   id);
    assert_non_null(strstr(world_query(world, sql), "audit_by_patient"));
}

static void an_export_holds_what_hangs_on_the_patient(void **state)
{
    world_t *world = as(state, "provider-a");
    char id[40];
    assert_registered(world, "gp-a1", "9996000214", "Uma", id);
    assert_call(world, "CreateUrgentCase", "{\"nhsNumber\":\"9996000214\",\"birthDate\":\"1956-03-14\",\"need\":\"cough\"}");
    assert_call(world, "BreakTheGlass", "{\"id\":\"%s\",\"reason\":\"" REASON "\"}", id);
    as(state, "gp-a1");
    assert_call(world, "ExportPatient", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, "\"nhsNumber\":\"9996000214\"");
    assert_reply_has(world, "\"need\": \"cough\"");
    assert_reply_has(world, "\"openedAt\"");
    assert_reply_has(world, REASON);
    assert_reply_has(world, "\"grants\"");
    assert_reply_has(world, "\"manner\": \"case\"");
    as(state, "gp-x");
    assert_refusal(world, STATUS_NOT_FOUND, "id", "ExportPatient", "{\"id\":\"%s\"}", id);
}

// One that was not justified is over at once; of a sensitive patient it is the practice's own.
static void an_unjustified_opening_ends_with_its_review(void **state)
{
    world_t *world = as(state, "gp-x");
    char id[40], glass[40];
    assert_registered(world, "gp-a1", "9996000621", "Xan", id);
    world->subject = "medic";
    assert_call(world, "BreakTheGlass", "{\"id\":\"%s\",\"reason\":\"" REASON "\"}", id);
    keep_id(world, glass);
    as(state, "pcn-a");
    assert_call(world, "GetBreakGlass", "{\"id\":\"%s\"}", glass);
    as(state, "gp-a1");
    assert_call(world, "SetSensitive", "{\"id\":\"%s\",\"sensitive\":true}", id);
    assert_call(world, "GetBreakGlass", "{\"id\":\"%s\"}", glass);
    as(state, "pcn-a");
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetBreakGlass", "{\"id\":\"%s\"}", glass);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "ReviewBreakGlass", "{\"id\":\"%s\",\"justified\":true}", glass);
    assert_call(world, "ListBreakGlass", "{\"practice\":\"gp-a1\",\"pageSize\":1000}");
    assert_reply_lacks(world, glass);
    assert_call(world, "ListNotices", "{\"practice\":\"gp-a1\",\"pageSize\":1000}");
    assert_reply_lacks(world, glass);
    as(state, "gp-x");
    world->subject = "medic";
    assert_call(world, "GetPatient", "{\"id\":\"%s\"}", id);
    as(state, "gp-a1");
    assert_call(world, "ListNotices", "{\"practice\":\"gp-a1\",\"pageSize\":1000}");
    assert_reply_has(world, glass);
    assert_call(world, "ReviewBreakGlass", "{\"id\":\"%s\",\"justified\":false}", glass);
    as(state, "gp-x");
    world->subject = "medic";
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetPatient", "{\"id\":\"%s\"}", id);
}

// What was opened while the patient was with another practice is theirs to know; which one that was the practice of today is not told.
static void an_export_holds_what_was_opened_before(void **state)
{
    world_t *world = as(state, "provider-a");
    char id[40], again[40], glass[40];
    assert_registered(world, "gp-a1", "9996000613", "Wyn", id);
    world->subject = "medic";
    assert_call(world, "BreakTheGlass", "{\"id\":\"%s\",\"reason\":\"" REASON "\"}", id);
    keep_id(world, glass);
    as(state, "gp-a1");
    world->subject = "partner";
    assert_call(world, "ReviewBreakGlass", "{\"id\":\"%s\",\"justified\":true}", glass);
    assert_registered(world, "gp-x", "9996000613", "Wyn", again);
    as(state, "gp-x");
    assert_call(world, "ExportPatient", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, REASON);
    assert_reply_has(world, "\"subject\": \"medic\"");
    assert_reply_has(world, "\"justified\": true");
    assert_reply_lacks(world, "gp-a1");
    assert_reply_lacks(world, "partner");
    // It is reviewed where it was opened.
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetBreakGlass", "{\"id\":\"%s\"}", glass);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "ReviewBreakGlass", "{\"id\":\"%s\",\"justified\":true}", glass);
    as(state, "gp-a1");
    assert_call(world, "GetBreakGlass", "{\"id\":\"%s\"}", glass);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "ExportPatient", "{\"id\":\"%s\"}", id);
}

// Who sees somebody at an appointment writes to their practice; one that had them before is not told where they went.
static void a_former_practice_is_not_told_of_the_next(void **state)
{
    world_t *world = as(state, "gp-a1");
    char id[40], again[40], sql[400];
    assert_registered(world, "gp-a1", "9996000605", "Vic", id);
    assert_registered(world, "gp-x", "9996000605", "Vic", again);
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO patient_grant SELECT '%s', gen_random_uuid(), o, NULL, 'appointment', now(), now() + interval '1 day' "
                   "FROM unnest(ARRAY['gp-a1', 'pcn-a', 'provider-a']) o",
                   id);
    free(test_database_query(world->database, sql));
    static const char *const former[] = {"gp-a1", "pcn-a"};
    for (size_t i = 0; i < 2; i++) {
        world->organisation = former[i];
        assert_call(world, "GetPatient", "{\"id\":\"%s\"}", id);
        assert_reply_has(world, "\"registrations\":[{\"practice\":\"gp-a1\"");
        assert_reply_lacks(world, "gp-x");
        assert_reply_lacks(world, "registeredFrom");
        assert_call(world, "FindPatients", "{\"nhsNumber\":\"9996000605\"}");
        assert_reply_has(world, id);
        assert_reply_lacks(world, "gp-x");
        assert_reply_lacks(world, "registeredFrom");
    }
    world->organisation = "provider-a";
    assert_call(world, "GetPatient", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, "\"practice\":\"gp-x\",\"registeredFrom\"");
    // Who has to know says why, and the practice reviews it.
    as(state, "gp-a1");
    assert_call(world, "BreakTheGlass", "{\"id\":\"%s\",\"reason\":\"" REASON "\"}", id);
    assert_call(world, "GetPatient", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, "\"practice\":\"gp-x\"");
}

// Neither number nor name nor birth date nor reason is anywhere but in the patient's own rows.
static void no_identity_is_told_to_events_or_the_trail(void **state)
{
    world_t *world = *state;
    static const char *const told[] = {"event_queue", "audit_queue", "audit"};
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        char sql[400];
        (void)snprintf(sql, sizeof sql,
                       "SELECT count(*) || ' ' || count(*) FILTER (WHERE t::text ~ "
                       "'\\m99960[0-9]{5}\\M|1956-03-14|Pia|Quin|Rio|Sol|Tam|Uma|Bea|unconscious|chest-pain') FROM %s t",
                       told[i]);
        const char *counted = world_query(world, sql);
        assert_true(strtol(counted, NULL, 10) > 5);
        assert_string_equal(strchr(counted, ' '), " 0");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(broken_glass_opens_to_one_person_and_is_reviewed),
        cmocka_unit_test(where_somebody_was_is_not_told_to_who_opens_the_record),
        cmocka_unit_test(who_keeps_a_record_breaks_no_glass),
        cmocka_unit_test(glass_is_broken_by_number_and_birth_date),
        cmocka_unit_test(an_urgent_case_opens_who_fits_number_and_birth_date),
        cmocka_unit_test(the_practice_sees_who_looked_and_who_was_refused),
        cmocka_unit_test(chained_entries_are_told_as_well),
        cmocka_unit_test(an_export_holds_what_hangs_on_the_patient),
        cmocka_unit_test(an_unjustified_opening_ends_with_its_review),
        cmocka_unit_test(an_export_holds_what_was_opened_before),
        cmocka_unit_test(a_former_practice_is_not_told_of_the_next),
        cmocka_unit_test(no_identity_is_told_to_events_or_the_trail),
    };
    return cmocka_run_group_tests(tests, setup, world_teardown);
}
