// A key that leaves the allow list, while its owner is connected: with calls, and for events.
#include "tests/unit/rpc/world.h"

#include <sys/stat.h>

#include "common/rpc/loop.h"
#include "common/rpc/publisher.h"

#define REVOKED world_count(&world, "pcn_zap_revoked_total", NULL)
#define ACCEPTED world_count(&world, "pcn_zap_accepted_total", NULL)
#define TOPIC "pcn.registry.organisation.updated"

enum {
    LOOK_US = 5000 * 1000, // from the first one who was let in to the look that is taken in any case; what is seen before it the watch told
    TRY_MS = 20,
};

// One who calls and hears under a name.
typedef struct guest {
    world_t *world;
    rpc_context_t *context;
    rpc_client_t *client;
    rpc_socket_t *events;
    const char *events_endpoint;
    unsigned heard;
    unsigned heard_late; // of what was published after a revocation
} guest_t;

typedef struct house {
    rpc_publisher_t *publisher;
    char events[160];
    guest_t gateway, follower;
    const char *word; // what is published
    int64_t opened_us;
} house_t;

#define WORD "x"
#define LATE_WORD "late"

static void hear(void *data, void *socket)
{
    guest_t *guest = data;
    char bytes[64];
    int size;
    while ((size = zmq_recv(socket, bytes, sizeof bytes, ZMQ_DONTWAIT)) >= 0) {
        guest->heard++;
        guest->heard_late += (size_t)size == strlen(LATE_WORD) && memcmp(bytes, LATE_WORD, strlen(LATE_WORD)) == 0 ? 1 : 0;
    }
}

static void guest_start(world_t *world, guest_t *guest, const char *name, const char *events)
{
    problem_t problem;
    guest->world = world;
    guest->events_endpoint = events;
    assert_int_equal(rpc_context_new(&world->loop, world->dir, name, world->metrics, &guest->context, &problem), STATUS_OK);
    const char *endpoints[] = {world->one.endpoint, NULL};
    rpc_client_options_t options = {name, endpoints, world->key, 0};
    assert_int_equal(rpc_client_new(guest->context, &options, world->metrics, &guest->client, &problem), STATUS_OK);
    assert_int_equal(rpc_socket_new(guest->context, ZMQ_SUB, RPC_ROLE_CLIENT, world->key, hear, guest, &guest->events, &problem),
                     STATUS_OK);
    assert_int_equal(zmq_setsockopt(rpc_socket_zmq(guest->events), ZMQ_SUBSCRIBE, "", 0), 0);
    assert_int_equal(zmq_connect(rpc_socket_zmq(guest->events), events), 0);
    rpc_socket_touch(guest->events);
}

static void guest_stop(guest_t *guest)
{
    rpc_client_destroy(&guest->client);
    rpc_socket_destroy(&guest->events);
    rpc_context_destroy(&guest->context);
}

static void guest_ask(guest_t *guest, world_call_t *call, const char *body, int64_t timeout_ms)
{
    world_prepare(call, body, timeout_ms, true);
    call->request.header.method = (char *)"pcn.events.v1.Events/Read"; // everybody's
    rpc_client_call(guest->client, &call->request);
}

static bool guest_hears(house_t *house, guest_t *guest)
{
    unsigned before = guest->heard;
    for (unsigned waited = 0; waited < WORLD_HANG_MS && guest->heard == before; waited += TRY_MS) {
        rpc_publish(house->publisher, TOPIC, house->word, strlen(house->word));
        world_wait(guest->world, TRY_MS);
    }
    return guest->heard > before;
}

static void house_open(world_t *world, house_t *house)
{
    problem_t problem;
    world_call_t calls[2];
    memset(house, 0, sizeof *house);
    house->word = WORD;
    world_init(world);
    house->opened_us = clock_steady_us();
    world_serve_start(world, &world->one, "one", 0);
    (void)snprintf(house->events, sizeof house->events, "ipc://%s/pub", world->dir);
    const char *endpoints[] = {house->events, NULL};
    assert_int_equal(rpc_publisher_new(world->one.context, endpoints, &house->publisher, &problem), STATUS_OK);
    guest_start(world, &house->gateway, "gateway", house->events);
    guest_start(world, &house->follower, "follower", house->events);
    guest_ask(&house->gateway, &calls[0], "gateway", WORLD_LONG_MS);
    guest_ask(&house->follower, &calls[1], "follower", WORLD_LONG_MS);
    assert_true(WORLD_UNTIL(world, world_done_count(calls, 2) == 2));
    world_assert_echoed(calls, 2);
    assert_true(guest_hears(house, &house->gateway));
    assert_true(guest_hears(house, &house->follower));
}

// The folder's watch told, not the look that is taken now and then.
static void assert_soon(const house_t *house)
{
    assert_true(clock_steady_us() - house->opened_us < LOOK_US);
}

