// Lists page by page, their filters, and the checks over the whole registry.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/registry/world.h"

#define MANY 120

static int setup(void **state)
{
    if (world_setup(state) != 0)
        return 1;
    world_t *world = *state;
    world_populate(world);
    char sql[512];
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO organisation (code, name, kind, parent, status, version, created_at, updated_at) "
                   "SELECT 'many-' || lpad(n::text, 4, '0'), 'Many ' || n || '%%_\\', 'supplier', 'ics-a', 'active', 1, now(), now() "
                   "FROM generate_series(1, %d) n",
                   MANY);
    free(test_database_query(world->database, sql));
    return 0;
}

static unsigned count_of(const char *text, const char *part)
{
    unsigned count = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part))
        count++;
    return count;
}

static void take_token(const world_t *world, char token[256])
{
    token[0] = '\0';
    const char *at = strstr(world->reply, "\"nextPageToken\":\"");
    if (at != NULL)
        (void)sscanf(at, "\"nextPageToken\":\"%255[^\"]", token);
}

static void pages_meet_without_a_gap(void **state)
{
    world_t *world = *state;
    char token[256] = "", last[64] = "";
    unsigned rows = 0, pages = 0;
    do {
        char page[300] = "";
        if (token[0] != '\0')
            (void)snprintf(page, sizeof page, ",\"pageToken\":\"%s\"", token);
        assert_call(world, "ListOrganisations", "{\"kind\":\"supplier\",\"pageSize\":50%s}", page);
        assert_reply_has(world, "\"totalSize\":120");
        rows += count_of(world->reply, "\"code\":");
        char first[64];
        assert_int_equal(sscanf(strstr(world->reply, "\"code\":\""), "\"code\":\"%63[^\"]", first), 1);
        assert_true(strcmp(first, last) > 0);
        const char *at = world->reply;
        for (const char *next = strstr(at, "\"code\":\""); next != NULL; next = strstr(at + 1, "\"code\":\""))
            at = next;
        assert_int_equal(sscanf(at, "\"code\":\"%63[^\"]", last), 1);
        take_token(world, token);
        pages++;
        // A row that comes before the place disturbs nobody.
        if (pages == 1)
            free(test_database_query(world->database, "UPDATE organisation SET name = 'Renamed' WHERE code = 'many-0001'"));
    } while (token[0] != '\0');
    assert_int_equal(rows, MANY);
    assert_int_equal(pages, 3);
}

static void a_full_last_page_ends_the_list(void **state)
{
    world_t *world = *state;
    assert_call(world, "ListOrganisations", "{\"kind\":\"supplier\",\"pageSize\":120}");
    assert_int_equal(count_of(world->reply, "\"code\":"), MANY);
    assert_reply_lacks(world, "nextPageToken");
    assert_call(world, "ListOrganisations", "{\"kind\":\"supplier\"}");
    assert_int_equal(count_of(world->reply, "\"code\":"), 50);
    assert_reply_has(world, "nextPageToken");
}

static void an_empty_list_has_its_length(void **state)
{
    world_t *world = *state;
    assert_call(world, "ListOrganisations", "{\"kind\":\"voluntary\"}");
    assert_string_equal(world->reply, "{\"organisations\":[],\"totalSize\":0}");
    assert_call(world, "ListOrganisations", "{\"q\":\"no such name\"}");
    assert_string_equal(world->reply, "{\"organisations\":[],\"totalSize\":0}");
}

static void filters_combine(void **state)
{
    world_t *world = *state;
    assert_call(world, "ListOrganisations", "{\"parent\":\"ccg-a\"}");
    assert_reply_has(world, "\"totalSize\":2"); // pcn-a and gp-b
    assert_call(world, "ListOrganisations", "{\"parent\":\"ccg-a\",\"kind\":\"network\"}");
    assert_reply_has(world, "\"totalSize\":1");
    assert_call(world, "ListOrganisations", "{\"parent\":\"la-a\"}"); // the other tree
    assert_reply_has(world, "\"code\":\"pcn-a\"");
    assert_call(world, "ListOrganisations", "{\"level\":\"place\"}");
    assert_reply_has(world, "\"totalSize\":3");
    assert_call(world, "ListOrganisations", "{\"q\":\"pRaCtIcE\"}");
    assert_reply_has(world, "\"totalSize\":2");
    assert_call(world, "ListOrganisations", "{\"q\":\"PCN-\"}"); // of a code
    assert_reply_has(world, "\"totalSize\":1");
}

static void q_means_what_it_says(void **state)
{
    world_t *world = *state;
    assert_call(world, "ListOrganisations", "{\"q\":\"%%_\\\\\",\"pageSize\":1}");
    assert_reply_has(world, "\"totalSize\":119"); // all but the renamed one
    assert_call(world, "ListOrganisations", "{\"q\":\"%%\",\"kind\":\"practice\"}");
    assert_string_equal(world->reply, "{\"organisations\":[],\"totalSize\":0}");
    assert_call(world, "ListOrganisations", "{\"q\":\"'; DROP TABLE organisation; --\"}");
    assert_string_equal(world->reply, "{\"organisations\":[],\"totalSize\":0}");
}

