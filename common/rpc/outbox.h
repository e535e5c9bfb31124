// Replies on their way out of a ROUTER: gathered by peer, sent as one frame a peer, or more where one is full, at the end of a turn.
// What a peer does not take now waits here, bounded in number and by the calls' deadlines; what can no longer reach its peer is
// dropped and counted: the peer's client asks again.
#ifndef PCN_RPC_OUTBOX_H
#define PCN_RPC_OUTBOX_H

#include "common/base/metrics.h"
#include "common/rpc/batch.h"

#define RPC_IDENTITY_MAX 255
#define RPC_OUTBOX_BUCKETS 64

typedef struct outbox_batch outbox_batch_t;

typedef struct rpc_outbox {
    outbox_batch_t *bucket[RPC_OUTBOX_BUCKETS];
    outbox_batch_t *spare;
    unsigned spares;
    unsigned pairs; // waiting
    unsigned pairs_max;
    counter_t *dropped;
} rpc_outbox_t;

void rpc_outbox_init(rpc_outbox_t *outbox, unsigned pairs_max, counter_t *dropped);
void rpc_outbox_deinit(rpc_outbox_t *outbox);
// Drops, and counts, all that waits.
void rpc_outbox_clear(rpc_outbox_t *outbox);
// Packs the header and copies the body. False for a pair that is larger than any batch takes; nothing was added then. What finds no
// room or no memory is dropped: nothing better could be said to the peer.
// `held` (NULL for none) counts this reply among others and goes down by one when libzmq has it, or it was dropped: a peer that does not
// take its answers gets no further ones to make. It outlives the outbox.
MUST_CHECK bool rpc_outbox_add(rpc_outbox_t *outbox, const void *identity, size_t identity_size, const ProtobufCMessage *header,
                               const void *body, size_t body_size, int64_t deadline_us, unsigned *held);
// True if something stays because its peer does not take it now.
bool rpc_outbox_flush(rpc_outbox_t *outbox, void *socket, int64_t now_us);

#endif
