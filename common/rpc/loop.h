// Inside of this folder: how sockets and turns hang from the context. A turn is one pass of the loop: what is gathered in it (calls,
// replies) is sent at its end, before the loop may sleep.
//
// libzmq's descriptor is edge triggered: it tells only that commands arrived, and any operation on the socket may consume them. So a socket
// that was woken or used is `touched` and stays on the list of those to ask (ZMQ_EVENTS) until it says that nothing is left; while one
// still has something the loop is kept from sleeping by an idle handle.
#ifndef PCN_RPC_LOOP_H
#define PCN_RPC_LOOP_H

#include "common/rpc/context.h"
#include "common/rpc/zap.h"

// The largest frame of a subscriber, sealed: the handshake's with a routing id as long as may be. A topic is much shorter.
#define RPC_HEARD_FRAME_MAX 640

// Called once at the end of a turn in which it was asked for.
typedef struct rpc_turn {
    void (*end)(void *data);
    void *data;
    bool asked;
    rpc_context_t *context;
    struct rpc_turn *next;
} rpc_turn_t;

struct rpc_context {
    void *zmq;
    uv_loop_t *loop;
    rpc_keys_t keys;
    rpc_zap_t *zap;
    metrics_t *metrics;
    struct rpc_binding *bindings; // see binding.h
    uint64_t monitors;            // made by them so far
    rpc_socket_t *sockets;
    rpc_socket_t *socket_cursor; // next one of the walk that is going on, so that a callback may destroy any socket
    rpc_turn_t *turns;
    rpc_turn_t *turn_cursor;
    uv_prepare_t prepare;
    uv_check_t check;
    uv_idle_t idle;
    unsigned handles; // still open
};

struct rpc_socket {
    uv_poll_t poll;
    rpc_context_t *context;
    void *zmq; // NULL once destroyed
    rpc_socket_fn readable;
    rpc_socket_fn writable;
    void *data;
    bool touched;
    struct rpc_socket *next;
};

void rpc_turn_init(rpc_turn_t *turn, rpc_context_t *context, void (*end)(void *data), void *data);
void rpc_turn_deinit(rpc_turn_t *turn);
// At the end of this turn, or at once in the next where that is past.
void rpc_turn_ask(rpc_turn_t *turn);

// Watches a socket made by the caller (the ZAP handler's, a monitor's). It belongs to the rpc_socket_t, also when this fails.
MUST_CHECK status_t rpc_socket_adopt(rpc_context_t *context, void *zmq_socket, rpc_socket_fn readable, void *data, rpc_socket_t **socket,
                                     problem_t *problem);
// Watches what happens to the connections of a socket: `readable` gets the monitor's events (ZMQ_EVENT_…). To be asked before the socket is bound or
// connected; ends with zmq_socket_monitor(NULL), and then with rpc_socket_destroy.
MUST_CHECK status_t rpc_socket_monitor(rpc_socket_t *socket, int events, rpc_socket_fn readable, void *data, rpc_socket_t **monitor,
                                       problem_t *problem);
// To be called before the endpoint is bound or connected.
void rpc_socket_address_family(rpc_socket_t *socket, const char *endpoint);
// Whether it has something for its callbacks now.
bool rpc_socket_pending(rpc_socket_t *socket);
// A `readable` found nothing more: rpc_frame_receive asks libzmq for all that came before it says so, which is what asking for events
// would do once more.
void rpc_socket_drained(rpc_socket_t *socket);
// Calls its callbacks, a bounded number of times.
void rpc_socket_serve(rpc_socket_t *socket);
// Keeps the loop from sleeping before the end of the next turn.
void rpc_context_wake(rpc_context_t *context);

#endif
