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
#define JSON_MAX 2048

typedef struct chance {
    world_t *world;
    uint64_t state;
    bool told;
    unsigned split, done, refused;
    const char *day; // the last that was chosen
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
static const char *const directors[] = {"Dr A", "Dr B, \\\"C\\\""};

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

#define COUNT(list) (unsigned)(sizeof(list) / sizeof *(list))
#define ANY(chance, list) ((list)[below(chance, COUNT(list))])

// ---- sentences ----

// A request with what chance decides left open, which is decided from left to right, whoever compiled this:
//   $practice $network $above $place $other $organisation $served $director   one of these
//   $day $later     a day; one that is not before the last
//   #9              a number below 9
//   <text> <4text>  the text, half of the time; one time in four
typedef struct sentence {
    const char *method, *json;
} sentence_t;

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

static const char *any_day(chance_t *chance, bool later)
{
    const char *day = ANY(chance, days);
    if (!later || strcmp(day, chance->day) > 0)
        chance->day = day;
    return chance->day;
}

static const char *chosen(chance_t *chance, const char *name, size_t size)
{
    static const struct {
        const char *name;
        const char *const *list;
        unsigned count;
    } lists[] = {
        {"practice", practices, COUNT(practices)}, {"network", networks, COUNT(networks)}, {"above", above, COUNT(above)},
        {"place", places, COUNT(places)},          {"other", others, COUNT(others)},       {"director", directors, COUNT(directors)},
    };
    char word[16];
    (void)snprintf(word, sizeof word, "%.*s", (int)size, name);
    for (size_t i = 0; i < COUNT(lists); i++) {
        if (strcmp(word, lists[i].name) == 0)
            return lists[i].list[below(chance, lists[i].count)];
    }
    if (strcmp(word, "served") == 0)
        return below(chance, 2) == 0 ? ANY(chance, practices) : ANY(chance, networks);
    if (strcmp(word, "organisation") == 0)
        return any_organisation(chance);
    if (strcmp(word, "later") != 0)
        assert_string_equal(word, "day");
    return any_day(chance, strcmp(word, "later") == 0);
}

static void settle(chance_t *chance, const char *open, char json[JSON_MAX])
{
    size_t size = 0;
    for (const char *c = open; *c != '\0';) {
        assert_true(size < JSON_MAX - 64);
        char *end;
        if (*c == '$') {
            const size_t length = strspn(c + 1, "abcdefghijklmnopqrstuvwxyz");
            size += (size_t)snprintf(json + size, JSON_MAX - size, "%s", chosen(chance, c + 1, length));
            c += 1 + length;
        } else if (*c == '#') {
            const unsigned count = (unsigned)strtoul(c + 1, &end, 10);
            size += (size_t)snprintf(json + size, JSON_MAX - size, "%u", below(chance, count));
            c = end;
        } else if (*c == '<') {
            const unsigned count = (unsigned)strtoul(c + 1, &end, 10);
            c = below(chance, end != c + 1 ? count : 2) == 0 ? end : strchr(c, '>');
        } else if (*c == '>') {
            c++;
        } else {
            json[size++] = *c++;
        }
    }
    json[size] = '\0';
}

// A sentence with its arguments put in, which chance has chosen before.
__attribute__((format(printf, 3, 4))) static void say(chance_t *chance, const char *method, const char *format, ...)
{
    char open[JSON_MAX], json[JSON_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(open, sizeof open, format, arguments);
    va_end(arguments);
    settle(chance, open, json);
    const status_t status = verb(chance->world, method, json);
    if (chance->told)
        (void)fprintf(stderr, "%s %s %s -> %s %s %s\n", chance->world->today, method, json, status_name(status),
                      chance->world->problem.field, chance->world->problem.detail);
    if (status == STATUS_INTERNAL || status == STATUS_UNAVAILABLE)
        fail_msg("%s %s: %s", method, json, chance->world->problem.detail);
    chance->done += status == STATUS_OK;
    chance->refused += status != STATUS_OK;
}

static void say_one(chance_t *chance, const sentence_t *sentences, unsigned count)
{
    const sentence_t *sentence = &sentences[below(chance, count)];
    say(chance, sentence->method, "%s", sentence->json);
}

static const sentence_t ends[] = {
    {"CloseOrganisation", "{'code':'$organisation','on':'$day'}"},
    {"CloseOrganisation", "{'code':'$organisation','on':'$day','successors':['$organisation']}"},
    {"MergeOrganisation", "{'code':'$network','into':'$network','on':'$day','source':'s'}"},
};
static const sentence_t merges[] = {
    {"MergeOrganisation", "{'code':'$above','into':'$above','on':'$day'}"},
    {"MergeOrganisation", "{'code':'$practice','into':'$practice','on':'$day'}"},
    {"MergeOrganisation", "{'code':'$other','into':'$other','on':'$day'}"},
    {"MergeOrganisation", "{'code':'$network','into':'$network','on':'$day'}"},
};
static const sentence_t terms[] = {
    {"AddDirector", "{'code':'$network','director':{'name':'$director','from':'$day'<,'to':'$day'><,'share':'0.5'>}}"},
    {"CorrectDirector", "{'code':'$network','name':'$director','from':'$day'<,'newFrom':'$day'><,'newTo':'$day'><,'newShare':'0.25'>}"},
};
static const sentence_t waivers[] = {
    {"AddWaiver", "{'code':'$network','waiver':{'from':'$day','reason':'Rural'<,'to':'$day'><,'grantedBy':'$above'>}}"},
    {"EndWaiver", "{'code':'$network','on':'$day'}"},
    {"CorrectWaiver", "{'code':'$network','from':'$day'<,'newFrom':'$day'><,'newTo':'$day'>}"},
};
static const sentence_t systems[] = {
    {"AddSystem", "{'code':'$practice','system':{'system':'One','from':'$day'<,'to':'$later'>}}"},
    {"EndSystem", "{'code':'$practice','on':'$day'}"},
    {"CorrectSystem", "{'code':'$practice','from':'$day'<,'newFrom':'$day'><,'newSystem':'Two'>}"},
};
#define TEAM "'service':'team','name':'Team','kind':'locality-team'"
static const sentence_t alignments[] = {
    {"AddAlignment", "{'code':'$served','alignment':{" TEAM ",'from':'$day'<,'to':'$later'><,'provider':'$other'>}}"},
    {"EndAlignment", "{'code':'$served','service':'team','on':'$day'}"},
    {"CorrectAlignment", "{'code':'$served','service':'team','from':'$day'<,'newFrom':'$day'><,'newProvider':'$other'>}"},
};
#define SIZE "'kind':'registered','count':#50000,'asOf':'$day','source':'s'<,'subGroup':'north'>"
static const sentence_t figures[] = {
    {"AddListSize", "{'code':'$organisation','listSize':{" SIZE "}}"},
    {"AddListSize", "{'code':'$organisation','listSize':{" SIZE "}<,'correction':true>}"},
    {"AddFact", "{'code':'$organisation','fact':{'fact':'homes','qualifier':'eq','value':'#9','source':'s'<,'period':'2020'>}}"},
    {"CorrectFact", "{'code':'$organisation','fact':'homes','qualifier':'eq','source':'s','newValue':'#9'}"},
    {"CreateSite", "{'site':{'code':'site-#9','organisation':'$organisation','name':'Site','kind':'surgery'<,'from':'$day'>"
                   "<,'floorArea':'10.50'>}}"},
};

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
    for (size_t i = 0; i < COUNT(fixed); i++)
        say(chance, "CreateOrganisation", "{'organisation':%s}", fixed[i]);
    for (int i = 1; i <= 4; i++)
        say(chance, "CreateOrganisation",
            "{'organisation':{'code':'pcn-%d','name':'Network %d','kind':'network','parent':'$above'<,'place':'$place'>"
            "<,'openedOn':'$day'><,'payee':'provider-1'>}}",
            i, i);
    for (int i = 1; i <= 7; i++) {
        const char *parent = below(chance, 3) == 0 ? "$network" : "$above";
        say(chance, "CreateOrganisation",
            "{'organisation':{'code':'gp-%d','name':'Practice %d','kind':'practice','parent':'%s'<,'place':'$place'>"
            "<,'openedOn':'$day'><6,'status':'closed','closedOn':'2026-12-31'>}}",
            i, i, parent);
    }
}

static void change_facts(chance_t *chance)
{
    static const char *const changes[] = {
        "'name':'Renamed #1000'", "'notes':'Note #1000'",     "'parent':'$above'", "'parent':'$network'", "'place':'$place'",
        "'payee':'$other'",       "'statedPopulation':#1000", "'status':'active'", "'openedOn':'$day'",   "'closedOn':'$day'",
    };
    const char *change = ANY(chance, changes);
    say(chance, "UpdateOrganisation", "{'code':'$organisation','organisation':{%s}<,'effectiveFrom':'$day'><4,'correction':true>}", change);
}

static void end_organisation(chance_t *chance)
{
    say_one(chance, ends, COUNT(ends));
}

static void merge(chance_t *chance)
{
    say_one(chance, merges, COUNT(merges));
}

// All members have to be named; who they are is asked of the record.
static void split(chance_t *chance)
{
    if (chance->split == SPLITS_MAX)
        return;
    const char *code = ANY(chance, networks);
    const char *on = any_day(chance, false);
    char sql[1024];
    static const char find[] = "SELECT coalesce(string_agg(DISTINCT '''' || code || '''', ','), '') FROM (SELECT practice AS code FROM "
                               "membership WHERE network = '%s' AND "
                               "coalesce(to_on, 'infinity') >= '%s' UNION SELECT code::text FROM organisation WHERE parent = '%s') c WHERE "
                               "ascii(right(code, 1)) %% 2 = %d";
    (void)snprintf(sql, sizeof sql, find, code, on, code, 0);
    char *first = test_database_query(chance->world->database, sql);
    (void)snprintf(sql, sizeof sql, find, code, on, code, 1);
    char *second = test_database_query(chance->world->database, sql);
    say(chance, "SplitOrganisation",
        "{'code':'%s','on':'%s','into':[{'code':'pcn-s%ua','name':'Part A','members':[%s]},{'code':'pcn-s%ub','name':'Part "
        "B','members':[%s]}]}",
        code, on, chance->split, first, chance->split, second);
    chance->split += chance->world->problem.status == STATUS_OK;
    free(first);
    free(second);
}

// What is on record is more interesting than what is not.
static void change_membership(chance_t *chance)
{
    char sql[512];
    const unsigned which = next(chance);
    (void)snprintf(sql, sizeof sql,
                   "SELECT format('''code'':''%%s'',''practice'':''%%s'',''from'':''%%s''', network, practice, from_on) FROM membership "
                   "ORDER BY md5(practice || network || from_on::text || '%u') LIMIT 1",
                   which);
    char *found = test_database_query(chance->world->database, sql);
    if (found != NULL && *found != '\0') {
        const char *from = strstr(found, ",'from'");
        assert_non_null(from);
        const int size = (int)(from - found);
        switch (below(chance, 5)) {
        case 0:
            say(chance, "LeaveMember", "{%.*s,'on':'$day'}", size, found);
            break;
        case 1:
            say(chance, "MoveMember", "{%.*s,'network':'$network','on':'$day'<,'subGroup':'south'>}", size, found);
            break;
        case 2:
            say(chance, "CorrectMember", "{%s,'never':true}", found);
            break;
        default:
            say(chance, "CorrectMember", "{%s<,'newFrom':'$day'><,'newTo':'$day'><4,'ongoing':true>}", found);
            break;
        }
    }
    free(found);
}

static void change_members(chance_t *chance)
{
    if (below(chance, 8) < 3)
        say(chance, "AddMember",
            "{'code':'$network','member':{'practice':'$practice','from':'$day'<,'to':'$day'><,'subGroup':'north'><4,'fromAssumed':true>}}");
    else
        change_membership(chance);
}

static void change_directors(chance_t *chance)
{
    say_one(chance, terms, COUNT(terms));
}

static void change_waivers(chance_t *chance)
{
    say_one(chance, waivers, COUNT(waivers));
}

static void change_systems(chance_t *chance)
{
    say_one(chance, systems, COUNT(systems));
}

static void change_alignments(chance_t *chance)
{
    say_one(chance, alignments, COUNT(alignments));
}

static void change_figures(chance_t *chance)
{
    say_one(chance, figures, COUNT(figures));
}

// What was announced and is still to come is taken back.
static void take_back(chance_t *chance)
{
    char sql[512];
    const unsigned which = next(chance);
    (void)snprintf(sql, sizeof sql,
                   "SELECT format('{\"code\":\"%%s\",\"on\":\"%%s\"%%s}', code, on_day, CASE WHEN about <> '' THEN "
                   "format(',\"practice\":\"%%s\"', about) ELSE '' END) FROM announcement "
                   "ORDER BY md5(code || about || on_day::text || '%u') LIMIT 1",
                   which);
    char *found = test_database_query(chance->world->database, sql);
    if (found != NULL && *found != '\0')
        say(chance, strstr(found, "practice") != NULL ? "RevokeMember" : "RevokeOrganisation", "%s", found);
    free(found);
}

static void one_verb(chance_t *chance)
{
    static void (*const verbs[])(chance_t * chance) = {
        change_facts,   change_facts,   change_facts,   end_organisation, merge,          split,          change_members,
        change_members, change_members, change_members, change_directors, change_waivers, change_systems, change_alignments,
        change_figures, take_back};
    void (*const one)(chance_t *) = ANY(chance, verbs);
    one(chance);
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
    chance_t chance = {.world = world, .state = seed, .told = told, .day = days[0]};
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
