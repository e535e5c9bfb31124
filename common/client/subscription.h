// A subscription's inside, shared by pcn.c (what a program calls), connect.c (options, and what stands on them) and feed.c (snapshot and
// log, and the way from one to the other).
#ifndef PCN_CLIENT_SUBSCRIPTION_H
#define PCN_CLIENT_SUBSCRIPTION_H

#include <stdatomic.h>
#include <uv.h>

#include "common/client/batch.h"
#include "common/client/note.h"
#include "common/client/token.h"
#include "common/event/snapshot.h"

#define CLIENT_ENDPOINTS_MAX 64

typedef struct client_endpoints {
    char *text; // cut at its commas
    const char *list[CLIENT_ENDPOINTS_MAX + 1];
} client_endpoints_t;

struct pcn_subscription {
    uv_loop_t loop;
    uv_async_t wake;
    bool has_loop;
    atomic_bool interrupted;
    metrics_t *metrics;
    rpc_context_t *context;
    rpc_client_t *client;
    client_endpoints_t rpc, pub;
    char service[RPC_NAME_SIZE];
    char server_key[RPC_KEY_SIZE];
    bool snapshot_where_gone;

    event_tail_t *tail; // one of both, or none at the end of either
    event_snapshot_t *snapshot;
    bool snapshot_done;
    bool gone;
    bool no_memory;
    client_batch_t batch;
    event_place_t place; // of the last event that was given, or where it began; of the snapshot while there is one
    client_phase_t phase;
    int64_t latest;

    int broken;                       // PCN_INVALID or PCN_FAILED, for ever
    char text[CLIENT_TOKEN_SIZE];     // of the last event
    char standing[CLIENT_TOKEN_SIZE]; // of pcn_token
    problem_t problem;
    char note[CLIENT_NOTE_SIZE];
    char error[CLIENT_NOTE_SIZE + 64];
};

// ---- connect.c

// Everything up to the connections; what fails is left for client_disconnect.
MUST_CHECK status_t client_connect(pcn_subscription *subscription, const pcn_options *options, problem_t *problem);
void client_disconnect(pcn_subscription *subscription);

// ---- feed.c

// Begins where `place` and `phase` say.
MUST_CHECK status_t client_feed_start(pcn_subscription *subscription, problem_t *problem);
void client_feed_stop(pcn_subscription *subscription);
// Goes on: from snapshot to log, from a place that is gone to a snapshot, to the next events. PCN_OK, PCN_GONE or PCN_FAILED.
int client_feed_advance(pcn_subscription *subscription);
// The next event with its token, or NULL.
const pcn_event *client_feed_take(pcn_subscription *subscription);

#endif
