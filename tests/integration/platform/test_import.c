// Files into the registry by pcnctl: what is wrong with them is told by file, line and column, and then nothing is applied; what is on
// record already changes nothing.
#include "tests/integration/platform/files.h"
#include "tests/integration/platform/rig.h"

// A row that cannot be imported: of which file, what of it is named, and words of the reason.
typedef struct broken {
    const char *file, *row, *column, *reason;
} broken_t;

typedef struct header {
    const char *file, *text;
} header_t;

static const header_t headers[] = {
    {"organisations.csv", "code,name,kind,level,parent,status,opened_on,closed_on,former_names,identifiers,stated_population,payee"},
    {"memberships.csv", "network,practice,from,to"},
    {"directors.csv", "network,name,from,to,share"},
    {"list_sizes.csv", "organisation,kind,as_of,synthetic,count,source"},
    {"facts.csv", "organisation,fact,qualifier,value,source"},
    {"waivers.csv", "network,from,to,reason,granted_by"},
    {"coming.csv", "code,from,changes,recorded_at"},
    {"sites.csv", "code,organisation,name,kind,floor_area"},
    {"successions.csv", "predecessor,successor,on,manner"},
    {"systems.csv", "practice,system,from,to"},
};

#define LONG "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"

// Wrong by themselves.
static const broken_t shapes[] = {
    {"organisations.csv", ",Without a code,practice,,,,,,,,,", "code", ""},
    {"organisations.csv", "Not a code,Name,practice,,,,,,,,,", "code", "is not a code"},
    {"organisations.csv", "gp-a,,practice,,,,,,,,,", "name", ""},
    {"organisations.csv", "gp-b," LONG LONG "x,practice,,,,,,,,,", "name", "201 characters; 200 at most"},
    {"organisations.csv", "gp-c,Name,,,,,,,,,,", "kind", ""},
    {"organisations.csv", "gp-d,Name,clinic,,,,,,,,,", "kind", "\"clinic\" is not"},
    {"organisations.csv", "gp-e,Name,practice,galaxy,,,,,,,,", "level", "\"galaxy\" is not"},
    {"organisations.csv", "gp-f,Name,practice,,,asleep,,,,,,", "status", "\"asleep\" is not"},
    {"organisations.csv", "gp-g,Name,practice,,,,1 July 2019,,,,,", "opened_on", "is not a date as in 2019-07-01"},
    {"organisations.csv", "gp-h,Name,practice,,,,2019-02-30,,,,,", "opened_on", "\"2019-02-30\" is not a date"},
    {"organisations.csv", "gp-i,Name,practice,,,,,,,,many,", "stated_population", "\"many\" is not a whole number"},
    {"organisations.csv", "gp-j,Name,practice,,,,,,,,-5,", "stated_population", "-5 is not between 0 and"},
    {"organisations.csv", "gp-k,Name,practice,,,,,,Old name,,,", "former_names", ""},
    {"organisations.csv", "gp-l,Name,practice,,,,,,,\"[{\"\"value\"\":\"\"A1\"\"}]\",,", "identifiers[0].system", "Is required"},
    {"organisations.csv", "gp-m,Name", NULL, "the header has 12"},
    {"organisations.csv", "gp-n,Name,practice,,,,,,,,,,,", NULL, "the header has 12"},
    {"organisations.csv", "gp-o,Na\"me,practice,,,,,,,,,", NULL, ""},
    {"organisations.csv", "gp-p,\"Name\"s,practice,,,,,,,,,", NULL, ""},
    {"organisations.csv", "gp-q,Na\xffme,practice,,,,,,,,,", NULL, "UTF-8"},
    {"organisations.csv", "gp-r,Na\x07me,practice,,,,,,,,,", "name", "control character"},
    {"list_sizes.csv", "pcn-slam,guessed,2024-01-01,,1,s", "kind", "\"guessed\" is not"},
    {"list_sizes.csv", "pcn-slam,registered,,,1,s", "as_of", ""},
    {"list_sizes.csv", "pcn-slam,registered,2024-01-01,perhaps,1,s", "synthetic", "neither true nor false"},
    {"list_sizes.csv", "pcn-slam,registered,2024-01-01,,1.5,s", "count", "\"1.5\" is not a whole number"},
    {"list_sizes.csv", "pcn-slam,registered,2024-01-01,,1,", "source", ""},
    {"directors.csv", "pcn-slam,Dr Example,2024-01-01,,2", "share", ""},
    {"directors.csv", "pcn-slam,Dr Example,tomorrow,,1", "from", "\"tomorrow\" is not a date"},
    {"facts.csv", "ics-llr,Bad Fact,eq,1,s", "fact", ""},
    {"facts.csv", "ics-llr,good_fact,about,1,s", "qualifier", "\"about\" is not"},
    {"coming.csv", "gp-elr-county,2030-01-01,no JSON,2026-01-01T00:00:00Z", "changes", ""},
    {"coming.csv", "gp-elr-county,2030-01-01,{},yesterday", "recorded_at", "is not an instant"},
    {"sites.csv", "site-a,gp-elr-county,Name,castle,", "kind", "\"castle\" is not"},
    {"sites.csv", "site-b,gp-elr-county,Name,surgery,large", "floor_area", ""},
    {"successions.csv", "ccg-elr,ccg-wl,2020-04-01,quarrel", "manner", ""},
    {"memberships.csv", "pcn-slam,,2020-01-01,", "practice", ""},
};

