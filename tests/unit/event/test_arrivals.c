#include "common/event/arrivals.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <string.h>

static bool add(event_arrivals_t *arrivals, int64_t sequence)
{
    char bytes[16] = {(char)sequence};
    return event_arrivals_add(arrivals, sequence, bytes, sizeof bytes);
}

// Both ways round.
static void assert_holds(const event_arrivals_t *arrivals, const int64_t *sequences, size_t count)
{
    const event_arrival_t *arrival = arrivals->first;
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++, arrival = arrival->next) {
        assert_non_null(arrival);
        assert_int_equal(arrival->sequence, sequences[i]);
        assert_int_equal(arrival->size, 16);
        assert_int_equal(arrival->bytes[0], sequences[i]);
        bytes += sizeof *arrival + arrival->size;
    }
    assert_null(arrival);
    arrival = arrivals->last;
    for (size_t i = count; i > 0; i--, arrival = arrival->previous) {
        assert_int_equal(arrival->sequence, sequences[i - 1]);
    }
    assert_null(arrival);
    assert_int_equal(arrivals->bytes, bytes);
}

#define HOLDS(arrivals, ...) assert_holds(arrivals, (int64_t[]){__VA_ARGS__}, sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

static void keeps_each_once_in_order(void **state)
{
    (void)state;
    event_arrivals_t arrivals = {.bytes_max = 4096};
    assert_true(add(&arrivals, 5));
    assert_true(add(&arrivals, 7));
    assert_false(add(&arrivals, 7));
    assert_true(add(&arrivals, 6));
    assert_true(add(&arrivals, 1));
    assert_false(add(&arrivals, 1));
    HOLDS(&arrivals, 1, 5, 6, 7);
    event_arrivals_pass(&arrivals, 5);
    HOLDS(&arrivals, 6, 7);
    event_arrivals_remove(&arrivals, arrivals.last);
    HOLDS(&arrivals, 6);
    event_arrivals_clear(&arrivals);
    assert_null(arrivals.first);
    assert_null(arrivals.last);
    assert_int_equal(arrivals.bytes, 0);
}

static void lets_the_latest_go(void **state)
{
    (void)state;
    size_t weight = sizeof(event_arrival_t) + 16;
    event_arrivals_t arrivals = {.bytes_max = 3 * weight};
    assert_true(add(&arrivals, 2));
    assert_true(add(&arrivals, 4));
    assert_true(add(&arrivals, 6));
    assert_false(add(&arrivals, 8)); // no room
    HOLDS(&arrivals, 2, 4, 6);
    assert_true(add(&arrivals, 3)); // room, at the latest one's cost
    HOLDS(&arrivals, 2, 3, 4);
    char large[4096] = {0};
    assert_false(event_arrivals_add(&arrivals, 1, large, sizeof large)); // larger than all room
    event_arrivals_clear(&arrivals);
}

static void disowns_what_the_log_never_had(void **state)
{
    (void)state;
    event_arrivals_t arrivals = {.bytes_max = 4096};
    assert_true(add(&arrivals, 3));
    assert_true(add(&arrivals, 100));
    uint64_t asked = arrivals.number;
    assert_true(add(&arrivals, 5));
    assert_true(add(&arrivals, 4));
    assert_int_equal(event_arrivals_disown(&arrivals, 3, asked), 1); // 4 and 5 came after the question
    HOLDS(&arrivals, 3, 4, 5);
    event_arrivals_clear(&arrivals);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_each_once_in_order),
        cmocka_unit_test(lets_the_latest_go),
        cmocka_unit_test(disowns_what_the_log_never_had),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
