// What a change of a plan, and blocking, does to appointments: nothing.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/referral/booking.h"

// Seven sessions of six slots from that hour on, cut into so many minutes.
static const char *sessions(int hour, int minutes)
{
    static const char *const days[] = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};
    static char text[1200];
    text[0] = '\0';
    for (int i = 0; i < 7; i++) {
        const size_t used = strlen(text);
        (void)snprintf(text + used, sizeof text - used, "%s{\"weekday\":\"%s\",\"from\":\"%02d:00\",\"to\":\"%02d:00\",\"minutes\":%d}",
                       i > 0 ? "," : "", days[i], hour, hour + 1, minutes);
    }
    return text;
}

#define CHANGE(rest) "{\"id\":\"%s\"" rest ",\"scheduleTemplate\":{\"sessions\":[%s]}}"
#define KEEPING ",\"keepBooked\":true"

static void assert_booked(world_t *world, const char *slot, char id[40])
{
    assert_call(world, "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", slot, booking.ada);
    keep_id(world, id);
}

static void a_booked_slot_stays_until_its_appointment_is_over(void **state)
{
    world_t *world = *state;
    char id[40], moved[40];
    assert_booked(world, booking.slots[0], id);
    assert_booked(world, booking.slots[1], moved);
    assert_call(world, "HoldSlot", "{\"id\":\"%s\"}", booking.slots[2]);
    assert_call(world, "BlockSlot", "{\"id\":\"%s\",\"reason\":\"Training\"}", booking.slots[3]);
    assert_refusal(world, STATUS_ALREADY_EXISTS, "sessions", "UpdateScheduleTemplate", CHANGE(""), booking.schedule, sessions(14, 10));
    assert_non_null(strstr(world->problem.detail, "4 slots"));
    assert_non_null(strstr(world->problem.members, booking.slots[0]));
    assert_null(strstr(world->problem.members, "offPlan"));
    assert_call(world, "UpdateScheduleTemplate", CHANGE(KEEPING), booking.schedule, sessions(14, 10));
    assert_string_equal(world_query(world, "SELECT count(*) FROM slot WHERE off_plan"), "4");
    // What was kept once is not asked for again.
    assert_call(world, "UpdateScheduleTemplate", "{\"id\":\"%s\",\"scheduleTemplate\":{\"name\":\"Afternoons\"}}", booking.schedule);
    assert_call(world, "GetAppointment", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, booking.slots[0]);
    // Once the appointment is gone, so is the slot, however it went.
    assert_call(world, "CancelAppointment", "{\"id\":\"%s\",\"reason\":\"Better\"}", id);
    assert_string_equal(slot_state(world, booking.slots[0]), "withdrawn");
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetSlot", "{\"id\":\"%s\"}", booking.slots[0]);
    assert_refusal(world, STATUS_NOT_FOUND, "slots", "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", booking.slots[0],
                   booking.ada);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "HoldSlot", "{\"id\":\"%s\"}", booking.slots[0]);
    char later[BOOKING_SLOTS][40];
    booking_slots(world, booking.schedule, later);
    const char *free_one = world_query(world, "SELECT id FROM slot WHERE status = 'free' AND NOT off_plan ORDER BY start_at DESC LIMIT 1");
    assert_call(world, "RescheduleAppointment", "{\"id\":\"%s\",\"slots\":[\"%s\"]}", moved, arena_string(world->arena, free_one));
    assert_string_equal(slot_state(world, booking.slots[1]), "withdrawn");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "id", "UnblockSlot", "{\"id\":\"%s\"}", booking.slots[3]);
    // The hold is honoured, and its slot goes with the hold.
    assert_string_equal(slot_state(world, booking.slots[2]), "held");
    free(test_database_query(world->database, "UPDATE slot SET held_until = now() - interval '1 second' WHERE hold IS NOT NULL"));
    assert_string_equal(slot_state(world, booking.slots[2]), "withdrawn");
    // The next change clears what nothing stands in any more.
    assert_call(world, "UpdateScheduleTemplate", "{\"id\":\"%s\",\"scheduleTemplate\":{\"name\":\"Late\"}}", booking.schedule);
    assert_string_equal(world_query(world, "SELECT count(*) FROM slot WHERE off_plan"), "1");
}

