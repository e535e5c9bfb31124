#include "services/referral/quantile.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

// The largest number of parts of a series or a fraction: they take some times the square root of the parameters, and these are at most
// ten million.
#define PARTS_MAX 100000
// As many halvings as there are down to the smallest number.
#define STEPS_MAX 1200
#define PRECISION (4 * DBL_EPSILON)
// Stands for a zero in the denominator of a continued fraction (Lentz's method as modified by Thompson and Barnett).
#define TINY 1e-300

// A distribution on (0, limit) with its parameters.
typedef struct distribution {
    double (*below)(const struct distribution *of, double x);
    double (*density)(const struct distribution *of, double x);
    double a, b, limit, log_scale;
} distribution_t;

// ln Γ. lgamma() writes to a global.
static double log_gamma(double x)
{
    int sign;
    return lgamma_r(x, &sign);
}

static double not_zero(double value)
{
    return fabs(value) < TINY ? TINY : value;
}

// ---- the gamma distribution: the regularised incomplete gamma function (Abramowitz and Stegun 6.5.29 and 6.5.31) ----

static double gamma_density(const distribution_t *of, double x)
{
    return exp((of->a - 1) * log(x) - x + of->log_scale);
}

static double gamma_by_series(double a, double x)
{
    double part = 1 / a, sum = part;
    for (int i = 1; i < PARTS_MAX && part > sum * DBL_EPSILON; i++) {
        part *= x / (a + i);
        sum += part;
    }
    return sum;
}

static double gamma_by_fraction(double a, double x)
{
    double b = x + 1 - a, c = 1 / TINY, d = 1 / not_zero(b), product = d;
    for (int i = 1; i < PARTS_MAX; i++) {
        const double numerator = -i * (i - a);
        b += 2;
        d = 1 / not_zero(numerator * d + b);
        c = not_zero(b + numerator / c);
        product *= c * d;
        if (fabs(c * d - 1) < DBL_EPSILON)
            break;
    }
    return product;
}

static double gamma_below(const distribution_t *of, double x)
{
    const double scale = exp(of->a * log(x) - x + of->log_scale);
    return x < of->a + 1 ? scale * gamma_by_series(of->a, x) : 1 - scale * gamma_by_fraction(of->a, x);
}

// ---- the beta distribution: the regularised incomplete beta function (Abramowitz and Stegun 26.5.8) ----

static double beta_density(const distribution_t *of, double x)
{
    return exp((of->a - 1) * log(x) + (of->b - 1) * log1p(-x) + of->log_scale);
}

static double beta_by_fraction(double a, double b, double x)
{
    double c = 1, d = 1 / not_zero(1 - (a + b) * x / (a + 1)), product = d;
    for (int m = 1; m < PARTS_MAX; m++) {
        const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 / not_zero(1 + even * d);
        c = not_zero(1 + even / c);
        product *= c * d;
        d = 1 / not_zero(1 + odd * d);
        c = not_zero(1 + odd / c);
        product *= c * d;
        if (fabs(c * d - 1) < DBL_EPSILON)
            break;
    }
    return product;
}

static double beta_below(const distribution_t *of, double x)
{
    const double a = of->a, b = of->b, scale = exp(a * log(x) + b * log1p(-x) + of->log_scale);
    // The fraction is quick on this side of the middle.
    if (x < (a + 1) / (a + b + 2))
        return scale * beta_by_fraction(a, b, x) / a;
    return 1 - scale * beta_by_fraction(b, a, 1 - x) / b;
}

// ---- the inverse ----

// Newton's method, that a bracket keeps from running away: where a step would leave it, it is halved instead.
static double solve(const distribution_t *of, double p, double start)
{
    double low = 0, high = of->limit, x = start;
    for (int step = 0; step < STEPS_MAX; step++) {
        const double error = of->below(of, x) - p;
        if (error > 0)
            high = x;
        else
            low = x;
        const double slope = of->density(of, x);
        double next = x - error / slope;
        // Not a number fails all comparisons.
        if (!(next > low && next < high))
            next = isinf(high) ? 2 * x : low + (high - low) / 2;
        if (next == x || fabs(next - x) <= PRECISION * next || next < DBL_MIN)
            return next < DBL_MIN ? 0 : next;
        x = next;
    }
    return x;
}

double quantile_chi_squared(double p, double degrees)
{
    const double a = degrees / 2;
    const distribution_t of = {.below = gamma_below, .density = gamma_density, .a = a, .limit = INFINITY, .log_scale = -log_gamma(a)};
    return 2 * solve(&of, p, a);
}

double quantile_beta(double p, double a, double b)
{
    const distribution_t of = {.below = beta_below,
                               .density = beta_density,
                               .a = a,
                               .b = b,
                               .limit = 1,
                               .log_scale = log_gamma(a + b) - log_gamma(a) - log_gamma(b)};
    return solve(&of, p, a / (a + b));
}
