// Reads a service's snapshot, page by page: each resource as it was at one place of the log. If that place is pruned on the way it begins
// anew with another one; `begin` tells.
//
// One loop, one thread.
#ifndef PCN_EVENT_SNAPSHOT_H
#define PCN_EVENT_SNAPSHOT_H

#include "common/event/tail.h"

typedef struct event_snapshot event_snapshot_t;

typedef struct event_snapshot_options {
    const char *service;
    rpc_client_t *client; // borrowed
    // A first page is there; what came since an earlier `begin` is void.
    void (*begin)(void *data, const event_place_t *place);
    // A page; its memory is the snapshot's and ends with the call. False: not now; event_snapshot_resume gives it again.
    bool (*page)(void *data, Pcn__Events__V1__Event *const *events, size_t count);
    // All of it was given: follow from that place. To be destroyed later, not from inside.
    void (*done)(void *data, const event_place_t *place);
    void *data;
} event_snapshot_options_t;

// A service that does not answer is asked again, for ever.
MUST_CHECK status_t event_snapshot_new(uv_loop_t *loop, const event_snapshot_options_t *options, event_snapshot_t **snapshot,
                                       problem_t *problem);
void event_snapshot_destroy(event_snapshot_t **snapshot);
void event_snapshot_resume(event_snapshot_t *snapshot);

#endif
