// One endpoint of a service: its DEALER socket, whether it is connected, and how it has behaved.
//
// ZMQ_IMMEDIATE drops the pipe with its connection, so nothing is ever queued for a peer that is not there.
#ifndef PCN_RPC_REPLICA_H
#define PCN_RPC_REPLICA_H

#include "common/base/log.h"
#include "common/rpc/batch.h"
#include "common/rpc/connection.h"
#include "common/rpc/requests.h"

#define RPC_REPLICAS_MAX 64

typedef struct rpc_replica rpc_replica_t;

// What the client hears.
typedef struct rpc_replica_listener {
    // A pair came, of a frame with these bytes.
    void (*reply)(void *data, rpc_replica_t *replica, const uint8_t *bytes, const rpc_pair_t *pair);
    void (*connected)(void *data, rpc_replica_t *replica);
    // What was sent and not answered is lost.
    void (*lost)(void *data, rpc_replica_t *replica);
    // Takes messages again after it did not.
    void (*writable)(void *data, rpc_replica_t *replica);
    // A message that is not one frame of whole pairs.
    void (*malformed)(void *data, rpc_replica_t *replica);
} rpc_replica_listener_t;

struct rpc_replica {
    unsigned index;
    rpc_connection_t connection;
    const rpc_replica_listener_t *listener;
    void *data;
    bool full;              // did not take a message; waits for POLLOUT
    unsigned in_flight;     // queued or sent, and not answered
    unsigned failures;      // in a row
    int64_t left_out_until; // steady clock; 0 for one in good standing
    int64_t left_out_us;    // how long the next time
    bool probed;            // has its one call after being left out
    log_pause_t told;       // that it was left out
    rpc_requests_t queue;   // to be sent at the end of the turn
};

MUST_CHECK status_t rpc_replica_init(rpc_replica_t *replica, rpc_context_t *context, const char *endpoint, const char *server_key,
                                     const rpc_replica_listener_t *listener, void *data, problem_t *problem);
// Also for one whose init failed.
void rpc_replica_deinit(rpc_replica_t *replica);
// Sends a batch and closes it. False where it was not taken.
MUST_CHECK bool rpc_replica_send(rpc_replica_t *replica, zmq_msg_t *frame);

typedef enum rpc_standing {
    RPC_STANDING_GOOD,
    RPC_STANDING_PROBE, // may have one call, to see whether it answers again
    RPC_STANDING_LEFT_OUT,
} rpc_standing_t;

rpc_standing_t rpc_replica_standing(const rpc_replica_t *replica, int64_t now_us);
// It answered.
void rpc_replica_praise(rpc_replica_t *replica);
// It was too slow or did not take a message. True if it is left out from now on.
bool rpc_replica_blame(rpc_replica_t *replica, int64_t now_us);

#endif
