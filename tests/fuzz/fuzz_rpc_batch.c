// Any bytes as a frame between daemons, as a server and as a client read it: the pairs, then each header, unpacked, checked and asked for
// its correlation. What is read must lie in the frame, one after the other without a gap; and what is written of it again reads the same.
#include <stdlib.h>
#include <string.h>

#include "common/pb/message.h"
#include "common/rpc/batch.h"
#include "common/rpc/frame.h"
#include "pcn/common/v1/envelope.meta.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_places(const rpc_pair_t *pairs, unsigned count, size_t size)
{
    size_t at = 0;
    for (unsigned i = 0; i < count; i++) {
        must(pairs[i].header_at == at + 4 && pairs[i].header_size <= RPC_HEADER_MAX);
        at = pairs[i].header_at + (size_t)pairs[i].header_size;
        must(pairs[i].body_at == at + 4 && pairs[i].body_size <= PB_FRAME_MAX);
        at = pairs[i].body_at + (size_t)pairs[i].body_size;
    }
    must(count <= RPC_BATCH_MAX && (count == 0 || at == size));
}

static void *unpack(const pb_type_t *type, const uint8_t *bytes, size_t size, arena_t *arena)
{
    void *message = NULL;
    return pb_unpack(type, bytes, size, arena, &message, NULL) == STATUS_OK ? message : NULL;
}

// One pair of it; the place of the header in the batch, which the caller clears.
static rpc_pair_t write_again(rpc_batch_t *batch, const ProtobufCMessage *header, const uint8_t *body, size_t body_size)
{
    rpc_pair_t pairs[RPC_BATCH_MAX];
    must(rpc_batch_add(batch, header, body, body_size) == RPC_BATCH_ADDED);
    must(rpc_batch_read(batch->bytes, batch->size, pairs) == 1);
    must(pairs[0].body_size == body_size && (body_size == 0 || memcmp(batch->bytes + pairs[0].body_at, body, body_size) == 0));
    return pairs[0];
}

static void check_reply(const uint8_t *data, const rpc_pair_t *pair, arena_t *arena)
{
    const uint8_t *bytes = data + pair->header_at;
    uint64_t correlation = 0;
    bool found = rpc_frame_correlation(bytes, pair->header_size, &correlation);
    const Pcn__Common__V1__ReplyHeader *reply = unpack(&pcn__common__v1__reply_header__type, bytes, pair->header_size, arena);
    if (reply == NULL)
        return;
    must(found || !reply->has_correlation);
    rpc_batch_t batch = {.bytes = NULL};
    rpc_pair_t again = write_again(&batch, &reply->base, data + pair->body_at, pair->body_size);
    found = rpc_frame_correlation(batch.bytes + again.header_at, again.header_size, &correlation);
    must(found == (reply->has_correlation != 0) && (!found || correlation == reply->correlation));
    rpc_batch_clear(&batch);
}

static void check_request(const uint8_t *data, const rpc_pair_t *pair, arena_t *arena)
{
    const Pcn__Common__V1__RequestHeader *request =
        unpack(&pcn__common__v1__request_header__type, data + pair->header_at, pair->header_size, arena);
    if (request == NULL)
        return;
    problem_t problem = {.status = STATUS_OK};
    must(pb_validate(&pcn__common__v1__request_header__type, request, false, &problem) == problem.status);
    rpc_batch_t batch = {.bytes = NULL};
    rpc_pair_t again = write_again(&batch, &request->base, data + pair->body_at, pair->body_size);
    must(unpack(&pcn__common__v1__request_header__type, batch.bytes + again.header_at, again.header_size, arena) != NULL);
    rpc_batch_clear(&batch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rpc_pair_t pairs[RPC_BATCH_MAX];
    unsigned count = rpc_batch_read(data, size, pairs);
    check_places(pairs, count, size);
    arena_t *arena = arena_new(64 * 1024 * 1024);
    must(arena != NULL);
    for (unsigned i = 0; i < count; i++) {
        check_request(data, &pairs[i], arena);
        check_reply(data, &pairs[i], arena);
        arena_reset(arena);
    }
    arena_destroy(&arena);
    return 0;
}
