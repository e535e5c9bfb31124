// The errand that checks and applies imports, on rows that are put in by hand and on the documents' data set as it is read.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/pb/bytes.h"
#include "services/registry/errand_import.h"
#include "tests/integration/registry/world.h"

#define JOB "01890000-0000-7000-8000-000000000001"
#define OTHER "01890000-0000-7000-8000-000000000002"

typedef struct runner {
    errand_step_t step;
    problem_t problem;
    atomic_bool ending;
} runner_t;

static void must(status_t status, const problem_t *problem)
{
    if (status != STATUS_OK)
        fail_msg("%s %s: %s", status_name(status), problem->field, problem->detail);
}

static db_session_t *open_session(world_t *world)
{
    problem_t problem = {0};
    db_session_t *session;
    char sql[256];
    must(db_session_open(test_database_dsn(world->database), "errand", "registry", &session, &problem), &problem);
    (void)snprintf(sql, sizeof sql, "SET ROLE %s; SET plan_cache_mode = auto", world->app);
    PGresult *result = db_session_exec(session, sql, &problem);
    assert_non_null(result);
    PQclear(result);
    return session;
}

static void runner_open(runner_t *runner, world_t *world)
{
    memset(runner, 0, sizeof *runner);
    atomic_init(&runner->ending, false);
    runner->step = (errand_step_t){.session = open_session(world), .aside = open_session(world), .arena = arena_new(64 << 20)};
    runner->step.ending = &runner->ending;
    runner->step.problem = &runner->problem;
    (void)snprintf(runner->step.today, sizeof runner->step.today, "%s", world->today);
    assert_non_null(runner->step.arena);
}

static void runner_close(runner_t *runner)
{
    db_session_close(&runner->step.session);
    db_session_close(&runner->step.aside);
    arena_destroy(&runner->step.arena);
}

static status_t run_step(runner_t *runner)
{
    runner->problem = (problem_t){0};
    runner->step.did = runner->step.more = false;
    runner->step.now_us = clock_wall_us();
    instant_format(runner->step.now_us, runner->step.now);
    arena_reset(runner->step.arena);
    return errand_import(&runner->step);
}

// A step that has something to do.
static void work(world_t *world)
{
    runner_t runner;
    runner_open(&runner, world);
    must(run_step(&runner), &runner.problem);
    assert_true(runner.step.did && runner.step.more);
    runner_close(&runner);
}

static void sql(world_t *world, const char *text)
{
    free(test_database_query(world->database, text));
}

static long number(world_t *world, const char *text)
{
    return test_database_number(world->database, text);
}

static void assert_text(world_t *world, const char *query, const char *expected)
{
    char *found = test_database_query(world->database, query);
    if (found == NULL || strcmp(found, expected) != 0)
        fail_msg("%s: %s", query, found != NULL ? found : "(nothing)");
    free(found);
}

// Rows: "kind|{json with ' for \"}", ended by NULL; the nth stands on line n + 1 of the one file.
static void stage(world_t *world, const char *id, bool dry_run, const char *const *rows)
{
    char text[4096];
    (void)snprintf(
        text, sizeof text,
        "DELETE FROM import_row; DELETE FROM import; INSERT INTO import (id, state, dry_run, start, files, created_at, received_at) "
        "VALUES ('%s', 'waiting', %s, '2019-07-01', '[{\"name\":\"rows.csv\"}]', clock_timestamp(), now())",
        id, dry_run ? "true" : "false");
    sql(world, text);
    for (int line = 2; *rows != NULL; rows++, line++) {
        const char *bar = strchr(*rows, '|');
        assert_non_null(bar);
        char json[2048];
        (void)snprintf(json, sizeof json, "%s", bar + 1);
        for (char *c = json; *c != '\0'; c++)
            *c = *c == '\'' ? '"' : *c;
        (void)snprintf(text, sizeof text, "INSERT INTO import_row VALUES ('%s', 1, %d, '%.*s', '%s')", id, line, (int)(bar - *rows), *rows,
                       json);
        sql(world, text);
    }
}

#define ROWS(...)                                                                                                                          \
    (const char *[])                                                                                                                       \
    {                                                                                                                                      \
        __VA_ARGS__, NULL                                                                                                                  \
    }

static void import_rows(world_t *world, const char *const *rows)
{
    stage(world, JOB, false, rows);
    work(world);
    char *problem = test_database_query(world->database, "SELECT string_agg(line || ' ' || coalesce(field, '-') || ': ' || reason, '; ') "
                                                         "FROM import_problem");
    if (problem != NULL && *problem != '\0')
        fail_msg("%s", problem);
    free(problem);
    assert_text(world, "SELECT state FROM import", "succeeded");
}

