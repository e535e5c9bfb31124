// Searching slots, blocking and holding them.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "services/referral/settings.h"
#include "tests/integration/referral/patients.h"

static char service[40];

static int setup(void **state)
{
    if (world_setup(state) != 0)
        return -1;
    world_t *world = *state;
    static char today[DATE_SIZE];
    date_format(date_of_instant(clock_wall_us()), today);
    world->today = today;
    world->scopes[0] = "services.clinical";
    world->unlimited = false;
    world->organisation = "pcn-a";
    assert_call(world, "CreateService",
                "{\"service\":{\"name\":\"Surgery\",\"kind\":\"general-practice\",\"provider\":\"gp-a1\",\"channels\":[\"in-person\","
                "\"telephone\"]}}");
    (void)snprintf(service, sizeof service, "%.36s", strstr(world->reply, "\"id\":\"") + 6);
    return 0;
}

// A plan of every day, six slots of ten minutes from that hour on.
static void plan(world_t *world, const char *kind, const char *channel, int hour, const char *restrictions)
{
    static const char *const days[] = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};
    char sessions[1200] = "";
    for (int i = 0; i < 7; i++) {
        const size_t used = strlen(sessions);
        (void)snprintf(sessions + used, sizeof sessions - used,
                       "%s{\"weekday\":\"%s\",\"from\":\"%02d:00\",\"to\":\"%02d:00\",\"minutes\":10}", i > 0 ? "," : "", days[i], hour,
                       hour + 1);
    }
    assert_call(
        world, "CreateScheduleTemplate",
        "{\"scheduleTemplate\":{\"service\":\"%s\",\"name\":\"Plan\",\"kind\":\"%s\",\"channel\":\"%s\",\"validFrom\":\"2026-01-01\","
        "\"bankHolidays\":true,\"sessions\":[%s]%s%s}}",
        service, kind, channel, sessions, restrictions[0] != '\0' ? ",\"restrictions\":" : "", restrictions);
}

static const char *day(int ahead)
{
    static char dates[4][DATE_SIZE];
    static unsigned at;
    char *date = dates[at++ % 4];
    date_format(date_of_instant(clock_wall_us()) + ahead, date);
    return date;
}

static int found(world_t *world, const char *rest)
{
    assert_call(world, "ListSlots", "{\"organisation\":\"gp-a1\",\"from\":\"%s\",\"to\":\"%s\",\"pageSize\":1000%s}", day(1), day(3), rest);
    int count = 0;
    const char *end = strstr(world->reply, "\"hidden\"");
    for (const char *at = world->reply; (at = strstr(at, "\"start\":")) != NULL && (end == NULL || at < end); at++)
        count++;
    return count;
}

static void a_search_finds_what_the_caller_sees(void **state)
{
    world_t *world = *state;
    plan(world, "core", "in-person", 9, "");
    plan(world, "core", "telephone", 10, "");
    plan(world, "reserved-111", "in-person", 11, "{\"organisationTypes\":[\"provider\"]}");
    plan(world, "extended-access", "in-person", 12, "{\"organisations\":[\"pcn-a\"]}");
    plan(world, "urgent", "in-person", 13, "{\"windowDays\":1}");
    plan(world, "urgent", "in-person", 14, "{\"embargoUntil\":\"00:00\",\"embargoDays\":2}");
    world->organisation = "gp-a1";
    assert_int_equal(found(world, ""), 18 + 18 + 0 + 18 + 6 + 12);
    assert_int_equal(found(world, ",\"channel\":\"telephone\""), 18);
    assert_int_equal(found(world, ",\"kind\":\"urgent\""), 18);
    assert_int_equal(found(world, ",\"kind\":\"urgent\",\"channel\":\"telephone\""), 0);
    world->organisation = "provider-a";
    assert_int_equal(found(world, ""), 18 + 18 + 18 + 0 + 6 + 12);
    world->organisation = "gp-x";
    assert_int_equal(found(world, ""), 18 + 18 + 0 + 0 + 6 + 12);
    // Who names nothing sees what is unrestricted.
    world->organisation = NULL;
    assert_int_equal(found(world, ""), 18 + 18 + 0 + 0 + 6 + 12);
    world->organisation = "gp-a1";
    assert_call(world, "ListSlots", "{\"network\":\"ics-a\",\"from\":\"%s\",\"to\":\"%s\",\"pageSize\":7}", day(1), day(1));
    assert_reply_has(world, "\"nextPageToken\"");
    assert_call(world, "ListSlots", "{\"network\":\"pcn-b\",\"from\":\"%s\",\"to\":\"%s\"}", day(1), day(1));
    assert_reply_has(world, "\"slots\":[]");
    assert_call(world, "ListSlots", "{\"service\":\"%s\",\"from\":\"%s\",\"to\":\"%s\"}", service, day(1), day(1));
    assert_reply_has(world, "\"schedule\":");
}

