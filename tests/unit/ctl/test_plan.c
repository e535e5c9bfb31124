#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/ctl/file.h"
#include "services/ctl/plan.h"

typedef struct fixture {
    plan_t *plan;
    report_t *report;
    char *said;
    size_t said_size;
    FILE *out;
} fixture_t;

static void begin(fixture_t *fixture)
{
    *fixture = (fixture_t){.plan = plan_new("2019-07-01")};
    fixture->out = open_memstream(&fixture->said, &fixture->said_size);
    fixture->report = report_new(fixture->out, false);
}

static void add_text(fixture_t *fixture, plan_table_t table, const char *text, size_t size)
{
    csv_t *csv = NULL;
    problem_t problem = {0};
    assert_int_equal(csv_parse(text, size, &csv, &problem), STATUS_OK);
    report_file_t *file = report_file_new(fixture->report, plan_table_file(table));
    assert_int_equal(plan_add(fixture->plan, table, csv, file, &problem), STATUS_OK);
    csv_destroy(&csv);
}

static void add(fixture_t *fixture, plan_table_t table, const char *text)
{
    add_text(fixture, table, text, strlen(text));
}

static void finish(fixture_t *fixture)
{
    assert_int_equal(plan_finish(fixture->plan, NULL), STATUS_OK);
    fflush(fixture->out);
}

static void end(fixture_t *fixture)
{
    plan_destroy(&fixture->plan);
    report_destroy(&fixture->report);
    fclose(fixture->out);
    free(fixture->said);
}

static void add_data(fixture_t *fixture, const char *folder)
{
    for (plan_table_t table = 0; table < PLAN_TABLES; table++) {
        char path[FILE_PATH_SIZE];
        snprintf(path, sizeof path, "%s/%s/%s", PCN_TEST_DATA, folder, plan_table_file(table));
        buf_t text;
        buf_init(&text, 1 << 20);
        if (file_read(path, &text, NULL) == STATUS_OK)
            add_text(fixture, table, text.data, text.size);
        buf_deinit(&text);
    }
}

static size_t count(const fixture_t *fixture, plan_kind_t kind, bool sub_group)
{
    size_t found = 0;
    for (size_t i = 0; i < plan_count(fixture->plan); i++) {
        const plan_call_t *call = plan_call(fixture->plan, i);
        found += call->kind == kind && (json_object_get(call->content, "subGroup") != NULL) == sub_group;
    }
    return found;
}

static const plan_call_t *find(const fixture_t *fixture, plan_kind_t kind, const char *code)
{
    for (size_t i = 0; i < plan_count(fixture->plan); i++) {
        const plan_call_t *call = plan_call(fixture->plan, i);
        if (call->kind == kind && strcmp(call->code, code) == 0)
            return call;
    }
    return NULL;
}

static void test_the_data_set(void **state)
{
    (void)state;
    fixture_t fixture;
    begin(&fixture);
    add_data(&fixture, "llr");
    add_data(&fixture, "nel");
    finish(&fixture);
    assert_string_equal(fixture.said, "");
    assert_int_equal(report_failed(fixture.report), 0);
    assert_int_equal(count(&fixture, PLAN_ORGANISATION, false), 183 + 3);
    assert_int_equal(count(&fixture, PLAN_MEMBER, false), 121);
    assert_int_equal(count(&fixture, PLAN_MEMBER, true), 13);
    assert_int_equal(count(&fixture, PLAN_DIRECTOR, false), 26);
    assert_int_equal(count(&fixture, PLAN_LIST_SIZE, false), 25);
    assert_int_equal(count(&fixture, PLAN_LIST_SIZE, true), 3);
    json_int_t sum = 0, parts = 0;
    for (size_t i = 0; i < plan_count(fixture.plan); i++) {
        const plan_call_t *call = plan_call(fixture.plan, i);
        if (call->kind == PLAN_LIST_SIZE)
            *(json_object_get(call->content, "subGroup") != NULL ? &parts : &sum) +=
                json_integer_value(json_object_get(call->content, "count"));
    }
    assert_int_equal(sum, 1150930);
    assert_int_equal(parts, 107866);
    end(&fixture);
}

