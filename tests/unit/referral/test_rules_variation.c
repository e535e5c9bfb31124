// Variation of referrals, against published examples; variation.py, beside this, holds the same rules against an implementation of its own.
#include "services/referral/rules_variation.h"

#include <math.h>
#include <stdio.h>

#include "tests/unit/referral/support.h"

static void assert_near(double value, double expected, double tolerance)
{
    // Not a number is not near anything.
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%.12g is not %.12g", value, expected);
}

static void assert_limits(const variation_limits_t *limits, double lower, double upper, double tolerance)
{
    assert_near(limits->lower, lower, tolerance);
    assert_near(limits->upper, upper, tolerance);
}

// ---- indirect standardisation ----

// The example with which Public Health England tests its package PHEindicatormethods (testdata_DSR_ISR.xlsx, calculate_ISRatio): people of
// 19 bands of age, and a reference's events and people.
static const variation_band_t people_of_example[] = {
    {0, 636}, {0, 558}, {0, 609}, {0, 543}, {0, 384}, {0, 594}, {0, 669}, {0, 843}, {0, 660}, {0, 576},
    {0, 606}, {0, 522}, {0, 426}, {0, 273}, {0, 300}, {0, 288}, {0, 153}, {0, 123}, {0, 207},
};
static const variation_band_t reference_of_example[] = {
    {10303, 50520}, {2824, 57173}, {0, 60213},    {3615, 54659}, {3641, 44345}, {3490, 50128}, {3789, 62163},
    {3213, 67423},  {3031, 62899}, {2771, 55463}, {3089, 60479}, {3490, 49974}, {3595, 44140}, {4745, 40888},
    {5514, 37239},  {7125, 30819}, {5694, 18136}, {6210, 15325}, {5757, 13918},
};
#define BANDS (sizeof people_of_example / sizeof *people_of_example)

static void a_published_standardised_ratio(void **state)
{
    (void)state;
    const double expected = variation_expected(people_of_example, reference_of_example, BANDS);
    assert_near(expected, 835.88356123117433, 1e-9);
    static const struct {
        int64_t observed;
        double ratio, lower_95, upper_95, lower_998, upper_998;
    } rows[] = {
        {895, 1.0707232939020275, 1.0017147712553987, 1.1432332872498949, 0.96351556196144372, 1.1860070415876287},
        {91, 0.10886683770400503, 0.08765040101829405, 0.13366576328418911, 0.076954255283911080, 0.14897920510466744},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const variation_unit_t unit = {.observed = rows[i].observed, .expected = expected};
        double ratio;
        variation_limits_t limits;
        assert_true(variation_ratio(&unit, &ratio));
        assert_near(ratio, rows[i].ratio, 1e-12);
        assert_true(variation_byar(&unit, &variation_95, &limits));
        // Their z has more digits than ours.
        assert_limits(&limits, rows[i].lower_95, rows[i].upper_95, 2e-8);
        assert_true(variation_byar(&unit, &variation_998, &limits));
        assert_limits(&limits, rows[i].lower_998, rows[i].upper_998, 2e-8);
    }
}

static void nobody_adds_nothing(void **state)
{
    (void)state;
    const variation_band_t people[] = {{0, 100}, {0, 50}}, reference[] = {{10, 1000}, {3, 0}};
    assert_near(variation_expected(people, reference, 2), 1, 1e-15);
    assert_near(variation_expected(people, reference, 0), 0, 0);
    // Of the reference itself as many are expected as there were: the ratio of all is 1.
    double all = 0;
    int64_t observed = 0;
    for (size_t i = 0; i < BANDS; i++)
        observed += reference_of_example[i].events;
    all = variation_expected(reference_of_example, reference_of_example, BANDS);
    assert_near(all, (double)observed, 1e-6);
    const variation_unit_t nothing = {.observed = 3, .expected = 0};
    double ratio;
    variation_limits_t limits;
    assert_false(variation_ratio(&nothing, &ratio));
    assert_false(variation_byar(&nothing, &variation_95, &limits));
    assert_false(variation_funnel_exact(0, &variation_95, &limits));
    assert_false(variation_funnel_spread(0, 0.1, &variation_95, &limits));
    assert_false(variation_funnel_exact(NAN, &variation_95, &limits));
}