static void a_hold_of_a_plan_that_changed_is_booked(void **state)
{
    world_t *world = *state;
    char hold[40], id[40];
    assert_call(world, "HoldSlot", "{\"id\":\"%s\"}", booking.slots[0]);
    keep_id(world, hold);
    assert_call(world, "UpdateScheduleTemplate", CHANGE(KEEPING), booking.schedule, sessions(14, 10));
    assert_call(world, "CreateAppointment", "{\"hold\":\"%s\",\"patient\":\"%s\"}", hold, booking.ada);
    keep_id(world, id);
    assert_string_equal(slot_state(world, booking.slots[0]), "booked");
    // The plan has the slot again: it is one like the others.
    assert_call(world, "UpdateScheduleTemplate", CHANGE(""), booking.schedule, sessions(9, 10));
    assert_string_equal(world_query(world, "SELECT count(*) FROM slot WHERE off_plan"), "0");
    assert_call(world, "CancelAppointment", "{\"id\":\"%s\",\"reason\":\"Better\"}", id);
    assert_string_equal(slot_state(world, booking.slots[0]), "free");
}

// Slots of another length take the place of free ones; the one that is booked keeps its own.
static void a_booked_slot_keeps_its_length(void **state)
{
    world_t *world = *state;
    char id[40];
    assert_booked(world, booking.slots[0], id);
    assert_call(world, "UpdateScheduleTemplate", CHANGE(KEEPING), booking.schedule, sessions(9, 20));
    assert_string_equal(slot_state(world, booking.slots[0]), "booked");
    assert_string_equal(world_query(world, "SELECT count(DISTINCT minutes) || ' ' || count(*) FILTER (WHERE minutes = 10) FROM slot"),
                        "2 1");
    assert_call(world, "CancelAppointment", "{\"id\":\"%s\",\"reason\":\"Better\"}", id);
    assert_string_equal(slot_state(world, booking.slots[0]), "withdrawn");
    assert_call(world, "UpdateScheduleTemplate", "{\"id\":\"%s\",\"scheduleTemplate\":{\"name\":\"Longer\"}}", booking.schedule);
    assert_string_equal(world_query(world, "SELECT string_agg(DISTINCT minutes::text, ' ') FROM slot"), "20");
}

static void blocking_does_not_touch_what_is_booked(void **state)
{
    world_t *world = *state;
    char id[40], request[200], meanwhile[400];
    assert_booked(world, booking.slots[0], id);
    assert_refusal(world, STATUS_ALREADY_EXISTS, "id", "BlockSlot", "{\"id\":\"%s\",\"reason\":\"Training\"}", booking.slots[0]);
    assert_refusal(world, STATUS_ALREADY_EXISTS, "id", "UnblockSlot", "{\"id\":\"%s\"}", booking.slots[0]);
    // Booked while it is decided.
    (void)snprintf(request, sizeof request, "{\"id\":\"%s\",\"reason\":\"Training\"}", booking.slots[1]);
    (void)snprintf(meanwhile, sizeof meanwhile, "UPDATE slot SET status = 'booked', version = version + 1 WHERE id = '%s'",
                   booking.slots[1]);
    assert_int_equal(world_race(world, meanwhile, "BlockSlot", request), STATUS_ALREADY_EXISTS);
    assert_string_equal(slot_state(world, booking.slots[1]), "booked");
    // Blocked while a booking is decided.
    (void)snprintf(request, sizeof request, "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", booking.slots[2], booking.ada);
    (void)snprintf(meanwhile, sizeof meanwhile, "UPDATE slot SET status = 'blocked', version = version + 1 WHERE id = '%s'",
                   booking.slots[2]);
    assert_int_equal(world_race(world, meanwhile, "CreateAppointment", request), STATUS_ALREADY_EXISTS);
    // The plan changes while a booking is decided: the slot is no more.
    (void)snprintf(request, sizeof request, "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", booking.slots[3], booking.ada);
    (void)snprintf(meanwhile, sizeof meanwhile, "DELETE FROM slot WHERE id = '%s'", booking.slots[3]);
    assert_int_equal(world_race(world, meanwhile, "CreateAppointment", request), STATUS_NOT_FOUND);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, booking_afresh)
    const struct CMUnitTest tests[] = {
        TEST(a_booked_slot_stays_until_its_appointment_is_over),
        TEST(a_hold_of_a_plan_that_changed_is_booked),
        TEST(a_booked_slot_keeps_its_length),
        TEST(blocking_does_not_touch_what_is_booked),
    };
    return cmocka_run_group_tests(tests, booking_setup, world_teardown);
}
