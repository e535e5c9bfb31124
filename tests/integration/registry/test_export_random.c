// Registries made by chance, with every verb that there is and over years: whatever they are then, their export is imported into an empty
// registry without a problem, and gives the same export. PCN_TEST_SEED runs a seed alone and tells what it does; PCN_TEST_SEEDS how many.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/registry/exported.h"
#include "tests/integration/registry/imported.h"
#include "tests/integration/registry/verbs.h"

#define SEEDS 4
#define VERBS_A_YEAR 45
#define SPLITS_MAX 3

typedef struct chance {
    world_t *world;
    uint64_t state;
    bool told;
    unsigned split, done, refused;
    char json[2048];
} chance_t;

// The days on which something is recorded, and those that it is about: before, on and after them.
static const char *const todays[] = {"2021-03-10", "2023-06-15", "2026-11-25"};
static const char *const days[] = {"2019-07-01", "2020-01-01", "2020-04-01", "2021-03-09", "2021-03-10", "2021-03-11",
                                   "2021-09-01", "2022-04-01", "2023-06-14", "2023-06-15", "2023-06-16", "2024-04-01",
                                   "2025-10-01", "2026-11-24", "2026-11-25", "2026-11-26", "2027-04-01", "2028-04-01"};
static const char *const practices[] = {"gp-1", "gp-2", "gp-3", "gp-4", "gp-5", "gp-6", "gp-7"};
static const char *const networks[] = {"pcn-1", "pcn-2", "pcn-3", "pcn-4", "pcn-s0a", "pcn-s0b", "pcn-s1a", "pcn-s1b"};
static const char *const above[] = {"ccg-1", "ccg-2", "sub-1", "ics-1"};
static const char *const places[] = {"la-1", "la-2", "ls-1"};
static const char *const others[] = {"provider-1", "provider-2", "fed-1", "trust-1"};

static uint32_t next(chance_t *chance)
{
    uint64_t x = chance->state += UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (uint32_t)((x ^ (x >> 31)) >> 32);
}

static unsigned below(chance_t *chance, unsigned count)
{
    return next(chance) % count;
}

#define ANY(chance, list) ((list)[below(chance, sizeof(list) / sizeof *(list))])

static const char *any_organisation(chance_t *chance)
{
    switch (below(chance, 6)) {
    case 0:
        return ANY(chance, above);
    case 1:
        return ANY(chance, places);
    case 2:
        return ANY(chance, others);
    case 3:
        return ANY(chance, networks);
    default:
        return ANY(chance, practices);
    }
}

// Nearer days are more interesting than far ones; some are to come.
static const char *day(chance_t *chance)
{
    return ANY(chance, days);
}

// A last day that is none before the first.
static const char *later(chance_t *chance, const char *first)
{
    const char *last = day(chance);
    return strcmp(last, first) < 0 ? first : last;
}

// ",'name':'value'", half of the time; in one of a few buffers.
static const char *maybe(chance_t *chance, const char *name, const char *value)
{
    static char buffers[8][128];
    static unsigned at;
    char *buffer = buffers[at++ % 8];
    (void)snprintf(buffer, sizeof buffers[0], ",'%s':'%s'", name, value);
    return below(chance, 2) == 0 ? buffer : "";
}

static void say(chance_t *chance, const char *method)
{
    const status_t status = verb(chance->world, method, chance->json);
    if (chance->told)
        (void)fprintf(stderr, "%s %s %s -> %s %s %s\n", chance->world->today, method, chance->json, status_name(status),
                      chance->world->problem.field, chance->world->problem.detail);
    if (status == STATUS_INTERNAL || status == STATUS_UNAVAILABLE)
        fail_msg("%s %s: %s", method, chance->json, chance->world->problem.detail);
    chance->done += status == STATUS_OK;
    chance->refused += status != STATUS_OK;
}

#define SAY(chance, method, ...)                                                                                                           \
    do {                                                                                                                                   \
        (void)snprintf((chance)->json, sizeof(chance)->json, __VA_ARGS__);                                                                 \
        say(chance, method);                                                                                                               \
    } while (0)

// ---- verbs ----

