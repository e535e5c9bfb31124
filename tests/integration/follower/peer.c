#include "tests/integration/follower/peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/pb/json.h"
#include "common/pb/message.h"
#include "common/rpc/server.h"

#define CALL_US 60000000
#define JSON_CAP (4u * 1024u * 1024u)

typedef struct call {
    rpc_request_t request;
    peer_t *peer;
    const pb_method_t *method;
    bool done;
} call_t;

void peer_init(peer_t *peer, const char *folder)
{
    *peer = (peer_t){.folder = folder, .scope = "followers.write", .arena = arena_new(RPC_ARENA_CAP)};
    assert_non_null(peer->arena);
}

void peer_deinit(peer_t *peer)
{
    arena_destroy(&peer->arena);
}

static void peer_open(peer_t *peer)
{
    char keys[128], endpoint[160], server_key[RPC_KEY_SIZE];
    problem_t problem = {0};
    snprintf(keys, sizeof keys, "%s/keys", peer->folder);
    snprintf(endpoint, sizeof endpoint, "ipc://%s/run/copy.rpc", peer->folder);
    peer->metrics = metrics_new();
    assert_int_equal(uv_loop_init(&peer->loop), 0);
    assert_int_equal(rpc_keys_ensure(keys, "gateway", &problem), STATUS_OK);
    assert_int_equal(rpc_keys_load_public(keys, "copy", server_key, &problem), STATUS_OK);
    assert_int_equal(rpc_context_new(&peer->loop, keys, "gateway", peer->metrics, &peer->context, &problem), STATUS_OK);
    const char *const endpoints[] = {endpoint, NULL};
    const rpc_client_options_t options = {.service = "copy", .endpoints = endpoints, .server_key = server_key};
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
    peer_t *peer = call->peer;
    void *message = NULL;
    call->done = true;
    peer->problem = *problem;
    peer->reply = NULL;
    peer->replayed = reply != NULL && reply->replayed;
    if (problem->status != STATUS_OK)
        return;
    assert_int_equal(pb_unpack_reply(call->method->reply, body, body_size, peer->arena, &message, &peer->problem), STATUS_OK);
    buf_t json;
    buf_init(&json, JSON_CAP);
    pb_json_write(call->method->reply, message, &json);
    assert_true(buf_ok(&json));
    peer->reply = arena_copy(peer->arena, json.data, json.size);
    buf_deinit(&json);
    assert_non_null(peer->reply);
}

status_t peer_call(peer_t *peer, const char *method, const char *format, ...)
{
    char name[96], json[1024], id[ID_SIZE];
    void *request = NULL;
    uint8_t *body = NULL;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(json, sizeof json, format, arguments);
    va_end(arguments);
    snprintf(name, sizeof name, "pcn.followers.v1.Followers/%s", method);
    call_t call = {.peer = peer, .method = pb_method_by_name(name)};
    assert_non_null(call.method);
    arena_reset(peer->arena);
    if (pb_json_read(call.method->request, json, strlen(json), PB_JSON_TRUSTED, peer->arena, &request, NULL, NULL, &peer->problem) !=
        STATUS_OK)
        fail_msg("%s: %s", json, peer->problem.detail);
    assert_true(pb_pack(request, peer->arena, &body, &call.request.body_size));
    char *scopes[] = {(char *)(uintptr_t)peer->scope};
    Pcn__Common__V1__Principal principal = PCN__COMMON__V1__PRINCIPAL__INIT;
    principal.subject = (char *)"operator";
    principal.scopes = scopes;
    principal.n_scopes = 1;
    id_make(clock_wall_us(), id);
    pcn__common__v1__request_header__init(&call.request.header);
    call.request.header.request_id = id;
    call.request.header.method = (char *)(uintptr_t)call.method->name;
    call.request.header.principal = &principal;
    call.request.header.idempotency_key = (char *)(uintptr_t)peer->key;
    call.request.arena = peer->arena;
    call.request.body = body;
    call.request.repeatable = true;
    call.request.deadline_us = clock_steady_us() + CALL_US;
    call.request.done = call_done;
    peer_open(peer);
    rpc_client_call(peer->client, &call.request);
    while (!call.done)
        (void)uv_run(&peer->loop, UV_RUN_ONCE);
    peer_close(peer);
    peer->key = NULL;
    return peer->problem.status;
}
