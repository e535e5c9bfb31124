// The registry's job of the day in running daemons: what is recorded for a day comes into force when the day is there, once, whether a
// daemon was up at midnight or down for days, and however many daemons there are. Days pass by PCN_REGISTRY_TODAY.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/pb/message.h"
#include "common/rpc/client.h"
#include "common/rpc/keys.h"
#include "tests/support/postgres.h"

#define LIMIT_US (INT64_C(60) * 1000000)
#define AGAIN_MS 20
#define MANY "300"

typedef struct rig {
    test_database_t *database;
    char folder[64];
    pid_t daemons[2];
} rig_t;

// ---- daemons ----

// Becomes the daemon.
static void become(const rig_t *rig, int number, const char *today, const char *environment, int ready)
{
    char text[8][512], *list[9] = {NULL}, log[128];
    int count = 0;
    (void)snprintf(text[count], sizeof text[0], "PCN_STATE_DIR=%s", rig->folder);
    (void)snprintf(text[++count], sizeof text[0], "PCN_READY_FD=%d", ready);
    (void)snprintf(text[++count], sizeof text[0], "PCN_REGISTRY_DATABASE_URL=%s", test_database_dsn(rig->database));
    (void)snprintf(text[++count], sizeof text[0], "PCN_REGISTRY_TODAY=%s", today);
    (void)snprintf(text[++count], sizeof text[0], "PCN_REGISTRY_RPC_LISTEN=ipc://%s/run/%d.rpc", rig->folder, number);
    (void)snprintf(text[++count], sizeof text[0], "PCN_REGISTRY_PUB_LISTEN=ipc://%s/run/%d.pub", rig->folder, number);
    (void)snprintf(text[++count], sizeof text[0], "PCN_METRICS_LISTEN=unix:%s/run/%d.metrics", rig->folder, number);
    (void)snprintf(text[++count], sizeof text[0], "PCN_ENVIRONMENT=%s", environment);
    for (int i = 0; i <= count; i++)
        list[i] = text[i];
    (void)snprintf(log, sizeof log, "%s/%d.log", rig->folder, number);
    const int out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(out, STDERR_FILENO);
    dup2(out, STDOUT_FILENO);
    char *arguments[] = {(char *)(uintptr_t)PCN_REGISTRY_DAEMON, NULL};
    execve(PCN_REGISTRY_DAEMON, arguments, list);
    _exit(127);
}

static pid_t launch(const rig_t *rig, int number, const char *today, const char *environment, bool *is_ready)
{
    int ready[2];
    char word[16] = "";
    assert_int_equal(pipe(ready), 0);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(ready[0]);
        become(rig, number, today, environment, ready[1]);
    }
    close(ready[1]);
    struct pollfd wait = {.fd = ready[0], .events = POLLIN};
    *is_ready = poll(&wait, 1, (int)(LIMIT_US / 1000)) == 1 && read(ready[0], word, sizeof word) > 0;
    close(ready[0]);
    return pid;
}

static void start(rig_t *rig, int number, const char *today)
{
    bool is_ready;
    rig->daemons[number] = launch(rig, number, today, "development", &is_ready);
    if (!is_ready)
        fail_msg("the daemon did not become ready, see %s", rig->folder);
}

