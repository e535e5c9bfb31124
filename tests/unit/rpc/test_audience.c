#include "common/rpc/audience.h"

#include <poll.h>
#include <sys/socket.h>

#include "common/rpc/publisher.h"
#include "tests/unit/rpc/world.h"

typedef struct scene {
    world_t world;
    char endpoint[128];
    rpc_publisher_t *publisher;
    void *zmq; // of the subscribers, who are bare
    counter_t *refused;
} scene_t;

static int open_scene(void **state)
{
    scene_t *scene = calloc(1, sizeof *scene);
    problem_t problem;
    world_init(&scene->world);
    (void)snprintf(scene->endpoint, sizeof scene->endpoint, "ipc://%s/pub", scene->world.dir);
    const char *endpoints[] = {scene->endpoint, NULL};
    assert_int_equal(
        rpc_context_new(&scene->world.loop, scene->world.dir, "registry", scene->world.metrics, &scene->world.one.context, &problem),
        STATUS_OK);
    assert_int_equal(rpc_publisher_new(scene->world.one.context, endpoints, &scene->publisher, &problem), STATUS_OK);
    scene->refused = metrics_counter(scene->world.metrics, "pcn_rpc_subscriptions_refused_total", NULL, "");
    scene->zmq = zmq_ctx_new();
    *state = scene;
    return 0;
}

static int close_scene(void **state)
{
    scene_t *scene = *state;
    (void)zmq_ctx_shutdown(scene->zmq); // not awaited: a test that failed has left its sockets
    rpc_publisher_destroy(&scene->publisher);
    world_deinit(&scene->world);
    free(scene);
    return 0;
}

static void *subscriber_new(scene_t *scene, int type, const char *key)
{
    rpc_keys_t keys;
    problem_t problem;
    int none = 0;
    void *socket = zmq_socket(scene->zmq, type);
    assert_int_equal(rpc_keys_load(scene->world.dir, key, &keys, &problem), STATUS_OK);
    assert_int_equal(zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none), 0);
    assert_int_equal(zmq_setsockopt(socket, ZMQ_SNDHWM, &none, sizeof none), 0);
    assert_int_equal(zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, scene->world.key, strlen(scene->world.key)), 0);
    assert_int_equal(zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, keys.public_key, strlen(keys.public_key)), 0);
    assert_int_equal(zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, keys.secret_key, strlen(keys.secret_key)), 0);
    assert_int_equal(zmq_connect(socket, scene->endpoint), 0);
    return socket;
}

static void say(void *socket, bool hear, const char *topic, size_t size)
{
    char message[1024];
    assert_true(size < sizeof message);
    message[0] = hear ? 1 : 0;
    memcpy(message + 1, topic, size);
    assert_true(zmq_send(socket, message, size + 1, 0) >= 0);
}

enum { TRY_MS = 20, TRIES = WORLD_HANG_MS / TRY_MS };

// Publishes so often, until the subscriber has it or for `tries`. What else it hears is of before.
static bool hears_of(scene_t *scene, void *socket, const char *topic, unsigned published, unsigned tries)
{
    for (unsigned i = 0; i < tries; i++) {
        if (i < published) {
            rpc_publish(scene->publisher, topic, "x", 1);
        }
        world_wait(&scene->world, TRY_MS);
        char got[512];
        int size;
        while ((size = zmq_recv(socket, got, sizeof got, ZMQ_DONTWAIT)) >= 0) {
            if ((size_t)size == strlen(topic) && memcmp(got, topic, strlen(topic)) == 0) {
                return true;
            }
        }
    }
    return false;
}

static bool hears(scene_t *scene, void *socket, const char *topic)
{
    return hears_of(scene, socket, topic, TRIES, TRIES);
}

