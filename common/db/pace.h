// How fast a queue empties, and so how many may wait in it: what would wait for longer than somebody waits for its answer is better refused
// at once than done in vain. Pure but for what it remembers.
#ifndef PCN_DB_PACE_H
#define PCN_DB_PACE_H

#include <stdint.h>

// So many may always wait: a burst is no overload.
#define PACE_ROOM_LEAST 256
// Nobody waits for longer at the pace of the moment; a change waits up to three times, to be loaded, saved and entered, within the ten
// seconds of a request.
#define PACE_WAIT_US INT64_C(2000000)

typedef struct db_pace {
    int64_t since_us; // the beginning of the slice that is measured
    uint64_t left;    // how many had left the queue by then
    double rate;      // a second, of the slices before
} db_pace_t;

// How many may wait at an instant (steady clock, which does not go back) by which so many have left the queue.
unsigned pace_room(db_pace_t *pace, uint64_t left, int64_t now_us);

#endif
