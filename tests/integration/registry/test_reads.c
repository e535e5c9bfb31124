// Searches, trees, coverage and checks over a small registry whose facts change.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/registry/world.h"

#define YESTERDAY "2026-11-24"

static int setup(void **state)
{
    if (world_setup(state) != 0)
        return 1;
    world_t *world = *state;
    world_populate(world);
    assert_call(world, "AddMember", "{\"code\":\"pcn-a\",\"member\":{\"practice\":\"gp-a\",\"from\":\"2026-11-25\"}}");
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

static void a_tree_is_of_a_day(void **state)
{
    world_t *world = *state;
    assert_call(world, "GetTree", "{\"code\":\"ccg-a\"}");
    assert_string_equal(
        world->reply,
        "{\"code\":\"ccg-a\",\"name\":\"Commissioner A\",\"kind\":\"ccg\",\"level\":\"place\",\"status\":\"active\",\"children\":["
        "{\"code\":\"gp-b\",\"name\":\"Practice B\",\"kind\":\"practice\",\"level\":\"practice\",\"status\":\"active\",\"children\":[]},"
        "{\"code\":\"pcn-a\",\"name\":\"Network A\",\"kind\":\"network\",\"level\":\"neighbourhood\",\"status\":\"active\",\"children\":["
        "{\"code\":\"gp-a\",\"name\":\"Practice "
        "A\",\"kind\":\"practice\",\"level\":\"practice\",\"status\":\"active\",\"children\":[]}]}]}");
    // The day before the membership began.
    assert_call(world, "GetTree", "{\"code\":\"pcn-a\",\"asOf\":\"" YESTERDAY "\"}");
    assert_reply_lacks(world, "gp-a");
    assert_call(world, "GetTree", "{\"code\":\"ccg-a\",\"asOf\":\"" YESTERDAY "\",\"depth\":1}");
    assert_reply_has(world, "gp-a");
    assert_call(world, "GetTree", "{\"code\":\"ics-a\",\"tree\":\"places\"}");
    assert_reply_has(world, "\"code\":\"la-a\"");
    assert_reply_has(world, "\"code\":\"gp-a\"");
    assert_reply_lacks(world, "ccg-a");
    assert_call(world, "GetTree", "{\"code\":\"ics-a\",\"depth\":0}");
    assert_int_equal(count_of(world->reply, "\"code\":"), 1);
    assert_refusal(world, STATUS_NOT_FOUND, "code", "GetTree", "{\"code\":\"no-such\"}");
}

static void a_circle_ends(void **state)
{
    world_t *world = *state;
    // No call lets it come about.
    free(test_database_query(world->database, "UPDATE organisation SET parent = 'pcn-a' WHERE code = 'ics-a'"));
    assert_call(world, "GetTree", "{\"code\":\"ics-a\"}");
    assert_int_equal(count_of(world->reply, "\"code\":\"ics-a\""), 1);
    assert_call(world, "GetTree", "{\"code\":\"ics-a\",\"asOf\":\"2026-11-25\"}");
    assert_int_equal(count_of(world->reply, "\"code\":\"ics-a\""), 1);
    assert_call(world, "GetCoverage", "{\"level\":\"system\"}");
    assert_call(world, "GetChecks", "{}");
    free(test_database_query(world->database, "UPDATE organisation SET parent = NULL WHERE code = 'ics-a'"));
}

static void coverage_has_a_row_for_what_lies_nowhere(void **state)
{
    world_t *world = *state;
    assert_call(world, "GetCoverage", "{\"level\":\"place\"}");
    assert_string_equal(world->reply, "{\"rows\":[{\"area\":\"la-a\",\"name\":\"Council A\",\"practices\":1,\"practicesInNetworks\":1,"
                                      "\"share\":\"1.0000\",\"networks\":1},"
                                      "{\"practices\":1,\"practicesInNetworks\":0,\"share\":\"0.0000\",\"networks\":0}],"
                                      "\"asOf\":\"2026-11-25\"}");
    assert_call(world, "GetCoverage", "{\"level\":\"system\"}");
    assert_reply_has(world, "\"practices\":2,\"practicesInNetworks\":1,\"share\":\"0.5000\"");
    assert_reply_lacks(world, "\"population\"");
    assert_call(world, "GetCoverage", "{\"level\":\"system\",\"asOf\":\"" YESTERDAY "\"}");
    assert_reply_has(world, "\"practices\":2,\"practicesInNetworks\":0,\"share\":\"0.0000\"");
}

static void findings_follow_the_figures(void **state)
{
    world_t *world = *state;
    assert_call(world, "GetChecks", "{}");
    assert_reply_has(world, "\"code\":\"missing-director\"");
    assert_reply_has(world, "\"subject\":\"organisations/ics-a\",\"stated\":3,\"computed\":1,\"difference\":-2"); // coverage
    assert_reply_has(world, "\"totalSize\":");
    assert_call(world, "AddDirector", "{\"code\":\"pcn-a\",\"director\":{\"name\":\"Dr A\",\"from\":\"2026-11-25\"}}");
    assert_call(world, "GetChecks", "{}");
    assert_reply_lacks(world, "missing-director");
    assert_call(world, "GetChecks", "{\"asOf\":\"" YESTERDAY "\"}");
    assert_reply_has(world, "missing-director");
    free(test_database_query(world->database,
                             "INSERT INTO stated_fact (organisation, fact, qualifier, value, source) VALUES "
                             "('ics-a', 'clinical_directors', 'eq', '2', 'a plan'), ('ics-a', 'pcns', 'eq', '1', 'a plan')"));
    assert_call(world, "GetChecks", "{}");
    assert_reply_has(world, "\"code\":\"director-count-difference\"");
    assert_reply_has(world, "Clinical directors: 2 stated, 1 named");
    assert_reply_lacks(world, "network-count-difference");
    free(test_database_query(world->database, "UPDATE stated_fact SET value = '1' WHERE fact = 'clinical_directors'"));
    assert_call(world, "GetChecks", "{}");
    assert_reply_lacks(world, "director-count-difference");
}

static void a_waiver_lasts_as_long_as_it_says(void **state)
{
    world_t *world = *state;
    assert_call(world, "AddListSize",
                "{\"code\":\"pcn-a\",\"listSize\":{\"kind\":\"registered\",\"count\":28445,\"asOf\":\"2026-01-01\",\"source\":\"App 3\"}}");
    assert_call(world, "GetChecks", "{}");
    assert_reply_has(world, "\"severity\":\"error\",\"subject\":\"organisations/pcn-a\",\"stated\":28445");
    free(test_database_query(world->database, "INSERT INTO waiver (network, from_on, to_on, reason, recorded_at) "
                                              "VALUES ('pcn-a', '2026-11-25', '2026-11-30', 'Rural', now())"));
    assert_call(world, "GetChecks", "{}");
    assert_reply_has(world, "\"severity\":\"information\",\"subject\":\"organisations/pcn-a\",\"stated\":28445");
    assert_call(world, "GetChecks", "{\"asOf\":\"2026-12-01\"}");
    assert_reply_has(world, "\"severity\":\"error\",\"subject\":\"organisations/pcn-a\",\"stated\":28445");
}

static void list_sizes_page_from_the_newest(void **state)
{
    world_t *world = *state;
    for (int year = 2015; year <= 2025; year++)
        assert_call(world, "AddListSize",
                    "{\"code\":\"gp-b\",\"listSize\":{\"kind\":\"registered\",\"count\":%d,\"asOf\":\"%d-01-01\",\"source\":\"s\"}}", year,
                    year);
    assert_call(world, "AddListSize",
                "{\"code\":\"gp-b\",\"listSize\":{\"kind\":\"weighted\",\"count\":7,\"asOf\":\"2025-01-01\",\"source\":\"s\"}}");
    assert_call(world, "AddListSize",
                "{\"code\":\"gp-b\",\"listSize\":{\"kind\":\"registered\",\"count\":8,\"asOf\":\"2025-01-01\","
                "\"source\":\"s\",\"synthetic\":true}}");
    char token[256] = "";
    unsigned rows = 0, pages = 0;
    do {
        char page[300] = "";
        if (token[0] != '\0')
            (void)snprintf(page, sizeof page, ",\"pageToken\":\"%s\"", token);
        assert_call(world, "ListListSizes", "{\"code\":\"gp-b\",\"pageSize\":4%s}", page);
        if (pages++ == 0) {
            assert_reply_has(world,
                             "{\"listSizes\":[{\"organisation\":\"gp-b\",\"kind\":\"registered\",\"count\":2025,\"asOf\":\"2025-01-01\"");
            // A newer one does not disturb the pages to come.
            assert_reply_has(world, "\"count\":8,\"asOf\":\"2025-01-01\",\"source\":\"s\",\"synthetic\":true");
            assert_reply_has(world, "\"count\":7");
            free(test_database_query(world->database, "INSERT INTO list_size (organisation, kind, as_of, count, source) "
                                                      "VALUES ('gp-b', 'registered', '2026-01-01', 99, 's')"));
            take_token(world, token);
            rows += count_of(world->reply, "\"kind\":");
            continue;
        }
        rows += count_of(world->reply, "\"kind\":");
        take_token(world, token);
    } while (token[0] != '\0');
    assert_int_equal(rows, 13);
    assert_int_equal(pages, 4);
    assert_call(world, "ListListSizes", "{\"code\":\"gp-b\",\"kind\":\"registered\",\"from\":\"2016-01-01\",\"to\":\"2018-12-31\"}");
    assert_int_equal(count_of(world->reply, "\"kind\":"), 3);
    assert_call(world, "ListListSizes", "{\"code\":\"la-a\"}");
    assert_string_equal(world->reply, "{\"listSizes\":[]}");
    assert_refusal(world, STATUS_NOT_FOUND, "code", "ListListSizes", "{\"code\":\"no-such\"}");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "pageToken", "ListListSizes", "{\"code\":\"gp-b\",\"pageToken\":\"zzz\"}");
}

