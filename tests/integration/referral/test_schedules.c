// Weekly plans and the slots that come of them.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "tests/integration/referral/world.h"

static char service[40];

static void keep_id(const world_t *world, char id[40])
{
    (void)snprintf(id, 40, "%.36s", strstr(world->reply, "\"id\":\"") + 6);
}

static int setup(void **state)
{
    if (world_setup(state) != 0)
        return -1;
    world_t *world = *state;
    // Slots are made for what is to come by the clock, so the day is the clock's.
    static char today[DATE_SIZE];
    date_format(date_of_instant(clock_wall_us()), today);
    world->today = today;
    world->scopes[0] = "services.clinical";
    world->unlimited = false;
    world->organisation = "pcn-a";
    assert_call(world, "CreateService",
                "{\"service\":{\"name\":\"Surgery\",\"kind\":\"general-practice\",\"provider\":\"gp-a1\",\"channels\":[\"in-person\","
                "\"telephone\"]}}");
    keep_id(world, service);
    return 0;
}

// Every day of the week 09:00 to 10:00, six slots of ten minutes.
#define DAYS(rest)                                                                                                                         \
    "[{\"weekday\":\"monday\"" rest "},{\"weekday\":\"tuesday\"" rest "},{\"weekday\":\"wednesday\"" rest                                  \
    "},{\"weekday\":\"thursday\"" rest "},{\"weekday\":\"friday\"" rest "},{\"weekday\":\"saturday\"" rest                                 \
    "},{\"weekday\":\"sunday\"" rest "}]"
#define SIX ",\"from\":\"09:00\",\"to\":\"10:00\",\"minutes\":10"
#define EVERY_DAY "\"validFrom\":\"2026-01-01\",\"bankHolidays\":true,\"sessions\":" DAYS(SIX)

static void create(world_t *world, const char *rest, char id[40])
{
    assert_call(world, "CreateScheduleTemplate",
                "{\"scheduleTemplate\":{\"service\":\"%s\",\"name\":\"Mornings\",\"kind\":\"core\",\"channel\":\"in-person\",%s}}", service,
                rest);
    keep_id(world, id);
}

static long count(world_t *world, const char *condition)
{
    char sql[400];
    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM slot WHERE %s", condition);
    return atol(world_query(world, sql));
}

static void its_slots_reach_the_horizon(void **state)
{
    world_t *world = *state;
    char id[40];
    create(world, EVERY_DAY, id);
    assert_reply_has(world, "\"organisation\":\"gp-a1\"");
    assert_reply_has(world, "\"generatedTo\":\"");
    // 42 days of six, less those of today that have begun.
    const long slots = count(world, "status = 'free' AND start_at > now()");
    assert_true(slots >= 41 * 6 && slots <= 42 * 6);
    assert_int_equal(count(world, "start_at <= now() - interval '5 seconds'"), 0);
    assert_string_equal(world_query(world,
                                    "SELECT string_agg(DISTINCT to_char(start_at AT TIME ZONE 'Europe/London', 'HH24:MI'), ' ' ORDER BY "
                                    "to_char(start_at AT TIME ZONE 'Europe/London', 'HH24:MI')) FROM slot"),
                        "09:00 09:10 09:20 09:30 09:40 09:50");
    // The job finds nothing to do.
    assert_call(world, "GenerateSlots", "{\"id\":\"%s\"}", id);
    assert_null(world->verdict);
    assert_string_equal(world_query(world, "SELECT count(*) FROM event_queue WHERE type LIKE 'pcn.referral.schedule-template.%'"), "1");
}

static void the_horizon_moves_on(void **state)
{
    world_t *world = *state;
    char id[40];
    create(world, EVERY_DAY, id);
    const long before = count(world, "true");
    free(test_database_query(world->database,
                             "DELETE FROM slot WHERE start_at > now() + interval '30 days'; "
                             "UPDATE schedule_template SET generated_to = (now() AT TIME ZONE 'Europe/London')::date + 29"));
    const long kept = count(world, "true");
    assert_call(world, "GenerateSlots", "{\"id\":\"%s\"}", id);
    assert_string_equal(world->verdict, "done");
    assert_int_equal(world->version, 2);
    // Those of the day on which the cut fell may be there already: nothing twice.
    assert_true(count(world, "true") > kept && count(world, "true") <= before);
    assert_int_equal(count(world, "true"), atol(world_query(world, "SELECT count(DISTINCT (template, start_at, lane)) FROM slot")));
}

