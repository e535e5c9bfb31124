// Calls and replies that come twice, out of order and late, through a man in the middle with both sides' keys: every caller gets its own
// answer, and nothing takes effect twice. Counted in the database, not in answers.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "pcn/registry/v1/registry.pb-c.h"
#include "tests/integration/rpc/proxy.h"

// Fewer at once, copies included, than a service takes in before it refuses what is too much.
enum { CLIENTS = 3, EACH = 50, PATIENCE_MS = 60000 };

typedef struct scene {
    daemon_t daemon;
    uv_loop_t loop;
    metrics_t *metrics;
    proxy_t *proxy;
    rpc_context_t *contexts[CLIENTS];
    rpc_client_t *clients[CLIENTS];
    call_t calls[CLIENTS][EACH];
    uv_timer_t tick; // so that the loop can be looked after
} scene_t;

static void nothing(uv_timer_t *timer)
{
    (void)timer;
}

static void open_scene(scene_t *scene)
{
    char endpoint[128];
    problem_t problem = {0};
    daemon_start(&scene->daemon);
    assert_int_equal(uv_loop_init(&scene->loop), 0);
    scene->metrics = metrics_new();
    snprintf(endpoint, sizeof endpoint, "ipc://%s/run/middle.rpc", scene->daemon.state);
    scene->proxy = proxy_new(&scene->loop, scene->metrics, &scene->daemon, endpoint, chance_new());
    const char *const endpoints[] = {endpoint, NULL};
    for (size_t i = 0; i < CLIENTS; i++) {
        const rpc_client_options_t options = {.service = "registry", .endpoints = endpoints, .server_key = scene->daemon.server_key};
        assert_int_equal(rpc_context_new(&scene->loop, scene->daemon.keys, "gateway", scene->metrics, &scene->contexts[i], &problem),
                         STATUS_OK);
        assert_int_equal(rpc_client_new(scene->contexts[i], &options, scene->metrics, &scene->clients[i], &problem), STATUS_OK);
    }
    uv_timer_init(&scene->loop, &scene->tick);
    uv_timer_start(&scene->tick, nothing, 5, 5);
}

static void close_scene(scene_t *scene)
{
    for (size_t i = 0; i < CLIENTS; i++) {
        rpc_client_destroy(&scene->clients[i]);
        rpc_context_destroy(&scene->contexts[i]);
    }
    proxy_destroy(&scene->proxy);
    uv_close((uv_handle_t *)&scene->tick, NULL);
    while (uv_run(&scene->loop, UV_RUN_DEFAULT) != 0) {
    }
    assert_int_equal(uv_loop_close(&scene->loop), 0);
    metrics_destroy(&scene->metrics);
    daemon_stop(&scene->daemon);
}

static void code_of(size_t client, size_t number, char code[32])
{
    snprintf(code, 32, "ics-%zu-%zu", client, number);
}

typedef void (*prepare_fn)(call_t *call, const char *code, size_t client, size_t number);

static void prepare_create(call_t *call, const char *code, size_t client, size_t number)
{
    char name[64];
    snprintf(name, sizeof name, "System %zu of client %zu", number, client);
    call_prepare_create(call, code, name, PATIENCE_MS);
    // Half of them by their client's key; of the others the request's id is the key.
    if (number % 2 == 0) {
        snprintf(call->key, sizeof call->key, "create-%zu-%zu", client, number);
        call->request.header.idempotency_key = call->key;
    }
}

static void prepare_rename(call_t *call, const char *code, size_t client, size_t number)
{
    char name[64];
    snprintf(name, sizeof name, "New name %zu of client %zu", number, client);
    call_prepare_rename(call, code, name, PATIENCE_MS);
}

static void prepare_get(call_t *call, const char *code, size_t client, size_t number)
{
    (void)client;
    (void)number;
    call_prepare_get(call, code, PATIENCE_MS);
}

