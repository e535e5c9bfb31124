#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/event/floor.h"

static void test_nothing_known(void **state)
{
    (void)state;
    event_floor_t floor = {0};
    assert_int_equal(event_floor_look(&floor, false), 0);
    event_floor_looked(&floor);
    event_floor_snapshot(&floor, 10, 11);
    event_floor_snapshot(&floor, 20, 21);
    assert_int_equal(event_floor_look(&floor, false), 0);
}

static void test_rises_behind_the_oldest(void **state)
{
    (void)state;
    event_floor_t floor = {0};
    event_floor_take(&floor, 7);
    event_floor_take(&floor, 5);
    // Transactions up to 99 may hold a position below 7.
    event_floor_snapshot(&floor, 90, 100);
    assert_int_equal(event_floor_look(&floor, false), 0);
    event_floor_looked(&floor);
    event_floor_take(&floor, 30);
    event_floor_snapshot(&floor, 99, 140);
    assert_int_equal(event_floor_look(&floor, false), 0);
    event_floor_looked(&floor);
    // Now all of them have ended; the look that says so is not yet one after it.
    event_floor_snapshot(&floor, 100, 150);
    assert_int_equal(event_floor_look(&floor, false), 0);
    event_floor_looked(&floor);
    assert_int_equal(event_floor_look(&floor, false), 7);
    event_floor_looked(&floor);
    // What was taken meanwhile waits for its own turn.
    event_floor_snapshot(&floor, 149, 160);
    assert_int_equal(event_floor_look(&floor, false), 7);
    event_floor_snapshot(&floor, 150, 160);
    assert_int_equal(event_floor_look(&floor, false), 7);
    event_floor_looked(&floor);
    assert_int_equal(event_floor_look(&floor, false), 30);
    assert_int_equal(event_floor_look(&floor, true), 0);
}

static void test_a_look_cut_short_proves_nothing(void **state)
{
    (void)state;
    event_floor_t floor = {0};
    event_floor_take(&floor, 7);
    event_floor_snapshot(&floor, 100, 100);
    event_floor_snapshot(&floor, 100, 100);
    for (int i = 0; i < 3; i++)
        assert_int_equal(event_floor_look(&floor, false), 0);
    event_floor_looked(&floor);
    assert_int_equal(event_floor_look(&floor, false), 7);
}

static void test_an_answer_to_an_earlier_look_proves_nothing(void **state)
{
    (void)state;
    event_floor_t floor = {0};
    event_floor_take(&floor, 7);
    event_floor_snapshot(&floor, 100, 100);
    assert_int_equal(event_floor_look(&floor, false), 0);
    event_floor_snapshot(&floor, 100, 100);
    event_floor_looked(&floor);
    assert_int_equal(event_floor_look(&floor, false), 0);
}

static void test_a_position_given_again(void **state)
{
    (void)state;
    event_floor_t floor = {0};
    event_floor_take(&floor, 7000);
    event_floor_snapshot(&floor, 100, 100);
    event_floor_snapshot(&floor, 100, 100);
    (void)event_floor_look(&floor, false);
    event_floor_looked(&floor);
    assert_int_equal(event_floor_look(&floor, false), 7000);
    assert_int_equal(event_floor_look(&floor, true), 0);
    event_floor_take(&floor, 12);
    event_floor_looked(&floor);
    assert_int_equal(event_floor_look(&floor, false), 0);
    assert_int_equal(floor.taken, 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_known),
        cmocka_unit_test(test_rises_behind_the_oldest),
        cmocka_unit_test(test_a_look_cut_short_proves_nothing),
        cmocka_unit_test(test_an_answer_to_an_earlier_look_proves_nothing),
        cmocka_unit_test(test_a_position_given_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
