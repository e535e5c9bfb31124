// Booking, and what becomes of an appointment.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/referral/booking.h"

static void assert_booked(world_t *world, const char *slot, char id[40])
{
    assert_call(world, "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", slot, booking.ada);
    keep_id(world, id);
}

static const char *events(world_t *world)
{
    return world_query(world, "SELECT coalesce(string_agg(replace(type, 'pcn.referral.appointment.', ''), ' ' ORDER BY position), '') "
                              "FROM event_queue WHERE type LIKE '%.appointment.%'");
}

static void a_slot_is_booked(void **state)
{
    world_t *world = *state;
    assert_call(world, "CreateAppointment",
                "{\"slots\":[\"%s\"],\"patient\":\"%s\",\"description\":\"Knee pain\",\"comment\":\"Ground floor\"}", booking.slots[0],
                booking.ada);
    char id[40], expected[300];
    keep_id(world, id);
    (void)snprintf(expected, sizeof expected, "\"slots\":[\"%s\"],\"patient\":\"%s\",\"service\":\"%s\",\"organisation\":\"gp-a1\"",
                   booking.slots[0], booking.ada, booking.service);
    assert_reply_has(world, expected);
    assert_reply_has(world, "\"status\":\"booked\"");
    assert_reply_has(world, "\"bookedBy\":{\"subject\":\"tester\",\"organisation\":\"gp-a1\"}");
    assert_reply_has(world, "\"description\":\"Knee pain\"");
    assert_string_equal(slot_state(world, booking.slots[0]), "booked");
    const char *made = world->reply;
    world->reply = NULL;
    (void)made;
    assert_call(world, "GetAppointment", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, expected);
    assert_reply_has(world, "\"comment\":\"Ground floor\"");
    assert_reply_has(world, "\"channel\":\"in-person\",\"kind\":\"core\"");
    assert_int_equal(world->version, 1);
    assert_string_equal(events(world), "booked");
    // What leaves the service by the log.
    const char *data = world_query(world, "SELECT data FROM event_queue WHERE type LIKE '%.appointment.booked'");
    assert_null(strstr(data, "Knee"));
    assert_null(strstr(data, "Ground"));
    assert_null(strstr(data, "tester"));
    assert_non_null(strstr(data, "\"bookedBy\":\"gp-a1\""));
    assert_string_equal(world_query(world, "SELECT manner || ' ' || organisation || ' ' || (until > now() + interval '60 days') FROM "
                                           "patient_grant"),
                        "appointment gp-a1 true");
}

static void a_slot_is_booked_once(void **state)
{
    world_t *world = *state;
    char id[40], request[300], meanwhile[300];
    assert_booked(world, booking.slots[0], id);
    assert_refusal(world, STATUS_ALREADY_EXISTS, "slots[0]", "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}",
                   booking.slots[0], booking.ada);
    assert_non_null(strstr(world->problem.members, "\"alternatives\":[{\"id\":\""));
    assert_non_null(strstr(world->problem.members, booking.slots[1]));
    assert_null(strstr(world->problem.members, booking.slots[0]));
    // Somebody else is there between the load and the save: no constraint speaks, the second look does.
    (void)snprintf(request, sizeof request, "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", booking.slots[1], booking.ada);
    (void)snprintf(meanwhile, sizeof meanwhile, "UPDATE slot SET status = 'booked' WHERE id = '%s'", booking.slots[1]);
    assert_int_equal(world_race(world, meanwhile, "CreateAppointment", request), STATUS_ALREADY_EXISTS);
    assert_int_equal(world->loads, 2);
    assert_string_equal(world->verdict, "moved");
    assert_string_equal(world_query(world, "SELECT count(*) FROM appointment"), "1");
    // A withdrawn one is not there at all.
    (void)snprintf(request, sizeof request, "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", booking.slots[2], booking.ada);
    (void)snprintf(meanwhile, sizeof meanwhile, "UPDATE slot SET off_plan = true WHERE id = '%s'", booking.slots[2]);
    assert_int_equal(world_race(world, meanwhile, "CreateAppointment", request), STATUS_NOT_FOUND);
}

