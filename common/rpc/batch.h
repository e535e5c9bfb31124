// The wire of a call: pairs of a header and a body, both always there, in one frame. Whatever is ready together for one peer goes as one,
// since CURVE seals, and libzmq allocates and copies, by frame. Each pair is
//
//     u32 size of the header, header, u32 size of the body, body
//
// with sizes in little endian, one pair after the other, 1 to RPC_BATCH_MAX of them, and nothing after the last.
#ifndef PCN_RPC_BATCH_H
#define PCN_RPC_BATCH_H

#include <protobuf-c/protobuf-c.h>
#include <zmq.h>

#include "common/base/status.h"
#include "common/pb/wire.h"

#define RPC_BATCH_MAX 64
#define RPC_HEADER_MAX (64u * 1024u)
#define RPC_PAIR_SIZES 8u
// The largest frame: one pair whose body is as large as any may be.
#define RPC_BATCH_BYTES_MAX (RPC_PAIR_SIZES + RPC_HEADER_MAX + PB_FRAME_MAX)
// What is gathered. A larger pair goes alone: nothing small waits for it, and its bytes are copied once and never moved.
#define RPC_BATCH_BYTES (64u * 1024u)

// One that is filled. All zero is empty.
typedef struct rpc_batch {
    uint8_t *bytes;
    size_t size;
    size_t room;
    unsigned count;
} rpc_batch_t;

typedef enum rpc_batch_result {
    RPC_BATCH_ADDED,
    RPC_BATCH_FULL,      // not added: it belongs into the next one
    RPC_BATCH_TOO_LARGE, // not added: no batch takes it
    RPC_BATCH_NO_MEMORY, // not added
} rpc_batch_result_t;

// Packs the header and copies the body: what is sent may outlive its caller, since libzmq's thread seals it later.
MUST_CHECK rpc_batch_result_t rpc_batch_add(rpc_batch_t *batch, const ProtobufCMessage *header, const void *body, size_t body_size);
void rpc_batch_clear(rpc_batch_t *batch);
// Makes a message of its bytes, without copying them, and empties it. False without memory, and then it stays and there is no message.
MUST_CHECK bool rpc_batch_seal(rpc_batch_t *batch, zmq_msg_t *frame);

// A pair of a frame that came, as places in it: a small message holds its bytes itself, so that they move with it.
typedef struct rpc_pair {
    uint32_t header_at, header_size;
    uint32_t body_at, body_size;
} rpc_pair_t;

// How many pairs a frame holds; 0 for one that is not made of 1 to RPC_BATCH_MAX whole pairs of allowed sizes and nothing else.
MUST_CHECK unsigned rpc_batch_read(const uint8_t *bytes, size_t size, rpc_pair_t pairs[RPC_BATCH_MAX]);

#endif
