// Many bad requests side by side, each on a connection of its own, each judged.
#ifndef PCN_TESTS_INTEGRATION_ABUSE_FLOOD_H
#define PCN_TESTS_INTEGRATION_ABUSE_FLOOD_H

#include "tests/integration/abuse/malformed.h"

// What came of it, by kind and in sum; `wrong` and how it is printed is told at once.
typedef struct flood {
    unsigned sent, refused, ended, mended, wrong;
} flood_t;

// Sends `count` requests of the source. Right is: a refusal of the kind's set or the end of the connection, no answer more than there are
// requests but for another 400, and an end soon after ours.
void flood_run(const rig_t *rig, raw_place_t place, malformed_source_t *source, unsigned count, flood_t *flood);

#endif