static void the_same_key_has_the_same_answer(void **state)
{
    world_t *world = *state;
    char id[40];
    world->key = "again";
    assert_booked(world, booking.slots[0], id);
    assert_string_equal(world->verdict, "done");
    // The decision on what is loaded is a refusal now; the platform looks for the earlier answer, as the daemon's own tests show.
    (void)world_call(world, "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", booking.slots[0], booking.ada);
    assert_string_equal(world_query(world, "SELECT count(*) FROM appointment"), "1");
    assert_string_equal(world_query(world, "SELECT count(*) FROM idempotency WHERE key = 'again'"), "1");
}

static void several_slots_are_one_appointment(void **state)
{
    world_t *world = *state;
    char expected[200];
    assert_call(world, "CreateAppointment", "{\"slots\":[\"%s\",\"%s\"],\"patient\":\"%s\"}", booking.slots[2], booking.slots[1],
                booking.ada);
    (void)snprintf(expected, sizeof expected, "\"slots\":[\"%s\",\"%s\"]", booking.slots[1], booking.slots[2]);
    assert_reply_has(world, expected);
    assert_string_equal(world_query(world, "SELECT end_at - start_at FROM appointment"), "00:20:00");
    assert_string_equal(world_query(world, "SELECT count(*) FROM appointment_slot WHERE live AND NOT overbooked"), "2");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "slots", "CreateAppointment", "{\"slots\":[\"%s\",\"%s\"],\"patient\":\"%s\"}",
                   booking.slots[3], booking.slots[5], booking.ada);
    char other[40], later[BOOKING_SLOTS][40];
    booking_plan(world, "in-person", 10, "", other);
    booking_slots(world, other, later);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "slots[1]", "CreateAppointment", "{\"slots\":[\"%s\",\"%s\"],\"patient\":\"%s\"}",
                   booking.slots[5], later[0], booking.ada);
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "slots[1]", "CreateAppointment", "{\"slots\":[\"%s\",\"%s\"],\"patient\":\"%s\"}",
                   booking.slots[3], booking.slots[3], booking.ada);
    // One of several is taken: none is booked.
    assert_refusal(world, STATUS_ALREADY_EXISTS, "slots[0]", "CreateAppointment", "{\"slots\":[\"%s\",\"%s\"],\"patient\":\"%s\"}",
                   booking.slots[2], booking.slots[3], booking.ada);
    assert_string_equal(slot_state(world, booking.slots[3]), "free");
}

static void what_may_not_be_booked(void **state)
{
    world_t *world = *state;
    char schedule[40], kept[BOOKING_SLOTS][40], sql[200];
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "slots", "CreateAppointment", "{\"patient\":\"%s\"}", booking.ada);
    assert_refusal(world, STATUS_NOT_FOUND, "patient", "CreateAppointment",
                   "{\"slots\":[\"%s\"],\"patient\":\"0198c0de-0000-7000-8000-000000000000\"}", booking.slots[0]);
    assert_refusal(world, STATUS_NOT_FOUND, "slots", "CreateAppointment",
                   "{\"slots\":[\"0198c0de-0000-7000-8000-000000000000\"],\"patient\":\"%s\"}", booking.ada);
    booking_plan(world, "in-person", 11, ",\"restrictions\":{\"organisations\":[\"gp-b1\"]}", schedule);
    booking_slots(world, schedule, kept);
    assert_refusal(world, STATUS_NOT_FOUND, "slots[0]", "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", kept[0],
                   booking.ada);
    (void)snprintf(sql, sizeof sql, "UPDATE slot SET start_at = now() - interval '1 minute' WHERE id = '%s'", booking.slots[0]);
    free(test_database_query(world->database, sql));
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "slots[0]", "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}",
                   booking.slots[0], booking.ada);
    assert_call(world, "BlockSlot", "{\"id\":\"%s\",\"reason\":\"Training\"}", booking.slots[1]);
    assert_refusal(world, STATUS_ALREADY_EXISTS, "slots[0]", "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}",
                   booking.slots[1], booking.ada);
    // A practice that does not see the patient learns nothing.
    world->organisation = "gp-b1";
    assert_refusal(world, STATUS_NOT_FOUND, "patient", "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", kept[0],
                   booking.ada);
    world->organisation = NULL;
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "", "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", booking.slots[2],
                   booking.ada);
    world->organisation = "gp-a1";
    free(test_database_query(world->database, "UPDATE patient SET died_on = '2026-01-01'"));
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "patient", "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}",
                   booking.slots[2], booking.ada);
    assert_string_equal(world_query(world, "SELECT count(*) FROM appointment"), "0");
    assert_string_equal(events(world), "");
}

