// Slots that are kept for NHS 111 and go unused: who takes them back and when, and who sees them from then on.
#include <stdio.h>
#include <string.h>

#include "tests/integration/referral/plans.h"

static int setup(void **state)
{
    if (world_setup(state) != 0)
        return -1;
    world_t *world = *state;
    // A Tuesday in winter time: noon is noon in both.
    world->today = "2026-03-24";
    world->noon = true;
    plans_begin(world);
    plans_add(world, 1, "gp-a1", "reserved-111");
    plans_sql(world,
              "UPDATE schedule_template SET organisation_types = '{provider}', notice_minutes = 30, window_days = 0, embargo_days = 0, "
              "embargo_until = '00:00'");
    return 0;
}

static const char *slot(world_t *world, const char *at, const char *status)
{
    return plans_slot(world, 1, at, 10, status);
}

static void as(world_t *world, const char *organisation)
{
    world->unlimited = false;
    world->organisation = organisation;
}

static bool sees(world_t *world, const char *id)
{
    assert_call(world, "ListSlots", "{\"organisation\":\"gp-a1\",\"from\":\"2026-03-24\",\"to\":\"2026-03-31\"}");
    return strstr(world->reply, id) != NULL;
}

static void a_practice_takes_one_back(void **state)
{
    world_t *world = *state;
    const char *id = slot(world, "2026-03-24 16:00", "free");
    const char *soon = slot(world, "2026-03-24 12:10", "free"); // nearer than others may book it
    as(world, "provider-a");
    assert_true(sees(world, id));
    as(world, "gp-a1");
    assert_false(sees(world, id));
    assert_call(world, "ReclaimSlot", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, "\"status\":\"reclaimed\"");
    assert_reply_lacks(world, "restrictions");
    assert_int_equal(world->version, 2);
    assert_string_equal(world_query(world, "SELECT type || ' ' || (data::jsonb ->> 'status') FROM event_queue"),
                        "pcn.referral.slot.reclaimed reclaimed");
    assert_true(sees(world, id));
    assert_call(world, "GetSlot", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, "\"status\":\"reclaimed\"");
    assert_call(world, "ReclaimSlot", "{\"id\":\"%s\"}", soon);
    assert_true(sees(world, soon));
    // Once is enough.
    assert_call(world, "ReclaimSlot", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, "\"status\":\"reclaimed\"");
    assert_int_equal(world->version, 2);
    assert_null(world->verdict);
}

static void it_is_the_practices_own(void **state)
{
    world_t *world = *state;
    const char *id = slot(world, "2026-03-24 16:00", "free");
    as(world, "gp-a1");
    assert_call(world, "ReclaimSlot", "{\"id\":\"%s\"}", id);
    static const char *const others[] = {"provider-a", "gp-a2", "pcn-a", "ccg-a"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        as(world, others[i]);
        assert_false(sees(world, id));
        assert_refusal(world, STATUS_NOT_FOUND, "id", "HoldSlot", "{\"id\":\"%s\"}", id);
    }
    assert_call(world, "ListSlots", "{\"organisation\":\"gp-a1\",\"from\":\"2026-03-24\",\"to\":\"2026-03-24\",\"explain\":true}");
    assert_reply_has(world, "\"reasons\":[{\"code\":\"organisation\"");
    assert_reply_lacks(world, "not-free");
    as(world, "gp-a1");
    assert_call(world, "HoldSlot", "{\"id\":\"%s\"}", id);
    assert_call(world, "GetSlot", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, "\"status\":\"held\"");
    assert_false(sees(world, id));
    char hold[40];
    (void)snprintf(hold, sizeof hold, "%s", world_query(world, "SELECT id FROM hold"));
    assert_call(world, "ReleaseHold", "{\"id\":\"%s\"}", hold);
    assert_true(sees(world, id));
    // Blocked and put back it is still its own.
    assert_call(world, "BlockSlot", "{\"id\":\"%s\",\"reason\":\"A meeting\"}", id);
    assert_reply_has(world, "\"status\":\"blocked\"");
    assert_call(world, "UnblockSlot", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, "\"status\":\"reclaimed\"");
    assert_true(sees(world, id));
}

