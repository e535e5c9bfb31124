#include "services/referral/rules_variation.h"

#include <math.h>
#include <stdlib.h>

#include "services/referral/quantile.h"

const variation_level_t variation_95 = {.z = 1.959964, .tail = 0.025}, variation_998 = {.z = 3.090232, .tail = 0.001};

double variation_expected(const variation_band_t *people, const variation_band_t *reference, size_t bands)
{
    double expected = 0;
    for (size_t i = 0; i < bands; i++) {
        if (reference[i].people > 0)
            expected += people[i].people * ((double)reference[i].events / reference[i].people);
    }
    return expected;
}

bool variation_ratio(const variation_unit_t *unit, double *ratio)
{
    if (!(unit->expected > 0))
        return false;
    *ratio = (double)unit->observed / unit->expected;
    return true;
}

// observed × (1 − 1 ÷ (9 × observed) ± z ÷ (3 × √observed))³, as a count; below 0 where z is large and the count small, which no count is.
static double byar(double observed, double z)
{
    const double root = 1 - 1 / (9 * observed) + z / (3 * sqrt(observed));
    return root > 0 ? observed * root * root * root : 0;
}

bool variation_byar(const variation_unit_t *unit, const variation_level_t *level, variation_limits_t *limits)
{
    if (!(unit->expected > 0))
        return false;
    const double observed = (double)unit->observed;
    limits->lower = unit->observed > 0 ? byar(observed, -level->z) / unit->expected : 0;
    limits->upper = byar(observed + 1, level->z) / unit->expected;
    return true;
}

bool variation_funnel_exact(double expected, const variation_level_t *level, variation_limits_t *limits)
{
    if (!(expected > 0))
        return false;
    limits->lower = quantile_chi_squared(level->tail, 2 * expected) / 2 / expected;
    limits->upper = quantile_chi_squared(1 - level->tail, 2 * (expected + 1)) / 2 / expected;
    return true;
}

// ---- overdispersion ----

static double z_score(const variation_unit_t *unit)
{
    const double observed = unit->observed > 0 ? (double)unit->observed : 0.5;
    return log(observed / unit->expected) * sqrt(unit->expected);
}

static int compare_numbers(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

// Between the two neighbours in proportion (the seventh definition of Hyndman and Fan 1996, which R and Excel take).
static double percentile(const double *sorted, size_t count, double share)
{
    const double place = share * (double)(count - 1);
    const size_t below = (size_t)place;
    if (below + 1 >= count)
        return sorted[count - 1];
    return sorted[below] + (place - (double)below) * (sorted[below + 1] - sorted[below]);
}

bool variation_spread_of(const variation_unit_t *units, size_t count, arena_t *arena, variation_spread_t *spread)
{
    *spread = (variation_spread_t){0};
    double *scores = arena_alloc(arena, (count + 1) * sizeof *scores);
    if (scores == NULL)
        return false;
    double weights = 0, squared_weights = 0, squares = 0;
    for (size_t i = 0; i < count; i++) {
        if (!(units[i].expected > 0))
            continue;
        scores[spread->units++] = z_score(&units[i]);
        // A unit's weight is one over its variance by chance: 1 ÷ (1 ÷ E).
        weights += units[i].expected;
        squared_weights += units[i].expected * units[i].expected;
    }
    if (spread->units == 0)
        return true;
    qsort(scores, spread->units, sizeof *scores, compare_numbers);
    const double low = percentile(scores, spread->units, VARIATION_WINSORISED);
    const double high = percentile(scores, spread->units, 1 - VARIATION_WINSORISED);
    for (size_t i = 0; i < spread->units; i++) {
        const double score = fmin(fmax(scores[i], low), high);
        squares += score * score;
    }
    const double units_counted = (double)spread->units, beyond_chance = squares - (units_counted - 1);
    const double room = weights - squared_weights / weights;
    spread->phi = squares / units_counted;
    // A single unit leaves no room, and says nothing of how units differ.
    spread->tau2 = beyond_chance > 0 && spread->units > 1 ? beyond_chance / room : 0;
    return true;
}

bool variation_funnel_spread(double expected, double tau2, const variation_level_t *level, variation_limits_t *limits)
{
    if (!(expected > 0))
        return false;
    const double width = level->z * sqrt(1 / expected + tau2);
    limits->lower = exp(-width);
    limits->upper = exp(width);
    return true;
}

variation_place_t variation_place_of(double ratio, const variation_limits_t *at_95, const variation_limits_t *at_998)
{
    if (ratio > at_998->upper)
        return VARIATION_VERY_HIGH;
    if (ratio < at_998->lower)
        return VARIATION_VERY_LOW;
    if (ratio > at_95->upper)
        return VARIATION_HIGH;
    return ratio < at_95->lower ? VARIATION_LOW : VARIATION_WITHIN;
}

const char *variation_place_text(variation_place_t place)
{
    static const char *const texts[] = {
        [VARIATION_WITHIN] = "within",       [VARIATION_HIGH] = "high",         [VARIATION_LOW] = "low",
        [VARIATION_VERY_HIGH] = "very-high", [VARIATION_VERY_LOW] = "very-low",
    };
    return texts[place];
}

// ---- before and after ----

bool variation_change_of(const variation_unit_t *before, const variation_unit_t *now, const variation_level_t *level,
                         variation_change_t *change)
{
    *change = (variation_change_t){0};
    if (before->observed + now->observed == 0 || !(before->expected > 0) || !(now->expected > 0))
        return false;
    // Of all that were observed, the share that was so in the second; its odds, over what was expected, are the ratio.
    const double was = (double)before->observed, is = (double)now->observed, weight = before->expected / now->expected;
    if (now->observed > 0) {
        const double share = quantile_beta(level->tail, is, was + 1);
        change->lower = weight * share / (1 - share);
    }
    if (before->observed > 0) {
        // By the other share, which is near 0 where this one is near 1.
        const double other = quantile_beta(level->tail, was, is + 1);
        change->has_ratio = change->has_upper = true;
        change->ratio = weight * is / was;
        change->upper = weight * (1 - other) / other;
    }
    return true;
}

// ---- small numbers ----

void variation_hide(const variation_unit_t *units, size_t count, int64_t least, bool *hidden)
{
    size_t hides = 0, next = count;
    for (size_t i = 0; i < count; i++) {
        hidden[i] = units[i].observed > 0 && units[i].observed < least;
        hides += hidden[i] ? 1 : 0;
        if (!hidden[i] && units[i].observed > 0 && (next == count || units[i].observed < units[next].observed))
            next = i;
    }
    if (hides == 1 && next < count)
        hidden[next] = true;
}
