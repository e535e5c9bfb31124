// Shifted work: who may do what, months, and which counts are withheld.
#include "services/referral/rules_shifted.h"
#include "tests/unit/referral/support.h"

static void whose_step_it_is(void **state)
{
    (void)state;
    for (int sides = 0; sides < 4; sides++) {
        const bool reports = (sides & 1) != 0, answers = (sides & 2) != 0;
        problem_t problem = {0};
        assert_int_equal(shifted_check_feedback(reports, answers, &problem), sides != 0 ? STATUS_OK : STATUS_PERMISSION_DENIED);
    }
    problem_t problem = {0};
    assert_int_equal(shifted_check_close(true, &problem), STATUS_OK);
    assert_int_equal(shifted_check_close(false, &problem), STATUS_PERMISSION_DENIED);
    assert_int_equal(shifted_check_open(SHIFTED_STATUS(OPEN), &problem), STATUS_OK);
    assert_int_equal(shifted_check_open(SHIFTED_STATUS(CLOSED), &problem), STATUS_ABORTED);
    assert_int_equal(shifted_check_open(SHIFTED_STATUS(UNSPECIFIED), &problem), STATUS_ABORTED);
}

static void months(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"2026-11-26", "2026-11-01", "2026-11-30"}, {"2026-11-01", "2026-11-01", "2026-11-30"}, {"2026-12-31", "2026-12-01", "2026-12-31"},
        {"2024-02-10", "2024-02-01", "2024-02-29"}, {"2025-02-28", "2025-02-01", "2025-02-28"}, {"2026-01-31", "2026-01-01", "2026-01-31"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(shifted_month_begin(day_of(cases[i][0])), day_of(cases[i][1]));
        assert_int_equal(shifted_month_end(day_of(cases[i][0])), day_of(cases[i][2]));
    }
}

// "theme/provider count" of each row, - for one that is withheld, and the total; `cells` are JSON of the store's.
static const char *summary_of(arena_t *arena, const char *cells, shifted_by_t by)
{
    shifted_cell_t *list[16];
    size_t count = 0;
    char *text = arena_string(arena, cells);
    for (char *cell = strtok(text, ";"); cell != NULL; cell = strtok(NULL, ";"))
        list[count++] = message(arena, &pcn__referral__store__v1__shifted_work_cell__type, cell);
    shifted_summary_t summary = PCN__REFERRAL__V1__SHIFTED_WORK_SUMMARY__INIT;
    assert_true(shifted_summarize(list, count, by, arena, &summary));
    const char *told = "";
    for (size_t i = 0; i <= summary.n_rows; i++) {
        const shifted_count_t *row = i < summary.n_rows ? summary.rows[i] : summary.total;
        assert_int_equal(row->withheld, !row->has_reports);
        told = arena_printf(arena, "%s%s%s%s%s %s", told, i > 0 ? ", " : "", row->theme != NULL ? row->theme : "",
                            row->provider != NULL ? "/" : "", row->provider != NULL ? row->provider : "",
                            row->has_reports ? arena_printf(arena, "%u", row->reports) : "-");
    }
    return told;
}

#define CELL(theme, provider, reports, hidden)                                                                                             \
    "{'theme':'" theme "','provider':'" provider "','reports':" #reports ",'hidden':" #hidden "};"

static void what_is_counted(void **state)
{
    static const char cells[] = CELL("a", "x", 3, 0) CELL("a", "y", 7, 2) CELL("b", "x", 5, 5) CELL("c", "z", 1, 0);
    assert_string_equal(summary_of(*state, cells, SHIFTED_BY_BOTH), "a/x 3, a/y 7, b/x 5, c/z 1,  16");
    assert_string_equal(summary_of(*state, cells, SHIFTED_BY_THEME), "a 10, b 5, c 1,  16");
    assert_string_equal(summary_of(*state, cells, SHIFTED_BY_PROVIDER), "/x 8, /y 7, /z 1,  16");
    assert_string_equal(summary_of(*state, "", SHIFTED_BY_BOTH), " 0");
}

static void few_that_would_tell_are_withheld(void **state)
{
    // Four of which one is hidden; five are not few, and what hides nobody is told.
    static const char cells[] = CELL("a", "x", 4, 1) CELL("a", "y", 5, 5) CELL("b", "x", 9, 0) CELL("b", "y", 1, 0);
    assert_string_equal(summary_of(*state, cells, SHIFTED_BY_BOTH), "a/x -, a/y 5, b/x 9, b/y 1,  -");
    // The sum of a theme less its cells that are told would be the one that is not.
    assert_string_equal(summary_of(*state, cells, SHIFTED_BY_THEME), "a -, b 10,  -");
    assert_string_equal(summary_of(*state, cells, SHIFTED_BY_PROVIDER), "/x -, /y 6,  -");
}

static void sums_of_several_that_are_withheld(void **state)
{
    // 2 and 4: their sum tells neither.
    assert_string_equal(summary_of(*state, CELL("a", "x", 2, 1) CELL("a", "y", 4, 1), SHIFTED_BY_THEME), "a 6,  -");
    // 1 and 1, 4 and 4: the least and the most that they can be, so the sum tells both; 1 and 3 are few together.
    assert_string_equal(summary_of(*state, CELL("a", "x", 4, 1) CELL("a", "y", 4, 1), SHIFTED_BY_THEME), "a -,  -");
    assert_string_equal(summary_of(*state, CELL("a", "x", 1, 1) CELL("a", "y", 3, 1), SHIFTED_BY_THEME), "a -,  -");
    assert_string_equal(summary_of(*state,
                                   CELL("a", "u", 1, 1) CELL("a", "v", 1, 1) CELL("a", "w", 1, 1) CELL("a", "x", 1, 1) CELL("a", "y", 1, 1),
                                   SHIFTED_BY_THEME),
                        "a -,  -");
    // Both by theme and by provider each sum has two of them that may be several numbers: the total too.
    assert_string_equal(
        summary_of(*state, CELL("a", "x", 2, 1) CELL("a", "y", 4, 1) CELL("b", "x", 4, 1) CELL("b", "y", 2, 1), SHIFTED_BY_THEME),
        "a 6, b 6,  12");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_setup, arena_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whose_step_it_is),      cmocka_unit_test(months), TEST(what_is_counted), TEST(few_that_would_tell_are_withheld),
        TEST(sums_of_several_that_are_withheld),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
