#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/db/sqlstate.h"

static void test_each_class(void **state)
{
    (void)state;
    static const struct {
        const char *sqlstate;
        status_t status;
    } cases[] = {
        {"00000", STATUS_OK},
        {"23505", STATUS_ALREADY_EXISTS},
        {"23P01", STATUS_ALREADY_EXISTS},
        {"23503", STATUS_FAILED_PRECONDITION},
        {"23514", STATUS_INVALID_ARGUMENT},
        {"23502", STATUS_INTERNAL},
        {"40001", STATUS_ABORTED},
        {"40P01", STATUS_ABORTED},
        {"55P03", STATUS_ABORTED},
        {"57014", STATUS_DEADLINE_EXCEEDED},
        {"53100", STATUS_UNAVAILABLE},
        {"53200", STATUS_RESOURCE_EXHAUSTED},
        {"53300", STATUS_RESOURCE_EXHAUSTED},
        {"08006", STATUS_UNAVAILABLE},
        {"57P01", STATUS_UNAVAILABLE},
        {"57P03", STATUS_UNAVAILABLE},
        {"25006", STATUS_UNAVAILABLE},
        {"25P02", STATUS_INTERNAL},
        {"42P01", STATUS_INTERNAL},
        {"XX000", STATUS_INTERNAL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(sqlstate_status(cases[i].sqlstate), cases[i].status);
}

static void test_what_is_no_sqlstate(void **state)
{
    (void)state;
    assert_int_equal(sqlstate_status(NULL), STATUS_INTERNAL);
    assert_int_equal(sqlstate_status(""), STATUS_INTERNAL);
    assert_int_equal(sqlstate_status("08"), STATUS_INTERNAL);
    assert_int_equal(sqlstate_status("235050"), STATUS_INTERNAL);
    assert_false(sqlstate_retryable(NULL));
    assert_false(sqlstate_retryable("40"));
}

static void test_retryable(void **state)
{
    (void)state;
    assert_true(sqlstate_retryable("40001"));
    assert_true(sqlstate_retryable("40P01"));
    assert_true(sqlstate_retryable("55P03"));
    assert_false(sqlstate_retryable("23505"));
    assert_false(sqlstate_retryable("57014"));
    assert_false(sqlstate_retryable("08006"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_class),
        cmocka_unit_test(test_what_is_no_sqlstate),
        cmocka_unit_test(test_retryable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
