// The figures that the documents' data set must come to.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/registry/llr.h"

static unsigned count_of(const char *text, const char *part)
{
    unsigned count = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part))
        count++;
    return count;
}

static void lists_have_their_rows(void **state)
{
    world_t *world = *state;
    static const struct {
        const char *filter, *total;
    } cases[] = {{"{\"kind\":\"network\"}", "\"totalSize\":25"},
                 {"{\"kind\":\"practice\"}", "\"totalSize\":134"},
                 {"{\"parent\":\"la-leicestershire\",\"kind\":\"network\"}", "\"totalSize\":14"},
                 {"{\"parent\":\"pcn-north-west-leicestershire\"}", "\"totalSize\":13"},
                 {"{}", "\"totalSize\":183"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_call(world, "ListOrganisations", "%s", cases[i].filter);
        assert_reply_has(world, cases[i].total);
    }
    assert_call(world, "ListOrganisations", "{\"pageSize\":1000}");
    assert_int_equal(count_of(world->reply, "\"code\":"), 183);
}

static void networks_sum_up(void **state)
{
    world_t *world = *state;
    assert_int_equal(test_database_number(world->database, "SELECT sum(count) FROM list_size WHERE sub_group = ''"), 1150930);
    assert_int_equal(test_database_number(world->database, "SELECT count(*) FROM director_term"), 26);
    assert_call(world, "GetNetwork", "{\"code\":\"pcn-fosseway\"}");
    assert_reply_has(world, "Dr V Bolarum");
    assert_reply_has(world, "Dr A Khalid");
}

static void north_west_leicestershire_has_three_teams(void **state)
{
    world_t *world = *state;
    assert_call(world, "GetNetwork", "{\"code\":\"pcn-north-west-leicestershire\"}");
    assert_reply_has(world, "\"stated\":107866,\"computed\":107866,\"difference\":0");
    assert_reply_has(world, "\"commissioner\":\"ccg-wl\"");
    assert_int_equal(count_of(world->reply, "\"practice\":"), 13);
    static const char *const teams[] = {"\"code\":\"nwl-1\",\"statedListSize\":42823", "\"code\":\"nwl-2\",\"statedListSize\":37319",
                                        "\"code\":\"nwl-3\",\"statedListSize\":27724"};
    for (size_t i = 0; i < 3; i++)
        assert_reply_has(world, teams[i]);
    assert_reply_has(world, "13 of the memberships");
    assert_call(world, "GetNetwork", "{\"code\":\"pcn-north-west-leicestershire\",\"asOf\":\"2019-06-30\"}");
    assert_int_equal(count_of(world->reply, "\"practice\":"), 0);
}

static void checks_find_what_the_documents_disagree_on(void **state)
{
    world_t *world = *state;
    assert_call(world, "GetChecks", "{}");
    assert_int_equal(count_of(world->reply, "\"code\":\"size-band-above\""), 6);
    assert_int_equal(count_of(world->reply, "\"code\":\"size-band-below\""), 1);
    assert_reply_has(world, "\"subject\":\"organisations/pcn-harborough\",\"stated\":28445");
    assert_reply_has(world, "\"subject\":\"organisations/ccg-city\",\"stated\":58,\"computed\":56,\"difference\":-2");
    assert_reply_has(world, "\"subject\":\"organisations/ics-llr\",\"stated\":136,\"computed\":134,\"difference\":-2");
    assert_int_equal(count_of(world->reply, "practice-count-difference"), 2);
    assert_reply_has(world, "\"subject\":\"organisations/ccg-city\",\"stated\":415213,\"computed\":416294,\"difference\":1081");
    assert_reply_has(world, "\"subject\":\"organisations/ccg-elr\",\"stated\":321188,\"computed\":336726,\"difference\":15538");
    assert_reply_has(world, "\"subject\":\"organisations/ccg-wl\",\"stated\":397441,\"computed\":397910,\"difference\":469");
    assert_reply_has(world, "\"subject\":\"organisations/ics-llr\",\"stated\":1114316,\"computed\":1150930,\"difference\":36614");
}

// Inconsistencies 1 to 5 and 35 of the data's README, with both figures and where they come from.
static void every_inconsistency_of_population_and_count_is_found(void **state)
{
    world_t *world = *state;
    assert_call(
        world, "AddFact",
        "{\"code\":\"ics-llr\",\"fact\":{\"fact\":\"population_implied_by_core_funding\",\"qualifier\":\"eq\",\"value\":\"1146677\","
        "\"period\":\"2019/20\",\"source\":\"002 section 16.3 (Table 5)\"}}");
    assert_call(world, "GetChecks", "{}");
    static const char *const figures[][2] = {
        {"population-difference", "\"subject\":\"organisations/ics-llr\",\"stated\":1114316,\"computed\":1150930,\"difference\":36614"},
        {"population-parts-difference",
         "\"subject\":\"organisations/ics-llr\",\"stated\":1114316,\"computed\":1133842,\"difference\":19526"},
        {"population-difference", "\"subject\":\"organisations/ics-llr\",\"stated\":1146677,\"computed\":1150930,\"difference\":4253"},
        {"population-difference", "\"subject\":\"organisations/ccg-city\",\"stated\":415213,\"computed\":416294,\"difference\":1081"},
        {"population-difference", "\"subject\":\"organisations/ccg-elr\",\"stated\":321188,\"computed\":336726,\"difference\":15538"},
        {"population-difference", "\"subject\":\"organisations/ccg-wl\",\"stated\":397441,\"computed\":397910,\"difference\":469"},
        {"practice-count-difference", "\"subject\":\"organisations/ics-llr\",\"stated\":136,\"computed\":134,\"difference\":-2"},
        {"practice-count-difference", "\"subject\":\"organisations/ccg-city\",\"stated\":58,\"computed\":56,\"difference\":-2"},
        {"coverage-count", "\"subject\":\"organisations/ics-llr\",\"stated\":136,\"computed\":134,\"difference\":-2"},
        {"network-size-smallest", "\"subject\":\"organisations/ics-llr\",\"stated\":30000,\"computed\":28445,\"difference\":-1555"},
        {"network-size-largest", "\"subject\":\"organisations/ics-llr\",\"stated\":107000,\"computed\":107866,\"difference\":866"},
        {"network-size-smallest",
         "\"subject\":\"organisations/la-leicestershire\",\"stated\":29000,\"computed\":28445,\"difference\":-555"},
        {"network-size-largest",
         "\"subject\":\"organisations/la-leicestershire\",\"stated\":107000,\"computed\":107866,\"difference\":866"},
        {"director-count-difference", "\"subject\":\"organisations/ics-llr\",\"stated\":25,\"computed\":26,\"difference\":1"},
    };
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        assert_reply_has(world, figures[i][0]);
        assert_reply_has(world, figures[i][1]);
    }
    assert_reply_has(
        world, "\"source\":\"002_14b2ec4da8d9c2f3.txt section 6.4; computed from: 002_14b2ec4da8d9c2f3.txt section 18.3 (Appendix 3)\"");
    // The band: six above, one below. Nothing else does not agree: 25 networks, 14 of them in the county, are as stated.
    assert_int_equal(count_of(world->reply, "\"code\":\"size-band-"), 7);
    assert_int_equal(count_of(world->reply, "\"code\":"), 22);
    assert_reply_has(world, "\"totalSize\":22");
    assert_reply_lacks(world, "network-count-difference");
    // The finding follows the figure.
    free(test_database_query(world->database, "UPDATE stated_fact SET value = '26' WHERE fact = 'clinical_directors'"));
    assert_call(world, "GetChecks", "{}");
    assert_reply_lacks(world, "director-count-difference");
    assert_reply_has(world, "\"totalSize\":21");
    free(test_database_query(world->database, "UPDATE stated_fact SET value = '25' WHERE fact = 'clinical_directors'"));
}

