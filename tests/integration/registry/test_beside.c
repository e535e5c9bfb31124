// Stated facts, clinical systems and alignments over the real schema.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/registry/world.h"

static int setup(void **state)
{
    if (world_setup(state) != 0)
        return 1;
    world_populate(*state);
    return 0;
}

static unsigned count_of(const char *text, const char *part)
{
    unsigned count = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part))
        count++;
    return count;
}

static void take_token(const world_t *world, char token[512])
{
    token[0] = '\0';
    const char *at = strstr(world->reply, "\"nextPageToken\":\"");
    if (at != NULL)
        (void)sscanf(at, "\"nextPageToken\":\"%511[^\"]", token);
}

// The newest event's data.
static char *last_event(world_t *world)
{
    return test_database_query(world->database, "SELECT data FROM event_queue ORDER BY position DESC LIMIT 1");
}

#define FACT "{\"code\":\"%s\",\"fact\":{\"fact\":\"%s\",\"qualifier\":\"eq\",\"value\":\"%s\",\"source\":\"a plan\"}}"

static void facts_are_kept_as_they_are_worded(void **state)
{
    world_t *world = *state;
    assert_call(world, "AddFact",
                "{\"code\":\"ics-a\",\"fact\":{\"fact\":\"new_homes\",\"qualifier\":\"gt\",\"value\":\"112000\",\"unit\":\"homes\","
                "\"period\":\"within 30 years\",\"notes\":\"a plan\",\"source\":\"002 section 4.3\"}}");
    assert_reply_has(world, "{\"organisation\":\"ics-a\",\"fact\":\"new_homes\",\"qualifier\":\"gt\",\"value\":\"112000\"");
    assert_int_equal(world->version, 2);
    char *event = last_event(world);
    assert_non_null(strstr(event, "\"statedFacts\":[{\"organisation\":\"ics-a\",\"fact\":\"new_homes\""));
    assert_non_null(strstr(event, "\"version\":2"));
    free(event);
    assert_refusal(world, STATUS_ALREADY_EXISTS, "fact", "AddFact",
                   "{\"code\":\"ics-a\",\"fact\":{\"fact\":\"new_homes\",\"qualifier\":\"gt\",\"value\":\"1\","
                   "\"period\":\"within 30 years\",\"source\":\"002 section 4.3\"}}");
    // Another document may say something else.
    assert_call(world, "AddFact", FACT, "ics-a", "new_homes", "3");
    for (int i = 0; i < 7; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "f%d", i);
        assert_call(world, "AddFact", FACT, "ics-a", name, "single-handed");
    }
    char token[512] = "";
    unsigned rows = 0, pages = 0;
    do {
        char page[600] = "";
        if (token[0] != '\0')
            (void)snprintf(page, sizeof page, ",\"pageToken\":\"%s\"", token);
        assert_call(world, "ListFacts", "{\"code\":\"ics-a\",\"pageSize\":4%s}", page);
        rows += count_of(world->reply, "\"fact\":");
        take_token(world, token);
        pages++;
    } while (token[0] != '\0');
    assert_int_equal(rows, 9);
    assert_int_equal(pages, 3);
    assert_call(world, "ListFacts", "{\"code\":\"ics-a\",\"fact\":\"new_homes\"}");
    assert_int_equal(count_of(world->reply, "\"fact\":"), 2);
    assert_call(world, "ListFacts", "{\"code\":\"gp-a\"}");
    assert_string_equal(world->reply, "{\"facts\":[]}");
    assert_refusal(world, STATUS_NOT_FOUND, "code", "ListFacts", "{\"code\":\"no-such\"}");
    assert_refusal(world, STATUS_NOT_FOUND, "code", "AddFact", FACT, "no-such", "x", "1");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "pageToken", "ListFacts", "{\"code\":\"ics-a\",\"pageToken\":\"abc\"}");
}