static void assert_held(world_t *world, const char *slot, char hold[40])
{
    assert_call(world, "HoldSlot", "{\"id\":\"%s\"}", slot);
    keep_id(world, hold);
}

static void a_hold_is_booked_by_who_holds(void **state)
{
    world_t *world = *state;
    char hold[40], expected[100];
    assert_held(world, booking.slots[0], hold);
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "slots", "CreateAppointment", "{\"hold\":\"%s\",\"slots\":[\"%s\"],\"patient\":\"%s\"}",
                   hold, booking.slots[0], booking.ada);
    // Above the practice, so that the patient is seen, and yet not the holder.
    world->organisation = "pcn-a";
    assert_refusal(world, STATUS_NOT_FOUND, "hold", "CreateAppointment", "{\"hold\":\"%s\",\"patient\":\"%s\"}", hold, booking.ada);
    assert_refusal(world, STATUS_ALREADY_EXISTS, "slots[0]", "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}",
                   booking.slots[0], booking.ada);
    world->organisation = "gp-a1";
    assert_refusal(world, STATUS_ALREADY_EXISTS, "slots[0]", "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}",
                   booking.slots[0], booking.ada);
    assert_call(world, "CreateAppointment", "{\"hold\":\"%s\",\"patient\":\"%s\"}", hold, booking.ada);
    (void)snprintf(expected, sizeof expected, "\"slots\":[\"%s\"]", booking.slots[0]);
    assert_reply_has(world, expected);
    (void)snprintf(expected, sizeof expected, "\"hold\":\"%s\"", hold);
    assert_reply_has(world, expected);
    assert_string_equal(world_query(world, "SELECT status FROM hold"), "used");
    assert_string_equal(slot_state(world, booking.slots[0]), "booked");
    assert_refusal(world, STATUS_ABORTED, "hold", "CreateAppointment", "{\"hold\":\"%s\",\"patient\":\"%s\"}", hold, booking.ada);
    assert_refusal(world, STATUS_ABORTED, "", "ReleaseHold", "{\"id\":\"%s\"}", hold);
    assert_string_equal(slot_state(world, booking.slots[0]), "booked");
}

static void a_hold_that_is_over_does_not_help(void **state)
{
    world_t *world = *state;
    char hold[40], request[200], meanwhile[200];
    assert_held(world, booking.slots[0], hold);
    // It runs out, or is given up, while it is decided.
    (void)snprintf(request, sizeof request, "{\"hold\":\"%s\",\"patient\":\"%s\"}", hold, booking.ada);
    assert_int_equal(world_race(world,
                                "UPDATE slot SET held_until = now() - interval '1 second' WHERE hold IS NOT NULL; "
                                "UPDATE hold SET expires_at = now() - interval '1 second'",
                                "CreateAppointment", request),
                     STATUS_ABORTED);
    assert_string_equal(world->problem.field, "hold");
    assert_non_null(strstr(world->problem.detail, "ran out"));
    assert_held(world, booking.slots[0], hold);
    (void)snprintf(request, sizeof request, "{\"hold\":\"%s\",\"patient\":\"%s\"}", hold, booking.ada);
    (void)snprintf(meanwhile, sizeof meanwhile,
                   "UPDATE hold SET status = 'released', version = 2 WHERE id = '%s'; UPDATE slot SET hold = NULL, held_until = NULL",
                   hold);
    assert_int_equal(world_race(world, meanwhile, "CreateAppointment", request), STATUS_ABORTED);
    assert_non_null(strstr(world->problem.detail, "released"));
    assert_string_equal(world_query(world, "SELECT count(*) FROM appointment"), "0");
    // Its slots are everybody's again.
    world->organisation = "pcn-a";
    assert_call(world, "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", booking.slots[0], booking.ada);
    assert_reply_has(world, "\"bookedBy\":{\"subject\":\"tester\",\"organisation\":\"pcn-a\"}");
}

