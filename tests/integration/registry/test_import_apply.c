// The errand that checks and applies imports, on rows that are put in by hand and on the documents' data set as it is read.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/pb/bytes.h"
#include "tests/integration/registry/staged.h"

#define OTHER "01890000-0000-7000-8000-000000000002"

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
        staged_must(world_race(world, NULL, "PutImportPart", request.data), &world->problem);
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
    staged_assert_text(world, "SELECT state FROM import ORDER BY created_at DESC LIMIT 1", "waiting");
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
    staged_work(world);
    assert_no_problems(world);
    staged_assert_text(world, "SELECT concat_ws(' ', state, created, changed, unchanged_rows) FROM import", "succeeded 183 0 0");
    assert_int_equal(staged_number(world, "SELECT count(*) FROM organisation"), 0);
    assert_int_equal(staged_number(world, "SELECT count(*) FROM event_queue"), 0);

    staged_sql(world, "TRUNCATE import, import_row, import_problem");
    send_llr(world, false);
    staged_work(world);
    assert_no_problems(world);
    staged_assert_text(world, "SELECT concat_ws(' ', state, created, changed, unchanged_rows, progress) FROM import",
                       "succeeded 183 0 0 100");
    assert_int_equal(staged_number(world, "SELECT count(*) FROM organisation"), 183);
    assert_int_equal(staged_number(world, "SELECT count(*) FROM membership WHERE from_assumed"), 134);
    assert_int_equal(
        staged_number(world, "SELECT count(*) FROM event_queue WHERE type = 'pcn.registry.organisation.created' AND version = 1"), 183);
    assert_int_equal(
        staged_number(world, "SELECT count(*) FROM membership m JOIN organisation o ON o.code = m.practice AND o.parent = m.network"), 134);

    // Again: all of it is there, nobody hears of it.
    staged_sql(world, "TRUNCATE import, import_row, import_problem; DELETE FROM event_queue");
    send_llr(world, false);
    const long rows = staged_number(world, "SELECT count(DISTINCT (file, line)) FROM import_row");
    staged_work(world);
    assert_no_problems(world);
    staged_assert_text(world, "SELECT concat_ws(' ', state, created, changed) FROM import", "succeeded 0 0");
    assert_int_equal(staged_number(world, "SELECT unchanged_rows FROM import"), rows);
    assert_int_equal(staged_number(world, "SELECT count(*) FROM event_queue"), 0);
}

// ---- rows by hand ----

// What is added to what is there: a version each, and the event that the single calls would leave.
static void test_additions(void **state)
{
    world_t *world = *state;
    world_populate(world);
    staged_sql(world, "DELETE FROM event_queue");
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
    staged_assert_imported(world, rows);
    staged_assert_text(world, "SELECT concat_ws(' ', created, changed, unchanged_rows) FROM import", "2 4 0");
    staged_assert_text(
        world, "SELECT string_agg(concat_ws(' ', split_part(type, '.', 4), subject, version), ', ' ORDER BY position) FROM event_queue",
        "updated organisations/ccg-a 2, updated organisations/gp-a 2, updated organisations/gp-b 2, created organisations/gp-n 1, "
        "updated organisations/pcn-a 2, created sites/site-1 1");
    staged_assert_text(world, "SELECT concat_ws(' ', parent, facts_from, version, place) FROM organisation WHERE code = 'gp-b'",
                       "pcn-a 2020-01-01 2 la-a");
    staged_assert_text(world, "SELECT concat_ws(' ', parent, to_on) FROM organisation_past WHERE code = 'gp-b' AND superseded_at IS NULL",
                       "ccg-a 2019-12-31");
    staged_assert_text(world, "SELECT granted_by FROM waiver", "ccg-a");
    staged_assert_text(world, "SELECT source FROM sub_group WHERE code = 'north'", "n");
    staged_assert_text(world, "SELECT as_of::text FROM list_size WHERE sub_group = 'north'", "2020-01-01");
    staged_assert_text(world, "SELECT from_on::text || from_assumed FROM director_term", "2019-07-01true");
    staged_assert_text(
        world, "SELECT data::jsonb -> 'listSizes' ->> 0 FROM event_queue WHERE subject = 'organisations/gp-a'",
        "{\"asOf\": \"2020-01-01\", \"kind\": \"registered\", \"count\": 9000, \"source\": \"s\", \"organisation\": \"gp-a\"}");
    staged_assert_text(
        world,
        "SELECT concat_ws(' ', jsonb_array_length(data::jsonb -> 'listSizes'), jsonb_array_length(data::jsonb -> 'members'), "
        "data::jsonb -> 'listSize' ->> 'stated') FROM event_queue WHERE subject = 'organisations/pcn-a'",
        "2 1 45000");
    staged_assert_text(world,
                       "SELECT concat_ws(' ', data::jsonb -> 'systems' -> 0 ->> 'system', data::jsonb -> 'alignments' -> 0 ->> 'provider') "
                       "FROM event_queue WHERE subject = 'organisations/gp-a'",
                       "One la-a");

    // Whatever a later one brings, the sizes on record are in its event.
    staged_sql(world, "DELETE FROM event_queue");
    staged_assert_imported(world,
                           ROWS("list_sizes|{'organisation':'gp-a','kind':'registered','count':8800,'asOf':'2019-01-01','source':'s'}"));
    staged_assert_text(world, "SELECT string_agg(s ->> 'asOf', ' ') FROM event_queue, jsonb_array_elements(data::jsonb -> 'listSizes') s",
                       "2019-01-01 2020-01-01");

    staged_sql(world, "DELETE FROM event_queue");
    staged_assert_imported(world, rows);
    staged_assert_text(world, "SELECT concat_ws(' ', created, changed, unchanged_rows) FROM import", "0 0 12");
    assert_int_equal(staged_number(world, "SELECT count(*) FROM event_queue"), 0);
    staged_assert_refused(world,
                          ROWS("list_sizes|{'organisation':'gp-a','kind':'registered','count':9100,'asOf':'2020-01-01','source':'s'}"),
                          "2 count: is 9,000 on record, not 9,100");
}

