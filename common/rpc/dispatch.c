#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/rpc/calls.h"

enum {
    DISPATCH_ATTEMPTS = 4,              // sendings of one call: one that kills its server must not kill it for ever
    DISPATCH_PATIENCE_US = 1000 * 1000, // the longest wait before another replica is asked
    DISPATCH_PATIENCE_MIN_US = 1000,
    DISPATCH_TIMEOUT_MAX_MS = 600000,    // the contract's
    DISPATCH_TELL_US = 60 * 1000 * 1000, // between two lines about one replica
};

static uint64_t replica_bit(const rpc_replica_t *replica)
{
    return UINT64_C(1) << replica->index;
}

// ---- time

static void dispatch_rings(uv_timer_t *timer);

void rpc_dispatch_arm(rpc_client_t *client, int64_t now_us)
{
    const rpc_request_t *first = rpc_due_first(&client->due);
    if (first == NULL || (client->armed_us != 0 && client->armed_us <= first->due_us)) {
        return; // a ring too early does no harm
    }
    client->armed_us = first->due_us;
    int64_t wait_us = first->due_us > now_us ? first->due_us - now_us : 0;
    (void)uv_timer_start(&client->timer, dispatch_rings, (uint64_t)(wait_us + 999) / 1000, 0);
}

void rpc_dispatch_set_due(rpc_client_t *client, rpc_request_t *request, int64_t due_us)
{
    if (request->due_index != RPC_NOT_DUE) {
        rpc_due_remove(&client->due, request);
    }
    request->due_us = due_us;
    rpc_due_add(&client->due, request);
}

// A quarter of the call's whole time, at most a second.
static int64_t next_look(const rpc_request_t *request, int64_t now_us)
{
    int64_t patience = (request->deadline_us - request->called_us) / 4;
    patience = patience < DISPATCH_PATIENCE_US ? patience : DISPATCH_PATIENCE_US;
    patience = patience > DISPATCH_PATIENCE_MIN_US ? patience : DISPATCH_PATIENCE_MIN_US;
    return now_us + patience < request->deadline_us ? now_us + patience : request->deadline_us;
}

static void blame(rpc_client_t *client, rpc_replica_t *replica, int64_t now_us)
{
    if (rpc_replica_blame(replica, now_us)) {
        client->left_out->value++;
        // Of one that is slow time and again the figure tells.
        if (log_pause_over(&replica->told, now_us, DISPATCH_TELL_US)) {
            log_warning("a replica that does not answer is left out", LOG_NUMBER("replica", replica->index),
                        LOG_NUMBER("moreBefore", replica->told.held));
            replica->told.held = 0;
        }
    }
}

// Whoever has the call and was not blamed for it yet.
static void blame_holders(rpc_client_t *client, rpc_request_t *request, int64_t now_us)
{
    uint64_t slow = request->sent_to & ~request->blamed;
    request->blamed |= slow;
    for (unsigned i = 0; slow != 0 && i < client->replica_count; i++) {
        if ((slow & replica_bit(&client->replicas[i])) != 0) {
            blame(client, &client->replicas[i], now_us);
        }
    }
}

static void look_at(rpc_client_t *client, rpc_request_t *request, int64_t now_us)
{
    if (request->attempts > 0) {
        blame_holders(client, request, now_us);
    }
    if (request->deadline_us <= now_us) {
        rpc_calls_fail(client, request, request->attempts > 0 ? STATUS_DEADLINE_EXCEEDED : STATUS_UNAVAILABLE);
        return;
    }
    rpc_dispatch_set_due(client, request, next_look(request, now_us));
    if (request->list == &client->sent && request->repeatable) {
        (void)rpc_dispatch_elsewhere(client, request, request->sent_to, now_us);
    }
}

static void dispatch_rings(uv_timer_t *timer)
{
    rpc_client_t *client = timer->data;
    int64_t now_us = clock_steady_us();
    client->armed_us = 0;
    for (rpc_request_t *first = rpc_due_first(&client->due); first != NULL && first->due_us <= now_us;
         first = rpc_due_first(&client->due)) {
        look_at(client, first, now_us);
    }
    rpc_dispatch_arm(client, now_us);
}