static void house_close(world_t *world, house_t *house)
{
    guest_stop(&house->gateway);
    guest_stop(&house->follower);
    rpc_publisher_destroy(&house->publisher);
    world_deinit(world);
}

static void remove_public(const world_t *world, const char *name)
{
    char path[160];
    (void)snprintf(path, sizeof path, "%s/%s.public", world->dir, name);
    assert_int_equal(unlink(path), 0);
}

// Puts a whole file in the place of the other.
static void replace_public(const world_t *world, const char *name, const char *key)
{
    char path[160];
    char beside[160];
    (void)snprintf(path, sizeof path, "%s/%s.public", world->dir, name);
    (void)snprintf(beside, sizeof beside, "%s/beside", world->dir);
    FILE *file = fopen(beside, "w");
    assert_non_null(file);
    assert_true(fprintf(file, "%s\n", key) > 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(beside, path), 0);
}

static void ends_what_a_revoked_key_had(void **state)
{
    (void)state;
    world_t world;
    house_t house;
    world_call_t call;
    char key[RPC_KEY_SIZE];
    problem_t problem;
    house_open(&world, &house);
    assert_int_equal(rpc_keys_load_public(world.dir, "follower", key, &problem), STATUS_OK);
    assert_int_equal(ACCEPTED, 4);
    remove_public(&world, "follower");
    assert_true(WORLD_UNTIL(&world, REVOKED == 1));
    assert_soon(&house);
    assert_true(WORLD_UNTIL(&world, !rpc_client_ready(house.follower.client)));

    // The other one goes on.
    guest_ask(&house.gateway, &call, "still here", WORLD_LONG_MS);
    assert_true(WORLD_UNTIL(&world, call.done));
    world_assert_echoed(&call, 1);
    assert_true(guest_hears(&house, &house.gateway));

    // This one gets nothing: no answer, no event.
    house.word = LATE_WORD;
    guest_ask(&house.follower, &call, "let me in", 1500);
    assert_true(guest_hears(&house, &house.gateway));
    assert_true(WORLD_UNTIL(&world, call.done));
    assert_int_equal(call.status, STATUS_UNAVAILABLE);
    assert_int_equal(house.follower.heard_late, 0);
    assert_false(rpc_client_ready(house.follower.client));

    assert_int_equal(rpc_keys_enrol(world.dir, "follower", key, &problem), STATUS_OK);
    guest_ask(&house.follower, &call, "back again", WORLD_LONG_MS);
    assert_true(WORLD_UNTIL(&world, call.done));
    world_assert_echoed(&call, 1);
    // A bare SUB does not ask again by itself once it was refused.
    void *socket = rpc_socket_zmq(house.follower.events);
    (void)zmq_disconnect(socket, house.events);
    assert_int_equal(zmq_connect(socket, house.events), 0);
    rpc_socket_touch(house.follower.events);
    assert_true(guest_hears(&house, &house.follower));
    assert_int_equal(REVOKED, 1);
    house_close(&world, &house);
}

static void answers_nobody_twice_or_falsely(void **state)
{
    (void)state;
    enum { COUNT = 40 };
    world_t world;
    house_t house;
    world_call_t calls[COUNT];
    house_open(&world, &house);
    world.one.mode = WORLD_HOLD;
    for (unsigned i = 0; i < COUNT; i++) {
        char body[32];
        (void)snprintf(body, sizeof body, "held %u", i);
        guest_ask(&house.gateway, &calls[i], body, WORLD_LONG_MS);
    }
    assert_true(WORLD_UNTIL(&world, world.one.held_count == COUNT));
    remove_public(&world, "follower");
    // They come once more, over the new socket, while the first ones are still held.
    assert_true(WORLD_UNTIL(&world, world.one.held_count == 2 * COUNT));
    assert_int_equal(world_done_count(calls, COUNT), 0);
    assert_int_equal(rpc_server_in_flight(world.one.server), 2 * COUNT);
    world_answer_held(&world.one);
    assert_true(WORLD_UNTIL(&world, world_done_count(calls, COUNT) == COUNT));
    world_assert_echoed(calls, COUNT);
    assert_int_equal(world_count(&world, "pcn_rpc_replies_dropped_total", NULL), COUNT);
    assert_int_equal(world_count(&world, "pcn_rpc_client_late_total", "service=\"gateway\""), 0);
    assert_int_equal(rpc_server_in_flight(world.one.server), 0);
    house_close(&world, &house);
}