static void bad_tokens_are_refused(void **state)
{
    world_t *world = *state;
    static const char *const bad[] = {"x", "AAAA", "....", "MS4wLng", "_____w", "%%%%"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_refusal(world, STATUS_INVALID_ARGUMENT, "pageToken", "ListOrganisations", "{\"pageToken\":\"%s\"}", bad[i]);
    char token[256];
    assert_call(world, "ListOrganisations", "{\"kind\":\"supplier\",\"pageSize\":1}");
    take_token(world, token);
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "pageToken", "ListOrganisations", "{\"kind\":\"practice\",\"pageToken\":\"%s\"}", token);
    assert_call(world, "ListOrganisations", "{\"kind\":\"supplier\",\"pageSize\":2,\"pageToken\":\"%s\"}", token);
}

static void checks_look_at_everything(void **state)
{
    world_t *world = *state;
    assert_call(world, "AddMember", "{\"code\":\"pcn-a\",\"member\":{\"practice\":\"gp-a\",\"from\":\"2019-07-01\"}}");
    assert_call(world, "AddListSize",
                "{\"code\":\"pcn-a\",\"listSize\":{\"kind\":\"registered\",\"count\":28445,\"asOf\":\"2019-06-20\",\"source\":\"App 3\"}}");
    assert_call(world, "GetChecks", "{}");
    assert_reply_has(world, "\"code\":\"size-band-below\"");
    assert_reply_has(world, "\"severity\":\"error\",\"subject\":\"organisations/pcn-a\",\"stated\":28445");
    // ccg-a states 2 practices and has 2; ics-a states 3; the network states 2 and has 1.
    assert_int_equal(count_of(world->reply, "practice-count-difference"), 2);
    assert_reply_has(world, "\"subject\":\"organisations/ics-a\",\"stated\":3,\"computed\":2,\"difference\":-1");
    assert_reply_has(world, "\"subject\":\"organisations/ccg-a\",\"stated\":60000,\"computed\":28445,\"difference\":-31555");
    assert_int_equal(count_of(world->reply, "population-difference"), 2);
}

// Totals and the pages of what is found often are kept while nothing is recorded.
static void what_is_recorded_is_counted(void **state)
{
    world_t *world = *state;
    static const char *const lists[] = {"{\"kind\":\"supplier\",\"pageSize\":5}",
                                        "{\"kind\":\"supplier\",\"status\":\"active\",\"pageSize\":5}",
                                        "{\"kind\":\"supplier\",\"pageSize\":5,\"asOf\":\"2026-11-25\"}",
                                        "{\"q\":\"many\",\"pageSize\":5}",
                                        "{\"q\":\"many\",\"pageSize\":5,\"asOf\":\"2026-11-25\"}",
                                        "{\"parent\":\"ics-a\",\"kind\":\"supplier\",\"pageSize\":5}"};
    for (int i = 0; i < 3; i++) {
        char total[32];
        (void)snprintf(total, sizeof total, "\"totalSize\":%d", MANY + i);
        for (size_t k = 0; k < sizeof lists / sizeof *lists; k++) {
            assert_call(world, "ListOrganisations", "%s", lists[k]);
            assert_reply_has(world, total);
            assert_call(world, "ListOrganisations", "%s", lists[k]); // as it is kept
            assert_reply_has(world, total);
            assert_int_equal(count_of(world->reply, "\"code\":"), 5);
            // Codes and names are such that what is new comes first.
            for (int n = 1; n <= i; n++) {
                char code[40];
                (void)snprintf(code, sizeof code, "\"code\":\"many-0000-%d\"", n);
                assert_reply_has(world, code);
            }
        }
        assert_call(world, "CreateOrganisation",
                    "{\"organisation\":{\"code\":\"many-0000-%d\",\"name\":\"Many\",\"kind\":\"supplier\",\"parent\":\"ics-a\"}}", i + 1);
    }
    // Asked for with another filter, page or day it is another list.
    assert_call(world, "ListOrganisations", "{\"q\":\"many\",\"pageSize\":6}");
    assert_int_equal(count_of(world->reply, "\"code\":"), 6);
    assert_call(world, "ListOrganisations", "{\"q\":\"many\",\"pageSize\":5,\"kind\":\"practice\"}");
    assert_reply_has(world, "\"totalSize\":0");
    assert_call(world, "ListOrganisations", "{\"q\":\"many=|{;}\",\"pageSize\":5,\"status\":\"closed\"}");
    assert_reply_has(world, "\"totalSize\":0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_meet_without_a_gap),     cmocka_unit_test(a_full_last_page_ends_the_list),
        cmocka_unit_test(an_empty_list_has_its_length), cmocka_unit_test(filters_combine),
        cmocka_unit_test(q_means_what_it_says),         cmocka_unit_test(bad_tokens_are_refused),
        cmocka_unit_test(checks_look_at_everything),    cmocka_unit_test(what_is_recorded_is_counted),
    };
    return cmocka_run_group_tests(tests, setup, world_teardown);
}