// ---- which replica

typedef struct candidates {
    rpc_replica_t *good, *probe, *left_out;
} candidates_t;

static candidates_t find_candidates(rpc_client_t *client, uint64_t except, int64_t now_us)
{
    candidates_t found = {NULL, NULL, NULL};
    for (unsigned i = 0; i < client->replica_count; i++) {
        rpc_replica_t *replica = &client->replicas[i];
        if (!replica->connection.connected || replica->full || (except & replica_bit(replica)) != 0) {
            continue;
        }
        rpc_replica_t **place = &found.left_out;
        switch (rpc_replica_standing(replica, now_us)) {
        case RPC_STANDING_GOOD:
            place = &found.good;
            break;
        case RPC_STANDING_PROBE:
            place = &found.probe;
            break;
        default:
            break;
        }
        if (*place == NULL || replica->in_flight < (*place)->in_flight) {
            *place = replica;
        }
    }
    return found;
}

// A probe is a risk, so it is taken with a call that can go elsewhere. Where nobody is in good standing, those left out are better
// than nobody.
static rpc_replica_t *choose(rpc_client_t *client, const rpc_request_t *request, int64_t now_us)
{
    candidates_t found = find_candidates(client, 0, now_us);
    if (found.probe != NULL && (request->repeatable || found.good == NULL)) {
        found.probe->probed = true;
        return found.probe;
    }
    return found.good != NULL ? found.good : found.left_out;
}

static void assign(rpc_request_t *request, rpc_replica_t *replica)
{
    requests_remove(request);
    requests_add(&replica->queue, request);
    request->sent_to |= replica_bit(replica);
    request->blamed &= ~replica_bit(replica);
    replica->in_flight++;
}

void rpc_dispatch_withdraw(rpc_request_t *request, rpc_replica_t *replica)
{
    if ((request->sent_to & replica_bit(replica)) != 0) {
        request->sent_to &= ~replica_bit(replica);
        replica->in_flight--;
    }
}

bool rpc_dispatch_elsewhere(rpc_client_t *client, rpc_request_t *request, uint64_t except, int64_t now_us)
{
    candidates_t found = find_candidates(client, except, now_us);
    rpc_replica_t *other = found.good;
    if (other == NULL || request->attempts >= DISPATCH_ATTEMPTS || !rpc_budget_spend(&client->budget, now_us)) {
        return false;
    }
    client->repeated->value++;
    assign(request, other);
    rpc_turn_ask(&client->turn);
    return true;
}

// ---- sending

// Back from a queue from which it was not sent.
static void put_back(rpc_client_t *client, rpc_request_t *request, rpc_replica_t *replica)
{
    rpc_dispatch_withdraw(request, replica);
    requests_remove(request);
    requests_add(request->sent_to != 0 ? &client->sent : &client->waiting, request);
}

static void mark_sent(rpc_client_t *client, rpc_request_t *request, rpc_replica_t *replica, int64_t now_us)
{
    requests_remove(request);
    requests_add(&client->sent, request);
    request->attempts++;
    request->replica = replica->index;
    request->sent_us = now_us;
    rpc_dispatch_set_due(client, request, request->repeatable ? next_look(request, now_us) : request->deadline_us);
}

static rpc_batch_result_t add_request(rpc_batch_t *batch, rpc_request_t *request, int64_t now_us)
{
    int64_t left_ms = (request->deadline_us - now_us + 999) / 1000;
    left_ms = left_ms > 1 ? left_ms : 1;
    request->header.has_correlation = true;
    request->header.correlation = request->correlation;
    request->header.has_timeout_ms = true;
    request->header.timeout_ms = left_ms < DISPATCH_TIMEOUT_MAX_MS ? (uint32_t)left_ms : DISPATCH_TIMEOUT_MAX_MS;
    return rpc_batch_add(batch, &request->header.base, request->body, request->body_size);
}

