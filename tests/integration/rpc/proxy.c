#include "tests/integration/rpc/proxy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "common/base/clock.h"
#include "common/rpc/batch.h"
#include "common/rpc/frame.h"

enum { LINKS_MAX = 16, IDENTITY_ROOM = 32, TICK_MS = 1, LATE_US = 1000000 };

// One client's connection and the one that stands for it on the other side.
typedef struct way {
    proxy_t *proxy;
    rpc_socket_t *back;
    uint8_t identity[IDENTITY_ROOM];
    size_t identity_size;
} way_t;

typedef struct held {
    struct held *next;
    way_t *way;
    bool to_service;
    bool copy;
    uint64_t number; // in which order they came
    int64_t due_us;
    int64_t came_us;
    size_t size;
    uint8_t bytes[];
} held_t;

struct proxy {
    rpc_context_t *front_context, *back_context;
    rpc_socket_t *front;
    const daemon_t *daemon;
    way_t ways[LINKS_MAX];
    size_t way_count;
    held_t *held;
    unsigned held_count;
    uint64_t numbers, newest;
    bool late;
    chance_t chance;
    proxy_counts_t counts;
    uv_timer_t timer;
};

// ---- when, and how often

static int64_t choose_delay_us(proxy_t *proxy)
{
    unsigned kind = chance_below(&proxy->chance, 100);
    if (kind < 60)
        return chance_below(&proxy->chance, 3000);
    if (kind < 92 || !proxy->late)
        return chance_below(&proxy->chance, 60000);
    return LATE_US + chance_below(&proxy->chance, 1500000);
}

static void hold_one(proxy_t *proxy, way_t *way, bool to_service, bool copy, const uint8_t *bytes, size_t size)
{
    held_t *held = malloc(sizeof *held + size);
    assert_non_null(held);
    int64_t now_us = clock_steady_us();
    *held = (held_t){.next = proxy->held, .way = way, .to_service = to_service, .copy = copy, .number = ++proxy->numbers};
    held->came_us = now_us;
    held->due_us = now_us + choose_delay_us(proxy);
    held->size = size;
    memcpy(held->bytes, bytes, size);
    proxy->held = held;
    proxy->held_count++;
}

// Every pair of the frame for itself: each is a frame, too.
static void hold_frame(proxy_t *proxy, way_t *way, bool to_service, zmq_msg_t *frame)
{
    rpc_pair_t pairs[RPC_BATCH_MAX];
    const uint8_t *bytes = zmq_msg_data(frame);
    unsigned count = rpc_batch_read(bytes, zmq_msg_size(frame), pairs);
    assert_true(count > 0);
    for (unsigned i = 0; i < count; i++) {
        const uint8_t *from = bytes + pairs[i].header_at - 4;
        size_t size = RPC_PAIR_SIZES + pairs[i].header_size + pairs[i].body_size;
        *(to_service ? &proxy->counts.calls : &proxy->counts.replies) += 1;
        hold_one(proxy, way, to_service, false, from, size);
        for (unsigned copies = chance_below(&proxy->chance, 4); copies > 1; copies--)
            hold_one(proxy, way, to_service, true, from, size);
    }
}

