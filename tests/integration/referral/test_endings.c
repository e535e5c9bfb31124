// What becomes of slots, bookings and those who wait where a service ends, loses a channel, or its provider closes.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/referral/booking.h"

static char appointment[40], hold[40];

static const char *told(world_t *world, const char *format, const char *a, const char *b)
{
    char sql[500];
    (void)snprintf(sql, sizeof sql, format, a, b);
    return world_query(world, sql);
}

static void change(world_t *world, const char *format, const char *a)
{
    char sql[500];
    (void)snprintf(sql, sizeof sql, format, a);
    free(test_database_query(world->database, sql));
}

// The first slot is booked, the second held; the caller is gp-a1.
static void book_and_hold(world_t *world)
{
    assert_call(world, "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", booking.slots[0], booking.ada);
    keep_id(world, appointment);
    assert_call(world, "HoldSlot", "{\"id\":\"%s\"}", booking.slots[1]);
    keep_id(world, hold);
}

// The codes that hide a slot of the plan's last day but one; "seen" where it is shown.
static const char *clauses(world_t *world, const char *slot)
{
    char day[40];
    (void)snprintf(day, sizeof day, "%s",
                   told(world, "SELECT (start_at AT TIME ZONE 'Europe/London')::date FROM slot WHERE id = '%s'%s", slot, ""));
    assert_call(world, "ListSlots", "{\"service\":\"%s\",\"from\":\"%s\",\"to\":\"%s\"}", booking.service, day, day);
    const bool seen = strstr(world->reply, slot) != NULL;
    assert_call(world, "ListSlots", "{\"service\":\"%s\",\"from\":\"%s\",\"to\":\"%s\",\"explain\":true}", booking.service, day, day);
    static char codes[300];
    codes[0] = '\0';
    const char *hidden = strstr(world->reply, "\"hidden\":"), *at = strstr(hidden != NULL ? hidden : "", slot);
    // Search and explanation say the same.
    assert_true(seen == (at == NULL));
    for (const char *reason = at; reason != NULL && (reason = strstr(reason, "{\"code\":\"")) != NULL; reason++) {
        const char *next = strstr(at, "{\"slot\":");
        if (next != NULL && reason > next)
            break;
        const size_t used = strlen(codes);
        (void)snprintf(codes + used, sizeof codes - used, "%s%.*s", used > 0 ? " " : "", (int)strcspn(reason + 9, "\""), reason + 9);
    }
    return seen ? "seen" : codes;
}

static void assert_not_offered(world_t *world, const char *clause)
{
    char both[100];
    (void)snprintf(both, sizeof both, "not-free %s", clause);
    assert_string_equal(clauses(world, booking.slots[2]), clause);
    assert_string_equal(clauses(world, booking.slots[0]), both);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "HoldSlot", "{\"id\":\"%s\"}", booking.slots[2]);
    assert_refusal(world, STATUS_NOT_FOUND, "slots[0]", "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", booking.slots[2],
                   booking.ada);
    // Not even to who holds one already, or has one.
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "hold", "CreateAppointment", "{\"hold\":\"%s\",\"patient\":\"%s\"}", hold,
                   booking.ada);
    assert_refusal(world, STATUS_NOT_FOUND, "slots[0]", "RescheduleAppointment", "{\"id\":\"%s\",\"slots\":[\"%s\"]}", appointment,
                   booking.slots[3]);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "hold", "RescheduleAppointment", "{\"id\":\"%s\",\"hold\":\"%s\"}", appointment,
                   hold);
    assert_string_equal(slot_state(world, booking.slots[0]), "booked");
    assert_call(world, "GetAppointment", "{\"id\":\"%s\"}", appointment);
    assert_reply_has(world, "\"status\":\"booked\"");
}

static void assert_offered(world_t *world)
{
    assert_string_equal(clauses(world, booking.slots[2]), "seen");
    assert_string_equal(clauses(world, booking.slots[0]), "not-free");
    assert_call(world, "RescheduleAppointment", "{\"id\":\"%s\",\"slots\":[\"%s\"]}", appointment, booking.slots[3]);
    assert_call(world, "CreateAppointment", "{\"hold\":\"%s\",\"patient\":\"%s\"}", hold, booking.ada);
}

