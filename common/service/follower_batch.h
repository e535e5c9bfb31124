// Events or resources that a follower applies together: copies of what the tail or a snapshot gave. Bounded, so that taking them in needs
// no care; a refusal means that it is full.
//
// One thread; the owner calls init and deinit.
#ifndef PCN_SERVICE_FOLLOWER_BATCH_H
#define PCN_SERVICE_FOLLOWER_BATCH_H

#include "common/base/arena.h"
#include "common/base/status.h"
#include "pcn/events/v1/events.pb-c.h"

#define FOLLOWER_BATCH_EVENTS 500
#define FOLLOWER_BATCH_BYTES (256u * 1024u)

typedef struct follower_batch {
    arena_t *arena;
    char *subjects[FOLLOWER_BATCH_EVENTS];
    char *types[FOLLOWER_BATCH_EVENTS];
    char *data[FOLLOWER_BATCH_EVENTS];
    char *times[FOLLOWER_BATCH_EVENTS];
    int64_t sequences[FOLLOWER_BATCH_EVENTS];
    size_t count, bytes;
    int64_t first_us; // when the first of them was decided, by wall clock; 0 where that is not known
    int64_t last;     // the place behind all that was taken, also of what was passed over; 0 for nothing
} follower_batch_t;

// False without memory.
bool follower_batch_init(follower_batch_t *batch);
void follower_batch_deinit(follower_batch_t *batch);
void follower_batch_clear(follower_batch_t *batch);
// Takes an event, or only its place where the type does not begin with `type` (NULL for all). False where there is no room.
bool follower_batch_add(follower_batch_t *batch, const Pcn__Events__V1__Event *event, const char *type);
// Whether there is anything to be done for it.
bool follower_batch_any(const follower_batch_t *batch);

#endif
