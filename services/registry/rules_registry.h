// What does not agree, over the whole registry.
#ifndef PCN_REGISTRY_RULES_REGISTRY_H
#define PCN_REGISTRY_RULES_REGISTRY_H

#include "common/base/arena.h"
#include "services/registry/messages.h"

// Findings of every network that is not closed, and of every organisation that states something against what is below it; in the order of
// the aggregates, which hold both. False without memory.
bool registry_find(aggregate_t *const *aggregates, size_t count, const char *day, arena_t *arena, finding_t ***findings,
                   size_t *finding_count);

#endif
