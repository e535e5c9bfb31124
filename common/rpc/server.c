#include "common/rpc/server.h"

#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/pb/message.h"
#include "common/rpc/binding.h"
#include "common/rpc/frame.h"
#include "common/rpc/loop.h"
#include "common/rpc/meter.h"
#include "common/rpc/outbox.h"
#include "common/rpc/share.h"
#include "pcn/common/v1/envelope.meta.h"

enum {
    SERVER_IN_FLIGHT_MAX = 4096,
    SERVER_ARENAS_KEPT = 256,
    SERVER_MESSAGES_A_CALL = 32, // of `readable`, which the loop calls a few times a turn
    SERVER_RETRY_MS = 10,        // for a peer that does not take its replies now
    SERVER_BUSY_MS = 100,        // advice to one who meets a full server
    SERVER_DRAIN_MS = 500,       // and to one who meets a server that goes
};

// A call with what its reply needs. In the call's arena, but for the body, which stays in libzmq's message: the calls of one frame share
// it, and it goes with the last of them.
typedef struct served {
    rpc_call_t call; // first: rpc_reply gets back to the rest
    zmq_msg_t frame;
    uint64_t correlation;
    const pb_method_t *method; // NULL where the contract does not know it
    const uint8_t *identity;
    size_t identity_size;
    uint64_t generation; // of the binding it came by
    rpc_share_t *share;  // of its key; NULL where it takes no room
    struct served *next, *previous;
} served_t;

struct rpc_server {
    rpc_context_t *context;
    rpc_binding_t *binding;
    rpc_turn_t turn;
    rpc_outbox_t outbox;
    uv_timer_t retry;
    const rpc_permission_t *permissions;
    rpc_serve_fn serve;
    void *data;
    arena_pool_t *arenas;
    served_t *open;
    unsigned in_flight;
    unsigned in_flight_max;
    bool draining;
    rpc_shares_t shares;
    rpc_meter_t *meter;
    counter_t *bad_frames;
    counter_t *refused; // for want of room
    gauge_t *open_calls;
};

// One message while it is read.
typedef struct incoming {
    zmq_msg_t *frame;
    const uint8_t *identity;
    size_t identity_size;
    const char *peer;
    int64_t now_us;
} incoming_t;

// ---- replies

static void server_turn_end(void *data);

static void server_retry(uv_timer_t *timer)
{
    server_turn_end(timer->data);
}

static void server_turn_end(void *data)
{
    rpc_server_t *server = data;
    if (server->outbox.pairs == 0) {
        return;
    }
    rpc_socket_t *socket = rpc_binding_socket(server->binding); // there: without one nothing gets into the outbox
    bool waits = rpc_outbox_flush(&server->outbox, rpc_socket_zmq(socket), clock_steady_us());
    rpc_socket_touch(socket);
    // POLLOUT of a ROUTER tells of any peer, not of the one that is full: only trying again tells.
    if (waits && !uv_is_active((uv_handle_t *)&server->retry)) {
        (void)uv_timer_start(&server->retry, server_retry, SERVER_RETRY_MS, 0);
    }
}

// Out of the list, and its memory back.
static void served_close(rpc_server_t *server, served_t *served)
{
    if (served->next != NULL) {
        served->next->previous = served->previous;
    }
    if (served->previous != NULL) {
        served->previous->next = served->next;
    } else {
        server->open = served->next;
    }
    rpc_share_give(served->share);
    server->in_flight--;
    server->open_calls->value = server->in_flight;
    (void)zmq_msg_close(&served->frame);
    arena_t *arena = served->call.arena;
    arena_pool_give(server->arenas, &arena);
}

// Everybody was sent away: what was answered and not yet sent has nobody to go to, and the peers ask again.
static void server_peers_gone(void *data)
{
    rpc_server_t *server = data;
    rpc_outbox_clear(&server->outbox);
    (void)uv_timer_stop(&server->retry);
}

