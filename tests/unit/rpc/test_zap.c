#include "tests/unit/rpc/world.h"

#define ACCEPTED world_count(&world, "pcn_zap_accepted_total", NULL)
#define REFUSED world_count(&world, "pcn_zap_refused_total", NULL)

static void remove_public(const world_t *world, const char *name)
{
    char path[160];
    (void)snprintf(path, sizeof path, "%s/%s.public", world->dir, name);
    assert_int_equal(unlink(path), 0);
}

static void refuses_an_unknown_key(void **state)
{
    (void)state;
    world_t world;
    world_t other; // for a folder of the stranger's own
    world_call_t call;
    world_init(&world);
    world_init(&other);
    world_serve_start(&world, &world.one, "one", 0);
    world_client_start(&world, "gateway", other.dir, 0); // calls itself gateway, with a key of its own
    world_call(&world, &call, "let me in", 700, true);
    assert_true(WORLD_UNTIL(&world, REFUSED > 0));
    assert_true(WORLD_UNTIL(&world, call.done));
    assert_int_equal(call.status, STATUS_UNAVAILABLE);
    assert_false(rpc_client_ready(world.client));
    assert_int_equal(world.one.served, 0);
    assert_int_equal(ACCEPTED, 0);
    world_deinit(&world);
    world_deinit(&other);
}

static void follows_the_folder(void **state)
{
    (void)state;
    world_t world;
    world_call_t call;
    problem_t problem;
    world_init(&world);
    world_serve_start(&world, &world.one, "one", 0);
    world_client_start(&world, "gateway", world.dir, 0);
    remove_public(&world, "gateway"); // before it could connect
    world_call(&world, &call, "in", 500, true);
    assert_true(WORLD_UNTIL(&world, REFUSED > 0));
    assert_true(WORLD_UNTIL(&world, call.done));
    assert_int_equal(call.status, STATUS_UNAVAILABLE);
    assert_int_equal(rpc_keys_ensure(world.dir, "gateway", &problem), STATUS_OK); // the public key comes back
    world_call(&world, &call, "in", WORLD_LONG_MS, true);
    assert_true(WORLD_UNTIL(&world, call.done));
    world_assert_echoed(&call, 1);
    assert_int_equal(ACCEPTED, 1);
    rpc_client_destroy(&world.client);
    rpc_context_destroy(&world.context);
    world_client_start(&world, "gateway", world.dir, 0);
    remove_public(&world, "gateway"); // once more: the next connection is refused
    const uint64_t refused = REFUSED;
    world_call(&world, &call, "in", 500, true);
    assert_true(WORLD_UNTIL(&world, REFUSED > refused));
    assert_true(WORLD_UNTIL(&world, call.done));
    assert_int_equal(call.status, STATUS_UNAVAILABLE);
    assert_int_equal(ACCEPTED, 1);
    world_deinit(&world);
}

// The client knows whom it wants to talk to.
static void refuses_the_wrong_server(void **state)
{
    (void)state;
    world_t world;
    world_call_t call;
    problem_t problem;
    world_init(&world);
    assert_int_equal(rpc_keys_load_public(world.dir, "follower", world.key, &problem), STATUS_OK);
    world_serve_start(&world, &world.one, "one", 0);
    world_client_start(&world, "gateway", world.dir, 0);
    world_call(&world, &call, "who are you", 500, true);
    assert_true(WORLD_UNTIL(&world, call.done));
    assert_int_equal(call.status, STATUS_UNAVAILABLE);
    assert_int_equal(world.one.served, 0);
    world_deinit(&world);
}

static void nothing(uv_timer_t *timer)
{
    (void)timer;
}

// Whether libzmq says of a socket that its connection ended: by whom first, and so as what, is a matter of chance.
static bool sent_away(void *monitor)
{
    zmq_pollitem_t item = {monitor, 0, ZMQ_POLLIN, 0};
    return zmq_poll(&item, 1, 1) == 1;
}

