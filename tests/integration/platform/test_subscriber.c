// What a key of its own may do over ZeroMQ, without a token: read the log, and nothing else.
#include "tests/integration/platform/rig.h"

#include <sys/wait.h>

#include "common/base/clock.h"
#include "common/pb/message.h"
#include "common/rpc/client.h"
#include "common/rpc/server.h"
#include "pcn/common/v1/envelope.meta.h"
#include "pcn/events/v1/events.meta.h"
#include "pcn/registry/v1/registry.meta.h"

#define CALL_US 60000000

// One peer of a service: a context and a client under a key of the instance's folder.
typedef struct peer {
    uv_loop_t loop;
    metrics_t *metrics;
    rpc_context_t *context;
    rpc_client_t *client;
} peer_t;

typedef struct call {
    rpc_request_t request;
    const pb_type_t *reply_type;
    void *reply;
    problem_t problem;
    bool done;
} call_t;

static void keys_path(const rig_t *rig, char path[192])
{
    snprintf(path, 192, "%s/keys", rig->platform.state_dir);
}

static void peer_open(const rig_t *rig, const char *service, const char *name, peer_t *peer)
{
    char keys[192], endpoint[192], server_key[RPC_KEY_SIZE];
    problem_t problem = {0};
    keys_path(rig, keys);
    snprintf(endpoint, sizeof endpoint, "ipc://%s/run/%s.rpc", rig->platform.state_dir, service);
    memset(peer, 0, sizeof *peer);
    peer->metrics = metrics_new();
    assert_int_equal(uv_loop_init(&peer->loop), 0);
    assert_int_equal(rpc_keys_load_public(keys, service, server_key, &problem), STATUS_OK);
    assert_int_equal(rpc_context_new(&peer->loop, keys, name, peer->metrics, &peer->context, &problem), STATUS_OK);
    const char *const endpoints[] = {endpoint, NULL};
    const rpc_client_options_t options = {.service = service, .endpoints = endpoints, .server_key = server_key};
    assert_int_equal(rpc_client_new(peer->context, &options, peer->metrics, &peer->client, &problem), STATUS_OK);
}

static void peer_close(peer_t *peer)
{
    rpc_client_destroy(&peer->client);
    rpc_context_destroy(&peer->context);
    while (uv_run(&peer->loop, UV_RUN_DEFAULT) != 0) {
    }
    assert_int_equal(uv_loop_close(&peer->loop), 0);
    metrics_destroy(&peer->metrics);
}

static void call_done(rpc_request_t *request, const Pcn__Common__V1__ReplyHeader *reply, const uint8_t *body, size_t body_size,
                      const problem_t *problem)
{
    call_t *call = (call_t *)request;
    (void)reply;
    call->problem = *problem;
    call->done = true;
    if (problem->status == STATUS_OK)
        assert_int_equal(pb_unpack(call->reply_type, body, body_size, request->arena, &call->reply, NULL), STATUS_OK);
}

// The status; the reply lives in the call's arena, which the caller destroys.
static status_t ask(peer_t *peer, const pb_method_t *method, const void *request, const Pcn__Common__V1__Principal *principal, call_t *call)
{
    uint8_t *body = NULL;
    *call = (call_t){.reply_type = method->reply};
    call->request.arena = arena_new(RPC_ARENA_CAP);
    assert_non_null(call->request.arena);
    pcn__common__v1__request_header__init(&call->request.header);
    call->request.header.request_id = (char *)"0190b2a0-0000-7000-8000-000000000001";
    call->request.header.method = (char *)method->name;
    call->request.header.principal = (Pcn__Common__V1__Principal *)principal;
    assert_true(pb_pack(request, call->request.arena, &body, &call->request.body_size));
    call->request.body = body;
    call->request.deadline_us = clock_steady_us() + CALL_US;
    call->request.done = call_done;
    rpc_client_call(peer->client, &call->request);
    while (!call->done)
        (void)uv_run(&peer->loop, UV_RUN_ONCE);
    return call->problem.status;
}

static status_t ask_events(peer_t *peer, const Pcn__Common__V1__Principal *principal, call_t *call)
{
    Pcn__Events__V1__ReadRequest request = PCN__EVENTS__V1__READ_REQUEST__INIT;
    request.service = (char *)"registry";
    request.has_limit = 1;
    request.limit = 3;
    return ask(peer, pb_method_by_name("pcn.events.v1.Events/Read"), &request, principal, call);
}

static status_t ask_organisation(peer_t *peer, call_t *call)
{
    Pcn__Registry__V1__GetOrganisationRequest request = PCN__REGISTRY__V1__GET_ORGANISATION_REQUEST__INIT;
    request.code = (char *)"ics-llr";
    return ask(peer, pb_method_by_name("pcn.registry.v1.Registry/GetOrganisation"), &request, NULL, call);
}

