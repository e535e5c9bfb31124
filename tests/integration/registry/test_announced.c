// What is recorded for a day to come is announced, and told again on its day: by the registry's jobs, once, and never what an event of that
// day or later has told already.
#include "pcn/platform/v1/call.meta.h"
#include "tests/integration/registry/verbs.h"

#define RECORDING "2026-11-25"
#define EVENTS_MAX 64
#define CODE_SIZE 64

static int setup(void **state)
{
    if (world_setup(state) != 0)
        return 1;
    world_t *world = *state;
    world->noon = true;
    world_populate(world);
    return 0;
}

// ---- the jobs ----

static const plan_job_t *job_of(const world_t *world, const char *name)
{
    for (size_t i = 0; i < world->plan->job_count; i++) {
        if (strcmp(world->plan->jobs[i].job->name, name) == 0)
            return &world->plan->jobs[i];
    }
    fail_msg("There is no job %s", name);
    return NULL;
}

// Codes that are due today, as the job's statement lists them.
static size_t due_today(world_t *world, const plan_job_t *job, char codes[][CODE_SIZE], size_t room)
{
    Pcn__Platform__V1__Call call;
    problem_t problem = {0};
    pcn__platform__v1__call__init(&call);
    call.today = (char *)(uintptr_t)world->today;
    call.now = (char *)(uintptr_t) "2026-11-25T09:00:00.000000Z";
    const void *const roots[PLAN_ROOTS] = {[PLAN_ROOT_CALL] = &call};
    PGresult *result = db_session_run(world->session, job->due, roots, world->arena, &problem);
    if (result == NULL)
        fail_msg("%s: %s", job->job->name, problem.detail);
    const size_t count = (size_t)PQntuples(result);
    assert_true(count <= room);
    for (size_t i = 0; i < count; i++)
        (void)snprintf(codes[i], CODE_SIZE, "%s", PQgetvalue(result, (int)i, 0));
    PQclear(result);
    return count;
}

// It is that day from here on: runs both jobs until nothing is due; how much they changed. What is due always changes something.
static unsigned come(world_t *world, const char *today)
{
    static const char *const names[] = {"day", "sites"};
    unsigned changed = 0;
    world->today = today;
    for (size_t i = 0; i < 2; i++) {
        const plan_job_t *job = job_of(world, names[i]);
        char codes[EVENTS_MAX][CODE_SIZE];
        size_t count;
        while ((count = due_today(world, job, codes, EVENTS_MAX)) > 0) {
            for (size_t j = 0; j < count; j++) {
                assert_call(world, job->method->method->short_name, "{\"code\":\"%s\"}", codes[j]);
                if (world->verdict == NULL || strcmp(world->verdict, "done") != 0)
                    fail_msg("%s is due and does not change", codes[j]);
                changed++;
            }
        }
    }
    return changed;
}

// Types of the events of a subject without their prefix, in the order of its versions: "created updated".
static void assert_told(world_t *world, const char *subject, const char *expected)
{
    char sql[512];
    (void)snprintf(sql, sizeof sql,
                   "SELECT coalesce(string_agg(split_part(type, '.', 4), ' ' ORDER BY version), '') FROM event_queue WHERE subject = '%s'",
                   subject);
    char *told = test_database_query(world->database, sql);
    assert_non_null(told);
    if (strcmp(told, expected) != 0)
        fail_msg("%s: %s instead of %s", subject, told, expected);
    free(told);
}

// The newest event's data has, or lacks, a text.
static void assert_data(world_t *world, const char *subject, const char *text, bool has)
{
    char sql[512];
    (void)snprintf(sql, sizeof sql, "SELECT data FROM event_queue WHERE subject = '%s' ORDER BY version DESC LIMIT 1", subject);
    char *data = test_database_query(world->database, sql);
    assert_non_null(data);
    if ((strstr(data, quoted(world, text)) != NULL) != has)
        fail_msg("%s %s %s", data, has ? "lacks" : "has", text);
    free(data);
}

// ---- tests ----

static void a_quiet_day_tells_nothing(void **state)
{
    world_t *world = *state;
    assert_int_equal(come(world, RECORDING), 0);
    assert_int_equal(come(world, "2399-12-31"), 0);
}

static void members_join_and_leave(void **state)
{
    world_t *world = *state;
    create(world, "{'code':'pcn-j','name':'Network J','kind':'network','parent':'ccg-a'}");
    create(world, "{'code':'gp-j','name':'Practice J','kind':'practice','parent':'ccg-a'}");
    join(world, "pcn-j", "gp-j", "2400-01-01");
    assert_told(world, "organisations/pcn-j", "created announced");
    assert_data(world, "organisations/pcn-j", "'from':'2400-01-01'", true);
    assert_int_equal(come(world, "2399-12-31"), 0);
    assert_int_equal(come(world, "2400-01-01"), 2);
    assert_told(world, "organisations/pcn-j", "created announced updated");
    assert_int_equal(come(world, "2400-01-01"), 0);
    assert_int_equal(come(world, "2400-01-02"), 0);
    assert_told(world, "organisations/gp-j", "created announced updated");
    done(world, "LeaveMember", "{'code':'pcn-j','practice':'gp-j','on':'2400-03-01'}");
    assert_told(world, "organisations/pcn-j", "created announced updated announced");
    assert_int_equal(come(world, "2400-02-29"), 0);
    // However late it is looked at.
    assert_int_equal(come(world, "2400-05-01"), 2);
    assert_told(world, "organisations/pcn-j", "created announced updated announced updated");
    assert_told(world, "organisations/gp-j", "created announced updated announced updated");
    assert_int_equal(come(world, "2400-05-02"), 0);
    // At once, and of the past.
    done(world, "AddMember", "{'code':'pcn-j','member':{'practice':'gp-j','from':'2020-01-01','to':'2020-12-31'}}");
    assert_told(world, "organisations/pcn-j", "created announced updated announced updated updated");
    assert_events_complete(world, 0);
}

