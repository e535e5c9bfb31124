#include "common/rpc/subscriber.h"

#include "common/rpc/publisher.h"
#include "tests/unit/rpc/world.h"

enum { PROBE_MS = 20, PROBES = WORLD_HANG_MS / PROBE_MS };

typedef struct hearer {
    world_t world;
    char one[128], two[128];
    rpc_publisher_t *publisher, *other;
    rpc_context_t *other_context;
    rpc_subscriber_t *subscriber;
    unsigned heard, wrong, foreign, connections;
    char last[64];
} hearer_t;

static void hear(void *data, const char *topic, size_t topic_size, const uint8_t *bytes, size_t size)
{
    hearer_t *hearer = data;
    hearer->heard++;
    hearer->wrong += topic_size < 4 || memcmp(topic, "pcn.", 4) != 0 || size >= sizeof hearer->last ? 1 : 0;
    hearer->foreign += topic_size >= 13 && memcmp(topic, "pcn.workforce", 13) == 0 ? 1 : 0;
    memcpy(hearer->last, bytes, size < sizeof hearer->last ? size : 0);
    hearer->last[size < sizeof hearer->last ? size : 0] = '\0';
}

static void connected(void *data)
{
    ((hearer_t *)data)->connections++;
}

static void publish_at(hearer_t *hearer, rpc_context_t **context, const char *endpoint, rpc_publisher_t **publisher)
{
    problem_t problem;
    const char *endpoints[] = {endpoint, NULL};
    assert_int_equal(rpc_context_new(&hearer->world.loop, hearer->world.dir, "registry", hearer->world.metrics, context, &problem),
                     STATUS_OK);
    assert_int_equal(rpc_publisher_new(*context, endpoints, publisher, &problem), STATUS_OK);
}

static void unpublish(rpc_context_t **context, rpc_publisher_t **publisher)
{
    rpc_publisher_destroy(publisher);
    rpc_context_destroy(context);
}

static void hearer_init(hearer_t *hearer, bool two)
{
    problem_t problem;
    memset(hearer, 0, sizeof *hearer);
    world_init(&hearer->world);
    (void)snprintf(hearer->one, sizeof hearer->one, "ipc://%s/one", hearer->world.dir);
    (void)snprintf(hearer->two, sizeof hearer->two, "ipc://%s/two", hearer->world.dir);
    assert_int_equal(
        rpc_context_new(&hearer->world.loop, hearer->world.dir, "follower", hearer->world.metrics, &hearer->world.context, &problem),
        STATUS_OK);
    const char *endpoints[] = {hearer->one, two ? hearer->two : NULL, NULL};
    const char *topics[] = {"pcn.registry.", "pcn.finance.", NULL};
    rpc_subscriber_options_t options = {endpoints, hearer->world.key, topics, hear, connected, hearer};
    assert_int_equal(rpc_subscriber_new(hearer->world.context, &options, hearer->world.metrics, &hearer->subscriber, &problem), STATUS_OK);
}

static void hearer_deinit(hearer_t *hearer)
{
    rpc_subscriber_destroy(&hearer->subscriber);
    assert_null(hearer->subscriber);
    rpc_publisher_destroy(&hearer->publisher);
    rpc_publisher_destroy(&hearer->other);
    rpc_context_destroy(&hearer->other_context);
    world_deinit(&hearer->world);
}

// Publishes until it is heard, since a subscription takes its time.
static void assert_heard(hearer_t *hearer, rpc_publisher_t *publisher, const char *topic, const char *text)
{
    for (int tries = 0; tries < PROBES && strcmp(hearer->last, text) != 0; tries++) {
        rpc_publish(publisher, topic, text, strlen(text));
        world_wait(&hearer->world, PROBE_MS);
    }
    assert_string_equal(hearer->last, text);
}

static void hears_all_replicas(void **state)
{
    (void)state;
    hearer_t hearer;
    hearer_init(&hearer, true);
    assert_false(rpc_subscriber_connected(hearer.subscriber));
    publish_at(&hearer, &hearer.world.one.context, hearer.one, &hearer.publisher);
    publish_at(&hearer, &hearer.other_context, hearer.two, &hearer.other);
    assert_heard(&hearer, hearer.publisher, "pcn.registry.x", "one");
    assert_heard(&hearer, hearer.other, "pcn.finance.x", "two");
    assert_true(rpc_subscriber_connected(hearer.subscriber));
    assert_int_equal(hearer.connections, 2);
    rpc_publish(hearer.publisher, "pcn.workforce.x", "no", 2); // not subscribed to
    assert_heard(&hearer, hearer.publisher, "pcn.registry.x", "what came after it");
    assert_int_equal(hearer.foreign, 0);
    assert_int_equal(hearer.wrong, 0);
    assert_int_equal(world_count(&hearer.world, "pcn_rpc_subscriber_messages_total", NULL), hearer.heard);
    hearer_deinit(&hearer);
}

