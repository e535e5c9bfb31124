// Inside of this folder: who hears a publisher, and how often each connection has said what it wants to hear. Topics cost the publisher
// memory for as long as the connection is there, some thirty bytes for each of their bytes, so that a key that may hear must not be able to
// say as much as it likes. libzmq offers no limit (ZMQ_XPUB_MANUAL keeps a second copy of all that is said before its user may refuse it),
// so the connection that says too much is cut. Whoever did nothing wrong connects again by itself, and reads from the log what it missed.
//
// What is counted is what was said since the connection began, topics to hear and to hear no more alike: libzmq does not tell how many are
// left of them. One loop, one thread.
#ifndef PCN_RPC_AUDIENCE_H
#define PCN_RPC_AUDIENCE_H

#include <zmq.h>

#include "common/rpc/binding.h"

enum {
    RPC_TOPIC_MAX = 256,               // bytes
    RPC_TOPICS_A_CONNECTION_MAX = 128, // said
    RPC_TOPICS_A_KEY_MAX = 1024,       // by all its connections
};

typedef struct rpc_listener {
    int descriptor;
    unsigned said;
    bool cut;
    char key[RPC_NAME_SIZE];
} rpc_listener_t;

typedef struct rpc_audience {
    rpc_listener_t *listeners; // in no order
    size_t count, room;
    counter_t *refused; // pcn_rpc_subscriptions_refused_total
} rpc_audience_t;

void rpc_audience_init(rpc_audience_t *audience, metrics_t *metrics);
void rpc_audience_deinit(rpc_audience_t *audience);
// That connection is another one from now on, or gone.
void rpc_audience_forget(rpc_audience_t *audience, int descriptor);
// All are gone.
void rpc_audience_clear(rpc_audience_t *audience);
// A message of one who hears, read off the binding's XPUB; cuts its connection where it was too much.
void rpc_audience_hear(rpc_audience_t *audience, const rpc_binding_t *binding, zmq_msg_t *message);

#endif