static void who_ends_a_service_is_told_what_is_to_come(void **state)
{
    world_t *world = *state;
    static const char *const ends[] = {"closed", "suspended"};
    for (size_t i = 0; i < 2; i++) {
        (void)booking_afresh(state);
        book_and_hold(world);
        assert_refusal(world, STATUS_ALREADY_EXISTS, "status", "UpdateService", "{\"id\":\"%s\",\"service\":{\"status\":\"%s\"}}",
                       booking.service, ends[i]);
        assert_string_equal(world->problem.detail,
                            "To come are 2 slots that are booked or held, 1 plans and 0 entries of the waiting list; "
                            "`keepBooked=true` leaves them as they are, and nothing more is offered");
        const char *booked = strstr(world->problem.members, booking.slots[0]), *held = strstr(world->problem.members, booking.slots[1]);
        assert_true(booked != NULL && held != NULL && booked < held);
        assert_non_null(strstr(booked, "\"status\":\"booked\""));
        assert_non_null(strstr(held, "\"status\":\"held\""));
        assert_null(strstr(world->problem.members, booking.slots[2]));
        assert_string_equal(told(world, "SELECT status FROM service WHERE id = '%s'%s", booking.service, ""), "active");
        assert_call(world, "UpdateService", "{\"id\":\"%s\",\"service\":{\"status\":\"%s\"},\"keepBooked\":true}", booking.service,
                    ends[i]);
        assert_not_offered(world, "service-suspended");
        // It is asked about once: it ended already.
        assert_call(world, "UpdateService", "{\"id\":\"%s\",\"service\":{\"status\":\"%s\",\"url\":\"https://example.org\"}}",
                    booking.service, ends[i]);
        assert_call(world, "UpdateService", "{\"id\":\"%s\",\"service\":{\"status\":\"active\"}}", booking.service);
        assert_offered(world);
    }
}

static void a_channel_that_is_lost_takes_its_plans_along(void **state)
{
    world_t *world = *state;
    char other[40], slots[BOOKING_SLOTS][40], first[40];
    (void)booking_afresh(state);
    booking_plan(world, "telephone", 11, "", other);
    booking_slots(world, other, slots);
    book_and_hold(world);
    assert_refusal(world, STATUS_ALREADY_EXISTS, "channels", "UpdateService",
                   "{\"id\":\"%s\",\"service\":{\"channels\":[\"telephone\",\"video\"]}}", booking.service);
    assert_non_null(strstr(world->problem.detail, "2 slots that are booked or held, 1 plans and 0 entries"));
    assert_non_null(strstr(world->problem.members, booking.slots[0]));
    // What it loses nobody plans in.
    assert_call(world, "UpdateService", "{\"id\":\"%s\",\"service\":{\"channels\":[\"telephone\",\"in-person\"]}}", booking.service);
    assert_call(world, "UpdateService", "{\"id\":\"%s\",\"service\":{\"channels\":[\"telephone\"]},\"keepBooked\":true}", booking.service);
    assert_not_offered(world, "channel-withdrawn");
    assert_string_equal(clauses(world, slots[0]), "seen");
    // Alternatives are those that are offered.
    assert_call(world, "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", slots[0], booking.ada);
    (void)snprintf(first, sizeof first, "%s", slots[1]);
    assert_refusal(world, STATUS_ALREADY_EXISTS, "slots[0]", "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", slots[0],
                   booking.ada);
    assert_non_null(strstr(world->problem.members, first));
    assert_non_null(strstr(world->problem.members, other));
    assert_null(strstr(world->problem.members, booking.schedule));
    assert_call(world, "UpdateService", "{\"id\":\"%s\",\"service\":{\"channels\":[\"telephone\",\"in-person\",\"video\"]}}",
                booking.service);
    assert_offered(world);
}