static void create_all(chance_t *chance)
{
    static const char *const fixed[] = {
        "{'code':'ics-1','name':'System','kind':'ics'}",
        "{'code':'ccg-1','name':'Commissioner 1','kind':'ccg','parent':'ics-1'}",
        "{'code':'ccg-2','name':'Commissioner 2','kind':'ccg','parent':'ics-1'}",
        "{'code':'sub-1','name':'Commissioner 3','kind':'sub-icb','parent':'ics-1'}",
        "{'code':'la-1','name':'Council 1','kind':'local-authority','parent':'ics-1'}",
        "{'code':'la-2','name':'Council 2','kind':'local-authority'}",
        "{'code':'ls-1','name':'Local system','kind':'local-system','place':'la-1'}",
        "{'code':'provider-1','name':'Provider 1','kind':'provider','parent':'ccg-1'}",
        "{'code':'provider-2','name':'Provider 2','kind':'provider','parent':'trust-1'}",
        "{'code':'trust-1','name':'Trust','kind':'trust','parent':'ics-1','place':'la-1'}",
        "{'code':'fed-1','name':'Federation','kind':'federation','parent':'ccg-2','openedOn':'2020-01-01'}",
    };
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        SAY(chance, "CreateOrganisation", "{'organisation':%s}", fixed[i]);
    for (int i = 1; i <= 4; i++)
        SAY(chance, "CreateOrganisation", "{'organisation':{'code':'pcn-%d','name':'Network %d','kind':'network','parent':'%s'%s%s%s}}", i,
            i, ANY(chance, above), maybe(chance, "place", ANY(chance, places)), maybe(chance, "openedOn", day(chance)),
            maybe(chance, "payee", "provider-1"));
    for (int i = 1; i <= 7; i++)
        SAY(chance, "CreateOrganisation", "{'organisation':{'code':'gp-%d','name':'Practice %d','kind':'practice','parent':'%s'%s%s%s}}", i,
            i, below(chance, 3) == 0 ? ANY(chance, networks) : ANY(chance, above), maybe(chance, "place", ANY(chance, places)),
            maybe(chance, "openedOn", day(chance)), below(chance, 6) == 0 ? ",'status':'closed','closedOn':'2026-12-31'" : "");
}

static void change_facts(chance_t *chance)
{
    static const char *const fields[] = {
        "'name':'Renamed %u'", "'notes':'Note %u'",     "'parent':'%s'", "'parent':'%s'",   "'place':'%s'",
        "'payee':'%s'",        "'statedPopulation':%u", "'status':'%s'", "'openedOn':'%s'", "'closedOn':'%s'",
    };
    char change[128];
    const unsigned which = below(chance, sizeof fields / sizeof *fields);
    const char *value = "active";
    switch (which) {
    case 2:
        value = ANY(chance, above);
        break;
    case 3:
        value = ANY(chance, networks);
        break;
    case 4:
        value = ANY(chance, places);
        break;
    case 5:
        value = ANY(chance, others);
        break;
    case 8:
    case 9:
        value = day(chance);
        break;
    default:
        break;
    }
    if (strstr(fields[which], "%u") != NULL)
        (void)snprintf(change, sizeof change, fields[which], next(chance) % 1000);
    else
        (void)snprintf(change, sizeof change, fields[which], value);
    SAY(chance, "UpdateOrganisation", "{'code':'%s','organisation':{%s}%s%s}", any_organisation(chance), change,
        maybe(chance, "effectiveFrom", day(chance)), below(chance, 4) == 0 ? ",'correction':true" : "");
}

static void end_organisation(chance_t *chance)
{
    const char *code = any_organisation(chance);
    switch (below(chance, 3)) {
    case 0:
        SAY(chance, "CloseOrganisation", "{'code':'%s','on':'%s'}", code, day(chance));
        break;
    case 1:
        SAY(chance, "CloseOrganisation", "{'code':'%s','on':'%s','successors':['%s']}", code, day(chance), any_organisation(chance));
        break;
    default:
        SAY(chance, "MergeOrganisation", "{'code':'%s','into':'%s','on':'%s','source':'s'}", ANY(chance, networks), ANY(chance, networks),
            day(chance));
        break;
    }
}

