// Signposting: recorded by a practice, settled once, and measured.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/referral/world.h"

static char pharmacy[40], group[40];

static void keep_id(const world_t *world, char id[40])
{
    (void)snprintf(id, 40, "%.36s", strstr(world->reply, "\"id\":\"") + 6);
}

static int setup(void **state)
{
    if (world_setup(state) != 0)
        return -1;
    world_t *world = *state;
    world->scopes[0] = "services.clinical";
    assert_call(
        world, "CreateService",
        "{\"service\":{\"name\":\"Pharmacy\",\"kind\":\"community-pharmacy\",\"provider\":\"provider-a\",\"channels\":[\"in-person\"]}}");
    keep_id(world, pharmacy);
    assert_call(world, "CreateService",
                "{\"service\":{\"name\":\"Group\",\"kind\":\"community-group\",\"provider\":\"vol-a\",\"channels\":[\"in-person\"]}}");
    keep_id(world, group);
    world->unlimited = false;
    world->organisation = "gp-a1";
    return 0;
}

static void suggest(world_t *world, const char *practice, const char *need, const char *service, const char *rest, char id[40])
{
    assert_call(world, "CreateSignposting", "{\"signposting\":{\"practice\":\"%s\",\"need\":\"%s\",\"service\":\"%s\"%s}}", practice, need,
                service, rest);
    keep_id(world, id);
}

static void a_suggestion_is_settled_once(void **state)
{
    world_t *world = *state;
    char id[40];
    suggest(world, "gp-a1", "loneliness", group, "", id);
    assert_reply_has(world, "\"outcome\":\"suggested\"");
    assert_reply_has(world, "\"nonMedical\":true");
    assert_call(world, "TakeSignposting", "{\"id\":\"%s\",\"avoidedAppointment\":true}", id);
    assert_reply_has(world, "\"outcome\":\"taken\",\"avoidedAppointment\":true");
    assert_int_equal(world->version, 2);
    assert_refusal(world, STATUS_ABORTED, "", "DeclineSignposting", "{\"id\":\"%s\"}", id);
    assert_refusal(world, STATUS_ABORTED, "", "TakeSignposting", "{\"id\":\"%s\"}", id);
    suggest(world, "gp-a1", "sore-throat", pharmacy, ",\"outcome\":\"declined\"", id);
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "avoidedAppointment", "CreateSignposting",
                   "{\"signposting\":{\"practice\":\"gp-a1\",\"need\":\"cough\",\"service\":\"%s\",\"avoidedAppointment\":true}}",
                   pharmacy);
}

static void it_is_the_practices_own(void **state)
{
    world_t *world = *state;
    char id[40];
    suggest(world, "gp-a1", "cough", pharmacy, "", id);
    assert_refusal(world, STATUS_NOT_FOUND, "practice", "CreateSignposting",
                   "{\"signposting\":{\"practice\":\"gp-a2\",\"need\":\"cough\",\"service\":\"%s\"}}", pharmacy);
    assert_refusal(world, STATUS_NOT_FOUND, "practice", "CreateSignposting",
                   "{\"signposting\":{\"practice\":\"pcn-a\",\"need\":\"cough\",\"service\":\"%s\"}}", pharmacy);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "service", "CreateSignposting",
                   "{\"signposting\":{\"practice\":\"gp-a1\",\"need\":\"cough\",\"service\":\"0198c0de-0000-7000-8000-000000000000\"}}");
    world->organisation = "gp-a2";
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetSignposting", "{\"id\":\"%s\"}", id);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "TakeSignposting", "{\"id\":\"%s\"}", id);
    world->organisation = "pcn-a";
    assert_call(world, "GetSignposting", "{\"id\":\"%s\"}", id);
}

static void the_measure_counts_what_was_redirected(void **state)
{
    world_t *world = *state;
    char id[40];
    suggest(world, "gp-a1", "loneliness", group, ",\"outcome\":\"taken\",\"avoidedAppointment\":true", id);
    suggest(world, "gp-a1", "loneliness", group, ",\"outcome\":\"taken\"", id);
    suggest(world, "gp-a1", "loneliness", group, ",\"outcome\":\"declined\"", id);
    suggest(world, "gp-a1", "cough", pharmacy, ",\"outcome\":\"taken\",\"avoidedAppointment\":true", id);
    world->organisation = "gp-a2";
    suggest(world, "gp-a2", "cough", pharmacy, "", id);
    world->organisation = "pcn-a";
    assert_call(world, "MeasureSignpostings", "{\"organisation\":\"pcn-a\",\"from\":\"2026-11-25\",\"to\":\"2026-11-25\"}");
    assert_reply_has(world, "\"suggested\":5,\"taken\":3,\"declined\":1,\"nonMedicalRedirected\":2,\"appointmentsAvoided\":2,\"needs\":["
                            "{\"need\":\"loneliness\",\"suggested\":3,\"taken\":2},{\"need\":\"cough\",\"suggested\":2,\"taken\":1}]");
    assert_call(world, "MeasureSignpostings", "{\"organisation\":\"pcn-a\",\"from\":\"2026-11-26\",\"to\":\"2026-11-27\"}");
    assert_reply_has(world, "\"suggested\":0,\"taken\":0");
    assert_reply_has(world, "\"needs\":[]");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "to", "MeasureSignpostings",
                   "{\"organisation\":\"pcn-a\",\"from\":\"2026-11-26\",\"to\":\"2026-11-25\"}");
    assert_refusal(world, STATUS_NOT_FOUND, "organisation", "MeasureSignpostings",
                   "{\"organisation\":\"pcn-b\",\"from\":\"2026-11-25\",\"to\":\"2026-11-25\"}");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_suggestion_is_settled_once),
        TEST(it_is_the_practices_own),
        TEST(the_measure_counts_what_was_redirected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
