// Quantiles against published tables; variation.py, beside this, holds them against exact sums at random places.
#include "services/referral/quantile.h"

#include <math.h>
#include <stdio.h>

#include "tests/unit/referral/support.h"

static void assert_near(double value, double expected, double tolerance)
{
    // Not a number is not near anything.
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%.12g is not %.12g", value, expected);
}

// NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.4, critical values of the χ² distribution; three decimals.
static void the_table_of_chi_squared(void **state)
{
    (void)state;
    static const struct {
        double degrees, at_001, at_025, at_975, at_999;
    } rows[] = {
        {1, 0.000, 0.001, 5.024, 10.828},     {2, 0.002, 0.051, 7.378, 13.816},       {5, 0.210, 0.831, 12.833, 20.515},
        {10, 1.479, 3.247, 20.483, 29.588},   {20, 5.921, 9.591, 34.170, 45.315},     {30, 11.588, 16.791, 46.979, 59.703},
        {50, 24.674, 32.357, 71.420, 86.661}, {75, 42.757, 52.942, 100.839, 118.599}, {100, 61.918, 74.222, 129.561, 149.449},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_near(quantile_chi_squared(0.001, rows[i].degrees), rows[i].at_001, 0.0005001);
        assert_near(quantile_chi_squared(0.025, rows[i].degrees), rows[i].at_025, 0.0005001);
        assert_near(quantile_chi_squared(0.975, rows[i].degrees), rows[i].at_975, 0.0005001);
        assert_near(quantile_chi_squared(0.999, rows[i].degrees), rows[i].at_999, 0.0005001);
    }
}

// With two degrees of freedom it is exponential, which has an inverse: −2 ln(1 − p).
static void two_degrees_are_exponential(void **state)
{
    (void)state;
    for (int i = 1; i < 1000; i++) {
        const double p = i / 1000.0;
        assert_near(quantile_chi_squared(p, 2), -2 * log1p(-p), 1e-12 * -log1p(-p) + 1e-14);
    }
}

static void the_ends_of_chi_squared(void **state)
{
    (void)state;
    // Of next to no degrees of freedom nearly all of it lies at 0.
    assert_near(quantile_chi_squared(0.025, 1e-3), 0, 1e-300);
    // The more there are, the nearer it is to a normal distribution of mean n and variance 2n, with a known third moment: Cornish and
    // Fisher's expansion is right to nearly all digits here.
    for (int i = 0; i < 5; i++) {
        const double degrees = 1e5 * pow(3, i);
        const double z = 1.959963984540054, skew = 2 * (z * z - 1) / 3, rest = (z * z * z - 7 * z) / (9 * sqrt(2 * degrees));
        assert_near(quantile_chi_squared(0.975, degrees) / (degrees + z * sqrt(2 * degrees) + skew + rest), 1, 1e-9);
        assert_near(quantile_chi_squared(0.025, degrees) / (degrees - z * sqrt(2 * degrees) + skew - rest), 1, 1e-9);
    }
}

// Exact limits of a Poisson count by the χ² distribution, as others have printed them.
static void limits_of_counts(void **state)
{
    (void)state;
    static const struct {
        double count, people, lower, upper, tolerance;
    } rows[] = {
        {1, 1, 0.0253, 5.5716, 0.00005},           // Breslow and Day 1987, table 2.10
        {10, 1, 4.795, 18.390, 0.0005},            // the same
        {137, 24.19893, 4.753125, 6.692709, 5e-7}, // R, poisson.test: Welsh nickel workers
        {14, 400, 0.019135, 0.058724, 5e-7},       // StatsDirect, Poisson rate confidence interval
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_near(quantile_chi_squared(0.025, 2 * rows[i].count) / 2 / rows[i].people, rows[i].lower, rows[i].tolerance);
        assert_near(quantile_chi_squared(0.975, 2 * rows[i].count + 2) / 2 / rows[i].people, rows[i].upper, rows[i].tolerance);
    }
}

static void the_beta_distribution(void **state)
{
    (void)state;
    // Where one parameter is 1 it has an inverse; and it mirrors.
    for (int i = 1; i < 60; i++) {
        for (int j = 0; j < 8; j++) {
            const double p = i / 60.0, a = pow(7, j);
            assert_near(quantile_beta(p, a, 1), pow(p, 1 / a), 1e-11);
            assert_near(quantile_beta(p, 1, a) / -expm1(log1p(-p) / a), 1, 1e-8);
            assert_near(quantile_beta(p, a, 3.5) + quantile_beta(1 - p, 3.5, a), 1, 1e-11);
        }
    }
    // Clopper and Pearson's limits of 10 of 20: 27.2% and 72.8% (any table of exact binomial limits).
    assert_near(quantile_beta(0.025, 10, 11), 0.272, 0.0005);
    assert_near(quantile_beta(0.975, 11, 10), 0.728, 0.0005);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_of_chi_squared), cmocka_unit_test(two_degrees_are_exponential),
        cmocka_unit_test(the_ends_of_chi_squared),  cmocka_unit_test(limits_of_counts),
        cmocka_unit_test(the_beta_distribution),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