// The one problem of the rows.
static void refuse_rows(world_t *world, const char *const *rows, const char *expected)
{
    const long events = number(world, "SELECT count(*) FROM event_queue");
    stage(world, JOB, false, rows);
    work(world);
    assert_text(world,
                "SELECT string_agg(line || ' ' || coalesce(field, '-') || ': ' || reason, '; ' ORDER BY line, field, reason) "
                "FROM import_problem",
                expected);
    assert_text(world, "SELECT state FROM import", "failed");
    assert_true(number(world, "SELECT problem_count FROM import") > 0);
    assert_int_equal(number(world, "SELECT count(*) FROM event_queue"), events);
    assert_int_equal(number(world, "SELECT count(*) FROM organisation WHERE code LIKE 'new%'"), 0);
}

// ---- the documents' data set ----

// One file in pieces of 30 KB.
static unsigned put(world_t *world, const char *id, unsigned piece, const char *name)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/llr/%s", PCN_TEST_DATA, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    enum { PIECE = 30000 };
    uint8_t bytes[PIECE];
    buf_t request;
    buf_init(&request, 1 << 20);
    for (size_t size; (size = fread(bytes, 1, PIECE, file)) > 0; piece++) {
        char head[256];
        (void)snprintf(head, sizeof head, "{\"id\":\"%s\",\"number\":%u,\"file\":\"%s\",\"data\":\"", id, piece, name);
        buf_clear(&request);
        buf_add_string(&request, head);
        pb_base64_write(&(ProtobufCBinaryData){.len = size, .data = bytes}, &request);
        buf_add_string(&request, "\"}");
        buf_add(&request, "", 1);
        assert_true(buf_ok(&request));
        arena_reset(world->arena);
        must(world_race(world, NULL, "PutImportPart", request.data), &world->problem);
    }
    (void)fclose(file);
    buf_deinit(&request);
    return piece;
}

static void send_llr(world_t *world, bool dry_run)
{
    static const char *const files[] = {"organisations.csv", "pcns.csv",         "pcn_sub_groups.csv",
                                        "practices.csv",     "system_facts.csv", "demographics.csv"};
    assert_call(world, "BeginImport", "{\"dryRun\":%s}", dry_run ? "true" : "false");
    const char *at = strstr(world->reply, "\"id\":\"");
    assert_non_null(at);
    char id[ID_SIZE];
    (void)snprintf(id, sizeof id, "%s", at + 6);
    unsigned piece = 1;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        piece = put(world, id, piece, files[i]);
    assert_call(world, "PutImportPart", "{\"id\":\"%s\",\"number\":%u,\"last\":true}", id, piece);
    assert_text(world, "SELECT state FROM import ORDER BY created_at DESC LIMIT 1", "waiting");
}

static void assert_no_problems(world_t *world)
{
    char *problems = test_database_query(
        world->database,
        "SELECT string_agg(file || ':' || line || ' ' || coalesce(field, '-') || ': ' || reason, '; ') FROM import_problem");
    if (problems != NULL && *problems != '\0')
        fail_msg("%s", problems);
    free(problems);
}

static void test_documents(void **state)
{
    world_t *world = *state;
    send_llr(world, true);
    work(world);
    assert_no_problems(world);
    assert_text(world, "SELECT concat_ws(' ', state, created, changed, unchanged_rows) FROM import", "succeeded 183 0 0");
    assert_int_equal(number(world, "SELECT count(*) FROM organisation"), 0);
    assert_int_equal(number(world, "SELECT count(*) FROM event_queue"), 0);

    sql(world, "TRUNCATE import, import_row, import_problem");
    send_llr(world, false);
    work(world);
    assert_no_problems(world);
    assert_text(world, "SELECT concat_ws(' ', state, created, changed, unchanged_rows, progress) FROM import", "succeeded 183 0 0 100");
    assert_int_equal(number(world, "SELECT count(*) FROM organisation"), 183);
    assert_int_equal(number(world, "SELECT count(*) FROM membership WHERE from_assumed"), 134);
    assert_int_equal(number(world, "SELECT count(*) FROM event_queue WHERE type = 'pcn.registry.organisation.created' AND version = 1"),
                     183);
    assert_int_equal(number(world, "SELECT count(*) FROM membership m JOIN organisation o ON o.code = m.practice AND o.parent = m.network"),
                     134);

    // Again: all of it is there, nobody hears of it.
    sql(world, "TRUNCATE import, import_row, import_problem; DELETE FROM event_queue");
    send_llr(world, false);
    const long rows = number(world, "SELECT count(*) FROM import_row");
    work(world);
    assert_no_problems(world);
    assert_text(world, "SELECT concat_ws(' ', state, created, changed) FROM import", "succeeded 0 0");
    assert_int_equal(number(world, "SELECT unchanged_rows FROM import"), rows);
    assert_int_equal(number(world, "SELECT count(*) FROM event_queue"), 0);
}

