// The registry's operations for a load (load.h): creations, changes under If-Match, list sizes, members and reads. What it creates carries
// a prefix of its own, so several loads may run against one registry.
//
// Used by the load's thread; by others before and after it.
#ifndef PCN_TESTS_SUPPORT_MIX_REGISTRY_H
#define PCN_TESTS_SUPPORT_MIX_REGISTRY_H

#include "tests/support/load.h"

#define MIX_PREFIX_SIZE 16

typedef struct mix_item mix_item_t;

typedef struct mix_registry {
    char prefix[MIX_PREFIX_SIZE];
    mix_item_t **items; // what was created
    size_t count, room;
    size_t items_max; // creations end with so many; 0: never
    size_t serial, joined, days;
    size_t stale;
} mix_registry_t;

// Creations, PATCHes, list sizes, members, reads.
extern const load_operation_t mix_registry_all[];
// Creations alone.
extern const load_operation_t mix_registry_creations[];

void mix_registry_init(mix_registry_t *mix, const char *prefix, size_t items_max);
void mix_registry_clear(mix_registry_t *mix);

#endif
