// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <string.h>

#include "common/rpc/outbox.h"
#include "pcn/common/v1/envelope.pb-c.h"

typedef struct post {
    void *context;
    void *router;
    void *dealer;
    metrics_t *metrics;
    counter_t *dropped;
    rpc_outbox_t outbox;
} post_t;

static void set(void *socket, int option, int value)
{
    assert_int_equal(zmq_setsockopt(socket, option, &value, sizeof value), 0);
}

// The ROUTER learns of its peer, and of what it has read, when it looks; the loop does that each turn.
static void look(post_t *post)
{
    int events = 0;
    size_t size = sizeof events;
    assert_int_equal(zmq_getsockopt(post->router, ZMQ_EVENTS, &events, &size), 0);
}

// A ROUTER as the server's, and a DEALER "peer" of which few messages fit.
static void post_init(post_t *post, unsigned pairs_max)
{
    memset(post, 0, sizeof *post);
    post->metrics = metrics_new();
    post->dropped = metrics_counter(post->metrics, "dropped", NULL, "");
    post->context = zmq_ctx_new();
    post->router = zmq_socket(post->context, ZMQ_ROUTER);
    post->dealer = zmq_socket(post->context, ZMQ_DEALER);
    set(post->router, ZMQ_LINGER, 0);
    set(post->dealer, ZMQ_LINGER, 0);
    set(post->router, ZMQ_ROUTER_MANDATORY, 1);
    set(post->router, ZMQ_SNDHWM, 2);
    set(post->dealer, ZMQ_RCVHWM, 2);
    set(post->dealer, ZMQ_RCVTIMEO, 60000);
    assert_int_equal(zmq_setsockopt(post->dealer, ZMQ_ROUTING_ID, "peer", 4), 0);
    assert_int_equal(zmq_bind(post->router, "inproc://outbox"), 0);
    assert_int_equal(zmq_connect(post->dealer, "inproc://outbox"), 0);
    rpc_outbox_init(&post->outbox, pairs_max, post->dropped);
    look(post);
}

static void post_deinit(post_t *post)
{
    rpc_outbox_deinit(&post->outbox);
    assert_int_equal(zmq_close(post->router), 0);
    assert_int_equal(zmq_close(post->dealer), 0);
    assert_int_equal(zmq_ctx_term(post->context), 0);
    metrics_destroy(&post->metrics);
}

static void add(post_t *post, const char *identity, uint64_t correlation, int64_t deadline_us)
{
    Pcn__Common__V1__ReplyHeader header = PCN__COMMON__V1__REPLY_HEADER__INIT;
    header.has_correlation = true;
    header.correlation = correlation;
    assert_true(rpc_outbox_add(&post->outbox, identity, strlen(identity), &header.base, "body", 4, deadline_us, NULL));
}

// Pairs of the next message; 0 where none comes. Bodies are checked.
static unsigned receive(post_t *post, bool wait)
{
    zmq_msg_t frame;
    rpc_pair_t pairs[RPC_BATCH_MAX];
    assert_int_equal(zmq_msg_init(&frame), 0);
    if (zmq_msg_recv(&frame, post->dealer, wait ? 0 : ZMQ_DONTWAIT) < 0) {
        assert_int_equal(zmq_msg_close(&frame), 0);
        return 0;
    }
    assert_false(zmq_msg_more(&frame)); // one frame
    const uint8_t *bytes = zmq_msg_data(&frame);
    unsigned count = rpc_batch_read(bytes, zmq_msg_size(&frame), pairs);
    assert_true(count > 0);
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(pairs[i].body_size, 4);
        assert_memory_equal(bytes + pairs[i].body_at, "body", 4);
    }
    assert_int_equal(zmq_msg_close(&frame), 0);
    return count;
}

static void gathers_by_peer(void **state)
{
    (void)state;
    post_t post;
    post_init(&post, 1000);
    for (uint64_t i = 0; i < 100; i++) {
        add(&post, "peer", i, 10);
    }
    assert_int_equal(post.outbox.pairs, 100);
    assert_false(rpc_outbox_flush(&post.outbox, post.router, 0));
    assert_int_equal(post.outbox.pairs, 0);
    unsigned first = receive(&post, true);
    unsigned second = receive(&post, true);
    assert_int_equal(first + second, 100); // two messages, one of them full
    assert_true(first == RPC_BATCH_MAX || second == RPC_BATCH_MAX);
    assert_int_equal(receive(&post, false), 0);
    assert_false(rpc_outbox_flush(&post.outbox, post.router, 0)); // nothing to do
    post_deinit(&post);
}

static void drops_for_those_unknown(void **state)
{
    (void)state;
    post_t post;
    post_init(&post, 1000);
    add(&post, "gone", 1, 10);
    add(&post, "gone", 2, 10);
    add(&post, "peer", 3, 10);
    assert_false(rpc_outbox_flush(&post.outbox, post.router, 0));
    assert_int_equal(post.dropped->value, 2);
    assert_int_equal(receive(&post, true), 1);
    post_deinit(&post);
}

static void keeps_for_a_slow_peer_until_the_deadline(void **state)
{
    (void)state;
    post_t post;
    unsigned sent = 0;
    post_init(&post, 1000);
    while (true) { // fill what lies between
        add(&post, "peer", sent, 100);
        if (rpc_outbox_flush(&post.outbox, post.router, 0)) {
            break;
        }
        sent++;
        assert_true(sent < 100);
    }
    add(&post, "peer", 999, 200); // joins the one that waits
    assert_true(rpc_outbox_flush(&post.outbox, post.router, 150));
    assert_int_equal(post.outbox.pairs, 2);
    for (unsigned i = 0; i < sent; i++) {
        assert_int_equal(receive(&post, true), 1);
    }
    look(&post);
    assert_false(rpc_outbox_flush(&post.outbox, post.router, 150)); // room again
    assert_int_equal(receive(&post, true), 2);
    assert_int_equal(post.dropped->value, 0);
    for (sent = 0; sent < 100; sent++) {
        add(&post, "peer", sent, 100);
        if (rpc_outbox_flush(&post.outbox, post.router, 0)) {
            break;
        }
    }
    assert_false(rpc_outbox_flush(&post.outbox, post.router, 100)); // its time is over
    assert_int_equal(post.outbox.pairs, 0);
    assert_int_equal(post.dropped->value, 1);
    post_deinit(&post);
}

