// The demonstration that ./pcn up shows: what practices and networks offer, with slots from today on. Repeatable: what is there stays, what
// is missing is made, and at each start every practice has DEMONSTRATION_FREE unrestricted free slots at least in the next fourteen days.
#ifndef PCN_TESTS_SUPPORT_SIMULATOR_DEMONSTRATION_H
#define PCN_TESTS_SUPPORT_SIMULATOR_DEMONSTRATION_H

#include "tests/support/simulator/scene.h"

#define DEMONSTRATION_FREE 20
#define DEMONSTRATION_DAYS 14

// What was made.
typedef struct demonstration {
    int32_t today; // days since 1970
    size_t list_sizes, services, plans, more, patients, appointments;
} demonstration_t;

// False with scene->problem set. The scene was read.
bool demonstration_make(demonstration_t *demonstration, scene_t *scene);

#endif
