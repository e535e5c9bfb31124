// What becomes an entry of the audit trail, over a real server and a real database: changes, refused changes and looks that are audited.
#include "tests/integration/audit/rig.h"
#include "tests/unit/rpc/world.h"

#include "common/base/id.h"
#include "common/pb/json.h"
#include "common/pb/message.h"
#include "common/service/exchange.h"
#include "services/registry/service.h"

#define HANDLERS_MAX 64

typedef struct stage {
    rig_t *rig;
    world_t world;
    service_handler_t handlers[HANDLERS_MAX + 1];
    service_t service;
    exchange_host_t host;
} stage_t;

typedef struct call {
    rpc_request_t request;
    bool done, has_body, replayed;
    problem_t problem;
} call_t;

// ---- set-up ----

static void serve(void *data, rpc_call_t *call)
{
    exchange_serve(data, call);
}

// The registry, with one read that must be accounted for.
static void fill_service(stage_t *stage)
{
    size_t count = 0;
    const service_handler_t *handler;
    while ((handler = service_handler(&registry_service, count)) != NULL) {
        assert_true(count < HANDLERS_MAX);
        stage->handlers[count] = *handler;
        if (strcmp(handler->method, "GetNetwork") == 0)
            stage->handlers[count].flags |= SERVICE_AUDITED;
        count++;
    }
    stage->service = registry_service;
    memset(stage->service.handlers, 0, sizeof stage->service.handlers);
    stage->service.handlers[0] = stage->handlers;
}

static void open_database(stage_t *stage)
{
    problem_t problem = {0};
    char dsn[512];
    (void)snprintf(dsn, sizeof dsn, "%s options='-c role=%s'", test_database_dsn(stage->rig->database), stage->rig->app);
    const db_options_t options = {.dsn = dsn,
                                  .application_name = "exchange",
                                  .schema = "registry",
                                  .lookup_connections = 1,
                                  .read_connections = 1,
                                  .write_connections = 2};
    assert_int_equal(db_new(&stage->world.loop, &options, stage->world.metrics, &stage->host.db, &problem), STATUS_OK);
}

static void open_server(stage_t *stage)
{
    static const rpc_permission_t permissions[] = {{.peer = EXCHANGE_SPEAKER, .method = "", .with_principal = true}, {.peer = NULL}};
    problem_t problem = {0};
    world_server_t *server = &stage->world.one;
    (void)snprintf(server->endpoint, sizeof server->endpoint, "ipc://%s/one", stage->world.dir);
    const char *const endpoints[] = {server->endpoint, NULL};
    const rpc_server_options_t options = {.endpoints = endpoints, .permissions = permissions, .serve = serve, .data = &stage->host};
    assert_int_equal(rpc_context_new(&stage->world.loop, stage->world.dir, "registry", stage->world.metrics, &server->context, &problem),
                     STATUS_OK);
    assert_int_equal(rpc_server_new(server->context, &options, stage->world.metrics, &server->server, &problem), STATUS_OK);
    stage->host.server = server->server;
}

static int setup(void **state)
{
    stage_t *stage = calloc(1, sizeof *stage);
    problem_t problem = {0};
    assert_non_null(stage);
    assert_int_equal(rig_setup((void **)&stage->rig), 0);
    world_init(&stage->world);
    fill_service(stage);
    plan_t *plan = NULL;
    assert_int_equal(plan_new(&stage->service, &plan, &problem), STATUS_OK);
    stage->host.plan = plan;
    stage->host.replays = metrics_counter(stage->world.metrics, "replays", NULL, "");
    stage->host.conflicts = metrics_counter(stage->world.metrics, "conflicts", NULL, "");
    stage->host.audit_refusals = metrics_counter(stage->world.metrics, "refusals", NULL, "");
    stage->host.audit_failures = metrics_counter(stage->world.metrics, "failures", NULL, "");
    buf_init(&stage->host.scratch, 1024 * 1024);
    open_database(stage);
    open_server(stage);
    world_client_start(&stage->world, "gateway", stage->world.dir, 0);
    *state = stage;
    return 0;
}

static int teardown(void **state)
{
    stage_t *stage = *state;
    plan_t *plan = (plan_t *)(uintptr_t)stage->host.plan;
    db_destroy(&stage->host.db);
    world_deinit(&stage->world);
    plan_destroy(&plan);
    buf_deinit(&stage->host.scratch);
    assert_int_equal(rig_teardown((void **)&stage->rig), 0);
    free(stage);
    return 0;
}

static int reset(void **state)
{
    stage_t *stage = *state;
    stage->host.audit_refusals->value = stage->host.audit_failures->value = 0;
    return rig_reset((void **)&stage->rig);
}