static void test_bodies(void **state)
{
    (void)state;
    fixture_t fixture;
    begin(&fixture);
    add_data(&fixture, "llr");
    finish(&fixture);
    const plan_call_t *call = find(&fixture, PLAN_ORGANISATION, "pcn-rutland");
    assert_string_equal(call->path, "/v1/organisations");
    assert_string_equal(call->look, "/v1/organisations/pcn-rutland");
    assert_string_equal(
        call->body,
        "{\"code\":\"pcn-rutland\",\"name\":\"Rutland\",\"kind\":\"network\",\"parent\":\"ccg-elr\",\"level\":\"neighbourhood\","
        "\"statedPopulation\":39920,\"statedPracticeCount\":4,"
        "\"source\":\"002_14b2ec4da8d9c2f3.txt section 18.3 (Appendix 3)\","
        "\"notes\":\"population is the list size; practice count is the names listed\",\"place\":\"la-rutland\"}");
    call = find(&fixture, PLAN_MEMBER, "pcn-rutland");
    assert_string_equal(call->path, "/v1/networks/pcn-rutland/members");
    assert_string_equal(call->look, "/v1/networks/pcn-rutland?asOf=2019-07-01");
    assert_true(json_is_true(json_object_get(call->content, "fromAssumed")));
    assert_string_equal(json_string_value(json_object_get(call->content, "from")), "2019-07-01");
    call = find(&fixture, PLAN_LIST_SIZE, "pcn-rutland");
    assert_string_equal(call->path, "/v1/organisations/pcn-rutland/list-sizes");
    assert_string_equal(call->look, "/v1/networks/pcn-rutland?asOf=2019-06-20");
    call = find(&fixture, PLAN_DIRECTOR, "pcn-fosseway");
    assert_string_equal(json_string_value(json_object_get(call->content, "name")), "Dr V Bolarum");
    assert_null(json_object_get(call->content, "share"));
    const plan_call_t *other = call + 1;
    assert_string_equal(json_string_value(json_object_get(other->content, "name")), "Dr A Khalid");
    end(&fixture);
}

static void test_stages_put_parents_first(void **state)
{
    (void)state;
    fixture_t fixture;
    begin(&fixture);
    add_data(&fixture, "llr");
    finish(&fixture);
    for (size_t i = 0; i < plan_count(fixture.plan); i++) {
        const plan_call_t *call = plan_call(fixture.plan, i);
        if (i > 0)
            assert_true(plan_call(fixture.plan, i - 1)->stage <= call->stage);
        static const char *const above[] = {"parent", "place"};
        for (size_t j = 0; call->kind == PLAN_ORGANISATION && j < 2; j++) {
            const char *code = json_string_value(json_object_get(call->content, above[j]));
            const plan_call_t *upper = code != NULL ? find(&fixture, PLAN_ORGANISATION, code) : NULL;
            assert_true(upper == NULL || upper->stage < call->stage);
        }
        if (call->kind == PLAN_MEMBER)
            assert_true(find(&fixture, PLAN_ORGANISATION, json_string_value(json_object_get(call->content, "practice")))->stage <
                        call->stage);
        if (call->kind == PLAN_LIST_SIZE)
            assert_true(find(&fixture, PLAN_MEMBER, call->code)->stage < call->stage);
    }
    end(&fixture);
}

static void test_keys_are_the_calls(void **state)
{
    (void)state;
    fixture_t first, second;
    begin(&first);
    begin(&second);
    add_data(&first, "llr");
    add_data(&second, "llr");
    finish(&first);
    finish(&second);
    assert_int_equal(plan_count(first.plan), plan_count(second.plan));
    for (size_t i = 0; i < plan_count(first.plan); i++) {
        assert_string_equal(plan_call(first.plan, i)->key, plan_call(second.plan, i)->key);
        assert_int_equal(strlen(plan_call(first.plan, i)->key), 7 + 32);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(plan_call(first.plan, i)->key, plan_call(first.plan, j)->key);
    }
    end(&first);
    end(&second);
}