static void enrol(const rig_t *rig, const char *name)
{
    char keys[192], command[512];
    keys_path(rig, keys);
    snprintf(command, sizeof command, "'%s/bin/pcnctl' keys add %s --dir '%s' >/dev/null", rig->platform.state_dir, name, keys);
    const int code = system(command);
    assert_true(WIFEXITED(code) && WEXITSTATUS(code) == 0);
}

static void test_enrolled_key_reads_the_log(void **state)
{
    const rig_t *rig = *state;
    peer_t peer;
    call_t call;
    enrol(rig, "follower");
    peer_open(rig, "registry", "follower", &peer);

    assert_int_equal(ask_events(&peer, NULL, &call), STATUS_OK);
    const Pcn__Events__V1__ReadReply *page = call.reply;
    assert_int_equal(page->n_events, 3);
    assert_int_equal(page->events[0]->sequence, 1);
    assert_int_equal(page->next, 3);
    assert_true(page->max > 3);
    arena_destroy(&call.request.arena);

    assert_int_equal(ask_organisation(&peer, &call), STATUS_PERMISSION_DENIED);
    arena_destroy(&call.request.arena);

    // It speaks for itself alone, whatever scopes it would give the other.
    char *scopes[] = {(char *)"events.read"};
    Pcn__Common__V1__Principal principal = PCN__COMMON__V1__PRINCIPAL__INIT;
    principal.subject = (char *)"somebody";
    principal.scopes = scopes;
    principal.n_scopes = 1;
    assert_int_equal(ask_events(&peer, &principal, &call), STATUS_PERMISSION_DENIED);
    arena_destroy(&call.request.arena);
    peer_close(&peer);
}

static void test_gateway_names_its_caller(void **state)
{
    peer_t peer;
    call_t call;
    peer_open(*state, "registry", "gateway", &peer);
    assert_int_equal(ask_organisation(&peer, &call), STATUS_PERMISSION_DENIED);
    assert_string_equal(call.problem.detail, "The call names no caller");
    arena_destroy(&call.request.arena);
    assert_int_equal(ask_events(&peer, NULL, &call), STATUS_PERMISSION_DENIED);
    arena_destroy(&call.request.arena);

    Pcn__Common__V1__Principal nobody = PCN__COMMON__V1__PRINCIPAL__INIT;
    nobody.subject = (char *)"somebody";
    assert_int_equal(ask_events(&peer, &nobody, &call), STATUS_PERMISSION_DENIED);
    assert_string_equal(call.problem.detail, "The token lacks the scope events.read");
    arena_destroy(&call.request.arena);
    char *scopes[] = {(char *)"events.read"};
    nobody.scopes = scopes;
    nobody.n_scopes = 1;
    assert_int_equal(ask_events(&peer, &nobody, &call), STATUS_OK);
    arena_destroy(&call.request.arena);
    peer_close(&peer);
}

// Case 25: under another service's key no method of a service is to be had, whomever the call names.
static void assert_nothing_to_be_had(const rig_t *rig, const char *service, const pb_service_t *contract)
{
    char *scopes[] = {NULL}, *organisations[] = {(char *)"ics-llr"};
    Pcn__Common__V1__Principal principal = PCN__COMMON__V1__PRINCIPAL__INIT;
    principal.subject = (char *)"somebody";
    principal.scopes = scopes;
    principal.n_scopes = 1;
    principal.organisations = organisations;
    principal.n_organisations = 1;
    peer_t peer;
    call_t call;
    peer_open(rig, service, "finance", &peer);
    for (unsigned i = 0; i < contract->method_count; i++) {
        const pb_method_t *method = &contract->methods[i];
        arena_t *arena = arena_new(RPC_ARENA_CAP);
        const void *request = pb_new(method->request, arena);
        scopes[0] = method->scope != NULL ? (char *)(uintptr_t)method->scope : (char *)"events.read";
        for (int named = 0; named < 2; named++) {
            if (ask(&peer, method, request, named ? &principal : NULL, &call) != STATUS_PERMISSION_DENIED)
                fail_msg("%s: %s %s", method->name, status_name(call.problem.status), call.problem.detail);
            arena_destroy(&call.request.arena);
        }
        arena_destroy(&arena);
    }
    peer_close(&peer);
}

static void test_another_services_key_has_nothing(void **state)
{
    const rig_t *rig = *state;
    unsigned asked = 0, services = 0;
    enrol(rig, "finance");
    for (const pb_service_t *const *contract = pcn_services; *contract != NULL; contract++) {
        const char *service = (*contract)->method_count > 0 ? (*contract)->methods[0].service : NULL;
        // Those that every service has are for enrolled keys too, or not over this socket.
        if (service == NULL)
            continue;
        assert_nothing_to_be_had(rig, service, *contract);
        asked++;
    }
    while (pcn_service_names[services] != NULL)
        services++;
    assert_int_equal(asked, services);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_enrolled_key_reads_the_log), cmocka_unit_test(test_gateway_names_its_caller),
                                       cmocka_unit_test(test_another_services_key_has_nothing)};
    return cmocka_run_group_tests(tests, rig_start, rig_stop);
}
