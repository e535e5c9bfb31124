#include "tests/integration/faults/peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/pb/message.h"
#include "common/rpc/server.h"
#include "pcn/common/v1/envelope.meta.h"
#include "pcn/events/v1/events.meta.h"

#define CALL_US 60000000

typedef struct call {
    rpc_request_t request;
    const pb_type_t *type;
    peer_reply_t *reply;
    bool done;
} call_t;

void peer_open(peer_t *peer, const platform_t *platform, const char *name)
{
    char keys[192], endpoint[192], command[512], server_key[RPC_KEY_SIZE];
    problem_t problem = {0};
    snprintf(keys, sizeof keys, "%s/keys", platform->state_dir);
    snprintf(command, sizeof command, "'%s/bin/pcnctl' keys add '%s' --dir '%s' >/dev/null", platform->state_dir, name, keys);
    assert_int_equal(system(command), 0);
    snprintf(endpoint, sizeof endpoint, "ipc://%s/run/registry.rpc", platform->state_dir);
    memset(peer, 0, sizeof *peer);
    peer->metrics = metrics_new();
    assert_int_equal(uv_loop_init(&peer->loop), 0);
    assert_int_equal(rpc_keys_load_public(keys, "registry", server_key, &problem), STATUS_OK);
    assert_int_equal(rpc_context_new(&peer->loop, keys, name, peer->metrics, &peer->context, &problem), STATUS_OK);
    const char *const endpoints[] = {endpoint, NULL};
    const rpc_client_options_t options = {.service = "registry", .endpoints = endpoints, .server_key = server_key};
    assert_int_equal(rpc_client_new(peer->context, &options, peer->metrics, &peer->client, &problem), STATUS_OK);
}

void peer_close(peer_t *peer)
{
    rpc_client_destroy(&peer->client);
    rpc_context_destroy(&peer->context);
    while (uv_run(&peer->loop, UV_RUN_DEFAULT) != 0) {
    }
    assert_int_equal(uv_loop_close(&peer->loop), 0);
    metrics_destroy(&peer->metrics);
}

static void call_done(rpc_request_t *request, const Pcn__Common__V1__ReplyHeader *header, const uint8_t *body, size_t body_size,
                      const problem_t *problem)
{
    call_t *call = (call_t *)request;
    (void)header;
    call->reply->problem = *problem;
    call->done = true;
    if (problem->status == STATUS_OK)
        assert_int_equal(pb_unpack_reply(call->type, body, body_size, request->arena, &call->reply->message, NULL), STATUS_OK);
}

static status_t ask(peer_t *peer, const char *method_name, const void *request, peer_reply_t *reply)
{
    const pb_method_t *method = pb_method_by_name(method_name);
    uint8_t *body = NULL;
    call_t call = {.type = method->reply, .reply = reply};
    *reply = (peer_reply_t){.arena = arena_new(RPC_ARENA_CAP)};
    assert_non_null(reply->arena);
    pcn__common__v1__request_header__init(&call.request.header);
    call.request.header.request_id = (char *)"0190b2a0-0000-7000-8000-000000000002";
    call.request.header.method = (char *)method->name;
    call.request.arena = reply->arena;
    assert_true(pb_pack(request, reply->arena, &body, &call.request.body_size));
    call.request.body = body;
    call.request.repeatable = true;
    call.request.deadline_us = clock_steady_us() + CALL_US;
    call.request.done = call_done;
    rpc_client_call(peer->client, &call.request);
    while (!call.done)
        (void)uv_run(&peer->loop, UV_RUN_ONCE);
    return reply->problem.status;
}

status_t peer_read(peer_t *peer, int64_t after, uint32_t limit, const char *epoch, peer_reply_t *reply)
{
    Pcn__Events__V1__ReadRequest request = PCN__EVENTS__V1__READ_REQUEST__INIT;
    request.service = (char *)"registry";
    request.has_after = request.has_limit = 1;
    request.after = after;
    request.limit = limit;
    request.epoch = (char *)epoch;
    return ask(peer, "pcn.events.v1.Events/Read", &request, reply);
}

status_t peer_snapshot(peer_t *peer, uint32_t page_size, const char *page_token, peer_reply_t *reply)
{
    Pcn__Events__V1__SnapshotRequest request = PCN__EVENTS__V1__SNAPSHOT_REQUEST__INIT;
    request.service = (char *)"registry";
    request.has_page_size = 1;
    request.page_size = page_size;
    request.page_token = (char *)page_token;
    return ask(peer, "pcn.events.v1.Events/Snapshot", &request, reply);
}

void peer_reply_clear(peer_reply_t *reply)
{
    arena_destroy(&reply->arena);
    *reply = (peer_reply_t){0};
}
