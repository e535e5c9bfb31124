// The audit trail of a running platform, read and proved by pcnctl: what is in it, that every alteration shows, and that nothing of it is
// lost with a daemon.
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "tests/integration/platform/rig.h"

#define CHAINED_WITHIN_US 60000000
#define BODY(code) "{\"code\":\"" code "\",\"name\":\"A\",\"kind\":\"federation\",\"parent\":\"ics-llr\"}"

typedef struct world {
    rig_t *rig;
    char token_file[160]; // of an auditor
    char said[65536];     // by the last command
} world_t;

static int run_command(world_t *world, const char *command)
{
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    size_t size = fread(world->said, 1, sizeof world->said - 1, pipe);
    world->said[size] = '\0';
    const int status = pclose(pipe);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int pcnctl(world_t *world, const char *arguments)
{
    char command[1024];
    const char *build = getenv("PCN_BUILD");
    assert_non_null(build);
    (void)snprintf(command, sizeof command, "%s/services/ctl/pcnctl audit %s --service registry --url %s --token-file %s 2>&1", build,
                   arguments, world->rig->platform.url, world->token_file);
    return run_command(world, command);
}

// As the superuser of the private PostgreSQL.
static void sql(world_t *world, const char *text)
{
    char command[2048];
    (void)snprintf(command, sizeof command,
                   "psql -X -q -A -t -v ON_ERROR_STOP=1 -h %s/run -U pcn_admin -d pcn -c \"SET search_path = registry\" -c \"%s\" 2>&1",
                   world->rig->platform.state_dir, text);
    if (run_command(world, command) != 0)
        fail_msg("%s: %s", text, world->said);
}

static long long sql_number(world_t *world, const char *text)
{
    sql(world, text);
    return strtoll(world->said, NULL, 10);
}

static void await_chained(world_t *world)
{
    const int64_t end_us = clock_steady_us() + CHAINED_WITHIN_US;
    while (sql_number(world, "SELECT count(*) FROM audit_queue") > 0)
        assert_true(clock_steady_us() < end_us);
}

static void assert_whole(world_t *world)
{
    if (pcnctl(world, "verify") != 0)
        fail_msg("%s", world->said);
    assert_non_null(strstr(world->said, ", 0 faults"));
}

static void assert_fault(world_t *world, const char *sentence)
{
    assert_int_equal(pcnctl(world, "verify"), 1);
    if (strstr(world->said, sentence) == NULL || strstr(world->said, ", 1 faults") == NULL)
        fail_msg("not \"%s\": %s", sentence, world->said);
}

// The head that verify prints last, as PLACE:HASH.
static void take_head(world_t *world, char head[128])
{
    assert_whole(world);
    const char *at = strstr(world->said, "head ");
    assert_non_null(at);
    assert_int_equal(sscanf(at, "head %127s", head), 1);
}

static int start(void **state)
{
    world_t *world = calloc(1, sizeof *world);
    *state = world;
    if (world == NULL || rig_start((void **)&world->rig) != 0)
        return -1;
    char *token = platform_token(&world->rig->platform, "auditor", "ics-llr");
    (void)snprintf(world->token_file, sizeof world->token_file, "%s/auditor.token", world->rig->platform.folder);
    FILE *file = fopen(world->token_file, "w");
    if (token == NULL || file == NULL)
        return -1;
    (void)fchmod(fileno(file), 0600);
    (void)fprintf(file, "%s\n", token);
    free(token);
    return fclose(file);
}

static int stop(void **state)
{
    world_t *world = *state;
    rig_stop((void **)&world->rig);
    free(world);
    return 0;
}

static http_answer_t ask_as(const world_t *world, const char *token, const char *method, const char *path, const char *body,
                            const char *request_id, const char *more, const char *socket)
{
    char id[80];
    http_answer_t answer;
    (void)snprintf(id, sizeof id, "X-Request-Id: %s", request_id);
    const char *headers[] = {id, more, NULL};
    const http_call_t call = {.method = method,
                              .url = world->rig->platform.url,
                              .path = path,
                              .token = token,
                              .body = body,
                              .headers = headers,
                              .socket = socket};
    assert_true(http_send(&call, &answer));
    return answer;
}

// The one entry of a request, as JSON.
static json_t *entry_of(world_t *world, const char *request_id)
{
    char arguments[128];
    await_chained(world);
    (void)snprintf(arguments, sizeof arguments, "list --json --request-id %s", request_id);
    assert_int_equal(pcnctl(world, arguments), 0);
    json_t *entry = json_loads(world->said, 0, NULL);
    if (entry == NULL)
        fail_msg("not one entry: %s", world->said);
    return entry;
}

static void assert_entry(world_t *world, const char *request_id, const char *field, const char *text)
{
    json_t *entry = entry_of(world, request_id);
    const char *value = json_string_value(json_object_get(entry, field));
    if (value == NULL || strcmp(value, text) != 0)
        fail_msg("%s is %s, not %s", field, value != NULL ? value : "absent", text);
    json_decref(entry);
}

#define FIRST "01900000-0000-7000-8000-000000000001"
#define SECOND "01900000-0000-7000-8000-000000000002"
#define THIRD "01900000-0000-7000-8000-000000000003"
#define FOURTH "01900000-0000-7000-8000-000000000004"

static void the_load_is_in_it(void **state)
{
    world_t *world = *state;
    await_chained(world);
    assert_whole(world);
    // Two folders, each begun once and sent as a piece a file at the least.
    assert_int_equal(sql_number(world, "SELECT count(*) FROM audit WHERE verdict = 'done' AND method LIKE '%/BeginImport'"), 2);
    assert_true(sql_number(world, "SELECT count(*) FROM audit WHERE verdict = 'done' AND method LIKE '%/PutImportPart'") >= 8);
    assert_int_equal(pcnctl(world, "list --table --limit 3"), 0);
    assert_non_null(strstr(world->said, "PLACE"));
    assert_non_null(strstr(world->said, "BeginImport"));
    assert_int_equal(pcnctl(world, "list --json --after 1 --limit 1"), 0);
    assert_non_null(strstr(world->said, "\"place\":2,"));
}

static void a_client_does_not_say_where_it_is(void **state)
{
    world_t *world = *state;
    char socket[192];
    http_answer_t answer =
        ask_as(world, world->rig->manager, "POST", "/v1/organisations", BODY("fed-one"), FIRST, "X-Forwarded-For: 203.0.113.66", NULL);
    assert_int_equal(answer.status, 201);
    http_answer_clear(&answer);
    assert_entry(world, FIRST, "origin", "127.0.0.1");
    assert_entry(world, FIRST, "peer", "gateway");
    assert_entry(world, FIRST, "resource", "organisations/fed-one");
    assert_entry(world, FIRST, "method", "pcn.registry.v1.Registry/CreateOrganisation");
    assert_entry(world, FIRST, "organisation", "ics-llr");
    assert_entry(world, FIRST, "verdict", "done");
    // The edge's word counts: whoever speaks on the gateway's own socket stands in its place.
    (void)snprintf(socket, sizeof socket, "%s/run/gateway.http", world->rig->platform.state_dir);
    answer =
        ask_as(world, world->rig->manager, "POST", "/v1/organisations", BODY("fed-two"), SECOND, "X-Forwarded-For: 203.0.113.66", socket);
    assert_int_equal(answer.status, 201);
    http_answer_clear(&answer);
    assert_entry(world, SECOND, "origin", "203.0.113.66");
}

static void refusals_are_in_it(void **state)
{
    world_t *world = *state;
    http_answer_t answer =
        ask_as(world, world->rig->manager, "PATCH", "/v1/organisations/fed-one", "{\"name\":\"B\"}", THIRD, "If-Match: \"99\"", NULL);
    assert_int_equal(answer.status, 412);
    http_answer_clear(&answer);
    assert_entry(world, THIRD, "verdict", "refused: ABORTED");
    assert_entry(world, THIRD, "resource", "organisations/fed-one");
    assert_entry(world, THIRD, "origin", "127.0.0.1");
    assert_int_equal(pcnctl(world, "list --resource organisations/fed-one"), 0);
    assert_non_null(strstr(world->said, "done"));
    assert_non_null(strstr(world->said, "refused: ABORTED"));
    assert_null(strstr(world->said, "fed-two"));
}

// It never reaches a service: the gateway's log has it.
static void a_missing_scope_is_in_the_log(void **state)
{
    world_t *world = *state;
    char *token = platform_token(&world->rig->platform, "operations", "ics-llr");
    http_answer_t answer = ask_as(world, token, "GET", "/v1/audit/registry", NULL, FOURTH, "X-Forwarded-For: 203.0.113.66", NULL);
    assert_int_equal(answer.status, 403);
    http_answer_clear(&answer);
    char command[512];
    (void)snprintf(command, sizeof command, "grep -h %s %s/log/*", FOURTH, world->rig->platform.state_dir);
    assert_int_equal(run_command(world, command), 0);
    assert_non_null(strstr(world->said, "\"status\":403"));
    assert_non_null(strstr(world->said, "\"origin\":\"127.0.0.1\""));
    assert_non_null(strstr(world->said, "pcn.audit.v1.Audit/Read"));
    assert_null(strstr(world->said, token));
    free(token);
}

// So many entries that there are some in the middle.
static void fill(world_t *world)
{
    for (int i = 0; i < 20; i++) {
        char body[160];
        (void)snprintf(body, sizeof body, "{\"code\":\"fed-f%d\",\"name\":\"F\",\"kind\":\"federation\",\"parent\":\"ics-llr\"}", i);
        http_answer_t answer = rig_ask(world->rig, world->rig->manager, "POST", "/v1/organisations", body, NULL, NULL);
        assert_int_equal(answer.status, 201);
        http_answer_clear(&answer);
    }
    await_chained(world);
}

static void every_alteration_shows(void **state)
{
    world_t *world = *state;
    char head[128], arguments[256];
    fill(world);
    take_head(world, head);
    (void)snprintf(arguments, sizeof arguments, "verify --since %s", head);
    assert_int_equal(pcnctl(world, arguments), 0);
    sql(world, "CREATE TABLE kept AS SELECT * FROM audit; CREATE TABLE kept_head AS SELECT * FROM audit_head");
    sql(world, "UPDATE audit SET subject = 'somebody@else' WHERE place = 17");
    assert_fault(world, "place 17: the entry does not fit its hash");
    sql(world, "UPDATE audit a SET subject = k.subject FROM kept k WHERE k.place = a.place AND k.place = 17");
    assert_whole(world);
    sql(world, "DELETE FROM audit WHERE place = 18");
    assert_fault(world, "place 18 is missing");
    // Both at once.
    sql(world, "UPDATE audit SET verdict = 'done.' WHERE place = 5");
    assert_int_equal(pcnctl(world, "verify"), 1);
    assert_non_null(strstr(world->said, "place 5: the entry does not fit its hash"));
    assert_non_null(strstr(world->said, "place 18 is missing"));
    sql(world, "TRUNCATE audit; INSERT INTO audit SELECT * FROM kept");
    assert_whole(world);
    sql(world, "DELETE FROM audit WHERE place = (SELECT max(place) FROM audit)");
    assert_fault(world, "is missing from the end");
    // With the head moved back the rest fits by itself: only who kept the head sees it.
    sql(world, "UPDATE audit_head h SET place = a.place, hash = a.hash FROM (SELECT * FROM audit ORDER BY place DESC LIMIT 1) a");
    assert_whole(world);
    assert_int_equal(pcnctl(world, arguments), 1);
    assert_non_null(strstr(world->said, "which was kept, is not there"));
    sql(world,
        "TRUNCATE audit; INSERT INTO audit SELECT * FROM kept; UPDATE audit_head h SET place = k.place, hash = k.hash FROM kept_head k;"
        "DROP TABLE kept, kept_head");
    assert_int_equal(pcnctl(world, arguments), 0);
}

static void the_application_cannot_write_it(void **state)
{
    static const char *const attempts[] = {"UPDATE audit SET subject = 'x'",  "DELETE FROM audit",       "TRUNCATE audit",
                                           "UPDATE audit_head SET place = 0", "DELETE FROM audit_queue", "SELECT * FROM audit_queue"};
    world_t *world = *state;
    char command[512];
    for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++) {
        (void)snprintf(command, sizeof command,
                       "psql -X -h %s/run -U pcn_registry_app -d pcn -v ON_ERROR_STOP=1 -c \"SET search_path = registry\" "
                       "-c \"%s\" 2>&1",
                       world->rig->platform.state_dir, attempts[i]);
        assert_int_not_equal(run_command(world, command), 0);
        assert_non_null(strstr(world->said, "permission denied"));
    }
}

