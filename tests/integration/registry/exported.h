// What tests of exports and imports share: a registry with something in every file, and an export of it, all pieces of it.
#ifndef PCN_TESTS_REGISTRY_EXPORTED_H
#define PCN_TESTS_REGISTRY_EXPORTED_H

#include "tests/integration/registry/llr.h"

typedef struct exported {
    char *data; // with a NUL behind it
    size_t size;
    unsigned pieces;
    char content_type[64], file_name[64];
} exported_t;

// The documents' data set, and upon it everything that there is a verb for.
int eventful_setup(void **state);

// `between` runs as superuser after the first piece; NULL for nothing.
void exported_get(world_t *world, const char *format, const char *between, exported_t *exported);
void exported_free(exported_t *exported);
// The token of the last reply, "" for none.
void exported_next(const world_t *world, char *token, size_t size);

#endif
