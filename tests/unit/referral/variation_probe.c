// Reads questions about variation, a line each, and answers with as many digits as there are, so that variation.py can compare:
//   chi p degrees | beta p a b | funnel tail expected | byar z observed expected | change tail o1 e1 o2 e2 | spread o1 e1 o2 e2 …
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/referral/quantile.h"
#include "services/referral/rules_variation.h"

#define NUMBERS_MAX 1024

static void print(const double *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        printf("%s%.17g", i > 0 ? " " : "", numbers[i]);
    printf("\n");
}

static void answer_spread(const double *n, size_t count)
{
    variation_unit_t units[NUMBERS_MAX / 2];
    arena_t *arena = arena_new((size_t)1024 * 1024);
    for (size_t i = 0; i < count / 2; i++)
        units[i] = (variation_unit_t){.observed = (int64_t)n[2 * i], .expected = n[2 * i + 1]};
    variation_spread_t spread;
    if (arena == NULL || !variation_spread_of(units, count / 2, arena, &spread))
        exit(1);
    print((const double[]){spread.phi, spread.tau2}, 2);
    arena_destroy(&arena);
}

static bool answer(const char *what, const double *n, size_t count)
{
    variation_limits_t limits = {0};
    variation_change_t change;
    if (strcmp(what, "chi") == 0 && count == 2) {
        print((const double[]){quantile_chi_squared(n[0], n[1])}, 1);
    } else if (strcmp(what, "beta") == 0 && count == 3) {
        print((const double[]){quantile_beta(n[0], n[1], n[2])}, 1);
    } else if (strcmp(what, "funnel") == 0 && count == 2) {
        if (!variation_funnel_exact(n[1], &(variation_level_t){.tail = n[0]}, &limits))
            return false;
        print((const double[]){limits.lower, limits.upper}, 2);
    } else if (strcmp(what, "byar") == 0 && count == 3) {
        const variation_unit_t unit = {.observed = (int64_t)n[1], .expected = n[2]};
        if (!variation_byar(&unit, &(variation_level_t){.z = n[0]}, &limits))
            return false;
        print((const double[]){limits.lower, limits.upper}, 2);
    } else if (strcmp(what, "change") == 0 && count == 5) {
        const variation_unit_t before = {.observed = (int64_t)n[1], .expected = n[2]}, now = {.observed = (int64_t)n[3], .expected = n[4]};
        if (!variation_change_of(&before, &now, &(variation_level_t){.tail = n[0]}, &change))
            return false;
        print((const double[]){change.ratio, change.lower, change.upper}, 3);
    } else if (strcmp(what, "spread") == 0) {
        answer_spread(n, count);
    } else {
        return false;
    }
    return true;
}

int main(void)
{
    char line[65536];
    while (fgets(line, sizeof line, stdin) != NULL) {
        double numbers[NUMBERS_MAX];
        size_t count = 0;
        char *rest = NULL;
        const char *what = strtok_r(line, " \n", &rest);
        for (const char *word = strtok_r(NULL, " \n", &rest); word != NULL && count < NUMBERS_MAX; word = strtok_r(NULL, " \n", &rest))
            numbers[count++] = strtod(word, NULL);
        if (what == NULL || !answer(what, numbers, count))
            return 1;
    }
    return 0;
}
