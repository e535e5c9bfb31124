#include "common/rpc/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/pb/message.h"
#include "common/rpc/calls.h"
#include "common/rpc/frame.h"
#include "pcn/common/v1/envelope.meta.h"

enum {
    CLIENT_IN_FLIGHT_MAX = 4096,
    CLIENT_SLOT_BITS = 20,
    CLIENT_BUSY_MS = 100,
    // So many do not wait for the end of the turn: the service works on them while further ones are made ready here. Otherwise all that
    // were ever answered together ask again together, and every process waits for the one that has them all.
    CLIENT_FRAME_CALLS = 16,
};

#define CLIENT_SLOT_MASK ((UINT64_C(1) << CLIENT_SLOT_BITS) - 1)

// ---- correlations

// A slot with a number of its own each time it is used, so that a late reply never meets another call.
static void slot_take(rpc_client_t *client, rpc_request_t *request)
{
    uint32_t slot = client->free_slots[client->in_flight_max - client->in_flight - 1];
    client->in_flight++;
    client->generation++;
    request->correlation = client->generation << CLIENT_SLOT_BITS | slot;
    client->slots[slot] = request;
}

static void slot_give(rpc_client_t *client, rpc_request_t *request)
{
    uint32_t slot = (uint32_t)(request->correlation & CLIENT_SLOT_MASK);
    client->in_flight--;
    client->free_slots[client->in_flight_max - client->in_flight - 1] = slot;
    client->slots[slot] = NULL;
    request->correlation = 0;
}

static rpc_request_t *slot_find(const rpc_client_t *client, uint64_t correlation)
{
    uint64_t slot = correlation & CLIENT_SLOT_MASK;
    rpc_request_t *request = slot < client->in_flight_max ? client->slots[slot] : NULL;
    return request != NULL && request->correlation == correlation ? request : NULL;
}

// ---- ends

// Out of everything but the list of the refused.
static void release(rpc_client_t *client, rpc_request_t *request)
{
    requests_remove(request);
    if (request->due_index != RPC_NOT_DUE) {
        rpc_due_remove(&client->due, request);
        request->due_index = RPC_NOT_DUE;
    }
    for (unsigned i = 0; request->sent_to != 0 && i < client->replica_count; i++) {
        rpc_dispatch_withdraw(request, &client->replicas[i]);
    }
    if (request->correlation != 0) {
        slot_give(client, request);
    }
}

void rpc_calls_finish(rpc_client_t *client, rpc_request_t *request, const Pcn__Common__V1__ReplyHeader *reply, const uint8_t *body,
                      size_t body_size, const problem_t *problem)
{
    release(client, request);
    const pb_method_t *method = request->header.method != NULL ? pb_method_by_name(request->header.method) : NULL;
    rpc_meter_add(client->meter, method, problem->status, clock_steady_us() - request->called_us);
    request->done(request, reply, body, body_size, problem);
}

void rpc_calls_refuse(rpc_client_t *client, rpc_request_t *request, status_t outcome)
{
    release(client, request);
    request->outcome = outcome;
    requests_add(&client->refused, request);
    rpc_turn_ask(&client->turn);
}

void rpc_calls_fail(rpc_client_t *client, rpc_request_t *request, status_t outcome)
{
    problem_t problem = {.status = STATUS_OK};
    switch (outcome) {
    case STATUS_DEADLINE_EXCEEDED:
        (void)problem_set(&problem, outcome, NULL, "The service did not answer in time");
        break;
    case STATUS_RESOURCE_EXHAUSTED:
        (void)problem_set(&problem, outcome, NULL, "Too many calls to the service are in flight");
        problem.retry_after_ms = CLIENT_BUSY_MS;
        break;
    case STATUS_INVALID_ARGUMENT:
        (void)problem_set(&problem, outcome, NULL, "The message is larger than %u bytes, or what stands before it than %u", PB_FRAME_MAX,
                          RPC_HEADER_MAX);
        break;
    default:
        (void)problem_set(&problem, STATUS_UNAVAILABLE, NULL,
                          request->attempts > 0 ? "The connection to the service was lost; whether the call took effect is not known."
                                                : "The service cannot be reached");
        problem.retry_after_ms = CLIENT_BUSY_MS;
        break;
    }
    rpc_calls_finish(client, request, NULL, NULL, 0, &problem);
}

static void client_turn_end(void *data)
{
    rpc_client_t *client = data;
    // Only those that are there now: their callers may call again and be refused again.
    for (unsigned count = client->refused.count; count > 0; count--) {
        rpc_calls_fail(client, client->refused.first, client->refused.first->outcome);
    }
    rpc_dispatch_turn(client);
    if (client->refused.first != NULL) {
        rpc_turn_ask(&client->turn);
    }
}

// ---- answers

static void count_malformed(void *data, rpc_replica_t *replica)
{
    (void)replica;
    rpc_client_t *client = data;
    client->bad_frames->value++;
}

