// A key that is revoked while a daemon runs: its calls and its events end within a second, everybody else goes on, and once it is enrolled
// again it works again. Nothing is restarted.
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "common/base/clock.h"
#include "common/rpc/subscriber.h"
#include "pcn/events/v1/events.pb-c.h"
#include "pcn/registry/v1/registry.pb-c.h"
#include "tests/integration/rpc/daemon.h"

// What is promised is a second; on a machine where a change takes long everything else does too.
enum { SOON_MS = 1000, SOON_CHANGES = 50, USUAL_CHANGES = 10, PATIENCE_MS = 60000 };

// One who calls and hears.
typedef struct guest {
    caller_t caller;
    rpc_subscriber_t *subscriber;
    unsigned heard; // of organisations
} guest_t;

typedef struct scene {
    daemon_t daemon;
    guest_t gateway, follower;
    unsigned made;
} scene_t;

static void hear(void *data, const char *topic, size_t topic_size, const uint8_t *bytes, size_t size)
{
    guest_t *guest = data;
    (void)topic;
    (void)topic_size;
    (void)bytes;
    assert_true(size > 0);
    guest->heard++;
}

static void guest_open(const daemon_t *daemon, guest_t *guest, const char *key)
{
    static const char *const topics[] = {"pcn.registry.organisation.", NULL};
    problem_t problem = {0};
    caller_open(daemon, &guest->caller, key, daemon->calls);
    const char *const endpoints[] = {daemon->events, NULL};
    const rpc_subscriber_options_t options = {
        .endpoints = endpoints, .server_key = daemon->server_key, .topics = topics, .message = hear, .data = guest};
    assert_int_equal(rpc_subscriber_new(guest->caller.context, &options, guest->caller.metrics, &guest->subscriber, &problem), STATUS_OK);
}

static void guest_close(guest_t *guest)
{
    rpc_subscriber_destroy(&guest->subscriber);
    caller_close(&guest->caller);
}

static void turn(scene_t *scene)
{
    (void)uv_run(&scene->gateway.caller.loop, UV_RUN_NOWAIT);
    (void)uv_run(&scene->follower.caller.loop, UV_RUN_NOWAIT);
    poll(NULL, 0, 2);
}

#define AWAIT(scene, condition, ms)                                                                                                        \
    do {                                                                                                                                   \
        int64_t limit_ = clock_steady_us() + (ms)*INT64_C(1000);                                                                           \
        while (!(condition) && clock_steady_us() < limit_)                                                                                 \
            turn(scene);                                                                                                                   \
        assert_true(condition);                                                                                                            \
    } while (0)

static status_t await_call(scene_t *scene, guest_t *guest, call_t *call)
{
    rpc_client_call(guest->caller.client, &call->request);
    AWAIT(scene, call->done, PATIENCE_MS + SOON_MS);
    call_clear(call);
    return call->status;
}

// A change by the gateway, with the time until its answer.
static int64_t change(scene_t *scene)
{
    call_t call;
    char code[32];
    snprintf(code, sizeof code, "ics-%u", ++scene->made);
    call_prepare_create(&call, code, "A system", PATIENCE_MS);
    int64_t begun_us = clock_steady_us();
    status_t status = await_call(scene, &scene->gateway, &call);
    if (status != STATUS_OK)
        fail_msg("%s: %s %s", code, status_name(status), call.problem.detail);
    return clock_steady_us() - begun_us;
}

// The longest of a few changes while nothing is the matter.
static int64_t usual_change(scene_t *scene)
{
    int64_t longest_us = 0;
    for (int i = 0; i < USUAL_CHANGES; i++) {
        int64_t took_us = change(scene);
        longest_us = took_us > longest_us ? took_us : longest_us;
    }
    return longest_us;
}

static status_t read_log(scene_t *scene, int64_t timeout_ms)
{
    call_t call;
    Pcn__Events__V1__ReadRequest read = PCN__EVENTS__V1__READ_REQUEST__INIT;
    read.service = (char *)"registry";
    call_prepare(&call, CALL_READ, &read, timeout_ms);
    call.request.header.principal = NULL;
    return await_call(scene, &scene->follower, &call);
}

// Both hear what is changed; what fell between two connections is in the log.
static bool both_hear(scene_t *scene)
{
    unsigned gateway = scene->gateway.heard, follower = scene->follower.heard;
    (void)change(scene);
    int64_t limit = clock_steady_us() + SOON_MS * 1000;
    while ((scene->gateway.heard == gateway || scene->follower.heard == follower) && clock_steady_us() < limit)
        turn(scene);
    return scene->gateway.heard > gateway && scene->follower.heard > follower;
}

static int open_scene(void **state)
{
    scene_t *scene = calloc(1, sizeof *scene);
    assert_non_null(scene);
    daemon_start(&scene->daemon);
    guest_open(&scene->daemon, &scene->gateway, "gateway");
    guest_open(&scene->daemon, &scene->follower, "follower");
    *state = scene;
    return 0;
}

