#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/support/table.h"

static void test_numbers_in_order(void **state)
{
    (void)state;
    table_t table = {0};
    bool fresh = false;
    assert_true(table_find(&table, "a") == TABLE_NONE);
    assert_int_equal(table_add(&table, "a", &fresh), 0);
    assert_true(fresh);
    assert_int_equal(table_add(&table, "b", NULL), 1);
    assert_int_equal(table_add(&table, "a", &fresh), 0);
    assert_false(fresh);
    assert_int_equal(table.count, 2);
    assert_int_equal(table_find(&table, "b"), 1);
    assert_true(table_find(&table, "") == TABLE_NONE);
    table_clear(&table);
    assert_int_equal(table.count, 0);
}

static void test_grows(void **state)
{
    (void)state;
    table_t table = {0};
    char text[32];
    for (unsigned i = 0; i < 5000; i++) {
        snprintf(text, sizeof text, "text %u", i);
        assert_int_equal(table_add(&table, text, NULL), i);
    }
    for (unsigned i = 0; i < 5000; i++) {
        snprintf(text, sizeof text, "text %u", i);
        assert_int_equal(table_find(&table, text), i);
        assert_string_equal(table.texts[i], text);
    }
    table_clear(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_numbers_in_order), cmocka_unit_test(test_grows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
