#include "tests/integration/registry/llr.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void state_fact(world_t *world, const row_t *row)
{
    // Facts of England and of councils that the data set does not list belong to no organisation here.
    if (strcmp(row->cell[0], "england") == 0)
        return;
    post(world, "AddFact",
         json_pack("{s:s,s:{s:s,s:s,s:s,s:s*,s:s*,s:s*,s:s}}", "code", row->cell[0], "fact", "fact", row->cell[1], "qualifier",
                   row->cell[2], "value", row->cell[3], "unit", known(row->cell[4]), "period", known(row->cell[5]), "notes",
                   known(row->cell[6]), "source", row->cell[7]));
}

// What the core amount of the first year implies: the other rows are not about the lists of that day.
static void state_implied_population(world_t *world, const row_t *row)
{
    if (strcmp(row->cell[0], "core-pcn") != 0 || strcmp(row->cell[1], "2019/20") != 0)
        return;
    post(world, "AddFact",
         json_pack("{s:s,s:{s:s,s:s,s:s,s:s,s:s,s:s,s:s}}", "code", "ics-llr", "fact", "fact", "population_implied_by_core_funding",
                   "qualifier", "eq", "value", row->cell[5], "unit", "people", "period", row->cell[1], "notes", "amount / 1.50, rounded",
                   "source", "002_14b2ec4da8d9c2f3.txt section 16.3 (Table 5)"));
}

int llr_setup(void **state)
{
    if (world_setup(state) != 0)
        return 1;
    world_t *world = *state;
    // Many small commits: what they survive is tested elsewhere.
    problem_t problem = {0};
    PQclear(db_session_exec(world->session, "SET synchronous_commit = off", &problem));
    const bool whole = each_row(world, "organisations.csv", create) == 183 && each_row(world, "pcns.csv", complete_network) == 25 &&
                       each_row(world, "pcn_sub_groups.csv", complete_sub_group) == 3 && each_row(world, "practices.csv", join) == 134 &&
                       each_row(world, "system_facts.csv", state_fact) == 50 && each_row(world, "demographics.csv", state_fact) == 38 &&
                       each_row(world, "pcn_funding_implied.csv", state_implied_population) == 32;
    return whole ? 0 : 1;
}
