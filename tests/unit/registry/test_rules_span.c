#include "services/registry/rules_span.h"
#include "tests/unit/registry/support.h"

static void it_says_one_thing(void **state)
{
    arena_t *arena = *state;
    char *day = text(arena, "2020-01-01");
    const struct {
        span_request_t request;
        const char *field; // NULL: allowed
    } cases[] = {
        {{.never = true}, NULL},
        {{.new_from = day}, NULL},
        {{.new_to = day}, NULL},
        {{.ongoing = true}, NULL},
        {{.more = true}, NULL},
        {{.new_from = day, .new_to = day, .more = true}, NULL},
        {{.new_from = day, .ongoing = true, .more = true}, NULL},
        {{.new_from = NULL}, "never"},
        {{.never = true, .new_from = day}, "never"},
        {{.never = true, .new_to = day}, "never"},
        {{.never = true, .ongoing = true}, "never"},
        {{.never = true, .more = true}, "never"},
        {{.ongoing = true, .new_to = day}, "newTo"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        problem_t problem = {0};
        const status_t status = span_request_check(&cases[i].request, &problem);
        if (cases[i].field == NULL)
            assert_int_equal(status, STATUS_OK);
        else
            assert_refused(status, STATUS_INVALID_ARGUMENT, problem, cases[i].field);
    }
}

static void the_right_last_day(void **state)
{
    char *was = text(*state, "2020-12-31"), *is = text(*state, "2021-03-31");
    assert_ptr_equal(span_right_to(&(span_request_t){.more = true}, was), was);
    assert_ptr_equal(span_right_to(&(span_request_t){.new_to = is}, was), is);
    assert_ptr_equal(span_right_to(&(span_request_t){.new_to = is}, NULL), is);
    assert_null(span_right_to(&(span_request_t){.ongoing = true}, was));
    assert_null(span_right_to(&(span_request_t){.more = true}, NULL));
}

static void it_ends_the_day_before(void **state)
{
    char *last = NULL;
    assert_true(span_last("2020-01-01", "2020-03-01", *state, &last));
    assert_string_equal(last, "2020-02-29");
    assert_true(span_last("2020-01-01", "2020-01-02", *state, &last));
    assert_string_equal(last, "2020-01-01");
    // What began that day, or later, never held.
    assert_true(span_last("2020-01-01", "2020-01-01", *state, &last));
    assert_null(last);
    assert_true(span_last("2020-01-02", "2020-01-01", *state, &last));
    assert_null(last);
    arena_t *none = arena_new(1);
    if (none != NULL)
        assert_false(span_last("2020-01-01", "2020-03-01", none, &last));
    arena_destroy(&none);
}

static void refusals_name_the_requests_fields(void **state)
{
    (void)state;
    static const char *const names[][2] = {
        {"from", "newFrom"}, {"to", "newTo"}, {"name", "newName"},      {"share", "newShare"},        {"provider", "newProvider"},
        {"code", "code"},    {"", ""},        {"practice", "practice"}, {"grantedBy", "newGrantedBy"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        problem_t problem = {0};
        const status_t status = problem_set(&problem, STATUS_FAILED_PRECONDITION, names[i][0], "No");
        assert_int_equal(span_refusal(status, &problem), status);
        assert_string_equal(problem.field, names[i][1]);
    }
    problem_t none = {0};
    assert_int_equal(span_refusal(STATUS_OK, &none), STATUS_OK);
    assert_string_equal(none.field, "");
}

static void texts_are_the_same_where_both_are_absent(void **state)
{
    (void)state;
    assert_true(span_same_text(NULL, NULL));
    assert_true(span_same_text("a", "a"));
    assert_false(span_same_text("a", NULL));
    assert_false(span_same_text(NULL, "a"));
    assert_false(span_same_text("a", "b"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(it_says_one_thing), TEST(the_right_last_day), TEST(it_ends_the_day_before),
                                       TEST(refusals_name_the_requests_fields), TEST(texts_are_the_same_where_both_are_absent)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