// A new organisation with everything that may come along.
static void test_new_ones(void **state)
{
    world_t *world = *state;
    staged_assert_imported(
        world,
        ROWS(
            "organisations|{'code':'new-pcn','name':'New','kind':'network','parent':'ccg-a','factsFrom':'2021-01-01',"
            "'recordedAt':'2021-01-02T00:00:00Z','formerNames':['Old'],'identifiers':[{'system':'s','value':'v'}]}",
            "past|{'code':'new-pcn','to':'2020-12-31','recordedAt':'2020-01-01T00:00:00Z','name':'Old','status':'active','parent':'ccg-b'}",
            "coming|{'code':'new-pcn','from':'2027-01-01','changes':{'statedPracticeCount':5},'recordedAt':'2021-01-02T00:00:00Z'}",
            "organisations|{'code':'old-pcn','name':'Old','kind':'network','parent':'ccg-a','status':'closed','closedOn':'2021-01-01'}",
            "successions|{'predecessor':'old-pcn','successor':'new-pcn','on':'2021-01-01','manner':'close'}",
            "sub_groups|{'network':'new-pcn','code':'south','source':'doc'}", NEW_PRACTICE,
            "memberships|{'network':'new-pcn','practice':'new-gp','from':'2021-01-01','subGroup':'south'}",
            "superseded|{'code':'new-pcn','kind':'director','fact':{'name':'Dr X'},'supersededAt':'2021-01-03T00:00:00Z'}"));
    staged_assert_text(world, "SELECT concat_ws(' ', linked, former_names, facts_from, version) FROM organisation WHERE code = 'new-pcn'",
                       "t {Old} 2021-01-01 1");
    staged_assert_text(world, "SELECT changes::text FROM organisation_coming", "{\"stated_practice_count\": 5}");
    staged_assert_text(world, "SELECT data::jsonb -> 'coming' -> 0 -> 'changes' FROM event_queue WHERE subject = 'organisations/new-pcn'",
                       "{\"statedPracticeCount\": 5}");
    staged_assert_text(world,
                       "SELECT string_agg(type, ' ') FROM event_queue WHERE subject = 'organisations/old-pcn' AND data LIKE '%new-pcn%'",
                       "pcn.registry.organisation.created");
    assert_call(world, "GetOrganisation", "{\"code\":\"new-pcn\",\"asOf\":\"2020-06-01\"}");
    assert_reply_has(world, "\"name\":\"Old\"");
}