static void a_search_that_makes_no_sense_is_refused(void **state)
{
    world_t *world = *state;
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "organisation", "ListSlots", "{\"from\":\"2026-12-01\",\"to\":\"2026-12-01\"}");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "network", "ListSlots",
                   "{\"organisation\":\"gp-a1\",\"network\":\"pcn-a\",\"from\":\"2026-12-01\",\"to\":\"2026-12-01\"}");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "to", "ListSlots",
                   "{\"organisation\":\"gp-a1\",\"from\":\"2026-12-01\",\"to\":\"2026-12-15\"}");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "pageToken", "ListSlots",
                   "{\"organisation\":\"gp-a1\",\"from\":\"2026-12-01\",\"to\":\"2026-12-02\",\"pageToken\":\"xyz\"}");
}

// Ids of the slots of all pages, without the hidden ones; `asked` is what a search says of where and when.
static const char *ids_of(world_t *world, const char *asked, const char *rest, bool explain)
{
    static char ids[2][64 * 1024];
    static unsigned at;
    char *all = ids[at++ % 2], token[400] = "";
    all[0] = '\0';
    size_t used = 0;
    do {
        assert_call(world, "ListSlots", "{%s,\"pageSize\":7%s%s%s%s%s}", asked, rest, explain ? ",\"explain\":true" : "",
                    token[0] ? ",\"pageToken\":\"" : "", token, token[0] ? "\"" : "");
        const char *end = strstr(world->reply, "\"hidden\""), *next = strstr(world->reply, "\"nextPageToken\":\"");
        for (const char *slot = world->reply; (slot = strstr(slot, "{\"id\":\"")) != NULL && (end == NULL || slot < end); slot++)
            used += (size_t)snprintf(all + used, 64 * 1024 - used, "%.36s ", slot + 7);
        token[0] = '\0';
        if (next != NULL)
            (void)snprintf(token, sizeof token, "%.*s", (int)strcspn(next + 17, "\""), next + 17);
    } while (token[0] != '\0');
    return all;
}

static const char *all_ids(world_t *world, const char *rest, bool explain)
{
    char asked[100];
    (void)snprintf(asked, sizeof asked, "\"network\":\"ics-a\",\"from\":\"%s\",\"to\":\"%s\"", day(0), day(4));
    return ids_of(world, asked, rest, explain);
}