static void a_killed_daemon_leaves_no_gap(void **state)
{
    world_t *world = *state;
    const rig_t *rig = world->rig;
    enum { WRITES = 40 };
    await_chained(world);
    // A start of the daemon may have work of its own, which is in the trail too.
    static const char *const creations = "SELECT count(*) FROM audit WHERE method LIKE '%/CreateOrganisation'";
    const long long before = sql_number(world, creations);
    int made = 0;
    for (int i = 0; i < WRITES; i++) {
        char body[160], path[64];
        (void)snprintf(path, sizeof path, "key-kill-%d", i);
        (void)snprintf(body, sizeof body, "{\"code\":\"fed-k%d\",\"name\":\"K\",\"kind\":\"federation\",\"parent\":\"ics-llr\"}", i);
        if (i % 13 == 7)
            assert_true(platform_kill(&rig->platform, "registry", SIGKILL));
        http_answer_t answer = rig_ask(rig, rig->manager, "POST", "/v1/organisations", body, path, NULL);
        for (int attempt = 0; attempt < 100 && answer.status >= 500; attempt++) {
            http_answer_clear(&answer);
            answer = rig_ask(rig, rig->manager, "POST", "/v1/organisations", body, path, NULL);
        }
        made += answer.status == 201;
        http_answer_clear(&answer);
    }
    assert_int_equal(made, WRITES);
    await_chained(world);
    assert_whole(world);
    assert_int_equal(sql_number(world, creations), before + WRITES);
}

static void wrong_arguments(void **state)
{
    world_t *world = *state;
    assert_int_equal(pcnctl(world, ""), 2);
    assert_int_equal(pcnctl(world, "prove"), 2);
    assert_int_equal(pcnctl(world, "verify --since 5"), 2);
    assert_int_equal(pcnctl(world, "verify --subject x"), 2);
    assert_int_equal(pcnctl(world, "list --since 5:x"), 2);
    assert_int_equal(pcnctl(world, "list --limit 0"), 2);
    // What the server refuses.
    assert_int_equal(pcnctl(world, "list --request-id x"), 4);
    assert_non_null(strstr(world->said, "requestId"));
    assert_int_equal(pcnctl(world, "list --resource no/such/thing --subject 'a b&c'"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_load_is_in_it),
        cmocka_unit_test(a_client_does_not_say_where_it_is),
        cmocka_unit_test(refusals_are_in_it),
        cmocka_unit_test(a_missing_scope_is_in_the_log),
        cmocka_unit_test(every_alteration_shows),
        cmocka_unit_test(the_application_cannot_write_it),
        cmocka_unit_test(a_killed_daemon_leaves_no_gap),
        cmocka_unit_test(wrong_arguments),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