static void it_is_cancelled_and_the_slot_is_free(void **state)
{
    world_t *world = *state;
    char id[40];
    assert_booked(world, booking.slots[0], id);
    assert_call(world, "CancelAppointment", "{\"id\":\"%s\",\"by\":\"patient\",\"reason\":\"Better\"}", id);
    assert_reply_has(world, "\"status\":\"cancelled\"");
    assert_reply_has(world, "\"cancelledBy\":\"patient\",\"cancelReason\":\"Better\"");
    assert_reply_has(world, booking.slots[0]);
    assert_int_equal(world->version, 2);
    assert_string_equal(slot_state(world, booking.slots[0]), "free");
    assert_string_equal(world_query(world, "SELECT count(*) FROM patient_grant WHERE until > now() + interval '1 minute'"), "0");
    assert_refusal(world, STATUS_ABORTED, "", "CancelAppointment", "{\"id\":\"%s\",\"reason\":\"Again\"}", id);
    assert_refusal(world, STATUS_ABORTED, "", "ArriveAppointment", "{\"id\":\"%s\"}", id);
    char again[40];
    assert_booked(world, booking.slots[0], again);
    assert_call(world, "CancelAppointment", "{\"id\":\"%s\",\"reason\":\"Clinician ill\"}", again);
    assert_reply_has(world, "\"cancelledBy\":\"provider\"");
    assert_string_equal(events(world), "booked cancelled booked cancelled");
    assert_null(strstr(world_query(world, "SELECT string_agg(data::text, ' ') FROM event_queue"), "Better"));
}

static void it_takes_its_course(void **state)
{
    world_t *world = *state;
    char id[40];
    assert_booked(world, booking.slots[0], id);
    assert_refusal(world, STATUS_ABORTED, "", "CompleteAppointment", "{\"id\":\"%s\"}", id);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "", "MissAppointment", "{\"id\":\"%s\"}", id);
    // Nobody is here on another day.
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "", "ArriveAppointment", "{\"id\":\"%s\"}", id);
    free(test_database_query(world->database, "UPDATE appointment SET start_at = now() WHERE status = 'booked'"));
    assert_call(world, "ArriveAppointment", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, "\"status\":\"arrived\"");
    assert_call(world, "CompleteAppointment", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, "\"status\":\"completed\"");
    assert_int_equal(world->version, 3);
    assert_string_equal(slot_state(world, booking.slots[0]), "booked");
    assert_refusal(world, STATUS_ABORTED, "", "CancelAppointment", "{\"id\":\"%s\",\"reason\":\"Late\"}", id);
    assert_booked(world, booking.slots[1], id);
    free(test_database_query(world->database, "UPDATE appointment SET start_at = now() - interval '1 hour' WHERE status = 'booked'"));
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "", "RescheduleAppointment", "{\"id\":\"%s\",\"slots\":[\"%s\"]}", id,
                   booking.slots[2]);
    assert_call(world, "MissAppointment", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, "\"status\":\"did-not-attend\"");
    assert_string_equal(slot_state(world, booking.slots[1]), "booked");
    assert_string_equal(events(world), "booked arrived completed booked did-not-attend");
}

static void only_its_texts_are_amended(void **state)
{
    world_t *world = *state;
    char id[40];
    assert_booked(world, booking.slots[0], id);
    assert_call(world, "AmendAppointment", "{\"id\":\"%s\",\"appointment\":{\"description\":\"Both knees\",\"comment\":\"Chair\"}}", id);
    assert_reply_has(world, "\"description\":\"Both knees\"");
    assert_call(world, "AmendAppointment", "{\"id\":\"%s\",\"appointment\":{},\"clear\":[\"comment\"]}", id);
    assert_reply_lacks(world, "Chair");
    world->expected_version = 2;
    assert_refusal(world, STATUS_ABORTED, "", "AmendAppointment", "{\"id\":\"%s\",\"appointment\":{\"comment\":\"Late\"}}", id);
    world->expected_version = 0;
    assert_call(world, "GetAppointment", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, "Both knees");
    assert_reply_lacks(world, "Chair");
    assert_string_equal(events(world), "booked amended amended");
    assert_null(strstr(world_query(world, "SELECT string_agg(data::text, ' ') FROM event_queue"), "knees"));
}

