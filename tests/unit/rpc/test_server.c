#include "tests/unit/rpc/world.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "common/rpc/batch.h"

static void answers_with_the_callers_name(void **state)
{
    (void)state;
    world_t world;
    world_call_t call;
    world_init(&world);
    world_serve_start(&world, &world.one, "one", 0);
    world_client_start(&world, "gateway", world.dir, 0);
    assert_false(rpc_client_ready(world.client));
    world_call(&world, &call, "hello", WORLD_LONG_MS, false);
    assert_int_equal(rpc_client_in_flight(world.client), 1);
    assert_true(WORLD_UNTIL(&world, call.done));
    world_assert_echoed(&call, 1);
    assert_string_equal(world.one.peer, "gateway");
    assert_true(rpc_client_ready(world.client));
    assert_int_equal(rpc_client_in_flight(world.client), 0);
    assert_int_equal(rpc_server_in_flight(world.one.server), 0);
    assert_int_equal(world_count(&world, "pcn_rpc_requests_total", "method=\"" WORLD_METHOD "\",status=\"OK\""), 1);
    world_call(&world, &call, "", WORLD_LONG_MS, false); // an empty body
    assert_true(WORLD_UNTIL(&world, call.done));
    world_assert_echoed(&call, 1);
    world_deinit(&world);
}

static void denies(world_t *world, const char *method, Pcn__Common__V1__Principal *principal, status_t expected)
{
    world_call_t call;
    world_prepare(&call, "x", WORLD_LONG_MS, false);
    call.request.header.method = (char *)method;
    call.request.header.principal = principal;
    rpc_client_call(world->client, &call.request);
    assert_true(WORLD_UNTIL(world, call.done));
    assert_int_equal(call.status, expected);
}

static void keeps_to_the_matrix(void **state)
{
    (void)state;
    world_t world;
    Pcn__Common__V1__Principal principal = PCN__COMMON__V1__PRINCIPAL__INIT;
    principal.subject = (char *)"somebody";
    world_init(&world);
    world_serve_start(&world, &world.one, "one", 0);
    world_client_start(&world, "follower", world.dir, 0);
    denies(&world, WORLD_METHOD, NULL, STATUS_PERMISSION_DENIED);
    denies(&world, "pcn.events.v1.Events/Read", &principal, STATUS_PERMISSION_DENIED);
    assert_int_equal(world.one.served, 0);
    denies(&world, "pcn.events.v1.Events/Read", NULL, STATUS_OK);
    denies(&world, "", NULL, STATUS_INVALID_ARGUMENT); // no method: the contract's own rule
    assert_int_equal(world.one.served, 1);
    rpc_client_destroy(&world.client);
    rpc_context_destroy(&world.context);
    world_client_start(&world, "gateway", world.dir, 0);
    denies(&world, WORLD_METHOD, &principal, STATUS_OK);
    denies(&world, "not.in.the.Contract/Method", NULL, STATUS_OK); // the service's to refuse
    assert_int_equal(world_count(&world, "pcn_rpc_requests_total", "method=\"other\",status=\"OK\""), 1);
    world_deinit(&world);
}

static void answers_ten_thousand_at_once(void **state)
{
    (void)state;
    enum { COUNT = 10000 };
    world_t world;
    world_call_t *calls = calloc(COUNT, sizeof *calls);
    assert_non_null(calls);
    world_init(&world);
    world_serve_start(&world, &world.one, "one", COUNT);
    world_client_start(&world, "gateway", world.dir, COUNT);
    for (unsigned i = 0; i < COUNT; i++) {
        char body[32];
        (void)snprintf(body, sizeof body, "call %u", i);
        world_call(&world, &calls[i], body, WORLD_LONG_MS, false);
    }
    assert_true(WORLD_UNTIL(&world, rpc_client_in_flight(world.client) == 0));
    world_assert_echoed(calls, COUNT);
    assert_int_equal(world.one.served, COUNT);
    assert_int_equal(world_count(&world, "pcn_rpc_replies_dropped_total", NULL), 0);
    world_deinit(&world);
    free(calls);
}