// ---- rows by hand ----

#define NEW_NETWORK "organisations|{'code':'new-pcn','name':'New','kind':'network','parent':'ccg-a'}"
#define NEW_PRACTICE "organisations|{'code':'new-gp','name':'New','kind':'practice','parent':'ccg-a'}"

static void test_rows_beside_the_record(void **state)
{
    world_t *world = *state;
    refuse_rows(world, ROWS(NEW_NETWORK, NEW_NETWORK), "3 code: is on line 2 already");
    refuse_rows(world, ROWS("organisations|{'code':'ccg-a','name':'Other','kind':'ccg','statedPopulation':61000}"),
                "2 name: is Commissioner A on record, not Other; 2 stated_population: is 60,000 on record, not 61,000");
    refuse_rows(world, ROWS("organisations|{'code':'pcn-a','name':'Network A','kind':'network','parent':'ccg-b','payee':'gp-a'}"),
                "2 parent: is ccg-a on record, not ccg-b; 2 payee: is absent on record, not gp-a");
    refuse_rows(world, ROWS("organisation_parts|{'code':'pcn-a','place':'ccg-b','statedPracticeCount':2}"),
                "2 place: ccg-b is of kind ccg, which is no place; 2 place: is la-a on record, not ccg-b");
    refuse_rows(world,
                ROWS("organisations|{'code':'new-pcn','name':'New','kind':'network','parent':'ccg-a','place':'la-a'}",
                     "organisation_parts|{'code':'new-pcn','place':'ics-a'}"),
                "3 place: ics-a is of kind ics, which is no place; 3 place: is la-a on line 2 of file 1, not ics-a");
    refuse_rows(world, ROWS("past|{'code':'pcn-a','recordedAt':'2020-01-01T00:00:00Z','name':'Old','status':'active'}"),
                "2 code: No such facts are on record of pcn-a, which is there already");
    refuse_rows(world, ROWS("coming|{'code':'pcn-a','from':'2027-01-01','changes':{'name':'Next'},'recordedAt':'2020-01-01T00:00:00Z'}"),
                "2 code: No such change is on record of pcn-a, which is there already");
    refuse_rows(world, ROWS("superseded|{'code':'pcn-a','kind':'director','fact':{'name':'X'},'supersededAt':'2020-01-01T00:00:00Z'}"),
                "2 code: No such record is superseded of pcn-a, which is there already");
    refuse_rows(world,
                ROWS("organisations|{'code':'new-a','name':'A','kind':'ccg','openedOn':'2020-01-02','closedOn':'2020-01-01'}",
                     "organisations|{'code':'new-b','name':'B','kind':'ccg','status':'closed'}",
                     "organisations|{'code':'new-c','name':'C','kind':'ccg','payee':'gp-a'}"),
                "2 closed_on: It cannot close before it opened, on 2020-01-02; "
                "3 closed_on: A closed organisation has the day on which it closed; 4 payee: Only a network has a nominated payee");
}

