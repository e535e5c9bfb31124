// A server's socket together with where it listens, so that its peers can be sent away: libzmq 4.3.4 cannot end the connection of one
// peer. The socket is closed with all its connections and a new one is bound to the same endpoints; everybody connects again and
// passes the ZAP handler again, which lets in only those who still may.
//
// zmq_close is asynchronous, and an endpoint is free only when the old socket is gone: libzmq tells that by the last event of the socket's
// monitor. From the same monitor come the figures of connections: whoever sends what is no ZMTP, or never ends its handshake, is seen
// nowhere else. Whoever reaches a tcp port cannot take all descriptors: beyond a number of connections those over tcp are all ended.
//
// One loop, one thread. The owner destroys it, before the context.
#ifndef PCN_RPC_BINDING_H
#define PCN_RPC_BINDING_H

#include "common/rpc/context.h"

typedef struct rpc_binding rpc_binding_t;

typedef struct rpc_binding_options {
    int zmq_type;
    const char *label;            // of its figures: "calls", "events"
    const char *const *endpoints; // ipc:// or tcp://, ended by NULL; copied
    rpc_socket_fn readable;       // may be NULL
    void (*closed)(void *data);   // all peers are gone, and whatever was under way to them; may be NULL
    // A connection with this descriptor (ZMQ_SRCFD of its messages) begins or has ended: what is known of the number is of another one.
    // May be NULL.
    void (*changed)(void *data, int descriptor);
    void *data;
} rpc_binding_options_t;

// The context's metrics get, by socket: pcn_rpc_connections_total, pcn_rpc_handshakes_total,
// pcn_rpc_shed_total and pcn_rpc_connections. UNAVAILABLE
// names the endpoint that cannot be had, and says so where somebody else listens on it.
MUST_CHECK status_t rpc_binding_new(rpc_context_t *context, const rpc_binding_options_t *options, rpc_binding_t **binding,
                                    problem_t *problem);
void rpc_binding_destroy(rpc_binding_t **binding);
// NULL between two sockets: what would be sent then has nobody to go to.
rpc_socket_t *rpc_binding_socket(const rpc_binding_t *binding);
// Grows with each socket. What came under another generation than this one can no longer be answered: the same routing id may be
// somebody else's by now.
uint64_t rpc_binding_generation(const rpc_binding_t *binding);
// Ends the connection with that descriptor, which libzmq cannot: nothing where it is no connection of this socket (any more).
void rpc_binding_cut(const rpc_binding_t *binding, int descriptor);
// Whether it is the descriptor of a connection of this socket.
bool rpc_binding_holds(const rpc_binding_t *binding, int descriptor);
// Sends all peers away and binds anew, as often as it takes. Not from a socket's callback.
void rpc_binding_renew(rpc_binding_t *binding);
// The same for every binding of the context.
void rpc_bindings_renew(rpc_context_t *context);

#endif