static void terms_and_waivers_begin_and_end(void **state)
{
    world_t *world = *state;
    create(world, "{'code':'pcn-t','name':'Network T','kind':'network','parent':'ccg-a'}");
    done(world, "AddDirector", "{'code':'pcn-t','director':{'name':'Dr T','from':'2410-01-01','to':'2410-01-31'}}");
    done(world, "AddWaiver", "{'code':'pcn-t','waiver':{'from':'2410-01-15','reason':'Rural'}}");
    done(world, "CorrectDirector", "{'code':'pcn-t','name':'Dr T','from':'2410-01-01','newShare':'0.5'}");
    assert_told(world, "organisations/pcn-t", "created announced announced announced");
    assert_int_equal(come(world, "2410-01-01"), 1);
    assert_int_equal(come(world, "2410-01-14"), 0);
    assert_int_equal(come(world, "2410-01-15"), 1);
    assert_int_equal(come(world, "2410-01-31"), 0);
    assert_int_equal(come(world, "2410-02-01"), 1);
    assert_told(world, "organisations/pcn-t", "created announced announced announced updated updated updated");
    done(world, "EndWaiver", "{'code':'pcn-t','on':'2410-03-01'}");
    assert_told(world, "organisations/pcn-t", "created announced announced announced updated updated updated announced");
    done(world, "CorrectWaiver", "{'code':'pcn-t','from':'2410-01-15','newTo':'2410-04-30'}");
    assert_int_equal(come(world, "2410-04-30"), 0);
    assert_int_equal(come(world, "2410-05-01"), 1);
    done(world, "AddDirector", "{'code':'pcn-t','director':{'name':'Dr U','from':'2020-01-01','to':'2500-01-31'}}");
    assert_told(world, "organisations/pcn-t",
                "created announced announced announced updated updated updated announced announced updated updated");
    assert_events_complete(world, 0);
}

static void systems_and_alignments_begin_and_end(void **state)
{
    world_t *world = *state;
    create(world, "{'code':'gp-s','name':'Practice S','kind':'practice','parent':'ccg-a'}");
    done(world, "AddSystem", "{'code':'gp-s','system':{'system':'Vision','from':'2420-01-01'}}");
    done(world, "AddAlignment",
         "{'code':'gp-s','alignment':{'service':'team-s','name':'Team','kind':'locality-team','from':'2420-01-01','to':'2420-01-31'}}");
    assert_told(world, "organisations/gp-s", "created announced announced");
    assert_int_equal(come(world, "2420-01-01"), 1);
    assert_told(world, "organisations/gp-s", "created announced announced updated");
    // Both at once, which no other event showed.
    assert_data(world, "organisations/gp-s", "'system':'Vision','from':'2420-01-01'", true);
    assert_data(world, "organisations/gp-s", "'service':'team-s'", true);
    done(world, "EndSystem", "{'code':'gp-s','on':'2420-03-01'}");
    assert_told(world, "organisations/gp-s", "created announced announced updated announced");
    // The reply and the record of the practice show none of it.
    assert_int_equal(come(world, "2420-02-01"), 1);
    lacks(world, "team-s");
    assert_data(world, "organisations/gp-s", "'service':'team-s'", true);
    assert_data(world, "organisations/gp-s", "Vision", false);
    assert_int_equal(come(world, "2420-03-01"), 1);
    assert_data(world, "organisations/gp-s", "'system':'Vision','from':'2420-01-01','to':'2420-02-29'", true);
    done(world, "CorrectSystem", "{'code':'gp-s','from':'2420-01-01','newSystem':'SystmOne'}");
    assert_told(world, "organisations/gp-s", "created announced announced updated announced updated updated updated");
    done(world, "AddSystem", "{'code':'gp-s','system':{'system':'EMIS','from':'2020-01-01','to':'2020-12-31'}}");
    done(world, "AddFact", "{'code':'gp-s','fact':{'fact':'rooms','qualifier':'eq','value':'3','source':'a plan'}}");
    assert_told(world, "organisations/gp-s", "created announced announced updated announced updated updated updated updated updated");
    assert_int_equal(come(world, world->today), 0);
    assert_events_complete(world, 0);
}

