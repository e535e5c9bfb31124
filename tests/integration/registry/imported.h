// What tests of imports share: files are sent in pieces as the gateway sends them, and the errand runs once over what waits.
#ifndef PCN_TESTS_REGISTRY_IMPORTED_H
#define PCN_TESTS_REGISTRY_IMPORTED_H

#include "tests/integration/registry/world.h"

typedef struct sending {
    world_t *world;
    char id[64];
    unsigned pieces;
} sending_t;

void imported_begin(world_t *world, sending_t *sending);
void imported_send(sending_t *sending, const char *name, const char *data, size_t size);
// Each file of an archive.
void imported_send_archive(sending_t *sending, const char *data, size_t size);
// The last piece, and the errand. Then the import has succeeded, or the test has failed with its problems.
void imported_finish(sending_t *sending);

#endif
