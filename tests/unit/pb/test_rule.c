#include "support.h"

#include <stdio.h>

#include "common/pb/rule.h"

static void assert_good(const pb_field_t *meta, const char *text)
{
    problem_t problem;
    if (rule_text(meta, text, &problem) != STATUS_OK)
        fail_msg("\"%s\": %s", text, problem.detail);
}

static void assert_bad(const pb_field_t *meta, const char *text, const char *detail)
{
    problem_t problem;
    assert_int_equal(rule_text(meta, text, &problem), STATUS_INVALID_ARGUMENT);
    if (strstr(problem.detail, detail) == NULL)
        fail_msg("\"%s\": \"%s\" does not say \"%s\"", text, problem.detail, detail);
}

static void formats_are_enforced(void **state)
{
    (void)state;
    const pb_field_t code = {.format = PB_FORMAT_CODE}, date = {.format = PB_FORMAT_DATE}, instant = {.format = PB_FORMAT_INSTANT},
                     uuid = {.format = PB_FORMAT_UUID}, none = {0};
    assert_good(&code, "pcn-rutland");
    assert_good(&code, "C82001");
    assert_bad(&code, "", "code");
    assert_bad(&code, "PCN rutland", "code");
    assert_good(&date, "2020-02-29");
    assert_good(&date, "1900-01-01");
    assert_bad(&date, "1899-12-31", "1900");
    assert_bad(&date, "1582-10-10", "1900");
    assert_bad(&date, "0001-01-01", "1900");
    assert_bad(&date, "2019-02-29", "date");
    assert_bad(&date, "2019-7-1", "date");
    assert_bad(&date, "", "date");
    assert_good(&instant, "2019-07-01T09:00:00+01:00");
    assert_bad(&instant, "2019-07-01T09:00:00", "instant");
    assert_good(&uuid, "01890a5d-ac96-774b-bcce-b302099a8057");
    assert_bad(&uuid, "01890a5d", "UUID");
    assert_good(&none, "\x01\x7f");
}

static void lines_and_texts_hold_no_control_characters(void **state)
{
    (void)state;
    const pb_field_t line = {.format = PB_FORMAT_LINE}, text = {.format = PB_FORMAT_TEXT};
    assert_good(&line, " with blanks around ");
    assert_good(&line, "ünïcödé – 漢字 🏥");
    assert_good(&line, "\xc2\xa0"); // the first after C1
    assert_good(&line, "");
    assert_bad(&line, "a\nb", "one line");
    assert_bad(&line, "a\tb", "one line");
    assert_bad(&line, "a\r", "one line");
    assert_bad(&line, "\x7f", "one line");
    assert_bad(&line, "\xc2\x80", "one line");
    assert_bad(&line, "x\xc2\x9f", "one line");
    assert_good(&text, "a\n\tb");
    assert_bad(&text, "a\r\nb", "control");
    assert_bad(&text, "\x1b[31m", "control");
    assert_bad(&text, "\xc2\x85", "control");
}

// A name can be shown reversed by them; letters that are written from the right turn by themselves.
static void lines_and_texts_hold_no_turns_of_direction(void **state)
{
    (void)state;
    const pb_field_t line = {.format = PB_FORMAT_LINE}, text = {.format = PB_FORMAT_TEXT};
    static const char *const turns[] = {"\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"};
    for (size_t i = 0; i < sizeof turns / sizeof *turns; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "Ann%s Example", turns[i]);
        assert_bad(&line, name, "one line");
        assert_bad(&text, name, "control");
    }
    assert_good(&line, "\u2029\u202f\u2065\u206a\u200f");
    assert_good(&line, "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627");
}

static void lengths_count_code_points(void **state)
{
    (void)state;
    const pb_field_t meta = {.min_length = 2, .max_length = 4};
    assert_bad(&meta, "", "at least 2");
    assert_bad(&meta, "ü", "at least 2");
    assert_bad(&meta, "🏥", "at least 2");
    assert_good(&meta, "üü");
    assert_good(&meta, "🏥🏥🏥🏥");
    assert_bad(&meta, "abcde", "at most 4");
    assert_bad(&meta, "🏥🏥🏥🏥🏥", "at most 4");
}