// Wrong beside each other, or beside what is on record. A row without a reason is what the next one is wrong beside.
static const broken_t records[] = {
    {"organisations.csv", "ics-llr,Another name,ics,,,,,,,,,", "name",
     "is Leicester, Leicestershire and Rutland Integrated Care System on record"},
    {"organisations.csv", "gp-c,Name,practice,,,closed,2020-01-01,2019-01-01,,,,", "closed_on", "before it opened"},
    {"organisations.csv", "gp-d,Name,practice,,,closed,,,,,,", "closed_on", "the day on which it closed"},
    {"organisations.csv", "gp-e,Name,practice,,,,,,,,,ccg-elr", "payee", "Only a network"},
    {"organisations.csv", "gp-elr-county,County,practice,,pcn-rutland,,,,,,,", NULL, NULL},
    {"organisations.csv", "gp-elr-county,County,practice,,pcn-slam,,,,,,,", "code", "is on line 6 already"},
    {"memberships.csv", "pcn-rutland,gp-elr-county,2010-02-01,2010-01-01", "to", "Is before the first day, 2010-02-01"},
    {"directors.csv", "pcn-slam,Dr C,2024-01-01,2023-01-01,", "to", "Is before the first day"},
    {"list_sizes.csv", "pcn-slam,registered,2199-01-01,,1,s", "as_of", "Is in the future"},
    {"list_sizes.csv", "pcn-slam,registered,2019-06-20,,9100,002_14b2ec4da8d9c2f3.txt section 18.3 (Appendix 3)", "count",
     "is 69,519 on record, not 9,100"},
    {"list_sizes.csv", "pcn-rutland,weighted,2024-01-01,,1,s", NULL, NULL},
    {"list_sizes.csv", "pcn-rutland,weighted,2024-01-01,,2,s", "as_of", "is on line 4 already"},
    {"coming.csv", "gp-elr-county,2030-01-01,\"{\"\"version\"\":9}\",2026-01-01T00:00:00Z", "changes.version", "Is set by the service"},
    {"successions.csv", "ccg-elr,ccg-elr,2020-04-01,merge", "successor", "Is the predecessor"},
};

// What they refer to.
static const broken_t references[] = {
    {"organisations.csv", "gp-a,Name,practice,,pcn-nowhere,,,,,,,", "parent", "There is no organisation pcn-nowhere"},
    {"organisations.csv", "gp-b,Name,practice,,gp-elr-county,,,,,,,", "parent", "gp-elr-county is of kind practice"},
    {"organisations.csv", "ccg-x,Name,ccg,,ccg-y,,,,,,,", "parent", ""},
    {"memberships.csv", "pcn-nowhere,gp-elr-county,2009-01-01,2009-12-31", "network", "There is no organisation pcn-nowhere"},
    {"memberships.csv", "pcn-rutland,pcn-slam,2024-01-01,", "practice", "pcn-slam is no practice"},
    {"memberships.csv", "ccg-elr,gp-elr-county,2010-01-01,2010-12-31", "network", "ccg-elr is no network"},
    {"list_sizes.csv", "nobody,registered,2024-01-01,,1,s", "organisation", "There is no organisation nobody"},
    {"waivers.csv", "pcn-rutland,2024-01-01,,Rural,gp-elr-county", "granted_by", "is no commissioner"},
    {"systems.csv", "pcn-slam,TPP,2020-01-01,", "practice", "pcn-slam is no practice"},
    {"sites.csv", "site-c,nobody,Name,surgery,", "organisation", "There is no organisation nobody"},
    {"successions.csv", "ccg-elr,ccg-wl,2020-04-01,merge", "predecessor", "ccg-elr is open on 2020-04-01"},
};

