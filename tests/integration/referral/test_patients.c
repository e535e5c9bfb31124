// Patients: registration, transfer, finding, changes.
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
    world->organisation = "gp-a1";
    return 0;
}

static void a_registered_patient_is_found_and_read(void **state)
{
    world_t *world = *state;
    char id[40];
    assert_registered(world, "gp-a1", NUMBER_ADA, "Ada Example", id);
    assert_reply_has(world, "\"nhsNumber\":\"" NUMBER_ADA "\",\"name\":\"Ada Example\",\"birthDate\":\"1956-03-14\",\"practice\":\"gp-a1\","
                            "\"registeredFrom\":\"2026-11-25\",\"registrations\":[{\"practice\":\"gp-a1\",\"from\":\"2026-11-25\"}],"
                            "\"flags\":[],\"synthetic\":true,\"version\":1");
    char *created = strdup(world->reply);
    assert_call(world, "GetPatient", "{\"id\":\"%s\"}", id);
    assert_string_equal(world->reply, created);
    assert_int_equal(world->version, 1);
    assert_call(world, "FindPatients", "{\"nhsNumber\":\"" NUMBER_ADA "\"}");
    assert_reply_has(world, created);
    free(created);
    world->organisation = "pcn-a";
    assert_call(world, "GetPatient", "{\"id\":\"%s\"}", id);
}

static void numbers_are_checked_and_never_repeated(void **state)
{
    world_t *world = *state;
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
    world_t *world = *state;
    char id[40], again[40];
    assert_registered(world, "gp-a1", NUMBER_ADA, "Ada Example", id);
    world->organisation = "gp-x";
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "birthDate", "CreatePatient",
                   "{\"patient\":{\"nhsNumber\":\"" NUMBER_ADA "\",\"name\":\"Ada Example\",\"birthDate\":\"1956-03-15\"}}");
    world->today = "2026-12-01";
    assert_registered(world, "gp-x", NUMBER_ADA, "Ada Sample", again);
    assert_string_equal(again, id);
    assert_reply_lacks(world, "gp-a1");
    assert_reply_has(world, "\"registrations\":[{\"practice\":\"gp-x\",\"from\":\"2026-12-01\"}]");
    assert_int_equal(world->version, 2);
    assert_call(world, "GetPatient", "{\"id\":\"%s\"}", id);
    assert_reply_lacks(world, "gp-a1");
    assert_reply_has(world, "\"name\":\"Ada Sample\"");
    world->organisation = "gp-a1";
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetPatient", "{\"id\":\"%s\"}", id);
    assert_call(world, "FindPatients", "{\"nhsNumber\":\"" NUMBER_ADA "\"}");
    assert_string_equal(world->reply, "{\"patients\":[]}");
    assert_string_equal(world_query(world,
                                    "SELECT string_agg(practice || ' ' || from_on || ' ' || coalesce(to_on::text, '-'), ', ' ORDER BY "
                                    "number) FROM registration"),
                        "gp-a1 2026-11-25 2026-11-30, gp-x 2026-12-01 -");
    assert_string_equal(world_query(world, "SELECT string_agg(practice || ' ' || kind, ', ') FROM notice"), "gp-a1 patient-left");
    // Both sides' trails tell of it, neither names the other.
    assert_string_equal(world_query(world,
                                    "SELECT string_agg(a.organisation || ' ' || regexp_replace(a.resource, '/.*', ''), ', ' ORDER BY "
                                    "a.position) FROM audit_queue a JOIN notice n ON true WHERE a.method LIKE '%CreatePatient' AND "
                                    "a.verdict = 'done'"),
                        "gp-a1 patients, gp-a1 notices, gp-x patients");
    assert_string_equal(world_query(world, "SELECT string_agg(type || ' ' || version, ', ' ORDER BY position) FROM event_queue"),
                        "pcn.referral.patient.registered 1, pcn.referral.patient.transferred 2");
}