static void merge(chance_t *chance)
{
    switch (below(chance, 4)) {
    case 0:
        SAY(chance, "MergeOrganisation", "{'code':'%s','into':'%s','on':'%s'}", ANY(chance, above), ANY(chance, above), day(chance));
        break;
    case 1:
        SAY(chance, "MergeOrganisation", "{'code':'%s','into':'%s','on':'%s'}", ANY(chance, practices), ANY(chance, practices),
            day(chance));
        break;
    case 2:
        SAY(chance, "MergeOrganisation", "{'code':'%s','into':'%s','on':'%s'}", ANY(chance, others), ANY(chance, others), day(chance));
        break;
    default:
        SAY(chance, "MergeOrganisation", "{'code':'%s','into':'%s','on':'%s'}", ANY(chance, networks), ANY(chance, networks), day(chance));
        break;
    }
}

// All members have to be named; who they are is asked of the record.
static void split(chance_t *chance)
{
    if (chance->split == SPLITS_MAX)
        return;
    const char *code = ANY(chance, networks), *on = day(chance);
    char sql[1024], *first, *second;
    static const char find[] = "SELECT coalesce(string_agg(DISTINCT '''' || code || '''', ','), '') FROM (SELECT practice AS code FROM "
                               "membership WHERE network = '%s' AND "
                               "coalesce(to_on, 'infinity') >= '%s' UNION SELECT code::text FROM organisation WHERE parent = '%s') c WHERE "
                               "ascii(right(code, 1)) %% 2 = %d";
    (void)snprintf(sql, sizeof sql, find, code, on, code, 0);
    first = test_database_query(chance->world->database, sql);
    (void)snprintf(sql, sizeof sql, find, code, on, code, 1);
    second = test_database_query(chance->world->database, sql);
    SAY(chance, "SplitOrganisation",
        "{'code':'%s','on':'%s','into':[{'code':'pcn-s%ua','name':'Part A','members':[%s]},{'code':'pcn-s%ub','name':'Part "
        "B','members':[%s]}]}",
        code, on, chance->split, first, chance->split, second);
    chance->split += chance->world->problem.status == STATUS_OK;
    free(first);
    free(second);
}

static void change_members(chance_t *chance)
{
    const char *network = ANY(chance, networks), *practice = ANY(chance, practices);
    char sql[512];
    switch (below(chance, 8)) {
    case 0:
    case 1:
    case 2:
        SAY(chance, "AddMember", "{'code':'%s','member':{'practice':'%s','from':'%s'%s%s%s}}", network, practice, day(chance),
            maybe(chance, "to", day(chance)), maybe(chance, "subGroup", "north"), below(chance, 4) == 0 ? ",'fromAssumed':true" : "");
        return;
    default:
        break;
    }
    // What is on record is more interesting than what is not.
    (void)snprintf(sql, sizeof sql,
                   "SELECT format('''code'':''%%s'',''practice'':''%%s'',''from'':''%%s''', network, practice, from_on) FROM membership "
                   "ORDER BY md5(practice || network || from_on::text || '%u') LIMIT 1",
                   next(chance));
    char *found = test_database_query(chance->world->database, sql);
    if (found != NULL && *found != '\0') {
        char *from = strstr(found, ",'from'");
        assert_non_null(from);
        const int size = (int)(from - found);
        switch (below(chance, 4)) {
        case 0:
            SAY(chance, "LeaveMember", "{%.*s,'on':'%s'}", size, found, day(chance));
            break;
        case 1:
            SAY(chance, "MoveMember", "{%.*s,'network':'%s','on':'%s'%s}", size, found, network, day(chance),
                maybe(chance, "subGroup", "south"));
            break;
        default:
            SAY(chance, "CorrectMember", "{%s%s%s%s}", found,
                below(chance, 4) == 0 ? ",'never':true" : maybe(chance, "newFrom", day(chance)), maybe(chance, "newTo", day(chance)),
                below(chance, 4) == 0 ? ",'ongoing':true" : "");
            break;
        }
    }
    free(found);
}

static void change_directors(chance_t *chance)
{
    static const char *const names[] = {"Dr A", "Dr B, \\\"C\\\""};
    const char *network = ANY(chance, networks), *name = ANY(chance, names);
    if (below(chance, 2) == 0)
        SAY(chance, "AddDirector", "{'code':'%s','director':{'name':'%s','from':'%s'%s%s}}", network, name, day(chance),
            maybe(chance, "to", day(chance)), maybe(chance, "share", "0.5"));
    else
        SAY(chance, "CorrectDirector", "{'code':'%s','name':'%s','from':'%s'%s%s%s}", network, name, day(chance),
            maybe(chance, "newFrom", day(chance)), maybe(chance, "newTo", day(chance)), maybe(chance, "newShare", "0.25"));
}

