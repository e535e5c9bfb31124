#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "services/ctl/csv.h"

static csv_t *parse(const char *text)
{
    csv_t *csv = NULL;
    problem_t problem = {0};
    assert_int_equal(csv_parse(text, strlen(text), &csv, &problem), STATUS_OK);
    return csv;
}

static void test_plain(void **state)
{
    (void)state;
    csv_t *csv = parse("code,name\na,Alpha\nb,\n");
    assert_int_equal(csv_rows(csv), 2);
    assert_int_equal(csv_column(csv, "name"), 1);
    assert_int_equal(csv_column(csv, "nam"), -1);
    assert_string_equal(csv_field(csv, 0, 0), "a");
    assert_string_equal(csv_field(csv, 0, 1), "Alpha");
    assert_string_equal(csv_field(csv, 1, 1), "");
    assert_string_equal(csv_field(csv, 1, -1), "");
    assert_int_equal(csv_line(csv, 1), 3);
    csv_destroy(&csv);
    assert_null(csv);
}

static void test_quotes(void **state)
{
    (void)state;
    csv_t *csv = parse("a,b\n\"x, y\",\"say \"\"hello\"\"\"\n\"\",\"\"\"\"\n");
    assert_string_equal(csv_field(csv, 0, 0), "x, y");
    assert_string_equal(csv_field(csv, 0, 1), "say \"hello\"");
    assert_string_equal(csv_field(csv, 1, 0), "");
    assert_string_equal(csv_field(csv, 1, 1), "\"");
    csv_destroy(&csv);
}

static void test_line_ends_inside_quotes_count_as_lines(void **state)
{
    (void)state;
    csv_t *csv = parse("a,b\r\n\"one\ntwo\r\nthree\",x\r\nlast,y");
    assert_int_equal(csv_rows(csv), 2);
    assert_string_equal(csv_field(csv, 0, 0), "one\ntwo\r\nthree");
    assert_string_equal(csv_field(csv, 0, 1), "x");
    assert_int_equal(csv_line(csv, 0), 2);
    assert_int_equal(csv_line(csv, 1), 5);
    assert_string_equal(csv_field(csv, 1, 1), "y");
    csv_destroy(&csv);
}

static void test_mark_and_blank_lines(void **state)
{
    (void)state;
    csv_t *csv = parse("\xef\xbb\xbf"
                       "code,name\n\n\r\nk,\xc3\xa9t\xc3\xa9\n\n");
    assert_int_equal(csv_column(csv, "code"), 0);
    assert_int_equal(csv_rows(csv), 1);
    assert_int_equal(csv_line(csv, 0), 4);
    assert_string_equal(csv_field(csv, 0, 1), "\xc3\xa9t\xc3\xa9");
    csv_destroy(&csv);
}

static void test_no_rows_and_trailing_comma(void **state)
{
    (void)state;
    csv_t *csv = parse("a,b");
    assert_int_equal(csv_rows(csv), 0);
    csv_destroy(&csv);
    csv = parse("a,b\n1,");
    assert_int_equal(csv_rows(csv), 1);
    assert_string_equal(csv_field(csv, 0, 1), "");
    csv_destroy(&csv);
}

static void test_many_rows(void **state)
{
    (void)state;
    enum { ROWS = 5000 };
    char *text = test_malloc(ROWS * 16 + 16), *at = text;
    at += sprintf(at, "n,m\n");
    for (int i = 0; i < ROWS; i++)
        at += sprintf(at, "%d,\"%d\"\n", i, -i);
    csv_t *csv = parse(text);
    assert_int_equal(csv_rows(csv), ROWS);
    assert_string_equal(csv_field(csv, 4999, 1), "-4999");
    assert_int_equal(csv_line(csv, 4999), 5001);
    csv_destroy(&csv);
    test_free(text);
}

static void check_refused(const char *text, size_t size, const char *field)
{
    csv_t *csv = NULL;
    problem_t problem = {0};
    assert_int_equal(csv_parse(text, size, &csv, &problem), STATUS_INVALID_ARGUMENT);
    assert_null(csv);
    assert_string_equal(problem.field, field);
    assert_true(problem.detail[0] != '\0');
}

static void test_refusals_name_the_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *field;
    } cases[] = {
        {"", "line 1"},
        {"\n\n", "line 1"},
        {"a,b\n1,2\n1\n", "line 3"},
        {"a,b\n1,2\n1,2,3\n", "line 3"},
        {"a,b\n\"x\ny\",2\n1\n", "line 4"},
        {"a,b\n1,\"open\n\n\n", "line 2"},
        {"a,b\n1,x\"y\n", "line 2"},
        {"a,b\n1,\"x\"y\n", "line 2"},
        {"a,a\n", "line 1"},
        {"a,\n", "line 1"},
        {"a\nx\n\xff\n", "line 3"},
        {"a\n\xc3\n", "line 2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_refused(cases[i].text, strlen(cases[i].text), cases[i].field);
    check_refused("a\nx\0y\n", 6, "line 2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_quotes),
        cmocka_unit_test(test_line_ends_inside_quotes_count_as_lines),
        cmocka_unit_test(test_mark_and_blank_lines),
        cmocka_unit_test(test_no_rows_and_trailing_comma),
        cmocka_unit_test(test_many_rows),
        cmocka_unit_test(test_refusals_name_the_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
