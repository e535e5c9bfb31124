#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services/gateway/target.h"

static status_t parse(arena_t *arena, const char *raw, target_t *target, problem_t *problem)
{
    memset(problem, 0, sizeof(*problem));
    return target_parse(raw, strlen(raw), arena, target, problem);
}

static void good_targets(void **state)
{
    static const struct {
        const char *raw;
        size_t segments, parameters;
        const char *last;         // segment
        const char *name, *value; // of the last parameter
    } cases[] = {
        {"/", 0, 0, NULL, NULL, NULL},
        {"/?", 0, 0, NULL, NULL, NULL},
        {"/v1", 1, 0, "v1", NULL, NULL},
        {"/v1/", 2, 0, "", NULL, NULL},
        {"/v1/organisations", 2, 0, "organisations", NULL, NULL},
        {"/v1/organisations?", 2, 0, "organisations", NULL, NULL},
        {"/v1/networks/pcn-rutland/members", 4, 0, "members", NULL, NULL},
        {"/v1/referrals/7:accept", 3, 0, "7:accept", NULL, NULL},
        {"/v1/a%20b", 2, 0, "a b", NULL, NULL},
        {"/v1/%41%6d", 2, 0, "Am", NULL, NULL},
        {"/v1/a+b", 2, 0, "a+b", NULL, NULL},
        {"/v1/caf%C3%A9", 2, 0, "caf\xc3\xa9", NULL, NULL},
        {"/v1/...", 2, 0, "...", NULL, NULL},
        {"/v1/.hidden", 2, 0, ".hidden", NULL, NULL},
        {"/v1/a%25b", 2, 0, "a%b", NULL, NULL},
        {"/v1/a%3Fb", 2, 0, "a?b", NULL, NULL},
        {"/v1?kind=network", 1, 1, "v1", "kind", "network"},
        {"/v1?kind=network&level=place", 1, 2, "v1", "level", "place"},
        {"/v1?q=", 1, 1, "v1", "q", ""},
        {"/v1?q", 1, 1, "v1", "q", ""},
        {"/v1?q=a=b", 1, 1, "v1", "q", "a=b"},
        {"/v1?q=a+b%2Bc", 1, 1, "v1", "q", "a b+c"},
        {"/v1?q=/../?", 1, 1, "v1", "q", "/../?"},
        {"/v1?page%53ize=5", 1, 1, "v1", "pageSize", "5"},
        {"/v1?q=%0A%5C%2F", 1, 1, "v1", "q", "\n\\/"},
        {"/v1?q=%E2%82%AC", 1, 1, "v1", "q", "\xe2\x82\xac"},
        {"/v1?a=1&A=2", 1, 2, "v1", "A", "2"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        arena_t *arena = arena_new(1 << 20);
        target_t target;
        problem_t problem;
        print_message("%s\n", cases[i].raw);
        assert_int_equal(parse(arena, cases[i].raw, &target, &problem), STATUS_OK);
        assert_int_equal(target.segment_count, cases[i].segments);
        assert_int_equal(target.parameter_count, cases[i].parameters);
        if (cases[i].last != NULL) {
            const target_text_t *last = &target.segments[target.segment_count - 1];
            assert_string_equal(last->text, cases[i].last);
            assert_int_equal(last->size, strlen(cases[i].last));
        }
        if (cases[i].name != NULL) {
            assert_string_equal(target.parameters[target.parameter_count - 1].name.text, cases[i].name);
            assert_string_equal(target.parameters[target.parameter_count - 1].value.text, cases[i].value);
        }
        arena_destroy(&arena);
    }
}

static void bad_targets(void **state)
{
    static const struct {
        const char *raw, *field;
    } cases[] = {
        {"", ""},
        {"*", ""},
        {"v1/organisations", ""},
        {"http://host/v1", ""},
        {"//", ""},
        {"//v1", ""},
        {"/v1//organisations", ""},
        {"/v1/organisations//", ""},
        {"/v1/..", ""},
        {"/v1/.", ""},
        {"/v1/../v1/organisations", ""},
        {"/v1/%2e%2e/x", ""},
        {"/v1/%2E./x", ""},
        {"/v1/.%2e", ""},
        {"/v1/%2e", ""},
        {"/v1/a%00b", ""},
        {"/v1/%00", ""},
        {"/v1/a%2Fb", ""},
        {"/v1/a%2fb", ""},
        {"/v1/a%5Cb", ""},
        {"/v1/a\\b", ""},
        {"/v1/a%0d%0ab", ""},
        {"/v1/a%7f", ""},
        {"/v1/a%1f", ""},
        {"/v1/a b", ""},
        {"/v1/a\tb", ""},
        {"/v1/a\x01"
         "b",
         ""},
        {"/v1/caf\xc3\xa9", ""},
        {"/v1/%C3", ""},
        {"/v1/%C0%AF", ""},
        {"/v1/%ED%A0%80", ""},
        {"/v1/%", ""},
        {"/v1/%4", ""},
        {"/v1/%4g", ""},
        {"/v1/%%41", ""},
        {"/v1/a#b", ""},
        {"/v1#", ""},
        {"/v1/{code}", ""},
        {"/v1/a|b", ""},
        {"/v1/a\"b", ""},
        {"/v1?q=a#b", "q"},
        {"/v1?q=%", "q"},
        {"/v1?q=%00", "q"},
        {"/v1?q=%zz", "q"},
        {"/v1?q=%FF", "q"},
        {"/v1?q=a b", "q"},
        {"/v1?q=a\\b", "q"},
        {"/v1?kind=network&kind=practice", "kind"},
        {"/v1?kind=network&%6bind=practice", "kind"},
        {"/v1?=x", ""},
        {"/v1?&", ""},
        {"/v1?a=1&", ""},
        {"/v1?a=1&&b=2", ""},
        {"/v1?%00=1", ""},
        {"/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        arena_t *arena = arena_new(1 << 20);
        target_t target;
        problem_t problem;
        print_message("%s\n", cases[i].raw);
        assert_int_equal(parse(arena, cases[i].raw, &target, &problem), STATUS_INVALID_ARGUMENT);
        assert_string_equal(problem.field, cases[i].field);
        assert_true(problem.detail[0] != '\0');
        arena_destroy(&arena);
    }
}

static void limits(void **state)
{
    char raw[TARGET_SIZE_MAX + 2];
    arena_t *arena = arena_new(1 << 20), *small = arena_new(16);
    target_t target;
    problem_t problem;
    (void)state;
    memset(raw, 'a', sizeof(raw) - 1);
    raw[0] = '/';
    raw[sizeof(raw) - 1] = '\0';
    assert_int_equal(parse(arena, raw, &target, &problem), STATUS_INVALID_ARGUMENT);
    raw[TARGET_SIZE_MAX] = '\0';
    assert_int_equal(parse(arena, raw, &target, &problem), STATUS_OK);
    assert_int_equal(parse(small, raw, &target, &problem), STATUS_RESOURCE_EXHAUSTED);
    strcpy(raw, "/?");
    for (int i = 0; i <= TARGET_PARAMETERS_MAX; i++) {
        char one[16];
        snprintf(one, sizeof(one), "%sp%d=1", i > 0 ? "&" : "", i);
        strcat(raw, one);
        assert_int_equal(parse(arena, raw, &target, &problem), i < TARGET_PARAMETERS_MAX ? STATUS_OK : STATUS_INVALID_ARGUMENT);
    }
    arena_destroy(&arena);
    arena_destroy(&small);
}

// The text of a segment is delimited by its size, not by what follows it.
static void no_reading_past_the_end(void **state)
{
    arena_t *arena = arena_new(1 << 20);
    target_t target;
    problem_t problem;
    (void)state;
    assert_int_equal(target_parse("/a%41", 4, arena, &target, &problem), STATUS_INVALID_ARGUMENT);
    assert_int_equal(target_parse("/abc", 2, arena, &target, &problem), STATUS_OK);
    assert_string_equal(target.segments[0].text, "a");
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_targets),
        cmocka_unit_test(bad_targets),
        cmocka_unit_test(limits),
        cmocka_unit_test(no_reading_past_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