static void out_of_reach_is_not_there(void **state)
{
    world_t *world = *state;
    world->unlimited = false;
    world->organisation = "ccg-b";
    assert_refusal(world, STATUS_NOT_FOUND, "code", "AddFact", FACT, "ccg-a", "x", "1");
    assert_refusal(world, STATUS_NOT_FOUND, "code", "AddSystem",
                   "{\"code\":\"gp-a\",\"system\":{\"system\":\"SystmOne\",\"from\":\"2019-07-01\"}}");
    world->organisation = "ccg-a";
    assert_call(world, "AddFact", FACT, "pcn-a", "x", "1"); // a network's event is the network
    char *event = last_event(world);
    assert_non_null(strstr(event, "\"statedFacts\":[{\"organisation\":\"pcn-a\""));
    assert_non_null(strstr(event, "\"registration\""));
    free(event);
    world->unlimited = true;
    world->organisation = NULL;
}

static void systems_follow_one_another(void **state)
{
    world_t *world = *state;
    assert_call(world, "AddSystem",
                "{\"code\":\"gp-a\",\"system\":{\"system\":\"EMIS Web\",\"from\":\"2019-07-01\",\"to\":\"2019-12-31\",\"source\":\"s\"}}");
    assert_refusal(world, STATUS_ALREADY_EXISTS, "from", "AddSystem",
                   "{\"code\":\"gp-a\",\"system\":{\"system\":\"SystmOne\",\"from\":\"2019-12-31\"}}");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "code", "AddSystem",
                   "{\"code\":\"pcn-a\",\"system\":{\"system\":\"SystmOne\",\"from\":\"2019-12-31\"}}");
    assert_call(world, "AddSystem", "{\"code\":\"gp-a\",\"system\":{\"system\":\"SystmOne\",\"from\":\"2020-01-01\"}}");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "to", "AddSystem",
                   "{\"code\":\"gp-a\",\"system\":{\"system\":\"SystmOne\",\"from\":\"2030-02-01\",\"to\":\"2030-01-01\"}}");
    char *event = last_event(world);
    assert_non_null(strstr(event, "\"systems\":[{\"practice\":\"gp-a\",\"system\":\"SystmOne\""));
    free(event);
    assert_call(world, "ListSystems", "{\"code\":\"gp-a\"}");
    assert_string_equal(world->reply, "{\"systems\":[{\"practice\":\"gp-a\",\"system\":\"EMIS Web\",\"from\":\"2019-07-01\","
                                      "\"to\":\"2019-12-31\",\"source\":\"s\"},{\"practice\":\"gp-a\",\"system\":\"SystmOne\","
                                      "\"from\":\"2020-01-01\"}]}");
    assert_call(world, "ListSystems", "{\"code\":\"gp-b\"}");
    assert_string_equal(world->reply, "{\"systems\":[]}");
}

static void systems_share_the_registered_population(void **state)
{
    world_t *world = *state;
    assert_call(world, "GetSystemCoverage", "{}");
    assert_string_equal(world->reply, "{\"rows\":[{\"system\":\"SystmOne\",\"practices\":1,\"practicesCounted\":0,\"population\":0},"
                                      "{\"practices\":1,\"practicesCounted\":0,\"population\":0}],\"asOf\":\"2026-11-25\",\"stated\":[]}");
    assert_call(world, "AddListSize",
                "{\"code\":\"gp-a\",\"listSize\":{\"kind\":\"registered\",\"count\":886,\"asOf\":\"2019-01-01\",\"source\":\"s\"}}");
    assert_call(world, "AddListSize",
                "{\"code\":\"gp-b\",\"listSize\":{\"kind\":\"registered\",\"count\":114,\"asOf\":\"2019-01-01\",\"source\":\"s\"}}");
    assert_call(world, "AddListSize",
                "{\"code\":\"gp-b\",\"listSize\":{\"kind\":\"registered\",\"count\":9999,\"asOf\":\"2019-02-01\","
                "\"source\":\"s\",\"synthetic\":true}}");
    assert_call(world, "AddFact", FACT, "ics-a", "records_on_systmone", "0.886");
    assert_call(world, "GetSystemCoverage", "{}");
    assert_reply_has(world, "{\"system\":\"SystmOne\",\"practices\":1,\"practicesCounted\":1,\"population\":886,\"share\":\"0.8860\"}");
    assert_reply_has(world,
                     "\"stated\":[{\"organisation\":\"ics-a\",\"fact\":\"records_on_systmone\",\"qualifier\":\"eq\",\"value\":\"0.886\"");
    assert_call(world, "GetSystemCoverage", "{\"asOf\":\"2019-08-01\"}");
    assert_reply_has(world, "{\"system\":\"EMIS Web\",\"practices\":1,\"practicesCounted\":1,\"population\":886,\"share\":\"0.8860\"}");
}

