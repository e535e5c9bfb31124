#include "common/db/pace.h"

#define US_PER_SECOND 1e6
// Long enough for some batches to leave, short enough to follow a database that gets slower.
#define SLICE_US INT64_C(250000)
#define ROOM_MOST 1e6

unsigned pace_room(db_pace_t *pace, uint64_t left, int64_t now_us)
{
    const int64_t elapsed_us = now_us - pace->since_us;
    if (elapsed_us >= SLICE_US) {
        const double rate = (double)(left - pace->left) * US_PER_SECOND / (double)elapsed_us;
        // Half of what is told is the slice that is over, so that one long transaction does not close the door.
        pace->rate = pace->since_us == 0 ? rate : (pace->rate + rate) / 2;
        pace->since_us = now_us;
        pace->left = left;
    }
    const double room = pace->rate * (double)PACE_WAIT_US / US_PER_SECOND;
    if (room <= PACE_ROOM_LEAST)
        return PACE_ROOM_LEAST;
    return (unsigned)(room < ROOM_MOST ? room : ROOM_MOST);
}