static void what_is_not_to_be_taken_back_is_refused(void **state)
{
    world_t *world = *state;
    const char *id = slot(world, "2026-03-24 16:00", "free");
    as(world, "gp-a2");
    assert_refusal(world, STATUS_NOT_FOUND, "id", "ReclaimSlot", "{\"id\":\"%s\"}", id);
    as(world, "gp-a1");
    assert_refusal(world, STATUS_NOT_FOUND, "id", "ReclaimSlot", "{\"id\":\"00000000-0000-7000-8000-00000000ffff\"}");
    assert_refusal(world, STATUS_ALREADY_EXISTS, "id", "ReclaimSlot", "{\"id\":\"%s\"}", slot(world, "2026-03-24 16:10", "booked"));
    assert_refusal(world, STATUS_ALREADY_EXISTS, "id", "ReclaimSlot", "{\"id\":\"%s\"}", slot(world, "2026-03-24 16:20", "blocked"));
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "id", "ReclaimSlot", "{\"id\":\"%s\"}", slot(world, "2026-03-24 11:50", "free"));
    plans_add(world, 2, "gp-a1", "urgent");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "id", "ReclaimSlot", "{\"id\":\"%s\"}",
                   plans_slot(world, 2, "2026-03-24 17:00", 10, "free"));
    // Somebody holds it meanwhile.
    as(world, "provider-a");
    assert_call(world, "HoldSlot", "{\"id\":\"%s\"}", id);
    as(world, "gp-a1");
    assert_refusal(world, STATUS_ALREADY_EXISTS, "id", "ReclaimSlot", "{\"id\":\"%s\"}", id);
    assert_string_equal(world_query(world, "SELECT count(*) FROM slot WHERE reclaimed_at IS NOT NULL"), "0");
}

static void the_service_takes_back_what_nobody_booked(void **state)
{
    world_t *world = *state;
    const char *due = slot(world, "2026-03-24 14:00", "free"), *later = slot(world, "2026-03-24 14:10", "free");
    const char *booked = slot(world, "2026-03-24 13:00", "booked");
    assert_call(world, "ReclaimUnusedSlot", "{\"id\":\"%s\"}", due);
    assert_reply_has(world, "\"status\":\"reclaimed\"");
    assert_call(world, "ReclaimUnusedSlot", "{\"id\":\"%s\"}", later);
    assert_reply_has(world, "\"status\":\"free\"");
    assert_null(world->verdict);
    assert_call(world, "ReclaimUnusedSlot", "{\"id\":\"%s\"}", booked);
    assert_reply_has(world, "\"status\":\"booked\"");
    // By whoever comes first: a hold between load and save.
    const char *raced = slot(world, "2026-03-24 13:30", "free");
    char request[80], meanwhile[160];
    (void)snprintf(request, sizeof request, "{\"id\":\"%s\"}", raced);
    (void)snprintf(meanwhile, sizeof meanwhile, "UPDATE slot SET status = 'booked', version = version + 1 WHERE id = '%s'", raced);
    assert_int_equal(world_race(world, meanwhile, "ReclaimUnusedSlot", request), STATUS_OK);
    assert_int_equal(world->loads, 2);
    assert_reply_has(world, "\"status\":\"booked\"");
    assert_string_equal(world_query(world, "SELECT count(*) FROM slot WHERE reclaimed_at IS NOT NULL"), "1");
    // What nobody had booked was published and not used; what went too early was not published to the end.
    world->unlimited = false;
    world->organisation = "gp-a1";
    assert_call(world, "ReclaimSlot", "{\"id\":\"%s\"}", later);
    plans_sql(world, "INSERT INTO list_size VALUES ('gp-a1', '2025-01-01', false, 9027, 's')");
    assert_call(world, "GetCapacity", "{\"organisation\":\"gp-a1\",\"from\":\"2026-03-24\",\"to\":\"2026-03-24\"}");
    assert_reply_has(world, "\"required\":3,\"published\":3,\"used\":2,\"reclaimed\":2,\"difference\":0");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_practice_takes_one_back),
        TEST(it_is_the_practices_own),
        TEST(what_is_not_to_be_taken_back_is_refused),
        TEST(the_service_takes_back_what_nobody_booked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
