#include "common/rpc/frame.h"

#include <errno.h>

bool rpc_frame_receive(void *socket, zmq_msg_t *frame)
{
    (void)zmq_msg_init(frame);
    while (zmq_msg_recv(frame, socket, ZMQ_DONTWAIT) < 0) {
        if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

bool rpc_frame_send(void *socket, zmq_msg_t *frame)
{
    while (zmq_msg_send(frame, socket, ZMQ_DONTWAIT) < 0) {
        if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

void rpc_frames_skip(void *socket)
{
    bool more = true;
    while (more) {
        zmq_msg_t frame;
        more = rpc_frame_receive(socket, &frame) && zmq_msg_more(&frame) != 0;
        (void)zmq_msg_close(&frame);
    }
}

// ---- the wire

enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

static bool wire_varint(const uint8_t **at, const uint8_t *end, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 64 && *at < end; shift += 7) {
        uint8_t byte = *(*at)++;
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) {
            return true;
        }
    }
    return false;
}

static bool wire_skip(const uint8_t **at, const uint8_t *end, unsigned wire_type)
{
    uint64_t size = 0;
    switch (wire_type) {
    case WIRE_VARINT:
        return wire_varint(at, end, &size);
    case WIRE_FIXED64:
        size = 8;
        break;
    case WIRE_FIXED32:
        size = 4;
        break;
    case WIRE_BYTES:
        if (!wire_varint(at, end, &size)) {
            return false;
        }
        break;
    default:
        return false;
    }
    if (size > (uint64_t)(end - *at)) {
        return false;
    }
    *at += size;
    return true;
}

bool rpc_frame_correlation(const uint8_t *bytes, size_t size, uint64_t *correlation)
{
    const uint8_t *at = bytes;
    const uint8_t *end = bytes + size;
    while (at < end) {
        uint64_t tag;
        if (!wire_varint(&at, end, &tag)) {
            return false;
        }
        if (tag == ((1 << 3) | WIRE_FIXED64)) {
            if (end - at < 8) {
                return false;
            }
            *correlation = 0;
            for (unsigned i = 0; i < 8; i++) {
                *correlation |= (uint64_t)at[i] << (8 * i);
            }
            return true;
        }
        if (!wire_skip(&at, end, (unsigned)(tag & 7))) {
            return false;
        }
    }
    return false;
}