static void stop(rig_t *rig, int number, int by)
{
    int status = 0;
    if (rig->daemons[number] <= 0)
        return;
    kill(rig->daemons[number], by);
    assert_int_equal(waitpid(rig->daemons[number], &status, 0), rig->daemons[number]);
    rig->daemons[number] = 0;
    if (by == SIGTERM)
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static int setup(void **state)
{
    rig_t *rig = calloc(1, sizeof *rig);
    char path[96];
    assert_non_null(rig);
    (void)snprintf(rig->folder, sizeof rig->folder, "/tmp/pcn-day-XXXXXX");
    assert_non_null(mkdtemp(rig->folder));
    static const char *const folders[] = {"keys", "run"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", rig->folder, folders[i]);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    rig->database = test_database_create();
    *state = rig;
    return 0;
}

static int teardown(void **state)
{
    rig_t *rig = *state;
    char command[96];
    stop(rig, 0, SIGTERM);
    stop(rig, 1, SIGTERM);
    test_database_drop(&rig->database);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", rig->folder);
    if (getenv("PCN_TEST_KEEP") == NULL)
        assert_int_equal(system(command), 0);
    free(rig);
    return 0;
}

static void sql(rig_t *rig, const char *text)
{
    free(test_database_query(rig->database, text));
}

static void await(rig_t *rig, long value, const char *text)
{
    const int64_t end_us = clock_steady_us() + LIMIT_US;
    long found;
    // It is the outside that is looked at: there is no event to wait for.
    while ((found = test_database_number(rig->database, text)) != value) {
        if (clock_steady_us() > end_us)
            fail_msg("%ld instead of %ld: %s", found, value, text);
        (void)poll(NULL, 0, AGAIN_MS);
    }
}

// Events of one aggregate in the log and on their way there.
#define EVENTS(where)                                                                                                                      \
    "SELECT count(*) FROM (SELECT subject, type, version FROM registry.event UNION ALL SELECT subject, type, version FROM "                \
    "registry.event_queue) e WHERE " where

// ---- tests ----

// Organisations with a change for the first of December, and one with a second for the third.
static void record_changes(rig_t *rig)
{
    sql(rig, "INSERT INTO registry.organisation (code, name, kind, status, version, created_at, updated_at) "
             "SELECT 'day-' || i, 'Before ' || i, 'trust', 'active', 1, now(), now() FROM generate_series(1, " MANY ") i");
    sql(rig, "INSERT INTO registry.organisation_coming (code, from_on, changes, recorded_at) "
             "SELECT 'day-' || i, '2026-12-01', jsonb_build_object('name', 'After ' || i), now() FROM generate_series(1, " MANY ") i");
    sql(rig, "INSERT INTO registry.organisation_coming (code, from_on, changes, recorded_at) "
             "VALUES ('day-1', '2026-12-03', '{\"stated_population\": 7}', now())");
}

static void a_day_comes_once(void **state)
{
    rig_t *rig = *state;
    start(rig, 0, "2026-11-30");
    record_changes(rig);
    stop(rig, 0, SIGTERM);
    start(rig, 0, "2026-11-30");
    stop(rig, 0, SIGTERM);
    assert_int_equal(test_database_number(rig->database, "SELECT max(version) FROM registry.organisation"), 1);
    // Down over midnight and for days; then two at once, of which one is killed while it works.
    start(rig, 0, "2026-12-02");
    stop(rig, 0, SIGKILL);
    start(rig, 0, "2026-12-02");
    start(rig, 1, "2026-12-02");
    await(rig, 1, "SELECT count(*) FROM registry.organisation_coming");
    assert_int_equal(test_database_number(rig->database, "SELECT count(*) FROM registry.organisation WHERE version = 2 AND name LIKE "
                                                         "'After %' AND facts_from = '2026-12-01'"),
                     atol(MANY));
    assert_int_equal(test_database_number(rig->database, "SELECT count(*) FROM registry.organisation_past WHERE to_on = '2026-11-30'"),
                     atol(MANY));
    assert_int_equal(test_database_number(rig->database, EVENTS("type = 'pcn.registry.organisation.updated' AND version = 2")), atol(MANY));
    assert_int_equal(test_database_number(rig->database, EVENTS("true")), atol(MANY));
    // Told by whom, and about what.
    await(rig, atol(MANY),
          "SELECT count(DISTINCT resource) FROM (SELECT subject, organisation, method, resource, verdict FROM registry.audit UNION ALL "
          "SELECT subject, organisation, method, resource, verdict FROM registry.audit_queue) a WHERE subject = 'pcn-registry' AND "
          "organisation = '' AND method = 'pcn.registry.v1.Registry/ComeIntoForce' AND resource LIKE 'organisations/day-%' AND verdict = "
          "'done'");
    stop(rig, 0, SIGTERM);
    stop(rig, 1, SIGTERM);
    start(rig, 0, "2026-12-10");
    await(rig, 0, "SELECT count(*) FROM registry.organisation_coming");
    assert_int_equal(test_database_number(rig->database, "SELECT count(*) FROM registry.organisation WHERE code = 'day-1' AND version = 3 "
                                                         "AND stated_population = 7 AND facts_from = '2026-12-03'"),
                     1);
    assert_int_equal(test_database_number(rig->database, EVENTS("true")), atol(MANY) + 1);
    stop(rig, 0, SIGTERM);
}

// A network with a member from a day on, and a site in use until a day.
static void record_days(rig_t *rig, const char *name, const char *from, const char *to)
{
    char text[1024];
    (void)snprintf(text, sizeof text,
                   "INSERT INTO registry.organisation (code, name, kind, status, version, created_at, updated_at) "
                   "VALUES ('pcn-%s', 'Network', 'network', 'active', 1, '2026-11-25', '2026-11-25'), "
                   "('gp-%s', 'Practice', 'practice', 'active', 1, '2026-11-25', '2026-11-25'); "
                   "INSERT INTO registry.membership (network, practice, from_on) VALUES ('pcn-%s', 'gp-%s', '%s'); "
                   "INSERT INTO registry.site (code, organisation, name, kind, to_on, version, created_at, updated_at) "
                   "VALUES ('site-%s', 'gp-%s', 'Surgery', 'surgery', '%s', 1, '2026-11-25', '2026-11-25')",
                   name, name, name, name, from, name, name, to);
    sql(rig, text);
}

// Told once by whichever daemon is first, and not again when one looks another time.
static void what_stands_with_its_days_is_told(void **state)
{
    rig_t *rig = *state;
    record_days(rig, "one", "2026-12-11", "2026-12-11");
    start(rig, 0, "2026-12-10");
    stop(rig, 0, SIGTERM);
    start(rig, 0, "2026-12-12");
    start(rig, 1, "2026-12-12");
    await(rig, 1, EVENTS("subject = 'organisations/pcn-one' AND type = 'pcn.registry.organisation.updated' AND version = 2"));
    await(rig, 1, EVENTS("subject = 'sites/site-one' AND type = 'pcn.registry.site.updated' AND version = 2"));
    stop(rig, 0, SIGTERM);
    stop(rig, 1, SIGTERM);
    record_days(rig, "two", "2026-12-12", "2026-12-11");
    start(rig, 0, "2026-12-12");
    await(rig, 1, EVENTS("subject = 'organisations/pcn-two'"));
    await(rig, 1, EVENTS("subject = 'sites/site-two'"));
    assert_int_equal(test_database_number(rig->database, EVENTS("subject IN ('organisations/pcn-one', 'sites/site-one')")), 2);
    assert_int_equal(test_database_number(rig->database, EVENTS("subject LIKE 'organisations/gp-%'")), 0);
    stop(rig, 0, SIGTERM);
}

typedef struct asked {
    rpc_request_t request;
    status_t status;
    bool done;
} asked_t;

static void answered(rpc_request_t *request, const Pcn__Common__V1__ReplyHeader *reply, const uint8_t *body, size_t body_size,
                     const problem_t *problem)
{
    (void)reply;
    (void)body;
    (void)body_size;
    asked_t *asked = (asked_t *)request;
    asked->status = problem->status;
    asked->done = true;
}

// Not even the gateway, for a caller with every right.
static void nobody_else_may_call_it(void **state)
{
    rig_t *rig = *state;
    char keys[128], endpoint[160], server_key[RPC_KEY_SIZE], id[ID_SIZE];
    problem_t problem = {0};
    start(rig, 0, "2026-12-10");
    uv_loop_t loop;
    metrics_t *metrics = metrics_new();
    rpc_context_t *context = NULL;
    rpc_client_t *client = NULL;
    (void)snprintf(keys, sizeof keys, "%s/keys", rig->folder);
    (void)snprintf(endpoint, sizeof endpoint, "ipc://%s/run/0.rpc", rig->folder);
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(rpc_keys_ensure(keys, "gateway", &problem), STATUS_OK);
    assert_int_equal(rpc_keys_load_public(keys, "registry", server_key, &problem), STATUS_OK);
    assert_int_equal(rpc_context_new(&loop, keys, "gateway", metrics, &context, &problem), STATUS_OK);
    const char *const endpoints[] = {endpoint, NULL};
    const rpc_client_options_t options = {.service = "registry", .endpoints = endpoints, .server_key = server_key};
    assert_int_equal(rpc_client_new(context, &options, metrics, &client, &problem), STATUS_OK);
    Pcn__Common__V1__Principal principal = PCN__COMMON__V1__PRINCIPAL__INIT;
    char *scopes[] = {(char *)(uintptr_t) "registry.any", (char *)(uintptr_t) "organisations.write"};
    id_make(clock_wall_us(), id);
    principal.subject = (char *)(uintptr_t) "tester";
    principal.scopes = scopes;
    principal.n_scopes = 2;
    static const uint8_t body[] = {10, 5, 'd', 'a', 'y', '-', '2'};
    arena_t *arena = arena_new((size_t)1 << 20);
    asked_t asked = {
        .request = {.body = body, .body_size = sizeof body, .deadline_us = clock_steady_us() + LIMIT_US, .arena = arena, .done = answered}};
    pcn__common__v1__request_header__init(&asked.request.header);
    asked.request.header.request_id = id;
    asked.request.header.method = (char *)(uintptr_t) "pcn.registry.v1.Registry/ComeIntoForce";
    asked.request.header.principal = &principal;
    rpc_client_call(client, &asked.request);
    while (!asked.done)
        (void)uv_run(&loop, UV_RUN_ONCE);
    assert_int_equal(asked.status, STATUS_PERMISSION_DENIED);
    rpc_client_destroy(&client);
    rpc_context_destroy(&context);
    while (uv_run(&loop, UV_RUN_DEFAULT) != 0) {
    }
    assert_int_equal(uv_loop_close(&loop), 0);
    metrics_destroy(&metrics);
    arena_destroy(&arena);
    stop(rig, 0, SIGTERM);
}

static void a_day_is_not_tried_out_in_production(void **state)
{
    rig_t *rig = *state;
    static const char *const cases[][2] = {{"2026-12-10", "production"}, {"tomorrow", "development"}};
    for (size_t i = 0; i < 2; i++) {
        bool is_ready = true;
        int status = 0;
        const pid_t pid = launch(rig, 0, cases[i][0], cases[i][1], &is_ready);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_false(is_ready);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_day_comes_once),
        cmocka_unit_test(what_stands_with_its_days_is_told),
        cmocka_unit_test(nobody_else_may_call_it),
        cmocka_unit_test(a_day_is_not_tried_out_in_production),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
