#include "common/rpc/batch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH_SIZE_BYTES = 4, BATCH_ROOM = 2048 };

// ---- out

// Room for `more` bytes. Doubled while small; what is larger is the one pair that the batch will ever hold.
static bool batch_grow(rpc_batch_t *batch, size_t more)
{
    size_t needed = batch->size + more;
    if (needed <= batch->room) {
        return true;
    }
    size_t room = batch->room > 0 ? batch->room : BATCH_ROOM;
    while (room < needed && room < RPC_BATCH_BYTES) {
        room *= 2;
    }
    room = room < needed ? needed : room;
    uint8_t *bytes = realloc(batch->bytes, room);
    if (bytes == NULL) {
        return false;
    }
    batch->bytes = bytes;
    batch->room = room;
    return true;
}

static uint8_t *put_size(uint8_t *at, size_t size)
{
    for (unsigned i = 0; i < BATCH_SIZE_BYTES; i++) {
        at[i] = (uint8_t)(size >> (8 * i));
    }
    return at + BATCH_SIZE_BYTES;
}

rpc_batch_result_t rpc_batch_add(rpc_batch_t *batch, const ProtobufCMessage *header, const void *body, size_t body_size)
{
    size_t header_size = protobuf_c_message_get_packed_size(header);
    if (header_size > RPC_HEADER_MAX || body_size > PB_FRAME_MAX) {
        return RPC_BATCH_TOO_LARGE;
    }
    size_t size = RPC_PAIR_SIZES + header_size + body_size;
    if (batch->count > 0 && (batch->count == RPC_BATCH_MAX || batch->size + size > RPC_BATCH_BYTES)) {
        return RPC_BATCH_FULL;
    }
    if (!batch_grow(batch, size)) {
        return RPC_BATCH_NO_MEMORY;
    }
    uint8_t *at = put_size(batch->bytes + batch->size, header_size);
    at = put_size(at + protobuf_c_message_pack(header, at), body_size);
    if (body_size > 0) {
        memcpy(at, body, body_size);
    }
    batch->size += size;
    batch->count++;
    return RPC_BATCH_ADDED;
}

void rpc_batch_clear(rpc_batch_t *batch)
{
    free(batch->bytes);
    *batch = (rpc_batch_t){.bytes = NULL};
}

static void free_bytes(void *bytes, void *hint)
{
    (void)hint;
    free(bytes); // in libzmq's thread
}

bool rpc_batch_seal(rpc_batch_t *batch, zmq_msg_t *frame)
{
    assert(batch->count > 0);
    if (zmq_msg_init_data(frame, batch->bytes, batch->size, free_bytes, NULL) != 0) {
        return false;
    }
    *batch = (rpc_batch_t){.bytes = NULL};
    return true;
}

// ---- in

// One size with the bytes that it counts.
static bool take_part(const uint8_t *bytes, size_t size, size_t *at, size_t most, uint32_t *part_at, uint32_t *part_size)
{
    if (size - *at < BATCH_SIZE_BYTES) {
        return false;
    }
    uint32_t number = 0;
    for (unsigned i = 0; i < BATCH_SIZE_BYTES; i++) {
        number |= (uint32_t)bytes[*at + i] << (8 * i);
    }
    *at += BATCH_SIZE_BYTES;
    if (number > most || number > size - *at) {
        return false;
    }
    *part_at = (uint32_t)*at;
    *part_size = number;
    *at += number;
    return true;
}

unsigned rpc_batch_read(const uint8_t *bytes, size_t size, rpc_pair_t pairs[RPC_BATCH_MAX])
{
    if (size > RPC_BATCH_BYTES_MAX) {
        return 0;
    }
    unsigned count = 0;
    for (size_t at = 0; at < size; count++) {
        if (count == RPC_BATCH_MAX) {
            return 0;
        }
        rpc_pair_t *pair = &pairs[count];
        if (!take_part(bytes, size, &at, RPC_HEADER_MAX, &pair->header_at, &pair->header_size) ||
            !take_part(bytes, size, &at, PB_FRAME_MAX, &pair->body_at, &pair->body_size)) {
            return 0;
        }
    }
    return count;
}