static void refuses_beyond_its_room(void **state)
{
    (void)state;
    world_t world;
    world_call_t calls[8];
    world_init(&world);
    world.one.mode = WORLD_HOLD;
    world_serve_start(&world, &world.one, "one", 5);
    world_client_start(&world, "gateway", world.dir, 0);
    for (unsigned i = 0; i < 8; i++) {
        world_call(&world, &calls[i], "held", WORLD_LONG_MS, false);
    }
    assert_true(WORLD_UNTIL(&world, world_done_count(calls, 8) == 3));
    assert_int_equal(rpc_server_in_flight(world.one.server), 5);
    for (unsigned i = 5; i < 8; i++) {
        assert_int_equal(calls[i].status, STATUS_RESOURCE_EXHAUSTED);
        assert_true(calls[i].problem.retry_after_ms > 0);
    }
    world_answer_held(&world.one);
    assert_true(WORLD_UNTIL(&world, world_done_count(calls, 8) == 8));
    world_assert_echoed(calls, 5);
    world_deinit(&world);
}

static void drains(void **state)
{
    (void)state;
    world_t world;
    world_call_t held;
    world_call_t refused;
    world_init(&world);
    world.one.mode = WORLD_HOLD;
    world_serve_start(&world, &world.one, "one", 0);
    world_client_start(&world, "gateway", world.dir, 0);
    world_call(&world, &held, "held", WORLD_LONG_MS, false);
    assert_true(WORLD_UNTIL(&world, world.one.held_count == 1));
    rpc_server_drain(world.one.server);
    world_call(&world, &refused, "new", WORLD_LONG_MS, true);
    assert_true(WORLD_UNTIL(&world, refused.done));
    assert_int_equal(refused.status, STATUS_UNAVAILABLE);
    assert_int_equal(held.done, 0);
    world_answer_held(&world.one);
    assert_true(WORLD_UNTIL(&world, held.done));
    world_assert_echoed(&held, 1);
    world_deinit(&world);
}

typedef struct sized_call {
    rpc_request_t request;
    char *body;
    unsigned done;
} sized_call_t;

static void sized_done(rpc_request_t *request, const Pcn__Common__V1__ReplyHeader *reply, const uint8_t *body, size_t body_size,
                       const problem_t *problem)
{
    sized_call_t *call = (sized_call_t *)request;
    assert_int_equal(problem->status, STATUS_OK);
    assert_non_null(reply);
    assert_int_equal(body_size, request->body_size);
    assert_memory_equal(body, call->body, body_size);
    call->done++;
    arena_destroy(&request->arena);
}

static void sized_call(world_t *world, sized_call_t *call, size_t size, int content)
{
    *call = (sized_call_t){.body = malloc(size + 1)};
    assert_non_null(call->body);
    memset(call->body, content, size);
    call->request.header = (Pcn__Common__V1__RequestHeader)PCN__COMMON__V1__REQUEST_HEADER__INIT;
    call->request.header.request_id = (char *)WORLD_ID;
    call->request.header.method = (char *)WORLD_METHOD;
    call->request.body = call->body;
    call->request.body_size = size;
    call->request.deadline_us = clock_steady_us() + WORLD_LONG_MS * INT64_C(1000);
    call->request.arena = arena_new(RPC_ARENA_CAP);
    call->request.done = sized_done;
    rpc_client_call(world->client, &call->request);
}

static void says_when_an_answer_is_too_large(void **state)
{
    (void)state;
    world_t world;
    world_call_t call;
    world_init(&world);
    world.one.mode = WORLD_HOLD;
    world_serve_start(&world, &world.one, "one", 0);
    world_client_start(&world, "gateway", world.dir, 0);
    world_call(&world, &call, "big", WORLD_LONG_MS, false);
    assert_true(WORLD_UNTIL(&world, world.one.held_count == 1));
    char *big = calloc(2, 1024 * 1024);
    assert_non_null(big);
    Pcn__Common__V1__ReplyHeader reply = PCN__COMMON__V1__REPLY_HEADER__INIT;
    rpc_reply(world.one.server, world.one.held[0], &reply, big, 2u * 1024 * 1024);
    assert_true(WORLD_UNTIL(&world, call.done));
    assert_int_equal(call.status, STATUS_INTERNAL);
    world_call(&world, &call, "many words", WORLD_LONG_MS, false);
    assert_true(WORLD_UNTIL(&world, world.one.held_count == 2));
    memset(big, 'w', RPC_HEADER_MAX);
    reply.detail = big;
    rpc_reply(world.one.server, world.one.held[1], &reply, NULL, 0);
    assert_true(WORLD_UNTIL(&world, call.done));
    assert_int_equal(call.status, STATUS_INTERNAL);
    assert_int_equal(rpc_server_in_flight(world.one.server), 0);
    free(big);
    world_deinit(&world);
}

