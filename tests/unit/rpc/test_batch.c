// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <stdlib.h>
#include <string.h>

#include "common/rpc/batch.h"
#include "pcn/common/v1/envelope.pb-c.h"

static const char large[PB_FRAME_MAX + 1];

static rpc_batch_result_t add(rpc_batch_t *batch, uint64_t correlation, const void *body, size_t body_size)
{
    Pcn__Common__V1__ReplyHeader header = PCN__COMMON__V1__REPLY_HEADER__INIT;
    header.has_correlation = true;
    header.correlation = correlation;
    return rpc_batch_add(batch, &header.base, body, body_size);
}

// With exactly its size on the heap, so that a sanitizer sees a step too far.
static unsigned read_copy(const uint8_t *bytes, size_t size, rpc_pair_t pairs[RPC_BATCH_MAX])
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    unsigned count = rpc_batch_read(copy, size, pairs);
    free(copy);
    return count;
}

static void comes_back_as_it_was(void **state)
{
    (void)state;
    rpc_batch_t batch = {.bytes = NULL};
    rpc_pair_t pairs[RPC_BATCH_MAX];
    char body[256];
    for (unsigned i = 0; i < RPC_BATCH_MAX; i++) {
        memset(body, (int)i, sizeof body);
        assert_int_equal(add(&batch, i, i == 7 ? NULL : body, i == 7 ? 0 : i * 4), RPC_BATCH_ADDED);
    }
    assert_int_equal(add(&batch, 64, NULL, 0), RPC_BATCH_FULL);
    assert_int_equal(batch.count, RPC_BATCH_MAX);
    zmq_msg_t frame;
    assert_true(rpc_batch_seal(&batch, &frame));
    assert_null(batch.bytes);
    assert_int_equal(batch.count, 0);
    const uint8_t *bytes = zmq_msg_data(&frame);
    assert_int_equal(rpc_batch_read(bytes, zmq_msg_size(&frame), pairs), RPC_BATCH_MAX);
    for (unsigned i = 0; i < RPC_BATCH_MAX; i++) {
        Pcn__Common__V1__ReplyHeader *header =
            pcn__common__v1__reply_header__unpack(NULL, pairs[i].header_size, bytes + pairs[i].header_at);
        assert_non_null(header);
        assert_int_equal(header->correlation, i);
        pcn__common__v1__reply_header__free_unpacked(header, NULL);
        memset(body, (int)i, sizeof body);
        assert_int_equal(pairs[i].body_size, i == 7 ? 0 : i * 4);
        assert_memory_equal(bytes + pairs[i].body_at, body, pairs[i].body_size);
    }
    assert_int_equal(zmq_msg_close(&frame), 0);
    rpc_batch_clear(&batch); // an empty one
}

static void a_large_pair_goes_alone(void **state)
{
    (void)state;
    rpc_batch_t batch = {.bytes = NULL};
    rpc_pair_t pairs[RPC_BATCH_MAX];
    assert_int_equal(add(&batch, 1, "small", 5), RPC_BATCH_ADDED);
    assert_int_equal(add(&batch, 2, large, RPC_BATCH_BYTES), RPC_BATCH_FULL);
    assert_int_equal(batch.count, 1); // as it was
    rpc_batch_clear(&batch);
    assert_int_equal(add(&batch, 2, large, PB_FRAME_MAX), RPC_BATCH_ADDED);
    assert_int_equal(add(&batch, 3, NULL, 0), RPC_BATCH_FULL);
    assert_int_equal(rpc_batch_read(batch.bytes, batch.size, pairs), 1);
    assert_int_equal(pairs[0].body_size, PB_FRAME_MAX);
    assert_true(batch.size <= RPC_BATCH_BYTES_MAX);
    rpc_batch_clear(&batch);
}

static void refuses_to_send_what_is_too_large(void **state)
{
    (void)state;
    rpc_batch_t batch = {.bytes = NULL};
    assert_int_equal(add(&batch, 1, large, sizeof large), RPC_BATCH_TOO_LARGE);
    Pcn__Common__V1__ReplyHeader header = PCN__COMMON__V1__REPLY_HEADER__INIT;
    char *words = calloc(1, RPC_HEADER_MAX + 1);
    assert_non_null(words);
    memset(words, 'w', RPC_HEADER_MAX - 4); // with tag and length: just what a header may have
    header.detail = words;
    assert_int_equal(rpc_batch_add(&batch, &header.base, large, PB_FRAME_MAX), RPC_BATCH_ADDED);
    assert_int_equal(batch.size, RPC_BATCH_BYTES_MAX);
    rpc_pair_t pairs[RPC_BATCH_MAX];
    assert_int_equal(rpc_batch_read(batch.bytes, batch.size, pairs), 1);
    rpc_batch_clear(&batch);
    words[RPC_HEADER_MAX - 4] = 'w';
    assert_int_equal(rpc_batch_add(&batch, &header.base, NULL, 0), RPC_BATCH_TOO_LARGE);
    assert_null(batch.bytes);
    free(words);
}