// Days on which it cannot be so.
static const broken_t spans[] = {
    {"memberships.csv", "pcn-rutland,gp-elr-county,2024-01-01,", "practice", "one core network at a time"},
    {"directors.csv", "pcn-slam,Dr A,2024-01-01,,0.6", "share", "The shares of the post would pass 1"},
    {"directors.csv", "pcn-slam,Dr B,2024-01-01,,0.6", "share", "The shares of the post would pass 1"},
    {"waivers.csv", "pcn-rutland,2024-01-01,,Rural,ccg-elr", NULL, NULL},
    {"waivers.csv", "pcn-rutland,2024-06-01,,Rural,ccg-elr", "from", "A waiver holds from 2024-01-01"},
};

// The files of the rows, each below its header. Where a row is, is as many lines below.
static void write_rows(const char *folder, const broken_t *rows, size_t count)
{
    for (size_t h = 0; h < sizeof headers / sizeof *headers; h++) {
        bool begun = false;
        for (size_t i = 0; i < count; i++) {
            if (strcmp(rows[i].file, headers[h].file) != 0)
                continue;
            if (!begun) {
                files_add(folder, headers[h].file, headers[h].text);
                files_add(folder, headers[h].file, "\n");
            }
            begun = true;
            files_add(folder, headers[h].file, rows[i].row);
            files_add(folder, headers[h].file, "\n");
        }
    }
}

static unsigned line_of(const broken_t *rows, size_t index)
{
    unsigned line = 2;
    for (size_t i = 0; i < index; i++)
        line += strcmp(rows[i].file, rows[index].file) == 0;
    return line;
}

// The problem of a row in what pcnctl said; ends the test where it is not there.
static void assert_told(const char *said, const char *folder, const broken_t *rows, size_t index)
{
    char place[256];
    const broken_t *row = &rows[index];
    snprintf(place, sizeof place, "%s/%s:%u: %s%s", folder, row->file, line_of(rows, index), row->column != NULL ? row->column : "",
             row->column != NULL ? ": " : "");
    const char *line = strstr(said, place);
    if (line == NULL) {
        (void)fputs(said, stderr);
        fail_msg("no problem at %s", place);
    }
    const char *reason = line + strlen(place), *end = strchr(reason, '\n'), *words = strstr(reason, row->reason);
    if (end == NULL || end == reason || words == NULL || words > end)
        fail_msg("not \"%s\" in %.*s", row->reason, end != NULL ? (int)(end - line) : 80, line);
}

static void assert_refused(const rig_t *rig, const broken_t *rows, size_t count)
{
    char folder[FILES_PATH_SIZE], arguments[256], *said = NULL, *before = NULL, *after = NULL;
    size_t wrong = 0;
    files_begin(folder);
    write_rows(folder, rows, count);
    snprintf(arguments, sizeof arguments, "import '%s'", folder);
    const json_int_t mark = rig_log_mark(rig);
    http_answer_t list = rig_get(rig, "/v1/organisations?pageSize=1000");
    before = strdup(list.body);
    http_answer_clear(&list);
    assert_int_equal(platform_ctl(&rig->platform, arguments, &said), 1);
    for (size_t i = 0; i < count; i++) {
        wrong += rows[i].reason != NULL;
        if (rows[i].reason != NULL)
            assert_told(said, folder, rows, i);
    }
    char total[64];
    snprintf(total, sizeof total, "nothing was imported: %zu problems\n", wrong);
    if (strstr(said, total) == NULL) {
        (void)fputs(said, stderr);
        fail_msg("not \"%s\"", total);
    }
    // None of them, not even of the rows that are right.
    list = rig_get(rig, "/v1/organisations?pageSize=1000");
    after = strdup(list.body);
    http_answer_clear(&list);
    assert_string_equal(before, after);
    assert_int_equal(rig_log_mark(rig), mark + 1);
    free(said);
    free(before);
    free(after);
    files_end(folder);
}

static void rows_that_are_wrong_by_themselves(void **state)
{
    assert_refused(*state, shapes, sizeof shapes / sizeof *shapes);
}

static void rows_that_are_wrong_beside_others(void **state)
{
    assert_refused(*state, records, sizeof records / sizeof *records);
    assert_refused(*state, references, sizeof references / sizeof *references);
    assert_refused(*state, spans, sizeof spans / sizeof *spans);
}