static void test_references(void **state)
{
    world_t *world = *state;
    refuse_rows(world,
                ROWS("organisations|{'code':'new-pcn','name':'New','kind':'network','parent':'x1','place':'x2','payee':'x3'}",
                     "memberships|{'network':'x4','practice':'x5'}",
                     "list_sizes|{'organisation':'x6','kind':'registered','count':1,"
                     "'asOf':'2020-01-01','source':'s'}",
                     "waivers|{'network':'pcn-a','from':'2020-01-01','reason':'r','grantedBy':'x7'}",
                     "alignments|{'service':'s1','organisation':'pcn-a','name':'n','kind':'federation','provider':'x8',"
                     "'from':'2020-01-01'}",
                     "successions|{'predecessor':'x9','successor':'pcn-a','on':'2020-01-01','manner':'merge'}",
                     "sites|{'code':'site-1','organisation':'x10','name':'n','kind':'hub'}",
                     "facts|{'organisation':'x11','fact':'f','qualifier':'eq','value':'1','source':'s'}"),
                "2 parent: There is no organisation x1; 2 payee: There is no organisation x3; 2 place: There is no organisation x2; "
                "3 network: There is no organisation x4; 3 practice: There is no organisation x5; "
                "4 organisation: There is no organisation x6; 5 granted_by: There is no organisation x7; "
                "6 provider: There is no organisation x8; 7 predecessor: There is no organisation x9; "
                "8 organisation: There is no organisation x10; 9 organisation: There is no organisation x11");
    refuse_rows(world,
                ROWS("organisations|{'code':'new-pcn','name':'New','kind':'network','parent':'gp-a'}",
                     "memberships|{'network':'ccg-a','practice':'la-a'}", "directors|{'network':'gp-a','name':'Dr A'}",
                     "systems|{'practice':'ccg-a','system':'One','from':'2020-01-01'}",
                     "alignments|{'service':'s1','organisation':'ccg-a','name':'n','kind':'federation','from':'2020-01-01'}",
                     "waivers|{'network':'pcn-a','from':'2020-01-01','reason':'r','grantedBy':'la-a'}",
                     "list_sizes|{'organisation':'gp-a','kind':'registered','subGroup':'north','count':1,'asOf':'2020-01-01','source':'s'}",
                     "list_sizes|{'organisation':'gp-a','kind':'registered','count':1,'asOf':'2030-01-01','source':'s'}"),
                "2 parent: gp-a is of kind practice, which cannot be the parent of kind network; 3 network: ccg-a is no network; "
                "3 practice: la-a is no practice; 4 network: gp-a is no network; 5 practice: ccg-a is no practice; "
                "6 organisation: ccg-a is neither a network nor a practice; 7 granted_by: la-a is no commissioner; "
                "8 sub_group: Only a network has sub-groups; 9 as_of: A list cannot be counted in the future");
    refuse_rows(world,
                ROWS("organisations|{'code':'new-a','name':'A','kind':'ccg','parent':'new-b'}",
                     "organisations|{'code':'new-b','name':'B','kind':'ccg','parent':'new-a'}",
                     "organisations|{'code':'new-c','name':'C','kind':'ccg','parent':'new-b'}"),
                "2 parent: new-b lies below new-a: that would close a circle; 3 parent: new-a lies below new-b: that would close a circle");
    refuse_rows(world,
                ROWS("organisations|{'code':'new-gp','name':'A','kind':'practice','parent':'pcn-a'}", NEW_NETWORK,
                     "memberships|{'network':'new-pcn','practice':'new-gp'}"),
                "2 parent: pcn-a is a network, but the practice is a member of new-pcn");
    refuse_rows(world, ROWS("list_sizes|{'organisation':'pcn-a','kind':'registered','subGroup':'north','count':1,'source':'s'}"),
                "2 as_of: has no day: the network has no list size");
}

static void test_spans(void **state)
{
    world_t *world = *state;
    world_populate(world);
    assert_call(world, "AddMember",
                "{\"code\":\"pcn-a\",\"member\":{\"practice\":\"gp-a\",\"from\":\"2020-01-01\",\"subGroup\":\"north\"}}");
    assert_call(world, "AddDirector", "{\"code\":\"pcn-a\",\"director\":{\"name\":\"Dr A\",\"from\":\"2020-01-01\",\"share\":\"0.6\"}}");
    refuse_rows(world,
                ROWS(NEW_NETWORK, "memberships|{'network':'new-pcn','practice':'gp-a','from':'2021-01-01'}",
                     "memberships|{'network':'new-pcn','practice':'gp-b','from':'2021-01-01','to':'2021-06-30'}",
                     "memberships|{'network':'pcn-a','practice':'gp-b','from':'2021-06-30'}"),
                "3 practice: gp-a is a member of pcn-a from 2020-01-01 on; a practice has one core network at a time; "
                "5 practice: gp-b is a member of new-pcn from 2021-01-01 to 2021-06-30; a practice has one core network at a time");
    refuse_rows(world,
                ROWS("directors|{'network':'pcn-a','name':'Dr A','from':'2021-01-01'}",
                     "directors|{'network':'pcn-a','name':'Dr B','from':'2021-01-01','share':'0.5'}"),
                "2 name: That director has a term from 2020-01-01 on; 3 share: The shares of the post would pass 1");
    refuse_rows(world,
                ROWS("waivers|{'network':'pcn-a','from':'2021-01-01','reason':'r'}",
                     "waivers|{'network':'pcn-a','from':'2022-01-01','reason':'r'}"),
                "3 from: A waiver holds from 2021-01-01 on");
    refuse_rows(world,
                ROWS("systems|{'practice':'gp-a','system':'One','from':'2021-01-01','to':'2021-12-31'}",
                     "systems|{'practice':'gp-a','system':'Two','from':'2021-12-31'}"),
                "3 from: gp-a has a clinical system from 2021-01-01 to 2021-12-31");
    refuse_rows(world,
                ROWS("alignments|{'service':'s1','organisation':'gp-a','name':'n','kind':'federation','from':'2021-01-01'}",
                     "alignments|{'service':'s1','organisation':'gp-a','name':'n','kind':'federation','from':'2022-01-01'}"),
                "3 service: s1 serves gp-a from 2021-01-01 on");
    refuse_rows(world, ROWS("memberships|{'network':'pcn-a','practice':'gp-b','from':'2021-01-01','to':'2020-01-01'}"),
                "2 to: It cannot end before it begins, on 2021-01-01");
    refuse_rows(world, ROWS(NEW_NETWORK, "memberships|{'network':'new-pcn','practice':'gp-b','from':'2021-01-01','subGroup':'north'}"),
                "3 sub_group: north is a sub-group of pcn-a");
    refuse_rows(world,
                ROWS("organisations|{'code':'new-pcn','name':'New','kind':'network','parent':'ccg-a','openedOn':'2020-01-01',"
                     "'status':'closed','closedOn':'2021-01-01'}",
                     "memberships|{'network':'new-pcn','practice':'gp-b','from':'2019-01-01'}",
                     "directors|{'network':'new-pcn','name':'Dr A','from':'2021-01-01'}"),
                "3 from: The network opened on 2020-01-01; 3 to: It must end before 2021-01-01, when the network closes; "
                "4 from: The network closes on 2021-01-01");
    refuse_rows(world,
                ROWS("organisations|{'code':'new-ccg','name':'New','kind':'network','parent':'la-a'}",
                     "waivers|{'network':'new-ccg','from':'2021-01-01','reason':'r'}"),
                "2 parent: la-a is of kind local-authority, which cannot be the parent of kind network");
}