// The largest bodies there are, both ways, between small ones of the same turn; each body is its own though one frame holds many.
static void carries_large_and_small_together(void **state)
{
    (void)state;
    world_t world;
    sized_call_t calls[70];
    world_init(&world);
    world_serve_start(&world, &world.one, "one", 0);
    world_client_start(&world, "gateway", world.dir, 0);
    assert_true(WORLD_UNTIL(&world, rpc_client_ready(world.client)));
    for (unsigned i = 0; i < 70; i++) {
        size_t size = i == 3 || i == 40 ? PB_FRAME_MAX : i % 9 == 0 ? 30000 : i;
        sized_call(&world, &calls[i], size, (int)i);
    }
    assert_true(WORLD_UNTIL(&world, rpc_client_in_flight(world.client) == 0));
    for (unsigned i = 0; i < 70; i++) {
        assert_int_equal(calls[i].done, 1);
        free(calls[i].body);
    }
    assert_int_equal(world.one.served, 70);
    world_deinit(&world);
}

static void ignore(void *data, void *socket)
{
    (void)data;
    char bytes[16];
    while (zmq_recv(socket, bytes, sizeof bytes, ZMQ_DONTWAIT) >= 0) {
    }
}

static size_t fill_noise(unsigned char *bytes, size_t room)
{
    size_t size = (size_t)(rand() % (int)room);
    for (size_t b = 0; b < size; b++) {
        bytes[b] = (unsigned char)rand();
    }
    return size;
}

// A whole frame of pairs, but with headers of noise.
static size_t fill_pairs(unsigned char *bytes, unsigned pairs)
{
    size_t at = 0;
    for (unsigned i = 0; i < pairs; i++) {
        memset(bytes + at, 0, 8);
        size_t size = fill_noise(bytes + at + 4, 40);
        bytes[at] = (unsigned char)size;
        memset(bytes + at + 4 + size, 0, 4);
        at += 8 + size;
    }
    return at;
}

// Anything that a peer with a good key can send.
static void survives_any_frames(void **state)
{
    (void)state;
    world_t world;
    rpc_socket_t *raw = NULL;
    world_call_t call;
    problem_t problem;
    world_init(&world);
    world_serve_start(&world, &world.one, "one", 0);
    world_client_start(&world, "gateway", world.dir, 0);
    assert_int_equal(rpc_socket_new(world.context, ZMQ_DEALER, RPC_ROLE_CLIENT, world.key, ignore, NULL, &raw, &problem), STATUS_OK);
    void *socket = rpc_socket_zmq(raw);
    assert_int_equal(zmq_connect(socket, world.one.endpoint), 0);
    srand(4);
    unsigned sent = 0;
    unsigned bad = 0;
    while (sent < 1000) {
        unsigned frames = sent % 100 == 99 ? 140 : (unsigned)(rand() % 3 + 1);
        // Every other message is one frame of pairs whose headers mean nothing: each of them is bad by itself.
        unsigned pairs = sent % 2 == 0 ? (unsigned)(rand() % 3 + 1) : 0;
        bool taken = true;
        for (unsigned i = 0; taken && i < (pairs > 0 ? 1 : frames); i++) {
            unsigned char bytes[200];
            size_t size = pairs > 0 ? fill_pairs(bytes, pairs) : fill_noise(bytes, sizeof bytes);
            taken = zmq_send(socket, bytes, size, ZMQ_DONTWAIT | (pairs == 0 && i + 1 < frames ? ZMQ_SNDMORE : 0)) >= 0;
        }
        rpc_socket_touch(raw);
        if (taken) {
            sent++;
            bad += pairs > 0 ? pairs : 1;
        } else {
            world_wait(&world, 20);
        }
    }
    assert_true(WORLD_UNTIL(&world, world_count(&world, "pcn_rpc_bad_frames_total", NULL) >= bad));
    assert_int_equal(world_count(&world, "pcn_rpc_bad_frames_total", NULL), bad);
    assert_int_equal(world.one.served, 0);
    assert_int_equal(rpc_server_in_flight(world.one.server), 0);
    world_call(&world, &call, "still here", WORLD_LONG_MS, false);
    assert_true(WORLD_UNTIL(&world, call.done));
    world_assert_echoed(&call, 1);
    rpc_socket_destroy(&raw);
    world_deinit(&world);
}

