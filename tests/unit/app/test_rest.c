#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/app/rest.h"

#define S INT64_C(1000000)

// Busy for a while, then hardly: reached once, at the end of the first period of rest.
static void test_rest_after_work(void **state)
{
    (void)state;
    rest_t rest = {.looked_us = 100 * S};
    assert_false(rest_reached(&rest, 101 * S, 1 * S)); // no period is over
    assert_false(rest_reached(&rest, 105 * S, 4 * S)); // busy
    assert_false(rest_reached(&rest, 110 * S, 8 * S));
    assert_false(rest_reached(&rest, 112 * S, 8 * S));
    assert_true(rest_reached(&rest, 115 * S, 8 * S + 1000));
    assert_false(rest_reached(&rest, 120 * S, 8 * S + 2000));
    assert_false(rest_reached(&rest, 125 * S, 8 * S + 3000));
}

// What is hardly any work gathers until it is worth it.
static void test_little_work(void **state)
{
    (void)state;
    rest_t rest = {0};
    int reached = 0;
    for (int64_t period = 1; period <= 30; period++)
        reached += rest_reached(&rest, period * 5 * S, period * 50000) ? 1 : 0;
    assert_int_equal(reached, 3); // each half a second of work
}

static void test_never_while_busy(void **state)
{
    (void)state;
    rest_t rest = {0};
    for (int64_t period = 1; period <= 30; period++)
        assert_false(rest_reached(&rest, period * 5 * S, period * 2 * S));
    assert_false(rest_look(&rest)); // of this process, which hardly worked
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rest_after_work), cmocka_unit_test(test_little_work),
                                       cmocka_unit_test(test_never_while_busy)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
