#include "tests/support/simulator/day.h"

#include <stdlib.h>

#include "tests/support/load.h"

enum { HOURS = 24, HOUR_S = 3600 };

// How an act spreads over the day: weight by hour.
typedef struct spread {
    unsigned of[HOURS];
} spread_t;

//                                        0  1  2  3  4  5  6  7   8   9  10  11  12  13  14  15  16  17  18  19  20  21  22  23
static const spread_t rush = {{0, 0, 0, 0, 0, 0, 0, 2, 48, 14, 7, 5, 3, 3, 5, 4, 4, 3, 2, 0, 0, 0, 0, 0}};
static const spread_t surgery = {{0, 0, 0, 0, 0, 0, 0, 0, 6, 14, 14, 12, 6, 4, 12, 12, 10, 8, 2, 0, 0, 0, 0, 0}};
static const spread_t morning = {{0, 0, 0, 0, 0, 0, 0, 6, 34, 22, 10, 6, 4, 4, 4, 4, 3, 2, 1, 0, 0, 0, 0, 0}};
static const spread_t always = {{2, 2, 1, 1, 1, 2, 3, 5, 9, 7, 5, 5, 4, 4, 4, 4, 5, 6, 8, 8, 6, 4, 3, 2}};
static const spread_t online = {{0, 0, 0, 0, 0, 0, 2, 6, 12, 9, 7, 6, 5, 5, 5, 5, 5, 6, 7, 8, 7, 3, 2, 0}};

#define DAY_NAME(name, weight) #name,
static const char *const names[] = {DAY_ACTS(DAY_NAME)};
#define DAY_WEIGHT(name, weight) weight,
static const unsigned weights[] = {DAY_ACTS(DAY_WEIGHT)};

static const spread_t *spread_of(day_kind_t kind)
{
    switch (kind) {
    case DAY_open_case:
        return &always;
    case DAY_cancel:
    case DAY_reschedule:
        return &morning;
    case DAY_arrive:
    case DAY_complete:
    case DAY_miss:
    case DAY_amend:
        return &surgery;
    case DAY_consult:
    case DAY_go_on_consulting:
        return &online;
    default:
        return &rush;
    }
}

const char *day_kind_name(day_kind_t kind)
{
    return names[kind];
}

unsigned day_kind_weight(day_kind_t kind)
{
    return weights[kind];
}

static size_t draw_weighted(load_random_t *random, const unsigned *of, size_t count)
{
    unsigned sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += of[i];
    uint64_t drawn = load_draw(random, sum);
    size_t at = 0;
    while (drawn >= of[at])
        drawn -= of[at++];
    return at;
}

static int compare_acts(const void *a, const void *b)
{
    const day_act_t *left = a, *right = b;
    if (left->second != right->second)
        return left->second < right->second ? -1 : 1;
    if (left->kind != right->kind)
        return left->kind < right->kind ? -1 : 1;
    return (left->practice > right->practice) - (left->practice < right->practice);
}

day_act_t *day_make(uint64_t seed, size_t practices, size_t count)
{
    load_random_t random = {.state = seed};
    day_act_t *acts = calloc(count > 0 ? count : 1, sizeof *acts);
    for (size_t i = 0; acts != NULL && i < count; i++) {
        const day_kind_t kind = (day_kind_t)draw_weighted(&random, weights, DAY_KINDS);
        const size_t hour = draw_weighted(&random, spread_of(kind)->of, HOURS);
        // A rush is one: half of it comes within its first quarter.
        uint64_t second = load_draw(&random, HOUR_S);
        if (spread_of(kind) == &rush && load_draw(&random, 2) == 0)
            second /= 4;
        acts[i] = (day_act_t){.second = (int32_t)(hour * HOUR_S + second), .kind = kind, .practice = (size_t)load_draw(&random, practices)};
    }
    if (acts != NULL)
        qsort(acts, count, sizeof *acts, compare_acts);
    return acts;
}
