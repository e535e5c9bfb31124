// Digital coverage by practice, network and system, and the documents' targets against it.
#include <stdio.h>
#include <stdlib.h>

#include "tests/integration/referral/world.h"

static int setup(void **state)
{
    if (world_setup(state) != 0)
        return -1;
    world_t *world = *state;
    world->scopes[0] = "services.clinical";
    return 0;
}

static void offer(world_t *world, const char *provider, const char *kind, const char *channels, const char *rest)
{
    assert_call(world, "CreateService", "{\"service\":{\"name\":\"Surgery\",\"kind\":\"%s\",\"provider\":\"%s\",\"channels\":[%s]%s}}",
                kind, provider, channels, rest);
}

static void practices_and_networks_are_counted(void **state)
{
    world_t *world = *state;
    offer(world, "gp-a1", "general-practice", "\"online-message\",\"video\"", "");
    offer(world, "gp-b1", "general-practice", "\"in-person\",\"online-message\"", "");
    // Neither what is suspended, nor what is no clinical service.
    offer(world, "gp-a2", "general-practice", "\"video\"", ",\"status\":\"suspended\"");
    offer(world, "gp-a2", "community-group", "\"video\"", "");
    assert_call(world, "GetDigitalCoverage", "{\"organisation\":\"ics-a\",\"practices\":true}");
    assert_reply_has(
        world,
        "\"organisation\":\"ics-a\",\"day\":\"2026-11-25\",\"rows\":[{\"organisation\":\"ics-a\",\"name\":\"System A\",\"kind\":\"ics\","
        "\"practices\":3,\"online\":{\"practices\":2,\"practiceShare\":\"0.667\"},\"video\":{\"practices\":1,"
        "\"practiceShare\":\"0.333\"},\"both\":{\"practices\":1,\"practiceShare\":\"0.333\"}");
    assert_reply_has(world, "},{\"organisation\":\"pcn-a\",\"name\":\"Network A\",\"kind\":\"network\",\"practices\":2,");
    assert_reply_has(world, "},{\"organisation\":\"gp-a1\",\"name\":\"Practice A1\",\"kind\":\"practice\",\"practices\":1,");
    assert_reply_has(
        world, "},{\"organisation\":\"pcn-b\",\"name\":\"Network B\",\"kind\":\"network\",\"practices\":1,\"online\":{\"practices\":1,"
               "\"practiceShare\":\"1.000\",\"patientShare\":\"1.000\"}");
    assert_reply_has(world, "\"targets\":[]");
    assert_call(world, "GetDigitalCoverage", "{\"organisation\":\"pcn-a\"}");
    assert_reply_has(world, "\"rows\":[{\"organisation\":\"pcn-a\"");
    assert_reply_lacks(world, "{\"organisation\":\"gp-a1\"");
    assert_call(world, "GetDigitalCoverage", "{\"organisation\":\"gp-a1\",\"practices\":true}");
    assert_reply_has(world,
                     "\"rows\":[{\"organisation\":\"gp-a1\",\"name\":\"Practice A1\",\"kind\":\"practice\",\"practices\":1,\"online\":{"
                     "\"practices\":1,\"practiceShare\":\"1.000\",\"patientShare\":\"1.000\"}");
    assert_reply_lacks(world, "},{\"organisation\"");
    assert_refusal(world, STATUS_NOT_FOUND, "organisation", "GetDigitalCoverage", "{\"organisation\":\"nobody\"}");
}

static void targets_are_held_against_it(void **state)
{
    world_t *world = *state;
    free(test_database_query(world->database, "UPDATE organisation SET code = 'ics-llr' WHERE code = 'ics-x'; "
                                              "UPDATE organisation SET parent = 'ics-llr' WHERE code = 'gp-x'"));
    assert_call(world, "GetDigitalCoverage", "{\"organisation\":\"ics-llr\"}");
    assert_reply_has(world,
                     "{\"code\":\"t001\",\"organisation\":\"ics-llr\",\"name\":\"patients with access to online consultations\","
                     "\"measure\":\"patients-online\",\"stated\":\"0.750\",\"due\":\"2020-04-30\",\"dueAsStated\":\"by April 2020\","
                     "\"computed\":\"0.000\",\"difference\":\"-0.750\",\"met\":false,\"source\":\"002_14b2ec4da8d9c2f3.txt section 9.2\"}");
    offer(world, "gp-x", "general-practice", "\"online-message\"", ",\"synthetic\":true");
    assert_call(world, "GetDigitalCoverage", "{\"organisation\":\"gp-x\"}");
    assert_reply_has(world, "\"computed\":\"1.000\",\"difference\":\"+0.250\",\"met\":true");
    assert_reply_has(world, "\"code\":\"t002\"");
    assert_reply_has(world, "\"synthetic\":true");
}

static void list_sizes_are_those_in_force(void **state)
{
    world_t *world = *state;
    offer(world, "gp-a1", "general-practice", "\"online-message\"", "");
    free(test_database_query(world->database, "INSERT INTO list_size (organisation, as_of, synthetic, count) VALUES "
                                              "('gp-a1', '2025-01-01', false, 1000), ('gp-a1', '2026-01-01', false, 3000), "
                                              "('gp-a1', '2027-01-01', false, 9000), ('gp-a1', '2026-11-01', true, 5), "
                                              "('gp-a2', '2026-01-01', true, 1000), ('pcn-b', '2026-01-01', false, 30000)"));
    assert_call(world, "GetDigitalCoverage", "{\"organisation\":\"pcn-a\"}");
    assert_reply_has(world, "\"practices\":2,\"online\":{\"practices\":1,\"practiceShare\":\"0.500\"}");
    assert_reply_has(world, "\"detail\":\"The list size of gp-a2 is not known\"");
    assert_call(world, "GetDigitalCoverage", "{\"organisation\":\"pcn-a\",\"synthetic\":true}");
    assert_reply_has(world, "\"practices\":2,\"patients\":4000,\"online\":{\"practices\":1,\"practiceShare\":\"0.500\",\"patients\":3000,"
                            "\"patientShare\":\"0.750\"}");
    assert_reply_has(world, "\"synthetic\":true");
    // What a network states stands in for its practice's, and nobody of it is offered anything.
    assert_call(world, "GetDigitalCoverage", "{\"organisation\":\"ccg-a\",\"synthetic\":true}");
    assert_reply_has(world, "\"practices\":3,\"patients\":34000,\"online\":{\"practices\":1,\"practiceShare\":\"0.333\",\"patients\":3000,"
                            "\"patientShare\":\"0.088\"}");
}

// The registry need not have the organisation of a document.
static void a_target_of_nobody_here_is_readable(void **state)
{
    world_t *world = *state;
    assert_call(world, "GetDigitalCoverage", "{\"organisation\":\"ics-nel\"}");
    assert_reply_has(world, "\"rows\":[],\"targets\":[{\"code\":\"t103\"");
    assert_reply_has(world,
                     "\"code\":\"t106\",\"organisation\":\"ics-nel\",\"name\":\"practices contracted to offer video consultations\","
                     "\"measure\":\"practices-video\",\"stated\":\"1.000\",\"due\":\"2021-04-01\",\"dueAsStated\":\"from April 2021\","
                     "\"detail\":\"There are no open practices on record\",\"source\":");
    assert_reply_lacks(world, "\"computed\"");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(practices_and_networks_are_counted),
        TEST(targets_are_held_against_it),
        TEST(list_sizes_are_those_in_force),
        TEST(a_target_of_nobody_here_is_readable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