// Days to come are announced, and who closed was open before; said again, none of it is anything new.
static void test_announced(void **state)
{
    world_t *world = *state;
    const char *const *rows =
        ROWS("organisations|{'code':'new-1','name':'1','kind':'trust','status':'closed','closedOn':'2027-04-01'}",
             "organisations|{'code':'new-2','name':'2','kind':'trust','status':'active','openedOn':'2027-01-01','closedOn':'2027-04-01'}",
             "organisations|{'code':'new-3','name':'3','kind':'trust','status':'closed','openedOn':'2020-01-01','closedOn':'2022-04-01'}",
             "organisations|{'code':'new-4','name':'4','kind':'trust','closedOn':'2022-04-01'}",
             "organisations|{'code':'new-5','name':'5','kind':'trust','status':'closed','closedOn':'2022-04-01',"
             "'recordedAt':'2022-01-01T00:00:00Z'}");
    staged_assert_imported(world, rows);
    staged_assert_text(world,
                       "SELECT string_agg(concat_ws(' ', code, status, closed_on, facts_from), ', ' ORDER BY code) FROM organisation "
                       "WHERE code LIKE 'new-_'",
                       "new-1 active, new-2 proposed 2026-11-25, new-3 closed 2022-04-01 2022-04-01, new-4 closed 2022-04-01 2022-04-01, "
                       "new-5 closed 2022-04-01");
    staged_assert_text(world,
                       "SELECT string_agg(concat_ws(' ', code, from_on, changes ->> 'status', changes ->> 'closed_on'), ', ' "
                       "ORDER BY code, from_on) FROM organisation_coming WHERE code LIKE 'new-_'",
                       "new-1 2027-04-01 closed 2027-04-01, new-2 2027-01-01 active, new-2 2027-04-01 closed 2027-04-01");
    staged_assert_text(world,
                       "SELECT string_agg(concat_ws(' ', code, from_on, to_on, status, closed_on), ', ' ORDER BY code) "
                       "FROM organisation_past WHERE code LIKE 'new-_'",
                       "new-3 2022-03-31 active, new-4 2022-03-31 active");
    staged_assert_imported(world, rows);
    staged_assert_text(world, "SELECT concat_ws(' ', created, changed, added_rows, unchanged_rows) FROM import", "0 0 0 5");
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
    staged_sql(world, "DELETE FROM event_queue");
    staged_assert_imported(world, ROWS("organisations|{'code':'pcn-n','name':'N','kind':'network','parent':'ccg-a'}",
                                       "directors|{'network':'pcn-n','name':'Dr A','from':'2020-01-01','share':'0.5'}"));
    staged_assert_imported(world,
                           ROWS("list_sizes|{'organisation':'pcn-n','kind':'registered','count':40000,'asOf':'2019-01-01','source':'s',"
                                "'subGroup':'north'}"));
    staged_sql(world, "DELETE FROM event_queue; DELETE FROM list_size WHERE organisation = 'pcn-n'");
    staged_assert_imported(world,
                           ROWS("list_sizes|{'organisation':'pcn-n','kind':'registered','count':41000,'asOf':'2020-01-01','source':'s',"
                                "'subGroup':'north'}"));
    (void)snprintf(query, sizeof query, last, "pcn-n", "pcn-n");
    staged_assert_text(world, query, single);
    free(single);
}

// ---- what goes wrong on the way ----

