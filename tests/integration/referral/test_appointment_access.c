// Who sees an appointment, and who changes it: by the handlers, and by the policies alone. One world for all: each test has a slot and a
// patient of its own.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/referral/booking.h"

#define REQUEST "0198c0de-0000-7000-8000-00000000000a"

// A service of gp-b1 that everybody sees.
static char slots[BOOKING_SLOTS][40];

static int setup(void **state)
{
    if (booking_setup(state) != 0)
        return -1;
    world_t *world = *state;
    char schedule[40];
    world->organisation = "gp-b1";
    assert_call(world, "CreateService",
                "{\"service\":{\"name\":\"Hub\",\"kind\":\"general-practice\",\"provider\":\"gp-b1\",\"channels\":[\"in-person\"]}}");
    keep_id(world, booking.service);
    booking_plan(world, "in-person", 9, "", schedule);
    booking_slots(world, schedule, slots);
    return 0;
}

static world_t *as(void **state, const char *organisation)
{
    world_t *world = *state;
    world->organisation = organisation;
    world->subject = NULL;
    return world;
}

// By a caller for a patient, at gp-b1.
static void assert_booked(world_t *world, const char *organisation, const char *patient, int slot, char id[40])
{
    world->organisation = organisation;
    assert_call(world, "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\",\"comment\":\"Walks with a stick\"}", slots[slot],
                patient);
    keep_id(world, id);
}

static void assert_shown(world_t *world, const char *organisation, const char *id, const char *patient, bool shown)
{
    world->organisation = organisation;
    const status_t status = world_call(world, "GetAppointment", "{\"id\":\"%s\"}", id);
    if (status != (shown ? STATUS_OK : STATUS_NOT_FOUND))
        fail_msg("to %s it is %s", organisation, status_name(status));
    const char *const lists[] = {"{\"patient\":\"%s\"}", "{\"organisation\":\"gp-b1\",\"day\":\"%s\"}"};
    const char *day = arena_string(world->arena, world_query(world, "SELECT (max(start_at) AT TIME ZONE 'Europe/London')::date FROM "
                                                                    "appointment"));
    char request[2][200];
    (void)snprintf(request[0], sizeof request[0], lists[0], patient);
    (void)snprintf(request[1], sizeof request[1], lists[1], day);
    for (int i = 0; i < 2; i++) {
        assert_call(world, "ListAppointments", "%s", request[i]);
        if (shown)
            assert_reply_has(world, id);
        else
            assert_reply_lacks(world, id);
    }
}

static void assert_out_of_reach(world_t *world, const char *organisation, const char *id)
{
    world->organisation = organisation;
    assert_refusal(world, STATUS_NOT_FOUND, "id", "CancelAppointment", "{\"id\":\"%s\",\"reason\":\"None of mine\"}", id);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "RescheduleAppointment", "{\"id\":\"%s\",\"slots\":[\"%s\"]}", id, slots[5]);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "AmendAppointment", "{\"id\":\"%s\",\"appointment\":{\"comment\":\"Mine\"}}", id);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "ArriveAppointment", "{\"id\":\"%s\"}", id);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "CompleteAppointment", "{\"id\":\"%s\"}", id);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "MissAppointment", "{\"id\":\"%s\"}", id);
}

static void practice_performer_and_booker_see_it(void **state)
{
    world_t *world = as(state, "gp-b1");
    char id[40];
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetPatient", "{\"id\":\"%s\"}", booking.ada);
    assert_booked(world, "pcn-a", booking.ada, 0, id);
    assert_reply_has(world, "\"organisation\":\"gp-b1\"");
    assert_reply_has(world, "\"bookedBy\":{\"subject\":\"tester\",\"organisation\":\"pcn-a\"}");
    static const char *const shown[] = {"gp-a1", "pcn-a", "gp-b1", "pcn-b", "ics-a"}, *const hidden[] = {"gp-a2", "gp-x", "ics-x",
                                                                                                         "provider-a", NULL};
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        assert_shown(world, shown[i], id, booking.ada, true);
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
        assert_shown(world, hidden[i], id, booking.ada, false);
        assert_out_of_reach(world, hidden[i], id);
    }
    // Who sees the patient at it sees their record, and tells what happens there; the others do not.
    as(state, "gp-b1");
    assert_call(world, "GetPatient", "{\"id\":\"%s\"}", booking.ada);
    world->organisation = "gp-a1";
    assert_refusal(world, STATUS_PERMISSION_DENIED, "", "ArriveAppointment", "{\"id\":\"%s\"}", id);
    assert_call(world, "AmendAppointment", "{\"id\":\"%s\",\"appointment\":{\"comment\":\"Uses a chair\"}}", id);
    world->organisation = "pcn-a";
    assert_refusal(world, STATUS_PERMISSION_DENIED, "", "CompleteAppointment", "{\"id\":\"%s\"}", id);
    world->organisation = "gp-b1";
    free(test_database_query(world->database, "UPDATE appointment SET start_at = now()"));
    assert_call(world, "ArriveAppointment", "{\"id\":\"%s\"}", id);
    world->organisation = "gp-a1";
    assert_call(world, "CancelAppointment", "{\"id\":\"%s\",\"reason\":\"Went home\"}", id);
    // And no longer than for its sake.
    world->organisation = "gp-b1";
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetPatient", "{\"id\":\"%s\"}", booking.ada);
    assert_call(world, "GetAppointment", "{\"id\":\"%s\"}", id);
    assert_refusal(world, STATUS_NOT_FOUND, "patient", "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", slots[0],
                   booking.ada);
}

