// The figures that the documents' data set must come to.
#include <jansson.h>
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

#define APPENDIX "002_14b2ec4da8d9c2f3.txt section 18.3 (Appendix 3)"
#define STRATEGY "002_14b2ec4da8d9c2f3.txt "
#define BOARD "001_48e67fe704cb4096.txt paragraph 16"
#define COMPUTED_FROM "; computed from: "

typedef struct expected {
    const char *code, *subject;
    long stated, computed;
    const char *source;
} expected_t;

// Inconsistencies 1 to 5 and 35 of the data's README: both figures, and where both come from.
static const expected_t inconsistencies[] = {
    // 1: the system's population, as stated, as the three commissioners state theirs, as Table 5's core rate implies, and by the lists.
    {"population-difference", "ics-llr", 1114316, 1150930, STRATEGY "sections 3.2, 3.3, 4.2" COMPUTED_FROM APPENDIX},
    {"population-parts-difference", "ics-llr", 1114316, 1133842, STRATEGY "sections 3.2, 3.3, 4.2" COMPUTED_FROM STRATEGY "section 3.2"},
    {"population-difference", "ics-llr", 1146677, 1150930, STRATEGY "section 16.3 (Table 5)" COMPUTED_FROM APPENDIX},
    // 2: each commissioner's population.
    {"population-difference", "ccg-city", 415213, 416294, STRATEGY "section 3.2" COMPUTED_FROM APPENDIX},
    {"population-difference", "ccg-elr", 321188, 336726, STRATEGY "section 3.2" COMPUTED_FROM APPENDIX},
    {"population-difference", "ccg-wl", 397441, 397910, STRATEGY "section 3.2" COMPUTED_FROM APPENDIX},
    // 3: practices.
    {"practice-count-difference", "ics-llr", 136, 134, STRATEGY "sections 3.2, 3.3, 4.2" COMPUTED_FROM APPENDIX},
    {"practice-count-difference", "ccg-city", 58, 56, STRATEGY "section 3.2" COMPUTED_FROM APPENDIX},
    {"coverage-count", "ics-llr", 136, 134, STRATEGY "sections 3.2, 3.3, 4.2" COMPUTED_FROM APPENDIX},
    {"coverage-count", "ccg-city", 58, 56, STRATEGY "section 3.2" COMPUTED_FROM APPENDIX},
    // 4: the smallest and the largest network, of the system and of the county.
    {"network-size-smallest", "ics-llr", 30000, 28445, STRATEGY "section 6.1" COMPUTED_FROM APPENDIX},
    {"network-size-largest", "ics-llr", 107000, 107866, STRATEGY "section 6.1" COMPUTED_FROM APPENDIX},
    {"network-size-smallest", "la-leicestershire", 29000, 28445, BOARD COMPUTED_FROM APPENDIX},
    {"network-size-largest", "la-leicestershire", 107000, 107866, BOARD COMPUTED_FROM APPENDIX},
    // 35: clinical directors.
    {"director-count-difference", "ics-llr", 25, 26, STRATEGY "section 6.4" COMPUTED_FROM APPENDIX},
};

// The one finding of the last answer with that code, subject and stated figure; NULL for none.
static json_t *finding_of(json_t *answer, const char *code, const char *subject, long stated)
{
    json_t *found = NULL, *finding;
    size_t i;
    char path[80];
    (void)snprintf(path, sizeof path, "organisations/%s", subject);
    json_array_foreach(json_object_get(answer, "findings"), i, finding)
    {
        if (strcmp(json_string_value(json_object_get(finding, "code")), code) == 0 &&
            strcmp(json_string_value(json_object_get(finding, "subject")), path) == 0 &&
            json_integer_value(json_object_get(finding, "stated")) == stated) {
            assert_null(found);
            found = finding;
        }
    }
    return found;
}

static json_t *checks(world_t *world)
{
    assert_call(world, "GetChecks", "{}");
    json_t *answer = json_loads(world->reply, 0, NULL);
    assert_non_null(answer);
    return answer;
}

static void every_inconsistency_of_population_and_count_is_found(void **state)
{
    world_t *world = *state;
    json_t *answer = checks(world);
    for (size_t i = 0; i < sizeof inconsistencies / sizeof *inconsistencies; i++) {
        const expected_t *expected = &inconsistencies[i];
        const json_t *finding = finding_of(answer, expected->code, expected->subject, expected->stated);
        if (finding == NULL)
            fail_msg("%s of %s is not found: %s", expected->code, expected->subject, world->reply);
        assert_int_equal(json_integer_value(json_object_get(finding, "computed")), expected->computed);
        assert_int_equal(json_integer_value(json_object_get(finding, "difference")), expected->computed - expected->stated);
        assert_string_equal(json_string_value(json_object_get(finding, "source")), expected->source);
    }
    // 5: the band. Six above, one below; both ends and both sources.
    static const struct {
        const char *code, *network;
        long size;
    } outside[] = {{"size-band-below", "pcn-harborough", 28445},
                   {"size-band-above", "pcn-slam", 69519},
                   {"size-band-above", "pcn-north-west-leicestershire", 107866}};
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
        const json_t *finding = finding_of(answer, outside[i].code, outside[i].network, outside[i].size);
        assert_non_null(finding);
        assert_string_equal(json_string_value(json_object_get(finding, "source")),
                            APPENDIX "; band of 30,000 to 50,000: NHS England's network contract");
    }
    assert_int_equal(count_of(world->reply, "\"code\":\"size-band-above\""), 6);
    assert_int_equal(count_of(world->reply, "\"code\":\"size-band-below\""), 1);
    // Nothing else does not agree: 25 networks, 14 of them in the county, are as stated.
    assert_int_equal(json_array_size(json_object_get(answer, "findings")), 7 + sizeof inconsistencies / sizeof *inconsistencies);
    assert_reply_has(world, "\"totalSize\":22");
    assert_reply_lacks(world, "network-count-difference");
    json_decref(answer);
}