static void is_bounded(void **state)
{
    (void)state;
    post_t post;
    post_init(&post, 3);
    const char *peers[] = {"a", "b", "c", "d", "e"};
    for (size_t i = 0; i < 5; i++) {
        add(&post, peers[i], i, 10);
    }
    assert_int_equal(post.outbox.pairs, 3);
    assert_int_equal(post.dropped->value, 2);
    post_deinit(&post); // with what is still in it
}

static void refuses_what_no_frame_takes(void **state)
{
    (void)state;
    post_t post;
    post_init(&post, 1000);
    static const char big[PB_FRAME_MAX + 1];
    Pcn__Common__V1__ReplyHeader header = PCN__COMMON__V1__REPLY_HEADER__INIT;
    assert_false(rpc_outbox_add(&post.outbox, "peer", 4, &header.base, big, sizeof big, 10, NULL));
    assert_int_equal(post.outbox.pairs, 0); // and nothing empty waits to be sent
    assert_false(rpc_outbox_flush(&post.outbox, post.router, 0));
    assert_int_equal(receive(&post, false), 0);
    add(&post, "peer", 1, 10);
    assert_false(rpc_outbox_add(&post.outbox, "peer", 4, &header.base, big, sizeof big, 10, NULL));
    assert_true(rpc_outbox_add(&post.outbox, "peer", 4, &header.base, big, sizeof big - 1, 10, NULL)); // the largest, in a frame of its own
    assert_int_equal(post.outbox.pairs, 2);
    assert_false(rpc_outbox_flush(&post.outbox, post.router, 0));
    assert_int_equal(post.outbox.pairs, 0);
    assert_int_equal(post.dropped->value, 0);
    post_deinit(&post);
}

// Takes a message, whatever is in it.
static bool drain(post_t *post)
{
    zmq_msg_t frame;
    assert_int_equal(zmq_msg_init(&frame), 0);
    const bool came = zmq_msg_recv(&frame, post->dealer, ZMQ_DONTWAIT) >= 0;
    assert_int_equal(zmq_msg_close(&frame), 0);
    return came;
}

static void add_held(post_t *post, const char *identity, const void *body, size_t size, int64_t deadline_us, unsigned *held)
{
    Pcn__Common__V1__ReplyHeader header = PCN__COMMON__V1__REPLY_HEADER__INIT;
    ++*held;
    assert_true(rpc_outbox_add(&post->outbox, identity, strlen(identity), &header.base, body, size, deadline_us, held));
}

// Who takes no answers is not given further ones to make: what counts them goes down only when they have left.
static void counts_what_has_not_left(void **state)
{
    (void)state;
    post_t post;
    post_init(&post, 1000);
    static const char large[RPC_BATCH_BYTES];
    unsigned held = 0, other = 0;
    for (int i = 0; i < 10; i++) {
        add_held(&post, "peer", large, sizeof large, 100, &held);
    }
    add_held(&post, "peer", "b", 1, 100, &other); // another's, so in a frame of its own
    add_held(&post, "gone", "b", 1, 100, &held);
    assert_int_equal(held, 11);
    assert_true(rpc_outbox_flush(&post.outbox, post.router, 0));
    const unsigned taken = 11 - held; // by the two pipes' room, and the one that nobody gets
    assert_in_range(taken, 2, 6);
    while (drain(&post) || held + other > 0) {
        (void)rpc_outbox_flush(&post.outbox, post.router, 0);
    }
    assert_int_equal(held, 0);
    assert_int_equal(other, 0);
    // Those dropped at their deadline, or with their connections, count no more either.
    for (int i = 0; i < 10; i++) {
        add_held(&post, "peer", large, sizeof large, 100, &held);
    }
    assert_true(rpc_outbox_flush(&post.outbox, post.router, 0));
    assert_in_range(held, 4, 9);
    assert_false(rpc_outbox_flush(&post.outbox, post.router, 100));
    assert_int_equal(held, 0);
    add_held(&post, "peer", "b", 1, 100, &held);
    rpc_outbox_clear(&post.outbox);
    assert_int_equal(held, 0);
    post_deinit(&post);
}

static void leaves_room_for_others(void **state)
{
    (void)state;
    post_t post;
    post_init(&post, 1000);
    static const char large[RPC_BATCH_BYTES];
    unsigned held = 0;
    for (int i = 0; i < 300; i++) {
        add_held(&post, "peer", large, sizeof large, 100, &held);
    }
    assert_int_equal(held, 250); // a quarter; the rest was dropped at once
    assert_int_equal(post.dropped->value, 50);
    add_held(&post, "another", "b", 1, 100, &held);
    assert_int_equal(held, 251);
    post_deinit(&post);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gathers_by_peer),
        cmocka_unit_test(drops_for_those_unknown),
        cmocka_unit_test(keeps_for_a_slow_peer_until_the_deadline),
        cmocka_unit_test(is_bounded),
        cmocka_unit_test(refuses_what_no_frame_takes),
        cmocka_unit_test(counts_what_has_not_left),
        cmocka_unit_test(leaves_room_for_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
