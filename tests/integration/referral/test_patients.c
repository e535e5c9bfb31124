// Patients: registration, transfer, finding, changes. One world for all: each test has numbers of its own.
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
    return 0;
}

static world_t *as(void **state, const char *organisation)
{
    world_t *world = *state;
    world->organisation = organisation;
    world->today = "2026-11-25";
    return world;
}

// The text that a query about the patient gives.
static const char *of_patient(world_t *world, const char *format, const char *id)
{
    char *sql = arena_printf(world->arena, format, id);
    assert_non_null(sql);
    return world_query(world, sql);
}

static void a_registered_patient_is_found_and_read(void **state)
{
    world_t *world = as(state, "gp-a1");
    char id[40];
    assert_registered(world, "gp-a1", "9996000028", "Ada Example", id);
    assert_reply_has(world, "\"nhsNumber\":\""
                            "9996000028"
                            "\",\"name\":\"Ada Example\",\"birthDate\":\"1956-03-14\",\"practice\":\"gp-a1\","
                            "\"registeredFrom\":\"2026-11-25\",\"registrations\":[{\"practice\":\"gp-a1\",\"from\":\"2026-11-25\"}],"
                            "\"flags\":[],\"synthetic\":true,\"version\":1");
    char *created = strdup(world->reply);
    assert_call(world, "GetPatient", "{\"id\":\"%s\"}", id);
    assert_string_equal(world->reply, created);
    assert_int_equal(world->version, 1);
    assert_call(world, "FindPatients",
                "{\"nhsNumber\":\""
                "9996000028"
                "\"}");
    assert_reply_has(world, created);
    free(created);
    world->organisation = "pcn-a";
    assert_call(world, "GetPatient", "{\"id\":\"%s\"}", id);
}

static void numbers_are_checked_and_never_repeated(void **state)
{
    world_t *world = as(state, "gp-a1");
    static const char *const wrong[] = {"9996000029", "4857773456", "0000000000"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_refusal(world, STATUS_INVALID_ARGUMENT, "nhsNumber", "CreatePatient",
                       "{\"patient\":{\"nhsNumber\":\"%s\",\"name\":\"Ada\",\"birthDate\":\"1956-03-14\"}}", wrong[i]);
        assert_null(strstr(world->problem.detail, wrong[i]));
        assert_refusal(world, STATUS_INVALID_ARGUMENT, "nhsNumber", "FindPatients", "{\"nhsNumber\":\"%s\"}", wrong[i]);
        assert_null(strstr(world->problem.detail, wrong[i]));
    }
}

static void a_transfer_ends_the_other_and_says_nothing_of_it(void **state)
{
    world_t *world = as(state, "gp-a1");
    char id[40], again[40];
    assert_registered(world, "gp-a1", "9996000036", "Ada Example", id);
    world->organisation = "gp-x";
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "birthDate", "CreatePatient",
                   "{\"patient\":{\"nhsNumber\":\""
                   "9996000036"
                   "\",\"name\":\"Ada Example\",\"birthDate\":\"1956-03-15\"}}");
    world->today = "2026-12-01";
    assert_registered(world, "gp-x", "9996000036", "Ada Sample", again);
    assert_string_equal(again, id);
    assert_reply_lacks(world, "gp-a1");
    assert_reply_has(world, "\"registrations\":[{\"practice\":\"gp-x\",\"from\":\"2026-12-01\"}]");
    assert_int_equal(world->version, 2);
    assert_call(world, "GetPatient", "{\"id\":\"%s\"}", id);
    assert_reply_lacks(world, "gp-a1");
    assert_reply_has(world, "\"name\":\"Ada Sample\"");
    world->organisation = "gp-a1";
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetPatient", "{\"id\":\"%s\"}", id);
    assert_call(world, "FindPatients",
                "{\"nhsNumber\":\""
                "9996000036"
                "\"}");
    assert_string_equal(world->reply, "{\"patients\":[]}");
    assert_string_equal(registrations_of(world, id), "gp-a1 2026-11-25 2026-11-30, gp-x 2026-12-01 -");
    assert_string_equal(of_patient(world, "SELECT string_agg(practice || ' ' || kind, ', ') FROM notice WHERE patient = '%s'", id),
                        "gp-a1 patient-left");
    // Both sides' trails tell of it, neither names the other.
    assert_string_equal(
        of_patient(world,
                   "SELECT string_agg(a.organisation || ' ' || regexp_replace(a.resource, '/.*', ''), ', ' ORDER BY "
                   "a.position) FROM audit_queue a JOIN notice n ON n.patient = '%s' AND a.resource IN ('notices/' || n.id, "
                   "'patients/' || n.patient) WHERE a.method LIKE '%%CreatePatient' AND a.verdict = 'done'",
                   id),
        "gp-a1 patients, gp-a1 notices, gp-x patients");
    assert_string_equal(of_patient(world,
                                   "SELECT string_agg(type || ' ' || version, ', ' ORDER BY position) FROM event_queue WHERE subject = "
                                   "'patients/%s'",
                                   id),
                        "pcn.referral.patient.registered 1, pcn.referral.patient.transferred 2");
}

