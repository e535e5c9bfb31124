// How many may wait, by the pace at which a queue empties.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/db/pace.h"

#define SECOND INT64_C(1000000)

static void a_burst_has_room(void **state)
{
    (void)state;
    db_pace_t pace = {0};
    assert_int_equal(pace_room(&pace, 0, 5 * SECOND), PACE_ROOM_LEAST);
    assert_int_equal(pace_room(&pace, 0, 6 * SECOND), PACE_ROOM_LEAST);
    // Slow is no reason to have less.
    assert_int_equal(pace_room(&pace, 10, 7 * SECOND), PACE_ROOM_LEAST);
}

// Two seconds of what leaves.
static void the_room_follows_the_pace(void **state)
{
    (void)state;
    db_pace_t pace = {0};
    uint64_t left = 0;
    unsigned room = pace_room(&pace, left, 10 * SECOND);
    for (int i = 1; i <= 40; i++)
        room = pace_room(&pace, left += 250, 10 * SECOND + i * SECOND / 4);
    assert_in_range(room, 1900, 2000);
    // Within a slice nothing is measured anew.
    assert_int_equal(pace_room(&pace, left + 100000, 20 * SECOND + 1), room);
    // It gets slower: half of the difference with each slice.
    unsigned slower = pace_room(&pace, left += 75, 20 * SECOND + SECOND / 4);
    assert_in_range(slower, 1200, 1400);
    for (int i = 2; i <= 20; i++)
        slower = pace_room(&pace, left += 75, 20 * SECOND + i * SECOND / 4);
    assert_in_range(slower, 590, 610);
    // Nothing leaves at all: what waits may wait, and soon no more than a burst.
    for (int i = 1; i <= 8; i++)
        slower = pace_room(&pace, left, 26 * SECOND + i * SECOND / 4);
    assert_int_equal(slower, PACE_ROOM_LEAST);
}

static void however_fast_it_has_an_end(void **state)
{
    (void)state;
    db_pace_t pace = {0};
    (void)pace_room(&pace, 0, SECOND);
    assert_in_range(pace_room(&pace, UINT64_C(1) << 50, 2 * SECOND), 1000, 1000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_has_room),
        cmocka_unit_test(the_room_follows_the_pace),
        cmocka_unit_test(however_fast_it_has_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