// PHEindicatormethods, testdata_Byars_Wilson.xlsx.
static void byars_limits(void **state)
{
    (void)state;
    static const struct {
        int64_t observed;
        double lower, upper;
        const variation_level_t *level;
    } rows[] = {
        {65, 50.163187710459454, 82.849138545939837, &variation_95},
        {1045, 982.59320180733255, 1110.3312129856499, &variation_95},
        {1, 0.013072132901503422, 5.5637555824752605, &variation_95},
        {65, 42.880261471480203, 94.000290844318016, &variation_998},
        {1045, 947.94070356103737, 1148.8061609880331, &variation_998},
        {10, 2.916318374695686, 24.193724927880535, &variation_998},
        {1, 0, 9.362180217908362, &variation_998}, // by the formula it is below 0
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        variation_limits_t limits;
        assert_true(variation_byar(&(variation_unit_t){.observed = rows[i].observed, .expected = 1}, rows[i].level, &limits));
        assert_limits(&limits, rows[i].lower, rows[i].upper, 1e-4);
    }
    variation_limits_t limits;
    assert_true(variation_byar(&(variation_unit_t){.observed = 0, .expected = 2}, &variation_95, &limits));
    // (1 − 1 ÷ 9 + 1.959964 ÷ 3)³ ÷ 2
    assert_limits(&limits, 0, 3.6683 / 2, 1e-3);
}

// ---- funnels ----

// FunnelPlotR (NHS-R community), tests/testthat/test-poisson_limits.R.
static void exact_funnels(void **state)
{
    (void)state;
    static const struct {
        double expected, lower_95, upper_95, lower_998, upper_998;
    } rows[] = {
        {15, 0.5596924, 1.649348, 0.3862650, 2.082907},
        {20, 0.6108260, 1.544419, 0.4479107, 1.902094},
        {30, 0.6746958, 1.427562, 0.5289724, 1.702771},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        variation_limits_t limits;
        assert_true(variation_funnel_exact(rows[i].expected, &variation_95, &limits));
        assert_limits(&limits, rows[i].lower_95, rows[i].upper_95, 5.1e-7);
        assert_true(variation_funnel_exact(rows[i].expected, &variation_998, &limits));
        assert_limits(&limits, rows[i].lower_998, rows[i].upper_998, 5.1e-7);
    }
    // The more is expected, the narrower it is; at next to nothing all ratios are within.
    double lower = -1, upper = INFINITY;
    for (int i = 0; i < 40; i++) {
        const double expected = 0.001 * pow(1.7, i);
        variation_limits_t at_95, at_998;
        assert_true(variation_funnel_exact(expected, &variation_95, &at_95));
        assert_true(variation_funnel_exact(expected, &variation_998, &at_998));
        assert_true(at_95.lower >= lower && at_95.upper < upper);
        assert_true(at_998.lower <= at_95.lower && at_95.lower < 1 && at_95.upper > 1 && at_998.upper > at_95.upper);
        lower = at_95.lower;
        upper = at_95.upper;
    }
}

static void funnels_with_overdispersion(void **state)
{
    (void)state;
    variation_limits_t limits;
    // exp(±1.959964 × √(1 ÷ 25)) and exp(±3.090232 × √(1 ÷ 25 + 0.05))
    assert_true(variation_funnel_spread(25, 0, &variation_95, &limits));
    assert_limits(&limits, 0.675710, 1.479925, 5e-6);
    assert_true(variation_funnel_spread(25, 0.05, &variation_998, &limits));
    assert_limits(&limits, 0.395712, 2.527093, 5e-6);
    // However much is expected, practices differ by that.
    assert_true(variation_funnel_spread(1e12, 0.04, &variation_95, &limits));
    assert_limits(&limits, 0.675710, 1.479925, 5e-6);
}