static void comes_back(void **state)
{
    (void)state;
    hearer_t hearer;
    hearer_init(&hearer, false);
    for (unsigned life = 1; life <= 3; life++) {
        publish_at(&hearer, &hearer.world.one.context, hearer.one, &hearer.publisher);
        hearer.last[0] = '\0';
        assert_heard(&hearer, hearer.publisher, "pcn.registry.x", "here");
        assert_int_equal(hearer.connections, life);
        unpublish(&hearer.world.one.context, &hearer.publisher);
        assert_true(WORLD_UNTIL(&hearer.world, !rpc_subscriber_connected(hearer.subscriber)));
    }
    hearer_deinit(&hearer);
}

// A key that joins the allow list takes effect by itself.
static void is_let_in_later(void **state)
{
    (void)state;
    hearer_t hearer;
    char from[160], to[160];
    hearer_init(&hearer, false);
    (void)snprintf(from, sizeof from, "%s/follower.public", hearer.world.dir);
    (void)snprintf(to, sizeof to, "%s/follower.away", hearer.world.dir);
    assert_int_equal(rename(from, to), 0);
    publish_at(&hearer, &hearer.world.one.context, hearer.one, &hearer.publisher);
    assert_true(WORLD_UNTIL(&hearer.world, world_count(&hearer.world, "pcn_zap_refused_total", NULL) > 0));
    assert_int_equal(hearer.connections, 0);
    assert_int_equal(rename(to, from), 0);
    assert_heard(&hearer, hearer.publisher, "pcn.registry.x", "in");
    hearer_deinit(&hearer);
}

static void counts_bad_frames(void **state)
{
    (void)state;
    hearer_t hearer;
    rpc_socket_t *socket = NULL;
    problem_t problem;
    hearer_init(&hearer, false);
    assert_int_equal(
        rpc_context_new(&hearer.world.loop, hearer.world.dir, "registry", hearer.world.metrics, &hearer.world.one.context, &problem),
        STATUS_OK);
    assert_int_equal(rpc_socket_new(hearer.world.one.context, ZMQ_PUB, RPC_ROLE_SERVER, NULL, NULL, NULL, &socket, &problem), STATUS_OK);
    void *zmq = rpc_socket_zmq(socket);
    assert_int_equal(zmq_bind(zmq, hearer.one), 0);
    rpc_socket_touch(socket);
    for (int tries = 0; tries < PROBES && hearer.heard == 0; tries++) {
        assert_true(zmq_send(zmq, "pcn.registry.x", 14, ZMQ_SNDMORE) > 0 && zmq_send(zmq, "y", 1, 0) > 0);
        rpc_socket_touch(socket);
        world_wait(&hearer.world, PROBE_MS);
    }
    assert_true(zmq_send(zmq, "pcn.registry.x", 14, ZMQ_SNDMORE) > 0 && zmq_send(zmq, "last", 4, 0) > 0);
    rpc_socket_touch(socket);
    assert_true(WORLD_UNTIL(&hearer.world, strcmp(hearer.last, "last") == 0)); // nothing is on its way any more
    unsigned heard = hearer.heard;
    assert_true(zmq_send(zmq, "pcn.registry.alone", 18, 0) > 0);
    assert_true(zmq_send(zmq, "pcn.registry.x", 14, ZMQ_SNDMORE) > 0 && zmq_send(zmq, "y", 1, ZMQ_SNDMORE) > 0 &&
                zmq_send(zmq, "z", 1, 0) > 0);
    assert_true(zmq_send(zmq, "pcn.registry.x", 14, ZMQ_SNDMORE) > 0 && zmq_send(zmq, "", 0, 0) == 0); // empty, but two
    rpc_socket_touch(socket);
    assert_true(WORLD_UNTIL(&hearer.world, hearer.heard == heard + 1));
    assert_int_equal(world_count(&hearer.world, "pcn_rpc_subscriber_bad_frames_total", NULL), 2);
    assert_int_equal(hearer.wrong, 0);
    rpc_socket_destroy(&socket);
    hearer_deinit(&hearer);
}

static void needs_an_endpoint(void **state)
{
    (void)state;
    hearer_t hearer;
    problem_t problem;
    hearer_init(&hearer, false);
    const char *none[] = {NULL};
    const char *bad[] = {"nonsense", NULL};
    rpc_subscriber_options_t options = {none, hearer.world.key, none, hear, NULL, &hearer};
    rpc_subscriber_t *subscriber = NULL;
    assert_int_equal(rpc_subscriber_new(hearer.world.context, &options, hearer.world.metrics, &subscriber, &problem),
                     STATUS_INVALID_ARGUMENT);
    assert_null(subscriber);
    options.endpoints = bad;
    assert_int_equal(rpc_subscriber_new(hearer.world.context, &options, hearer.world.metrics, &subscriber, &problem), STATUS_UNAVAILABLE);
    assert_null(subscriber);
    hearer_deinit(&hearer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hears_all_replicas), cmocka_unit_test(comes_back),        cmocka_unit_test(is_let_in_later),
        cmocka_unit_test(counts_bad_frames),  cmocka_unit_test(needs_an_endpoint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