// A replica that is about to stop, or is full up: another one may do it. True where the call goes on.
static bool goes_on(rpc_client_t *client, rpc_request_t *request, rpc_replica_t *replica, const Pcn__Common__V1__ReplyHeader *reply)
{
    if (!request->repeatable || !reply->has_status || reply->status != STATUS_UNAVAILABLE) {
        return false;
    }
    rpc_dispatch_withdraw(request, replica);
    return request->sent_to != 0 || rpc_dispatch_elsewhere(client, request, UINT64_C(1) << replica->index, clock_steady_us());
}

static void take_reply(void *data, rpc_replica_t *replica, const uint8_t *bytes, const rpc_pair_t *pair)
{
    rpc_client_t *client = data;
    const uint8_t *header = bytes + pair->header_at;
    uint64_t correlation = 0;
    if (!rpc_frame_correlation(header, pair->header_size, &correlation)) {
        client->bad_frames->value++;
        return;
    }
    rpc_request_t *request = slot_find(client, correlation);
    if (request == NULL) {
        client->late->value++;
        return;
    }
    rpc_replica_praise(replica);
    problem_t problem = {.status = STATUS_OK};
    void *unpacked = NULL;
    status_t status = pb_unpack(&pcn__common__v1__reply_header__type, header, pair->header_size, request->arena, &unpacked, &problem);
    const char *content = status == STATUS_OK ? arena_copy(request->arena, bytes + pair->body_at, pair->body_size) : NULL;
    if (content == NULL) {
        bool unreadable = status != STATUS_OK && status != STATUS_RESOURCE_EXHAUSTED;
        client->bad_frames->value += unreadable ? 1 : 0;
        (void)problem_set(&problem, unreadable ? STATUS_INTERNAL : STATUS_RESOURCE_EXHAUSTED, NULL,
                          unreadable ? "The service's answer cannot be read" : "The service's answer is too large");
        rpc_calls_finish(client, request, NULL, NULL, 0, &problem);
        return;
    }
    const Pcn__Common__V1__ReplyHeader *reply = unpacked;
    if (goes_on(client, request, replica, reply)) {
        return;
    }
    problem = (problem_t){.status = status_from_number(reply->has_status ? reply->status : STATUS_OK)};
    if (problem.status != STATUS_OK) {
        (void)problem_set(&problem, problem.status, reply->field, "%s", reply->detail != NULL ? reply->detail : "");
        problem.retry_after_ms = reply->has_retry_after_ms ? reply->retry_after_ms : 0;
        problem.members = reply->members;
    }
    rpc_calls_finish(client, request, reply, (const uint8_t *)content, pair->body_size, &problem);
}

static const rpc_replica_listener_t client_listener = {
    .reply = take_reply,
    .connected = rpc_dispatch_connected,
    .lost = rpc_dispatch_lost,
    .writable = rpc_dispatch_connected,
    .malformed = count_malformed,
};

// ---- calls

void rpc_client_call(rpc_client_t *client, rpc_request_t *request)
{
    request->next = NULL;
    request->previous = NULL;
    request->list = NULL;
    request->correlation = 0;
    request->sent_to = 0;
    request->blamed = 0;
    request->replica = 0;
    request->attempts = 0;
    request->due_index = RPC_NOT_DUE;
    request->called_us = clock_steady_us();
    request->sent_us = 0;
    request->outcome = STATUS_OK;
    if (client->closing) {
        rpc_calls_refuse(client, request, STATUS_UNAVAILABLE);
        return;
    }
    if (request->body_size > PB_FRAME_MAX) {
        rpc_calls_refuse(client, request, STATUS_INVALID_ARGUMENT); // the service would cut the connection
        return;
    }
    if (request->deadline_us <= request->called_us) {
        rpc_calls_refuse(client, request, STATUS_DEADLINE_EXCEEDED);
        return;
    }
    if (client->in_flight == client->in_flight_max) {
        rpc_calls_refuse(client, request, STATUS_RESOURCE_EXHAUSTED);
        return;
    }
    slot_take(client, request);
    rpc_budget_earn(&client->budget);
    rpc_dispatch_set_due(client, request, request->deadline_us);
    requests_add(&client->waiting, request);
    if (client->waiting.count % CLIENT_FRAME_CALLS == 0) {
        rpc_dispatch_turn(client);
    }
    rpc_turn_ask(&client->turn);
}

bool rpc_client_ready(const rpc_client_t *client)
{
    int64_t now_us = clock_steady_us();
    for (unsigned i = 0; i < client->replica_count; i++) {
        const rpc_replica_t *replica = &client->replicas[i];
        // One whose probe is due counts: else whoever waits for readiness before sending calls would wait for ever.
        if (replica->connection.connected && rpc_replica_standing(replica, now_us) != RPC_STANDING_LEFT_OUT) {
            return true;
        }
    }
    return false;
}

unsigned rpc_client_in_flight(const rpc_client_t *client)
{
    return client->in_flight;
}

