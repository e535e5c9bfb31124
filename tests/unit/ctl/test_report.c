#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/ctl/report.h"

static void test_problems_and_sums(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    report_t *report = report_new(out, false);
    report_file_t *first = report_file_new(report, "a.csv"), *second = report_file_new(report, "b.csv");
    first->created = 2;
    second->there = 1;
    report_progress(report, 1, 3);
    report_problem(first, 7, "parent", "\"%s\" is not there", "x");
    report_problem(second, 0, "", "is torn");
    assert_int_equal(report_failed(report), 2);
    report_summary(report, out);
    fclose(out);
    assert_string_equal(text, "a.csv:7: parent: \"x\" is not there\n"
                              "b.csv: is torn\n"
                              "a.csv: 2 created, 0 already there, 1 failed\n"
                              "b.csv: 0 created, 1 already there, 1 failed\n");
    report_destroy(&report);
    assert_null(report);
    free(text);
}

static void test_progress_line_gives_way(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    report_t *report = report_new(out, true);
    report_file_t *file = report_file_new(report, "a.csv");
    report_progress(report, 1, 3);
    report_problem(file, 1, NULL, "no");
    fclose(out);
    assert_string_equal(text, "\rimport: 1 of 3\r\033[Ka.csv:1: no\n");
    report_destroy(&report);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_problems_and_sums), cmocka_unit_test(test_progress_line_gives_way)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
