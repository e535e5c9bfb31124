// Fault case 19: ten thousand connections and messages that are none. The daemon goes on answering, keeps its memory and descriptors, and
// has counted what it refused.
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zmq.h>

#include "common/base/clock.h"
#include "common/pb/message.h"
#include "common/rpc/batch.h"
#include "pcn/common/v1/envelope.meta.h"
#include "pcn/events/v1/events.pb-c.h"
#include "pcn/registry/v1/registry.pb-c.h"
#include "tests/integration/rpc/stranger.h"

enum { CONNECTIONS = 5000, MESSAGES = 5000, WARM_UPS = 2, MORE_ROUNDS = 3, SILENT_MAX = 100, ANSWER_MS = 20000, SETTLE_MS = 60000 };

typedef struct scene {
    daemon_t daemon;
    caller_t caller;
    chance_t chance;
    void *context;        // libzmq's, for bare sockets
    int open[SILENT_MAX]; // connections that say no more, the oldest of which ends when there are too many
    unsigned opened;
    unsigned sent[32]; // messages by kind
    unsigned counted, refusals, refused;
} scene_t;

static int open_scene(void **state)
{
    scene_t *scene = calloc(1, sizeof *scene);
    assert_non_null(scene);
    scene->chance = chance_new();
    daemon_start(&scene->daemon);
    caller_open(&scene->daemon, &scene->caller, "gateway", scene->daemon.calls);
    scene->context = zmq_ctx_new();
    call_t call;
    call_prepare_create(&call, "ics-good", "Good", SETTLE_MS);
    assert_int_equal(caller_ask(&scene->caller, &call), STATUS_OK);
    call_clear(&call);
    *state = scene;
    return 0;
}

static int close_scene(void **state)
{
    scene_t *scene = *state;
    assert_int_equal(zmq_ctx_term(scene->context), 0);
    caller_close(&scene->caller);
    daemon_stop(&scene->daemon);
    free(scene);
    return 0;
}

// Somebody who does nothing wrong is answered, and soon.
static void assert_answers(scene_t *scene)
{
    call_t call;
    call_prepare_get(&call, "ics-good", ANSWER_MS);
    if (caller_ask(&scene->caller, &call) != STATUS_OK)
        fail_msg("%s %s", status_name(call.status), call.problem.detail);
    assert_string_equal(((const Pcn__Registry__V1__Organisation *)call.reply)->name, "Good");
    call_clear(&call);
}

// ---- without a key

static void leave_open(scene_t *scene, int fd)
{
    unsigned place = scene->opened++ % SILENT_MAX;
    if (scene->opened > SILENT_MAX)
        close(scene->open[place]);
    scene->open[place] = fd;
}

static void close_all(scene_t *scene)
{
    unsigned count = scene->opened < SILENT_MAX ? scene->opened : SILENT_MAX;
    for (unsigned i = 0; i < count; i++)
        close(scene->open[i]);
    scene->opened = 0;
}

static void connect_strangers(scene_t *scene, unsigned count)
{
    const char *const endpoints[] = {scene->daemon.calls, scene->daemon.tcp, scene->daemon.events};
    uint8_t bytes[STRANGER_ROOM];
    for (unsigned i = 0; i < count; i++) {
        size_t size = stranger_fill(i % stranger_kinds(), &scene->chance, bytes);
        int fd = stranger_connect(endpoints[chance_below(&scene->chance, 3)], bytes, size);
        assert_true(fd >= 0);
        if (chance_below(&scene->chance, 4) == 0)
            leave_open(scene, fd);
        else
            close(fd);
        if (i % 250 == 249)
            assert_answers(scene);
    }
    close_all(scene);
}

// ---- with a key

// Takes the replies that are there; all must be refusals.
static void take_replies(scene_t *scene, void *socket)
{
    zmq_msg_t frame;
    for (;;) {
        (void)zmq_msg_init(&frame);
        if (zmq_msg_recv(&frame, socket, ZMQ_DONTWAIT) < 0)
            break;
        rpc_pair_t pairs[RPC_BATCH_MAX];
        const uint8_t *bytes = zmq_msg_data(&frame);
        unsigned count = rpc_batch_read(bytes, zmq_msg_size(&frame), pairs);
        assert_true(count > 0);
        for (unsigned i = 0; i < count; i++) {
            arena_t *arena = arena_new(65536);
            void *header = NULL;
            assert_int_equal(
                pb_unpack(&pcn__common__v1__reply_header__type, bytes + pairs[i].header_at, pairs[i].header_size, arena, &header, NULL),
                STATUS_OK);
            assert_true(((const Pcn__Common__V1__ReplyHeader *)header)->status != STATUS_OK);
            assert_true(((const Pcn__Common__V1__ReplyHeader *)header)->status != STATUS_INTERNAL);
            arena_destroy(&arena);
            scene->refused++;
        }
        (void)zmq_msg_close(&frame);
    }
    (void)zmq_msg_close(&frame);
}

