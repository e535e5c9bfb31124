#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "services/ctl/command.h"

static void test_options_in_both_spellings(void **state)
{
    (void)state;
    const char *dir = NULL, *url = NULL;
    bool quick = false;
    const command_option_t options[] = {{"--dir", &dir, NULL, true}, {"--url", &url, NULL, false}, {"--quick", NULL, &quick, false}, {0}};
    char *argv[] = {"add", "--dir", "keys", "one", "--url=http://h/?a=b", "--quick", "--", "--two"};
    int count = 0;
    problem_t problem;
    assert_int_equal(command_options(options, 8, argv, &count, &problem), STATUS_OK);
    assert_string_equal(dir, "keys");
    assert_string_equal(url, "http://h/?a=b");
    assert_true(quick);
    assert_int_equal(count, 3);
    assert_string_equal(argv[0], "add");
    assert_string_equal(argv[1], "one");
    assert_string_equal(argv[2], "--two");
}

static void check_refused(int argc, char **argv, const char *field)
{
    const char *dir = NULL;
    bool quick = false;
    const command_option_t options[] = {{"--dir", &dir, NULL, true}, {"--quick", NULL, &quick, false}, {0}};
    int count = 0;
    problem_t problem = {0};
    assert_int_equal(command_options(options, argc, argv, &count, &problem), STATUS_INVALID_ARGUMENT);
    assert_string_equal(problem.field, field);
}

static void test_options_refused(void **state)
{
    (void)state;
    check_refused(1, (char *[]){"list"}, "--dir");
    check_refused(1, (char *[]){"--dir"}, "--dir");
    check_refused(1, (char *[]){"--dir="}, "--dir");
    check_refused(4, (char *[]){"--dir", "a", "--dir", "b"}, "--dir");
    check_refused(3, (char *[]){"--dir", "a", "--wrong"}, "--wrong");
    check_refused(3, (char *[]){"--dir", "a", "--quick=1"}, "--quick");
    check_refused(3, (char *[]){"--dir", "a", "--directory=b"}, "--directory=b");
}

static void test_numbers(void **state)
{
    (void)state;
    long long value = 0;
    assert_true(command_number("3600", 1, 2592000, &value));
    assert_int_equal(value, 3600);
    assert_true(command_number("-5", -5, 5, &value));
    assert_int_equal(value, -5);
    static const char *const refused[] = {"", "-", " 1", "1 ", "+1", "1.5", "0x1", "1e3", "99999999999999999999", "0", "2592001", "--1"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        assert_false(command_number(refused[i], 1, 2592000, &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_options_in_both_spellings), cmocka_unit_test(test_options_refused),
                                       cmocka_unit_test(test_numbers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