static void assert_spread(arena_t *arena, const variation_unit_t *units, size_t count, variation_spread_t expected)
{
    variation_spread_t spread;
    assert_true(variation_spread_of(units, count, arena, &spread));
    assert_int_equal(spread.units, expected.units);
    assert_near(spread.phi, expected.phi, 1e-6);
    assert_near(spread.tau2, expected.tau2, 1e-6);
}

static void spread_by_hand(void **state)
{
    arena_t *arena = *state;
    // Eleven units of which 100 are expected: the percentiles are the second and the last but one. z = 10 × ln(O ÷ 100):
    // −6.931472, −3.566749, −2.231436, −1.053605, 0 (three times), 0.953102, 1.823216, 2.623643, 6.931472. Winsorised −3.566749 and
    // 2.623643 count twice: squares 2 × 12.721701, 4.979304, 1.110084, 3 × 0, 0.908403, 3.324115, 2 × 6.883501 make 49.532311.
    const variation_unit_t units[] = {{50, 100},  {70, 100},  {80, 100},  {90, 100},  {100, 100}, {100, 100},
                                      {100, 100}, {110, 100}, {120, 100}, {130, 100}, {200, 100}};
    // φ = 49.532311 ÷ 11; τ² = (49.532311 − 10) ÷ (1100 − 11 × 10000 ÷ 1100).
    assert_spread(arena, units, 11, (variation_spread_t){.units = 11, .phi = 4.502937, .tau2 = 0.0395323});
    // As they would be by chance, or less: none.
    const variation_unit_t alike[] = {{98, 100}, {100, 100}, {102, 100}, {101, 100}};
    variation_spread_t spread;
    assert_true(variation_spread_of(alike, 4, arena, &spread));
    assert_true(spread.phi < 1 && spread.phi > 0);
    assert_near(spread.tau2, 0, 0);
    // In another order it is the same.
    const variation_unit_t turned[] = {{200, 100}, {100, 100}, {50, 100},  {130, 100}, {100, 100}, {70, 100},
                                       {120, 100}, {80, 100},  {110, 100}, {90, 100},  {100, 100}};
    assert_spread(arena, turned, 11, (variation_spread_t){.units = 11, .phi = 4.502937, .tau2 = 0.0395323});
}

static void spread_of_few(void **state)
{
    arena_t *arena = *state;
    assert_spread(arena, NULL, 0, (variation_spread_t){0});
    const variation_unit_t one[] = {{30, 10}, {5, 0}};
    // z = ln 3 × √10; one alone says nothing of how units differ, and who has nothing to be expected does not count.
    assert_spread(arena, one, 2, (variation_spread_t){.units = 1, .phi = 12.069490, .tau2 = 0});
    // Nothing observed is far off, and finite.
    const variation_unit_t none[] = {{0, 50}, {100, 50}};
    variation_spread_t spread;
    assert_true(variation_spread_of(none, 2, arena, &spread));
    assert_true(isfinite(spread.phi) && isfinite(spread.tau2) && spread.tau2 > 0);
}