// The statement and the rule are two tellings of one thing.
static void the_statement_and_the_rule_agree(void **state)
{
    world_t *world = *state;
    static const char *const restrictions[] = {"",
                                               "{\"organisationTypes\":[\"provider\",\"practice\"]}",
                                               "{\"organisations\":[\"ics-x\",\"gp-a2\"]}",
                                               "{\"windowDays\":0}",
                                               "{\"windowDays\":2,\"noticeMinutes\":1500}",
                                               "{\"embargoUntil\":\"23:59\",\"embargoDays\":1}",
                                               "{\"embargoUntil\":\"00:00\",\"embargoDays\":3,\"windowDays\":2}"};
    for (size_t i = 0; i < sizeof restrictions / sizeof *restrictions; i++)
        plan(world, "core", "in-person", 7 + (int)i, restrictions[i]);
    free(test_database_query(world->database,
                             "UPDATE slot SET status = 'booked' WHERE md5(id::text) < '3'; "
                             "UPDATE slot SET status = 'blocked' WHERE md5(id::text) > 'd'; "
                             "UPDATE slot SET hold = id, held_until = now() + interval '1 hour' WHERE md5(id::text) BETWEEN '5' AND '7'; "
                             "UPDATE slot SET hold = id, held_until = now() - interval '1 hour' WHERE md5(id::text) BETWEEN '7' AND '9'"));
    static const char *const callers[] = {"gp-a1", "gp-a2", "provider-a", "gp-x", "ics-x", "vol-a", NULL};
    for (size_t i = 0; i < sizeof callers / sizeof *callers; i++) {
        world->organisation = callers[i];
        const char *seen = all_ids(world, "", false), *explained = all_ids(world, "", true);
        assert_true(strlen(seen) > 37);
        assert_string_equal(seen, explained);
    }
    // The provider closes in the middle of the range; then the service is not offered in that way any more.
    char open[40 * 1024], sql[200];
    world->organisation = "gp-a1";
    (void)snprintf(open, sizeof open, "%s", all_ids(world, "", false));
    (void)snprintf(sql, sizeof sql, "UPDATE organisation SET closed_on = '%s' WHERE code = 'gp-a1'", day(2));
    free(test_database_query(world->database, sql));
    const char *seen = all_ids(world, "", false);
    assert_true(strlen(seen) > 37 && strlen(seen) < strlen(open));
    assert_string_equal(seen, all_ids(world, "", true));
    free(test_database_query(world->database, "UPDATE service SET channels = '{telephone}'"));
    assert_string_equal(all_ids(world, "", false), "");
    assert_string_equal(all_ids(world, "", true), "");
}

// The same where the range cuts slots, by each way to ask, in what is left of a plan and what was taken back.
static void they_agree_in_parts_too(void **state)
{
    world_t *world = *state;
    plan(world, "core", "in-person", 7, "");
    plan(world, "urgent", "telephone", 8, "{\"noticeMinutes\":1445}");
    plan(world, "reserved-111", "in-person", 9, "{\"organisationTypes\":[\"provider\"],\"windowDays\":2}");
    plan(world, "extended-access", "telephone", 10, "{\"organisations\":[\"ics-x\"]}");
    free(test_database_query(world->database,
                             "UPDATE slot SET reclaimed_at = now() - interval '1 minute' WHERE md5(id::text) < '5'; "
                             "UPDATE slot SET off_plan = true WHERE md5(id::text) BETWEEN '4' AND '6'; "
                             "UPDATE slot SET status = 'booked' WHERE md5(id::text) BETWEEN '6' AND '8'; "
                             "UPDATE slot SET hold = id, held_until = now() + interval '1 hour' WHERE md5(id::text) BETWEEN '2' AND '3'"));
    static const char *const rests[] = {"", ",\"kind\":\"urgent\"", ",\"channel\":\"telephone\"",
                                        ",\"kind\":\"reserved-111\",\"channel\":\"in-person\""};
    static const char *const callers[] = {"gp-a1", "provider-a", "ics-x", NULL};
    size_t found_any = 0;
    for (size_t i = 0; i < 3 * 4 * 4; i++) {
        char asked[200], where[80];
        (void)snprintf(where, sizeof where, "\"%s\":\"%s\"", (const char *[]){"organisation", "network", "service"}[i % 3],
                       (const char *[]){"gp-a1", "pcn-a", service}[i % 3]);
        (void)snprintf(asked, sizeof asked, "%s,\"from\":\"%sT07:15:00Z\",\"to\":\"%sT09:45:00Z\"", where, day(1), day(3));
        world->organisation = callers[i / 12];
        const char *seen = ids_of(world, asked, rests[i / 3 % 4], false);
        assert_string_equal(seen, ids_of(world, asked, rests[i / 3 % 4], true));
        found_any += seen[0] != '\0';
    }
    // Nothing agrees with nothing; who may have none of a kind finds none.
    assert_true(found_any >= 3 * 4 * 4 / 2);
}

static void first_slots(world_t *world, char ids[3][40])
{
    assert_call(world, "ListSlots", "{\"organisation\":\"gp-a1\",\"from\":\"%s\",\"to\":\"%s\",\"pageSize\":3}", day(1), day(1));
    const char *at = world->reply;
    for (int i = 0; i < 3; i++) {
        at = strstr(at, "{\"id\":\"") + 7;
        (void)snprintf(ids[i], 40, "%.36s", at);
    }
}

