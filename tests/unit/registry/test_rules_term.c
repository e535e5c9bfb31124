#include "services/registry/rules_term.h"
#include "tests/unit/registry/support.h"

static void holds_on_both_ends(void **state)
{
    (void)state;
    assert_true(term_holds("2019-07-01", "2019-07-31", "2019-07-01"));
    assert_true(term_holds("2019-07-01", "2019-07-31", "2019-07-31"));
    assert_false(term_holds("2019-07-01", "2019-07-31", "2019-06-30"));
    assert_false(term_holds("2019-07-01", "2019-07-31", "2019-08-01"));
}

static void holds_without_an_end(void **state)
{
    (void)state;
    assert_true(term_holds("2019-07-01", NULL, "9999-12-31"));
    assert_false(term_holds("2019-07-01", NULL, "2019-06-30"));
}

static void holds_for_a_single_day(void **state)
{
    (void)state;
    assert_true(term_holds("2020-02-29", "2020-02-29", "2020-02-29"));
    assert_false(term_holds("2020-02-29", "2020-02-29", "2020-03-01"));
}

static void overlaps(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *other_from, *other_to;
        bool expected;
    } cases[] = {
        {"2020-01-01", "2020-06-30", "2020-07-01", NULL, false},
        {"2020-01-01", "2020-07-01", "2020-07-01", NULL, true}, // they share a day
        {"2020-01-01", NULL, "2021-01-01", NULL, true},
        {"2020-01-01", NULL, "2019-01-01", "2019-12-31", false},
        {"2020-01-01", NULL, "2019-01-01", "2020-01-01", true},
        {"2020-03-01", "2020-03-31", "2020-01-01", "2020-12-31", true}, // one within the other
        {"2020-01-01", "2020-12-31", "2020-03-01", "2020-03-31", true},
        {"2020-01-01", "2020-01-01", "2020-01-01", "2020-01-01", true},
        {"1000-01-01", "1000-01-02", "9999-12-31", NULL, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(term_overlaps(cases[i].from, cases[i].to, cases[i].other_from, cases[i].other_to), cases[i].expected);
        assert_int_equal(term_overlaps(cases[i].other_from, cases[i].other_to, cases[i].from, cases[i].to), cases[i].expected);
    }
}

static void is_ordered(void **state)
{
    (void)state;
    assert_true(term_ordered("2020-01-01", NULL));
    assert_true(term_ordered("2020-01-01", "2020-01-01"));
    assert_false(term_ordered("2020-01-02", "2020-01-01"));
}

static void days_before_and_after(void **state)
{
    static const struct {
        const char *day, *before, *after;
    } cases[] = {{"2026-11-25", "2026-11-24", "2026-11-26"}, {"2024-03-01", "2024-02-29", "2024-03-02"},
                 {"2025-12-31", "2025-12-30", "2026-01-01"}, {"1000-01-01", NULL, "1000-01-02"},
                 {"9999-12-31", "9999-12-30", NULL},         {"2026-02-30", NULL, NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *before = day_before(cases[i].day, *state), *after = day_after(cases[i].day, *state);
        assert_int_equal(before == NULL, cases[i].before == NULL);
        assert_int_equal(after == NULL, cases[i].after == NULL);
        if (before != NULL)
            assert_string_equal(before, cases[i].before);
        if (after != NULL)
            assert_string_equal(after, cases[i].after);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(holds_on_both_ends), TEST(holds_without_an_end), TEST(holds_for_a_single_day),
                                       TEST(overlaps),           TEST(is_ordered),           TEST(days_before_and_after)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
