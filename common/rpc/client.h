// The side that asks: one DEALER socket for each endpoint of a service. A call goes to the live replica with the fewest calls in flight;
// a replica that does not answer is left out and tried again later; a call that may be repeated (it reads, or carries a key under
// which the service recognises it) goes to another replica while its deadline lasts and the retry budget (10% of calls) allows it.
// Calls made in one turn of the loop for one replica go as one frame (batch.h), or as one for each sixteen of them.
//
// Calls lost with their connection are sent again at once where they may be repeated (also to the same replica, once it is back), at most
// four times in all, and cost no budget, for their load is gone too; the others end UNAVAILABLE as soon as the loss is known. A call that
// is not answered within a quarter of its time, at most a second, goes to another replica as well; the first answer counts. What
// was never sent ends UNAVAILABLE at its deadline, what was sent and not answered DEADLINE_EXCEEDED.
//
// One loop, one thread. `done` is called exactly once, never from inside rpc_client_call. It may call again, but not destroy the client.
#ifndef PCN_RPC_CLIENT_H
#define PCN_RPC_CLIENT_H

#include "common/base/arena.h"
#include "common/rpc/context.h"
#include "pcn/common/v1/envelope.pb-c.h"

typedef struct rpc_client rpc_client_t;

typedef struct rpc_request {
    // Filled by the caller. The memory, with what it points to, must live until `done`.
    Pcn__Common__V1__RequestHeader header; // correlation and timeout_ms are the client's to fill
    const void *body;
    size_t body_size;
    int64_t deadline_us; // steady clock
    bool repeatable;
    arena_t *arena; // reply header and body are put here
    // status OK: `reply` and `body` are in the arena. Else the problem says what was wrong, from the service or from the way there.
    // `problem` is never NULL, its status is that of the call; `reply` is NULL where no service answered.
    void (*done)(struct rpc_request *request, const Pcn__Common__V1__ReplyHeader *reply, const uint8_t *body, size_t body_size,
                 const problem_t *problem);
    void *data;
    // The client's own, set by rpc_client_call.
    struct rpc_request *next, *previous;
    struct rpc_requests *list; // the one it stands in
    uint64_t correlation;
    uint64_t sent_to; // replicas that have it and have not answered, a bit each
    uint64_t blamed;  // of those, the ones that were held to be too slow for it
    unsigned replica; // the last one it was sent to
    unsigned attempts;
    unsigned due_index;
    int64_t due_us; // when it is looked at next: its deadline, or the time to ask another replica
    int64_t called_us;
    int64_t sent_us;
    status_t outcome; // refused at once; told at the end of the turn
} rpc_request_t;

typedef struct rpc_client_options {
    const char *service;          // name of the service's key
    const char *const *endpoints; // one a replica, ended by NULL
    const char *server_key;
    unsigned in_flight_max; // beyond it RESOURCE_EXHAUSTED at once; 0 for 4096
} rpc_client_options_t;

// `metrics` gets, by service: pcn_rpc_client_requests_total{method,status}, pcn_rpc_client_seconds{method}, pcn_rpc_client_repeated_total,
// _left_out_total, _late_total and _bad_frames_total.
MUST_CHECK status_t rpc_client_new(rpc_context_t *context, const rpc_client_options_t *options, metrics_t *metrics, rpc_client_t **client,
                                   problem_t *problem);
// Answers what is open with UNAVAILABLE. The loop has to run once more, as after every destroy of this folder, to let go of its handles.
void rpc_client_destroy(rpc_client_t **client);
void rpc_client_call(rpc_client_t *client, rpc_request_t *request);
// A replica is connected and not left out.
bool rpc_client_ready(const rpc_client_t *client);
unsigned rpc_client_in_flight(const rpc_client_t *client);

#endif
