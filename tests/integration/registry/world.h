// The world of the registry's tests.
#ifndef PCN_TESTS_REGISTRY_WORLD_H
#define PCN_TESTS_REGISTRY_WORLD_H

#include "tests/support/world.h"

int world_setup(void **state);

// Organisations: ics-a, under it ccg-a and ccg-b and the council area la-a, under ccg-a the network pcn-a, under that gp-a and gp-b.
void world_populate(world_t *world);

#endif
