// What was recorded of an organisation and when, page by page: facts, memberships, terms, list sizes and what stands beside it, and what of
// these turned out to be wrong.
#include "tests/integration/registry/verbs.h"

#define ENTRIES_MAX 256

// Entries outlive the calls that read them.
static arena_t *kept;

static int setup(void **state)
{
    kept = arena_new((size_t)4 * 1024 * 1024);
    if (kept == NULL)
        return 1;
    if (world_setup(state) != 0)
        return 1;
    world_populate(*state);
    return 0;
}

static int teardown(void **state)
{
    arena_destroy(&kept);
    return world_teardown(state);
}

// The entries of a page, each as JSON; their number. The token of the next page is "" where there is none.
static unsigned read_page(world_t *world, const char *code, unsigned size, char token[512], const char **entries, unsigned room)
{
    char page[600] = "";
    if (token[0] != '\0')
        (void)snprintf(page, sizeof page, ",\"pageToken\":\"%s\"", token);
    assert_call(world, "GetHistory", "{\"code\":\"%s\",\"pageSize\":%u%s}", code, size, page);
    token[0] = '\0';
    const char *next = strstr(world->reply, "\"nextPageToken\":\"");
    if (next != NULL)
        assert_int_equal(sscanf(next, "\"nextPageToken\":\"%511[^\"]", token), 1);
    const char *at = strstr(world->reply, "\"entries\":[");
    assert_non_null(at);
    at += strlen("\"entries\":[");
    unsigned count = 0;
    while (*at == '{') {
        const char *start = at;
        int depth = 0;
        do {
            depth += *at == '{' ? 1 : *at == '}' ? -1 : 0;
            at++;
        } while (depth > 0);
        assert_true(count < room);
        entries[count++] = arena_printf(kept, "%.*s", (int)(at - start), start);
        at += *at == ',';
    }
    assert_true(count <= size);
    return count;
}

static unsigned read_all(world_t *world, const char *code, unsigned size, const char **entries)
{
    char token[512] = "";
    unsigned count = 0;
    do
        count += read_page(world, code, size, token, entries + count, ENTRIES_MAX - count);
    while (token[0] != '\0');
    return count;
}

// The one entry that holds both texts.
static const char *entry_with(world_t *world, const char *const *entries, unsigned count, const char *first, const char *second)
{
    const char *found = NULL;
    for (unsigned i = 0; i < count; i++) {
        if (strstr(entries[i], quoted(world, first)) == NULL || strstr(entries[i], quoted(world, second)) == NULL)
            continue;
        if (found != NULL)
            fail_msg("%s and %s", found, entries[i]);
        found = entries[i];
    }
    if (found == NULL)
        fail_msg("No entry has %s and %s", first, second);
    return found;
}

static void has(world_t *world, const char *entry, const char *text)
{
    if (strstr(entry, quoted(world, text)) == NULL)
        fail_msg("%s lacks %s", entry, text);
}

static void has_not(world_t *world, const char *entry, const char *text)
{
    if (strstr(entry, quoted(world, text)) != NULL)
        fail_msg("%s has %s", entry, text);
}

