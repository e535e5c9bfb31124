// The newest events of one service, each rendered once and shared by all streams: bounded by number and bytes, the oldest goes first. A
// stream that still writes an event holds a reference to it, and so to no more than that one.
//
// One thread.
#ifndef PCN_GATEWAY_STREAM_RING_H
#define PCN_GATEWAY_STREAM_RING_H

#include "common/base/buf.h"
#include "pcn/events/v1/events.pb-c.h"

typedef struct stream_entry {
    unsigned references;
    int64_t sequence;
    const char *type;
    size_t size;  // of the text
    char bytes[]; // "data: {…}" with the empty line that ends an event; then the type
} stream_entry_t;

// One reference is the caller's. NULL without memory. `scratch` is used on the way.
stream_entry_t *stream_entry_new(const Pcn__Events__V1__Event *event, buf_t *scratch);
stream_entry_t *stream_entry_take(stream_entry_t *entry);
// *entry becomes NULL.
void stream_entry_release(stream_entry_t **entry);
// Whether the type begins so; NULL is all.
bool stream_entry_matches(const stream_entry_t *entry, const char *prefix);

typedef struct stream_ring {
    stream_entry_t **entries;
    size_t room, first, count;
    size_t bytes, bytes_max;
    int64_t place; // of the last event, also where it is not kept
} stream_ring_t;

// False without memory.
bool stream_ring_init(stream_ring_t *ring, size_t entries_max, size_t bytes_max);
void stream_ring_deinit(stream_ring_t *ring);
// Empty; what comes next comes after that place.
void stream_ring_reset(stream_ring_t *ring, int64_t place);
// Takes the entry over. One that is known already is let go; one that does not follow the last makes a new beginning.
void stream_ring_push(stream_ring_t *ring, stream_entry_t *entry);
// The place after which everything up to the ring's is there.
int64_t stream_ring_after(const stream_ring_t *ring);
// Borrowed; NULL where it is not kept.
stream_entry_t *stream_ring_at(const stream_ring_t *ring, int64_t sequence);

#endif