static void it_moves_in_one_step(void **state)
{
    world_t *world = *state;
    char id[40], hold[40], expected[300];
    assert_booked(world, booking.slots[0], id);
    assert_call(world, "RescheduleAppointment", "{\"id\":\"%s\",\"slots\":[\"%s\",\"%s\"]}", id, booking.slots[1], booking.slots[2]);
    (void)snprintf(expected, sizeof expected, "\"id\":\"%s\",\"slots\":[\"%s\",\"%s\"]", id, booking.slots[1], booking.slots[2]);
    assert_reply_has(world, expected);
    (void)snprintf(expected, sizeof expected, "\"former\":[{\"slots\":[\"%s\"],\"start\":\"", booking.slots[0]);
    assert_reply_has(world, expected);
    assert_string_equal(slot_state(world, booking.slots[0]), "free");
    assert_string_equal(slot_state(world, booking.slots[1]), "booked");
    // One that it has already stays with it.
    assert_call(world, "RescheduleAppointment", "{\"id\":\"%s\",\"slots\":[\"%s\"]}", id, booking.slots[2]);
    assert_string_equal(slot_state(world, booking.slots[1]), "free");
    assert_string_equal(slot_state(world, booking.slots[2]), "booked");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "slots", "RescheduleAppointment", "{\"id\":\"%s\",\"slots\":[\"%s\"]}", id,
                   booking.slots[2]);
    assert_held(world, booking.slots[0], hold);
    assert_call(world, "RescheduleAppointment", "{\"id\":\"%s\",\"hold\":\"%s\"}", id, hold);
    assert_string_equal(world_query(world, "SELECT status FROM hold"), "used");
    assert_string_equal(slot_state(world, booking.slots[2]), "free");
    assert_call(world, "GetAppointment", "{\"id\":\"%s\"}", id);
    assert_int_equal(world->version, 4);
    assert_string_equal(world_query(world, "SELECT jsonb_array_length(former) FROM appointment"), "3");
    assert_string_equal(world_query(world, "SELECT string_agg(live::text, ' ' ORDER BY version, live) FROM appointment_slot"),
                        "false false false true");
    assert_string_equal(events(world), "booked rescheduled rescheduled rescheduled");
    // Onto one that is taken: nothing moves.
    char other[40];
    assert_booked(world, booking.slots[4], other);
    assert_refusal(world, STATUS_ALREADY_EXISTS, "slots[0]", "RescheduleAppointment", "{\"id\":\"%s\",\"slots\":[\"%s\"]}", id,
                   booking.slots[4]);
    assert_non_null(strstr(world->problem.members, "alternatives"));
    assert_string_equal(slot_state(world, booking.slots[0]), "booked");
}

static void a_move_that_comes_second_takes_nothing(void **state)
{
    world_t *world = *state;
    char id[40], request[300], meanwhile[300];
    assert_booked(world, booking.slots[0], id);
    (void)snprintf(request, sizeof request, "{\"id\":\"%s\",\"slots\":[\"%s\",\"%s\"]}", id, booking.slots[1], booking.slots[2]);
    (void)snprintf(meanwhile, sizeof meanwhile, "UPDATE slot SET status = 'booked' WHERE id = '%s'", booking.slots[2]);
    assert_int_equal(world_race(world, meanwhile, "RescheduleAppointment", request), STATUS_ALREADY_EXISTS);
    assert_string_equal(slot_state(world, booking.slots[1]), "free");
    assert_string_equal(slot_state(world, booking.slots[0]), "booked");
    // Cancelled meanwhile: nothing is taken either.
    (void)snprintf(request, sizeof request, "{\"id\":\"%s\",\"slots\":[\"%s\"]}", id, booking.slots[3]);
    (void)snprintf(meanwhile, sizeof meanwhile,
                   "UPDATE appointment SET status = 'cancelled', cancelled_by = 'patient', version = 2 WHERE id = '%s'; "
                   "UPDATE appointment_slot SET live = false; UPDATE slot SET status = 'free' WHERE id = '%s'",
                   id, booking.slots[0]);
    assert_int_equal(world_race(world, meanwhile, "RescheduleAppointment", request), STATUS_ABORTED);
    assert_string_equal(slot_state(world, booking.slots[3]), "free");
    assert_string_equal(events(world), "booked");
}

