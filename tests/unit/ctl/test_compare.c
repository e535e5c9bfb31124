#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "services/ctl/load.h"

// The JSON is written with apostrophes for quotes.
static json_t *json(const char *text)
{
    char copy[1024];
    size_t size = strlen(text);
    assert_true(size < sizeof copy);
    for (size_t i = 0; i <= size; i++)
        copy[i] = text[i] == '\'' ? '"' : text[i];
    json_t *value = json_loads(copy, 0, NULL);
    assert_non_null(value);
    return value;
}

static void check(plan_kind_t kind, const char *sent, const char *there, load_match_t expected, const char *expected_field)
{
    plan_call_t call = {.kind = kind, .content = json(sent)};
    json_t *resource = json(there);
    const char *field = "unset";
    assert_int_equal(load_compare(&call, resource, &field), expected);
    if (expected == LOAD_DIFFERENT)
        assert_string_equal(field, expected_field);
    json_decref(call.content);
    json_decref(resource);
}

static void test_organisations(void **state)
{
    (void)state;
    check(PLAN_ORGANISATION, "{'code':'a','name':'A'}", "{'code':'a','name':'A','version':3,'notes':'more'}", LOAD_SAME, NULL);
    check(PLAN_ORGANISATION, "{'code':'a','name':'A'}", "{'code':'a','name':'B'}", LOAD_DIFFERENT, "name");
    check(PLAN_ORGANISATION, "{'code':'a','statedPopulation':5}", "{'code':'a'}", LOAD_DIFFERENT, "statedPopulation");
}

static void test_members(void **state)
{
    (void)state;
    static const char *const sent = "{'practice':'p','from':'2019-07-01','fromAssumed':true}";
    check(PLAN_MEMBER, sent, "{'members':[{'practice':'q'},{'practice':'p','name':'P','from':'2019-07-01','fromAssumed':true}]}", LOAD_SAME,
          NULL);
    check(PLAN_MEMBER, sent, "{'members':[{'practice':'p','from':'2020-01-01','fromAssumed':true}]}", LOAD_DIFFERENT, "from");
    check(PLAN_MEMBER, sent, "{'members':[{'practice':'q'}]}", LOAD_ABSENT, NULL);
    check(PLAN_MEMBER, sent, "{}", LOAD_ABSENT, NULL);
}

static void test_directors(void **state)
{
    (void)state;
    static const char *const sent = "{'name':'Dr A','from':'2019-07-01','fromAssumed':false}";
    check(PLAN_DIRECTOR, sent, "{'directors':[{'name':'Dr A','from':'2019-07-01'}]}", LOAD_SAME, NULL);
    check(PLAN_DIRECTOR, sent, "{'directors':[{'name':'Dr B','from':'2019-07-01'}]}", LOAD_ABSENT, NULL);
}

static void test_list_sizes(void **state)
{
    (void)state;
    static const char *const whole = "{'kind':'registered','count':7,'asOf':'2019-06-20'}";
    check(PLAN_LIST_SIZE, whole, "{'listSize':{'stated':7,'asOf':'2019-06-20'}}", LOAD_SAME, NULL);
    check(PLAN_LIST_SIZE, whole, "{'listSize':{'stated':8,'asOf':'2019-06-20'}}", LOAD_DIFFERENT, "count");
    check(PLAN_LIST_SIZE, whole, "{'listSize':{'stated':7,'asOf':'2019-01-01'}}", LOAD_ABSENT, NULL);
    static const char *const part = "{'kind':'registered','count':7,'asOf':'2019-06-20','subGroup':'nwl-1'}";
    check(PLAN_LIST_SIZE, part, "{'subGroups':[{'code':'nwl-1','statedListSize':7}]}", LOAD_SAME, NULL);
    check(PLAN_LIST_SIZE, part, "{'subGroups':[{'code':'nwl-1','statedListSize':9}]}", LOAD_DIFFERENT, "count");
    check(PLAN_LIST_SIZE, part, "{'subGroups':[{'code':'nwl-1'}]}", LOAD_ABSENT, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_organisations), cmocka_unit_test(test_members),
                                       cmocka_unit_test(test_directors), cmocka_unit_test(test_list_sizes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
