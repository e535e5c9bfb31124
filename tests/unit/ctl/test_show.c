// Answers by their descriptors: pages, resources, trees; and the same as JSON.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pcn/registry/v1/registry.meta.h"
#include "services/ctl/show.h"

#define LIST (&pcn__registry__v1__list_organisations_reply__type)
#define ORGANISATION (&pcn__registry__v1__organisation__type)

typedef status_t (*write_fn)(const show_t *show, const pb_type_t *type, const json_t *json, problem_t *problem);

static void assert_written(show_t show, write_fn write, const pb_type_t *type, const char *json, const char *expected)
{
    char *text = NULL;
    size_t size = 0;
    problem_t problem = {0};
    json_t *value = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(value);
    show.out = open_memstream(&text, &size);
    assert_int_equal(write(&show, type, value, &problem), STATUS_OK);
    fclose(show.out);
    assert_string_equal(text, expected);
    free(text);
    json_decref(value);
}

static void pages(void **state)
{
    (void)state;
    static const char page[] =
        "{\"organisations\":[{\"code\":\"pcn-a\",\"name\":\"A\\u001b[2J\",\"kind\":\"network\",\"statedPopulation\":7,\"identifiers\":[]},"
        "{\"code\":\"pcn-bc\",\"name\":\"B\",\"kind\":\"network\",\"formerNames\":[\"X\",\"Y\"],\"colour\":\"unknown here\"}],"
        "\"nextPageToken\":\"t\",\"totalSize\":25}";
    assert_written((show_t){0}, show_reply, LIST, page,
                   "CODE    NAME   KIND     FORMER-NAMES  STATED-POPULATION\n"
                   "pcn-a   A [2J  network                                7\n"
                   "pcn-bc  B      network  X, Y\n"
                   "\ntotalSize  25\n");
    assert_written((show_t){.columns = "name,statedPopulation,CODE"}, show_reply, LIST, page,
                   "NAME   STATED-POPULATION  CODE\n"
                   "A [2J                  7  pcn-a\n"
                   "B                         pcn-bc\n"
                   "\ntotalSize  25\n");
    assert_written((show_t){.width = 30}, show_reply, LIST, page,
                   "CODE    NAME   FORMER-NAMES\n"
                   "pcn-a   A [2J\n"
                   "pcn-bc  B      X, Y\n"
                   "… without KIND (network) STATED-POPULATION: --columns or --json shows them\n"
                   "\ntotalSize  25\n");
    assert_written((show_t){0}, show_reply, LIST, "{\"organisations\":[],\"totalSize\":0}", "nothing\n\ntotalSize  0\n");
    assert_written((show_t){.json = true}, show_reply, LIST, "{\"b\": 1, \"a\": [2]}", "{\"b\":1,\"a\":[2]}\n");
}

static void rows(void **state)
{
    (void)state;
    static const char list[] = "[{\"code\":\"a\",\"name\":\"A\"},{\"code\":\"b\"}]";
    assert_written((show_t){0}, show_rows, ORGANISATION, list, "CODE  NAME\na     A\nb\n");
    assert_written((show_t){.json = true}, show_rows, ORGANISATION, list, "{\"code\":\"a\",\"name\":\"A\"}\n{\"code\":\"b\"}\n");
    assert_written((show_t){0}, show_rows, ORGANISATION, "[]", "");
    assert_written((show_t){.json = true}, show_rows, ORGANISATION, "[]", "");
}

static void resources(void **state)
{
    (void)state;
    assert_written((show_t){0}, show_reply, &pcn__registry__v1__network__type,
                   "{\"code\":\"pcn-a\",\"listSize\":{\"stated\":7,\"asOf\":\"2026-04-01\"},\"assumptions\":[\"One, and\",\"two\"],"
                   "\"registration\":{\"complete\":false,\"missing\":[\"payee\",\"area\"]},"
                   "\"members\":[{\"practice\":\"gp-a\",\"from\":\"2019-07-01\",\"fromAssumed\":true}],\"directors\":[]}",
                   "code                   pcn-a\n"
                   "listSize.stated        7\n"
                   "listSize.asOf          2026-04-01\n"
                   "registration.complete  false\n"
                   "registration.missing   payee, area\n"
                   "assumptions            One, and; two\n"
                   "\nmembers (1)\n"
                   "  PRACTICE  FROM        FROM-ASSUMED\n"
                   "  gp-a      2019-07-01  true\n");
    assert_written((show_t){0}, show_reply, ORGANISATION, "{}", "");
}

static void trees(void **state)
{
    (void)state;
    assert_written((show_t){0}, show_reply, &pcn__registry__v1__tree_node__type,
                   "{\"code\":\"ics\",\"name\":\"I\",\"children\":[{\"code\":\"ccg\",\"name\":\"C\",\"children\":[{\"code\":\"pcn\","
                   "\"name\":\"P\",\"children\":[]}]},"
                   "{\"code\":\"trust\",\"name\":\"T\"}]}",
                   "CODE     NAME\n"
                   "ics      I\n"
                   "  ccg    C\n"
                   "    pcn  P\n"
                   "  trust  T\n");
}