// What is added to what is there: a version each, and the event that the single calls would leave.
static void test_additions(void **state)
{
    world_t *world = *state;
    world_populate(world);
    sql(world, "DELETE FROM event_queue");
    const char *const *rows =
        ROWS("memberships|{'network':'pcn-a','practice':'gp-b','from':'2020-01-01','subGroup':'north','source':'m'}",
             "directors|{'network':'pcn-a','name':'Dr A'}",
             "list_sizes|{'organisation':'pcn-a','kind':'registered','count':45000,"
             "'asOf':'2020-01-01','source':'s'}",
             "list_sizes|{'organisation':'gp-a','kind':'registered','count':9000,'asOf':'2020-01-01',"
             "'source':'s'}",
             "list_sizes|{'organisation':'pcn-a','kind':'registered','subGroup':'north','count':15000,'source':'n'}",
             "facts|{'organisation':'ccg-a','fact':'gps','qualifier':'eq','value':'5','source':'s'}",
             "systems|{'practice':'gp-a','system':'One','from':'2020-01-01'}",
             "alignments|{'service':'s1','organisation':'gp-a','name':'n','kind':'federation','from':'2020-01-01','provider':'la-a'}",
             "waivers|{'network':'pcn-a','from':'2020-01-01','reason':'r'}", "organisation_parts|{'code':'gp-b','place':'la-a'}",
             "sites|{'code':'site-1','organisation':'gp-a','name':'Surgery','kind':'surgery'}",
             "organisations|{'code':'gp-n','name':'New','kind':'practice','parent':'ccg-a'}");
    import_rows(world, rows);
    assert_text(world, "SELECT concat_ws(' ', created, changed, unchanged_rows) FROM import", "2 4 0");
    assert_text(world,
                "SELECT string_agg(concat_ws(' ', split_part(type, '.', 4), subject, version), ', ' ORDER BY position) FROM event_queue",
                "updated organisations/ccg-a 2, updated organisations/gp-a 2, updated organisations/gp-b 2, created organisations/gp-n 1, "
                "updated organisations/pcn-a 2, created sites/site-1 1");
    assert_text(world, "SELECT concat_ws(' ', parent, facts_from, version, place) FROM organisation WHERE code = 'gp-b'",
                "pcn-a 2020-01-01 2 la-a");
    assert_text(world, "SELECT concat_ws(' ', parent, to_on) FROM organisation_past WHERE code = 'gp-b'", "ccg-a 2019-12-31");
    assert_text(world, "SELECT granted_by FROM waiver", "ccg-a");
    assert_text(world, "SELECT source FROM sub_group WHERE code = 'north'", "n");
    assert_text(world, "SELECT as_of::text FROM list_size WHERE sub_group = 'north'", "2020-01-01");
    assert_text(world, "SELECT from_on::text || from_assumed FROM director_term", "2019-07-01true");
    assert_text(world, "SELECT data::jsonb -> 'listSizes' ->> 0 FROM event_queue WHERE subject = 'organisations/gp-a'",
                "{\"asOf\": \"2020-01-01\", \"kind\": \"registered\", \"count\": 9000, \"source\": \"s\", \"organisation\": \"gp-a\"}");
    assert_text(world,
                "SELECT concat_ws(' ', jsonb_array_length(data::jsonb -> 'listSizes'), jsonb_array_length(data::jsonb -> 'members'), "
                "data::jsonb -> 'listSize' ->> 'stated') FROM event_queue WHERE subject = 'organisations/pcn-a'",
                "2 1 45000");
    assert_text(world,
                "SELECT concat_ws(' ', data::jsonb -> 'systems' -> 0 ->> 'system', data::jsonb -> 'alignments' -> 0 ->> 'provider') "
                "FROM event_queue WHERE subject = 'organisations/gp-a'",
                "One la-a");

    sql(world, "DELETE FROM event_queue");
    import_rows(world, rows);
    assert_text(world, "SELECT concat_ws(' ', created, changed, unchanged_rows) FROM import", "0 0 12");
    assert_int_equal(number(world, "SELECT count(*) FROM event_queue"), 0);
    refuse_rows(world, ROWS("list_sizes|{'organisation':'gp-a','kind':'registered','count':9100,'asOf':'2020-01-01','source':'s'}"),
                "2 count: is 9,000 on record, not 9,100");
}