static void a_case_shows_and_books_and_changes_only_its_own(void **state)
{
    world_t *world = as(state, "gp-a1");
    char patient[40], others[40], own[40];
    assert_registered(world, "gp-a1", NUMBER_BEN, "Ben Example", patient);
    assert_booked(world, "gp-a1", patient, 1, others);
    as(state, "provider-a");
    world->subject = "handler";
    assert_refusal(world, STATUS_NOT_FOUND, "patient", "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", slots[2], patient);
    assert_call(world, "CreateUrgentCase", "{\"nhsNumber\":\"" NUMBER_BEN "\",\"birthDate\":\"1956-03-14\"}");
    assert_shown(world, "provider-a", others, patient, true);
    assert_refusal(world, STATUS_PERMISSION_DENIED, "", "CancelAppointment", "{\"id\":\"%s\",\"reason\":\"Mine\"}", others);
    assert_refusal(world, STATUS_PERMISSION_DENIED, "", "RescheduleAppointment", "{\"id\":\"%s\",\"slots\":[\"%s\"]}", others, slots[2]);
    assert_booked(world, "provider-a", patient, 2, own);
    assert_call(world, "RescheduleAppointment", "{\"id\":\"%s\",\"slots\":[\"%s\"]}", own, slots[3]);
    assert_call(world, "CancelAppointment", "{\"id\":\"%s\",\"reason\":\"Admitted\"}", own);
    // Another person of the same organisation sees what the organisation booked, and no more.
    world->subject = "another";
    assert_shown(world, "provider-a", others, patient, false);
    assert_shown(world, "provider-a", own, patient, true);
}

static void a_sensitive_record_hides_what_others_booked(void **state)
{
    world_t *world = as(state, "gp-a1");
    char patient[40], id[40];
    assert_registered(world, "gp-a1", NUMBER_CYD, "Cyd Example", patient);
    assert_booked(world, "gp-a1", patient, 2, id);
    assert_shown(world, "ics-a", id, patient, true);
    world->organisation = "gp-a1";
    assert_call(world, "SetSensitive", "{\"id\":\"%s\",\"sensitive\":true}", patient);
    // Those who take part, and nobody above them.
    assert_shown(world, "gp-a1", id, patient, true);
    assert_shown(world, "gp-b1", id, patient, true);
    static const char *const above[] = {"pcn-a", "pcn-b", "ccg-a", "ics-a"};
    for (size_t i = 0; i < sizeof above / sizeof *above; i++) {
        assert_shown(world, above[i], id, patient, false);
        assert_out_of_reach(world, above[i], id);
    }
    char sql[200];
    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM appointment WHERE id = '%s'", id);
    assert_string_equal(asked_as(world, "pcn-a,pcn-b,ics-a", "tester", REQUEST, sql), "0");
    assert_string_equal(asked_as(world, "gp-b1", "tester", REQUEST, sql), "1");
    assert_shown(world, "gp-a2", id, patient, false);
    world->organisation = "pcn-a";
    assert_refusal(world, STATUS_NOT_FOUND, "patient", "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", slots[3], patient);
}

static void a_transfer_takes_the_appointments_along(void **state)
{
    world_t *world = as(state, "gp-a1");
    char patient[40], id[40], again[40];
    assert_registered(world, "gp-a1", "9996000052", "Dot Example", patient);
    assert_booked(world, "gp-a1", patient, 3, id);
    assert_shown(world, "gp-x", id, patient, false);
    assert_registered(world, "gp-x", "9996000052", "Dot Example", again);
    assert_string_equal(again, patient);
    assert_shown(world, "gp-x", id, patient, true);
    assert_call(world, "AmendAppointment", "{\"id\":\"%s\",\"appointment\":{\"comment\":\"New practice\"}}", id);
    // Who booked it goes on seeing it; the record they see no more.
    assert_shown(world, "gp-a1", id, patient, true);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetPatient", "{\"id\":\"%s\"}", patient);
}