// Headers, and documents of the other format.
static void files_that_are_wrong(void **state)
{
    const rig_t *rig = *state;
    char folder[FILES_PATH_SIZE], arguments[256], *said = NULL;
    files_begin(folder);
    files_add(folder, "waivers.csv", "network,from\npcn-slam,2020-01-01\n");
    files_add(folder, "sites.csv", "code,organisation,name,kind,colour\n");
    files_add(folder, "past.csv", "");
    files_add(folder, "broken.json", "{\"organisations\":[\n{\"code\":\"gp-a\",\"name\":\"A\",\"kind\":\"practice\"},\n{\"code\":\n]}\n");
    files_add(folder, "strange.json", "{\"organisations\":[\n{\"code\":\"gp-b\",\"name\":\"B\",\"kind\":\"practice\",\"age\":3}\n]}\n");
    snprintf(arguments, sizeof arguments, "import '%s'", folder);
    assert_int_equal(platform_ctl(&rig->platform, arguments, &said), 1);
    static const char *const wanted[] = {
        "/waivers.csv:1: reason: ", "/sites.csv:1: colour: ", "/past.csv:1: ", "/broken.json:", "/strange.json:2: organisations[0].age: ",
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        if (strstr(said, wanted[i]) == NULL)
            fail_msg("no %s in:\n%s", wanted[i], said);
    }
    free(said);
    files_end(folder);
}

static void what_is_there_already_changes_nothing(void **state)
{
    const rig_t *rig = *state;
    char *said = NULL;
    const json_int_t mark = rig_log_mark(rig);
    assert_int_equal(platform_ctl(&rig->platform, "import '" PCN_CLONE "/tests/data/llr' '" PCN_CLONE "/tests/data/nel'", &said), 0);
    assert_non_null(strstr(said, "llr: 0 created, 0 changed, "));
    assert_non_null(strstr(said, "nel: 0 created, 0 changed, "));
    assert_int_equal(rig_log_mark(rig), mark + 1);
    free(said);
}

static void a_dry_run_only_tells(void **state)
{
    const rig_t *rig = *state;
    char folder[FILES_PATH_SIZE], arguments[256], *said = NULL;
    files_begin(folder);
    files_add(folder, "organisations.csv", "code,name,kind,parent\ngp-dry,Dry,practice,pcn-slam\n");
    files_add(folder, "memberships.csv", "network,practice,from\npcn-slam,gp-dry,2024-04-01\n");
    snprintf(arguments, sizeof arguments, "import --dry-run '%s'", folder);
    const json_int_t mark = rig_log_mark(rig);
    assert_int_equal(platform_ctl(&rig->platform, arguments, &said), 0);
    assert_non_null(strstr(said, "would be: 1 created, 1 changed, 0 of 2 rows unchanged; nothing was imported\n"));
    free(said);
    rig_assert_problem(rig_ask(rig, rig->manager, "GET", "/v1/organisations/gp-dry", NULL, NULL, NULL), 404, NULL);
    assert_int_equal(rig_log_mark(rig), mark + 1);
    // And then for good: one event for each of the two.
    snprintf(arguments, sizeof arguments, "import '%s'", folder);
    assert_int_equal(platform_ctl(&rig->platform, arguments, &said), 0);
    assert_non_null(strstr(said, ": 1 created, 1 changed, 0 of 2 rows unchanged\n"));
    free(said);
    rig_await_log(rig, mark + 3);
    json_t *events = rig_events_after(rig, mark + 1);
    assert_int_equal(rig_events_about(events, "organisations/gp-dry"), 1);
    assert_int_equal(rig_events_about(events, "organisations/pcn-slam"), 1);
    json_decref(events);
    files_end(folder);
}

static void who_may_not(void **state)
{
    const rig_t *rig = *state;
    char *token = platform_token(&rig->platform, "network-manager", "ics-llr");
    assert_non_null(token);
    rig_assert_problem(rig_ask(rig, token, "POST", "/v1/imports", NULL, NULL, NULL), 403, NULL);
    rig_assert_problem(rig_ask(rig, token, "GET", "/v1/exports/csv", NULL, NULL, NULL), 403, NULL);
    free(token);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_that_are_wrong_by_themselves),
        cmocka_unit_test(rows_that_are_wrong_beside_others),
        cmocka_unit_test(files_that_are_wrong),
        cmocka_unit_test(what_is_there_already_changes_nothing),
        cmocka_unit_test(a_dry_run_only_tells),
        cmocka_unit_test(who_may_not),
    };
    return cmocka_run_group_tests(tests, rig_start, rig_stop);
}