// An auditor sees when a membership was recorded, when its end was, and when one was found to be wrong: of the network and of the practice.
static void memberships_and_terms_are_told(void **state)
{
    world_t *world = *state;
    const char *entries[ENTRIES_MAX];
    create(world, "{'code':'pcn-h','name':'Network H','kind':'network','parent':'ccg-a'}");
    create(world, "{'code':'gp-h','name':'Practice H','kind':'practice','parent':'ccg-a'}");
    done(world, "AddMember", "{'code':'pcn-h','member':{'practice':'gp-h','from':'2020-01-01','source':'a list','subGroup':'h-1'}}");
    done(world, "CorrectMember", "{'code':'pcn-h','practice':'gp-h','from':'2020-01-01','newFrom':'2020-04-01'}");
    done(world, "LeaveMember", "{'code':'pcn-h','practice':'gp-h','on':'2022-01-01'}");
    static const char *const both[] = {"pcn-h", "gp-h"};
    for (size_t i = 0; i < 2; i++) {
        const unsigned count = read_all(world, both[i], 50, entries);
        const char *wrong = entry_with(world, entries, count, "'member':{'practice':'gp-h'", "'from':'2020-01-01','recordedAt'");
        has(world, wrong, "'supersededAt':'");
        has(world, wrong, "'supersededBy':'correction'");
        has(world, wrong, "'network':'pcn-h'");
        has(world, wrong, "'name':'Practice H','subGroup':'h-1','from':'2020-01-01','source':'a list'");
        const char *right =
            entry_with(world, entries, count, "'member':{'practice':'gp-h'", "'from':'2020-04-01','to':'2021-12-31','recordedAt'");
        has_not(world, right, "supersededAt");
        has(world, right, "'endRecordedAt':'");
    }
    done(world, "AddDirector", "{'code':'pcn-h','director':{'name':'Dr H | I','from':'2020-01-01','share':'0.5'}}");
    done(world, "CorrectDirector", "{'code':'pcn-h','name':'Dr H | I','from':'2020-01-01','newShare':'0.6'}");
    const unsigned count = read_all(world, "pcn-h", 50, entries);
    has(world, entry_with(world, entries, count, "'director'", "'share':'0.5'"), "'supersededBy':'correction'");
    has_not(world, entry_with(world, entries, count, "'director'", "'share':'0.6'"), "supersededAt");
    // A membership that is left on its first day never held, without having been wrong.
    done(world, "AddMember", "{'code':'pcn-h','member':{'practice':'gp-h','from':'2023-01-01'}}");
    done(world, "LeaveMember", "{'code':'pcn-h','practice':'gp-h','on':'2023-01-01'}");
    const unsigned more = read_all(world, "gp-h", 50, entries);
    has(world, entry_with(world, entries, more, "'member'", "{'from':'2023-01-01'"), "'supersededBy':'change'");
    // Nobody else's.
    assert_int_equal(read_all(world, "ccg-b", 50, entries), 1);
    has(world, entries[0], "'organisation':{'code':'ccg-b'");
}

static void sizes_and_what_stands_beside_are_told(void **state)
{
    world_t *world = *state;
    const char *entries[ENTRIES_MAX];
#define SIZE "'kind':'registered','asOf':'2020-01-01','source':'a count'"
    done(world, "AddListSize", "{'code':'gp-a','listSize':{'count':7," SIZE "}}");
    done(world, "AddListSize", "{'code':'gp-a','correction':true,'listSize':{'count':8," SIZE "}}");
    done(world, "AddListSize", "{'code':'gp-a','listSize':{'count':9,'synthetic':true," SIZE "}}");
    done(world, "AddFact", "{'code':'gp-a','fact':{'fact':'rooms','qualifier':'eq','value':'3','source':'a plan'}}");
    done(world, "CorrectFact", "{'code':'gp-a','fact':'rooms','qualifier':'eq','source':'a plan','newValue':'4'}");
    done(world, "AddSystem", "{'code':'gp-a','system':{'system':'Vision','from':'2020-01-01'}}");
    done(world, "CorrectSystem", "{'code':'gp-a','from':'2020-01-01','newSystem':'SystmOne'}");
    done(world, "EndSystem", "{'code':'gp-a','on':'2021-01-01'}");
    done(world, "AddAlignment",
         "{'code':'gp-a','alignment':{'service':'team-a','name':'Team','kind':'locality-team','from':'2020-01-01'}}");
    done(world, "EndAlignment", "{'code':'gp-a','service':'team-a','on':'2020-01-01'}");
    unsigned count = read_all(world, "gp-a", 50, entries);
    has(world, entry_with(world, entries, count, "'listSize'", "'count':7"), "'from':'2020-01-01','to':'2020-01-01','recordedAt'");
    has(world, entry_with(world, entries, count, "'listSize'", "'count':7"), "'supersededBy':'correction'");
    has_not(world, entry_with(world, entries, count, "'listSize'", "'count':8"), "supersededAt");
    has(world, entry_with(world, entries, count, "'listSize'", "'count':9"), "'synthetic':true");
    has(world, entry_with(world, entries, count, "'fact':{", "'value':'3'"), "'supersededBy':'correction'");
    has(world, entry_with(world, entries, count, "'fact':{", "'value':'4'"), "{'recordedAt'");
    has(world, entry_with(world, entries, count, "'system':{", "Vision"), "'supersededBy':'correction'");
    has(world, entry_with(world, entries, count, "'system':{", "SystmOne"), "'endRecordedAt'");
    has(world, entry_with(world, entries, count, "'alignment':{", "team-a"), "'supersededBy':'change'");
    done(world, "AddWaiver", "{'code':'pcn-a','waiver':{'from':'2020-01-01','reason':'Rural'}}");
    done(world, "CorrectWaiver", "{'code':'pcn-a','from':'2020-01-01','newFrom':'2020-02-01'}");
    count = read_all(world, "pcn-a", 50, entries);
    has(world, entry_with(world, entries, count, "'waiver':{", "'from':'2020-01-01'"), "'supersededBy':'correction'");
    has_not(world, entry_with(world, entries, count, "'waiver':{", "'from':'2020-02-01'"), "supersededAt");
}