// A new organisation with everything that may come along.
static void test_new_ones(void **state)
{
    world_t *world = *state;
    import_rows(
        world,
        ROWS(
            "organisations|{'code':'new-pcn','name':'New','kind':'network','parent':'ccg-a','factsFrom':'2021-01-01',"
            "'recordedAt':'2021-01-02T00:00:00Z','formerNames':['Old'],'identifiers':[{'system':'s','value':'v'}]}",
            "past|{'code':'new-pcn','to':'2020-12-31','recordedAt':'2020-01-01T00:00:00Z','name':'Old','status':'active','parent':'ccg-b'}",
            "coming|{'code':'new-pcn','from':'2027-01-01','changes':{'statedPracticeCount':5},'recordedAt':'2021-01-02T00:00:00Z'}",
            "successions|{'predecessor':'pcn-a','successor':'new-pcn','on':'2021-01-01','manner':'close'}",
            "sub_groups|{'network':'new-pcn','code':'south','source':'doc'}", NEW_PRACTICE,
            "memberships|{'network':'new-pcn','practice':'new-gp','from':'2021-01-01','subGroup':'south'}",
            "superseded|{'code':'new-pcn','kind':'director','fact':{'name':'Dr X'},'supersededAt':'2021-01-03T00:00:00Z'}"));
    assert_text(world, "SELECT concat_ws(' ', linked, former_names, facts_from, version) FROM organisation WHERE code = 'new-pcn'",
                "t {Old} 2021-01-01 1");
    assert_text(world, "SELECT changes::text FROM organisation_coming", "{\"stated_practice_count\": 5}");
    assert_text(world, "SELECT data::jsonb -> 'coming' -> 0 -> 'changes' FROM event_queue WHERE subject = 'organisations/new-pcn'",
                "{\"statedPracticeCount\": 5}");
    assert_text(world, "SELECT string_agg(type, ' ') FROM event_queue WHERE subject = 'organisations/pcn-a' AND data LIKE '%new-pcn%'",
                "pcn.registry.organisation.updated");
    assert_call(world, "GetOrganisation", "{\"code\":\"new-pcn\",\"asOf\":\"2020-06-01\"}");
    assert_reply_has(world, "\"name\":\"Old\"");
}

// A state that the single calls reach and one that an import reaches leave the same event, but for its times.
static void test_events_are_those_of_single_calls(void **state)
{
    world_t *world = *state;
    static const char last[] = "SELECT regexp_replace(replace(data, '%s', 'pcn-x'), '\"(created|updated)At\":\"[^\"]*\"', '', 'g') FROM "
                               "event_queue WHERE subject = 'organisations/%s' ORDER BY position DESC LIMIT 1";
    char query[512];
    assert_call(world, "CreateOrganisation",
                "{\"organisation\":{\"code\":\"pcn-m\",\"name\":\"N\",\"kind\":\"network\",\"parent\":\"ccg-a\"}}");
    assert_call(world, "AddDirector", "{\"code\":\"pcn-m\",\"director\":{\"name\":\"Dr A\",\"from\":\"2020-01-01\",\"share\":\"0.5\"}}");
    assert_call(world, "AddListSize",
                "{\"code\":\"pcn-m\",\"listSize\":{\"kind\":\"registered\",\"count\":41000,\"asOf\":\"2020-01-01\","
                "\"source\":\"s\",\"subGroup\":\"north\"}}");
    (void)snprintf(query, sizeof query, last, "pcn-m", "pcn-m");
    char *single = test_database_query(world->database, query);
    assert_non_null(single);
    sql(world, "DELETE FROM event_queue");
    import_rows(world, ROWS("organisations|{'code':'pcn-n','name':'N','kind':'network','parent':'ccg-a'}",
                            "directors|{'network':'pcn-n','name':'Dr A','from':'2020-01-01','share':'0.5'}"));
    import_rows(world, ROWS("list_sizes|{'organisation':'pcn-n','kind':'registered','count':40000,'asOf':'2019-01-01','source':'s',"
                            "'subGroup':'north'}"));
    sql(world, "DELETE FROM event_queue; DELETE FROM list_size WHERE organisation = 'pcn-n'");
    import_rows(world, ROWS("list_sizes|{'organisation':'pcn-n','kind':'registered','count':41000,'asOf':'2020-01-01','source':'s',"
                            "'subGroup':'north'}"));
    (void)snprintf(query, sizeof query, last, "pcn-n", "pcn-n");
    assert_text(world, query, single);
    free(single);
}

