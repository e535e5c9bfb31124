#include "common/rpc/outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/rpc/frame.h"

enum {
    OUTBOX_SPARES = 16,
    OUTBOX_PEERS = 4, // one peer that takes nothing leaves room for others: a quarter of all is the most that waits for it
};

struct outbox_batch {
    outbox_batch_t *next;
    int64_t deadline_us; // of the call that lasts longest
    rpc_batch_t batch;
    unsigned *held; // counts its pairs; NULL where nobody does
    size_t identity_size;
    uint8_t identity[RPC_IDENTITY_MAX];
};

void rpc_outbox_init(rpc_outbox_t *outbox, unsigned pairs_max, counter_t *dropped)
{
    *outbox = (rpc_outbox_t){.pairs_max = pairs_max, .dropped = dropped};
}

static outbox_batch_t *batch_take(rpc_outbox_t *outbox)
{
    outbox_batch_t *batch = outbox->spare;
    if (batch == NULL) {
        return malloc(sizeof *batch);
    }
    outbox->spare = batch->next;
    outbox->spares--;
    return batch;
}

// What it held is gone or was dropped; `count` pairs were in it.
static void batch_give(rpc_outbox_t *outbox, outbox_batch_t *batch, unsigned count)
{
    if (batch->held != NULL) {
        *batch->held -= count;
    }
    rpc_batch_clear(&batch->batch);
    if (outbox->spares == OUTBOX_SPARES) {
        free(batch);
        return;
    }
    batch->next = outbox->spare;
    outbox->spare = batch;
    outbox->spares++;
}

void rpc_outbox_clear(rpc_outbox_t *outbox)
{
    for (size_t i = 0; i < RPC_OUTBOX_BUCKETS; i++) {
        while (outbox->bucket[i] != NULL) {
            outbox_batch_t *batch = outbox->bucket[i];
            outbox->bucket[i] = batch->next;
            outbox->pairs -= batch->batch.count;
            outbox->dropped->value += batch->batch.count;
            batch_give(outbox, batch, batch->batch.count);
        }
    }
}

void rpc_outbox_deinit(rpc_outbox_t *outbox)
{
    rpc_outbox_clear(outbox);
    while (outbox->spare != NULL) {
        outbox_batch_t *batch = outbox->spare;
        outbox->spare = batch->next;
        free(batch);
    }
    outbox->spares = 0;
}

static size_t identity_bucket(const uint8_t *identity, size_t size)
{
    uint32_t hash = 2166136261u; // FNV-1a
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ identity[i]) * 16777619u;
    }
    return hash % RPC_OUTBOX_BUCKETS;
}

static outbox_batch_t *batch_find(outbox_batch_t *first, const void *identity, size_t identity_size)
{
    outbox_batch_t *batch = first;
    while (batch != NULL && (batch->identity_size != identity_size || memcmp(batch->identity, identity, identity_size) != 0)) {
        batch = batch->next;
    }
    return batch; // the peer's newest: those behind it are full
}

// What waits for a peer.
static unsigned pairs_of(const outbox_batch_t *first, const void *identity, size_t identity_size)
{
    unsigned pairs = 0;
    for (const outbox_batch_t *batch = first; batch != NULL; batch = batch->next) {
        if (batch->identity_size == identity_size && memcmp(batch->identity, identity, identity_size) == 0) {
            pairs += batch->batch.count;
        }
    }
    return pairs;
}

static outbox_batch_t *batch_open(rpc_outbox_t *outbox, outbox_batch_t **head, const void *identity, size_t identity_size, unsigned *held)
{
    const bool room = outbox->pairs < outbox->pairs_max &&
                      pairs_of(*head, identity, identity_size) < (outbox->pairs_max + OUTBOX_PEERS - 1) / OUTBOX_PEERS;
    outbox_batch_t *batch = room ? batch_take(outbox) : NULL;
    if (batch == NULL) {
        return NULL;
    }
    batch->deadline_us = INT64_MIN;
    batch->batch = (rpc_batch_t){.bytes = NULL};
    batch->held = held;
    batch->identity_size = identity_size;
    memcpy(batch->identity, identity, identity_size);
    batch->next = *head;
    *head = batch;
    return batch;
}

bool rpc_outbox_add(rpc_outbox_t *outbox, const void *identity, size_t identity_size, const ProtobufCMessage *header, const void *body,
                    size_t body_size, int64_t deadline_us, unsigned *held)
{
    outbox_batch_t **head = &outbox->bucket[identity_bucket(identity, identity_size)];
    outbox_batch_t *batch = batch_find(*head, identity, identity_size);
    const bool same = batch != NULL && batch->held == held;
    rpc_batch_result_t result = same ? rpc_batch_add(&batch->batch, header, body, body_size) : RPC_BATCH_FULL;
    if (result == RPC_BATCH_FULL) {
        batch = batch_open(outbox, head, identity, identity_size, held);
        result = batch != NULL ? rpc_batch_add(&batch->batch, header, body, body_size) : RPC_BATCH_NO_MEMORY;
        if (batch != NULL && result != RPC_BATCH_ADDED) {
            *head = batch->next; // none is ever empty
            batch_give(outbox, batch, 0);
        }
    }
    if (result != RPC_BATCH_ADDED) {
        if (result != RPC_BATCH_NO_MEMORY) {
            return false;
        }
        outbox->dropped->value++;
        if (held != NULL) {
            *held -= 1;
        }
        return true;
    }
    if (batch->deadline_us < deadline_us) {
        batch->deadline_us = deadline_us;
    }
    outbox->pairs++;
    return true;
}

typedef enum batch_fate { BATCH_SENT, BATCH_WAITS, BATCH_LOST } batch_fate_t;

static batch_fate_t batch_send(outbox_batch_t *batch, void *socket)
{
    // With ROUTER_MANDATORY the first frame, the peer's identity, decides: once taken, libzmq takes or discards the rest of the message.
    int taken;
    do {
        taken = zmq_send(socket, batch->identity, batch->identity_size, ZMQ_DONTWAIT | ZMQ_SNDMORE);
    } while (taken < 0 && errno == EINTR);
    if (taken < 0) {
        return errno == EAGAIN ? BATCH_WAITS : BATCH_LOST;
    }
    zmq_msg_t frame;
    bool sealed = rpc_batch_seal(&batch->batch, &frame);
    if (!sealed) {
        (void)zmq_msg_init(&frame); // no memory: what has begun must end, and an empty frame is one that the peer refuses
    }
    bool sent = rpc_frame_send(socket, &frame);
    (void)zmq_msg_close(&frame); // what was sent is empty by now
    return sealed && sent ? BATCH_SENT : BATCH_LOST;
}

bool rpc_outbox_flush(rpc_outbox_t *outbox, void *socket, int64_t now_us)
{
    bool waits = false;
    for (size_t i = 0; outbox->pairs > 0 && i < RPC_OUTBOX_BUCKETS; i++) {
        outbox_batch_t **at = &outbox->bucket[i];
        while (*at != NULL) {
            outbox_batch_t *batch = *at;
            unsigned count = batch->batch.count;
            batch_fate_t fate = batch_send(batch, socket);
            if (fate == BATCH_WAITS && batch->deadline_us > now_us) {
                waits = true;
                at = &batch->next;
                continue;
            }
            *at = batch->next;
            outbox->pairs -= count;
            outbox->dropped->value += fate == BATCH_SENT ? 0 : count;
            batch_give(outbox, batch, count);
        }
    }
    return waits;
}
