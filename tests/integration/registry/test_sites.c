// Sites, which are aggregates of their own, over the real schema.
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

#define SITE "{\"site\":{\"code\":\"%s\",\"organisation\":\"%s\",\"name\":\"Surgery\",\"kind\":\"surgery\"%s}}"

static void a_site_is_made_read_and_changed(void **state)
{
    world_t *world = *state;
    assert_call(world, "CreateSite", SITE, "site-a", "gp-a", ",\"tenure\":\"owned\",\"floorArea\":\"412.50\",\"from\":\"2019-07-01\"");
    assert_int_equal(world->version, 1);
    assert_call(world, "GetSite", "{\"code\":\"site-a\"}");
    assert_reply_has(world, "{\"code\":\"site-a\",\"organisation\":\"gp-a\",\"name\":\"Surgery\",\"kind\":\"surgery\",\"tenure\":\"owned\","
                            "\"floorArea\":\"412.50\",\"from\":\"2019-07-01\",\"version\":1,");
    char *event = test_database_query(world->database, "SELECT type || ' ' || subject || ' ' || version FROM event_queue "
                                                       "ORDER BY position DESC LIMIT 1");
    assert_string_equal(event, "pcn.registry.site.created sites/site-a 1");
    free(event);
    world->expected_version = 1;
    assert_call(world, "UpdateSite", "{\"code\":\"site-a\",\"site\":{\"name\":\"Health centre\"},\"clear\":[\"tenure\"]}");
    assert_int_equal(world->version, 2);
    assert_reply_has(world, "\"name\":\"Health centre\"");
    assert_reply_lacks(world, "tenure");
    event = test_database_query(world->database, "SELECT type || ' ' || subject || ' ' || version FROM event_queue "
                                                 "ORDER BY position DESC LIMIT 1");
    assert_string_equal(event, "pcn.registry.site.updated sites/site-a 2");
    free(event);
    assert_refusal(world, STATUS_ABORTED, "", "UpdateSite", "{\"code\":\"site-a\",\"site\":{\"name\":\"x\"}}");
    world->expected_version = 2;
    assert_call(world, "UpdateSite", "{\"code\":\"site-a\",\"site\":{\"name\":\"Health centre\"}}");
    assert_null(world->verdict); // nothing changed
    assert_int_equal(world->version, 2);
    world->expected_version = 0;
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "to", "UpdateSite", "{\"code\":\"site-a\",\"site\":{\"to\":\"2019-06-30\"}}");
    assert_refusal(world, STATUS_NOT_FOUND, "organisation", "UpdateSite", "{\"code\":\"site-a\",\"site\":{\"organisation\":\"nobody\"}}");
    assert_call(world, "UpdateSite", "{\"code\":\"site-a\",\"site\":{\"organisation\":\"gp-b\"}}");
    assert_reply_has(world, "\"organisation\":\"gp-b\"");
}

static void refusals_say_why(void **state)
{
    world_t *world = *state;
    assert_refusal(world, STATUS_ALREADY_EXISTS, "code", "CreateSite", SITE, "site-a", "gp-a", "");
    assert_refusal(world, STATUS_NOT_FOUND, "organisation", "CreateSite", SITE, "site-b", "nobody", "");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "to", "CreateSite", SITE, "site-b", "gp-a",
                   ",\"from\":\"2019-07-01\",\"to\":\"2019-06-30\"");
    assert_refusal(world, STATUS_NOT_FOUND, "code", "GetSite", "{\"code\":\"no-such\"}");
    assert_refusal(world, STATUS_NOT_FOUND, "code", "UpdateSite", "{\"code\":\"no-such\",\"site\":{\"name\":\"x\"}}");
    world->unlimited = false;
    world->organisation = "ccg-b";
    assert_refusal(world, STATUS_NOT_FOUND, "organisation", "CreateSite", SITE, "site-b", "gp-a", "");
    assert_refusal(world, STATUS_NOT_FOUND, "code", "UpdateSite", "{\"code\":\"site-a\",\"site\":{\"name\":\"x\"}}");
    world->organisation = "ccg-a";
    assert_call(world, "UpdateSite", "{\"code\":\"site-a\",\"site\":{\"name\":\"Ours\"}}");
    assert_refusal(world, STATUS_NOT_FOUND, "organisation", "UpdateSite", "{\"code\":\"site-a\",\"site\":{\"organisation\":\"ccg-b\"}}");
    world->unlimited = true;
    world->organisation = NULL;
    // Somebody else takes the code between decision and save.
    assert_int_equal(world_race(world,
                                "INSERT INTO site (code, organisation, name, kind, version, created_at, updated_at) "
                                "VALUES ('site-r', 'gp-a', 'Faster', 'hub', 1, now(), now())",
                                "CreateSite",
                                "{\"site\":{\"code\":\"site-r\",\"organisation\":\"gp-a\",\"name\":\"Slower\",\"kind\":\"hub\"}}"),
                     STATUS_ALREADY_EXISTS);
}

static void lists_filter_and_page(void **state)
{
    world_t *world = *state;
    for (int i = 0; i < 5; i++) {
        char code[16];
        (void)snprintf(code, sizeof code, "many-%d", i);
        assert_call(world, "CreateSite", SITE, code, "pcn-a", i % 2 == 0 ? ",\"to\":\"2020-12-31\"" : "");
    }
    assert_call(world, "ListSites", "{\"organisation\":\"pcn-a\",\"pageSize\":3}");
    assert_int_equal(count_of(world->reply, "\"code\":"), 3);
    char token[512];
    assert_int_equal(sscanf(strstr(world->reply, "\"nextPageToken\":\""), "\"nextPageToken\":\"%511[^\"]", token), 1);
    assert_call(world, "ListSites", "{\"organisation\":\"pcn-a\",\"pageSize\":3,\"pageToken\":\"%s\"}", token);
    assert_int_equal(count_of(world->reply, "\"code\":"), 2);
    assert_reply_has(world, "many-4");
    assert_reply_lacks(world, "nextPageToken");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "pageToken", "ListSites", "{\"organisation\":\"gp-a\",\"pageToken\":\"%s\"}", token);
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "pageToken", "ListSites",
                   "{\"organisation\":\"pcn-a\",\"kind\":\"hub\",\"pageToken\":\"%s\"}", token);
    assert_call(world, "ListSites", "{\"organisation\":\"pcn-a\",\"asOf\":\"2021-01-01\"}");
    assert_int_equal(count_of(world->reply, "\"code\":"), 2);
    assert_call(world, "ListSites", "{\"kind\":\"hub\"}");
    assert_int_equal(count_of(world->reply, "\"code\":"), 1);
    assert_call(world, "ListSites", "{\"organisation\":\"nobody\"}");
    assert_string_equal(world->reply, "{\"sites\":[]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_site_is_made_read_and_changed),
        cmocka_unit_test(refusals_say_why),
        cmocka_unit_test(lists_filter_and_page),
    };
    return cmocka_run_group_tests(tests, setup, world_teardown);
}