// ---- calls ----

static void on_done(rpc_request_t *request, const Pcn__Common__V1__ReplyHeader *reply, const uint8_t *body, size_t body_size,
                    const problem_t *problem)
{
    call_t *call = (call_t *)request;
    (void)body;
    call->done = true;
    call->problem = *problem;
    call->has_body = problem->status == STATUS_OK && body_size > 0;
    call->replayed = reply != NULL && reply->replayed;
}

static char *manager_scopes[] = {(char *)"registry.read", (char *)"registry.any", (char *)"organisations.write", (char *)"networks.write",
                                 (char *)"audit.read"};
static char *manager_organisations[] = {(char *)"ics-a", (char *)"pcn-b"};

static void start(stage_t *stage, call_t *call, const char *method, const char *json, const char *key, int64_t version, size_t scopes)
{
    problem_t problem = {0};
    void *message = NULL;
    uint8_t *bytes = NULL;
    memset(call, 0, sizeof *call);
    call->request.arena = arena_new(RPC_ARENA_CAP);
    arena_t *arena = call->request.arena;
    Pcn__Common__V1__RequestHeader *header = &call->request.header;
    pcn__common__v1__request_header__init(header);
    header->method = strchr(method, '/') != NULL ? arena_string(arena, method) : arena_printf(arena, "pcn.registry.v1.Registry/%s", method);
    const pb_method_t *known = pb_method_by_name(header->method);
    assert_non_null(known);
    assert_int_equal(pb_json_read(known->request, json, strlen(json), PB_JSON_TRUSTED, arena, &message, NULL, NULL, &problem), STATUS_OK);
    assert_true(pb_pack(message, arena, &bytes, &call->request.body_size));
    call->request.body = bytes;
    char id[ID_SIZE];
    id_make(clock_wall_us(), id);
    header->request_id = arena_string(arena, id);
    header->idempotency_key = (char *)(uintptr_t)key;
    header->origin = (char *)"203.0.113.7";
    header->has_expected_version = version > 0;
    header->expected_version = version;
    Pcn__Common__V1__Principal *principal = arena_zero(arena, sizeof *principal);
    pcn__common__v1__principal__init(principal);
    principal->subject = (char *)"Zo\xc3\xab";
    principal->organisations = manager_organisations;
    principal->n_organisations = 2;
    principal->scopes = manager_scopes;
    principal->n_scopes = scopes;
    header->principal = scopes > 0 ? principal : NULL;
    call->request.deadline_us = clock_steady_us() + WORLD_LONG_MS * INT64_C(1000);
    call->request.done = on_done;
    rpc_client_call(stage->world.client, &call->request);
}

static status_t finish(stage_t *stage, call_t *call)
{
    assert_true(WORLD_UNTIL(&stage->world, call->done));
    arena_destroy(&call->request.arena);
    return call->problem.status;
}

#define ALL_SCOPES 5

static status_t ask(stage_t *stage, const char *method, const char *json, const char *key, int64_t version)
{
    call_t call;
    start(stage, &call, method, json, key, version, ALL_SCOPES);
    return finish(stage, &call);
}

// The queue's entries, one a line, and empties it.
static void assert_entries(stage_t *stage, const char *expected)
{
    char *entries = test_database_query(
        stage->rig->database, "SELECT coalesce(string_agg(concat_ws(' ', subject, organisation, coalesce(origin, '-'), peer, "
                              "    split_part(method, '/', 2), resource, verdict), E'\\n' ORDER BY position), '') FROM audit_queue");
    assert_string_equal(entries, expected);
    free(entries);
    rig_exec(stage->rig, "DELETE FROM audit_queue");
}

#define BY "Zo\xc3\xab ics-a,pcn-b 203.0.113.7 gateway "
#define ICS "{\"organisation\":{\"code\":\"ics-a\",\"name\":\"System A\",\"kind\":\"ics\"}}"
#define CCG "{\"organisation\":{\"code\":\"ccg-a\",\"name\":\"A\",\"kind\":\"ccg\",\"parent\":\"ics-a\"}}"
#define PCN "{\"organisation\":{\"code\":\"pcn-a\",\"name\":\"N\",\"kind\":\"network\",\"parent\":\"ccg-a\"}}"
#define RENAME "{\"code\":\"ics-a\",\"organisation\":{\"name\":\"Other\"}}"

// ---- tests ----

