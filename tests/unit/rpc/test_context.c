#include "tests/unit/rpc/world.h"

#include "common/rpc/loop.h"

static void needs_its_keys(void **state)
{
    (void)state;
    world_t world;
    problem_t problem;
    rpc_context_t *context = NULL;
    world_init(&world);
    assert_int_equal(rpc_context_new(&world.loop, world.dir, "nobody", world.metrics, &context, &problem), STATUS_UNAVAILABLE);
    assert_null(context);
    assert_int_equal(rpc_context_new(&world.loop, "/nowhere", "registry", world.metrics, &context, &problem), STATUS_UNAVAILABLE);
    assert_null(context);
    rpc_context_destroy(&context); // nothing to do
    world_deinit(&world);
}

typedef struct reader {
    world_t *world;
    rpc_socket_t *socket;
    unsigned read;
    unsigned written;
    bool destroy;
} reader_t;

// One message a call: the loop has to call again without a new edge of the descriptor.
static void read_one(void *data, void *socket)
{
    reader_t *reader = data;
    char bytes[8];
    assert_true(zmq_recv(socket, bytes, sizeof bytes, ZMQ_DONTWAIT) > 0);
    reader->read++;
    if (reader->destroy) {
        rpc_socket_destroy(&reader->socket);
    }
}

static void write_one(void *data, void *socket)
{
    reader_t *reader = data;
    (void)socket;
    reader->written++;
    if (reader->written == 3) {
        rpc_socket_want_write(reader->socket, NULL);
    }
}

static rpc_socket_t *pair(world_t *world, rpc_context_t *context, bool bind, rpc_socket_fn readable, void *data)
{
    problem_t problem;
    rpc_socket_t *socket = NULL;
    void *handle = zmq_socket(rpc_context_zmq(context), ZMQ_PAIR);
    (void)world;
    assert_int_equal(bind ? zmq_bind(handle, "inproc://pair") : zmq_connect(handle, "inproc://pair"), 0);
    assert_int_equal(rpc_socket_adopt(context, handle, readable, data, &socket, &problem), STATUS_OK);
    return socket;
}

static void misses_no_edge(void **state)
{
    (void)state;
    enum { COUNT = 900 };
    world_t world;
    problem_t problem;
    reader_t reader = {.world = &world};
    world_init(&world);
    assert_int_equal(rpc_context_new(&world.loop, world.dir, "registry", world.metrics, &world.context, &problem), STATUS_OK);
    reader.socket = pair(&world, world.context, true, read_one, &reader);
    rpc_socket_t *writer = pair(&world, world.context, false, NULL, NULL);
    for (unsigned round = 1; round <= 3; round++) {
        for (unsigned i = 0; i < COUNT; i++) {
            assert_int_equal(zmq_send(rpc_socket_zmq(writer), "x", 1, ZMQ_DONTWAIT), 1);
        }
        rpc_socket_touch(writer);
        assert_true(WORLD_UNTIL(&world, reader.read == round * COUNT));
    }
    rpc_socket_want_write(reader.socket, write_one);
    assert_true(WORLD_UNTIL(&world, reader.written == 3));
    world_wait(&world, 20);
    assert_int_equal(reader.written, 3); // not wanted any more
    // A callback may destroy its own socket, with more waiting in it.
    reader.destroy = true;
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(zmq_send(rpc_socket_zmq(writer), "x", 1, ZMQ_DONTWAIT), 1);
    }
    assert_true(WORLD_UNTIL(&world, reader.socket == NULL));
    assert_int_equal(reader.read, 3 * COUNT + 1);
    rpc_socket_destroy(&writer);
    world_deinit(&world);
}

static void turned(void *data)
{
    unsigned *turns = data;
    (*turns)++;
}

static void sleeps_when_there_is_nothing(void **state)
{
    (void)state;
    world_t world;
    rpc_turn_t turn;
    unsigned turns = 0;
    world_init(&world);
    world_serve_start(&world, &world.one, "one", 0);
    world_client_start(&world, "gateway", world.dir, 0);
    rpc_turn_init(&turn, world.context, turned, &turns);
    assert_true(WORLD_UNTIL(&world, rpc_client_ready(world.client)));
    world_wait(&world, 50);
    unsigned passes = 0;
    world.late = false;
    assert_int_equal(uv_timer_start(&world.guard, world_late, 300, 0), 0);
    while (!world.late) {
        (void)uv_run(&world.loop, UV_RUN_ONCE);
        passes++;
    }
    assert_in_range(passes, 1, 40); // a heartbeat now and then, and no spinning
    rpc_turn_ask(&turn);
    rpc_turn_ask(&turn);
    assert_true(WORLD_UNTIL(&world, turns > 0));
    world_wait(&world, 20);
    assert_int_equal(turns, 1);
    rpc_turn_deinit(&turn);
    world_deinit(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(needs_its_keys),
        cmocka_unit_test(misses_no_edge),
        cmocka_unit_test(sleeps_when_there_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