// There and back again on one day.
static void a_transfer_on_the_same_day_has_no_day(void **state)
{
    world_t *world = *state;
    char id[40];
    assert_registered(world, "gp-a1", NUMBER_ADA, "Ada", id);
    assert_registered(world, "gp-b1", NUMBER_ADA, "Ada", id);
    assert_registered(world, "gp-a1", NUMBER_ADA, "Ada", id);
    assert_string_equal(world_query(world,
                                    "SELECT string_agg(practice || ' ' || from_on || ' ' || coalesce(to_on::text, '-'), ', ' ORDER BY "
                                    "number) FROM registration"),
                        "gp-a1 2026-11-25 2026-11-24, gp-b1 2026-11-25 2026-11-24, gp-a1 2026-11-25 -");
    assert_refusal(world, STATUS_ALREADY_EXISTS, "nhsNumber", "CreatePatient",
                   "{\"patient\":{\"nhsNumber\":\"" NUMBER_ADA "\",\"name\":\"Ada\",\"birthDate\":\"1956-03-14\"}}");
    world->organisation = "gp-b1";
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "registeredFrom", "CreatePatient",
                   "{\"patient\":{\"nhsNumber\":\"" NUMBER_ADA "\",\"name\":\"Ada\",\"birthDate\":\"1956-03-14\","
                   "\"registeredFrom\":\"2026-11-24\"}}");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "registeredFrom", "CreatePatient",
                   "{\"patient\":{\"nhsNumber\":\"" NUMBER_BEN "\",\"name\":\"Ben\",\"birthDate\":\"1956-03-14\","
                   "\"registeredFrom\":\"2026-11-26\"}}");
}

static void registration_is_by_a_practice_within_reach(void **state)
{
    world_t *world = *state;
    static const char *const not_mine[] = {"gp-a2", "gp-x", "pcn-a", "nobody"};
    for (size_t i = 0; i < sizeof not_mine / sizeof *not_mine; i++)
        assert_refusal(world, STATUS_NOT_FOUND, "practice", "CreatePatient",
                       "{\"patient\":{\"nhsNumber\":\"" NUMBER_ADA "\",\"name\":\"Ada\",\"birthDate\":\"1956-03-14\",\"practice\":\"%s\"}}",
                       not_mine[i]);
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "birthDate", "CreatePatient",
                   "{\"patient\":{\"nhsNumber\":\"" NUMBER_ADA "\",\"name\":\"Ada\",\"birthDate\":\"2026-11-26\"}}");
    world->organisation = NULL;
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "practice", "CreatePatient",
                   "{\"patient\":{\"nhsNumber\":\"" NUMBER_ADA "\",\"name\":\"Ada\",\"birthDate\":\"1956-03-14\"}}");
    assert_string_equal(world_query(world, "SELECT count(*) FROM patient"), "0");
}

// The second finds at its save that the number has a record now, and looks again.
static void two_registrations_at_once_are_one_and_a_transfer(void **state)
{
    world_t *world = *state;
    const char *other =
        "INSERT INTO patient (id, nhs_number, name, birth_date, practice, registered_from, version, created_at, updated_at) "
        "VALUES ('0198c0de-0000-7000-8000-000000000001', '" NUMBER_ADA "', 'Ada', '1956-03-14', 'gp-x', '2026-11-25', 1, now(), "
        "now()); INSERT INTO registration VALUES ('0198c0de-0000-7000-8000-000000000001', 1, 'gp-x', '2026-11-25', NULL, now())";
    assert_int_equal(world_race(world, other, "CreatePatient",
                                "{\"patient\":{\"nhsNumber\":\"" NUMBER_ADA "\",\"name\":\"Ada\",\"birthDate\":\"1956-03-14\"}}"),
                     STATUS_OK);
    assert_string_equal(world_query(world, "SELECT string_agg(practice || ' ' || version, ', ') FROM patient"), "gp-a1 2");
    assert_string_equal(world_query(world, "SELECT string_agg(practice, ', ') FROM notice"), "gp-x");
}

static void name_and_birth_date_are_corrected(void **state)
{
    world_t *world = *state;
    char id[40];
    assert_registered(world, "gp-a1", NUMBER_ADA, "Ada", id);
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

// The same key gives the first answer again, and changes nothing.
static void a_repeated_registration_is_one(void **state)
{
    world_t *world = *state;
    char id[40];
    world->key = "once";
    assert_registered(world, "gp-a1", NUMBER_ADA, "Ada", id);
    world->key = NULL;
    assert_string_equal(world_query(world, "SELECT count(*) FROM registration"), "1");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_registered_patient_is_found_and_read),
        TEST(numbers_are_checked_and_never_repeated),
        TEST(a_transfer_ends_the_other_and_says_nothing_of_it),
        TEST(a_transfer_on_the_same_day_has_no_day),
        TEST(registration_is_by_a_practice_within_reach),
        TEST(two_registrations_at_once_are_one_and_a_transfer),
        TEST(name_and_birth_date_are_corrected),
        TEST(a_repeated_registration_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
