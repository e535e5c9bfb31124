// An enrolled key that is no friend: it subscribes without end, and asks for the log without end. The daemon's memory stays where it was,
// and everybody else is served meanwhile and afterwards.
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "common/base/clock.h"
#include "common/pb/message.h"
#include "common/rpc/batch.h"
#include "common/rpc/subscriber.h"
#include "pcn/common/v1/envelope.meta.h"
#include "pcn/events/v1/events.pb-c.h"
#include "pcn/registry/v1/registry.pb-c.h"
#include "tests/integration/rpc/stranger.h"

enum { TOPICS = 30000, TOPIC_SIZE = 245, READS = 3000, EVENTS = 1000, SOON_MS = 3000, PATIENCE_MS = 60000 };
// The memory that a flood may cost, of which it takes nothing like all: a hundred times as much before there were bounds.
enum { MEMORY_KB = 16 * 1024 };
// Calls of four whose answers nobody takes, and what they may cost: some frames in libzmq, eight in the outbox, half a megabyte each.
enum { UNTAKEN = 400, UNTAKEN_KB = 32 * 1024 };
// Of an honest call, on a machine that is busy with the flood's own sender too; or as long as so many of the flood's reads take where that
// is more, of the thousands that it would wait for otherwise.
enum { WAIT_MS = 1000, WAIT_READS = 100, USUAL_READS = 5, PART = 4 };

typedef struct hearer {
    caller_t caller;
    rpc_subscriber_t *subscriber;
    unsigned heard;
} hearer_t;

typedef struct scene {
    daemon_t daemon;
    caller_t gateway;
    hearer_t before;
    void *context; // libzmq's, for bare sockets
    unsigned made;
} scene_t;

static void hear(void *data, const char *topic, size_t topic_size, const uint8_t *bytes, size_t size)
{
    hearer_t *hearer = data;
    (void)topic;
    (void)topic_size;
    (void)bytes;
    assert_true(size > 0);
    hearer->heard++;
}

static void hearer_open(const daemon_t *daemon, hearer_t *hearer)
{
    static const char *const topics[] = {"pcn.registry.organisation.", NULL};
    problem_t problem = {0};
    caller_open(daemon, &hearer->caller, "gateway", daemon->calls);
    const char *const endpoints[] = {daemon->events, NULL};
    const rpc_subscriber_options_t options = {
        .endpoints = endpoints, .server_key = daemon->server_key, .topics = topics, .message = hear, .data = hearer};
    assert_int_equal(rpc_subscriber_new(hearer->caller.context, &options, hearer->caller.metrics, &hearer->subscriber, &problem),
                     STATUS_OK);
}

static void hearer_close(hearer_t *hearer)
{
    rpc_subscriber_destroy(&hearer->subscriber);
    caller_close(&hearer->caller);
}

static void make_organisation(scene_t *scene)
{
    call_t call;
    char code[32];
    snprintf(code, sizeof code, "ics-%u", ++scene->made);
    call_prepare_create(&call, code, "A system", PATIENCE_MS);
    assert_int_equal(caller_ask(&scene->gateway, &call), STATUS_OK);
    call_clear(&call);
}

// Makes changes until it hears of one. Where it may make one alone, that one must be heard; else one that came too early is not waited for.
static void assert_hears(scene_t *scene, hearer_t *hearer, unsigned changes)
{
    unsigned before = hearer->heard;
    for (unsigned i = 0; i < changes && hearer->heard == before; i++) {
        make_organisation(scene);
        int64_t limit = clock_steady_us() + (changes == 1 ? PATIENCE_MS : SOON_MS) * INT64_C(1000);
        while (hearer->heard == before && clock_steady_us() < limit) {
            (void)uv_run(&hearer->caller.loop, UV_RUN_NOWAIT);
            poll(NULL, 0, 2);
        }
    }
    assert_true(hearer->heard > before);
}

