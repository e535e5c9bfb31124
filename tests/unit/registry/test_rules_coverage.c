#include "services/registry/rules_coverage.h"
#include "tests/unit/registry/support.h"

static void shares_are_rounded_halves_up(void **state)
{
    static const struct {
        int64_t part, whole;
        unsigned places;
        const char *share;
    } cases[] = {
        {134, 136, 4, "0.9853"},
        {134, 134, 4, "1.0000"},
        {0, 7, 4, "0.0000"},
        {1, 3, 4, "0.3333"},
        {2, 3, 4, "0.6667"},
        {1, 20000, 4, "0.0001"},
        {1, 20001, 4, "0.0000"},
        {19999, 20000, 4, "1.0000"},
        {3, 2, 4, "1.5000"},
        {1, 8, 2, "0.13"},
        {1, 2, 1, "0.5"},
        {1000000, 3, 3, "333333.333"},
        {0, INT64_MAX / 10, 9, "0.000000000"},
        {INT64_MAX / 10, INT64_MAX / 10, 9, "1.000000000"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(share_text(cases[i].part, cases[i].whole, cases[i].places, *state), cases[i].share);
    assert_null(share_text(0, 0, 4, *state));
}

// Against the same by multiplication, where that does not overflow.
static void every_small_share_is_exact(void **state)
{
    for (int64_t whole = 1; whole < 80; whole++) {
        for (int64_t part = 0; part <= whole; part++) {
            const int64_t rounded = (part * 20000 + whole) / (2 * whole);
            arena_reset(*state);
            const char *expected = arena_printf(*state, "%lld.%04lld", (long long)(rounded / 10000), (long long)(rounded % 10000));
            assert_string_equal(share_text(part, whole, 4, *state), expected);
        }
    }
}

static void a_row_without_practices_has_no_share(void **state)
{
    Pcn__Registry__V1__CoverageRow row = PCN__REGISTRY__V1__COVERAGE_ROW__INIT;
    assert_true(coverage_complete(&row, *state));
    assert_null(row.share);
    row.practices = 4;
    row.practices_in_networks = 3;
    assert_true(coverage_complete(&row, *state));
    assert_string_equal(row.share, "0.7500");
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(shares_are_rounded_halves_up), TEST(every_small_share_is_exact),
                                       TEST(a_row_without_practices_has_no_share)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