static void a_search_pages_by_distance(void **state)
{
    world_t *world = *state;
    free(test_database_query(
        world->database,
        "INSERT INTO organisation (code, name, kind, parent, status, version, created_at, updated_at, former_names, identifiers) "
        "SELECT 'vol-' || n, 'Charnwood ' || repeat('x', n), 'voluntary', 'ics-a', 'active', 1, now(), now(), '{}'::text[], '[]'::jsonb "
        "FROM generate_series(1, 9) n UNION ALL "
        "SELECT 'vol-old', 'Something else', 'voluntary', 'ics-a', 'active', 1, now(), now(), '{Charnwood}', "
        "    '[{\"system\": \"https://a.example\", \"value\": \"Q12345\"}]'"));
    char token[256] = "", seen[1024] = "";
    unsigned pages = 0;
    do {
        char page[300] = "";
        if (token[0] != '\0')
            (void)snprintf(page, sizeof page, ",\"pageToken\":\"%s\"", token);
        assert_call(world, "ListOrganisations", "{\"q\":\"charnwood\",\"pageSize\":3,\"kind\":\"voluntary\"%s}", page);
        assert_reply_has(world, "\"totalSize\":10");
        if (pages++ == 0)
            assert_reply_has(world, "{\"organisations\":[{\"code\":\"vol-old\""); // the former name is the same
        for (const char *at = strstr(world->reply, "\"code\":\""); at != NULL; at = strstr(at + 1, "\"code\":\"")) {
            char code[64];
            assert_int_equal(sscanf(at, "\"code\":\"%63[^\"]", code), 1);
            assert_null(strstr(seen, code));
            (void)snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%s,", code);
        }
        take_token(world, token);
    } while (token[0] != '\0');
    assert_int_equal(pages, 4);
    assert_int_equal(count_of(seen, ","), 10);
    assert_call(world, "ListOrganisations", "{\"q\":\"q12345\"}");
    assert_reply_has(world, "\"totalSize\":1}");
    assert_reply_has(world, "vol-old");
    // A token of a list is none of a search.
    assert_call(world, "ListOrganisations", "{\"pageSize\":1}");
    take_token(world, token);
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "pageToken", "ListOrganisations", "{\"q\":\"charnwood\",\"pageToken\":\"%s\"}", token);
}

