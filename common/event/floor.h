// How much of the queue's beginning the relay need not look at. While any session holds an old snapshot (a backup), rows that were taken
// stay in the queue's index, and a look from the beginning passes all of them, some hundred times a second.
//
// A position comes from the queue's identity before its transaction commits, so below a taken one others may still come. But each of their
// transactions had its number by then (a save changes its row first) and was running: once the oldest that runs began later, and a look
// after that found nothing more, nothing can come at or below it. So the events of one subject never overtake each other.
#ifndef PCN_EVENT_FLOOR_H
#define PCN_EVENT_FLOOR_H

#include <stdbool.h>
#include <stdint.h>

// All zero: nothing is known.
typedef struct event_floor {
    int64_t floor;     // looks begin behind it
    int64_t taken;     // the highest position that was taken
    int64_t candidate; // `taken` when the transaction before `until` was the newest; 0 for none
    int64_t until;
    int64_t settled; // nothing at or below it is still to be committed
    int64_t looking; // `settled` when the look in flight was sent
} event_floor_t;

// A look is sent: behind which position. A `whole` one begins at the beginning, for what must not happen: a database that lost its last
// seconds in a failover gives positions again.
int64_t event_floor_look(event_floor_t *floor, bool whole);
void event_floor_take(event_floor_t *floor, int64_t position);
// The look has come back with all there was, not only with as many as fit.
void event_floor_looked(event_floor_t *floor);
// What a snapshot says that was taken after the last look came back: the oldest transaction that runs, and the next one's number.
void event_floor_snapshot(event_floor_t *floor, int64_t oldest, int64_t next);

#endif