// ---- what goes wrong on the way ----

static void test_dry_run(void **state)
{
    world_t *world = *state;
    const long events = number(world, "SELECT count(*) FROM event_queue");
    stage(world, JOB, true, ROWS(NEW_NETWORK, "directors|{'network':'pcn-a','name':'Dr A'}"));
    work(world);
    assert_text(world, "SELECT concat_ws(' ', state, created, changed, unchanged_rows) FROM import", "succeeded 1 1 0");
    assert_int_equal(number(world, "SELECT count(*) FROM organisation WHERE code = 'new-pcn'"), 0);
    assert_int_equal(number(world, "SELECT version FROM organisation WHERE code = 'pcn-a'"), 1);
    assert_int_equal(number(world, "SELECT count(*) FROM event_queue"), events);
}

// A rule of the tables that no check knows of is still a problem of the import.
static void test_constraint(void **state)
{
    world_t *world = *state;
    refuse_rows(world,
                ROWS("organisations|{'code':'new-pcn','name':'New','kind':'network','parent':'ccg-a'}",
                     "past|{'code':'new-pcn','to':'2020-12-31','recordedAt':'2020-01-01T00:00:00Z','name':'Old','status':'active'}",
                     "past|{'code':'new-pcn','to':'2020-06-30','recordedAt':'2020-01-02T00:00:00Z','name':'Old','status':'active'}"),
                "0 -: The database refused it by its rule organisation_past_one_a_day");
}