static void a_hold_keeps_slots_from_others(void **state)
{
    world_t *world = *state;
    char ids[3][40], hold[40];
    plan(world, "core", "in-person", 9, "");
    world->organisation = "gp-a1";
    first_slots(world, ids);
    assert_call(world, "HoldSlot", "{\"id\":\"%s\",\"with\":[\"%s\"]}", ids[1], ids[0]);
    (void)snprintf(hold, sizeof hold, "%.36s", strstr(world->reply, "\"id\":\"") + 6);
    char expected[100];
    (void)snprintf(expected, sizeof expected, "\"slots\":[\"%s\",\"%s\"]", ids[0], ids[1]);
    assert_reply_has(world, expected);
    assert_reply_has(world, "\"organisation\":\"gp-a1\"");
    assert_int_equal(found(world, ""), 16);
    assert_call(world, "GetSlot", "{\"id\":\"%s\"}", ids[0]);
    assert_reply_has(world, "\"status\":\"held\"");
    world->organisation = "gp-a2";
    assert_refusal(world, STATUS_ALREADY_EXISTS, "id", "HoldSlot", "{\"id\":\"%s\"}", ids[0]);
    assert_non_null(strstr(world->problem.members, "\"alternatives\":[{\"id\":\""));
    assert_non_null(strstr(world->problem.members, ids[2]));
    assert_null(strstr(world->problem.members, ids[1]));
    assert_refusal(world, STATUS_NOT_FOUND, "id", "ReleaseHold", "{\"id\":\"%s\"}", hold);
    world->organisation = "gp-a1";
    assert_call(world, "ReleaseHold", "{\"id\":\"%s\"}", hold);
    assert_int_equal(found(world, ""), 18);
    assert_refusal(world, STATUS_ABORTED, "", "ReleaseHold", "{\"id\":\"%s\"}", hold);
    assert_string_equal(world_query(world, "SELECT string_agg(type, ' ' ORDER BY position) FROM event_queue WHERE type LIKE '%.hold.%'"),
                        "pcn.referral.hold.created pcn.referral.hold.released");
}

// A caller keeps no more than so many of another organisation's slots from everybody else; its own are its own affair.
static void what_one_holds_of_another_is_bounded(void **state)
{
    world_t *world = *state;
    const referral_settings_t settings = {.holds_max = 3};
    char ids[6][40], hold[40], request[300], meanwhile[600];
    plan(world, "core", "in-person", 9, "{}");
    for (int i = 0; i < 6; i++) {
        (void)snprintf(
            meanwhile, sizeof meanwhile,
            "SELECT id FROM (SELECT id, start_at FROM slot ORDER BY start_at DESC LIMIT 6) s ORDER BY start_at OFFSET %d LIMIT 1", i);
        (void)snprintf(ids[i], sizeof ids[i], "%s", world_query(world, meanwhile));
    }
    world->settings = &settings;
    world->organisation = "gp-b1";
    assert_call(world, "HoldSlot", "{\"id\":\"%s\",\"with\":[\"%s\"]}", ids[0], ids[1]);
    keep_id(world, hold);
    assert_refusal(world, STATUS_ABORTED, "", "HoldSlot", "{\"id\":\"%s\",\"with\":[\"%s\"]}", ids[2], ids[3]);
    assert_string_equal(world->problem.detail,
                        "gp-b1 holds 2 slots of gp-a1, and no more than 3 at a time: book what is held, or release it");
    assert_call(world, "HoldSlot", "{\"id\":\"%s\"}", ids[2]);
    assert_refusal(world, STATUS_ABORTED, "", "HoldSlot", "{\"id\":\"%s\"}", ids[3]);
    // Another organisation, and the practice itself, hold as before.
    world->organisation = "gp-a2";
    assert_call(world, "HoldSlot", "{\"id\":\"%s\"}", ids[3]);
    world->organisation = "gp-a1";
    assert_call(world, "HoldSlot", "{\"id\":\"%s\"}", ids[4]);
    // What is given up, or ran out, counts no more; nor does what was offered to somebody who waits.
    world->organisation = "gp-b1";
    assert_call(world, "ReleaseHold", "{\"id\":\"%s\"}", hold);
    (void)snprintf(request, sizeof request, "{\"id\":\"%s\",\"with\":[\"%s\"]}", ids[0], ids[1]);
    // Whoever was faster meanwhile is counted by the save itself.
    (void)snprintf(
        meanwhile, sizeof meanwhile,
        "INSERT INTO hold (organisation, id, slots, subject, holder, expires_at, status, version, created_at, offered) SELECT 'gp-a1', "
        "gen_random_uuid(), ARRAY['%s'::uuid], 'x', 'gp-b1', now() + o.until * interval '1 minute', 'held', 1, now(), o.offered "
        "FROM (VALUES (1, false), (-1, false), (1, true)) o (until, offered)",
        ids[5]);
    assert_int_equal(world_race(world, meanwhile, "HoldSlot", request), STATUS_ABORTED);
    assert_string_equal(world_query(world, "SELECT count(*) FROM hold WHERE holder = 'gp-b1'"), "5");
    assert_call(world, "HoldSlot", "{\"id\":\"%s\"}", ids[0]);
    world->settings = NULL;
}

