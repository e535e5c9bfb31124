#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>

#include "services/gateway/reply.h"

static json_t *problem_json(int http, const problem_t *problem)
{
    buf_t text;
    json_error_t error;
    buf_init(&text, 1 << 16);
    reply_problem_write(http, problem, "018f0000-0000-7000-8000-000000000001", &text);
    assert_true(buf_ok(&text));
    json_t *object = json_loadb(text.data, text.size, JSON_REJECT_DUPLICATES, &error);
    assert_non_null(object);
    buf_deinit(&text);
    return object;
}

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static void whole_problem(void **state)
{
    problem_t problem = {0};
    (void)state;
    problem_set(&problem, STATUS_RESOURCE_EXHAUSTED, "members[2].from", "a \"quoted\" \\ line\n");
    problem.retry_after_ms = 1001;
    json_t *object = problem_json(429, &problem);
    assert_int_equal(json_object_size(object), 7);
    assert_string_equal(text_of(object, "type"), "about:blank");
    assert_string_equal(text_of(object, "title"), status_title(STATUS_RESOURCE_EXHAUSTED));
    assert_int_equal(json_integer_value(json_object_get(object, "status")), 429);
    assert_string_equal(text_of(object, "detail"), "a \"quoted\" \\ line\n");
    assert_string_equal(text_of(object, "field"), "members[2].from");
    assert_string_equal(text_of(object, "requestId"), "018f0000-0000-7000-8000-000000000001");
    assert_int_equal(json_integer_value(json_object_get(object, "retryAfterSeconds")), 2);
    json_decref(object);
}

static void further_members(void **state)
{
    problem_t problem = {0};
    (void)state;
    problem_set(&problem, STATUS_ALREADY_EXISTS, "slots[0]", "It is taken");
    problem.members = "\"alternatives\":[{\"id\":\"a\"}]";
    json_t *object = problem_json(409, &problem);
    assert_int_equal(json_array_size(json_object_get(object, "alternatives")), 1);
    json_decref(object);
    // Another refusal has none of them.
    problem_set(&problem, STATUS_NOT_FOUND, NULL, "It is gone");
    object = problem_json(404, &problem);
    assert_null(json_object_get(object, "alternatives"));
    json_decref(object);
}

static void statuses_of_http_alone(void **state)
{
    static const struct {
        int http;
        const char *title;
    } cases[] = {{405, "Method not allowed"},     {406, "Not acceptable"},        {412, "Precondition failed"}, {413, "Body too large"},
                 {415, "Unsupported media type"}, {428, "Precondition required"}, {400, "Bad request"}};
    problem_t problem = {0};
    (void)state;
    problem_set(&problem, STATUS_INVALID_ARGUMENT, NULL, "d");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json_t *object = problem_json(cases[i].http, &problem);
        assert_string_equal(text_of(object, "title"), cases[i].title);
        assert_null(json_object_get(object, "field"));
        assert_null(json_object_get(object, "retryAfterSeconds"));
        json_decref(object);
    }
}

// A name that a client sent may be anything; the problem stays JSON.
static void hostile_fields(void **state)
{
    problem_t problem = {0};
    (void)state;
    problem_set(&problem, STATUS_INVALID_ARGUMENT, "a\"},\x01\xff{", "an unknown query parameter");
    json_t *object = problem_json(400, &problem);
    assert_non_null(json_object_get(object, "field"));
    json_decref(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_problem),
        cmocka_unit_test(further_members), cmocka_unit_test(statuses_of_http_alone),
        cmocka_unit_test(hostile_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