// A figure: as it is on record, as it becomes, and how it is corrected.
typedef struct figure {
    enum { FACT, STATED, LIST } what;
    const char *code, *name, *rest; // rest: what else tells it from others
    const char *is, *becomes;
} figure_t;

static void correct(world_t *world, const figure_t *figure, const char *value)
{
    switch (figure->what) {
    case FACT:
        assert_call(world, "CorrectFact", "{\"code\":\"%s\",\"fact\":\"%s\",\"qualifier\":\"eq\",%s,\"newValue\":\"%s\"}", figure->code,
                    figure->name, figure->rest, value);
        break;
    case STATED:
        assert_call(world, "UpdateOrganisation", "{\"code\":\"%s\",\"correction\":true,\"organisation\":{\"%s\":%s}}", figure->code,
                    figure->name, value);
        break;
    case LIST:
        assert_call(world, "AddListSize",
                    "{\"code\":\"%s\",\"correction\":true,\"listSize\":{\"kind\":\"registered\",\"asOf\":\"2019-06-20\",\"count\":%s,"
                    "\"source\":\"" APPENDIX "\"}}",
                    figure->code, value);
        break;
    }
}

#define SOURCE(section) "\"source\":\"" STRATEGY section "\""

// A figure is corrected, and whatever else states the same: the finding follows it, and comes back with the figure.
static void findings_follow_their_figures(void **state)
{
    world_t *world = *state;
    static const struct {
        figure_t figures[2];
        const char *code, *subject;
        long stated, then; // what is stated of the finding that goes, and of one that comes instead, 0 for none
    } cases[] = {
        {{{STATED, "ics-llr", "statedPopulation", "", "1114316", "1150930"},
          {FACT, "ics-llr", "population", SOURCE("section 4.2"), "1114316", "1150930"}},
         "population-difference",
         "ics-llr",
         1114316,
         0},
        {{{STATED, "ics-llr", "statedPopulation", "", "1114316", "1133842"}}, "population-parts-difference", "ics-llr", 1114316, 0},
        {{{FACT, "ics-llr", "population_implied_by_core_funding", "\"period\":\"2019/20\"," SOURCE("section 16.3 (Table 5)"), "1146677",
           "1150930"}},
         "population-difference",
         "ics-llr",
         1146677,
         0},
        {{{STATED, "ccg-elr", "statedPopulation", "", "321188", "336726"},
          {FACT, "ccg-elr", "population", SOURCE("section 3.2"), "321188", "336726"}},
         "population-difference",
         "ccg-elr",
         321188,
         0},
        {{{STATED, "ccg-city", "statedPracticeCount", "", "58", "57"},
          {FACT, "ccg-city", "gp_practices", SOURCE("section 3.2"), "58", "57"}},
         "practice-count-difference",
         "ccg-city",
         58,
         57},
        {{{STATED, "ccg-city", "statedPracticeCount", "", "58", "56"}}, "coverage-count", "ccg-city", 58, 0},
        {{{FACT, "ics-llr", "pcn_size_smallest", SOURCE("section 6.1"), "30000", "28445"}}, "network-size-smallest", "ics-llr", 30000, 0},
        {{{LIST, "pcn-harborough", "", "", "28445", "30000"}}, "size-band-below", "pcn-harborough", 28445, 0},
        {{{LIST, "pcn-harborough", "", "", "28445", "29999"}}, "size-band-below", "pcn-harborough", 28445, 29999},
        {{{FACT, "ics-llr", "clinical_directors", SOURCE("section 6.4"), "25", "26"}}, "director-count-difference", "ics-llr", 25, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t j = 0; j < 2 && cases[i].figures[j].code != NULL; j++)
            correct(world, &cases[i].figures[j], cases[i].figures[j].becomes);
        json_t *answer = checks(world);
        if (finding_of(answer, cases[i].code, cases[i].subject, cases[i].stated) != NULL)
            fail_msg("%zu: %s of %s is still found", i, cases[i].code, cases[i].subject);
        if (cases[i].then != 0)
            assert_non_null(finding_of(answer, cases[i].code, cases[i].subject, cases[i].then));
        json_decref(answer);
        for (size_t j = 0; j < 2 && cases[i].figures[j].code != NULL; j++)
            correct(world, &cases[i].figures[j], cases[i].figures[j].is);
        answer = checks(world);
        assert_non_null(finding_of(answer, cases[i].code, cases[i].subject, cases[i].stated));
        assert_int_equal(json_integer_value(json_object_get(answer, "totalSize")), 22);
        json_decref(answer);
    }
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
        cmocka_unit_test(findings_follow_their_figures),
        cmocka_unit_test(search_finds_the_nearest_first),
        cmocka_unit_test(coverage_is_of_every_practice),
        cmocka_unit_test(both_ways_of_counting_agree),
        cmocka_unit_test(trees_hold_everybody),
        cmocka_unit_test(every_version_has_its_event),
    };
    return cmocka_run_group_tests(tests, llr_setup, world_teardown);
}