// One without CURVE at all.
static void refuses_the_open_wire(void **state)
{
    (void)state;
    world_t world;
    world_init(&world);
    world_serve_start(&world, &world.one, "one", 0);
    void *context = zmq_ctx_new();
    void *socket = zmq_socket(context, ZMQ_DEALER);
    int linger = 0;
    assert_int_equal(zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger), 0);
    assert_int_equal(zmq_socket_monitor(socket, "inproc://watched",
                                        ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                                            ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH),
                     0);
    void *monitor = zmq_socket(context, ZMQ_PAIR);
    assert_int_equal(zmq_connect(monitor, "inproc://watched"), 0);
    assert_int_equal(zmq_connect(socket, world.one.endpoint), 0);
    assert_int_equal(zmq_send(socket, "a", 1, ZMQ_SNDMORE), 1);
    assert_int_equal(zmq_send(socket, "b", 1, 0), 1);
    assert_true(WORLD_UNTIL(&world, sent_away(monitor)));
    assert_int_equal(world.one.served, 0);
    assert_int_equal(world_count(&world, "pcn_rpc_bad_frames_total", NULL), 0); // nothing came through
    assert_int_equal(ACCEPTED, 0);
    assert_int_equal(zmq_setsockopt(monitor, ZMQ_LINGER, &linger, sizeof linger), 0);
    assert_int_equal(zmq_close(monitor), 0);
    assert_int_equal(zmq_close(socket), 0);
    assert_int_equal(zmq_ctx_term(context), 0);
    world_deinit(&world);
}

typedef struct asked {
    const char *frames[8];
    size_t sizes[8];
    size_t count;
} asked_t;

// The status of the handler's answer to these frames.
static int ask(world_t *world, const asked_t *asked)
{
    void *socket = zmq_socket(rpc_context_zmq(world->one.context), ZMQ_REQ);
    int linger = 0;
    assert_int_equal(zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger), 0);
    assert_int_equal(zmq_connect(socket, "inproc://zeromq.zap.01"), 0);
    for (size_t i = 0; i < asked->count; i++) {
        assert_true(zmq_send(socket, asked->frames[i], asked->sizes[i], i + 1 < asked->count ? ZMQ_SNDMORE : 0) >= 0);
    }
    char status[8] = "";
    char skipped[64];
    zmq_pollitem_t item = {socket, 0, ZMQ_POLLIN, 0};
    assert_true(WORLD_UNTIL(world, zmq_poll(&item, 1, 1) == 1));
    assert_int_equal(zmq_recv(socket, skipped, sizeof skipped, 0), 3);
    assert_true(zmq_recv(socket, skipped, sizeof skipped, 0) >= 0);
    assert_int_equal(zmq_recv(socket, status, sizeof status, 0), 3);
    int more = 1;
    size_t size = sizeof more;
    while (zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size) == 0 && more != 0) {
        assert_true(zmq_recv(socket, skipped, sizeof skipped, 0) >= 0);
    }
    assert_int_equal(zmq_close(socket), 0);
    return atoi(status);
}

static void survives_any_request(void **state)
{
    (void)state;
    world_t world;
    uint8_t key[32];
    world_init(&world);
    world_serve_start(&world, &world.one, "one", 0);
    char gateway[RPC_KEY_SIZE];
    assert_int_equal(rpc_keys_load_public(world.dir, "gateway", gateway, NULL), STATUS_OK);
    assert_non_null(zmq_z85_decode(key, gateway));
    const asked_t good = {{"1.0", "1", "pcn", "", "", "CURVE", (const char *)key}, {3, 1, 3, 0, 0, 5, 32}, 7};
    // The question's socket is not the loop's: a tick makes it look.
    uv_timer_t tick;
    assert_int_equal(uv_timer_init(&world.loop, &tick), 0);
    assert_int_equal(uv_timer_start(&tick, nothing, 1, 1), 0);
    assert_int_equal(ask(&world, &good), 200);
    asked_t bad = good;
    bad.frames[0] = "2.0";
    assert_int_equal(ask(&world, &bad), 400);
    bad = good;
    bad.frames[2] = "xyz";
    assert_int_equal(ask(&world, &bad), 400);
    bad = good;
    bad.frames[5] = "PLAIN";
    assert_int_equal(ask(&world, &bad), 400);
    bad = good;
    bad.sizes[6] = 31;
    assert_int_equal(ask(&world, &bad), 400);
    bad = good;
    bad.count = 6;
    assert_int_equal(ask(&world, &bad), 400);
    bad.count = 1;
    assert_int_equal(ask(&world, &bad), 400);
    bad = good;
    bad.frames[7] = "more";
    bad.sizes[7] = 4;
    bad.count = 8;
    assert_int_equal(ask(&world, &bad), 400);
    assert_int_equal(ask(&world, &good), 200); // still there
    assert_int_equal(ACCEPTED, 2);
    assert_int_equal(REFUSED, 7);
    uv_close((uv_handle_t *)&tick, NULL);
    world_deinit(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_an_unknown_key), cmocka_unit_test(follows_the_folder),   cmocka_unit_test(refuses_the_wrong_server),
        cmocka_unit_test(refuses_the_open_wire),  cmocka_unit_test(survives_any_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
