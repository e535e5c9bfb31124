// The side that answers: a ROUTER socket. Checks each call (size, header, deadline, caller → method matrix) before the body is looked at;
// hands it over with an arena of its own; sends the reply, replies that are ready together for one peer as one frame (batch.h).
//
// One loop, one thread.
#ifndef PCN_RPC_SERVER_H
#define PCN_RPC_SERVER_H

#include "common/base/arena.h"
#include "common/rpc/context.h"
#include "pcn/common/v1/envelope.pb-c.h"

#define RPC_ARENA_CAP (4u * 1024u * 1024u)

typedef struct rpc_server rpc_server_t;

// One request. Everything in it lives in its arena until rpc_reply.
typedef struct rpc_call {
    arena_t *arena;
    const Pcn__Common__V1__RequestHeader *header; // unpacked, checked
    const uint8_t *body;
    size_t body_size;
    const char *peer;    // name of the key that sent it: "gateway"
    int64_t received_us; // steady clock
    int64_t deadline_us;
} rpc_call_t;

typedef void (*rpc_serve_fn)(void *data, rpc_call_t *call);

// Which peers may call what: the first row whose peer matches ("*" for any known key) and whose method begins with `method` decides.
typedef struct rpc_permission {
    const char *peer;
    const char *method;  // "pcn.events.v1.Events/" or "" for all
    bool with_principal; // a principal is believed only from here
    // Calls of this row that are not answered yet, beyond which it is RESOURCE_EXHAUSTED at once: of one key, and of all. 0 for the server's.
    unsigned in_flight_a_key, in_flight_max;
} rpc_permission_t;

typedef struct rpc_server_options {
    const char *const *endpoints;        // to bind, ended by NULL
    const rpc_permission_t *permissions; // ended by a row without a peer; must live as long as the server
    rpc_serve_fn serve;
    void *data;
    unsigned in_flight_max; // calls not yet answered; beyond it RESOURCE_EXHAUSTED at once; 0 for 4096
} rpc_server_options_t;

// `metrics` gets pcn_rpc_requests_total{method,status}, pcn_rpc_seconds{method}, pcn_rpc_in_flight, pcn_rpc_bad_frames_total and
// pcn_rpc_replies_dropped_total and pcn_rpc_calls_refused_total (for want of room). A method that the contract does not know reaches `serve` all the same and counts as "other".
MUST_CHECK status_t rpc_server_new(rpc_context_t *context, const rpc_server_options_t *options, metrics_t *metrics, rpc_server_t **server,
                                   problem_t *problem);
void rpc_server_destroy(rpc_server_t **server);
// Answers and gives the call back. `reply` needs no correlation. A body belongs to the call's arena or is copied before return.
void rpc_reply(rpc_server_t *server, rpc_call_t *call, const Pcn__Common__V1__ReplyHeader *reply, const void *body, size_t body_size);
// The same for a refusal.
void rpc_refuse(rpc_server_t *server, rpc_call_t *call, const problem_t *problem);
// No new calls from now on: they are refused as UNAVAILABLE, so that a client asks another replica; those in flight are answered.
void rpc_server_drain(rpc_server_t *server);
// Frees what is kept for further calls.
void rpc_server_rest(rpc_server_t *server);
unsigned rpc_server_in_flight(const rpc_server_t *server);

#endif
