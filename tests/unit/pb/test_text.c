#include "support.h"

static status_t set(const pb_type_t *type, void *message, const char *name, const char *text, arena_t *arena, problem_t *problem)
{
    return pb_set_text(type, message, field_of(type, name), text, arena, problem);
}

static void assert_sets(const char *name, const char *text, const char *expected, void **state)
{
    void *message = pb_new(&sample_type, *state);
    problem_t problem;
    if (set(&sample_type, message, name, text, *state, &problem) != STATUS_OK)
        fail_msg("%s: %s", name, problem.detail);
    assert_json(&sample_type, message, expected);
}

static void assert_refused(const char *name, const char *text, const char *detail, void **state)
{
    void *message = pb_new(&sample_type, *state);
    problem_t problem;
    assert_int_equal(set(&sample_type, message, name, text, *state, &problem), STATUS_INVALID_ARGUMENT);
    assert_string_equal(problem.field, name);
    assert_non_null(strstr(problem.detail, detail));
    assert_json(&sample_type, message, "{}");
}

static void every_type_reads_its_text(void **state)
{
    assert_sets("i32", "-7", "{\"i32\":-7}", state);
    assert_sets("u32", "4294967295", "{\"u32\":4294967295}", state);
    assert_sets("i64", "9223372036854775807", "{\"i64\":9223372036854775807}", state);
    assert_sets("wide", "1.5", "{\"wide\":1.5}", state);
    assert_sets("real", "-0.25", "{\"real\":-0.25}", state);
    assert_sets("flag", "true", "{\"flag\":true}", state);
    assert_sets("flag", "false", "{\"flag\":false}", state);
    assert_sets("colour", "dark-blue", "{\"colour\":\"dark-blue\"}", state);
    assert_sets("text", "", "{\"text\":\"\"}", state);
    assert_sets("text", "ü", "{\"text\":\"ü\"}", state);
    assert_sets("blob", "Zg==", "{\"blob\":\"Zg==\"}", state);
    assert_sets("numbers", "5", "{\"numbers\":[5]}", state);
    assert_sets("blobs", "Zg==", "{\"blobs\":[\"Zg==\"]}", state);
}

static void texts_that_do_not_fit_are_refused(void **state)
{
    assert_refused("i32", "", "whole number", state);
    assert_refused("i32", "5x", "whole number", state);
    assert_refused("i32", "1.0", "whole number", state);
    assert_refused("i32", "2147483648", "between", state);
    assert_refused("u32", "-1", "between", state);
    assert_refused("wide", "nan", "number", state);
    assert_refused("wide", " 1", "number", state);
    assert_refused("wide", "0x1", "number", state);
    assert_refused("wide", "", "number", state);
    assert_refused("wide", "1e999", "out of range", state);
    assert_refused("real", "-1e39", "out of range", state);
    assert_refused("flag", "TRUE", "true or false", state);
    assert_refused("flag", "1", "true or false", state);
    assert_refused("flag", "", "true or false", state);
    assert_refused("colour", "", "one of red, dark-blue", state);
    assert_refused("colour", "blue", "one of red", state);
    assert_refused("text", "\xff", "UTF-8", state);
    assert_refused("blob", "Z", "base64", state);
    assert_refused("nested", "{}", "parts", state);
    assert_refused("nesteds", "{}", "parts", state);
    assert_refused("numbers", "x", "whole number", state);
}

static void a_single_field_is_given_once(void **state)
{
    void *message = pb_new(&sample_type, *state);
    problem_t problem;
    assert_int_equal(set(&sample_type, message, "i32", "0", *state, &problem), STATUS_OK);
    assert_int_equal(set(&sample_type, message, "i32", "0", *state, &problem), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(problem.detail, "twice"));
    assert_int_equal(set(&sample_type, message, "text", "", *state, &problem), STATUS_OK);
    assert_int_equal(set(&sample_type, message, "text", "", *state, &problem), STATUS_INVALID_ARGUMENT);
}

static void lists_grow_up_to_their_most(void **state)
{
    void *message = pb_new(&sample_type, *state);
    problem_t problem;
    for (int i = 0; i < 3; i++)
        assert_int_equal(set(&sample_type, message, "numbers", (const char[]){(char)('1' + i), '\0'}, *state, &problem), STATUS_OK);
    assert_int_equal(set(&sample_type, message, "numbers", "4", *state, &problem), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(problem.detail, "more than 3"));
    assert_json(&sample_type, message, "{\"numbers\":[1,2,3]}");
    assert_int_equal(set(&sample_type, message, "texts", "a", *state, &problem), STATUS_OK);
    assert_int_equal(set(&sample_type, message, "texts", "b", *state, &problem), STATUS_OK);
    assert_json(&sample_type, message, "{\"numbers\":[1,2,3],\"texts\":[\"a\",\"b\"]}");
}

static void the_problem_has_the_json_name(void **state)
{
    const pb_type_t *type = &pcn__registry__v1__list_organisations_request__type;
    void *message = pb_new(type, *state);
    problem_t problem;
    assert_int_equal(set(type, message, "page_size", "many", *state, &problem), STATUS_INVALID_ARGUMENT);
    assert_string_equal(problem.field, "pageSize");
    assert_int_equal(set(ORGANISATION, pb_new(ORGANISATION, *state), "created_at", "x", *state, &problem), STATUS_INVALID_ARGUMENT);
    assert_string_equal(problem.field, "createdAt");
}

static void the_cap_is_another_answer(void **state)
{
    void *message = pb_new(&sample_type, *state);
    arena_t *small = arena_new(8);
    assert_int_equal(set(&sample_type, message, "text", "longer than eight", small, NULL), STATUS_RESOURCE_EXHAUSTED);
    assert_int_equal(set(&sample_type, message, "blob", "Zm9vYmFyZm9vYmFy", small, NULL), STATUS_RESOURCE_EXHAUSTED);
    arena_destroy(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(every_type_reads_its_text),     TEST(texts_that_do_not_fit_are_refused),
                                       TEST(a_single_field_is_given_once),  TEST(lists_grow_up_to_their_most),
                                       TEST(the_problem_has_the_json_name), TEST(the_cap_is_another_answer)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
