// When the field's date changes next, also over the nights on which the clocks change.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/service/jobs.h"

static void until_tomorrow(void **state)
{
    (void)state;
    static const struct {
        const char *now;
        int64_t ms;
    } cases[] = {
        {"2026-11-25T23:59:59.000Z", 1000},         {"2026-11-25T23:59:59.9995Z", 1},
        {"2026-11-25T00:00:00Z", 24 * 3600 * 1000}, {"2026-06-30T22:59:59Z", 1000}, // 23:59:59 in summer
        {"2026-06-30T23:00:00Z", 24 * 3600 * 1000},                                 // midnight in summer
        {"2026-03-29T00:00:00Z", 23 * 3600 * 1000},                                 // the day on which summer time begins
        {"2026-10-24T23:00:00Z", 25 * 3600 * 1000},                                 // the day on which it ends
        {"2026-10-25T12:00:00Z", 12 * 3600 * 1000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t now;
        assert_true(instant_parse(cases[i].now, &now));
        assert_int_equal(jobs_until_tomorrow_ms(now), cases[i].ms);
        const int64_t then = now + cases[i].ms * 1000;
        assert_int_equal(date_of_instant(then), date_of_instant(now) + 1);
        assert_int_equal(date_of_instant(then - 1001), date_of_instant(now));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(until_tomorrow)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
