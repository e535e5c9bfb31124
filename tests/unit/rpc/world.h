// What the tests of common/rpc share: a folder with keys, a loop, and a server and a client with contexts of their own in it.
#ifndef PCN_TESTS_RPC_WORLD_H
#define PCN_TESTS_RPC_WORLD_H

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "common/base/clock.h"
#include "common/rpc/client.h"
#include "common/rpc/server.h"

#define WORLD_METHOD "pcn.registry.v1.Registry/GetOrganisation"
#define WORLD_ID "0190b2a0-0000-7000-8000-000000000001"

enum {
    WORLD_HANG_MS = 60000,
    WORLD_LONG_MS = 120000, // of a call whose own time is not to end
};

typedef enum world_mode { WORLD_ECHO, WORLD_HOLD, WORLD_TWICE } world_mode_t;

typedef struct world_server {
    rpc_context_t *context;
    rpc_server_t *server;
    char endpoint[160];
    world_mode_t mode;
    unsigned served;
    rpc_call_t *held[512];
    unsigned held_count;
    char peer[RPC_NAME_SIZE];
} world_server_t;

typedef struct world {
    char dir[64];
    uv_loop_t loop;
    metrics_t *metrics;
    char key[RPC_KEY_SIZE];
    rpc_context_t *context; // the client's
    rpc_client_t *client;
    world_server_t one, two;
    uv_timer_t guard;
    bool late;
} world_t;

typedef struct world_call {
    rpc_request_t request;
    char body[64];
    unsigned done;
    status_t status;
    char reply[64];
    problem_t problem;
    struct world_call *again; // made from inside done
    world_t *world;
} world_call_t;

static const rpc_permission_t world_permissions[] = {
    {.peer = "gateway", .method = "", .with_principal = true},
    {.peer = "follower", .method = "pcn.events.v1.Events/", .in_flight_a_key = 3, .in_flight_max = 5},
    {.peer = NULL},
};

static inline void world_serve(void *data, rpc_call_t *call)
{
    world_server_t *self = data;
    self->served++;
    (void)snprintf(self->peer, sizeof self->peer, "%s", call->peer);
    if (self->mode == WORLD_HOLD && self->held_count < sizeof self->held / sizeof self->held[0]) {
        self->held[self->held_count++] = call;
        return;
    }
    Pcn__Common__V1__ReplyHeader reply = PCN__COMMON__V1__REPLY_HEADER__INIT;
    reply.has_version = true;
    reply.version = 7;
    rpc_reply(self->server, call, &reply, call->body, call->body_size);
}

static inline void world_answer_held(world_server_t *self)
{
    for (unsigned i = 0; i < self->held_count; i++) {
        Pcn__Common__V1__ReplyHeader reply = PCN__COMMON__V1__REPLY_HEADER__INIT;
        rpc_reply(self->server, self->held[i], &reply, self->held[i]->body, self->held[i]->body_size);
    }
    self->held_count = 0;
}

static inline void world_late(uv_timer_t *timer)
{
    ((world_t *)timer->data)->late = true;
}

// Runs the loop until the condition holds; false where it never does. The limit is there for that alone: no test may need it to be short.
#define WORLD_UNTIL(world, condition)                                                                                                      \
    ((world)->late = false, (void)uv_timer_start(&(world)->guard, world_late, WORLD_HANG_MS, 0), world_spin(world, condition))
#define world_spin(world, condition)                                                                                                       \
    ({                                                                                                                                     \
        while (!(condition) && !(world)->late) {                                                                                           \
            (void)uv_run(&(world)->loop, UV_RUN_ONCE);                                                                                     \
        }                                                                                                                                  \
        (void)uv_timer_stop(&(world)->guard);                                                                                              \
        (condition);                                                                                                                       \
    })

// For what is not to happen meanwhile.
static inline void world_wait(world_t *world, unsigned ms)
{
    world->late = false;
    (void)uv_timer_start(&world->guard, world_late, ms, 0);
    (void)world_spin(world, false);
}

static inline void world_serve_start(world_t *world, world_server_t *self, const char *socket, unsigned in_flight_max)
{
    problem_t problem = {.status = STATUS_OK};
    (void)snprintf(self->endpoint, sizeof self->endpoint, "ipc://%s/%s", world->dir, socket);
    if (self->context == NULL) {
        assert_int_equal(rpc_context_new(&world->loop, world->dir, "registry", world->metrics, &self->context, &problem), STATUS_OK);
    }
    const char *endpoints[] = {self->endpoint, NULL};
    rpc_server_options_t options = {endpoints, world_permissions, world_serve, self, in_flight_max};
    assert_int_equal(rpc_server_new(self->context, &options, world->metrics, &self->server, &problem), STATUS_OK);
}

static inline void world_server_stop(world_server_t *self)
{
    rpc_server_destroy(&self->server);
    rpc_context_destroy(&self->context);
    self->held_count = 0;
}