#define ALIGN "{\"code\":\"%s\",\"alignment\":{\"service\":\"%s\",\"name\":\"Team\",\"kind\":\"locality-team\",\"from\":\"%s\"%s}}"

static void services_serve_networks_and_practices(void **state)
{
    world_t *world = *state;
    assert_call(world, "AddAlignment", ALIGN, "pcn-a", "team-a", "2019-07-01", ",\"to\":\"2019-12-31\",\"provider\":\"ccg-a\"");
    assert_call(world, "AddAlignment", ALIGN, "gp-a", "team-a", "2019-07-01", "");
    assert_call(world, "AddAlignment", ALIGN, "pcn-a", "team-b", "2019-07-01", "");
    assert_refusal(world, STATUS_ALREADY_EXISTS, "service", "AddAlignment", ALIGN, "pcn-a", "team-a", "2019-12-31", "");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "to", "AddAlignment", ALIGN, "pcn-a", "team-a", "2030-02-01", ",\"to\":\"2030-01-01\"");
    assert_call(world, "AddAlignment", ALIGN, "pcn-a", "team-a", "2020-01-01", "");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "code", "AddAlignment", ALIGN, "ccg-a", "team-a", "2020-01-01", "");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "provider", "AddAlignment", ALIGN, "gp-b", "team-a", "2020-01-01",
                   ",\"provider\":\"nobody\"");
    assert_call(world, "ListOrganisationAlignments", "{\"code\":\"pcn-a\"}");
    assert_int_equal(count_of(world->reply, "\"service\":"), 3);
    assert_call(world, "ListOrganisationAlignments", "{\"code\":\"pcn-a\",\"asOf\":\"2019-08-01\"}");
    assert_int_equal(count_of(world->reply, "\"service\":"), 2);
    assert_call(world, "ListOrganisationAlignments", "{\"code\":\"gp-b\"}");
    assert_string_equal(world->reply, "{\"alignments\":[]}");
    assert_call(world, "ListAlignments", "{\"service\":\"team-a\"}");
    assert_int_equal(count_of(world->reply, "\"service\":\"team-a\""), 3);
    char token[512] = "";
    unsigned rows = 0, pages = 0;
    do {
        char page[600] = "";
        if (token[0] != '\0')
            (void)snprintf(page, sizeof page, ",\"pageToken\":\"%s\"", token);
        assert_call(world, "ListAlignments", "{\"pageSize\":3%s}", page);
        rows += count_of(world->reply, "\"service\":");
        take_token(world, token);
        pages++;
    } while (token[0] != '\0');
    assert_int_equal(rows, 4);
    assert_int_equal(pages, 2);
}

static void every_version_has_its_event(void **state)
{
    world_t *world = *state;
    assert_int_equal(test_database_number(world->database, "SELECT sum(version) - (SELECT count(*) FROM event_queue) FROM organisation"),
                     0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(facts_are_kept_as_they_are_worded),
        cmocka_unit_test(out_of_reach_is_not_there),
        cmocka_unit_test(systems_follow_one_another),
        cmocka_unit_test(systems_share_the_registered_population),
        cmocka_unit_test(services_serve_networks_and_practices),
        cmocka_unit_test(every_version_has_its_event),
    };
    return cmocka_run_group_tests(tests, setup, world_teardown);
}