static void *kill_soon(void *data)
{
    world_t *world = data;
    for (int i = 0; i < 2000; i++) {
        char *killed = test_database_query(
            world->database, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'errand' "
                             "AND wait_event_type = 'Lock' AND query ~ 'import_(stage|hold)'");
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
    staged_stage(world, STAGED_JOB, false, ROWS(NEW_NETWORK, "directors|{'network':'pcn-a','name':'Dr A'}"));
    db_session_t *blocker = staged_open_session(world);
    problem_t problem = {0};
    PQclear(db_session_exec(blocker, "BEGIN; SELECT FROM organisation WHERE code = 'pcn-a' FOR UPDATE", &problem));
    for (int i = 1; i <= 3; i++) {
        staged_runner_t runner;
        staged_runner_open(&runner, world);
        pthread_t killer;
        assert_int_equal(pthread_create(&killer, NULL, kill_soon, world), 0);
        assert_int_equal(staged_run_step(&runner), STATUS_UNAVAILABLE);
        (void)pthread_join(killer, NULL);
        staged_runner_close(&runner);
        assert_int_equal(staged_number(world, "SELECT attempts FROM import"), i);
        staged_assert_text(world, "SELECT state FROM import", "checking");
        assert_int_equal(staged_number(world, "SELECT count(*) FROM organisation WHERE code = 'new-pcn'"), 0);
    }
    PQclear(db_session_exec(blocker, "ROLLBACK", &problem));
    staged_sql(world, "UPDATE import SET attempts = 2");
    staged_work(world);
    staged_assert_text(world, "SELECT state FROM import", "succeeded");
    staged_stage(world, OTHER, false, ROWS("directors|{'network':'pcn-a','name':'Dr B'}"));
    staged_sql(world, "UPDATE import SET attempts = 3");
    staged_work(world);
    staged_assert_text(world, "SELECT state FROM import", "failed");
    staged_assert_text(world, "SELECT reason FROM import_problem", "It could not be applied: every try of three ended in the middle");
    db_session_close(&blocker);
}

static void *run_beside(void *data)
{
    staged_runner_t *runner = data;
    runner->problem.status = staged_run_step(runner);
    return NULL;
}

static void await_lock(world_t *world)
{
    for (int i = 0; i < 2000; i++) {
        if (staged_number(world, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'errand' AND wait_event_type = 'Lock'") >
            0)
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
    staged_stage(world, STAGED_JOB, false, ROWS("memberships|{'network':'pcn-a','practice':'gp-b','from':'2020-01-01'}"));
    db_session_t *mover = staged_open_session(world);
    problem_t problem = {0};
    PQclear(db_session_exec(mover,
                            "BEGIN; UPDATE organisation SET version = version + 1 WHERE code = 'pcn-a'; "
                            "INSERT INTO membership (practice, network, from_on) VALUES ('gp-b', 'pcn-a', '2019-01-01')",
                            &problem));
    staged_runner_t first, second;
    staged_runner_open(&first, world);
    staged_runner_open(&second, world);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run_beside, &first), 0);
    await_lock(world);
    staged_assert_text(world, "SELECT state FROM import", "checking");
    staged_must(staged_run_step(&second), &second.problem);
    assert_false(second.step.did);
    PQclear(db_session_exec(mover, "COMMIT", &problem));
    (void)pthread_join(thread, NULL);
    staged_must(first.problem.status, &first.problem);
    // What was checked is not on record any more.
    assert_true(first.step.more && !first.step.did);
    staged_assert_text(world, "SELECT state || attempts FROM import", "checking1");
    staged_must(staged_run_step(&first), &first.problem);
    staged_assert_text(world, "SELECT state FROM import", "failed");
    staged_assert_text(world, "SELECT reason FROM import_problem",
                       "gp-b is a member of pcn-a from 2019-01-01 on; a practice has one core network at a time");
    staged_runner_close(&first);
    staged_runner_close(&second);
    db_session_close(&mover);
}

// Nobody waits for an import that is being checked, nor for one that finds everything on record; one that was too slow once is not again.
static void test_waiting(void **state)
{
    world_t *world = *state;
    world_populate(world);
    const char *const *rows = ROWS("directors|{'network':'pcn-a','name':'Dr A'}");
    staged_assert_imported(world, rows);
    db_session_t *other = staged_open_session(world);
    problem_t problem = {0};
    PQclear(db_session_exec(other, "BEGIN; SELECT FROM organisation WHERE code = 'pcn-a' FOR UPDATE", &problem));
    staged_assert_imported(world, rows);
    staged_assert_text(world, "SELECT concat_ws(' ', state, created, changed, added_rows, unchanged_rows) FROM import",
                       "succeeded 0 0 0 1");
    staged_stage(world, STAGED_JOB, false, rows);
    staged_sql(world, "UPDATE import SET attempts = 1");
    staged_runner_t runner;
    staged_runner_open(&runner, world);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run_beside, &runner), 0);
    await_lock(world);
    PQclear(db_session_exec(other, "ROLLBACK", &problem));
    (void)pthread_join(thread, NULL);
    staged_must(runner.problem.status, &runner.problem);
    staged_runner_close(&runner);
    db_session_close(&other);
    staged_assert_text(world, "SELECT concat_ws(' ', state, unchanged_rows) FROM import", "succeeded 1");
}

// A daemon that is told to end puts the import back, and that is no try.
static void test_ending(void **state)
{
    world_t *world = *state;
    staged_stage(world, STAGED_JOB, false, ROWS("directors|{'network':'pcn-a','name':'Dr A'}"));
    db_session_t *blocker = staged_open_session(world);
    problem_t problem = {0};
    PQclear(db_session_exec(blocker, "BEGIN; SELECT FROM organisation WHERE code = 'pcn-a' FOR UPDATE", &problem));
    staged_runner_t runner;
    staged_runner_open(&runner, world);
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
    staged_runner_close(&runner);
    staged_assert_text(world, "SELECT state || attempts FROM import", "waiting0");
    PQclear(db_session_exec(blocker, "ROLLBACK", &problem));
    db_session_close(&blocker);
    staged_work(world);
    staged_assert_text(world, "SELECT state FROM import", "succeeded");
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
        IN_A_WORLD(test_documents), IN_A_WORLD(test_additions), IN_A_WORLD(test_killed), IN_A_WORLD(test_races), IN_A_WORLD(test_waiting),
    };
    // One after the other in one registry.
    const struct CMUnitTest shared[] = {
        cmocka_unit_test(test_events_are_those_of_single_calls),
        cmocka_unit_test(test_ending),
        cmocka_unit_test(test_new_ones),
        cmocka_unit_test(test_announced),
    };
    const int failed = cmocka_run_group_tests(own, NULL, NULL);
    return cmocka_run_group_tests(shared, setup_populated, world_teardown) != 0 ? 1 : failed;
}
