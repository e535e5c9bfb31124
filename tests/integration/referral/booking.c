#include "tests/integration/referral/booking.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"

booking_t booking;

void booking_plan(world_t *world, const char *channel, int hour, const char *rest, char id[40])
{
    static const char *const days[] = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};
    char sessions[1200] = "";
    for (int i = 0; i < 7; i++) {
        const size_t used = strlen(sessions);
        (void)snprintf(sessions + used, sizeof sessions - used,
                       "%s{\"weekday\":\"%s\",\"from\":\"%02d:00\",\"to\":\"%02d:00\",\"minutes\":10}", i > 0 ? "," : "", days[i], hour,
                       hour + 1);
    }
    assert_call(world, "CreateScheduleTemplate",
                "{\"scheduleTemplate\":{\"service\":\"%s\",\"name\":\"Plan\",\"kind\":\"core\",\"channel\":\"%s\",\"validFrom\":"
                "\"2026-01-01\",\"bankHolidays\":true,\"sessions\":[%s]%s}}",
                booking.service, channel, sessions, rest);
    keep_id(world, id);
}

void booking_slots(world_t *world, const char *schedule, char slots[BOOKING_SLOTS][40])
{
    char sql[400];
    for (int i = 0; i < BOOKING_SLOTS; i++) {
        (void)snprintf(sql, sizeof sql,
                       "SELECT id FROM (SELECT id, start_at FROM slot WHERE template = '%s' ORDER BY start_at DESC OFFSET 6 LIMIT 6) s "
                       "ORDER BY start_at OFFSET %d LIMIT 1",
                       schedule, i);
        (void)snprintf(slots[i], 40, "%s", world_query(world, sql));
    }
}

const char *slot_state(world_t *world, const char *slot)
{
    char sql[200];
    (void)snprintf(sql, sizeof sql,
                   "SELECT slot_status(s, now()) || CASE WHEN overbooked THEN ' twice' ELSE '' END FROM slot s WHERE id = '%s'", slot);
    return world_query(world, sql);
}

static void plan_first(world_t *world)
{
    booking_plan(world, "in-person", 9, "", booking.schedule);
    booking_slots(world, booking.schedule, booking.slots);
}

int booking_afresh(void **state)
{
    world_t *world = *state;
    free(test_database_query(world->database, "TRUNCATE appointment, appointment_slot, hold, slot, schedule_template, vacancy, "
                                              "event_queue, idempotency, patient_grant; UPDATE patient SET died_on = NULL"));
    world->organisation = "gp-a1";
    world->scopes[1] = NULL;
    world->key = NULL;
    world->expected_version = 0;
    plan_first(world);
    return 0;
}

int booking_setup(void **state)
{
    if (world_setup(state) != 0)
        return -1;
    world_t *world = *state;
    static char today[DATE_SIZE];
    date_format(date_of_instant(clock_wall_us()), today);
    world->today = today;
    world->scopes[0] = "services.clinical";
    world->unlimited = false;
    world->organisation = "gp-a1";
    assert_call(world, "CreateService",
                "{\"service\":{\"name\":\"Surgery\",\"kind\":\"general-practice\",\"provider\":\"gp-a1\",\"channels\":[\"in-person\","
                "\"telephone\",\"video\"]}}");
    keep_id(world, booking.service);
    plan_first(world);
    assert_registered(world, "gp-a1", NUMBER_ADA, "Ada Example", booking.ada);
    return 0;
}