static void who_waits_is_counted_and_offered_nothing(void **state)
{
    world_t *world = *state;
    (void)booking_afresh(state);
    change(world, "UPDATE schedule_template SET valid_to = (now() - interval '1 day')::date, valid_from = '2020-01-01' WHERE id = '%s'",
           booking.schedule);
    book_and_hold(world);
    assert_call(world, "CreateWaitingEntry", "{\"waitingEntry\":{\"patient\":\"%s\",\"service\":\"%s\",\"channel\":\"in-person\"}}",
                booking.ada, booking.service);
    assert_call(world, "CancelAppointment", "{\"id\":\"%s\",\"reason\":\"Better\"}", appointment);
    assert_call(world, "ReleaseHold", "{\"id\":\"%s\"}", hold);
    assert_string_equal(told(world, "SELECT count(*) FROM slots_to_offer(now())%s%s", "", ""), "1");
    assert_refusal(world, STATUS_ALREADY_EXISTS, "channels", "UpdateService", "{\"id\":\"%s\",\"service\":{\"channels\":[\"telephone\"]}}",
                   booking.service);
    assert_non_null(strstr(world->problem.detail, "0 slots that are booked or held, 0 plans and 1 entries"));
    assert_string_equal(world->problem.members, "\"touched\":[]");
    assert_call(world, "UpdateService", "{\"id\":\"%s\",\"service\":{\"channels\":[\"telephone\"]},\"keepBooked\":true}", booking.service);
    assert_string_equal(told(world, "SELECT count(*) FROM slots_to_offer(now())%s%s", "", ""), "0");
    assert_call(world, "UpdateService", "{\"id\":\"%s\",\"service\":{\"channels\":[\"telephone\",\"in-person\",\"video\"]}}",
                booking.service);
    assert_string_equal(told(world, "SELECT count(*) FROM slots_to_offer(now())%s%s", "", ""), "1");
    assert_refusal(world, STATUS_ALREADY_EXISTS, "status", "UpdateService", "{\"id\":\"%s\",\"service\":{\"status\":\"closed\"}}",
                   booking.service);
    free(test_database_query(world->database, "TRUNCATE waiting_entry"));
    // Of what is over nobody is asked.
    assert_call(world, "UpdateService", "{\"id\":\"%s\",\"service\":{\"status\":\"closed\"}}", booking.service);
    assert_call(world, "UpdateService", "{\"id\":\"%s\",\"service\":{\"status\":\"active\"}}", booking.service);
}

// The registry says that gp-a1 closes; `days` before the day of the slots.
static void close_practice(world_t *world, int days)
{
    char sql[400];
    (void)snprintf(
        sql, sizeof sql,
        "UPDATE organisation SET closed_on = ((SELECT start_at FROM slot WHERE id = '%s') AT TIME ZONE 'Europe/London')::date - %d "
        "WHERE code = 'gp-a1'",
        booking.slots[0], days);
    free(test_database_query(world->database, sql));
}

static void slots_of_a_practice_end_with_it(void **state)
{
    world_t *world = *state;
    char after[40];
    (void)booking_afresh(state);
    book_and_hold(world);
    // The day after: the last day on which it is open.
    close_practice(world, -1);
    assert_string_equal(clauses(world, booking.slots[2]), "seen");
    (void)snprintf(after, sizeof after, "%s",
                   told(world,
                        "SELECT s.id FROM slot s JOIN slot o ON o.template = s.template AND o.id = '%s' AND s.start_at = o.start_at + "
                        "interval '1 day'%s",
                        booking.slots[0], ""));
    assert_string_equal(clauses(world, after), "organisation-closed");
    close_practice(world, 0);
    assert_not_offered(world, "organisation-closed");
    // What went unused is its own no more either.
    change(world, "UPDATE slot SET reclaimed_at = now() WHERE id = '%s'", booking.slots[4]);
    assert_string_equal(clauses(world, booking.slots[4]), "organisation-closed");
    // Its service is in the directory to its last day, and one that is made meanwhile ends with the others.
    assert_call(world, "ListServices", "{\"provider\":\"gp-a1\"}");
    assert_reply_has(world, booking.service);
    assert_call(world, "CreateService",
                "{\"service\":{\"name\":\"Late\",\"kind\":\"general-practice\",\"provider\":\"gp-a1\",\"channels\":[\"in-person\"]}}");
    free(test_database_query(world->database, "UPDATE organisation SET closed_on = now()::date - 1 WHERE code = 'gp-a1'"));
    assert_call(world, "ListServices", "{\"provider\":\"gp-a1\"}");
    assert_reply_has(world, "\"services\":[]");
    assert_call(world, "ListServices", "{\"provider\":\"gp-a1\",\"explain\":true}");
    assert_reply_has(world, "\"Late\",\"reasons\":[{\"code\":\"closed-down\"");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "service", "CreateWaitingEntry",
                   "{\"waitingEntry\":{\"patient\":\"%s\",\"service\":\"%s\"}}", booking.ada, booking.service);
    // What was announced is taken back.
    free(test_database_query(world->database, "UPDATE organisation SET closed_on = NULL WHERE code = 'gp-a1'"));
    assert_call(world, "ListServices", "{\"provider\":\"gp-a1\"}");
    assert_reply_has(world, booking.service);
    assert_offered(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_ends_a_service_is_told_what_is_to_come),
        cmocka_unit_test(a_channel_that_is_lost_takes_its_plans_along),
        cmocka_unit_test(who_waits_is_counted_and_offered_nothing),
        cmocka_unit_test(slots_of_a_practice_end_with_it),
    };
    return cmocka_run_group_tests(tests, booking_setup, world_teardown);
}