static void a_merged_patient_brings_theirs(void **state)
{
    world_t *world = as(state, "gp-a1");
    char twin[40], patient[40], id[40], expected[100];
    assert_registered(world, "gp-a1", "9996000060", "Eve Example", patient);
    assert_registered(world, "gp-a1", "9996000079", "Eve Example", twin);
    assert_booked(world, "gp-a1", twin, 4, id);
    assert_call(world, "MergePatient", "{\"id\":\"%s\",\"into\":\"%s\"}", twin, patient);
    assert_call(world, "ListAppointments", "{\"patient\":\"%s\"}", patient);
    assert_reply_has(world, id);
    (void)snprintf(expected, sizeof expected, "\"patient\":\"%s\"", patient);
    assert_reply_has(world, expected);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "patient", "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", slots[5],
                   twin);
    assert_call(world, "ExportPatient", "{\"id\":\"%s\"}", patient);
    assert_reply_has(world, "Walks with a stick");
    world->organisation = "gp-b1";
    assert_call(world, "GetPatient", "{\"id\":\"%s\"}", patient);
}

// Whatever statement it is.
static void the_database_says_the_same(void **state)
{
    world_t *world = as(state, "gp-a1");
    char patient[40], id[40], sql[700];
    assert_registered(world, "gp-a1", "9996000087", "Fay Example", patient);
    assert_booked(world, "gp-a1", patient, 5, id);
    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM appointment WHERE id = '%s'", id);
    assert_string_equal(asked_untold(world, sql), "0");
    assert_string_equal(asked_as(world, "gp-a1", "tester", REQUEST, sql), "1");
    assert_string_equal(asked_as(world, "gp-b1", "tester", REQUEST, sql), "1");
    assert_string_equal(asked_as(world, "gp-a2", "tester", REQUEST, sql), "0");
    assert_string_equal(asked_as(world, "gp-x,gp-a2", "tester", REQUEST, sql), "0");
    (void)snprintf(sql, sizeof sql,
                   "WITH c AS (UPDATE appointment SET comment = 'Mine' WHERE id = '%s' RETURNING id) SELECT count(*) FROM c", id);
    assert_string_equal(asked_as(world, "gp-a2", "tester", REQUEST, sql), "0");
    assert_string_equal(asked_as(world, "gp-a1", "tester", REQUEST, sql), "1");
    // Nobody books for somebody whom they do not see, or in another's name.
    static const char insert[] =
        "INSERT INTO appointment (id, patient, organisation, service, slots, start_at, end_at, channel, kind, status, "
        "booked_by_subject, booked_by, version, created_at, updated_at) SELECT gen_random_uuid(), '%s', '%s', "
        "gen_random_uuid(), ARRAY[gen_random_uuid()], now(), now() + interval '1 hour', 'in-person', 'core', "
        "'booked', 'tester', '%s', 1, now(), now()";
    (void)snprintf(sql, sizeof sql, insert, patient, "gp-x", "gp-x");
    assert_string_equal(refused_as(world, "gp-x", "tester", REQUEST, sql), "42501");
    (void)snprintf(sql, sizeof sql, insert, patient, "gp-x", "gp-a2");
    assert_string_equal(refused_as(world, "gp-a1", "tester", REQUEST, sql), "42501");
    (void)snprintf(sql, sizeof sql, insert, patient, "gp-x", "gp-a1");
    assert_string_equal(asked_as(world, "gp-a1", "tester", REQUEST, sql), "");
    // Who sees the patient at one appointment sees no other; who treats them does.
    char grant[400];
    static const char *const manners[] = {"appointment", "break-glass"};
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(grant, sizeof grant,
                       "INSERT INTO patient_grant VALUES ('%s', gen_random_uuid(), 'provider-a', NULL, '%s', now() - interval '1 minute', "
                       "now() + interval '1 hour')",
                       patient, manners[i]);
        free(test_database_query(world->database, grant));
        world->organisation = "provider-a";
        assert_call(world, "GetPatient", "{\"id\":\"%s\"}", patient);
        assert_shown(world, "provider-a", id, patient, i > 0);
        (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM appointment WHERE id = '%s'", id);
        assert_string_equal(asked_as(world, "provider-a", "tester", REQUEST, sql), i > 0 ? "1" : "0");
    }
    // A request that another was told of gets nothing from our statements.
    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM appointment WHERE id = '%s' AND told('0198c0de-0000-7000-8000-00000000000b')",
                   id);
    assert_string_equal(asked_as(world, "gp-a1", "tester", REQUEST, sql), "0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(practice_performer_and_booker_see_it),
        cmocka_unit_test(a_case_shows_and_books_and_changes_only_its_own),
        cmocka_unit_test(a_sensitive_record_hides_what_others_booked),
        cmocka_unit_test(a_transfer_takes_the_appointments_along),
        cmocka_unit_test(a_merged_patient_brings_theirs),
        cmocka_unit_test(the_database_says_the_same),
    };
    return cmocka_run_group_tests(tests, setup, world_teardown);
}