static void *bare_calls(scene_t *scene)
{
    return bare_socket(scene->context, ZMQ_DEALER, &scene->daemon, "gateway", scene->daemon.calls);
}

static void *send_message(scene_t *scene, void *socket, size_t kind)
{
    int refusals = frame_send(kind, &scene->chance, socket);
    assert_true(refusals >= 0);
    scene->sent[kind]++;
    scene->refusals += (unsigned)refusals;
    scene->counted += frame_kind(kind)->fate == FRAME_COUNTED;
    scene->counted += strcmp(frame_kind(kind)->name, "good and bad together") == 0;
    take_replies(scene, socket);
    return socket;
}

static void await_replies(scene_t *scene, void *socket)
{
    int64_t limit = clock_steady_us() + SETTLE_MS * 1000;
    zmq_pollitem_t item = {socket, 0, ZMQ_POLLIN, 0};
    while (scene->refused < scene->refusals && clock_steady_us() < limit) {
        (void)zmq_poll(&item, 1, 20);
        take_replies(scene, socket);
    }
    assert_int_equal(scene->refused, scene->refusals);
}

static void send_messages(scene_t *scene, unsigned count)
{
    void *socket = bare_calls(scene);
    unsigned cut = 0;
    for (unsigned i = 0; i < count; i++) {
        size_t kind = i % frame_kinds();
        if (frame_kind(kind)->fate == FRAME_CUT) {
            // Large, and it costs the connection: a few are enough, each over one of its own.
            if (cut++ < 10) {
                void *other = bare_calls(scene);
                (void)send_message(scene, other, kind);
                poll(NULL, 0, 50);
                assert_int_equal(zmq_close(other), 0);
            }
            continue;
        }
        (void)send_message(scene, socket, kind);
        if (i % 500 == 499)
            assert_answers(scene);
    }
    // Its answer says that all before it came, too: closing a socket may drop what has not left yet.
    size_t last = 0;
    while (frame_kind(last)->fate != FRAME_REFUSED)
        last++;
    (void)send_message(scene, socket, last);
    await_replies(scene, socket);
    assert_int_equal(zmq_close(socket), 0);
}

// What a subscriber sends is a topic to hear or to hear no more; whatever else is no matter to a publisher.
static void send_to_publisher(scene_t *scene, unsigned count)
{
    void *socket = bare_socket(scene->context, ZMQ_XSUB, &scene->daemon, "follower", scene->daemon.events);
    for (unsigned i = 0; i < count; i++) {
        uint8_t bytes[512];
        size_t size = chance_below(&scene->chance, sizeof bytes);
        for (size_t j = 0; j < size; j++)
            bytes[j] = (uint8_t)chance_next(&scene->chance);
        if (size > 0 && i % 2 == 0)
            bytes[0] = (uint8_t)chance_below(&scene->chance, 3);
        (void)zmq_send(socket, bytes, size, i % 7 == 0 ? ZMQ_SNDMORE : 0);
    }
    (void)zmq_send(socket, "", 0, 0);
    assert_int_equal(zmq_close(socket), 0);
}

static void one_round(scene_t *scene, unsigned connections, unsigned messages)
{
    connect_strangers(scene, connections);
    send_messages(scene, messages);
    send_to_publisher(scene, messages / 5);
    assert_answers(scene);
}

static double connections_of(const scene_t *scene)
{
    return daemon_metric(&scene->daemon, "pcn_rpc_connections_total{socket=\"calls\"}") +
           daemon_metric(&scene->daemon, "pcn_rpc_connections_total{socket=\"events\"}");
}

static double handshakes_of(const scene_t *scene)
{
    return daemon_metric(&scene->daemon, "pcn_rpc_handshakes_total{socket=\"calls\"}") +
           daemon_metric(&scene->daemon, "pcn_rpc_handshakes_total{socket=\"events\"}");
}

// Half-open ones are let go of within two seconds.
static void assert_settles(const scene_t *scene, const char *what, long (*measure)(const daemon_t *), long before)
{
    int64_t limit = clock_steady_us() + SETTLE_MS * 1000;
    long after = measure(&scene->daemon);
    while (after * 10 > before * 11 && clock_steady_us() < limit) {
        poll(NULL, 0, 100);
        after = measure(&scene->daemon);
    }
    print_message("%s: %ld before, %ld after\n", what, before, after);
    assert_true(after * 10 <= before * 11);
}