// False for one that no frame takes. With the reply the call's share leaves the call: it is given back when the reply has left the outbox.
static bool queue_reply(rpc_server_t *server, served_t *served, const Pcn__Common__V1__ReplyHeader *reply, const void *body,
                        size_t body_size)
{
    if (served->generation != rpc_binding_generation(server->binding)) {
        server->outbox.dropped->value++; // its routing id may be another peer's now
        return true;
    }
    Pcn__Common__V1__ReplyHeader header = *reply;
    header.has_correlation = true;
    header.correlation = served->correlation;
    rpc_turn_ask(&server->turn);
    unsigned *held = served->share != NULL ? &served->share->in_flight : NULL;
    if (!rpc_outbox_add(&server->outbox, served->identity, served->identity_size, &header.base, body, body_size, served->call.deadline_us,
                        held)) {
        return false;
    }
    served->share = NULL;
    return true;
}

void rpc_reply(rpc_server_t *server, rpc_call_t *call, const Pcn__Common__V1__ReplyHeader *reply, const void *body, size_t body_size)
{
    served_t *served = (served_t *)call;
    if (!queue_reply(server, served, reply, body, body_size)) {
        log_error("a reply is larger than a frame may be", LOG_TEXT("method", served->method != NULL ? served->method->name : "other"),
                  LOG_NUMBER("bytes", body_size));
        problem_t problem = {.status = STATUS_OK};
        (void)problem_set(&problem, STATUS_INTERNAL, NULL, "The answer is larger than a message may be");
        rpc_refuse(server, call, &problem);
        return;
    }
    status_t status = status_from_number(reply->has_status ? reply->status : STATUS_OK);
    rpc_meter_add(server->meter, served->method, status, clock_steady_us() - call->received_us);
    served_close(server, served);
}

void rpc_refuse(rpc_server_t *server, rpc_call_t *call, const problem_t *problem)
{
    Pcn__Common__V1__ReplyHeader reply = PCN__COMMON__V1__REPLY_HEADER__INIT;
    problem_t words = *problem;
    reply.has_status = true;
    // A refusal that says OK would be taken for an answer.
    reply.status = problem->status != STATUS_OK ? (uint32_t)problem->status : (uint32_t)STATUS_INTERNAL;
    reply.field = words.field[0] != '\0' ? words.field : NULL;
    reply.detail = words.detail[0] != '\0' ? words.detail : NULL;
    reply.has_retry_after_ms = problem->retry_after_ms > 0;
    reply.retry_after_ms = problem->retry_after_ms;
    reply.members = (char *)(uintptr_t)problem->members;
    rpc_reply(server, call, &reply, NULL, 0);
}

// ---- calls

static const rpc_permission_t *find_permission(const rpc_server_t *server, const char *peer, const char *method)
{
    for (const rpc_permission_t *row = server->permissions; row != NULL && row->peer != NULL; row++) {
        if ((strcmp(row->peer, "*") == 0 || strcmp(row->peer, peer) == 0) && strncmp(row->method, method, strlen(row->method)) == 0) {
            return row;
        }
    }
    return NULL;
}

static status_t refuse_until(problem_t *problem, status_t status, uint32_t retry_after_ms, const char *detail)
{
    (void)problem_set(problem, status, NULL, "%s", detail);
    problem->retry_after_ms = retry_after_ms;
    return status;
}

// Everything that is checked before the service sees the call.
static status_t check_call(rpc_server_t *server, served_t *served, problem_t *problem)
{
    const Pcn__Common__V1__RequestHeader *header = served->call.header;
    status_t status = pb_validate(&pcn__common__v1__request_header__type, header, false, problem);
    if (status != STATUS_OK) {
        server->bad_frames->value++;
        return status;
    }
    const rpc_permission_t *row = find_permission(server, served->call.peer, header->method);
    if (row == NULL) {
        return problem_set(problem, STATUS_PERMISSION_DENIED, NULL, "%s may not call this method", served->call.peer);
    }
    if (header->principal != NULL && !row->with_principal) {
        return problem_set(problem, STATUS_PERMISSION_DENIED, NULL, "%s may not speak for somebody else", served->call.peer);
    }
    if (server->draining) {
        return refuse_until(problem, STATUS_UNAVAILABLE, SERVER_DRAIN_MS, "The service is about to stop");
    }
    if (server->in_flight > server->in_flight_max) {
        server->refused->value++;
        return refuse_until(problem, STATUS_RESOURCE_EXHAUSTED, SERVER_BUSY_MS, "The service has too many calls in flight");
    }
    served->share = rpc_shares_take(&server->shares, (size_t)(row - server->permissions), served->call.peer);
    if (served->share == NULL) {
        server->refused->value++;
        return refuse_until(problem, STATUS_RESOURCE_EXHAUSTED, SERVER_BUSY_MS, "Too many calls of this kind are in flight");
    }
    return STATUS_OK;
}