static void a_hold_ends_by_itself(void **state)
{
    world_t *world = *state;
    char ids[3][40], hold[40];
    plan(world, "core", "in-person", 9, "");
    first_slots(world, ids);
    assert_call(world, "HoldSlot", "{\"id\":\"%s\"}", ids[0]);
    (void)snprintf(hold, sizeof hold, "%.36s", strstr(world->reply, "\"id\":\"") + 6);
    free(test_database_query(world->database, "UPDATE slot SET held_until = now() - interval '1 second' WHERE hold IS NOT NULL; "
                                              "UPDATE hold SET expires_at = now() - interval '1 second'"));
    assert_refusal(world, STATUS_ABORTED, "", "ReleaseHold", "{\"id\":\"%s\"}", hold);
    world->organisation = "gp-a2";
    assert_call(world, "HoldSlot", "{\"id\":\"%s\"}", ids[0]);
}

static void one_of_two_at_once_gets_it(void **state)
{
    world_t *world = *state;
    char ids[3][40], request[200], meanwhile[400];
    plan(world, "core", "in-person", 9, "");
    first_slots(world, ids);
    (void)snprintf(request, sizeof request, "{\"id\":\"%s\",\"with\":[\"%s\"]}", ids[0], ids[1]);
    (void)snprintf(meanwhile, sizeof meanwhile, "UPDATE slot SET hold = id, held_until = now() + interval '5 minutes' WHERE id = '%s'",
                   ids[1]);
    assert_int_equal(world_race(world, meanwhile, "HoldSlot", request), STATUS_ALREADY_EXISTS);
    assert_string_equal(world_query(world, "SELECT count(*) FROM hold"), "0");
    assert_call(world, "GetSlot", "{\"id\":\"%s\"}", ids[0]);
    assert_reply_has(world, "\"status\":\"free\"");
}

static void what_may_not_be_held(void **state)
{
    world_t *world = *state;
    char ids[3][40];
    plan(world, "core", "in-person", 9, "");
    plan(world, "extended-access", "in-person", 15, "{\"organisations\":[\"gp-a2\"]}");
    first_slots(world, ids);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "slots", "HoldSlot", "{\"id\":\"%s\",\"with\":[\"%s\"]}", ids[0], ids[2]);
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "with[0]", "HoldSlot", "{\"id\":\"%s\",\"with\":[\"%s\"]}", ids[0], ids[0]);
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "with[1]", "HoldSlot", "{\"id\":\"%s\",\"with\":[\"%s\",\"%s\"]}", ids[0], ids[1],
                   ids[1]);
    assert_refusal(world, STATUS_NOT_FOUND, "with", "HoldSlot", "{\"id\":\"%s\",\"with\":[\"0198c0de-0000-7000-8000-000000000000\"]}",
                   ids[0]);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "HoldSlot", "{\"id\":\"0198c0de-0000-7000-8000-000000000000\"}");
    char kept[40];
    (void)snprintf(kept, sizeof kept, "%s",
                   world_query(world,
                               "SELECT s.id FROM slot s JOIN schedule_template t ON t.id = s.template WHERE t.kind = 'extended-access' "
                               "ORDER BY s.start_at DESC LIMIT 1"));
    assert_refusal(world, STATUS_NOT_FOUND, "id", "HoldSlot", "{\"id\":\"%s\"}", kept);
    world->organisation = "gp-a2";
    assert_call(world, "HoldSlot", "{\"id\":\"%s\"}", kept);
    world->organisation = NULL;
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "", "HoldSlot", "{\"id\":\"%s\"}", ids[0]);
}