static void a_change_is_one_entry(void **state)
{
    stage_t *stage = *state;
    assert_int_equal(ask(stage, "CreateOrganisation", ICS, "one", 0), STATUS_OK);
    assert_entries(stage, BY "CreateOrganisation organisations/ics-a done");
    assert_int_equal(ask(stage, "UpdateOrganisation", RENAME, "two", 1), STATUS_OK);
    assert_entries(stage, BY "UpdateOrganisation organisations/ics-a done");
    // Its repetition is none, nor what changes nothing.
    assert_int_equal(ask(stage, "CreateOrganisation", ICS, "one", 0), STATUS_OK);
    assert_int_equal(ask(stage, "UpdateOrganisation", RENAME, "two", 1), STATUS_OK);
    assert_int_equal(ask(stage, "UpdateOrganisation", RENAME, "three", 2), STATUS_OK);
    assert_entries(stage, "");
    assert_int_equal(stage->host.audit_refusals->value, 0);
}

static void a_refused_change_is_one_entry(void **state)
{
    stage_t *stage = *state;
    assert_int_equal(ask(stage, "CreateOrganisation", ICS, "one", 0), STATUS_OK);
    rig_exec(stage->rig, "DELETE FROM audit_queue");
    assert_int_equal(ask(stage, "CreateOrganisation", ICS, "two", 0), STATUS_ALREADY_EXISTS);
    assert_entries(stage, BY "CreateOrganisation organisations/ics-a refused: ALREADY_EXISTS");
    assert_int_equal(ask(stage, "CreateOrganisation", CCG, "one", 0), STATUS_FAILED_PRECONDITION);
    assert_entries(stage, BY "CreateOrganisation organisations/ccg-a refused: FAILED_PRECONDITION");
    assert_int_equal(ask(stage, "UpdateOrganisation", RENAME, "three", 7), STATUS_ABORTED);
    assert_entries(stage, BY "UpdateOrganisation organisations/ics-a refused: ABORTED");
    assert_int_equal(ask(stage, "UpdateOrganisation", "{\"code\":\"ics-z\",\"organisation\":{\"name\":\"Z\"}}", "four", 1),
                     STATUS_NOT_FOUND);
    assert_entries(stage, BY "UpdateOrganisation organisations/ics-z refused: NOT_FOUND");
    assert_int_equal(stage->host.audit_refusals->value, 4);
    // Malformed by the contract: nothing was looked at.
    assert_int_equal(
        ask(stage, "CreateOrganisation", "{\"organisation\":{\"code\":\"No Code\",\"name\":\"A\",\"kind\":\"ics\"}}", "five", 0),
        STATUS_INVALID_ARGUMENT);
    // A read that is refused is none either.
    assert_int_equal(ask(stage, "GetOrganisation", "{\"code\":\"ics-z\"}", NULL, 0), STATUS_NOT_FOUND);
    assert_entries(stage, "");
}

static void without_the_right(void **state)
{
    stage_t *stage = *state;
    call_t call;
    start(stage, &call, "CreateOrganisation", ICS, "one", 0, 1);
    assert_int_equal(finish(stage, &call), STATUS_PERMISSION_DENIED);
    assert_entries(stage, BY "CreateOrganisation organisations/ics-a refused: PERMISSION_DENIED");
    // What cannot be read is told as far as the route goes.
    start(stage, &call, "AddMember", "{\"code\":\"No Code\"}", "two", 0, 1);
    assert_int_equal(finish(stage, &call), STATUS_PERMISSION_DENIED);
    assert_entries(stage, BY "AddMember networks refused: PERMISSION_DENIED");
    // A call without a caller: nobody vouches for where it comes from.
    start(stage, &call, "CreateOrganisation", ICS, "three", 0, 0);
    assert_int_equal(finish(stage, &call), STATUS_PERMISSION_DENIED);
    assert_entries(stage, "  - gateway CreateOrganisation organisations/ics-a refused: PERMISSION_DENIED");
}

// Whoever was led here by a wrong endpoint is told so.
static void another_services_trail_is_not_here(void **state)
{
    stage_t *stage = *state;
    call_t call;
    assert_int_equal(ask(stage, "pcn.audit.v1.Audit/Read", "{\"service\":\"registry\"}", NULL, 0), STATUS_OK);
    start(stage, &call, "pcn.audit.v1.Audit/Read", "{\"service\":\"finance\"}", NULL, 0, ALL_SCOPES);
    assert_int_equal(finish(stage, &call), STATUS_NOT_FOUND);
    assert_string_equal(call.problem.field, "service");
    assert_string_equal(call.problem.detail, "This is registry, not finance");
}

static void populate(stage_t *stage)
{
    assert_int_equal(ask(stage, "CreateOrganisation", ICS, "ics", 0), STATUS_OK);
    assert_int_equal(ask(stage, "CreateOrganisation", CCG, "ccg", 0), STATUS_OK);
    assert_int_equal(ask(stage, "CreateOrganisation", PCN, "pcn", 0), STATUS_OK);
    rig_exec(stage->rig, "DELETE FROM audit_queue");
}