// Facts of the past, of today and to come are whole organisations, in the order of their days.
static void facts_are_told_with_what_is_to_come(void **state)
{
    world_t *world = *state;
    const char *entries[ENTRIES_MAX];
    create(world, "{'code':'fed-h','name':'A','kind':'federation','parent':'ics-a','notes':'n'}");
    done(world, "UpdateOrganisation", "{'code':'fed-h','organisation':{'name':'B'},'effectiveFrom':'2026-01-01'}");
    done(world, "UpdateOrganisation", "{'code':'fed-h','organisation':{'name':'C'},'effectiveFrom':'2027-01-01'}");
    done(world, "UpdateOrganisation", "{'code':'fed-h','organisation':{'place':'la-a'},'clear':['notes'],'effectiveFrom':'2028-01-01'}");
    const unsigned count = read_all(world, "fed-h", 50, entries);
    assert_int_equal(count, 5); // what was thought of the time since January, too
    has(world, entries[0], "{'to':'2025-12-31','recordedAt'");
    has(world, entries[0], "'endRecordedAt'"); // cut by what was recorded later
    has(world, entries[0], "'organisation':{'code':'fed-h','name':'A','kind':'federation'");
    has(world, entries[1], "'from':'2026-01-01'");
    has(world, entries[1], "'supersededAt'");
    has(world, entries[1], "'supersededBy':'change'");
    has_not(world, entries[1], "'endRecordedAt'");
    has(world, entries[2], "{'from':'2026-01-01','to':'2026-12-31'");
    has(world, entries[2], "'name':'B'");
    has(world, entries[2], "'endRecordedAt'");
    has_not(world, entries[2], "superseded");
    has(world, entries[2], "'formerNames':['A']");
    has(world, entries[3], "{'from':'2027-01-01','to':'2027-12-31'");
    has(world, entries[3], "'name':'C'");
    has(world, entries[3], "'notes':'n'");
    has(world, entries[4], "{'from':'2028-01-01','recordedAt'");
    has(world, entries[3], "'endRecordedAt'");
    has(world, entries[4], "'place':'la-a'");
    has_not(world, entries[4], "notes");
    has_not(world, entries[4], "endRecordedAt");
}

// What was learnt late is told from what was wrong, and what was said with its end from what was thought to go on.
static void a_change_of_the_past_is_told_from_a_correction(void **state)
{
    world_t *world = *state;
    const char *entries[ENTRIES_MAX];
    create(world, "{'code':'fed-k','name':'A','kind':'federation','parent':'ics-a','openedOn':'2020-01-01','source':'x'}");
    done(world, "UpdateOrganisation", "{'code':'fed-k','organisation':{'source':'y'},'effectiveFrom':'2024-01-01'}");
    done(world, "UpdateOrganisation", "{'code':'fed-k','organisation':{'source':'z'},'effectiveFrom':'2022-01-01','correction':true}");
    // The facts until 2023 were wrong, those from 2024 on were learnt late.
    unsigned count = read_all(world, "fed-k", 50, entries);
    const char *wrong = entry_with(world, entries, count, "'source':'x'", "'to':'2023-12-31'");
    has(world, wrong, "'supersededBy':'correction'");
    has(world, wrong, "'endRecordedAt'");
    const char *late = entry_with(world, entries, count, "'source':'x'", "'from':'2024-01-01'");
    has(world, late, "'supersededBy':'change'");
    const char *right = entry_with(world, entries, count, "'source':'z'", "'to':'2023-12-31'");
    has_not(world, right, "superseded");
    has_not(world, right, "endRecordedAt");
    // Cut once more, on a day between.
    done(world, "UpdateOrganisation", "{'code':'fed-k','organisation':{'notes':'n'},'effectiveFrom':'2023-01-01'}");
    count = read_all(world, "fed-k", 50, entries);
    has(world, entry_with(world, entries, count, "'source':'z'", "'to':'2022-12-31'"), "'endRecordedAt'");
    const char *between = entry_with(world, entries, count, "'source':'z','notes':'n'", "'to':'2023-12-31'");
    has(world, between, "'from':'2023-01-01'");
    has_not(world, between, "endRecordedAt");
    assert_int_equal(count, 7);
}