// There and back again on one day.
static void a_transfer_on_the_same_day_has_no_day(void **state)
{
    world_t *world = as(state, "gp-a1");
    char id[40];
    assert_registered(world, "gp-a1", "9996000044", "Ada", id);
    assert_registered(world, "gp-b1", "9996000044", "Ada", id);
    assert_registered(world, "gp-a1", "9996000044", "Ada", id);
    assert_string_equal(registrations_of(world, id), "gp-a1 2026-11-25 2026-11-24, gp-b1 2026-11-25 2026-11-24, gp-a1 2026-11-25 -");
    assert_refusal(world, STATUS_ALREADY_EXISTS, "nhsNumber", "CreatePatient",
                   "{\"patient\":{\"nhsNumber\":\""
                   "9996000044"
                   "\",\"name\":\"Ada\",\"birthDate\":\"1956-03-14\"}}");
    world->organisation = "gp-b1";
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "registeredFrom", "CreatePatient",
                   "{\"patient\":{\"nhsNumber\":\""
                   "9996000044"
                   "\",\"name\":\"Ada\",\"birthDate\":\"1956-03-14\","
                   "\"registeredFrom\":\"2026-11-24\"}}");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "registeredFrom", "CreatePatient",
                   "{\"patient\":{\"nhsNumber\":\""
                   "9996000109"
                   "\",\"name\":\"Ben\",\"birthDate\":\"1956-03-14\","
                   "\"registeredFrom\":\"2026-11-26\"}}");
}

static void registration_is_by_a_practice_within_reach(void **state)
{
    world_t *world = as(state, "gp-a1");
    static const char *const not_mine[] = {"gp-a2", "gp-x", "pcn-a", "nobody"};
    for (size_t i = 0; i < sizeof not_mine / sizeof *not_mine; i++)
        assert_refusal(world, STATUS_NOT_FOUND, "practice", "CreatePatient",
                       "{\"patient\":{\"nhsNumber\":\""
                       "9996000060"
                       "\",\"name\":\"Ada\",\"birthDate\":\"1956-03-14\",\"practice\":\"%s\"}}",
                       not_mine[i]);
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "registeredFrom", "CreatePatient",
                   "{\"patient\":{\"nhsNumber\":\"9996000060\",\"name\":\"Ada\",\"birthDate\":\"1956-03-14\",\"registeredFrom\":"
                   "\"1956-03-13\"}}");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "birthDate", "CreatePatient",
                   "{\"patient\":{\"nhsNumber\":\""
                   "9996000060"
                   "\",\"name\":\"Ada\",\"birthDate\":\"2026-11-26\"}}");
    world->organisation = NULL;
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "practice", "CreatePatient",
                   "{\"patient\":{\"nhsNumber\":\""
                   "9996000060"
                   "\",\"name\":\"Ada\",\"birthDate\":\"1956-03-14\"}}");
    assert_string_equal(world_query(world, "SELECT count(*) FROM patient WHERE nhs_number = '9996000060'"), "0");
}

