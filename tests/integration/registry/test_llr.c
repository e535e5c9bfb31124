// The documents' data set in a registry, through the same calls that anybody has, and the figures that it must come to.
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/registry/world.h"

#define COLUMNS_MAX 16
#define START "2019-07-01"

typedef struct row {
    char *cell[COLUMNS_MAX];
} row_t;

typedef void (*row_fn)(world_t *world, const row_t *row);

// Splits the next record of RFC 4180 text in place; what follows it, or NULL at the end.
static char *next_record(char *at, row_t *row)
{
    memset(row, 0, sizeof *row);
    for (int column = 0; *at != '\0'; column++) {
        assert_true(column < COLUMNS_MAX);
        char *out = row->cell[column] = at;
        const bool quoted = *at == '"';
        at += quoted;
        while (*at != '\0' && (quoted || (*at != ',' && *at != '\n'))) {
            if (quoted && *at == '"' && *++at != '"')
                break;
            *out++ = *at++;
        }
        const char end = *at;
        *out = '\0';
        if (end == '\0')
            return NULL;
        at++;
        if (end == '\n')
            return at;
    }
    return NULL;
}

static unsigned each_row(world_t *world, const char *name, row_fn visit)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/llr/%s", PCN_TEST_DATA, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char *text = calloc(1, 256 * 1024);
    assert_non_null(text);
    assert_true(fread(text, 1, 256 * 1024 - 1, file) > 0);
    (void)fclose(file);
    row_t row;
    unsigned rows = 0;
    for (char *at = next_record(text, &row); at != NULL && *at != '\0'; rows++) {
        at = next_record(at, &row);
        visit(world, &row);
    }
    free(text);
    return rows;
}

static const char *known(const char *cell)
{
    return cell != NULL && *cell != '\0' ? cell : NULL;
}

static void post(world_t *world, const char *method, json_t *request)
{
    char *text = json_dumps(request, JSON_COMPACT);
    assert_non_null(text);
    json_decref(request);
    if (world_call(world, method, "%s", text) != STATUS_OK)
        fail_msg("%s: %s %s", text, world->problem.field, world->problem.detail);
    free(text);
}

static json_t *number(const char *cell)
{
    return known(cell) != NULL ? json_integer(strtoll(cell, NULL, 10)) : NULL;
}

static void create(world_t *world, const row_t *row)
{
    char kind[64];
    (void)snprintf(kind, sizeof kind, "%s", strcmp(row->cell[2], "pcn") == 0 ? "network" : row->cell[2]);
    for (char *c = kind; *c != '\0'; c++)
        *c = *c == '_' ? '-' : *c;
    post(world, "CreateOrganisation",
         json_pack("{s:{s:s,s:s,s:s,s:s*,s:s*,s:o*,s:o*,s:s*,s:s*}}", "organisation", "code", row->cell[0], "name", row->cell[1], "kind",
                   kind, "parent", known(row->cell[3]), "level", known(row->cell[4]), "statedPopulation", number(row->cell[5]),
                   "statedPracticeCount", number(row->cell[6]), "source", known(row->cell[7]), "notes", known(row->cell[8])));
}

static void post_size(world_t *world, const char *network, const char *sub_group, const char *count, const char *as_of, const char *source)
{
    post(world, "AddListSize",
         json_pack("{s:s,s:{s:s,s:o,s:s,s:s,s:s*}}", "code", network, "listSize", "kind", "registered", "count", number(count), "asOf",
                   as_of, "source", source, "subGroup", sub_group));
}

static void complete_network(world_t *world, const row_t *row)
{
    post(world, "UpdateOrganisation", json_pack("{s:s,s:{s:s}}", "code", row->cell[0], "organisation", "place", row->cell[8]));
    post_size(world, row->cell[0], NULL, row->cell[3], row->cell[7], row->cell[10]);
    for (char *name = strtok(row->cell[6], ";"); name != NULL; name = strtok(NULL, ";")) {
        name += strspn(name, " ");
        post(world, "AddDirector",
             json_pack("{s:s,s:{s:s,s:s,s:b}}", "code", row->cell[0], "director", "name", name, "from", START, "fromAssumed", 1));
    }
}

static void complete_sub_group(world_t *world, const row_t *row)
{
    post_size(world, row->cell[1], row->cell[0], row->cell[3], "2019-06-20", row->cell[8]);
}

static void join(world_t *world, const row_t *row)
{
    post(world, "AddMember",
         json_pack("{s:s,s:{s:s,s:s,s:b,s:s*,s:s}}", "code", row->cell[2], "member", "practice", row->cell[0], "from", START, "fromAssumed",
                   1, "subGroup", known(row->cell[4]), "source", row->cell[6]));
}

static int setup(void **state)
{
    if (world_setup(state) != 0)
        return 1;
    world_t *world = *state;
    // Many small commits: what they survive is tested elsewhere.
    problem_t problem = {0};
    PQclear(db_session_exec(world->session, "SET synchronous_commit = off", &problem));
    const bool whole = each_row(world, "organisations.csv", create) == 183 && each_row(world, "pcns.csv", complete_network) == 25 &&
                       each_row(world, "pcn_sub_groups.csv", complete_sub_group) == 3 && each_row(world, "practices.csv", join) == 134;
    return whole ? 0 : 1;
}

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
        cmocka_unit_test(every_version_has_its_event),
    };
    return cmocka_run_group_tests(tests, setup, world_teardown);
}