// False where it is not taken now.
static bool pass_on(proxy_t *proxy, const held_t *held)
{
    rpc_socket_t *socket = held->to_service ? held->way->back : proxy->front;
    rpc_socket_touch(socket);
    if (!held->to_service &&
        zmq_send(rpc_socket_zmq(socket), held->way->identity, held->way->identity_size, ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0)
        return errno != EAGAIN;
    return zmq_send(rpc_socket_zmq(socket), held->bytes, held->size, ZMQ_DONTWAIT) >= 0;
}

static void count_passed(proxy_t *proxy, const held_t *held, int64_t now_us)
{
    proxy->counts.repeated += held->copy;
    proxy->counts.late += now_us - held->came_us >= LATE_US;
    proxy->counts.overtaken += held->number < proxy->newest;
    proxy->newest = held->number > proxy->newest ? held->number : proxy->newest;
}

static void tick(uv_timer_t *timer)
{
    proxy_t *proxy = timer->data;
    int64_t now_us = clock_steady_us();
    for (held_t **at = &proxy->held; *at != NULL;) {
        held_t *held = *at;
        if (held->due_us > now_us || !pass_on(proxy, held)) {
            at = &held->next;
            continue;
        }
        count_passed(proxy, held, now_us);
        *at = held->next;
        proxy->held_count--;
        free(held);
    }
}

// ---- sockets

static void back_readable(void *data, void *socket)
{
    way_t *way = data;
    zmq_msg_t frame;
    while (rpc_frame_receive(socket, &frame)) {
        hold_frame(way->proxy, way, false, &frame);
        (void)zmq_msg_close(&frame);
    }
    (void)zmq_msg_close(&frame);
}

static way_t *way_of(proxy_t *proxy, const void *identity, size_t size)
{
    for (size_t i = 0; i < proxy->way_count; i++) {
        if (proxy->ways[i].identity_size == size && memcmp(proxy->ways[i].identity, identity, size) == 0)
            return &proxy->ways[i];
    }
    assert_true(proxy->way_count < LINKS_MAX && size <= IDENTITY_ROOM);
    way_t *way = &proxy->ways[proxy->way_count++];
    problem_t problem = {0};
    way->proxy = proxy;
    way->identity_size = size;
    memcpy(way->identity, identity, size);
    assert_int_equal(rpc_socket_new(proxy->back_context, ZMQ_DEALER, RPC_ROLE_CLIENT, proxy->daemon->server_key, back_readable, way,
                                    &way->back, &problem),
                     STATUS_OK);
    assert_int_equal(zmq_connect(rpc_socket_zmq(way->back), proxy->daemon->calls), 0);
    rpc_socket_touch(way->back);
    return way;
}

static void front_readable(void *data, void *socket)
{
    proxy_t *proxy = data;
    zmq_msg_t identity, frame;
    while (rpc_frame_receive(socket, &identity)) {
        assert_true(zmq_msg_more(&identity) && rpc_frame_receive(socket, &frame) && !zmq_msg_more(&frame));
        hold_frame(proxy, way_of(proxy, zmq_msg_data(&identity), zmq_msg_size(&identity)), true, &frame);
        (void)zmq_msg_close(&identity);
        (void)zmq_msg_close(&frame);
    }
    (void)zmq_msg_close(&identity);
}

// ---- life

proxy_t *proxy_new(uv_loop_t *loop, metrics_t *metrics, const daemon_t *daemon, const char *endpoint, chance_t chance)
{
    problem_t problem = {0};
    proxy_t *proxy = calloc(1, sizeof *proxy);
    assert_non_null(proxy);
    proxy->daemon = daemon;
    proxy->chance = chance;
    proxy->late = true;
    assert_int_equal(rpc_context_new(loop, daemon->keys, "registry", metrics, &proxy->front_context, &problem), STATUS_OK);
    assert_int_equal(rpc_context_new(loop, daemon->keys, "gateway", metrics, &proxy->back_context, &problem), STATUS_OK);
    assert_int_equal(
        rpc_socket_new(proxy->front_context, ZMQ_ROUTER, RPC_ROLE_SERVER, NULL, front_readable, proxy, &proxy->front, &problem), STATUS_OK);
    assert_int_equal(zmq_bind(rpc_socket_zmq(proxy->front), endpoint), 0);
    rpc_socket_touch(proxy->front);
    assert_int_equal(uv_timer_init(loop, &proxy->timer), 0);
    proxy->timer.data = proxy;
    assert_int_equal(uv_timer_start(&proxy->timer, tick, TICK_MS, TICK_MS), 0);
    return proxy;
}

static void closed(uv_handle_t *handle)
{
    free(handle->data);
}

void proxy_destroy(proxy_t **proxy)
{
    proxy_t *self = *proxy;
    *proxy = NULL;
    while (self->held != NULL) {
        held_t *held = self->held;
        self->held = held->next;
        free(held);
    }
    for (size_t i = 0; i < self->way_count; i++)
        rpc_socket_destroy(&self->ways[i].back);
    rpc_socket_destroy(&self->front);
    rpc_context_destroy(&self->front_context);
    rpc_context_destroy(&self->back_context);
    uv_close((uv_handle_t *)&self->timer, closed);
}

const proxy_counts_t *proxy_counts(const proxy_t *proxy)
{
    return &proxy->counts;
}

unsigned proxy_held(const proxy_t *proxy)
{
    return proxy->held_count;
}

void proxy_set_late(proxy_t *proxy, bool late)
{
    proxy->late = late;
}