// A capital at the beginning, no full stop at the end, and one is not many.
static void refusals_are_sentences(void **state)
{
    (void)state;
    const pb_field_t one = {.min_length = 1, .max_length = 1}, two = {.min_length = 2, .max_length = 2};
    problem_t problem = {0};
    assert_int_equal(rule_text(&one, "", &problem), STATUS_INVALID_ARGUMENT);
    assert_string_equal(problem.detail, "Must have at least 1 character");
    assert_int_equal(rule_text(&one, "ab", &problem), STATUS_INVALID_ARGUMENT);
    assert_string_equal(problem.detail, "Must have at most 1 character");
    assert_int_equal(rule_text(&two, "a", &problem), STATUS_INVALID_ARGUMENT);
    assert_string_equal(problem.detail, "Must have at least 2 characters");
    assert_int_equal(rule_text(&two, "abc", &problem), STATUS_INVALID_ARGUMENT);
    assert_string_equal(problem.detail, "Must have at most 2 characters");
}

static void patterns_match_the_whole_text(void **state)
{
    (void)state;
    // An alternative must not escape the anchors.
    const pb_field_t meta = {.pattern = "0\\.[0-9]{1,3}|1(\\.0{1,3})?"};
    assert_good(&meta, "0.5");
    assert_good(&meta, "1");
    assert_good(&meta, "1.000");
    assert_bad(&meta, "0.5x", "pattern");
    assert_bad(&meta, "x1", "pattern");
    assert_bad(&meta, "0.5\n", "pattern");
    assert_bad(&meta, "1\n1", "pattern");
    assert_bad(&meta, "", "pattern");
    for (int i = 0; i < 3; i++)
        assert_good(&meta, "0.125"); // from memory
}

static void more_patterns_than_are_kept_still_work(void **state)
{
    (void)state;
    static char sources[100][8];
    for (unsigned round = 0; round < 2; round++)
        for (unsigned i = 0; i < 100; i++) {
            sources[i][0] = (char)('a' + i % 26);
            sources[i][1] = '+';
            const pb_field_t meta = {.pattern = sources[i]};
            const char good[] = {sources[i][0], sources[i][0], '\0'};
            assert_good(&meta, good);
            assert_bad(&meta, "Z", "pattern");
        }
}

static void a_pattern_that_is_none_refuses_everything(void **state)
{
    (void)state;
    const pb_field_t meta = {.pattern = "["};
    assert_bad(&meta, "[", "pattern");
}

static void raw_json_must_parse(void **state)
{
    (void)state;
    const pb_field_t meta = {.flags = PB_RAW_JSON};
    assert_good(&meta, "{\"a\":[1,null]}");
    assert_good(&meta, "1");
    assert_bad(&meta, "{", "JSON");
    assert_bad(&meta, "{\"a\":1,\"a\":2}", "JSON");
    assert_bad(&meta, "", "JSON");
}

static void blank_is_what_shows_nothing(void **state)
{
    (void)state;
    assert_true(rule_blank(""));
    assert_true(rule_blank(" \t\n"));
    assert_true(rule_blank("\xc2\xa0\xe3\x80\x80\xe2\x80\x8b")); // no-break, ideographic and zero-width space
    assert_false(rule_blank(" a "));
    assert_false(rule_blank("ü"));
    assert_false(rule_blank("🏥"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(formats_are_enforced),
                                       cmocka_unit_test(lines_and_texts_hold_no_control_characters),
                                       cmocka_unit_test(lines_and_texts_hold_no_turns_of_direction),
                                       cmocka_unit_test(lengths_count_code_points),
                                       cmocka_unit_test(refusals_are_sentences),
                                       cmocka_unit_test(patterns_match_the_whole_text),
                                       cmocka_unit_test(more_patterns_than_are_kept_still_work),
                                       cmocka_unit_test(a_pattern_that_is_none_refuses_everything),
                                       cmocka_unit_test(raw_json_must_parse),
                                       cmocka_unit_test(blank_is_what_shows_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