static int open_scene(void **state)
{
    scene_t *scene = calloc(1, sizeof *scene);
    assert_non_null(scene);
    daemon_start(&scene->daemon);
    caller_open(&scene->daemon, &scene->gateway, "gateway", scene->daemon.calls);
    hearer_open(&scene->daemon, &scene->before);
    scene->context = zmq_ctx_new();
    assert_hears(scene, &scene->before, 20);
    *state = scene;
    return 0;
}

static int close_scene(void **state)
{
    scene_t *scene = *state;
    assert_int_equal(zmq_ctx_term(scene->context), 0);
    hearer_close(&scene->before);
    caller_close(&scene->gateway);
    daemon_stop(&scene->daemon);
    free(scene);
    return 0;
}

// ---- subscriptions

static void *flooder_new(scene_t *scene)
{
    int none = 0;
    void *socket = bare_socket(scene->context, ZMQ_XSUB, &scene->daemon, "follower", scene->daemon.events);
    assert_int_equal(zmq_setsockopt(socket, ZMQ_SNDHWM, &none, sizeof none), 0);
    assert_int_equal(zmq_disconnect(socket, scene->daemon.events), 0);
    assert_int_equal(zmq_connect(socket, scene->daemon.events), 0);
    poll(NULL, 0, 200);
    return socket;
}

static void send_many_topics(scene_t *scene)
{
    chance_t chance = chance_new();
    void *socket = flooder_new(scene);
    char topic[TOPIC_SIZE + 1];
    for (unsigned i = 0; i < TOPICS; i++) {
        int at = snprintf(topic, sizeof topic, "%c%u", 1, i);
        for (int j = at; j < TOPIC_SIZE; j++)
            topic[j] = (char)chance_next(&chance);
        (void)zmq_send(socket, topic, TOPIC_SIZE, ZMQ_DONTWAIT);
    }
    assert_hears(scene, &scene->before, 1); // while it goes on
    poll(NULL, 0, 2000);
    assert_hears(scene, &scene->before, 1);
    assert_int_equal(zmq_close(socket), 0);
}

static void send_a_long_topic(scene_t *scene, size_t size)
{
    void *socket = flooder_new(scene);
    char *topic = malloc(size);
    assert_non_null(topic);
    memset(topic, 'q', size);
    topic[0] = 1;
    (void)zmq_send(socket, topic, size, ZMQ_DONTWAIT);
    free(topic);
    poll(NULL, 0, 300);
    assert_int_equal(zmq_close(socket), 0);
}