static void places_in_the_funnel(void **state)
{
    (void)state;
    const variation_limits_t at_95 = {.lower = 0.8, .upper = 1.2}, at_998 = {.lower = 0.7, .upper = 1.3};
    static const struct {
        double ratio;
        const char *place;
    } rows[] = {
        {0.69, "very-low"}, {0.7, "low"},   {0.79, "low"}, {0.8, "within"},     {1, "within"},
        {1.2, "within"},    {1.21, "high"}, {1.3, "high"}, {1.31, "very-high"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(variation_place_text(variation_place_of(rows[i].ratio, &at_95, &at_998)), rows[i].place);
}

// ---- before and after ----

static void rate_ratios(void **state)
{
    (void)state;
    variation_change_t change;
    // Stata, incidence-rate ratio calculator: iri 41 15 28010 19017.
    assert_true(variation_change_of(&(variation_unit_t){15, 19017}, &(variation_unit_t){41, 28010}, &variation_95, &change));
    assert_true(change.has_ratio && change.has_upper);
    assert_near(change.ratio, 1.855759, 5e-7);
    assert_near(change.lower, 1.005684, 5e-7);
    assert_near(change.upper, 3.6093, 5e-5);
    // R, poisson.test(c(11, 6+8+7), c(800, 1083+1050+878)): Danish lung cancer (eba1977).
    assert_true(variation_change_of(&(variation_unit_t){21, 3011}, &(variation_unit_t){11, 800}, &variation_95, &change));
    assert_near(change.ratio, 1.971488, 5e-7);
    assert_near(change.lower, 0.8584264, 5e-8);
    assert_near(change.upper, 4.2772659, 5e-8);
    // The other way round it is one over each.
    const double ratio = change.ratio, lower = change.lower;
    assert_true(variation_change_of(&(variation_unit_t){11, 800}, &(variation_unit_t){21, 3011}, &variation_95, &change));
    assert_near(change.ratio * ratio, 1, 1e-12);
    assert_near(change.upper * lower, 1, 1e-9);
}

static void rate_ratios_of_nothing(void **state)
{
    (void)state;
    variation_change_t change;
    assert_false(variation_change_of(&(variation_unit_t){0, 10}, &(variation_unit_t){0, 10}, &variation_95, &change));
    assert_false(variation_change_of(&(variation_unit_t){4, 0}, &(variation_unit_t){4, 10}, &variation_95, &change));
    assert_false(variation_change_of(&(variation_unit_t){4, 10}, &(variation_unit_t){4, 0}, &variation_95, &change));
    // None before: no ratio and no upper limit. The lower one is by 0.025 = x⁵: 0.478176 ÷ 0.521824.
    assert_true(variation_change_of(&(variation_unit_t){0, 10}, &(variation_unit_t){5, 10}, &variation_95, &change));
    assert_false(change.has_ratio || change.has_upper);
    assert_near(change.lower, 0.916355, 5e-6);
    assert_true(variation_change_of(&(variation_unit_t){5, 10}, &(variation_unit_t){0, 10}, &variation_95, &change));
    assert_true(change.has_ratio && change.has_upper);
    assert_near(change.ratio, 0, 0);
    assert_near(change.lower, 0, 0);
    assert_near(change.upper, 1 / 0.916355, 5e-6);
    // Many.
    assert_true(variation_change_of(&(variation_unit_t){1000000, 1e6}, &(variation_unit_t){1000000, 1e6}, &variation_95, &change));
    assert_near(change.lower * change.upper, 1, 1e-9);
    assert_near(log(change.upper), 1.959964 * sqrt(2e-6), 1e-5);
}

// ---- small numbers ----

static void assert_hidden(const int64_t *counts, size_t count, const char *expected)
{
    variation_unit_t units[8] = {0};
    bool hidden[8] = {0};
    for (size_t i = 0; i < count; i++)
        units[i] = (variation_unit_t){.observed = counts[i], .expected = 10};
    variation_hide(units, count, 5, hidden);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(hidden[i], expected[i] == 'x');
}

static void small_numbers_are_hidden(void **state)
{
    (void)state;
    assert_hidden((const int64_t[]){0, 1, 4, 5, 60}, 5, ".xx..");
    // One alone would be what the others leave of the total.
    assert_hidden((const int64_t[]){7, 3, 6, 0, 60}, 5, ".xx..");
    assert_hidden((const int64_t[]){3, 0}, 2, "x.");
    assert_hidden((const int64_t[]){5, 0, 9}, 3, "...");
    assert_hidden(NULL, 0, "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_setup, arena_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_published_standardised_ratio),
        TEST(nobody_adds_nothing),
        TEST(byars_limits),
        TEST(exact_funnels),
        TEST(funnels_with_overdispersion),
        TEST(spread_by_hand),
        TEST(spread_of_few),
        TEST(places_in_the_funnel),
        TEST(rate_ratios),
        TEST(rate_ratios_of_nothing),
        TEST(small_numbers_are_hidden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
