// Follows one service's change log from a place on: every event once and in order, whatever PUB dropped, the relay forgot or a restart
// cut. Published events are the fast path; a jump of the numbers, a heartbeat with a later place, a new connection and a second of
// silence make it read the missing part with Events/Read, several pages ahead of each other while it is far behind.
//
// What it holds is bounded: events that come while it reads, or while its owner takes none, are let go beyond TAIL_BUFFER_BYTES and read
// from the log later. A peer's frames are not trusted: an event that is not well-formed is dropped and counted.
//
// One loop, one thread.
#ifndef PCN_EVENT_TAIL_H
#define PCN_EVENT_TAIL_H

#include "common/rpc/client.h"
#include "common/rpc/subscriber.h"
#include "pcn/events/v1/events.pb-c.h"

#define TAIL_BUFFER_BYTES (1024u * 1024u)
#define TAIL_EPOCH_SIZE 40

typedef struct event_tail event_tail_t;

// A place in a log. An empty epoch is unknown: the first answer tells it.
typedef struct event_place {
    int64_t sequence;
    char epoch[TAIL_EPOCH_SIZE];
} event_place_t;

#define EVENT_PLACE_END INT64_C(-1) // as a sequence to begin after: whatever is the latest when the log is first read

typedef struct event_tail_options {
    const char *service;              // "registry"
    rpc_context_t *context;           // borrowed, as the client
    rpc_client_t *client;             // to the service's RPC endpoints
    const char *const *pub_endpoints; // ended by NULL
    const char *server_key;
    event_place_t after;
    // The next event; its memory is the tail's and ends with the call. False: it cannot be taken now. Then nothing more comes until
    // event_tail_resume, which gives this one again.
    bool (*event)(void *data, const Pcn__Events__V1__Event *event);
    // How far the tail is and how far the log is, as far as known: after each page, heartbeat, or run of live events. May be NULL.
    void (*progress)(void *data, const event_place_t *place, int64_t latest);
    // The place is not there any more (pruned, beyond the end, another epoch): STATUS_OUT_OF_RANGE; a snapshot is the way on. The tail
    // has stopped and is only to be destroyed, later: not from inside.
    void (*gone)(void *data, const problem_t *problem);
    void *data;
} event_tail_options_t;

// `metrics` gets, by source: pcn_tail_sequence, pcn_tail_latest, pcn_tail_gaps_total, pcn_tail_pages_total, pcn_tail_bad_events_total.
MUST_CHECK status_t event_tail_new(const event_tail_options_t *options, metrics_t *metrics, event_tail_t **tail, problem_t *problem);
// No callback after it. Destroy it before the client; the loop has to run once more to let go of its handles and calls.
void event_tail_destroy(event_tail_t **tail);
// The owner takes events again.
void event_tail_resume(event_tail_t *tail);
// The last event that was taken.
const event_place_t *event_tail_place(const event_tail_t *tail);

#endif