static void search_finds_the_nearest_first(void **state)
{
    world_t *world = *state;
    static const char *const cases[][2] = {{"latham", "gp-elr-latham-house"},
                                           {"lathem house", "gp-elr-latham-house"},
                                           {"LATHAM HOUSE", "gp-elr-latham-house"},
                                           {"gp-elr-latham-house", "gp-elr-latham-house"},
                                           {"rutland", "pcn-rutland"},
                                           {"North West Leicestershire", "pcn-north-west-leicestershire"},
                                           {"oadby wigstn", "pcn-oadby-wigston"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char first[128];
        (void)snprintf(first, sizeof first, "{\"organisations\":[{\"code\":\"%s\"", cases[i][1]);
        assert_call(world, "ListOrganisations", "{\"q\":\"%s\"}", cases[i][0]);
        assert_reply_has(world, first);
    }
    assert_call(world, "ListOrganisations", "{\"q\":\"latham house\",\"kind\":\"network\"}");
    assert_reply_lacks(world, "gp-elr-latham-house");
}

static void coverage_is_of_every_practice(void **state)
{
    world_t *world = *state;
    assert_call(world, "GetCoverage", "{\"level\":\"system\"}");
    assert_reply_has(world, "{\"rows\":[{\"area\":\"ics-llr\",\"name\":\"Leicester, Leicestershire and Rutland Integrated Care System\","
                            "\"practices\":134,\"practicesInNetworks\":134,\"share\":\"1.0000\",\"population\":1150930,\"networks\":25,"
                            "\"statedPractices\":136}],\"asOf\":\"2026-11-25\"}");
    assert_call(world, "GetCoverage", "{\"level\":\"place\"}");
    assert_int_equal(count_of(world->reply, "\"area\":"), 3);
    assert_reply_has(world, "\"practices\":74,\"practicesInNetworks\":74,\"share\":\"1.0000\",\"population\":694716,\"networks\":14");
    assert_reply_has(world, "\"area\":\"la-rutland\",\"name\":\"Rutland County Council\",\"practices\":4,\"practicesInNetworks\":4,"
                            "\"share\":\"1.0000\",\"population\":39920,\"networks\":1");
    assert_reply_has(world, "\"practices\":56,\"practicesInNetworks\":56,\"share\":\"1.0000\",\"population\":416294,\"networks\":10");
    assert_call(world, "GetCoverage", "{\"level\":\"neighbourhood\"}");
    assert_int_equal(count_of(world->reply, "\"area\":"), 25);
    assert_int_equal(count_of(world->reply, "\"share\":\"1.0000\""), 25);
    // Before the networks began, each practice lies below its commissioner.
    assert_call(world, "GetCoverage", "{\"level\":\"system\",\"asOf\":\"2019-06-30\"}");
    assert_reply_has(world, "\"practices\":134,\"practicesInNetworks\":0,\"share\":\"0.0000\"");
    assert_call(world, "GetCoverage", "{\"level\":\"neighbourhood\",\"asOf\":\"2019-06-30\"}");
    assert_reply_has(world, "{\"practices\":134,\"practicesInNetworks\":0,\"share\":\"0.0000\",\"networks\":0}");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "level", "GetCoverage", "{\"level\":\"practice\"}");
}