static void a_look_that_is_audited(void **state)
{
    stage_t *stage = *state;
    call_t call;
    populate(stage);
    start(stage, &call, "GetNetwork", "{\"code\":\"pcn-a\"}", NULL, 0, ALL_SCOPES);
    assert_int_equal(finish(stage, &call), STATUS_OK);
    assert_true(call.has_body);
    assert_entries(stage, BY "GetNetwork networks/pcn-a done");
    assert_int_equal(ask(stage, "GetNetwork", "{\"code\":\"pcn-z\"}", NULL, 0), STATUS_NOT_FOUND);
    assert_entries(stage, BY "GetNetwork networks/pcn-z refused: NOT_FOUND");
    start(stage, &call, "GetNetwork", "{\"code\":\"pcn-a\"}", NULL, 0, 0);
    assert_int_equal(finish(stage, &call), STATUS_PERMISSION_DENIED);
    assert_entries(stage, "  - gateway GetNetwork networks/pcn-a refused: PERMISSION_DENIED");
    assert_int_equal(ask(stage, "GetNetwork", "{\"code\":\"No Code\"}", NULL, 0), STATUS_INVALID_ARGUMENT);
    assert_entries(stage, "");
}

static void what_cannot_be_told_is_not_shown(void **state)
{
    stage_t *stage = *state;
    call_t call;
    populate(stage);
    rig_exec(stage->rig, "REVOKE INSERT ON audit_queue FROM %s", stage->rig->app);
    start(stage, &call, "GetNetwork", "{\"code\":\"pcn-a\"}", NULL, 0, ALL_SCOPES);
    assert_int_equal(finish(stage, &call), STATUS_UNAVAILABLE);
    assert_false(call.has_body);
    assert_int_equal(ask(stage, "GetNetwork", "{\"code\":\"pcn-z\"}", NULL, 0), STATUS_UNAVAILABLE);
    assert_int_equal(stage->host.audit_failures->value, 2);
    // A refused change changed nothing: its caller is told all the same.
    assert_int_equal(ask(stage, "CreateOrganisation", ICS, "two", 0), STATUS_INTERNAL);
    assert_int_equal(ask(stage, "UpdateOrganisation", RENAME, "three", 7), STATUS_ABORTED);
    assert_int_equal(stage->host.audit_failures->value, 3);
    // A change that cannot be told does not take place.
    assert_int_equal(ask(stage, "UpdateOrganisation", RENAME, "four", 1), STATUS_INTERNAL);
    assert_int_equal(test_database_number(stage->rig->database, "SELECT version FROM organisation WHERE code = 'ics-a'"), 1);
    rig_exec(stage->rig, "GRANT INSERT ON audit_queue TO %s", stage->rig->app);
    assert_int_equal(ask(stage, "UpdateOrganisation", RENAME, "four", 1), STATUS_OK);
    assert_entries(stage, BY "UpdateOrganisation organisations/ics-a done");
}

static void many_at_once_are_many_entries(void **state)
{
    enum { COUNT = 200 };
    stage_t *stage = *state;
    call_t *calls = calloc(COUNT, sizeof *calls);
    assert_non_null(calls);
    populate(stage);
    for (int i = 0; i < COUNT; i++) {
        char json[64];
        (void)snprintf(json, sizeof json, "{\"code\":\"pcn-%s%d\"}", i % 2 == 0 ? "a" : "z", i);
        start(stage, &calls[i], "GetNetwork", i % 2 == 0 ? "{\"code\":\"pcn-a\"}" : json, NULL, 0, ALL_SCOPES);
    }
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(finish(stage, &calls[i]), i % 2 == 0 ? STATUS_OK : STATUS_NOT_FOUND);
    assert_int_equal(test_database_number(stage->rig->database, "SELECT count(*) FROM audit_queue WHERE verdict = 'done'"), COUNT / 2);
    assert_int_equal(test_database_number(stage->rig->database, "SELECT count(DISTINCT request_id) FROM audit_queue"), COUNT);
    free(calls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_change_is_one_entry, reset),
        cmocka_unit_test_setup(a_refused_change_is_one_entry, reset),
        cmocka_unit_test_setup(without_the_right, reset),
        cmocka_unit_test_setup(another_services_trail_is_not_here, reset),
        cmocka_unit_test_setup(a_look_that_is_audited, reset),
        cmocka_unit_test_setup(what_cannot_be_told_is_not_shown, reset),
        cmocka_unit_test_setup(many_at_once_are_many_entries, reset),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