static void who_keeps_a_schedule_reaches_its_provider(void **state)
{
    world_t *world = *state;
    char id[40];
    create(world, EVERY_DAY, id);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "channel", "CreateScheduleTemplate",
                   "{\"scheduleTemplate\":{\"service\":\"%s\",\"name\":\"X\",\"kind\":\"core\",\"channel\":\"video\"," EVERY_DAY "}}",
                   service);
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "validTo", "CreateScheduleTemplate",
                   "{\"scheduleTemplate\":{\"service\":\"%s\",\"name\":\"X\",\"kind\":\"core\",\"channel\":\"in-person\",\"validTo\":"
                   "\"2020-01-01\"," EVERY_DAY "}}",
                   service);
    world->organisation = "pcn-b";
    assert_refusal(world, STATUS_NOT_FOUND, "service", "CreateScheduleTemplate",
                   "{\"scheduleTemplate\":{\"service\":\"%s\",\"name\":\"X\",\"kind\":\"core\",\"channel\":\"in-person\"," EVERY_DAY "}}",
                   service);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "UpdateScheduleTemplate", "{\"id\":\"%s\",\"scheduleTemplate\":{\"name\":\"Y\"}}", id);
    assert_call(world, "GetScheduleTemplate", "{\"id\":\"%s\"}", id);
    assert_call(world, "ListScheduleTemplates", "{\"organisation\":\"gp-a1\"}");
    assert_reply_has(world, id);
    assert_call(world, "ListScheduleTemplates", "{\"organisation\":\"gp-a2\"}");
    assert_reply_lacks(world, id);
}

static void a_change_moves_free_slots_and_asks_for_others(void **state)
{
    world_t *world = *state;
    char id[40];
    create(world, EVERY_DAY, id);
    const long before = count(world, "true");
    // Only the name: nothing of the slots changes.
    assert_call(world, "UpdateScheduleTemplate", "{\"id\":\"%s\",\"scheduleTemplate\":{\"name\":\"Early\"}}", id);
    assert_int_equal(count(world, "true"), before);
    assert_int_equal(count(world, "version = 1"), before);
    // Half of the hour goes: three of six.
    assert_call(world, "UpdateScheduleTemplate", "{\"id\":\"%s\",\"scheduleTemplate\":{\"sessions\":%s}}", id,
                DAYS(",\"from\":\"09:00\",\"to\":\"09:30\",\"minutes\":10"));
    const long half = count(world, "true");
    assert_true(half >= 41 * 3 && half <= 42 * 3);
    // One of them is booked: it would go.
    free(test_database_query(world->database,
                             "UPDATE slot SET status = 'booked' WHERE id = (SELECT id FROM slot WHERE to_char(start_at AT TIME ZONE "
                             "'Europe/London', 'HH24:MI') = '09:10' ORDER BY start_at DESC LIMIT 1)"));
    const char *later = DAYS(",\"from\":\"11:00\",\"to\":\"11:30\",\"minutes\":10");
    assert_refusal(world, STATUS_ALREADY_EXISTS, "sessions", "UpdateScheduleTemplate",
                   "{\"id\":\"%s\",\"scheduleTemplate\":{\"sessions\":%s}}", id, later);
    assert_non_null(world->problem.members);
    assert_non_null(strstr(world->problem.members, "\"touched\":[{\"id\":"));
    assert_non_null(strstr(world->problem.members, "\"status\":\"booked\""));
    assert_int_equal(count(world, "true"), half);
    assert_call(world, "UpdateScheduleTemplate", "{\"id\":\"%s\",\"keepBooked\":true,\"scheduleTemplate\":{\"sessions\":%s}}", id, later);
    assert_int_equal(count(world, "status = 'booked'"), 1);
    assert_int_equal(count(world, "status = 'free' AND to_char(start_at AT TIME ZONE 'Europe/London', 'HH24') = '09'"), 0);
    assert_true(count(world, "status = 'free'") >= 41 * 3);
}

// A slot that is booked between the load and the save must not go.
static void a_booking_meanwhile_is_seen(void **state)
{
    world_t *world = *state;
    char id[40], request[1200];
    create(world, EVERY_DAY, id);
    (void)snprintf(request, sizeof request, "{\"id\":\"%s\",\"scheduleTemplate\":{\"sessions\":%s}}", id,
                   DAYS(",\"from\":\"11:00\",\"to\":\"11:30\",\"minutes\":10"));
    assert_int_equal(world_race(world, "UPDATE slot SET status = 'booked' WHERE id = (SELECT id FROM slot ORDER BY start_at DESC LIMIT 1)",
                                "UpdateScheduleTemplate", request),
                     STATUS_ALREADY_EXISTS);
    assert_int_equal(count(world, "status = 'booked'"), 1);
}