static void hears_and_hears_no_more(void **state)
{
    scene_t *scene = *state;
    void *socket = subscriber_new(scene, ZMQ_SUB, "follower");
    assert_int_equal(zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "pcn.registry.a", 14), 0);
    assert_true(hears(scene, socket, "pcn.registry.a"));
    assert_int_equal(zmq_setsockopt(socket, ZMQ_UNSUBSCRIBE, "pcn.registry.a", 14), 0);
    assert_int_equal(zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "pcn.registry.b", 14), 0);
    assert_true(hears(scene, socket, "pcn.registry.b"));
    assert_false(hears_of(scene, socket, "pcn.registry.a", 5, 5));
    assert_int_equal(zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "", 0), 0);
    assert_true(hears(scene, socket, "pcn.registry.c"));
    assert_int_equal(scene->refused->value, 0);
    assert_int_equal(zmq_close(socket), 0);
}

// As many as may be, and as long; one more, or longer, ends the connection and nobody else's.
static void too_much_costs_the_connection(void **state)
{
    scene_t *scene = *state;
    void *honest = subscriber_new(scene, ZMQ_SUB, "gateway");
    assert_int_equal(zmq_setsockopt(honest, ZMQ_SUBSCRIBE, "pcn.", 4), 0);
    assert_true(hears(scene, honest, "pcn.x"));
    char topic[RPC_TOPIC_MAX + 2];
    memset(topic, 'q', sizeof topic);
    void *socket = subscriber_new(scene, ZMQ_XSUB, "follower");
    world_wait(&scene->world, 100);
    for (int i = 0; i < RPC_TOPICS_A_CONNECTION_MAX; i++) {
        (void)snprintf(topic, 8, "%06d", i);
        topic[6] = 'q';
        topic[7] = 'q';
        say(socket, true, topic, RPC_TOPIC_MAX);
    }
    char last[RPC_TOPIC_MAX + 1];
    memcpy(last, topic, RPC_TOPIC_MAX);
    last[RPC_TOPIC_MAX] = '\0';
    assert_true(hears(scene, socket, last)); // all were taken
    assert_int_equal(scene->refused->value, 0);
    gauge_t *connections = metrics_gauge(scene->world.metrics, "pcn_rpc_connections", "socket=\"events\"", "");
    assert_int_equal(connections->value, 2);
    counter_t *came = metrics_counter(scene->world.metrics, "pcn_rpc_connections_total", "socket=\"events\"", "");
    uint64_t before = came->value;
    say(socket, true, "pcn.x", 5);
    assert_true(WORLD_UNTIL(&scene->world, scene->refused->value > 0));
    assert_true(WORLD_UNTIL(&scene->world, came->value > before)); // it comes back, on its own
    assert_int_equal(zmq_close(socket), 0);
    uint64_t refused = scene->refused->value;
    socket = subscriber_new(scene, ZMQ_XSUB, "follower");
    world_wait(&scene->world, 100);
    say(socket, true, topic, RPC_TOPIC_MAX + 1);
    assert_true(WORLD_UNTIL(&scene->world, scene->refused->value > refused));
    assert_int_equal(zmq_close(socket), 0);
    assert_true(hears_of(scene, honest, "pcn.y", 1, TRIES)); // never away
    assert_int_equal(zmq_close(honest), 0);
}

// A flood is taken no faster than it is looked at, whatever it is made of.
static void a_flood_is_cut_soon(void **state)
{
    scene_t *scene = *state;
    for (int kind = 0; kind < 3; kind++) {
        uint64_t before = scene->refused->value;
        void *socket = subscriber_new(scene, ZMQ_XSUB, "follower");
        world_wait(&scene->world, 100);
        for (int i = 0; i < 50000; i++) {
            char topic[32];
            (void)snprintf(topic, sizeof topic, "%dpcn.registry.%d", kind, i);
            if (kind < 2) {
                say(socket, true, topic, strlen(topic));
                if (kind == 1) {
                    say(socket, false, topic, strlen(topic));
                }
            } else {
                assert_true(zmq_send(socket, topic, strlen(topic), 0) >= 0); // neither
            }
        }
        assert_true(WORLD_UNTIL(&scene->world, scene->refused->value > before));
        world_wait(&scene->world, 300);
        assert_int_equal(zmq_close(socket), 0);
        assert_true(scene->refused->value - before < 20000);
    }
}