static void test_bad_rows_are_left_out_and_reported(void **state)
{
    (void)state;
    fixture_t fixture;
    begin(&fixture);
    add(&fixture, PLAN_ORGANISATIONS,
        "code,name,kind,parent_code,stated_population\n"
        "A B,x,ccg,,\n"
        "ok,Ok,local_authority,,12\n"
        "many,x,ccg,,1.5\n"
        ",x,ccg,,\n"
        "ok,Again,ccg,,\n");
    finish(&fixture);
    assert_int_equal(plan_count(fixture.plan), 1);
    assert_string_equal(plan_call(fixture.plan, 0)->body,
                        "{\"code\":\"ok\",\"name\":\"Ok\",\"kind\":\"local-authority\",\"statedPopulation\":12}");
    assert_string_equal(fixture.said, "organisations.csv:2: code: \"A B\" is not a code\n"
                                      "organisations.csv:4: stated_population: \"1.5\" is not a whole number\n"
                                      "organisations.csv:5: code: is empty\n"
                                      "organisations.csv:6: code: \"ok\" is on line 3 of organisations.csv already\n");
    end(&fixture);
}

static void test_missing_columns(void **state)
{
    (void)state;
    fixture_t fixture;
    begin(&fixture);
    add(&fixture, PLAN_PRACTICES, "practice_code,name\ngp-a,A\n");
    finish(&fixture);
    assert_int_equal(plan_count(fixture.plan), 0);
    assert_int_equal(report_failed(fixture.report), 2);
    assert_non_null(strstr(fixture.said, "practices.csv:1: pcn_code: the column is missing"));
    end(&fixture);
}

static void test_circles(void **state)
{
    (void)state;
    fixture_t fixture;
    begin(&fixture);
    add(&fixture, PLAN_ORGANISATIONS,
        "code,name,kind,parent_code\n"
        "top,T,ics,\n"
        "aa,A,ccg,bb\n"
        "bb,B,ccg,aa\n"
        "self,S,ccg,self\n"
        "child,C,ccg,top\n"
        "stranger,C,ccg,elsewhere\n");
    finish(&fixture);
    assert_int_equal(plan_count(fixture.plan), 3);
    assert_int_equal(report_failed(fixture.report), 3);
    assert_int_equal(find(&fixture, PLAN_ORGANISATION, "child")->stage, 1);
    assert_int_equal(find(&fixture, PLAN_ORGANISATION, "stranger")->stage, 0);
    end(&fixture);
}

static void test_files_that_disagree(void **state)
{
    (void)state;
    fixture_t fixture;
    begin(&fixture);
    add(&fixture, PLAN_ORGANISATIONS, "code,name,kind,parent_code,stated_practice_count\npcn-x,X,pcn,,5\n");
    add(&fixture, PLAN_NETWORKS,
        "pcn_code,list_size,clinical_directors,as_of,place_code,practice_count,source\n"
        "pcn-x,100, Dr A ;; Dr B,2019-06-20,la-x,6,s\n");
    add(&fixture, PLAN_SUB_GROUPS, "sub_group,pcn_code,list_size,source\nx-1,pcn-x,40,s\nx-1,pcn-y,40,s\n");
    finish(&fixture);
    assert_int_equal(report_failed(fixture.report), 2);
    assert_non_null(strstr(fixture.said, "pcns.csv:2: statedPracticeCount: differs from line 2 of organisations.csv"));
    assert_non_null(strstr(fixture.said, "pcn_sub_groups.csv:3: pcn_code: no day is known"));
    assert_int_equal(count(&fixture, PLAN_DIRECTOR, false), 2);
    assert_string_equal(json_string_value(json_object_get(find(&fixture, PLAN_DIRECTOR, "pcn-x")->content, "name")), "Dr A");
    assert_int_equal(count(&fixture, PLAN_LIST_SIZE, true), 1);
    end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_data_set),
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_stages_put_parents_first),
        cmocka_unit_test(test_keys_are_the_calls),
        cmocka_unit_test(test_bad_rows_are_left_out_and_reported),
        cmocka_unit_test(test_missing_columns),
        cmocka_unit_test(test_circles),
        cmocka_unit_test(test_files_that_disagree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
