// A day of booking: the same one for a seed, in order, with its rush, and with a bit of everything.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/simulator/day.h"

enum { ACTS = 20000, PRACTICES = 134, HOUR_S = 3600, DAY_S = 24 * HOUR_S };

static void test_is_the_same_for_a_seed(void **state)
{
    (void)state;
    day_act_t *one = day_make(5, PRACTICES, ACTS), *again = day_make(5, PRACTICES, ACTS), *other = day_make(6, PRACTICES, ACTS);
    size_t same = 0;
    for (size_t i = 0; i < ACTS; i++) {
        assert_int_equal(one[i].second, again[i].second);
        assert_int_equal(one[i].kind, again[i].kind);
        assert_int_equal(one[i].practice, again[i].practice);
        same += one[i].practice == other[i].practice;
    }
    assert_true(same < ACTS / 20);
    free(one);
    free(again);
    free(other);
}

static void test_is_in_order_and_within_bounds(void **state)
{
    (void)state;
    size_t kinds[DAY_KINDS] = {0};
    day_act_t *acts = day_make(1, PRACTICES, ACTS);
    for (size_t i = 0; i < ACTS; i++) {
        assert_true(acts[i].second >= 0 && acts[i].second < DAY_S);
        assert_true(i == 0 || acts[i].second >= acts[i - 1].second);
        assert_true(acts[i].practice < PRACTICES);
        kinds[acts[i].kind]++;
    }
    for (day_kind_t kind = 0; kind < DAY_KINDS; kind++) {
        // Of a thousand, within a third.
        const size_t expected = (size_t)day_kind_weight(kind) * ACTS / 1000;
        assert_true(kinds[kind] > expected * 2 / 3 && kinds[kind] < expected * 4 / 3);
    }
    free(acts);
}

static void test_has_its_rush(void **state)
{
    (void)state;
    size_t bookings = 0, rush = 0, first_quarter = 0, cases_at_night = 0, bookings_at_night = 0;
    day_act_t *acts = day_make(1, PRACTICES, ACTS);
    for (size_t i = 0; i < ACTS; i++) {
        const int32_t hour = acts[i].second / HOUR_S;
        if (acts[i].kind == DAY_book) {
            bookings++;
            rush += hour == 8;
            first_quarter += hour == 8 && acts[i].second % HOUR_S < HOUR_S / 4;
            bookings_at_night += hour < 7;
        }
        cases_at_night += acts[i].kind == DAY_open_case && hour < 7;
    }
    assert_true(rush > bookings * 2 / 5);
    assert_true(first_quarter > rush / 2);
    assert_int_equal(bookings_at_night, 0);
    assert_true(cases_at_night > 0);
    free(acts);
}

static void test_has_names(void **state)
{
    (void)state;
    assert_string_equal(day_kind_name(DAY_book), "book");
    unsigned sum = 0;
    for (day_kind_t kind = 0; kind < DAY_KINDS; kind++)
        sum += day_kind_weight(kind);
    assert_int_equal(sum, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_is_the_same_for_a_seed),
        cmocka_unit_test(test_is_in_order_and_within_bounds),
        cmocka_unit_test(test_has_its_rush),
        cmocka_unit_test(test_has_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