// The figures by sets and those of each network by itself.
static void both_ways_of_counting_agree(void **state)
{
    world_t *world = *state;
    char *codes =
        test_database_query(world->database, "SELECT string_agg(code, ' ' ORDER BY code) FROM organisation WHERE kind = 'network'");
    unsigned networks = 0;
    for (char *code = strtok(codes, " "); code != NULL; code = strtok(NULL, " "), networks++) {
        char sql[256], expected[128];
        (void)snprintf(sql, sizeof sql, "SELECT coalesce(computed, stated) FROM network_figures_on('2026-11-25') WHERE network = '%s'",
                       code);
        const long size = test_database_number(world->database, sql);
        (void)snprintf(sql, sizeof sql, "SELECT members FROM network_figures_on('2026-11-25') WHERE network = '%s'", code);
        const long members = test_database_number(world->database, sql);
        assert_call(world, "GetNetwork", "{\"code\":\"%s\"}", code);
        (void)snprintf(expected, sizeof expected, "\"listSize\":{\"stated\":%ld", size);
        assert_reply_has(world, expected);
        assert_int_equal(count_of(world->reply, "\"practice\":"), members);
    }
    assert_int_equal(networks, 25);
    free(codes);
}

static void trees_hold_everybody(void **state)
{
    world_t *world = *state;
    assert_call(world, "GetTree", "{\"code\":\"ics-llr\"}");
    assert_int_equal(count_of(world->reply, "\"code\":"), 183);
    assert_call(world, "GetTree", "{\"code\":\"ics-llr\",\"depth\":1}");
    assert_int_equal(count_of(world->reply, "\"code\":"), 24);
    assert_call(world, "GetTree", "{\"code\":\"la-leicestershire\",\"tree\":\"places\",\"depth\":1}");
    assert_int_equal(count_of(world->reply, "\"kind\":\"network\""), 14);
    assert_call(world, "GetTree", "{\"code\":\"ics-llr\",\"tree\":\"places\",\"asOf\":\"2026-11-25\"}");
    assert_int_equal(count_of(world->reply, "\"kind\":\"practice\""), 134);
    assert_int_equal(count_of(world->reply, "\"kind\":\"network\""), 25);
    // The day before: practices are not below networks yet.
    assert_call(world, "GetTree", "{\"code\":\"pcn-slam\",\"asOf\":\"2019-06-30\"}");
    assert_int_equal(count_of(world->reply, "\"code\":"), 1);
    assert_call(world, "GetTree", "{\"code\":\"ccg-elr\",\"asOf\":\"2019-06-30\",\"depth\":1}");
    assert_int_equal(count_of(world->reply, "\"kind\":\"practice\""), 30);
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
        cmocka_unit_test(lists_have_their_rows),
        cmocka_unit_test(networks_sum_up),
        cmocka_unit_test(north_west_leicestershire_has_three_teams),
        cmocka_unit_test(checks_find_what_the_documents_disagree_on),
        cmocka_unit_test(every_inconsistency_of_population_and_count_is_found),
        cmocka_unit_test(search_finds_the_nearest_first),
        cmocka_unit_test(coverage_is_of_every_practice),
        cmocka_unit_test(both_ways_of_counting_agree),
        cmocka_unit_test(trees_hold_everybody),
        cmocka_unit_test(every_version_has_its_event),
    };
    return cmocka_run_group_tests(tests, llr_setup, world_teardown);
}