static void refuses_what_is_cut(void **state)
{
    (void)state;
    rpc_batch_t batch = {.bytes = NULL};
    rpc_pair_t pairs[RPC_BATCH_MAX];
    size_t ends[3];
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(add(&batch, i, "body", i == 1 ? 0 : 4), RPC_BATCH_ADDED);
        ends[i] = batch.size;
    }
    for (size_t size = 0; size <= batch.size; size++) {
        unsigned whole = size == ends[0] ? 1 : size == ends[1] ? 2 : size == ends[2] ? 3 : 0;
        assert_int_equal(read_copy(batch.bytes, size, pairs), whole);
    }
    uint8_t longer[128] = {0};
    assert_true(batch.size + 8 <= sizeof longer);
    memcpy(longer, batch.bytes, batch.size);
    for (size_t more = 1; more < 8; more++) { // bytes after the last pair
        assert_int_equal(read_copy(longer, batch.size + more, pairs), 0);
    }
    assert_int_equal(read_copy(longer, batch.size + 8, pairs), 4); // nothing for a header, nothing for a body: a pair all the same
    rpc_batch_clear(&batch);
}

static void refuses_sizes_that_lie(void **state)
{
    (void)state;
    rpc_pair_t pairs[RPC_BATCH_MAX];
    const uint8_t beyond[] = {3, 0, 0, 0, 'a', 'b'};
    const uint8_t body_beyond[] = {1, 0, 0, 0, 'a', 2, 0, 0, 0, 'b'};
    const uint8_t huge[] = {0xff, 0xff, 0xff, 0xff, 'a', 0, 0, 0, 0};
    const uint8_t body_huge[] = {1, 0, 0, 0, 'a', 0xff, 0xff, 0xff, 0xff};
    const uint8_t whole[] = {1, 0, 0, 0, 'a', 1, 0, 0, 0, 'b'};
    assert_int_equal(read_copy(beyond, sizeof beyond, pairs), 0);
    assert_int_equal(read_copy(body_beyond, sizeof body_beyond, pairs), 0);
    assert_int_equal(read_copy(huge, sizeof huge, pairs), 0);
    assert_int_equal(read_copy(body_huge, sizeof body_huge, pairs), 0);
    assert_int_equal(read_copy(whole, sizeof whole, pairs), 1);
    assert_int_equal(pairs[0].header_at, 4);
    assert_int_equal(pairs[0].header_size, 1);
    assert_int_equal(pairs[0].body_at, 9);
    assert_int_equal(pairs[0].body_size, 1);
}

// A header or a body that is there in full, but larger than it may be.
static void refuses_parts_that_are_too_large(void **state)
{
    (void)state;
    rpc_pair_t pairs[RPC_BATCH_MAX];
    uint8_t *bytes = calloc(1, RPC_BATCH_BYTES_MAX + 1);
    assert_non_null(bytes);
    bytes[2] = 1; // 65536
    assert_int_equal(rpc_batch_read(bytes, RPC_PAIR_SIZES + RPC_HEADER_MAX, pairs), 1);
    bytes[0] = 1;
    assert_int_equal(rpc_batch_read(bytes, RPC_PAIR_SIZES + RPC_HEADER_MAX + 1, pairs), 0);
    bytes[0] = bytes[2] = 0;
    bytes[6] = 16; // 1048576
    assert_int_equal(rpc_batch_read(bytes, RPC_PAIR_SIZES + PB_FRAME_MAX, pairs), 1);
    bytes[4] = 1;
    assert_int_equal(rpc_batch_read(bytes, RPC_PAIR_SIZES + PB_FRAME_MAX + 1, pairs), 0);
    bytes[4] = 0;
    bytes[6] = 8; // two bodies whose sum is too large, with a third
    bytes[8 + 512 * 1024 + 6] = 8;
    bytes[2 * (8 + 512 * 1024) + 6] = 1;
    assert_int_equal(rpc_batch_read(bytes, 3 * 8 + 1024 * 1024 + 65536, pairs), 0);
    free(bytes);
}

static void refuses_none_and_too_many(void **state)
{
    (void)state;
    rpc_pair_t pairs[RPC_BATCH_MAX];
    const uint8_t bytes[8 * (RPC_BATCH_MAX + 1)] = {0};
    assert_int_equal(read_copy(bytes, 0, pairs), 0);
    assert_int_equal(rpc_batch_read(NULL, 0, pairs), 0);
    assert_int_equal(read_copy(bytes, 8 * RPC_BATCH_MAX, pairs), RPC_BATCH_MAX);
    assert_int_equal(read_copy(bytes, 8 * (RPC_BATCH_MAX + 1), pairs), 0);
}

static void survives_any_bytes(void **state)
{
    (void)state;
    rpc_pair_t pairs[RPC_BATCH_MAX];
    unsigned read = 0;
    srand(11);
    for (int round = 0; round < 100000; round++) {
        uint8_t bytes[40];
        size_t size = (size_t)(rand() % (int)sizeof bytes);
        for (size_t i = 0; i < size; i++) {
            bytes[i] = (uint8_t)(rand() % 4 == 0 ? rand() % 12 : 0); // small sizes are the ones that sometimes fit
        }
        unsigned count = read_copy(bytes, size, pairs);
        for (unsigned i = 0; i < count; i++) {
            assert_true(pairs[i].header_at + pairs[i].header_size <= size);
            assert_true(pairs[i].body_at + pairs[i].body_size <= size);
        }
        read += count > 0 ? 1 : 0;
    }
    assert_in_range(read, 1, 99999);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back_as_it_was),
        cmocka_unit_test(a_large_pair_goes_alone),
        cmocka_unit_test(refuses_to_send_what_is_too_large),
        cmocka_unit_test(refuses_what_is_cut),
        cmocka_unit_test(refuses_sizes_that_lie),
        cmocka_unit_test(refuses_parts_that_are_too_large),
        cmocka_unit_test(refuses_none_and_too_many),
        cmocka_unit_test(survives_any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