static void *kill_soon(void *data)
{
    world_t *world = data;
    for (int i = 0; i < 2000; i++) {
        char *killed = test_database_query(
            world->database, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'errand' "
                             "AND wait_event_type = 'Lock' AND query LIKE '%import_stage%'");
        const bool done = killed != NULL && atoi(killed) > 0;
        free(killed);
        if (done)
            return NULL;
        (void)nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    return NULL;
}

// The session ends in the middle: nothing of it is there, and the next try does all of it. Three such tries are enough.
static void test_killed(void **state)
{
    world_t *world = *state;
    world_populate(world);
    stage(world, JOB, false, ROWS(NEW_NETWORK, "directors|{'network':'pcn-a','name':'Dr A'}"));
    db_session_t *blocker = open_session(world);
    problem_t problem = {0};
    PQclear(db_session_exec(blocker, "BEGIN; SELECT FROM organisation WHERE code = 'pcn-a' FOR UPDATE", &problem));
    for (int i = 1; i <= 3; i++) {
        runner_t runner;
        runner_open(&runner, world);
        pthread_t killer;
        assert_int_equal(pthread_create(&killer, NULL, kill_soon, world), 0);
        assert_int_equal(run_step(&runner), STATUS_UNAVAILABLE);
        (void)pthread_join(killer, NULL);
        runner_close(&runner);
        assert_int_equal(number(world, "SELECT attempts FROM import"), i);
        assert_text(world, "SELECT state FROM import", "checking");
        assert_int_equal(number(world, "SELECT count(*) FROM organisation WHERE code = 'new-pcn'"), 0);
    }
    PQclear(db_session_exec(blocker, "ROLLBACK", &problem));
    sql(world, "UPDATE import SET attempts = 2");
    work(world);
    assert_text(world, "SELECT state FROM import", "succeeded");
    stage(world, OTHER, false, ROWS("directors|{'network':'pcn-a','name':'Dr B'}"));
    sql(world, "UPDATE import SET attempts = 3");
    work(world);
    assert_text(world, "SELECT state FROM import", "failed");
    assert_text(world, "SELECT reason FROM import_problem", "It could not be applied: every try of three ended in the middle");
    db_session_close(&blocker);
}

static void *run_beside(void *data)
{
    runner_t *runner = data;
    runner->problem.status = run_step(runner);
    return NULL;
}

static void await_lock(world_t *world)
{
    for (int i = 0; i < 2000; i++) {
        if (number(world, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'errand' AND wait_event_type = 'Lock'") > 0)
            return;
        (void)nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    fail_msg("nobody waits");
}

// Two daemons: while one is at it, the other finds nothing to do. What is committed before an import gets the rows is what it looks at.
static void test_races(void **state)
{
    world_t *world = *state;
    world_populate(world);
    stage(world, JOB, false, ROWS("memberships|{'network':'pcn-a','practice':'gp-b','from':'2020-01-01'}"));
    db_session_t *mover = open_session(world);
    problem_t problem = {0};
    PQclear(db_session_exec(mover,
                            "BEGIN; UPDATE organisation SET version = version + 1 WHERE code = 'pcn-a'; "
                            "INSERT INTO membership (practice, network, from_on) VALUES ('gp-b', 'pcn-a', '2019-01-01')",
                            &problem));
    runner_t first, second;
    runner_open(&first, world);
    runner_open(&second, world);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run_beside, &first), 0);
    await_lock(world);
    assert_text(world, "SELECT state FROM import", "checking");
    must(run_step(&second), &second.problem);
    assert_false(second.step.did);
    PQclear(db_session_exec(mover, "COMMIT", &problem));
    (void)pthread_join(thread, NULL);
    must(first.problem.status, &first.problem);
    assert_text(world, "SELECT state FROM import", "failed");
    assert_text(world, "SELECT reason FROM import_problem",
                "gp-b is a member of pcn-a from 2019-01-01 on; a practice has one core network at a time");
    runner_close(&first);
    runner_close(&second);
    db_session_close(&mover);
}

// A daemon that is told to end puts the import back, and that is no try.
static void test_ending(void **state)
{
    world_t *world = *state;
    stage(world, JOB, false, ROWS("directors|{'network':'pcn-a','name':'Dr A'}"));
    db_session_t *blocker = open_session(world);
    problem_t problem = {0};
    PQclear(db_session_exec(blocker, "BEGIN; SELECT FROM organisation WHERE code = 'pcn-a' FOR UPDATE", &problem));
    runner_t runner;
    runner_open(&runner, world);
    PGcancel *cancel = db_session_cancel(runner.step.session);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run_beside, &runner), 0);
    await_lock(world);
    char reason[256];
    atomic_store(&runner.ending, true);
    assert_true(PQcancel(cancel, reason, sizeof reason));
    (void)pthread_join(thread, NULL);
    PQfreeCancel(cancel);
    assert_int_not_equal(runner.problem.status, STATUS_OK);
    runner_close(&runner);
    assert_text(world, "SELECT state || attempts FROM import", "waiting0");
    PQclear(db_session_exec(blocker, "ROLLBACK", &problem));
    db_session_close(&blocker);
    work(world);
    assert_text(world, "SELECT state FROM import", "succeeded");
}

// Rows that could not be read: those that could are looked at by themselves, and nothing goes in.
static void test_problems_of_reading(void **state)
{
    world_t *world = *state;
    stage(world, JOB, false, ROWS(NEW_PRACTICE, NEW_PRACTICE, "memberships|{'network':'unread','practice':'new-gp'}"));
    sql(world, "UPDATE import SET problem_count = 1");
    work(world);
    assert_text(world, "SELECT string_agg(reason, ';') FROM import_problem", "is on line 2 already");
    assert_text(world, "SELECT concat_ws(' ', state, problem_count) FROM import", "failed 2");
}

static int setup_populated(void **state)
{
    if (world_setup(state) != 0)
        return 1;
    world_populate(*state);
    return 0;
}

int main(void)
{
#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)
    const struct CMUnitTest own[] = {
        IN_A_WORLD(test_documents), IN_A_WORLD(test_spans), IN_A_WORLD(test_additions), IN_A_WORLD(test_killed), IN_A_WORLD(test_races),
    };
    // One after the other in one registry: the first ones leave it as it was.
    const struct CMUnitTest shared[] = {
        cmocka_unit_test(test_rows_beside_the_record),
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_constraint),
        cmocka_unit_test(test_problems_of_reading),
        cmocka_unit_test(test_dry_run),
        cmocka_unit_test(test_events_are_those_of_single_calls),
        cmocka_unit_test(test_ending),
        cmocka_unit_test(test_new_ones),
    };
    const int failed = cmocka_run_group_tests(own, NULL, NULL);
    return cmocka_run_group_tests(shared, setup_populated, world_teardown) != 0 ? 1 : failed;
}