static void change_waivers(chance_t *chance)
{
    const char *network = ANY(chance, networks);
    switch (below(chance, 3)) {
    case 0:
        SAY(chance, "AddWaiver", "{'code':'%s','waiver':{'from':'%s','reason':'Rural'%s%s}}", network, day(chance),
            maybe(chance, "to", day(chance)), maybe(chance, "grantedBy", ANY(chance, above)));
        break;
    case 1:
        SAY(chance, "EndWaiver", "{'code':'%s','on':'%s'}", network, day(chance));
        break;
    default:
        SAY(chance, "CorrectWaiver", "{'code':'%s','from':'%s'%s%s}", network, day(chance), maybe(chance, "newFrom", day(chance)),
            maybe(chance, "newTo", day(chance)));
        break;
    }
}

static void change_systems(chance_t *chance)
{
    const char *practice = ANY(chance, practices), *from = day(chance);
    switch (below(chance, 3)) {
    case 0:
        SAY(chance, "AddSystem", "{'code':'%s','system':{'system':'One','from':'%s'%s}}", practice, from,
            maybe(chance, "to", later(chance, from)));
        break;
    case 1:
        SAY(chance, "EndSystem", "{'code':'%s','on':'%s'}", practice, day(chance));
        break;
    default:
        SAY(chance, "CorrectSystem", "{'code':'%s','from':'%s'%s%s}", practice, day(chance), maybe(chance, "newFrom", day(chance)),
            maybe(chance, "newSystem", "Two"));
        break;
    }
}

static void change_alignments(chance_t *chance)
{
    const char *code = below(chance, 2) == 0 ? ANY(chance, practices) : ANY(chance, networks), *from = day(chance);
    switch (below(chance, 3)) {
    case 0:
        SAY(chance, "AddAlignment", "{'code':'%s','alignment':{'service':'team','name':'Team','kind':'locality-team','from':'%s'%s%s}}",
            code, from, maybe(chance, "to", later(chance, from)), maybe(chance, "provider", ANY(chance, others)));
        break;
    case 1:
        SAY(chance, "EndAlignment", "{'code':'%s','service':'team','on':'%s'}", code, day(chance));
        break;
    default:
        SAY(chance, "CorrectAlignment", "{'code':'%s','service':'team','from':'%s'%s%s}", code, day(chance),
            maybe(chance, "newFrom", day(chance)), maybe(chance, "newProvider", ANY(chance, others)));
        break;
    }
}

static void change_figures(chance_t *chance)
{
    const char *code = any_organisation(chance);
    switch (below(chance, 5)) {
    case 0:
    case 1:
        SAY(chance, "AddListSize", "{'code':'%s','listSize':{'kind':'registered','count':%u,'asOf':'%s','source':'s'%s}%s}", code,
            next(chance) % 50000, day(chance), maybe(chance, "subGroup", "north"), below(chance, 3) == 0 ? ",'correction':true" : "");
        break;
    case 2:
        SAY(chance, "AddFact", "{'code':'%s','fact':{'fact':'homes','qualifier':'eq','value':'%u','source':'s'%s}}", code, next(chance) % 9,
            maybe(chance, "period", "2020"));
        break;
    case 3:
        SAY(chance, "CorrectFact", "{'code':'%s','fact':'homes','qualifier':'eq','source':'s','newValue':'%u'}", code, next(chance) % 9);
        break;
    default:
        SAY(chance, "CreateSite", "{'site':{'code':'site-%u','organisation':'%s','name':'Site','kind':'surgery'%s%s}}", next(chance) % 9,
            code, maybe(chance, "from", day(chance)), maybe(chance, "floorArea", "10.50"));
        break;
    }
}

// What was announced and is still to come is taken back.
static void take_back(chance_t *chance)
{
    char sql[512];
    (void)snprintf(sql, sizeof sql,
                   "SELECT format('{\"code\":\"%%s\",\"on\":\"%%s\"%%s}', code, on_day, CASE WHEN about <> '' THEN "
                   "format(',\"practice\":\"%%s\"', about) ELSE '' END) FROM announcement "
                   "ORDER BY md5(code || about || on_day::text || '%u') LIMIT 1",
                   next(chance));
    char *found = test_database_query(chance->world->database, sql);
    if (found != NULL && *found != '\0')
        SAY(chance, strstr(found, "practice") != NULL ? "RevokeMember" : "RevokeOrganisation", "%s", found);
    free(found);
}

