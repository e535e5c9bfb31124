// How much of an area its networks cover.
#ifndef PCN_REGISTRY_RULES_COVERAGE_H
#define PCN_REGISTRY_RULES_COVERAGE_H

#include "common/base/arena.h"
#include "services/registry/messages.h"

// part ÷ whole as decimal text with `places` places, halves up, by whole numbers alone: 0.9853. NULL without memory or where whole is 0.
char *share_text(int64_t part, int64_t whole, unsigned places, arena_t *arena);

// Fills the row's share, which is left out where there is no practice. False without memory.
bool coverage_complete(Pcn__Registry__V1__CoverageRow *row, arena_t *arena);

#endif