// The second finds at its save that the number has a record now, and looks again.
static void two_registrations_at_once_are_one_and_a_transfer(void **state)
{
    world_t *world = as(state, "gp-a1");
    const char *other =
        "INSERT INTO patient (id, nhs_number, name, birth_date, practice, registered_from, version, created_at, updated_at) "
        "VALUES ('0198c0de-0000-7000-8000-000000000001', '"
        "9996000079"
        "', 'Ada', '1956-03-14', 'gp-x', '2026-11-25', 1, now(), "
        "now()); INSERT INTO registration VALUES ('0198c0de-0000-7000-8000-000000000001', 1, 'gp-x', '2026-11-25', NULL, now())";
    assert_int_equal(world_race(world, other, "CreatePatient",
                                "{\"patient\":{\"nhsNumber\":\""
                                "9996000079"
                                "\",\"name\":\"Ada\",\"birthDate\":\"1956-03-14\"}}"),
                     STATUS_OK);
    assert_string_equal(
        world_query(world, "SELECT string_agg(practice || ' ' || version, ', ') FROM patient WHERE nhs_number = '9996000079'"), "gp-a1 2");
    assert_string_equal(world_query(world, "SELECT string_agg(practice, ', ') FROM notice WHERE patient = "
                                           "'0198c0de-0000-7000-8000-000000000001'"),
                        "gp-x");
}

static void name_and_birth_date_are_corrected(void **state)
{
    world_t *world = as(state, "gp-a1");
    char id[40];
    assert_registered(world, "gp-a1", "9996000087", "Ada", id);
    assert_call(world, "UpdatePatient", "{\"id\":\"%s\",\"patient\":{\"name\":\"Ada B\",\"birthDate\":\"1957-03-14\",\"sex\":\"female\"}}",
                id);
    assert_reply_has(world, "\"name\":\"Ada B\",\"birthDate\":\"1957-03-14\",\"sex\":\"female\",\"practice\":\"gp-a1\"");
    assert_int_equal(world->version, 2);
    char *changed = strdup(world->reply);
    assert_call(world, "GetPatient", "{\"id\":\"%s\"}", id);
    assert_string_equal(world->reply, changed);
    free(changed);
    world->expected_version = 1;
    assert_refusal(world, STATUS_ABORTED, "", "UpdatePatient", "{\"id\":\"%s\",\"patient\":{\"name\":\"Eve\"}}", id);
    world->expected_version = 0;
    world->organisation = "gp-a2";
    assert_refusal(world, STATUS_NOT_FOUND, "id", "UpdatePatient", "{\"id\":\"%s\",\"patient\":{\"name\":\"Eve\"}}", id);
}

// The same key gives the first answer again, and changes nothing; with another body it is refused.
static void a_repeated_registration_is_one(void **state)
{
    world_t *world = as(state, "gp-a1");
    static const char request[] = "{\"patient\":{\"nhsNumber\":\"9996000095\",\"name\":\"Ada\",\"birthDate\":\"1956-03-14\"}}";
    char id[40];
    world->key = "once";
    assert_call(world, "CreatePatient", "%s", request);
    assert_string_equal(world->verdict, "done");
    keep_id(world, id);
    // As one that did not see what the first did, and comes to its save.
    char back[200];
    (void)snprintf(back, sizeof back, "DELETE FROM registration WHERE patient = '%s'; DELETE FROM patient WHERE id = '%s'", id, id);
    free(test_database_query(world->database, back));
    assert_call(world, "CreatePatient", "%s", request);
    assert_string_equal(world->verdict, "replayed");
    assert_call(world, "CreatePatient", "{\"patient\":{\"nhsNumber\":\"9996000095\",\"name\":\"Eve\",\"birthDate\":\"1956-03-14\"}}");
    assert_string_equal(world->verdict, "mismatch");
    world->key = NULL;
    assert_string_equal(world_query(world, "SELECT count(*) FROM patient WHERE nhs_number = '9996000095'"), "0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_registered_patient_is_found_and_read),
        cmocka_unit_test(numbers_are_checked_and_never_repeated),
        cmocka_unit_test(a_transfer_ends_the_other_and_says_nothing_of_it),
        cmocka_unit_test(a_transfer_on_the_same_day_has_no_day),
        cmocka_unit_test(registration_is_by_a_practice_within_reach),
        cmocka_unit_test(two_registrations_at_once_are_one_and_a_transfer),
        cmocka_unit_test(name_and_birth_date_are_corrected),
        cmocka_unit_test(a_repeated_registration_is_one),
    };
    return cmocka_run_group_tests(tests, setup, world_teardown);
}