// What contains the words is found alone, the nearest first; what resembles them is found where nothing of the list contains them, be it
// the filters or the day that leave nothing.
static void a_search_resembles_where_nothing_contains(void **state)
{
    world_t *world = *state;
    free(test_database_query(world->database,
                             "INSERT INTO organisation (code, name, kind, parent, status, opened_on, version, created_at, updated_at) "
                             "SELECT code, name, kind, 'ics-a', 'active', opened_on::date, 1, now(), now() FROM (VALUES "
                             "    ('res-within', 'Upper Quenborough', 'trust', NULL), ('res-begins', 'Quenborough House', 'trust', NULL), "
                             "    ('res-inside', 'Newquenborough', 'trust', '2020-01-01'), ('res-like', 'Quenbarough', 'provider', NULL), "
                             "    ('res-percent', 'Quota 50%_\\', 'provider', NULL)) v (code, name, kind, opened_on)"));
    assert_call(world, "ListOrganisations", "{\"q\":\"QUENBOROUGH\",\"pageSize\":1}");
    assert_reply_has(world, "{\"organisations\":[{\"code\":\"res-begins\"");
    assert_reply_has(world, "\"totalSize\":3");
    char token[256];
    take_token(world, token);
    assert_call(world, "ListOrganisations", "{\"q\":\"QUENBOROUGH\",\"pageSize\":1,\"pageToken\":\"%s\"}", token);
    assert_reply_has(world, "res-within");
    take_token(world, token);
    assert_call(world, "ListOrganisations", "{\"q\":\"QUENBOROUGH\",\"pageSize\":1,\"pageToken\":\"%s\"}", token);
    assert_reply_has(world, "res-inside");
    assert_reply_has(world, "\"totalSize\":3}");
    assert_call(world, "ListOrganisations", "{\"q\":\"quenborough\",\"kind\":\"provider\"}");
    assert_reply_has(world, "res-like");
    assert_reply_has(world, "\"totalSize\":1}");
    assert_call(world, "ListOrganisations", "{\"q\":\"newquenborough\",\"asOf\":\"2020-01-01\"}");
    assert_reply_has(world, "\"totalSize\":1}");
    assert_reply_has(world, "res-inside");
    assert_call(world, "ListOrganisations", "{\"q\":\"newquenborough\",\"asOf\":\"2019-12-31\"}");
    assert_reply_lacks(world, "res-inside");
    assert_reply_has(world, "res-within");
    // Beginnings of words, and a pattern's own letters.
    assert_call(world, "ListOrganisations", "{\"q\":\"qu\",\"parent\":\"ics-a\"}");
    assert_reply_has(world, "\"totalSize\":4}");
    assert_reply_lacks(world, "res-inside");
    assert_call(world, "ListOrganisations", "{\"q\":\"50%%_\\\\\"}");
    assert_reply_has(world, "res-percent");
    assert_reply_has(world, "\"totalSize\":1}");
    assert_call(world, "ListOrganisations", "{\"q\":\"nothing is called so\"}");
    assert_string_equal(world->reply, "{\"organisations\":[],\"totalSize\":0}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tree_is_of_a_day),
        cmocka_unit_test(a_circle_ends),
        cmocka_unit_test(coverage_has_a_row_for_what_lies_nowhere),
        cmocka_unit_test(findings_follow_the_figures),
        cmocka_unit_test(a_waiver_lasts_as_long_as_it_says),
        cmocka_unit_test(list_sizes_page_from_the_newest),
        cmocka_unit_test(a_search_pages_by_distance),
        cmocka_unit_test(a_search_resembles_where_nothing_contains),
    };
    return cmocka_run_group_tests(tests, setup, world_teardown);
}