static int close_scene(void **state)
{
    scene_t *scene = *state;
    guest_close(&scene->gateway);
    guest_close(&scene->follower);
    daemon_stop(&scene->daemon);
    free(scene);
    return 0;
}

static void a_revoked_key_is_out_at_once(void **state)
{
    scene_t *scene = *state;
    char key[RPC_KEY_SIZE];
    problem_t problem = {0};
    assert_int_equal(rpc_keys_load_public(scene->daemon.keys, "follower", key, &problem), STATUS_OK);
    AWAIT(scene, both_hear(scene), PATIENCE_MS);
    assert_int_equal(read_log(scene, PATIENCE_MS), STATUS_OK);
    const int64_t usual_us = usual_change(scene), soon_us = SOON_MS * INT64_C(1000) + SOON_CHANGES * usual_us;

    int64_t begun_us = clock_steady_us(), longest_us = 0;
    assert_int_equal(rpc_keys_revoke(scene->daemon.keys, "follower", &problem), STATUS_OK);
    // The gateway's changes go on all the while.
    while (rpc_client_ready(scene->follower.caller.client) || rpc_subscriber_connected(scene->follower.subscriber)) {
        int64_t took_us = change(scene);
        longest_us = took_us > longest_us ? took_us : longest_us;
        assert_true(clock_steady_us() - begun_us < soon_us);
    }
    int64_t out_us = clock_steady_us() - begun_us;
    AWAIT(scene, rpc_client_ready(scene->gateway.caller.client) && rpc_subscriber_connected(scene->gateway.subscriber), PATIENCE_MS);
    unsigned gateway = scene->gateway.heard, follower = scene->follower.heard;
    begun_us = clock_steady_us();
    unsigned changes = 0;
    for (; clock_steady_us() - begun_us < 2 * SOON_MS * INT64_C(1000); changes++) {
        int64_t took_us = change(scene);
        longest_us = took_us > longest_us ? took_us : longest_us;
    }
    print_message("out after %lld ms; a change took %lld ms before, %lld ms at most; %u changes in two seconds after it\n",
                  (long long)(out_us / 1000), (long long)(usual_us / 1000), (long long)(longest_us / 1000), changes);
    assert_true(longest_us < soon_us);
    AWAIT(scene, scene->gateway.heard > gateway, PATIENCE_MS);
    assert_int_equal(scene->follower.heard, follower);
    assert_int_equal(read_log(scene, 600), STATUS_UNAVAILABLE);
    assert_true(daemon_metric(&scene->daemon, "pcn_zap_revoked_total") > 0);

    assert_int_equal(rpc_keys_enrol(scene->daemon.keys, "follower", key, &problem), STATUS_OK);
    assert_int_equal(read_log(scene, PATIENCE_MS), STATUS_OK);
    AWAIT(scene, both_hear(scene), PATIENCE_MS);
    // Every change took place, once.
    assert_int_equal(test_database_number(scene->daemon.database, "SELECT count(*) FROM registry.organisation"), scene->made);
    AWAIT(scene, test_database_number(scene->daemon.database, "SELECT count(*) FROM registry.event_queue") == 0, PATIENCE_MS);
    assert_int_equal(test_database_number(scene->daemon.database, "SELECT count(*) FROM registry.event"), scene->made);
}

static void a_replaced_key_is_out_too(void **state)
{
    scene_t *scene = *state;
    problem_t problem = {0};
    char old[RPC_KEY_SIZE], other[RPC_KEY_SIZE], secret[RPC_KEY_SIZE];
    assert_int_equal(rpc_keys_load_public(scene->daemon.keys, "follower", old, &problem), STATUS_OK);
    assert_int_equal(zmq_curve_keypair(other, secret), 0);
    const int64_t usual_us = usual_change(scene);
    double revoked = daemon_metric(&scene->daemon, "pcn_zap_revoked_total");
    assert_int_equal(rpc_keys_revoke(scene->daemon.keys, "follower", &problem), STATUS_OK);
    assert_int_equal(rpc_keys_enrol(scene->daemon.keys, "follower", other, &problem), STATUS_OK); // at once, before the daemon looks
    AWAIT(scene, !rpc_client_ready(scene->follower.caller.client) && !rpc_subscriber_connected(scene->follower.subscriber),
          SOON_MS + SOON_CHANGES * usual_us / 1000);
    assert_true(daemon_metric(&scene->daemon, "pcn_zap_revoked_total") > revoked);
    assert_int_equal(read_log(scene, 600), STATUS_UNAVAILABLE);
    (void)change(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_revoked_key_is_out_at_once), cmocka_unit_test(a_replaced_key_is_out_too)};
    return cmocka_run_group_tests(tests, open_scene, close_scene);
}