static void one_verb(chance_t *chance)
{
    static void (*const verbs[])(chance_t * chance) = {
        change_facts,   change_facts,   change_facts,   end_organisation, merge,          split,          change_members,
        change_members, change_members, change_members, change_directors, change_waivers, change_systems, change_alignments,
        change_figures, take_back};
    ANY(chance, verbs)(chance);
}

// ---- the day ----

// What the day's job does, for everyone, until nothing is left to do.
static void come_into_force(chance_t *chance)
{
    world_t *world = chance->world;
    char *codes = test_database_query(world->database, "SELECT string_agg(code, ' ' ORDER BY code) FROM organisation");
    assert_non_null(codes);
    for (char *rest = codes, *code; (code = strsep(&rest, " ")) != NULL;) {
        for (int i = 0; i < 20; i++) {
            const status_t status = world_call(world, "ComeIntoForce", "{\"code\":\"%s\"}", code);
            if (status != STATUS_OK)
                fail_msg("ComeIntoForce %s on %s: %s", code, world->today, world->problem.detail);
            if (world->verdict == NULL)
                break;
        }
    }
    free(codes);
}

// ---- there and back ----

static void make_empty(world_t *world)
{
    free(test_database_query(
        world->database,
        "SET client_min_messages = warning; TRUNCATE organisation, import, import_row, event_queue, export_piece CASCADE"));
}

static void import_document(world_t *world, const exported_t *document)
{
    sending_t sending;
    imported_begin(world, &sending);
    imported_send(&sending, "registry.json", document->data, document->size);
    imported_finish(&sending);
}

static void import_archive(world_t *world, const exported_t *archive)
{
    sending_t sending;
    imported_begin(world, &sending);
    imported_send_archive(&sending, archive->data, archive->size);
    imported_finish(&sending);
}

static void assert_same(const exported_t *one, const exported_t *other)
{
    size_t at = 0;
    while (at < one->size && at < other->size && one->data[at] == other->data[at])
        at++;
    if (at == one->size && at == other->size)
        return;
    const size_t from = at > 300 ? at - 300 : 0;
    fail_msg("from byte %zu\n%.600s\n instead of\n%.600s", at, other->data + from, one->data + from);
}

static void go_round(world_t *world)
{
    exported_t document, archive, again;
    exported_get(world, "json", NULL, &document);
    exported_get(world, "csv", NULL, &archive);
    import_archive(world, &archive);
    assert_reply_has(world, "\"created\":0,\"changed\":0");
    make_empty(world);
    import_document(world, &document);
    exported_get(world, "json", NULL, &again);
    assert_same(&document, &again);
    exported_free(&again);
    make_empty(world);
    import_archive(world, &archive);
    exported_get(world, "csv", NULL, &again);
    assert_same(&archive, &again);
    exported_free(&again);
    exported_free(&archive);
    exported_free(&document);
}

static void by_chance(world_t *world, unsigned seed, bool told)
{
    chance_t chance = {.world = world, .state = seed, .told = told};
    make_empty(world);
    world->today = todays[0];
    create_all(&chance);
    for (size_t i = 0; i < sizeof todays / sizeof *todays; i++) {
        world->today = todays[i];
        come_into_force(&chance);
        for (unsigned j = 0; j < VERBS_A_YEAR; j++)
            one_verb(&chance);
    }
    (void)fprintf(stderr, "seed %u: %u done, %u refused\n", seed, chance.done, chance.refused);
    assert_true(chance.done > 30);
    go_round(world);
}

static void whatever_was_done_comes_back(void **state)
{
    const char *seed = getenv("PCN_TEST_SEED"), *seeds = getenv("PCN_TEST_SEEDS");
    const unsigned count = seeds != NULL ? (unsigned)strtoul(seeds, NULL, 10) : SEEDS;
    if (seed != NULL) {
        by_chance(*state, (unsigned)strtoul(seed, NULL, 10), true);
        return;
    }
    for (unsigned i = 1; i <= count; i++)
        by_chance(*state, i, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(whatever_was_done_comes_back)};
    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