static void ten_thousand_do_no_harm(void **state)
{
    scene_t *scene = *state;
    for (unsigned i = 0; i < WARM_UPS; i++)
        one_round(scene, CONNECTIONS, MESSAGES);
    poll(NULL, 0, 2500); // until the last half-open one is gone
    long memory_kb = daemon_memory_kb(&scene->daemon), descriptors = daemon_descriptors(&scene->daemon);
    double connections = connections_of(scene), handshakes = handshakes_of(scene);
    double bad = daemon_metric(&scene->daemon, "pcn_rpc_bad_frames_total");
    scene->counted = 0;
    int64_t begun_us = clock_steady_us();
    one_round(scene, CONNECTIONS, MESSAGES);
    print_message("a round of %d connections and %d messages took %lld ms\n", CONNECTIONS, MESSAGES,
                  (long long)((clock_steady_us() - begun_us) / 1000));

    assert_true(daemon_alive(&scene->daemon));
    assert_settles(scene, "descriptors", daemon_descriptors, descriptors);
    long after_kb = daemon_memory_kb(&scene->daemon), least_kb = after_kb - memory_kb;
    // Each connection was counted, and that it came to nothing; each message that is none.
    double came = connections_of(scene) - connections, let_in = handshakes_of(scene) - handshakes;
    assert_true(came >= CONNECTIONS && came - let_in >= CONNECTIONS);
    assert_true(daemon_await_metric(&scene->daemon, "pcn_rpc_bad_frames_total", bad + scene->counted, SETTLE_MS));
    // Of those refused by a reply, the ones whose header is refused are counted as bad frames as well.
    assert_answers(scene);
    // What is lost is lost in every round; the most that was ever needed at a time may grow in any of them, as others use the machine.
    for (unsigned i = 0; i < MORE_ROUNDS && !DAEMON_IS_SANITIZED; i++) {
        const long last_kb = after_kb;
        one_round(scene, CONNECTIONS, MESSAGES);
        assert_settles(scene, "descriptors", daemon_descriptors, descriptors);
        after_kb = daemon_memory_kb(&scene->daemon);
        least_kb = after_kb - last_kb < least_kb ? after_kb - last_kb : least_kb;
    }
    print_message("memory in KiB: %ld before, %ld after; by a round %ld at least\n", memory_kb, after_kb, least_kb);
    if (!DAEMON_IS_SANITIZED)
        assert_true(least_kb * 20 <= memory_kb);
    assert_int_equal(test_database_number(scene->daemon.database, "SELECT count(*) FROM registry.organisation"), 1);
    assert_int_equal(test_database_number(scene->daemon.database, "SELECT count(*) FROM registry.event"), 1);
}

static void strange_keys_get_nowhere(void **state)
{
    enum { STRANGERS = 100 };
    scene_t *scene = *state;
    double refused = daemon_metric(&scene->daemon, "pcn_zap_refused_total"), handshakes = handshakes_of(scene);
    void *sockets[2 * STRANGERS];
    for (unsigned i = 0; i < STRANGERS; i++) {
        sockets[2 * i] = bare_socket(scene->context, ZMQ_DEALER, &scene->daemon, NULL, i % 2 ? scene->daemon.calls : scene->daemon.tcp);
        sockets[2 * i + 1] = bare_socket(scene->context, ZMQ_SUB, &scene->daemon, NULL, scene->daemon.events);
        assert_int_equal(zmq_setsockopt(sockets[2 * i + 1], ZMQ_SUBSCRIBE, "", 0), 0);
    }
    assert_true(daemon_await_metric(&scene->daemon, "pcn_zap_refused_total", refused + 2 * STRANGERS, SETTLE_MS));
    assert_true(handshakes_of(scene) < handshakes + 1);
    assert_answers(scene);
    for (unsigned i = 0; i < 2 * STRANGERS; i++) {
        uint8_t byte;
        assert_int_equal(zmq_recv(sockets[i], &byte, 1, ZMQ_DONTWAIT), -1);
        assert_int_equal(zmq_close(sockets[i]), 0);
    }
}

// A step of the handshake further, with what its engine holds by then.
static int half_open(scene_t *scene)
{
    uint8_t bytes[STRANGER_ROOM];
    return stranger_connect(scene->daemon.tcp, bytes, stranger_fill(12, &scene->chance, bytes));
}