static void several_lists(void **state)
{
    (void)state;
    assert_written((show_t){0}, show_reply, &pcn__registry__v1__get_system_coverage_reply__type,
                   "{\"rows\":[{\"system\":\"SystmOne\",\"practices\":3}],\"asOf\":\"2026-04-01\",\"stated\":[{\"fact\":\"records\","
                   "\"value\":\"9\"}]}",
                   "SYSTEM    PRACTICES\n"
                   "SystmOne          3\n"
                   "\nstated (1)\n"
                   "  FACT     VALUE\n"
                   "  records  9\n"
                   "\nasOf  2026-04-01\n");
}

static void nested_in_a_row(void **state)
{
    (void)state;
    assert_written((show_t){0}, show_reply, &pcn__registry__v1__get_history_reply__type,
                   "{\"entries\":[{\"from\":\"2019-07-01\",\"network\":\"pcn-a\",\"member\":{\"practice\":\"gp-a\",\"fromAssumed\":true}},"
                   "{\"recordedAt\":\"2026-11-26T07:54:06.394579Z\",\"waiver\":{\"reason\":\"rural\"}}]}",
                   "FROM        RECORDED-AT                  WHAT                                     NETWORK\n"
                   "2019-07-01                               member: practice gp-a, fromAssumed true  pcn-a\n"
                   "            2026-11-26T07:54:06.394579Z  waiver: reason rural\n");
    // Times to the second where a line is short.
    assert_written((show_t){.width = 100}, show_reply, &pcn__registry__v1__get_history_reply__type,
                   "{\"entries\":[{\"recordedAt\":\"2026-11-26T07:54:06.394579Z\",\"waiver\":{\"reason\":\"rural\"}}]}",
                   "RECORDED-AT           WHAT\n"
                   "2026-11-26T07:54:06Z  waiver: reason rural\n");
    // One message alone is a column of its own.
    assert_written((show_t){.columns = "member"}, show_reply, &pcn__registry__v1__get_history_reply__type,
                   "{\"entries\":[{\"member\":{\"practice\":\"gp-a\"}}]}", "MEMBER\n{\"practice\":\"gp-a\"}\n");
}

static void columns_that_there_are(void **state)
{
    (void)state;
    problem_t problem = {0};
    assert_int_equal(show_check(&(show_t){.columns = "code,stated-population"}, LIST, &problem), STATUS_OK);
    assert_int_equal(show_check(&(show_t){.columns = "code,colour"}, LIST, &problem), STATUS_INVALID_ARGUMENT);
    assert_string_equal(problem.detail, "\"colour\" is no column");
    assert_int_equal(show_check(&(show_t){.columns = "code,"}, LIST, &problem), STATUS_INVALID_ARGUMENT);
    assert_int_equal(show_check(&(show_t){.columns = ""}, LIST, &problem), STATUS_INVALID_ARGUMENT);
    assert_int_equal(show_check(&(show_t){.columns = "code"}, ORGANISATION, &problem), STATUS_INVALID_ARGUMENT);
    assert_int_equal(show_check(&(show_t){0}, ORGANISATION, &problem), STATUS_OK);
}

static void table_or_json(void **state)
{
    (void)state;
    show_t show;
    FILE *file = tmpfile();
    assert_non_null(file);
    unsetenv("COLUMNS");
    show_init(&show, file, false, false, NULL);
    assert_true(show.json);
    show_init(&show, file, false, true, NULL);
    assert_false(show.json);
    assert_int_equal(show.width, 0);
    show_init(&show, file, false, false, "code");
    assert_false(show.json);
    setenv("COLUMNS", "100", 1);
    show_init(&show, file, false, true, NULL);
    assert_int_equal(show.width, 100);
    setenv("COLUMNS", "wide", 1);
    show_init(&show, file, false, true, NULL);
    assert_int_equal(show.width, 0);
    unsetenv("COLUMNS");
    fclose(file);
    // What cannot be written is told.
    problem_t problem = {0};
    FILE *full = fopen("/dev/full", "we");
    assert_non_null(full);
    setvbuf(full, NULL, _IONBF, 0);
    json_t *row = json_pack("{s:s}", "code", "a");
    assert_int_equal(show_reply(&(show_t){.out = full}, ORGANISATION, row, &problem), STATUS_UNAVAILABLE);
    assert_int_equal(show_reply(&(show_t){.out = full, .json = true}, ORGANISATION, row, &problem), STATUS_UNAVAILABLE);
    json_decref(row);
    fclose(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages),
        cmocka_unit_test(rows),
        cmocka_unit_test(resources),
        cmocka_unit_test(trees),
        cmocka_unit_test(several_lists),
        cmocka_unit_test(nested_in_a_row),
        cmocka_unit_test(columns_that_there_are),
        cmocka_unit_test(table_or_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
