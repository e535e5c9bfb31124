// What becomes of a step that failed.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/service/follower_internal.h"

static void test_what_may_pass(void **state)
{
    (void)state;
    static const status_t passing[] = {STATUS_UNAVAILABLE, STATUS_ABORTED, STATUS_RESOURCE_EXHAUSTED};
    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++) {
        for (size_t events = 0; events < 3; events++)
            assert_int_equal(step_judge(passing[i], events), STEP_AGAIN);
    }
}

static void test_too_slow(void **state)
{
    (void)state;
    assert_int_equal(step_judge(STATUS_DEADLINE_EXCEEDED, 500), STEP_APART);
    // No event is poison because the database is slow.
    assert_int_equal(step_judge(STATUS_DEADLINE_EXCEEDED, 1), STEP_AGAIN);
    assert_int_equal(step_judge(STATUS_DEADLINE_EXCEEDED, 0), STEP_AGAIN);
}

static void test_who_is_to_blame(void **state)
{
    (void)state;
    static const status_t refusals[] = {STATUS_INTERNAL, STATUS_INVALID_ARGUMENT, STATUS_FAILED_PRECONDITION, STATUS_ALREADY_EXISTS};
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        assert_int_equal(step_judge(refusals[i], 2), STEP_APART);
        assert_int_equal(step_judge(refusals[i], 1), STEP_LETTER);
        // Where there is no event, none is skipped.
        assert_int_equal(step_judge(refusals[i], 0), STEP_AGAIN);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_may_pass),
        cmocka_unit_test(test_too_slow),
        cmocka_unit_test(test_who_is_to_blame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