// The call in its arena, linked among the open ones; NULL for a header that cannot be read or does not say what to answer to.
static served_t *open_call(rpc_server_t *server, const incoming_t *from, const rpc_pair_t *pair)
{
    arena_t *arena = arena_pool_take(server->arenas);
    if (arena == NULL) {
        return NULL;
    }
    served_t *served = arena_zero(arena, sizeof *served);
    void *unpacked = NULL;
    const uint8_t *bytes = zmq_msg_data(from->frame);
    char *identity = arena_copy(arena, from->identity, from->identity_size);
    char *peer = arena_string(arena, from->peer);
    if (served == NULL || identity == NULL || peer == NULL ||
        pb_unpack(&pcn__common__v1__request_header__type, bytes + pair->header_at, pair->header_size, arena, &unpacked, NULL) !=
            STATUS_OK ||
        !((const Pcn__Common__V1__RequestHeader *)unpacked)->has_correlation) {
        arena_pool_give(server->arenas, &arena);
        return NULL;
    }
    const Pcn__Common__V1__RequestHeader *request = unpacked;
    (void)zmq_msg_init(&served->frame);
    (void)zmq_msg_copy(&served->frame, from->frame); // counts one more owner of the same bytes
    served->correlation = request->correlation;
    served->method = request->method != NULL ? pb_method_by_name(request->method) : NULL;
    served->identity = (const uint8_t *)identity;
    served->identity_size = from->identity_size;
    served->generation = rpc_binding_generation(server->binding);
    served->call = (rpc_call_t){
        .arena = arena,
        .header = request,
        .body = (const uint8_t *)zmq_msg_data(&served->frame) + pair->body_at,
        .body_size = pair->body_size,
        .peer = peer,
        .received_us = from->now_us,
        .deadline_us = from->now_us + (int64_t)request->timeout_ms * 1000,
    };
    served->next = server->open;
    if (server->open != NULL) {
        server->open->previous = served;
    }
    server->open = served;
    server->in_flight++;
    server->open_calls->value = server->in_flight;
    return served;
}

static void take_call(rpc_server_t *server, const incoming_t *from, const rpc_pair_t *pair)
{
    served_t *served = open_call(server, from, pair);
    if (served == NULL) {
        server->bad_frames->value++;
        return;
    }
    problem_t problem = {.status = STATUS_OK};
    problem.status = check_call(server, served, &problem);
    if (problem.status != STATUS_OK) {
        rpc_refuse(server, &served->call, &problem);
        return;
    }
    server->serve(server->data, &served->call);
}

// ---- frames

// What follows the identity: one frame of whole pairs of a peer that has a name. False for anything else; the message is read to its end.
static bool take_batch(rpc_server_t *server, void *socket, zmq_msg_t *identity)
{
    zmq_msg_t frame;
    rpc_pair_t pairs[RPC_BATCH_MAX];
    unsigned count = 0;
    const char *peer = NULL;
    if (rpc_frame_receive(socket, &frame)) {
        if (zmq_msg_more(&frame) != 0) {
            rpc_frames_skip(socket);
        } else {
            count = rpc_batch_read(zmq_msg_data(&frame), zmq_msg_size(&frame), pairs);
        }
        peer = zmq_msg_gets(&frame, "User-Id"); // from the ZAP handler; lives as long as the frame
        count = peer != NULL ? count : 0;
    }
    const incoming_t from = {&frame, zmq_msg_data(identity), zmq_msg_size(identity), peer, clock_steady_us()};
    for (unsigned i = 0; i < count; i++) {
        take_call(server, &from, &pairs[i]);
    }
    (void)zmq_msg_close(&frame);
    return count > 0;
}

// One message; false where there is none.
static bool take_message(rpc_server_t *server, void *socket)
{
    zmq_msg_t identity;
    if (!rpc_frame_receive(socket, &identity)) {
        (void)zmq_msg_close(&identity);
        return false;
    }
    bool more = zmq_msg_more(&identity) != 0;
    if (zmq_msg_size(&identity) > RPC_IDENTITY_MAX) {
        // Longer than the protocol allows, which libzmq does not check: it comes from the peer's handshake.
        server->bad_frames->value++;
        if (more) {
            rpc_frames_skip(socket);
        }
    } else if (!more || !take_batch(server, socket, &identity)) {
        server->bad_frames->value++;
    }
    (void)zmq_msg_close(&identity);
    return true;
}

