// Published events that cannot be given yet, in the order of their places, each once, and bounded: beyond TAIL_BUFFER_BYTES the latest ones
// go, which the log still has. They are kept packed.
#ifndef PCN_EVENT_ARRIVALS_H
#define PCN_EVENT_ARRIVALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct event_arrival {
    struct event_arrival *next, *previous;
    int64_t sequence;
    uint64_t number; // of its coming
    size_t size;
    uint8_t bytes[];
} event_arrival_t;

typedef struct event_arrivals {
    event_arrival_t *first, *last;
    size_t bytes; // with what stands around them
    size_t bytes_max;
    uint64_t number; // of the one that came last
} event_arrivals_t;

// Copies it. False where it is there already, or goes at once for want of room or memory.
bool event_arrivals_add(event_arrivals_t *arrivals, int64_t sequence, const void *bytes, size_t size);
void event_arrivals_remove(event_arrivals_t *arrivals, event_arrival_t *arrival);
// Those up to that place go.
void event_arrivals_pass(event_arrivals_t *arrivals, int64_t place);
// Those later than that place that came no later than that number go; returns how many.
unsigned event_arrivals_disown(event_arrivals_t *arrivals, int64_t place, uint64_t number);
void event_arrivals_clear(event_arrivals_t *arrivals);

#endif