static void drops_replies_to_those_who_left(void **state)
{
    (void)state;
    world_t world;
    world_call_t call;
    world_call_t next;
    world_init(&world);
    world.one.mode = WORLD_HOLD;
    world_serve_start(&world, &world.one, "one", 0);
    world_client_start(&world, "gateway", world.dir, 0);
    world_call(&world, &call, "bye", WORLD_LONG_MS, false);
    assert_true(WORLD_UNTIL(&world, world.one.held_count == 1));
    rpc_client_destroy(&world.client);
    assert_int_equal(call.done, 1);
    assert_int_equal(call.status, STATUS_UNAVAILABLE);
    rpc_context_destroy(&world.context);
    const gauge_t *connections = metrics_gauge(world.metrics, "pcn_rpc_connections", "socket=\"calls\"", "");
    assert_true(WORLD_UNTIL(&world, connections->value == 0));
    // What libzmq's thread did with that connection it has done wholly when it brings something by another.
    world_client_start(&world, "gateway", world.dir, 0);
    world_call(&world, &next, "next", WORLD_LONG_MS, false);
    assert_true(WORLD_UNTIL(&world, world.one.held_count == 2));
    world_answer_held(&world.one);
    assert_true(WORLD_UNTIL(&world, next.done));
    world_assert_echoed(&next, 1);
    assert_true(WORLD_UNTIL(&world, world_count(&world, "pcn_rpc_replies_dropped_total", NULL) == 1));
    world_deinit(&world);
}

// A client in a process of its own, until it is killed.
static void call_alone(const world_t *world)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); // also where its test fails
    world_t *own = calloc(1, sizeof *own);
    if (own == NULL || uv_loop_init(&own->loop) != 0) {
        _exit(1);
    }
    memcpy(own->key, world->key, sizeof own->key);
    own->metrics = metrics_new();
    (void)snprintf(own->one.endpoint, sizeof own->one.endpoint, "ipc://%s/one", world->dir);
    world_client_start(own, "gateway", world->dir, 0);
    _exit(uv_run(&own->loop, UV_RUN_DEFAULT));
}

static void notices_a_client_that_stands_still(void **state)
{
    (void)state;
    world_t world;
    world_init(&world);
    pid_t client = fork();
    if (client == 0) {
        call_alone(&world);
    }
    assert_true(client > 0);
    world_serve_start(&world, &world.one, "one", 0);
    const gauge_t *connections = metrics_gauge(world.metrics, "pcn_rpc_connections", "socket=\"calls\"", "");
    assert_true(WORLD_UNTIL(&world, world_count(&world, "pcn_rpc_handshakes_total", "socket=\"calls\"") == 1));
    world_wait(&world, 1500); // it has given signs of life
    assert_int_equal(connections->value, 1);
    assert_int_equal(kill(client, SIGSTOP), 0);
    assert_true(WORLD_UNTIL(&world, connections->value == 0));
    assert_int_equal(kill(client, SIGCONT), 0);
    assert_true(WORLD_UNTIL(&world, connections->value == 1)); // and comes again
    assert_int_equal(kill(client, SIGKILL), 0);
    assert_int_equal(waitpid(client, NULL, 0), client);
    world_deinit(&world);
}

static void cannot_listen_nowhere(void **state)
{
    (void)state;
    world_t world;
    problem_t problem = {.status = STATUS_OK};
    rpc_server_t *server = NULL;
    world_init(&world);
    world_serve_start(&world, &world.one, "one", 0);
    const char *endpoints[] = {"ipc:///nowhere/at/all", NULL};
    rpc_server_options_t options = {endpoints, world_permissions, world_serve, &world.one, 0};
    assert_int_equal(rpc_server_new(world.one.context, &options, world.metrics, &server, &problem), STATUS_UNAVAILABLE);
    assert_null(server);
    assert_true(strlen(problem.detail) > 0);
    world_deinit(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_with_the_callers_name),
        cmocka_unit_test(keeps_to_the_matrix),
        cmocka_unit_test(answers_ten_thousand_at_once),
        cmocka_unit_test(refuses_beyond_its_room),
        cmocka_unit_test(drains),
        cmocka_unit_test(says_when_an_answer_is_too_large),
        cmocka_unit_test(carries_large_and_small_together),
        cmocka_unit_test(survives_any_frames),
        cmocka_unit_test(drops_replies_to_those_who_left),
        cmocka_unit_test(notices_a_client_that_stands_still),
        cmocka_unit_test(cannot_listen_nowhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
