// Events that were taken over and not yet given to the program: a few hundred at a time, so that neither a call of the tail nor a turn of
// the loop is needed for each. Their memory is two arenas, of which one holds the batch and the other is empty.
#ifndef PCN_CLIENT_BATCH_H
#define PCN_CLIENT_BATCH_H

#include <stdbool.h>

#include "common/base/arena.h"
#include "common/client/pcn.h"
#include "pcn/events/v1/events.pb-c.h"

#define CLIENT_BATCH_EVENTS 1000 // as many as a page of a snapshot has
#define CLIENT_BATCH_BYTES (1024u * 1024u)

typedef struct client_batch {
    arena_t *arena;
    arena_t *spare;
    pcn_event events[CLIENT_BATCH_EVENTS + 1];
    size_t count;
    size_t next;
} client_batch_t;

// False without memory.
bool client_batch_init(client_batch_t *batch);
void client_batch_deinit(client_batch_t *batch);
// How many are left.
size_t client_batch_left(const client_batch_t *batch);
// Room for a new lot behind what is left, which is at most one event; the memory of what was given goes.
bool client_batch_renew(client_batch_t *batch);
bool client_batch_full(const client_batch_t *batch);
// Copies an event. False where there is no room or memory.
bool client_batch_add(client_batch_t *batch, const Pcn__Events__V1__Event *event, bool from_snapshot);
// Takes the last so many back.
void client_batch_cut(client_batch_t *batch, size_t count);
// The next one, which is then given; NULL where none is left.
pcn_event *client_batch_take(client_batch_t *batch);

#endif
