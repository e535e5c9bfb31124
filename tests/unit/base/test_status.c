#include "support.h"

#include "common/base/status.h"

static void every_status_has_its_names_and_numbers(void **state)
{
    (void)state;
#define CHECK(name, number, http, fhir, title)                                                                                             \
    assert_string_equal(status_name(STATUS_##name), #name);                                                                                \
    assert_int_equal(status_http(STATUS_##name), http);                                                                                    \
    assert_string_equal(status_fhir(STATUS_##name), fhir);                                                                                 \
    assert_string_equal(status_title(STATUS_##name), title);                                                                               \
    assert_int_equal(status_from_number(number), STATUS_##name);
    STATUS_LIST(CHECK)
#undef CHECK
}

static void unknown_numbers_read_as_internal(void **state)
{
    (void)state;
    const uint32_t strange[] = {1, 2, 15, 17, 1000, UINT32_MAX};
    for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++) {
        assert_int_equal(status_from_number(strange[i]), STATUS_INTERNAL);
    }
    assert_string_equal(status_name((status_t)99), "INTERNAL");
    assert_int_equal(status_http((status_t)99), 500);
    assert_string_equal(status_fhir((status_t)99), "exception");
    assert_string_equal(status_title((status_t)99), "Internal error");
}

static void a_refusal_is_one_line(void **state)
{
    (void)state;
    problem_t problem = {.retry_after_ms = 7};
    assert_int_equal(problem_set(&problem, STATUS_NOT_FOUND, "code", "no network %s", "pcn-x"), STATUS_NOT_FOUND);
    assert_int_equal(problem.status, STATUS_NOT_FOUND);
    assert_string_equal(problem.field, "code");
    assert_string_equal(problem.detail, "no network pcn-x");
    assert_int_equal(problem.retry_after_ms, 0);
    assert_int_equal(problem_set(&problem, STATUS_ABORTED, NULL, "moved on"), STATUS_ABORTED);
    assert_string_equal(problem.field, "");
    assert_int_equal(problem_set(NULL, STATUS_INTERNAL, "x", "nobody listens"), STATUS_INTERNAL);
}

static void own_texts_may_be_arguments(void **state)
{
    (void)state;
    problem_t problem;
    problem_set(&problem, STATUS_ABORTED, "a.b", "first");
    problem_set(&problem, problem.status, problem.field, "second after %s", problem.detail);
    assert_string_equal(problem.field, "a.b");
    assert_string_equal(problem.detail, "second after first");
}

static void long_texts_are_cut_at_a_whole_character(void **state)
{
    (void)state;
    // Two bytes a character, shifted by one, so that the cap falls inside of one.
    char text[1002] = "x";
    for (size_t i = 1; i + 1 < sizeof text; i += 2) {
        memcpy(text + i, "\xC3\xA9", 2);
    }
    problem_t problem;
    problem_set(&problem, STATUS_INTERNAL, text, "%s", text);
    assert_int_equal(strlen(problem.field), sizeof problem.field - 1);
    assert_memory_equal(problem.field, text, strlen(problem.field));
    assert_int_equal(strlen(problem.detail), sizeof problem.detail - 1);
    problem_set(&problem, STATUS_INTERNAL, text + 1, "%s", text + 1);
    assert_int_equal(strlen(problem.field), sizeof problem.field - 2);
    assert_int_equal(strlen(problem.detail), sizeof problem.detail - 2);
}

static void prefixes_join_as_json_paths(void **state)
{
    (void)state;
    problem_t problem;
    problem_set(&problem, STATUS_INVALID_ARGUMENT, "from", "bad");
    problem_prefix(&problem, "[2]");
    assert_string_equal(problem.field, "[2].from");
    problem_prefix(&problem, "members");
    assert_string_equal(problem.field, "members[2].from");
    problem_prefix(&problem, "network");
    assert_string_equal(problem.field, "network.members[2].from");
    problem_prefix(&problem, "");
    assert_string_equal(problem.field, "network.members[2].from");
    problem_set(&problem, STATUS_INVALID_ARGUMENT, NULL, "bad");
    problem_prefix(&problem, "name");
    assert_string_equal(problem.field, "name");
    problem_prefix(NULL, "name");
}

static void a_long_prefix_is_cut(void **state)
{
    (void)state;
    char prefix[300];
    memset(prefix, 'p', sizeof prefix - 1);
    prefix[sizeof prefix - 1] = '\0';
    problem_t problem;
    problem_set(&problem, STATUS_INVALID_ARGUMENT, "from", "bad");
    problem_prefix(&problem, prefix);
    assert_int_equal(strlen(problem.field), sizeof problem.field - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_its_names_and_numbers),
        cmocka_unit_test(unknown_numbers_read_as_internal),
        cmocka_unit_test(a_refusal_is_one_line),
        cmocka_unit_test(own_texts_may_be_arguments),
        cmocka_unit_test(long_texts_are_cut_at_a_whole_character),
        cmocka_unit_test(prefixes_join_as_json_paths),
        cmocka_unit_test(a_long_prefix_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