// All at once; each must get the answer to what it asked.
static void ask_all(scene_t *scene, prepare_fn prepare, const char *name_format)
{
    unsigned done = 0;
    for (size_t i = 0; i < CLIENTS * EACH; i++) {
        char code[32];
        call_t *call = &scene->calls[i % CLIENTS][i / CLIENTS];
        code_of(i % CLIENTS, i / CLIENTS, code);
        prepare(call, code, i % CLIENTS, i / CLIENTS);
        rpc_client_call(scene->clients[i % CLIENTS], &call->request);
    }
    int64_t limit = clock_steady_us() + 2 * PATIENCE_MS * INT64_C(1000);
    while (done < CLIENTS * EACH && clock_steady_us() < limit) {
        (void)uv_run(&scene->loop, UV_RUN_ONCE);
        done = 0;
        for (size_t i = 0; i < CLIENTS * EACH; i++)
            done += scene->calls[i % CLIENTS][i / CLIENTS].done > 0;
    }
    for (size_t i = 0; i < CLIENTS * EACH; i++) {
        char code[32], name[64];
        call_t *call = &scene->calls[i % CLIENTS][i / CLIENTS];
        code_of(i % CLIENTS, i / CLIENTS, code);
        snprintf(name, sizeof name, name_format, i / CLIENTS, i % CLIENTS);
        assert_int_equal(call->done, 1);
        if (call->status != STATUS_OK)
            fail_msg("%s: %s %s", code, status_name(call->status), call->problem.detail);
        const Pcn__Registry__V1__Organisation *organisation = call->reply;
        assert_string_equal(organisation->code, code);
        assert_string_equal(organisation->name, name);
        call_clear(call);
    }
}

// Until nothing is held back any more, and the log has all.
static void settle(scene_t *scene)
{
    int64_t limit = clock_steady_us() + PATIENCE_MS * INT64_C(1000);
    while (proxy_held(scene->proxy) > 0 && clock_steady_us() < limit)
        (void)uv_run(&scene->loop, UV_RUN_ONCE);
    assert_int_equal(proxy_held(scene->proxy), 0);
    while ((daemon_metric(&scene->daemon, "pcn_rpc_in_flight") > 0 ||
            test_database_number(scene->daemon.database, "SELECT count(*) FROM registry.event_queue") > 0) &&
           clock_steady_us() < limit)
        (void)uv_run(&scene->loop, UV_RUN_ONCE);
    assert_int_equal(test_database_number(scene->daemon.database, "SELECT count(*) FROM registry.event_queue"), 0);
}

static long count(scene_t *scene, const char *sql)
{
    return test_database_number(scene->daemon.database, sql);
}

static void disorder_changes_nothing(void **state)
{
    (void)state;
    scene_t *scene = calloc(1, sizeof *scene);
    assert_non_null(scene);
    open_scene(scene);
    ask_all(scene, prepare_create, "System %zu of client %zu");
    ask_all(scene, prepare_get, "System %zu of client %zu");
    ask_all(scene, prepare_rename, "New name %zu of client %zu");
    settle(scene); // late copies of the creations and of the new names among it
    ask_all(scene, prepare_get, "New name %zu of client %zu");
    settle(scene);

    const proxy_counts_t *counts = proxy_counts(scene->proxy);
    print_message("calls %u, replies %u, repeated %u, late %u, overtaken %u; replayed %.0f, late at the clients %llu\n", counts->calls,
                  counts->replies, counts->repeated, counts->late, counts->overtaken, daemon_metric(&scene->daemon, "pcn_replays_total"),
                  (unsigned long long)metrics_counter(scene->metrics, "pcn_rpc_client_late_total", "service=\"registry\"", "")->value);
    assert_true(counts->repeated > EACH && counts->late > EACH / 4 && counts->overtaken > EACH);
    assert_true(daemon_metric(&scene->daemon, "pcn_replays_total") > EACH);
    assert_int_equal(metrics_counter(scene->metrics, "pcn_rpc_client_bad_frames_total", "service=\"registry\"", "")->value, 0);
    assert_true(daemon_metric(&scene->daemon, "pcn_rpc_bad_frames_total") < 1);

    // One row each, changed once; two events each, in order; a log without a gap.
    assert_int_equal(count(scene, "SELECT count(*) FROM registry.organisation"), CLIENTS * EACH);
    assert_int_equal(count(scene, "SELECT count(*) FROM registry.organisation WHERE version = 2 AND name LIKE 'New name %'"),
                     CLIENTS * EACH);
    assert_int_equal(count(scene, "SELECT count(*) FROM registry.event"), 2 * CLIENTS * EACH);
    assert_int_equal(count(scene, "SELECT count(DISTINCT (subject, version)) FROM registry.event WHERE version IN (1, 2)"),
                     2 * CLIENTS * EACH);
    assert_int_equal(count(scene, "SELECT count(DISTINCT id) FROM registry.event"), 2 * CLIENTS * EACH);
    close_scene(scene);
    free(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(disorder_changes_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