static void keeps_who_may_stay(void **state)
{
    (void)state;
    world_t world;
    house_t house;
    world_call_t call;
    char key[RPC_KEY_SIZE];
    problem_t problem;
    house_open(&world, &house);
    assert_int_equal(rpc_keys_load_public(world.dir, "follower", key, &problem), STATUS_OK);
    for (unsigned i = 0; i < 5; i++) {
        replace_public(&world, "follower", key); // the same key
        world_wait(&world, 30);
    }
    assert_int_equal(rpc_keys_ensure(world.dir, "newcomer", &problem), STATUS_OK);
    remove_public(&world, "newcomer"); // who was never here
    world_wait(&world, 300);
    assert_int_equal(REVOKED, 0);
    assert_int_equal(ACCEPTED, 4); // nobody had to come again
    guest_ask(&house.follower, &call, "x", WORLD_LONG_MS);
    assert_true(WORLD_UNTIL(&world, call.done));
    world_assert_echoed(&call, 1);
    house_close(&world, &house);
}

static void sees_another_key_or_another_name(void **state)
{
    (void)state;
    world_t world;
    house_t house;
    char path[160];
    char other[160];
    house_open(&world, &house);
    replace_public(&world, "follower", world.key); // registry's
    assert_true(WORLD_UNTIL(&world, REVOKED == 1));
    assert_soon(&house);
    assert_true(WORLD_UNTIL(&world, !rpc_client_ready(house.follower.client)));
    assert_true(WORLD_UNTIL(&world, ACCEPTED == 6)); // the gateway, both ways
    // The same key under another name: whoever has it comes in again, as that.
    (void)snprintf(path, sizeof path, "%s/gateway.public", world.dir);
    (void)snprintf(other, sizeof other, "%s/entrance.public", world.dir);
    assert_int_equal(rename(path, other), 0);
    assert_true(WORLD_UNTIL(&world, REVOKED == 2));
    assert_soon(&house);
    assert_true(WORLD_UNTIL(&world, ACCEPTED == 8));
    house_close(&world, &house);
}

static void sees_a_folder_that_was_put_in_place(void **state)
{
    (void)state;
    world_t world;
    house_t house;
    char aside[80];
    house_open(&world, &house);
    (void)snprintf(aside, sizeof aside, "%s-aside", world.dir);
    assert_int_equal(rename(world.dir, aside), 0); // the sockets go with it
    assert_true(WORLD_UNTIL(&world, REVOKED == 2));
    assert_int_equal(rename(aside, world.dir), 0);
    house_close(&world, &house);
}

static void lets_no_stranger_hear(void **state)
{
    (void)state;
    world_t world;
    world_t other;
    house_t house;
    guest_t stranger = {.heard = 0};
    house_open(&world, &house);
    world_init(&other);
    // Everything is right but the key: name, server's key, endpoint, topic.
    (void)strcpy(other.one.endpoint, world.one.endpoint);
    (void)strcpy(other.key, world.key);
    guest_start(&other, &stranger, "follower", house.events);
    for (unsigned i = 0; i < 40 || (i < WORLD_HANG_MS / TRY_MS && world_count(&world, "pcn_zap_refused_total", NULL) < 2); i++) {
        rpc_publish(house.publisher, TOPIC, "x", 1);
        world_wait(&world, TRY_MS / 2);
        world_wait(&other, TRY_MS / 2);
    }
    assert_int_equal(stranger.heard, 0);
    assert_false(rpc_client_ready(stranger.client));
    assert_true(world_count(&world, "pcn_zap_refused_total", NULL) >= 2);
    assert_int_equal(ACCEPTED, 4);
    guest_stop(&stranger);
    other.one.endpoint[0] = '\0';
    house_close(&world, &house);
    world_deinit(&other);
}

// Nobody is let in where nobody asks about keys.
static void stays_closed_without_its_handler(void **state)
{
    (void)state;
    world_t world;
    house_t house;
    world_call_t call;
    house_open(&world, &house);
    rpc_zap_destroy(&world.one.context->zap);
    guest_t late = {.heard = 0};
    guest_start(&world, &late, "gateway", house.events); // a good key, but nobody to say so
    guest_ask(&late, &call, "anybody there", 1000);
    for (unsigned i = 0; i < 40; i++) {
        rpc_publish(house.publisher, TOPIC, "x", 1);
        world_wait(&world, 20);
    }
    assert_true(WORLD_UNTIL(&world, call.done));
    assert_int_equal(call.status, STATUS_UNAVAILABLE);
    assert_int_equal(late.heard, 0);
    assert_false(rpc_client_ready(late.client));
    guest_stop(&late);
    house_close(&world, &house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_what_a_revoked_key_had),
        cmocka_unit_test(answers_nobody_twice_or_falsely),
        cmocka_unit_test(keeps_who_may_stay),
        cmocka_unit_test(sees_another_key_or_another_name),
        cmocka_unit_test(sees_a_folder_that_was_put_in_place),
        cmocka_unit_test(lets_no_stranger_hear),
        cmocka_unit_test(stays_closed_without_its_handler),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