// What somebody typed into a plan says something of its staff: events tell none of it, and a date's reason is for who keeps the plan.
static void what_is_typed_into_a_plan_is_for_who_keeps_it(void **state)
{
    world_t *world = *state;
    char id[40];
    create(world, EVERY_DAY ",\"exceptions\":[{\"date\":\"2027-01-04\",\"reason\":\"Dr Quill, maternity\"}]", id);
    assert_reply_has(world, "\"reason\":\"Dr Quill, maternity\"");
    assert_call(world, "UpdateScheduleTemplate", "{\"id\":\"%s\",\"scheduleTemplate\":{\"name\":\"Mornings of Dr Quill\"}}", id);
    assert_reply_has(world, "\"reason\":\"Dr Quill, maternity\"");
    assert_string_equal(world_query(world, "SELECT count(*) FROM event_queue WHERE type LIKE '%.schedule-template.%'"), "2");
    assert_string_equal(world_query(world, "SELECT count(*) FROM event_queue e WHERE e::text ~ 'Quill'"), "0");
    const char *data = world_query(world, "SELECT data FROM event_queue WHERE type LIKE '%.schedule-template.updated'");
    assert_non_null(strstr(data, "\"exceptions\":[{\"date\":\"2027-01-04\"}]"));
    assert_non_null(strstr(data, "\"organisation\":\"gp-a1\""));
    world->organisation = "gp-a1";
    assert_call(world, "GetScheduleTemplate", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, "\"reason\":\"Dr Quill, maternity\"");
    assert_call(world, "ListScheduleTemplates", "{}");
    assert_reply_has(world, "\"reason\":\"Dr Quill, maternity\"");
    world->organisation = "gp-b1";
    assert_call(world, "GetScheduleTemplate", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, "\"date\":\"2027-01-04\"");
    assert_reply_lacks(world, "\"reason\"");
    assert_call(world, "ListScheduleTemplates", "{}");
    assert_reply_has(world, "\"date\":\"2027-01-04\"");
    assert_reply_lacks(world, "\"reason\"");
}

// A slip in what a plan is restricted to would hide its slots from everybody.
static void what_restricts_must_be_there(void **state)
{
    world_t *world = *state;
    char id[40];
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "restrictions.organisationTypes[1]", "CreateScheduleTemplate",
                   "{\"scheduleTemplate\":{\"service\":\"%s\",\"name\":\"Mornings\",\"kind\":\"core\",\"channel\":\"in-person\",%s,"
                   "\"restrictions\":{\"organisationTypes\":[\"urgent-care\",\"martian\"]}}}",
                   service, EVERY_DAY);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "restrictions.organisations[1]", "CreateScheduleTemplate",
                   "{\"scheduleTemplate\":{\"service\":\"%s\",\"name\":\"Mornings\",\"kind\":\"core\",\"channel\":\"in-person\",%s,"
                   "\"restrictions\":{\"organisations\":[\"pcn-b\",\"gp-nowhere\",\"gp-nobody\"]}}}",
                   service, EVERY_DAY);
    create(world, EVERY_DAY ",\"restrictions\":{\"organisationTypes\":[\"urgent-care\",\"practice\"],\"organisations\":[\"pcn-b\"]}", id);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "restrictions.organisations[0]", "UpdateScheduleTemplate",
                   "{\"id\":\"%s\",\"scheduleTemplate\":{\"restrictions\":{\"organisations\":[\"gp-nowhere\"]}}}", id);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "restrictions.organisationTypes[0]", "UpdateScheduleTemplate",
                   "{\"id\":\"%s\",\"scheduleTemplate\":{\"restrictions\":{\"organisationTypes\":[\"practise\"]}}}", id);
    assert_call(world, "UpdateScheduleTemplate", "{\"id\":\"%s\",\"scheduleTemplate\":{\"restrictions\":{\"organisations\":[\"gp-a2\"]}}}",
                id);
    // What a plan names and the registry lost since does not stand in the way of changing something else.
    free(test_database_query(world->database, "UPDATE schedule_template SET organisations = ARRAY['gp-gone']"));
    assert_call(world, "UpdateScheduleTemplate", "{\"id\":\"%s\",\"scheduleTemplate\":{\"name\":\"Early\"}}", id);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_restricts_must_be_there),
        TEST(its_slots_reach_the_horizon),
        TEST(the_horizon_moves_on),
        TEST(who_keeps_a_schedule_reaches_its_provider),
        TEST(a_change_moves_free_slots_and_asks_for_others),
        TEST(a_booking_meanwhile_is_seen),
        TEST(what_is_typed_into_a_plan_is_for_who_keeps_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
