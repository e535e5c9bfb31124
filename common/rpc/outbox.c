#include "common/rpc/outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { OUTBOX_SPARES = 16 };

struct outbox_batch {
    outbox_batch_t *next;
    int64_t deadline_us; // of the call that lasts longest
    unsigned count;
    size_t identity_size;
    uint8_t identity[RPC_IDENTITY_MAX];
    rpc_pair_t pairs[RPC_BATCH_MAX];
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

static void batch_give(rpc_outbox_t *outbox, outbox_batch_t *batch)
{
    outbox->pairs -= batch->count;
    if (outbox->spares == OUTBOX_SPARES) {
        free(batch);
        return;
    }
    batch->next = outbox->spare;
    outbox->spare = batch;
    outbox->spares++;
}

static void batch_drop(rpc_outbox_t *outbox, outbox_batch_t *batch)
{
    outbox->dropped->value += batch->count;
    for (unsigned i = 0; i < batch->count; i++) {
        rpc_pair_close(&batch->pairs[i]);
    }
    batch_give(outbox, batch);
}

void rpc_outbox_deinit(rpc_outbox_t *outbox)
{
    for (size_t i = 0; i < RPC_OUTBOX_BUCKETS; i++) {
        while (outbox->bucket[i] != NULL) {
            outbox_batch_t *batch = outbox->bucket[i];
            outbox->bucket[i] = batch->next;
            batch_drop(outbox, batch);
        }
    }
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

void rpc_outbox_add(rpc_outbox_t *outbox, const void *identity, size_t identity_size, rpc_pair_t *pair, int64_t deadline_us)
{
    outbox_batch_t **head = &outbox->bucket[identity_bucket(identity, identity_size)];
    outbox_batch_t *batch = *head;
    while (batch != NULL && (batch->count == RPC_BATCH_MAX || batch->identity_size != identity_size ||
                             memcmp(batch->identity, identity, identity_size) != 0)) {
        batch = batch->next;
    }
    if (batch == NULL && outbox->pairs < outbox->pairs_max) {
        batch = batch_take(outbox);
        if (batch != NULL) {
            batch->next = *head;
            *head = batch;
            batch->deadline_us = deadline_us;
            batch->count = 0;
            batch->identity_size = identity_size;
            memcpy(batch->identity, identity, identity_size);
        }
    }
    if (batch == NULL) {
        outbox->dropped->value++;
        rpc_pair_close(pair);
        return;
    }
    if (batch->deadline_us < deadline_us) {
        batch->deadline_us = deadline_us;
    }
    rpc_pair_t *place = &batch->pairs[batch->count++];
    (void)zmq_msg_init(&place->header);
    (void)zmq_msg_init(&place->body);
    (void)zmq_msg_move(&place->header, &pair->header);
    (void)zmq_msg_move(&place->body, &pair->body);
    rpc_pair_close(pair);
    outbox->pairs++;
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
    bool whole = true;
    for (unsigned i = 0; i < batch->count; i++) {
        rpc_pair_t *pair = &batch->pairs[i];
        whole = rpc_frame_send(socket, &pair->header, true) && whole;
        whole = rpc_frame_send(socket, &pair->body, i + 1 < batch->count) && whole;
        rpc_pair_close(pair); // what was sent is empty by now
    }
    return whole ? BATCH_SENT : BATCH_LOST;
}

bool rpc_outbox_flush(rpc_outbox_t *outbox, void *socket, int64_t now_us)
{
    bool waits = false;
    for (size_t i = 0; outbox->pairs > 0 && i < RPC_OUTBOX_BUCKETS; i++) {
        outbox_batch_t **at = &outbox->bucket[i];
        while (*at != NULL) {
            outbox_batch_t *batch = *at;
            batch_fate_t fate = batch_send(batch, socket);
            if (fate == BATCH_WAITS && batch->deadline_us > now_us) {
                waits = true;
                at = &batch->next;
                continue;
            }
            *at = batch->next;
            if (fate == BATCH_SENT) {
                batch_give(outbox, batch);
            } else {
                batch_drop(outbox, batch);
            }
        }
    }
    return waits;
}