// Pages of every size give the same entries in the same order.
static void pages_make_the_whole(void **state)
{
    world_t *world = *state;
    const char *whole[ENTRIES_MAX], *pages[ENTRIES_MAX];
    for (int day = 1; day <= 20; day++) {
        char json[256];
        (void)snprintf(json, sizeof json, "{'code':'gp-b','listSize':{'count':%d,'kind':'%s','asOf':'2021-01-%02d','source':'a count'}}",
                       day, day % 2 == 0 ? "registered" : "weighted", (day + 1) / 2);
        done(world, "AddListSize", json);
    }
    const unsigned count = read_all(world, "gp-b", 1000, whole);
    assert_int_equal(count, 21);
    for (unsigned size = 1; size <= 22; size++) {
        assert_int_equal(read_all(world, "gp-b", size, pages), count);
        for (unsigned i = 0; i < count; i++)
            assert_string_equal(pages[i], whole[i]);
    }
    // 50 unless it is said.
    done(world, "GetHistory", "{'code':'gp-b'}");
    lacks(world, "nextPageToken");
    char token[512] = "";
    (void)read_page(world, "gp-b", 4, token, pages, ENTRIES_MAX);
    char request[700];
    (void)snprintf(request, sizeof request, "{'code':'gp-a','pageToken':'%s'}", token);
    refused(world, STATUS_INVALID_ARGUMENT, "pageToken", "GetHistory", request);
    refused(world, STATUS_INVALID_ARGUMENT, "pageToken", "GetHistory", "{'code':'gp-b','pageToken':'abc'}");
    refused(world, STATUS_NOT_FOUND, "code", "GetHistory", "{'code':'gp-nobody'}");
}

// While somebody walks, what was read and what is ahead changes: each entry that was there all the while comes once.
static void a_walk_goes_on_while_rows_come_and_go(void **state)
{
    world_t *world = *state;
    const char *entries[ENTRIES_MAX];
    char token[512] = "";
    unsigned count = read_page(world, "gp-b", 5, token, entries, ENTRIES_MAX);
    assert_int_equal(count, 5);
    // The last one that was read turns out to be wrong, so it is replaced by what is recorded later: behind it. One more is ahead.
    done(world, "AddListSize",
         "{'code':'gp-b','correction':true,'listSize':{'count':99,'kind':'registered','asOf':'2021-01-02','source':'a count'}}");
    done(world, "AddListSize", "{'code':'gp-b','listSize':{'count':77,'kind':'adjusted','asOf':'2021-01-09','source':'a count'}}");
    done(world, "UpdateOrganisation", "{'code':'gp-b','organisation':{'name':'Later'},'effectiveFrom':'2027-01-01'}");
    while (token[0] != '\0')
        count += read_page(world, "gp-b", 5, token, entries + count, ENTRIES_MAX - count);
    assert_int_equal(count, 24);
    for (int size = 1; size <= 20; size++) {
        char text[32];
        (void)snprintf(text, sizeof text, "'count':%d,", size);
        (void)entry_with(world, entries, count, "'listSize'", text);
    }
    (void)entry_with(world, entries, count, "'listSize'", "'count':99,");
    (void)entry_with(world, entries, count, "'listSize'", "'count':77,");
    (void)entry_with(world, entries, count, "'organisation'", "'name':'Later'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memberships_and_terms_are_told),
        cmocka_unit_test(sizes_and_what_stands_beside_are_told),
        cmocka_unit_test(facts_are_told_with_what_is_to_come),
        cmocka_unit_test(a_change_of_the_past_is_told_from_a_correction),
        cmocka_unit_test(pages_make_the_whole),
        cmocka_unit_test(a_walk_goes_on_while_rows_come_and_go),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