// ---- life

static counter_t *client_counter(metrics_t *metrics, const char *name, const char *service, const char *help)
{
    char labels[RPC_NAME_SIZE + 16];
    (void)snprintf(labels, sizeof labels, "service=\"%s\"", service);
    return metrics_counter(metrics, name, labels, help);
}

static status_t client_memory(rpc_client_t *client, const rpc_client_options_t *options, metrics_t *metrics, problem_t *problem)
{
    char label[RPC_NAME_SIZE + 16];
    (void)snprintf(label, sizeof label, "service=\"%s\",", options->service);
    unsigned count = client->in_flight_max;
    client->slots = calloc(count, sizeof *client->slots);
    client->free_slots = calloc(count, sizeof *client->free_slots);
    client->meter = rpc_meter_new(metrics, "pcn_rpc_client", label);
    if (!rpc_due_init(&client->due, count) || client->slots == NULL || client->free_slots == NULL || client->meter == NULL) {
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "No memory for the client of %s", options->service);
    }
    for (uint32_t i = 0; i < count; i++) {
        client->free_slots[i] = i;
    }
    client->repeated = client_counter(metrics, "pcn_rpc_client_repeated_total", options->service, "Calls sent once more.");
    client->left_out = client_counter(metrics, "pcn_rpc_client_left_out_total", options->service, "Times a silent replica was left out.");
    client->late = client_counter(metrics, "pcn_rpc_client_late_total", options->service, "Replies to calls that were over.");
    client->bad_frames = client_counter(metrics, "pcn_rpc_client_bad_frames_total", options->service, "Replies that could not be read.");
    return STATUS_OK;
}

static status_t client_connect(rpc_client_t *client, const rpc_client_options_t *options, problem_t *problem)
{
    unsigned count = 0;
    while (options->endpoints[count] != NULL) {
        count++;
    }
    if (count == 0 || count > RPC_REPLICAS_MAX) {
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "%s needs 1 to %d endpoints", options->service, RPC_REPLICAS_MAX);
    }
    client->replicas = calloc(count, sizeof *client->replicas);
    if (client->replicas == NULL) {
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "No memory for the client of %s", options->service);
    }
    client->replica_count = count;
    status_t status = STATUS_OK;
    for (unsigned i = 0; i < count && status == STATUS_OK; i++) {
        client->replicas[i].index = i;
        status = rpc_replica_init(&client->replicas[i], client->context, options->endpoints[i], options->server_key, &client_listener,
                                  client, problem);
    }
    return status;
}

status_t rpc_client_new(rpc_context_t *context, const rpc_client_options_t *options, metrics_t *metrics, rpc_client_t **out,
                        problem_t *problem)
{
    *out = NULL;
    rpc_client_t *client = calloc(1, sizeof *client);
    if (client == NULL) {
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "No memory for the client of %s", options->service);
    }
    client->context = context;
    client->in_flight_max = options->in_flight_max > 0 ? options->in_flight_max : CLIENT_IN_FLIGHT_MAX;
    client->in_flight_max = client->in_flight_max <= CLIENT_SLOT_MASK ? client->in_flight_max : (unsigned)CLIENT_SLOT_MASK;
    rpc_budget_init(&client->budget, clock_steady_us());
    rpc_turn_init(&client->turn, context, client_turn_end, client);
    (void)uv_timer_init(rpc_context_loop(context), &client->timer);
    client->timer.data = client;
    uv_unref((uv_handle_t *)&client->timer); // the sockets keep the loop going
    status_t status = client_memory(client, options, metrics, problem);
    if (status == STATUS_OK) {
        status = client_connect(client, options, problem);
    }
    if (status != STATUS_OK) {
        rpc_client_destroy(&client);
        return status;
    }
    *out = client;
    return STATUS_OK;
}

static void fail_all(rpc_client_t *client, rpc_requests_t *list)
{
    while (list->first != NULL) {
        rpc_calls_fail(client, list->first, STATUS_UNAVAILABLE);
    }
}

static void client_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void rpc_client_destroy(rpc_client_t **client)
{
    rpc_client_t *self = *client;
    if (self == NULL) {
        return;
    }
    *client = NULL;
    self->closing = true;
    for (unsigned i = 0; i < self->replica_count; i++) {
        fail_all(self, &self->replicas[i].queue);
    }
    fail_all(self, &self->sent);
    fail_all(self, &self->waiting);
    fail_all(self, &self->refused); // those, too, that were called from a `done` above
    for (unsigned i = 0; i < self->replica_count; i++) {
        rpc_replica_deinit(&self->replicas[i]);
    }
    rpc_turn_deinit(&self->turn);
    rpc_due_deinit(&self->due);
    rpc_meter_destroy(&self->meter);
    free(self->replicas);
    free(self->slots);
    free(self->free_slots);
    uv_close((uv_handle_t *)&self->timer, client_closed);
}
