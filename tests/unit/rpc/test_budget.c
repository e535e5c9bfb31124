// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "common/rpc/budget.h"

static unsigned spend_all(rpc_budget_t *budget, int64_t now_us)
{
    unsigned spent = 0;
    while (rpc_budget_spend(budget, now_us)) {
        spent++;
    }
    return spent;
}

static void allows_a_tenth_and_a_floor(void **state)
{
    (void)state;
    rpc_budget_t budget;
    rpc_budget_init(&budget, 0);
    assert_int_equal(spend_all(&budget, 0), 10); // to begin with
    for (int i = 0; i < 100; i++) {
        rpc_budget_earn(&budget);
    }
    assert_int_equal(spend_all(&budget, 0), 10); // a tenth of a hundred calls
    assert_int_equal(spend_all(&budget, 199999), 0);
    assert_int_equal(spend_all(&budget, 1000000), 4 + 1);              // five a second, in however many looks
    assert_int_equal(spend_all(&budget, 3600 * INT64_C(1000000)), 10); // an hour saves no more than the start
    for (int i = 0; i < 100000; i++) {
        rpc_budget_earn(&budget);
    }
    assert_in_range(spend_all(&budget, 3600 * INT64_C(1000000)), 99, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(allows_a_tenth_and_a_floor)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