static inline void world_client_start(world_t *world, const char *name, const char *dir, unsigned in_flight_max)
{
    problem_t problem = {.status = STATUS_OK};
    assert_int_equal(rpc_context_new(&world->loop, dir, name, world->metrics, &world->context, &problem), STATUS_OK);
    const char *endpoints[] = {world->one.endpoint, world->two.endpoint[0] != '\0' ? world->two.endpoint : NULL, NULL};
    rpc_client_options_t options = {"registry", endpoints, world->key, in_flight_max};
    assert_int_equal(rpc_client_new(world->context, &options, world->metrics, &world->client, &problem), STATUS_OK);
}

static inline void world_init(world_t *world)
{
    memset(world, 0, sizeof *world);
    (void)strcpy(world->dir, "/tmp/pcn-rpc-XXXXXX");
    assert_non_null(mkdtemp(world->dir));
    assert_int_equal(uv_loop_init(&world->loop), 0);
    assert_int_equal(uv_timer_init(&world->loop, &world->guard), 0);
    world->guard.data = world;
    world->metrics = metrics_new();
    problem_t problem = {.status = STATUS_OK};
    assert_int_equal(rpc_keys_ensure(world->dir, "registry", &problem), STATUS_OK);
    assert_int_equal(rpc_keys_ensure(world->dir, "gateway", &problem), STATUS_OK);
    assert_int_equal(rpc_keys_ensure(world->dir, "follower", &problem), STATUS_OK);
    assert_int_equal(rpc_keys_load_public(world->dir, "registry", world->key, &problem), STATUS_OK);
}

static inline void world_deinit(world_t *world)
{
    rpc_client_destroy(&world->client);
    rpc_context_destroy(&world->context);
    rpc_server_destroy(&world->one.server);
    rpc_server_destroy(&world->two.server);
    rpc_context_destroy(&world->one.context);
    rpc_context_destroy(&world->two.context);
    uv_close((uv_handle_t *)&world->guard, NULL);
    while (uv_run(&world->loop, UV_RUN_DEFAULT) != 0) {
    }
    assert_int_equal(uv_loop_close(&world->loop), 0); // no handle was left open
    metrics_destroy(&world->metrics);
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", world->dir);
    assert_int_equal(system(command), 0);
}

static inline uint64_t world_count(world_t *world, const char *name, const char *labels)
{
    return metrics_counter(world->metrics, name, labels, "")->value;
}

static inline void world_done(rpc_request_t *request, const Pcn__Common__V1__ReplyHeader *reply, const uint8_t *body, size_t body_size,
                              const problem_t *problem)
{
    world_call_t *call = (world_call_t *)request;
    call->done++;
    assert_non_null(problem);
    call->status = problem->status;
    call->problem = *problem;
    if (problem->status == STATUS_OK) {
        assert_non_null(reply);
        assert_true(body_size < sizeof call->reply);
        memcpy(call->reply, body, body_size);
        call->reply[body_size] = '\0';
    }
    arena_destroy(&request->arena);
    if (call->again != NULL) {
        rpc_client_call(call->world->client, &call->again->request);
    }
}

static inline void world_prepare(world_call_t *call, const char *body, int64_t timeout_ms, bool repeatable)
{
    memset(call, 0, sizeof *call);
    (void)snprintf(call->body, sizeof call->body, "%s", body);
    call->request.header = (Pcn__Common__V1__RequestHeader)PCN__COMMON__V1__REQUEST_HEADER__INIT;
    call->request.header.request_id = (char *)WORLD_ID;
    call->request.header.method = (char *)WORLD_METHOD;
    call->request.body = call->body;
    call->request.body_size = strlen(call->body);
    call->request.deadline_us = clock_steady_us() + timeout_ms * 1000;
    call->request.repeatable = repeatable;
    call->request.arena = arena_new(RPC_ARENA_CAP);
    call->request.done = world_done;
    assert_non_null(call->request.arena);
}

static inline void world_call(world_t *world, world_call_t *call, const char *body, int64_t timeout_ms, bool repeatable)
{
    world_prepare(call, body, timeout_ms, repeatable);
    call->world = world;
    rpc_client_call(world->client, &call->request);
    assert_int_equal(call->done, 0); // never from inside
}

static inline unsigned world_done_count(const world_call_t *calls, unsigned count)
{
    unsigned done = 0;
    for (unsigned i = 0; i < count; i++) {
        done += calls[i].done > 0 ? 1 : 0;
    }
    return done;
}

// Each exactly once, with its own body.
static inline void world_assert_echoed(const world_call_t *calls, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(calls[i].done, 1);
        assert_int_equal(calls[i].status, STATUS_OK);
        assert_string_equal(calls[i].reply, calls[i].body);
    }
}

#endif