// A network's own alignments come with the network.
static void a_network_shows_its_alignments_on_their_day(void **state)
{
    world_t *world = *state;
    create(world, "{'code':'pcn-n','name':'Network N','kind':'network','parent':'ccg-a'}");
    done(world, "AddAlignment",
         "{'code':'pcn-n','alignment':{'service':'team-n','name':'Team','kind':'locality-team','from':'2430-01-01'}}");
    assert_int_equal(come(world, "2430-01-01"), 1);
    assert_data(world, "organisations/pcn-n", "'service':'team-n'", true);
    assert_data(world, "organisations/pcn-n", "'findings'", true);
}

static void successions_are_announced_and_told(void **state)
{
    world_t *world = *state;
    create(world, "{'code':'fed-p','name':'P','kind':'federation','parent':'ics-a'}");
    create(world, "{'code':'fed-q','name':'Q','kind':'federation','parent':'ics-a'}");
    done(world, "MergeOrganisation", "{'code':'fed-p','into':'fed-q','on':'2440-01-01'}");
    assert_told(world, "organisations/fed-p", "created announced");
    assert_told(world, "organisations/fed-q", "created announced");
    assert_int_equal(come(world, "2440-01-01"), 2);
    assert_told(world, "organisations/fed-p", "created announced updated");
    assert_told(world, "organisations/fed-q", "created announced updated");
    assert_data(world, "organisations/fed-q", "'predecessors':['fed-p']", true);
    assert_int_equal(come(world, "2440-01-02"), 0);
    create(world, "{'code':'fed-r','name':'R','kind':'federation','parent':'ics-a'}");
    done(world, "MergeOrganisation", "{'code':'fed-q','into':'fed-r','on':'2026-01-01'}");
    assert_told(world, "organisations/fed-r", "created updated");
}

// What happens on the day or later tells it too: the job has nothing to add.
static void a_day_that_was_told_otherwise_is_not_told_again(void **state)
{
    world_t *world = *state;
    create(world, "{'code':'pcn-o','name':'Network O','kind':'network','parent':'ccg-a'}");
    done(world, "AddDirector", "{'code':'pcn-o','director':{'name':'Dr O','from':'2450-01-01'}}");
    free(test_database_query(world->database, "UPDATE organisation SET updated_at = '2450-01-01T00:00:00Z' WHERE code = 'pcn-o'"));
    assert_int_equal(come(world, "2450-01-01"), 0);
    free(test_database_query(world->database, "UPDATE organisation SET updated_at = '2449-12-31T23:59:59Z' WHERE code = 'pcn-o'"));
    assert_int_equal(come(world, "2450-01-01"), 1);
}

static void a_site_is_announced_by_its_days_alone(void **state)
{
    world_t *world = *state;
    done(world, "CreateSite", "{'site':{'code':'site-x','organisation':'gp-a','name':'Surgery','kind':'surgery','from':'2460-01-01'}}");
    done(world, "UpdateSite", "{'code':'site-x','site':{'from':'2460-02-01'}}");
    assert_told(world, "sites/site-x", "created announced");
    done(world, "UpdateSite", "{'code':'site-x','site':{'name':'Health centre'}}");
    done(world, "UpdateSite", "{'code':'site-x','site':{'to':'2460-12-31'}}");
    assert_told(world, "sites/site-x", "created announced updated announced");
    assert_int_equal(come(world, "2460-01-31"), 0);
    assert_int_equal(come(world, "2460-02-01"), 1);
    assert_int_equal(come(world, "2460-12-31"), 0);
    assert_int_equal(come(world, "2461-01-01"), 1);
    assert_int_equal(come(world, "2461-01-01"), 0);
    assert_told(world, "sites/site-x", "created announced updated announced updated updated");
    // In use since ever: a first day to come ends that at once, and one that is over is no announcement.
    done(world, "CreateSite", "{'site':{'code':'site-y','organisation':'gp-a','name':'Surgery','kind':'surgery'}}");
    done(world, "UpdateSite", "{'code':'site-y','site':{'to':'2470-01-01'}}");
    done(world, "UpdateSite", "{'code':'site-y','site':{'from':'2469-01-01'}}");
    done(world, "UpdateSite", "{'code':'site-y','site':{'from':'2019-01-01','to':'2020-01-01'}}");
    assert_told(world, "sites/site-y", "created announced updated updated");
    assert_int_equal(come(world, "2470-06-01"), 0);
    refused(world, STATUS_NOT_FOUND, "code", "SiteComesIntoForce", "{'code':'site-z'}");
    done(world, "SiteComesIntoForce", "{'code':'site-y'}");
    assert_null(world->verdict);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quiet_day_tells_nothing),
        cmocka_unit_test(members_join_and_leave),
        cmocka_unit_test(terms_and_waivers_begin_and_end),
        cmocka_unit_test(systems_and_alignments_begin_and_end),
        cmocka_unit_test(a_network_shows_its_alignments_on_their_day),
        cmocka_unit_test(successions_are_announced_and_told),
        cmocka_unit_test(a_day_that_was_told_otherwise_is_not_told_again),
        cmocka_unit_test(a_site_is_announced_by_its_days_alone),
    };
    return cmocka_run_group_tests(tests, setup, world_teardown);
}
