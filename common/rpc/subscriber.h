// The side that hears: one SUB socket for each replica's PUB endpoint. PUB drops what is not taken in time, so this is a fast path and no
// more; whoever needs every event follows with common/event/tail.h.
//
// A connection that ends or was refused is asked for anew, as a client's is, so a key that joins the allow list takes effect by itself.
#ifndef PCN_RPC_SUBSCRIBER_H
#define PCN_RPC_SUBSCRIBER_H

#include "common/rpc/context.h"

typedef struct rpc_subscriber rpc_subscriber_t;

typedef struct rpc_subscriber_options {
    const char *const *endpoints; // one a replica, ended by NULL
    const char *server_key;
    const char *const *topics; // prefixes, ended by NULL; "" for everything
    // A message of two frames; others are dropped and counted. The bytes are a peer's: not trusted, valid until it returns.
    void (*message)(void *data, const char *topic, size_t topic_size, const uint8_t *bytes, size_t size);
    // A connection was made (again): what was published before is missed. May be NULL.
    void (*connected)(void *data);
    void *data;
} rpc_subscriber_options_t;

// `metrics` gets pcn_rpc_subscriber_messages_total and pcn_rpc_subscriber_bad_frames_total.
MUST_CHECK status_t rpc_subscriber_new(rpc_context_t *context, const rpc_subscriber_options_t *options, metrics_t *metrics,
                                       rpc_subscriber_t **subscriber, problem_t *problem);
// No message after it; not from inside a message. The loop has to run once more to let go of its handles.
void rpc_subscriber_destroy(rpc_subscriber_t **subscriber);
bool rpc_subscriber_connected(const rpc_subscriber_t *subscriber);

#endif