static void subscriptions_cost_nothing(void **state)
{
    scene_t *scene = *state;
    long before_kb = daemon_memory_kb(&scene->daemon);
    static const size_t sizes[] = {260, 500, 1000, 8190, 65000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        send_a_long_topic(scene, sizes[i]);
    long long_kb = daemon_memory_kb(&scene->daemon);
    send_many_topics(scene);
    assert_true(daemon_await_metric(&scene->daemon, "pcn_rpc_subscriptions_refused_total", 1, PATIENCE_MS));
    long many_kb = daemon_memory_kb(&scene->daemon);
    double refused = daemon_metric(&scene->daemon, "pcn_rpc_subscriptions_refused_total");
    print_message("memory in KiB: %ld, after long topics %ld, after %d topics %ld; refused %.0f\n", before_kb, long_kb, TOPICS, many_kb,
                  refused);
    if (!DAEMON_IS_SANITIZED)
        assert_true(many_kb < before_kb + MEMORY_KB);
    hearer_t after;
    hearer_open(&scene->daemon, &after);
    assert_hears(scene, &after, 20);
    assert_hears(scene, &scene->before, 1);
    hearer_close(&after);
}

// ---- reads

static void make_events(scene_t *scene)
{
    enum { AT_ONCE = 50 };
    static call_t calls[AT_ONCE];
    for (unsigned made = 0; made < EVENTS; made += AT_ONCE) {
        for (unsigned i = 0; i < AT_ONCE; i++) {
            char code[32];
            snprintf(code, sizeof code, "ics-%u", ++scene->made);
            call_prepare_create(&calls[i], code, "A system", PATIENCE_MS);
            rpc_client_call(scene->gateway.client, &calls[i].request);
        }
        for (unsigned i = 0; i < AT_ONCE; i++) {
            while (calls[i].done == 0)
                (void)uv_run(&scene->gateway.loop, UV_RUN_ONCE);
            assert_int_equal(calls[i].status, STATUS_OK);
            call_clear(&calls[i]);
        }
    }
}

static size_t add_part(uint8_t *frame, size_t at, const uint8_t *bytes, size_t size)
{
    for (unsigned i = 0; i < 4; i++)
        frame[at + i] = (uint8_t)(size >> (8 * i));
    memcpy(frame + at + 4, bytes, size);
    return at + 4 + size;
}

static void send_reads(void *socket, unsigned count)
{
    call_t call;
    Pcn__Events__V1__ReadRequest read = PCN__EVENTS__V1__READ_REQUEST__INIT;
    read.service = (char *)"registry";
    read.has_after = 1;
    read.has_limit = 1;
    read.limit = EVENTS;
    call_prepare(&call, CALL_READ, &read, PATIENCE_MS);
    Pcn__Common__V1__RequestHeader *header = &call.request.header;
    header->principal = NULL;
    header->has_correlation = 1;
    header->has_timeout_ms = 1;
    header->timeout_ms = 600000;
    for (unsigned i = 0; i < count; i++) {
        arena_t *arena = arena_new(65536);
        uint8_t *bytes = NULL, frame[1024];
        size_t size = 0;
        header->correlation = i + 1;
        assert_true(pb_pack(header, arena, &bytes, &size));
        size = add_part(frame, add_part(frame, 0, bytes, size), call.request.body, call.request.body_size);
        assert_true(zmq_send(socket, frame, size, 0) >= 0);
        arena_destroy(&arena);
    }
    call_clear(&call);
}

// How long the longest took, in ms; each must be answered.
static long ask_often(caller_t *caller, const char *method, const void *request, bool with_principal, unsigned times)
{
    long longest_ms = 0;
    for (unsigned i = 0; i < times; i++) {
        call_t call;
        call_prepare(&call, method, request, PATIENCE_MS);
        if (!with_principal)
            call.request.header.principal = NULL;
        int64_t begun_us = clock_steady_us();
        if (caller_ask(caller, &call) != STATUS_OK)
            fail_msg("%s: %s %s", method, status_name(call.status), call.problem.detail);
        long took_ms = (long)((clock_steady_us() - begun_us) / 1000);
        longest_ms = took_ms > longest_ms ? took_ms : longest_ms;
        call_clear(&call);
    }
    return longest_ms;
}

static void a_burst_of_reads_makes_nobody_wait(void **state)
{
    scene_t *scene = *state;
    problem_t problem = {0};
    int none = 0;
    caller_t other;
    Pcn__Registry__V1__ListOrganisationsRequest list = PCN__REGISTRY__V1__LIST_ORGANISATIONS_REQUEST__INIT;
    Pcn__Events__V1__ReadRequest read = PCN__EVENTS__V1__READ_REQUEST__INIT;
    list.has_page_size = 1;
    list.page_size = 1;
    read.service = (char *)"registry";
    read.has_limit = 1;
    read.limit = 10;
    make_events(scene);
    assert_int_equal(rpc_keys_ensure(scene->daemon.keys, "other", &problem), STATUS_OK);
    caller_open(&scene->daemon, &other, "other", scene->daemon.calls);
    (void)ask_often(&other, CALL_READ, &read, false, 1);
    read.limit = EVENTS / PART;
    const long usual_ms = PART * ask_often(&other, CALL_READ, &read, false, USUAL_READS);
    const long most_ms = WAIT_READS * usual_ms > WAIT_MS ? WAIT_READS * usual_ms : WAIT_MS;
    read.limit = 10;
    void *socket = bare_socket(scene->context, ZMQ_DEALER, &scene->daemon, "follower", scene->daemon.calls);
    assert_int_equal(zmq_setsockopt(socket, ZMQ_RCVHWM, &none, sizeof none), 0);
    poll(NULL, 0, 200);
    send_reads(socket, READS);
    long list_ms = 0, read_ms = 0;
    for (unsigned round = 0; round < 10; round++) {
        long ms = ask_often(&scene->gateway, "pcn.registry.v1.Registry/ListOrganisations", &list, true, 3);
        list_ms = ms > list_ms ? ms : list_ms;
        ms = ask_often(&other, CALL_READ, &read, false, 3);
        read_ms = ms > read_ms ? ms : read_ms;
    }
    assert_true(daemon_await_metric(&scene->daemon, "pcn_rpc_calls_refused_total", READS / 2, PATIENCE_MS));
    assert_int_equal(zmq_close(socket), 0);
    double refused = daemon_metric(&scene->daemon, "pcn_rpc_calls_refused_total");
    print_message("during %d reads of %d events (one takes %ld ms): a list took %ld ms at most, a read of another key %ld ms; refused %.0f\n",
                  READS, EVENTS, usual_ms, list_ms, read_ms, refused);
    if (!DAEMON_IS_SANITIZED)
        assert_true(list_ms < most_ms && read_ms < most_ms);
    caller_close(&other);
}

// It asks on and on and takes nothing: what it is owed waits, and so long it is given no more.
static void answers_that_nobody_takes_cost_little(void **state)
{
    scene_t *scene = *state;
    int one = 1, bytes = 4096;
    Pcn__Registry__V1__ListOrganisationsRequest list = PCN__REGISTRY__V1__LIST_ORGANISATIONS_REQUEST__INIT;
    list.has_page_size = 1;
    list.page_size = 1;
    make_events(scene);
    void *socket = bare_socket(scene->context, ZMQ_DEALER, &scene->daemon, "follower", scene->daemon.calls);
    assert_int_equal(zmq_setsockopt(socket, ZMQ_RCVHWM, &one, sizeof one), 0);
    assert_int_equal(zmq_setsockopt(socket, ZMQ_RCVBUF, &bytes, sizeof bytes), 0);
    // Options count for connections made after them.
    assert_int_equal(zmq_disconnect(socket, scene->daemon.calls), 0);
    assert_int_equal(zmq_connect(socket, scene->daemon.calls), 0);
    send_reads(socket, 4);
    const long before_kb = daemon_memory_kb(&scene->daemon);
    long most_kb = before_kb;
    for (unsigned i = 0; i < UNTAKEN; i++) {
        send_reads(socket, 4);
        (void)ask_often(&scene->gateway, "pcn.registry.v1.Registry/ListOrganisations", &list, true, 1);
        const long now_kb = daemon_memory_kb(&scene->daemon);
        most_kb = now_kb > most_kb ? now_kb : most_kb;
    }
    const double refused = daemon_metric(&scene->daemon, "pcn_rpc_calls_refused_total");
    print_message("after %d reads that nobody took: %ld KiB, %ld at most, refused %.0f\n", 4 * UNTAKEN, before_kb, most_kb, refused);
    assert_true(refused > 0);
    if (!DAEMON_IS_SANITIZED)
        assert_true(most_kb - before_kb < UNTAKEN_KB);
    assert_int_equal(zmq_close(socket), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(subscriptions_cost_nothing),
        cmocka_unit_test(a_burst_of_reads_makes_nobody_wait),
        cmocka_unit_test(answers_that_nobody_takes_cost_little),
    };
    return cmocka_run_group_tests(tests, open_scene, close_scene);
}
