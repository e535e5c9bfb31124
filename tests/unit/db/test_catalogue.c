#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/db/pool_internal.h"

#define MANY 1000

static void test_numbers_are_given_once(void **state)
{
    (void)state;
    static db_statement_t statements[MANY];
    db_catalogue_t catalogue = {0};
    for (int i = 0; i < MANY; i++)
        assert_int_equal(catalogue_number(&catalogue, &statements[i]), i);
    for (int i = MANY - 1; i >= 0; i--)
        assert_int_equal(catalogue_number(&catalogue, &statements[i]), i);
    assert_int_equal(catalogue.count, MANY);
    assert_ptr_equal(catalogue.known[7].statement, &statements[7]);
    catalogue_deinit(&catalogue);
    assert_int_equal(catalogue.count, 0);
    assert_int_equal(catalogue_number(&catalogue, &statements[3]), 0);
    catalogue_deinit(&catalogue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_numbers_are_given_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
