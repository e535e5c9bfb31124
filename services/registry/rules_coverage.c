#include "services/registry/rules_coverage.h"

#include <assert.h>
#include <inttypes.h>

#define SHARE_PLACES 4

// The remainder is carried from place to place, so nothing is multiplied beyond ten times `whole`.
char *share_text(int64_t part, int64_t whole, unsigned places, arena_t *arena)
{
    assert(part >= 0 && whole >= 0 && whole <= INT64_MAX / 10 && places > 0 && places <= 9);
    if (whole == 0)
        return NULL;
    int64_t scale = 1, digits = 0, rest = part % whole;
    for (unsigned i = 0; i < places; i++) {
        rest *= 10;
        digits = digits * 10 + rest / whole;
        rest %= whole;
        scale *= 10;
    }
    int64_t units = part / whole;
    if (rest >= whole - rest && ++digits == scale) {
        digits = 0;
        units++;
    }
    return arena_printf(arena, "%" PRId64 ".%0*" PRId64, units, (int)places, digits);
}

bool coverage_complete(Pcn__Registry__V1__CoverageRow *row, arena_t *arena)
{
    if (row->practices == 0)
        return true;
    row->share = share_text(row->practices_in_networks, row->practices, SHARE_PLACES, arena);
    return row->share != NULL;
}