// Many connections of one key have a bound together; another key has its own.
static void a_key_has_a_bound(void **state)
{
    enum { CONNECTIONS = RPC_TOPICS_A_KEY_MAX / 100 + 1 };
    scene_t *scene = *state;
    void *sockets[CONNECTIONS];
    for (int i = 0; i < CONNECTIONS; i++) {
        sockets[i] = subscriber_new(scene, ZMQ_XSUB, "follower");
        world_wait(&scene->world, 100);
        for (int said = 0; said < 100; said++) {
            say(sockets[i], true, "pcn.registry.", 13);
        }
        assert_true(i == CONNECTIONS - 1 || scene->refused->value == 0);
    }
    assert_true(WORLD_UNTIL(&scene->world, scene->refused->value > 0));
    void *honest = subscriber_new(scene, ZMQ_SUB, "gateway");
    assert_int_equal(zmq_setsockopt(honest, ZMQ_SUBSCRIBE, "pcn.", 4), 0);
    assert_true(hears(scene, honest, "pcn.x"));
    assert_int_equal(zmq_close(honest), 0);
    for (int i = 0; i < CONNECTIONS; i++) {
        assert_int_equal(zmq_close(sockets[i]), 0);
    }
    // What they said is forgotten with them.
    assert_true(
        WORLD_UNTIL(&scene->world, metrics_gauge(scene->world.metrics, "pcn_rpc_connections", "socket=\"events\"", "")->value == 0));
    uint64_t refused = scene->refused->value;
    void *again = subscriber_new(scene, ZMQ_SUB, "follower");
    assert_int_equal(zmq_setsockopt(again, ZMQ_SUBSCRIBE, "pcn.", 4), 0);
    assert_true(hears(scene, again, "pcn.x"));
    assert_int_equal(scene->refused->value, refused);
    assert_int_equal(zmq_close(again), 0);
}

// One that says more than there is room for and leaves, while the loop is held up for longer than any heartbeat: libzmq outlives it, and
// everybody else is served.
static void one_that_leaves_with_much_unheard(void **state)
{
    enum { SAID = 100, ARRIVES_MS = 200, HELD_UP_MS = 2500 };
    scene_t *scene = *state;
    void *socket = subscriber_new(scene, ZMQ_XSUB, "follower");
    say(socket, true, "pcn.x", 5);
    assert_true(hears(scene, socket, "pcn.x"));
    for (int i = 0; i < SAID; i++) {
        char topic[32];
        (void)snprintf(topic, sizeof topic, "pcn.registry.%d", i);
        say(socket, true, topic, strlen(topic));
    }
    (void)poll(NULL, 0, ARRIVES_MS);
    assert_int_equal(zmq_close(socket), 0);
    (void)poll(NULL, 0, HELD_UP_MS);
    gauge_t *connections = metrics_gauge(scene->world.metrics, "pcn_rpc_connections", "socket=\"events\"", "");
    assert_true(WORLD_UNTIL(&scene->world, connections->value == 0));
    void *honest = subscriber_new(scene, ZMQ_SUB, "gateway");
    assert_int_equal(zmq_setsockopt(honest, ZMQ_SUBSCRIBE, "pcn.", 4), 0);
    assert_true(hears(scene, honest, "pcn.x"));
    assert_int_equal(zmq_close(honest), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(hears_and_hears_no_more, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(too_much_costs_the_connection, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(a_flood_is_cut_soon, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(a_key_has_a_bound, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(one_that_leaves_with_much_unheard, open_scene, close_scene),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
