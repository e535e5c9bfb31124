// A client's socket with its one endpoint: whether it is connected, and asking anew while it is not. Calls (replica.h) and events
// (subscriber.h) both stand on it.
//
// Whether it is connected is known from the socket's monitor, not from POLLOUT: a full pipe and a lost connection look the same there, and
// a connection lost and made again between two looks would not be seen at all, though all that was on its way is lost.
//
// libzmq tries again by itself where a connection ends, but not after what it takes for an error of the protocol, a refused key among them.
// So while there is no connection it is asked anew now and then: a key that joins the allow list takes effect without a restart.
#ifndef PCN_RPC_CONNECTION_H
#define PCN_RPC_CONNECTION_H

#include "common/rpc/context.h"

typedef struct rpc_connection rpc_connection_t;

typedef struct rpc_connection_options {
    int zmq_type;
    const char *endpoint;
    const char *server_key;
    unsigned index; // of the replica, for the log
    rpc_socket_fn readable;
    // `connected` has changed. What came before the end of a connection may still be received from the socket.
    void (*changed)(void *data, rpc_connection_t *connection);
    void *data; // of both
} rpc_connection_options_t;

struct rpc_connection {
    rpc_socket_t *socket;
    rpc_socket_t *monitor;
    uv_timer_t *renewal; // runs while there is no connection; on the heap, since it closes later than its connection
    char *endpoint;
    unsigned index;
    bool connected;
    void (*changed)(void *data, rpc_connection_t *connection);
    void *data;
};

// Makes the socket, not yet the connection: its options may still be set.
MUST_CHECK status_t rpc_connection_init(rpc_connection_t *connection, rpc_context_t *context, const rpc_connection_options_t *options,
                                        problem_t *problem);
// Asks for the connection; it comes in the background.
MUST_CHECK status_t rpc_connection_start(rpc_connection_t *connection, problem_t *problem);
// Also for one whose init failed, or that is all zero.
void rpc_connection_deinit(rpc_connection_t *connection);

#endif
