// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <stdlib.h>

#include "common/rpc/due.h"

enum { COUNT = 500 };

static void gives_the_earliest_first(void **state)
{
    (void)state;
    rpc_due_t due;
    rpc_request_t *requests = calloc(COUNT, sizeof *requests);
    assert_non_null(requests);
    assert_true(rpc_due_init(&due, COUNT));
    assert_null(rpc_due_first(&due));
    srand(1);
    for (int round = 0; round < 20; round++) {
        for (unsigned i = 0; i < COUNT; i++) {
            requests[i].due_us = rand() % 1000;
            rpc_due_add(&due, &requests[i]);
        }
        for (unsigned i = 0; i < COUNT; i += 3) { // from anywhere in the middle
            rpc_due_remove(&due, &requests[i]);
        }
        int64_t last = -1;
        unsigned left = 0;
        for (rpc_request_t *first = rpc_due_first(&due); first != NULL; first = rpc_due_first(&due)) {
            assert_true(first->due_us >= last);
            assert_int_not_equal((first - requests) % 3, 0);
            last = first->due_us;
            left++;
            rpc_due_remove(&due, first);
        }
        assert_int_equal(left, COUNT - (COUNT + 2) / 3);
    }
    rpc_due_deinit(&due);
    free(requests);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(gives_the_earliest_first)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
