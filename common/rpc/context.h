// What all sockets of a daemon share: the ZeroMQ context, the loop, the daemon's keys, and the ZAP handler, which lets in only keys of the
// allow list and tells the receiver the peer's name (metadata "User-Id"). libzmq without a running ZAP handler accepts any key, so
// it is started here, before any socket can be bound, in the same loop. Whose key leaves the list, or is replaced, loses its connections
// within a second (peers.h, binding.h).
#ifndef PCN_RPC_CONTEXT_H
#define PCN_RPC_CONTEXT_H

#include <uv.h>

#include "common/base/metrics.h"
#include "common/rpc/keys.h"

typedef struct rpc_context rpc_context_t;

// Loads the pair `name` from `keys_dir`. UNAVAILABLE where a key or the handler's socket cannot be had.
MUST_CHECK status_t rpc_context_new(uv_loop_t *loop, const char *keys_dir, const char *name, metrics_t *metrics, rpc_context_t **context,
                                    problem_t *problem);
// After every socket of it was destroyed. Its memory goes when the loop has let go of its handles.
void rpc_context_destroy(rpc_context_t **context);
void *rpc_context_zmq(const rpc_context_t *context);
uv_loop_t *rpc_context_loop(const rpc_context_t *context);

// A ZeroMQ socket watched by the loop: libzmq's descriptor is edge triggered, so events are asked again before every wait. `readable`
// is called until ZMQ_POLLIN is gone; `writable`, where given, while it is wanted.
typedef struct rpc_socket rpc_socket_t;
typedef void (*rpc_socket_fn)(void *data, void *zmq_socket);

typedef enum rpc_role { RPC_ROLE_SERVER, RPC_ROLE_CLIENT } rpc_role_t;

// libzmq connects again by itself after a lost connection, but not after a refused key; a rpc_client_t does that for its own sockets.
// A socket with the project's options: CURVE (server: own secret and ZAP domain "pcn"; client: own pair and `server_key`), MAXMSGSIZE,
// HANDSHAKE_IVL 2000, LINGER 0, HWM 1000, BACKLOG 1024, heartbeats 500/1000/1500 ms, and ROUTER_MANDATORY or IMMEDIATE by type;
// XPUB takes one small message at a time.
MUST_CHECK status_t rpc_socket_new(rpc_context_t *context, int zmq_type, rpc_role_t role, const char *server_key, rpc_socket_fn readable,
                                   void *data, rpc_socket_t **socket, problem_t *problem);
void *rpc_socket_zmq(const rpc_socket_t *socket);
// Asks for `writable` calls once ZMQ_POLLOUT; NULL to stop.
void rpc_socket_want_write(rpc_socket_t *socket, rpc_socket_fn writable);
// Must be told after sending outside of a callback, since sending consumes the edge.
void rpc_socket_touch(rpc_socket_t *socket);
void rpc_socket_destroy(rpc_socket_t **socket);

#endif
