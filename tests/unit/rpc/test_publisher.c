#include "common/rpc/publisher.h"

#include "tests/unit/rpc/world.h"

enum { COUNT = 500, PROBE_MS = 30, PROBES = WORLD_HANG_MS / PROBE_MS };

typedef struct heard {
    unsigned count;
    unsigned topics;
    unsigned probes;
    unsigned next;
} heard_t;

static void hear(void *data, void *socket)
{
    heard_t *heard = data;
    char topic[64];
    char bytes[64];
    int size = zmq_recv(socket, topic, sizeof topic - 1, ZMQ_DONTWAIT);
    if (size < 0) {
        return;
    }
    topic[size] = '\0';
    size = zmq_recv(socket, bytes, sizeof bytes - 1, ZMQ_DONTWAIT);
    assert_true(size >= 0); // always two frames
    bytes[size] = '\0';
    heard->count++;
    heard->topics += strcmp(topic, "pcn.registry.organisation.updated/organisations/x") == 0 ? 1 : 0;
    heard->probes += strcmp(topic, "pcn.registry.probe") == 0 ? 1 : 0;
    heard->next += size > 0 && (unsigned)atoi(bytes) == heard->next ? 1 : 0;
}

static void publishes_to_those_it_knows(void **state)
{
    (void)state;
    world_t world;
    problem_t problem;
    rpc_publisher_t *publisher = NULL;
    rpc_socket_t *subscriber = NULL;
    heard_t heard = {.count = 0};
    char endpoint[128];
    world_init(&world);
    (void)snprintf(endpoint, sizeof endpoint, "ipc://%s/pub", world.dir);
    const char *endpoints[] = {endpoint, NULL};
    assert_int_equal(rpc_context_new(&world.loop, world.dir, "registry", world.metrics, &world.one.context, &problem), STATUS_OK);
    assert_int_equal(rpc_context_new(&world.loop, world.dir, "follower", world.metrics, &world.context, &problem), STATUS_OK);
    assert_int_equal(rpc_publisher_new(world.one.context, endpoints, &publisher, &problem), STATUS_OK);
    rpc_publish(publisher, "pcn.registry.nobody", "", 0); // nobody listens
    assert_int_equal(rpc_socket_new(world.context, ZMQ_SUB, RPC_ROLE_CLIENT, world.key, hear, &heard, &subscriber, &problem), STATUS_OK);
    assert_int_equal(zmq_setsockopt(rpc_socket_zmq(subscriber), ZMQ_SUBSCRIBE, "pcn.registry.", 13), 0);
    assert_int_equal(zmq_connect(rpc_socket_zmq(subscriber), endpoint), 0);
    rpc_socket_touch(subscriber);
    for (int tries = 0; tries < PROBES && heard.count == 0; tries++) { // until the subscription has arrived
        rpc_publish(publisher, "pcn.registry.probe", NULL, 0);
        world_wait(&world, PROBE_MS);
    }
    assert_true(heard.count > 0);
    assert_int_equal(heard.topics, 0);
    for (unsigned i = 0; i < COUNT; i++) {
        char bytes[16];
        (void)snprintf(bytes, sizeof bytes, "%u", i);
        rpc_publish(publisher, "pcn.registry.organisation.updated/organisations/x", bytes, strlen(bytes));
        rpc_publish(publisher, "pcn.finance.other", bytes, strlen(bytes)); // not subscribed to
    }
    assert_true(WORLD_UNTIL(&world, heard.topics == COUNT));
    assert_int_equal(heard.count, COUNT + heard.probes); // some of which were still on their way
    assert_int_equal(heard.next, COUNT);                 // in order
    rpc_publisher_destroy(&publisher);
    assert_null(publisher);
    rpc_socket_destroy(&subscriber);
    world_deinit(&world);
}

static void refuses_a_bad_endpoint(void **state)
{
    (void)state;
    world_t world;
    problem_t problem;
    rpc_publisher_t *publisher = NULL;
    const char *endpoints[] = {"ipc:///nowhere/at/all", NULL};
    world_init(&world);
    assert_int_equal(rpc_context_new(&world.loop, world.dir, "registry", world.metrics, &world.one.context, &problem), STATUS_OK);
    assert_int_equal(rpc_publisher_new(world.one.context, endpoints, &publisher, &problem), STATUS_UNAVAILABLE);
    assert_null(publisher);
    world_deinit(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(publishes_to_those_it_knows), cmocka_unit_test(refuses_a_bad_endpoint)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
