// Single frames of libzmq, and the correlation of a packed header.
#ifndef PCN_RPC_FRAME_H
#define PCN_RPC_FRAME_H

#include <zmq.h>

#include "common/base/status.h"

// The next frame, without waiting. The message is initialised in any case.
// Where it is false nothing more is there and libzmq has taken notice of all that came: see rpc_socket_drained.
MUST_CHECK bool rpc_frame_receive(void *socket, zmq_msg_t *frame);
// The last frame of its message. False with errno where it was not taken; the frame is then still the caller's.
MUST_CHECK bool rpc_frame_send(void *socket, zmq_msg_t *frame);
// Throws away what is left of a multipart message.
void rpc_frames_skip(void *socket);
// Reads the correlation (field 1, fixed64) off a packed header, so that the call is found before its arena is needed.
MUST_CHECK bool rpc_frame_correlation(const uint8_t *bytes, size_t size, uint64_t *correlation);

#endif