static void one_is_put_beside_another(void **state)
{
    world_t *world = *state;
    char first[40], second[40], request[400], meanwhile[300];
#define BESIDE "{\"slots\":[\"%s\"],\"patient\":\"%s\",\"overbookReason\":\"Between two\"}"
    assert_booked(world, booking.slots[0], first);
    assert_refusal(world, STATUS_PERMISSION_DENIED, "overbookReason", "CreateAppointment", BESIDE, booking.slots[0], booking.ada);
    world->scopes[1] = "appointments.overbook";
    // Only in one's own schedule.
    assert_refusal(world, STATUS_ALREADY_EXISTS, "slots[0]", "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}",
                   booking.slots[0], booking.ada);
    assert_call(world, "CreateAppointment", BESIDE, booking.slots[0], booking.ada);
    keep_id(world, second);
    assert_reply_has(world, "\"overbookReason\":\"Between two\"");
    assert_string_equal(slot_state(world, booking.slots[0]), "booked twice");
    assert_refusal(world, STATUS_ALREADY_EXISTS, "slots[0]", "CreateAppointment", BESIDE, booking.slots[0], booking.ada);
    // A free one is simply booked.
    assert_call(world, "CreateAppointment", BESIDE, booking.slots[1], booking.ada);
    assert_reply_lacks(world, "overbookReason");
    // Two at once: the second finds that there is one beside.
    (void)snprintf(request, sizeof request, BESIDE, booking.slots[1], booking.ada);
    (void)snprintf(meanwhile, sizeof meanwhile, "UPDATE slot SET overbooked = true WHERE id = '%s'", booking.slots[1]);
    assert_int_equal(world_race(world, meanwhile, "CreateAppointment", request), STATUS_ALREADY_EXISTS);
    assert_string_equal(world->verdict, "moved");
    // The one beside goes, and the slot stays booked; then the other.
    assert_call(world, "CancelAppointment", "{\"id\":\"%s\",\"reason\":\"Better\"}", second);
    assert_string_equal(slot_state(world, booking.slots[0]), "booked");
    assert_call(world, "CreateAppointment", BESIDE, booking.slots[0], booking.ada);
    assert_call(world, "CancelAppointment", "{\"id\":\"%s\",\"reason\":\"Better\"}", first);
    assert_string_equal(slot_state(world, booking.slots[0]), "free twice");
    assert_booked(world, booking.slots[0], first);
    assert_string_equal(slot_state(world, booking.slots[0]), "booked twice");
    assert_refusal(world, STATUS_ALREADY_EXISTS, "slots[0]", "CreateAppointment", BESIDE, booking.slots[0], booking.ada);
}

static void the_index_is_the_last_guard(void **state)
{
    world_t *world = *state;
    char id[40], sql[400];
    assert_booked(world, booking.slots[0], id);
    (void)snprintf(sql, sizeof sql, "INSERT INTO appointment_slot (appointment, version, slot, overbooked) VALUES ('%s', 9, '%s', false)",
                   id, booking.slots[0]);
    assert_string_equal(refused_as(world, "gp-a1", "tester", "x", sql), "23505");
}

// Where the death is recorded between what a booking saw and its end, the database itself does not take the row.
static void nothing_is_booked_for_who_died_meanwhile(void **state)
{
    world_t *world = *state;
    static const char *const tables[] = {"appointment", "online_consultation", "waiting_entry"};
    char sql[400];
    (void)snprintf(sql, sizeof sql, "UPDATE patient SET died_on = current_date WHERE id = '%s'", booking.ada);
    free(test_database_query(world->database, sql));
    free(test_database_query(world->database, "CREATE TABLE refused (relation text)"));
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        (void)snprintf(sql, sizeof sql,
                       "DO $$ BEGIN INSERT INTO %s (patient) VALUES ('%s'); "
                       "EXCEPTION WHEN serialization_failure THEN INSERT INTO refused VALUES ('%s'); END $$",
                       tables[i], booking.ada, tables[i]);
        free(test_database_query(world->database, sql));
    }
    assert_string_equal(world_query(world, "SELECT string_agg(relation, ' ' ORDER BY relation) FROM refused"),
                        "appointment online_consultation waiting_entry");
    free(test_database_query(world->database, "DROP TABLE refused"));
    free(test_database_query(world->database, "UPDATE patient SET died_on = NULL"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, booking_afresh)
    const struct CMUnitTest tests[] = {
        TEST(a_slot_is_booked),
        TEST(a_slot_is_booked_once),
        TEST(the_same_key_has_the_same_answer),
        TEST(several_slots_are_one_appointment),
        TEST(what_may_not_be_booked),
        TEST(a_hold_is_booked_by_who_holds),
        TEST(a_hold_that_is_over_does_not_help),
        TEST(it_is_cancelled_and_the_slot_is_free),
        TEST(it_takes_its_course),
        TEST(only_its_texts_are_amended),
        TEST(it_moves_in_one_step),
        TEST(a_move_that_comes_second_takes_nothing),
        TEST(one_is_put_beside_another),
        TEST(the_index_is_the_last_guard),
        cmocka_unit_test(nothing_is_booked_for_who_died_meanwhile),
    };
    return cmocka_run_group_tests(tests, booking_setup, world_teardown);
}