static void half_open_ones_do_not_stay(void **state)
{
    enum { HALF_OPEN = 240 }; // fewer than make the daemon end them all
    scene_t *scene = *state;
    int fds[HALF_OPEN];
    long descriptors = daemon_descriptors(&scene->daemon), memory_kb = daemon_memory_kb(&scene->daemon), most = 0;
    for (unsigned i = 0; i < HALF_OPEN; i++)
        fds[i] = half_open(scene);
    for (int i = 0; i < 20 && most < descriptors + HALF_OPEN; i++) {
        poll(NULL, 0, 20);
        most = daemon_descriptors(&scene->daemon) > most ? daemon_descriptors(&scene->daemon) : most;
    }
    assert_answers(scene);
    print_message("%d half-open connections: %ld descriptors and %ld KiB more\n", HALF_OPEN, most - descriptors,
                  daemon_memory_kb(&scene->daemon) - memory_kb);
    assert_settles(scene, "descriptors", daemon_descriptors, descriptors);
    for (unsigned i = 0; i < HALF_OPEN; i++)
        close(fds[i]);
    assert_answers(scene);
}

// More of them than it may have descriptors for, which is what bounds them: those who are in are served meanwhile, and afterwards
// everybody.
static void descriptors_run_out(void **state)
{
    scene_t *scene = *state;
    const struct rlimit limit = {.rlim_cur = 4 * DAEMON_DESCRIPTORS, .rlim_max = 4 * DAEMON_DESCRIPTORS};
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        skip(); // the machine allows no test more than it allows the daemon
    enum { HALF_OPEN = 2 * DAEMON_DESCRIPTORS };
    int fds[HALF_OPEN];
    long descriptors = daemon_descriptors(&scene->daemon), most = 0;
    for (unsigned i = 0; i < HALF_OPEN; i++) {
        fds[i] = half_open(scene);
        if (i % 100 == 99) {
            if (i > DAEMON_DESCRIPTORS / 2) // until then as fast as it goes: no half-open one is kept for long
                assert_answers(scene);
            most = daemon_descriptors(&scene->daemon) > most ? daemon_descriptors(&scene->daemon) : most;
        }
    }
    print_message("%d half-open connections: %ld descriptors at most\n", HALF_OPEN, most);
    assert_true(daemon_alive(&scene->daemon));
    assert_true(most < DAEMON_DESCRIPTORS);
    assert_true(daemon_metric(&scene->daemon, "pcn_rpc_shed_total{socket=\"calls\"}") > 0);
    assert_int_equal(metrics_counter(scene->caller.metrics, "pcn_rpc_client_repeated_total", "service=\"registry\"", "")->value, 0);
    for (unsigned i = 0; i < HALF_OPEN; i++) {
        if (fds[i] >= 0) // else the port was closed just then
            close(fds[i]);
    }
    assert_settles(scene, "descriptors", daemon_descriptors, descriptors);
    assert_answers(scene);
    caller_t newcomer;
    call_t call;
    caller_open(&scene->daemon, &newcomer, "gateway", scene->daemon.tcp);
    call_prepare_get(&call, "ics-good", ANSWER_MS);
    assert_int_equal(caller_ask(&newcomer, &call), STATUS_OK);
    call_clear(&call);
    caller_close(&newcomer);
}

// A key that is on the list, and not the gateway's, speaks for nobody.
static void no_forged_principal(void **state)
{
    scene_t *scene = *state;
    caller_t follower;
    call_t call;
    caller_open(&scene->daemon, &follower, "follower", scene->daemon.tcp);
    Pcn__Events__V1__ReadRequest read = PCN__EVENTS__V1__READ_REQUEST__INIT;
    read.service = (char *)"registry";
    call_prepare(&call, CALL_READ, &read, ANSWER_MS);
    assert_int_equal(caller_ask(&follower, &call), STATUS_PERMISSION_DENIED);
    assert_non_null(strstr(call.problem.detail, "may not speak for somebody else"));
    call_clear(&call);
    call_prepare_create(&call, "ics-forged", "Forged", ANSWER_MS);
    assert_int_equal(caller_ask(&follower, &call), STATUS_PERMISSION_DENIED);
    call_clear(&call);
    call_prepare(&call, CALL_READ, &read, ANSWER_MS);
    call.request.header.principal = NULL;
    assert_int_equal(caller_ask(&follower, &call), STATUS_OK);
    call_clear(&call);
    caller_close(&follower);
    assert_int_equal(test_database_number(scene->daemon.database, "SELECT count(*) FROM registry.organisation"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_thousand_do_no_harm), cmocka_unit_test(strange_keys_get_nowhere), cmocka_unit_test(half_open_ones_do_not_stay),
        cmocka_unit_test(descriptors_run_out),     cmocka_unit_test(no_forged_principal),
    };
    return cmocka_run_group_tests(tests, open_scene, close_scene);
}
