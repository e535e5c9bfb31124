// Variation of referrals: how many there were against how many were to be expected, with limits by which chance is told from what is worth a
// look. Pure; counts, people, levels and thresholds come in as arguments, ratios go out as numbers.
//
// Indirect standardisation: a practice's expected referrals are the reference's rate of each band of age and sex times its people of that
// band. Its ratio is observed ÷ expected (O/E), with Byar's limits (Breslow and Day 1987). A funnel says where the ratio of a practice with
// that many expected referrals stays if nothing but chance is at work: exact Poisson limits by the χ² distribution, and limits that allow
// for more spread between practices than chance makes (overdispersion; Spiegelhalter 2005, in the additive form on a log scale of the
// Summary Hospital-level Mortality Indicator).
#ifndef PCN_REFERRAL_RULES_VARIATION_H
#define PCN_REFERRAL_RULES_VARIATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/status.h"

// Two-sided levels; z is of the normal distribution, tail the probability beyond each limit.
typedef struct variation_level {
    double z, tail;
} variation_level_t;

extern const variation_level_t variation_95, variation_998;

// Events among people: of one band of age and sex, or of everybody. People are counted in whatever is the same on both sides: heads, or heads
// times days.
typedef struct variation_band {
    int64_t events;
    double people;
} variation_band_t;

typedef struct variation_limits {
    double lower, upper;
} variation_limits_t;

// A practice as it is compared.
typedef struct variation_unit {
    int64_t observed;
    double expected;
} variation_unit_t;

// What is to be expected of people of these bands by the reference's rates. A band in which the reference has nobody adds nothing.
double variation_expected(const variation_band_t *people, const variation_band_t *reference, size_t bands);
// Where nothing is to be expected there is no ratio: false.
bool variation_ratio(const variation_unit_t *unit, double *ratio);
// Byar's limits of the ratio. The lower one of nothing observed is 0. False as for the ratio.
bool variation_byar(const variation_unit_t *unit, const variation_level_t *level, variation_limits_t *limits);

// The funnel at so many expected, without overdispersion. False where nothing is expected.
bool variation_funnel_exact(double expected, const variation_level_t *level, variation_limits_t *limits);

// How much more practices differ than chance makes them.
typedef struct variation_spread {
    size_t units; // that have something to be expected
    double phi;   // mean of squared z-scores after winsorising: about 1 where chance alone is at work
    double tau2;  // variance between practices on the log scale; 0 where phi says there is none
} variation_spread_t;

// The share of units that is winsorised at either end: beyond these percentiles a z-score counts as the percentile.
#define VARIATION_WINSORISED 0.1

// z = ln(O ÷ E) × √E; of nothing observed half a referral is taken, since there is no logarithm of 0. False without memory.
MUST_CHECK bool variation_spread_of(const variation_unit_t *units, size_t count, arena_t *arena, variation_spread_t *spread);
// The funnel with overdispersion: exp(±z × √(1/E + τ²)).
bool variation_funnel_spread(double expected, double tau2, const variation_level_t *level, variation_limits_t *limits);

typedef enum variation_place {
    VARIATION_WITHIN, // of the 95% limits, and on them
    VARIATION_HIGH,   // beyond the 95% limits
    VARIATION_LOW,
    VARIATION_VERY_HIGH, // beyond the 99.8% limits
    VARIATION_VERY_LOW
} variation_place_t;

variation_place_t variation_place_of(double ratio, const variation_limits_t *at_95, const variation_limits_t *at_998);
// within, high, low, very-high, very-low.
const char *variation_place_text(variation_place_t place);

// Of two periods or areas: how many times as many there were in the second as in the first, for what was expected of both (the rate ratio),
// with exact limits by the distribution of one count given the sum of both (Clopper and Pearson).
typedef struct variation_change {
    bool has_ratio; // false where nothing was observed before
    double ratio;
    double lower;
    bool has_upper; // false where nothing was observed before: there is none
    double upper;
} variation_change_t;

// False where nothing was observed at all, or nothing was to be expected of one of them.
bool variation_change_of(const variation_unit_t *before, const variation_unit_t *now, const variation_level_t *level,
                         variation_change_t *change);

// Which counts are not shown: those from 1 to below `least`; and where that hides a single one, which the total would tell, the smallest of
// the others that is not 0. hidden: one a unit.
void variation_hide(const variation_unit_t *units, size_t count, int64_t least, bool *hidden);

#endif
