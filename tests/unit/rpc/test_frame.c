// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <stdlib.h>

#include "common/rpc/frame.h"
#include "pcn/common/v1/envelope.pb-c.h"

static bool correlation_of(const Pcn__Common__V1__ReplyHeader *header, uint64_t *correlation)
{
    uint8_t bytes[64];
    assert_true(protobuf_c_message_get_packed_size(&header->base) <= sizeof bytes);
    return rpc_frame_correlation(bytes, protobuf_c_message_pack(&header->base, bytes), correlation);
}

static void reads_the_correlation(void **state)
{
    (void)state;
    uint64_t correlation = 0;
    Pcn__Common__V1__ReplyHeader header = PCN__COMMON__V1__REPLY_HEADER__INIT;
    header.detail = (char *)"words";
    assert_false(correlation_of(&header, &correlation));
    header.has_correlation = true;
    header.correlation = UINT64_C(0xfedcba9876543210);
    assert_true(correlation_of(&header, &correlation));
    assert_true(correlation == UINT64_C(0xfedcba9876543210));
}

static void reads_it_after_other_fields(void **state)
{
    (void)state;
    uint64_t correlation = 0;
    const uint8_t bytes[] = {0x10, 0x96, 0x01, 0x1a, 0x02, 'a', 'b',  0x25, 1, 2, 3, 4, 0x31, 1, 2,
                             3,    4,    5,    6,    7,    8,   0x09, 7,    0, 0, 0, 0, 0,    0, 0};
    assert_true(rpc_frame_correlation(bytes, sizeof bytes, &correlation));
    assert_int_equal(correlation, 7);
    for (size_t size = 0; size < sizeof bytes; size++) { // cut anywhere
        assert_false(rpc_frame_correlation(bytes, size, &correlation));
    }
}

static void refuses_what_is_broken(void **state)
{
    (void)state;
    uint64_t correlation = 0;
    const uint8_t endless[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    const uint8_t long_bytes[] = {0x1a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x09};
    const uint8_t group[] = {0x0b, 0x09, 0, 0, 0, 0, 0, 0, 0, 0};
    assert_false(rpc_frame_correlation(endless, sizeof endless, &correlation));
    assert_false(rpc_frame_correlation(long_bytes, sizeof long_bytes, &correlation));
    assert_false(rpc_frame_correlation(group, sizeof group, &correlation));
    unsigned found = 0;
    srand(7);
    for (int round = 0; round < 100000; round++) {
        uint8_t *bytes = malloc(24); // on the heap, so that a sanitizer sees a step too far
        size_t size = (size_t)(rand() % 25);
        assert_non_null(bytes);
        for (size_t i = 0; i < size; i++) {
            bytes[i] = (uint8_t)rand();
        }
        found += rpc_frame_correlation(bytes, size, &correlation) ? 1 : 0;
        free(bytes);
    }
    assert_in_range(found, 1, 99999); // some hold one by chance
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_correlation),
        cmocka_unit_test(reads_it_after_other_fields),
        cmocka_unit_test(refuses_what_is_broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