static void a_slot_is_blocked_and_put_back(void **state)
{
    world_t *world = *state;
    char ids[3][40];
    plan(world, "core", "in-person", 9, "");
    first_slots(world, ids);
    assert_call(world, "BlockSlot", "{\"id\":\"%s\",\"reason\":\"Training\"}", ids[0]);
    assert_reply_has(world, "\"status\":\"blocked\"");
    assert_reply_has(world, "\"blockReason\":\"Training\"");
    assert_refusal(world, STATUS_ALREADY_EXISTS, "id", "BlockSlot", "{\"id\":\"%s\",\"reason\":\"Again\"}", ids[0]);
    assert_int_equal(found(world, ""), 17);
    world->organisation = "gp-b1";
    assert_refusal(world, STATUS_NOT_FOUND, "id", "UnblockSlot", "{\"id\":\"%s\"}", ids[0]);
    world->organisation = "gp-a1";
    assert_call(world, "UnblockSlot", "{\"id\":\"%s\"}", ids[0]);
    assert_reply_lacks(world, "blockReason");
    assert_int_equal(found(world, ""), 18);
}

// Why a slot is blocked says something of somebody: it is told to who keeps the schedule alone, and to no event.
static void why_it_is_blocked_is_for_who_keeps_it(void **state)
{
    world_t *world = *state;
    char ids[3][40];
    plan(world, "core", "in-person", 9, "");
    first_slots(world, ids);
    assert_call(world, "BlockSlot", "{\"id\":\"%s\",\"reason\":\"Dr Quill is ill\"}", ids[0]);
    assert_string_equal(world_query(world, "SELECT count(*) FROM event_queue WHERE type = 'pcn.referral.slot.blocked'"), "1");
    assert_string_equal(world_query(world, "SELECT count(*) FROM event_queue e WHERE e::text ~ 'Quill'"), "0");
    static const char *const keepers[] = {"gp-a1", "pcn-a"}, *const others[] = {"gp-a2", "gp-b1", "provider-a", NULL};
    for (size_t i = 0; i < 2; i++) {
        world->organisation = keepers[i];
        assert_call(world, "GetSlot", "{\"id\":\"%s\"}", ids[0]);
        assert_reply_has(world, "\"blockReason\":\"Dr Quill is ill\"");
        (void)found(world, ",\"explain\":true");
        assert_reply_has(world, "\"blockReason\":\"Dr Quill is ill\"");
    }
    for (size_t i = 0; i < 4; i++) {
        world->organisation = others[i];
        assert_call(world, "GetSlot", "{\"id\":\"%s\"}", ids[0]);
        assert_reply_has(world, "\"status\":\"blocked\"");
        assert_reply_lacks(world, "blockReason");
        (void)found(world, ",\"explain\":true");
        assert_reply_has(world, "\"status\":\"blocked\"");
        assert_reply_lacks(world, "blockReason");
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_search_finds_what_the_caller_sees),
        TEST(a_search_that_makes_no_sense_is_refused),
        TEST(the_statement_and_the_rule_agree),
        TEST(a_hold_keeps_slots_from_others),
        TEST(they_agree_in_parts_too),
        TEST(what_one_holds_of_another_is_bounded),
        TEST(a_hold_ends_by_itself),
        TEST(one_of_two_at_once_gets_it),
        TEST(what_may_not_be_held),
        TEST(a_slot_is_blocked_and_put_back),
        TEST(why_it_is_blocked_is_for_who_keeps_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
