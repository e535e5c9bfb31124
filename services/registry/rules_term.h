// Spans of days. The contract's dates (YYYY-MM-DD, years 1000 to 9999) order as text, so nothing is parsed. Both ends belong to the
// span; no last day means that it goes on.
#ifndef PCN_REGISTRY_RULES_TERM_H
#define PCN_REGISTRY_RULES_TERM_H

#include <stdbool.h>

#include "common/base/arena.h"

// Whether the day lies within.
bool term_holds(const char *from, const char *to, const char *day);
// Whether two spans share a day.
bool term_overlaps(const char *from, const char *to, const char *other_from, const char *other_to);
// Whether the last day, where there is one, is not before the first.
bool term_ordered(const char *from, const char *to);

// The day before, in the arena; NULL at the cap, for the first day that can be written, and for what is no date.
char *day_before(const char *day, arena_t *arena);
char *day_after(const char *day, arena_t *arena);

#endif
