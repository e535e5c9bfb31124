// Frames of the envelope as libzmq messages: [header][body] pairs, both always there.
#ifndef PCN_RPC_FRAME_H
#define PCN_RPC_FRAME_H

#include <protobuf-c/protobuf-c.h>
#include <zmq.h>

#include "common/base/status.h"

// A pair on its way in or out. Both are always initialised.
typedef struct rpc_pair {
    zmq_msg_t header;
    zmq_msg_t body;
} rpc_pair_t;

// Packs the header and copies the body: what is sent may outlive its caller, since libzmq's thread seals it later. False without memory,
// and then nothing is to be closed.
MUST_CHECK bool rpc_pair_make(rpc_pair_t *pair, const ProtobufCMessage *header, const void *body, size_t body_size);
void rpc_pair_close(rpc_pair_t *pair);
// The next frame, without waiting. The message is initialised in any case.
MUST_CHECK bool rpc_frame_receive(void *socket, zmq_msg_t *frame);
// False with errno where it was not taken; the frame is then still the caller's.
MUST_CHECK bool rpc_frame_send(void *socket, zmq_msg_t *frame, bool more);
// Throws away what is left of a multipart message.
void rpc_frames_skip(void *socket);
// Reads the correlation (field 1, fixed64) off a packed header, so that the call is found before its arena is needed.
MUST_CHECK bool rpc_frame_correlation(const uint8_t *bytes, size_t size, uint64_t *correlation);

#endif