static void server_readable(void *data, void *socket)
{
    rpc_server_t *server = data;
    for (int message = 0; message < SERVER_MESSAGES_A_CALL; message++) {
        if (!take_message(server, socket)) {
            rpc_socket_drained(rpc_binding_socket(server->binding));
            return;
        }
    }
}

// ---- life

static status_t server_open(rpc_server_t *server, const rpc_server_options_t *options, metrics_t *metrics, problem_t *problem)
{
    server->meter = rpc_meter_new(metrics, "pcn_rpc", "");
    server->arenas = arena_pool_new(RPC_ARENA_CAP, SERVER_ARENAS_KEPT);
    if (server->meter == NULL || server->arenas == NULL) {
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "No memory for the server");
    }
    const rpc_binding_options_t binding = {.zmq_type = ZMQ_ROUTER,
                                           .label = "calls",
                                           .endpoints = options->endpoints,
                                           .readable = server_readable,
                                           .closed = server_peers_gone,
                                           .data = server};
    return rpc_binding_new(server->context, &binding, &server->binding, problem);
}

status_t rpc_server_new(rpc_context_t *context, const rpc_server_options_t *options, metrics_t *metrics, rpc_server_t **out,
                        problem_t *problem)
{
    *out = NULL;
    rpc_server_t *server = calloc(1, sizeof *server);
    if (server == NULL) {
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "No memory for the server");
    }
    server->context = context;
    server->permissions = options->permissions;
    server->serve = options->serve;
    server->data = options->data;
    server->in_flight_max = options->in_flight_max > 0 ? options->in_flight_max : SERVER_IN_FLIGHT_MAX;
    server->bad_frames = metrics_counter(metrics, "pcn_rpc_bad_frames_total", NULL, "Frames of a peer that could not be read.");
    server->refused = metrics_counter(metrics, "pcn_rpc_calls_refused_total", NULL,
                                      "Calls refused since too many were in flight, of their key or of all.");
    server->open_calls = metrics_gauge(metrics, "pcn_rpc_in_flight", NULL, "Calls that are not answered yet.");
    counter_t *dropped =
        metrics_counter(metrics, "pcn_rpc_replies_dropped_total", NULL, "Replies whose peer was gone or did not take them in time.");
    rpc_outbox_init(&server->outbox, 4 * server->in_flight_max, dropped);
    rpc_shares_init(&server->shares, options->permissions);
    rpc_turn_init(&server->turn, context, server_turn_end, server);
    (void)uv_timer_init(rpc_context_loop(context), &server->retry);
    server->retry.data = server;
    uv_unref((uv_handle_t *)&server->retry); // the socket keeps the loop going
    status_t status = server_open(server, options, metrics, problem);
    if (status != STATUS_OK) {
        rpc_server_destroy(&server);
        return status;
    }
    *out = server;
    return STATUS_OK;
}

static void server_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void rpc_server_destroy(rpc_server_t **server)
{
    rpc_server_t *self = *server;
    if (self == NULL) {
        return;
    }
    *server = NULL;
    if (self->binding != NULL) {
        server_turn_end(self); // replies that were made in this turn
    }
    while (self->open != NULL) {
        served_close(self, self->open);
    }
    rpc_turn_deinit(&self->turn);
    rpc_binding_destroy(&self->binding);
    rpc_outbox_deinit(&self->outbox);
    rpc_shares_deinit(&self->shares);
    if (self->arenas != NULL) {
        arena_pool_destroy(&self->arenas);
    }
    rpc_meter_destroy(&self->meter);
    uv_close((uv_handle_t *)&self->retry, server_closed);
}

// Not by zmq_unbind: libzmq's listener owns the connections it accepted, so their replies would be cut off with it.
void rpc_server_drain(rpc_server_t *server)
{
    server->draining = true;
}

void rpc_server_rest(rpc_server_t *server)
{
    arena_pool_clear(server->arenas);
}

unsigned rpc_server_in_flight(const rpc_server_t *server)
{
    return server->in_flight;
}