// As many of the queue as one batch takes; says how many. They move to the sent ones, and into `packed`.
static unsigned pack_batch(rpc_client_t *client, rpc_replica_t *replica, int64_t now_us, rpc_batch_t *batch,
                           rpc_request_t *packed[RPC_BATCH_MAX])
{
    unsigned count = 0;
    while (replica->queue.first != NULL) {
        rpc_request_t *request = replica->queue.first;
        switch (add_request(batch, request, now_us)) {
        case RPC_BATCH_ADDED:
            packed[count++] = request;
            requests_remove(request);
            requests_add(&client->sent, request);
            break;
        case RPC_BATCH_TOO_LARGE:
            rpc_calls_refuse(client, request, STATUS_INVALID_ARGUMENT);
            break;
        case RPC_BATCH_NO_MEMORY:
            rpc_calls_refuse(client, request, STATUS_RESOURCE_EXHAUSTED);
            break;
        case RPC_BATCH_FULL:
        default:
            return count;
        }
    }
    return count;
}

// One message of what the queue holds. False where the replica does not take it.
static bool send_batch(rpc_client_t *client, rpc_replica_t *replica, int64_t now_us)
{
    rpc_batch_t batch = {.bytes = NULL};
    rpc_request_t *packed[RPC_BATCH_MAX];
    unsigned count = pack_batch(client, replica, now_us, &batch, packed);
    zmq_msg_t frame;
    if (count == 0 || !rpc_batch_seal(&batch, &frame)) {
        for (unsigned i = 0; i < count; i++) {
            rpc_calls_refuse(client, packed[i], STATUS_RESOURCE_EXHAUSTED);
        }
        rpc_batch_clear(&batch);
        return true;
    }
    bool sent = rpc_replica_send(replica, &frame);
    for (unsigned i = 0; i < count; i++) {
        if (sent) {
            mark_sent(client, packed[i], replica, now_us);
        } else {
            put_back(client, packed[i], replica);
        }
    }
    return sent;
}

static void send_queue(rpc_client_t *client, rpc_replica_t *replica, int64_t now_us)
{
    while (replica->queue.first != NULL) {
        if (send_batch(client, replica, now_us)) {
            continue;
        }
        while (replica->queue.first != NULL) {
            put_back(client, replica->queue.first, replica);
        }
        blame(client, replica, now_us);
        rpc_turn_ask(&client->turn); // another replica may take them
    }
}

void rpc_dispatch_turn(rpc_client_t *client)
{
    int64_t now_us = clock_steady_us();
    while (client->waiting.first != NULL) {
        rpc_replica_t *replica = choose(client, client->waiting.first, now_us);
        if (replica == NULL) {
            break; // they wait for a connection, for room in a pipe, or for their deadline
        }
        assign(client->waiting.first, replica);
    }
    for (unsigned i = 0; i < client->replica_count; i++) {
        send_queue(client, &client->replicas[i], now_us);
    }
    rpc_dispatch_arm(client, now_us);
}

// ---- connections

void rpc_dispatch_connected(void *data, rpc_replica_t *replica)
{
    (void)replica;
    rpc_client_t *client = data;
    rpc_turn_ask(&client->turn);
}

// The replica is gone with what it had. That costs no budget: its load went with it.
static void lose(rpc_client_t *client, rpc_requests_t *list, rpc_replica_t *replica)
{
    rpc_request_t *next = NULL;
    for (rpc_request_t *request = list->first; request != NULL; request = next) {
        next = request->next;
        if ((request->sent_to & replica_bit(replica)) == 0) {
            continue;
        }
        if (list == &replica->queue) {
            put_back(client, request, replica);
            continue;
        }
        rpc_dispatch_withdraw(request, replica);
        if (request->sent_to != 0) {
            continue; // another one still has it
        }
        if (!request->repeatable || request->attempts >= DISPATCH_ATTEMPTS) {
            rpc_calls_refuse(client, request, STATUS_UNAVAILABLE);
            continue;
        }
        client->repeated->value++;
        requests_remove(request);
        requests_add(&client->waiting, request);
        rpc_dispatch_set_due(client, request, request->deadline_us);
    }
}

void rpc_dispatch_lost(void *data, rpc_replica_t *replica)
{
    rpc_client_t *client = data;
    lose(client, &client->sent, replica);
    for (unsigned i = 0; i < client->replica_count; i++) {
        lose(client, &client->replicas[i].queue, replica);
    }
    rpc_turn_ask(&client->turn);
}
