// The documents' data set in a registry, through the same calls that anybody has.
#ifndef PCN_TESTS_REGISTRY_LLR_H
#define PCN_TESTS_REGISTRY_LLR_H

#include "tests/integration/registry/world.h"

int llr_setup(void **state);

#endif
