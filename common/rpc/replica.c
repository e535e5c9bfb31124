#include "common/rpc/replica.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/rpc/frame.h"
#include "common/rpc/loop.h"

enum {
    REPLICA_FAILURES = 3, // in a row, then it is left out
    REPLICA_LEFT_OUT_US = 500 * 1000,
    REPLICA_LEFT_OUT_MAX_US = 5000 * 1000,
    REPLICA_MESSAGES_A_CALL = 32,
    REPLICA_RENEW_MS = 2500, // longer than a handshake may take
    REPLICA_REFUSED_MS = 500,
    REPLICA_EVENTS = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH,
};

// ---- standing

rpc_standing_t rpc_replica_standing(const rpc_replica_t *replica, int64_t now_us)
{
    if (replica->left_out_until == 0) {
        return RPC_STANDING_GOOD;
    }
    return now_us >= replica->left_out_until && !replica->probed ? RPC_STANDING_PROBE : RPC_STANDING_LEFT_OUT;
}

void rpc_replica_praise(rpc_replica_t *replica)
{
    replica->failures = 0;
    replica->left_out_until = 0;
    replica->left_out_us = REPLICA_LEFT_OUT_US;
    replica->probed = false;
}

bool rpc_replica_blame(rpc_replica_t *replica, int64_t now_us)
{
    replica->failures++;
    bool probe_failed = replica->probed && now_us >= replica->left_out_until;
    if (replica->left_out_until != 0 ? !probe_failed : replica->failures < REPLICA_FAILURES) {
        return false; // not yet, or already left out: calls from before say nothing new
    }
    replica->left_out_until = now_us + replica->left_out_us;
    replica->left_out_us = replica->left_out_us * 2 < REPLICA_LEFT_OUT_MAX_US ? replica->left_out_us * 2 : REPLICA_LEFT_OUT_MAX_US;
    replica->probed = false;
    return true;
}

// ---- in and out

static void replica_writable(void *data, void *socket)
{
    (void)socket;
    rpc_replica_t *replica = data;
    rpc_socket_want_write(replica->socket, NULL);
    replica->full = false;
    replica->listener->writable(replica->data, replica);
}

bool rpc_replica_send(rpc_replica_t *replica, zmq_msg_t *frame)
{
    rpc_socket_touch(replica->socket);
    bool sent = rpc_frame_send(rpc_socket_zmq(replica->socket), frame);
    if (!sent) {
        replica->full = true;
        rpc_socket_want_write(replica->socket, replica_writable);
    }
    (void)zmq_msg_close(frame);
    return sent;
}

// One message; false where there is none.
static bool take_message(rpc_replica_t *replica, void *socket)
{
    zmq_msg_t frame;
    if (!rpc_frame_receive(socket, &frame)) {
        (void)zmq_msg_close(&frame);
        return false;
    }
    bool single = zmq_msg_more(&frame) == 0;
    if (!single) {
        rpc_frames_skip(socket);
    }
    rpc_pair_t pairs[RPC_BATCH_MAX];
    const uint8_t *bytes = zmq_msg_data(&frame);
    unsigned count = single ? rpc_batch_read(bytes, zmq_msg_size(&frame), pairs) : 0;
    for (unsigned i = 0; i < count; i++) {
        replica->listener->reply(replica->data, replica, bytes, &pairs[i]);
    }
    if (count == 0) {
        replica->listener->malformed(replica->data, replica);
    }
    (void)zmq_msg_close(&frame);
    return true;
}

static void replica_readable(void *data, void *socket)
{
    rpc_replica_t *replica = data;
    for (int message = 0; message < REPLICA_MESSAGES_A_CALL; message++) {
        if (!take_message(replica, socket)) {
            rpc_socket_drained(replica->socket);
            return;
        }
    }
}

// ---- the connection

static void renew(uv_timer_t *timer)
{
    rpc_replica_t *replica = timer->data;
    void *socket = rpc_socket_zmq(replica->socket);
    // What is left of the old one, if anything; neither call waits.
    (void)zmq_disconnect(socket, replica->endpoint);
    if (zmq_connect(socket, replica->endpoint) != 0) {
        log_error("a connection cannot be asked for again", LOG_NUMBER("replica", replica->index), LOG_NUMBER("error", errno));
    }
    rpc_socket_touch(replica->socket);
}

static void renew_in(rpc_replica_t *replica, uint64_t ms)
{
    (void)uv_timer_start(replica->renewal, renew, ms, REPLICA_RENEW_MS);
}

static void replica_set_connected(rpc_replica_t *replica, bool connected)
{
    if (replica->connected == connected) {
        return;
    }
    replica->connected = connected;
    replica->full = false;
    rpc_socket_want_write(replica->socket, NULL);
    if (connected) {
        (void)uv_timer_stop(replica->renewal);
        // It is another process than the one that was left out, or the network is back.
        rpc_replica_praise(replica);
        // Lets the socket take notice of the end of its old pipe before anything is sent, or that might go into it.
        rpc_socket_touch(replica->socket);
        (void)rpc_socket_pending(replica->socket);
        replica->listener->connected(replica->data, replica);
    } else {
        // Answers that came before the end still stand in the old pipe.
        while (take_message(replica, rpc_socket_zmq(replica->socket))) {
        }
        rpc_socket_touch(replica->socket);
        renew_in(replica, REPLICA_RENEW_MS);
        replica->listener->lost(replica->data, replica);
    }
}

static void monitor_readable(void *data, void *socket)
{
    rpc_replica_t *replica = data;
    zmq_msg_t frame;
    if (!rpc_frame_receive(socket, &frame)) {
        (void)zmq_msg_close(&frame);
        return;
    }
    uint16_t event = 0;
    if (zmq_msg_size(&frame) >= sizeof event) {
        memcpy(&event, zmq_msg_data(&frame), sizeof event);
    }
    if (zmq_msg_more(&frame) != 0) {
        rpc_frames_skip(socket); // the endpoint, which is known
    }
    (void)zmq_msg_close(&frame);
    switch (event) {
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
        replica_set_connected(replica, true);
        break;
    case ZMQ_EVENT_DISCONNECTED:
        replica_set_connected(replica, false);
        break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
        log_warning("the service does not know this daemon's key", LOG_NUMBER("replica", replica->index));
        renew_in(replica, REPLICA_REFUSED_MS);
        break;
    default:
        break;
    }
}

static status_t replica_watch(rpc_replica_t *replica, rpc_context_t *context, problem_t *problem)
{
    char address[64];
    (void)snprintf(address, sizeof address, "inproc://rpc-monitor-%p", (void *)replica->socket);
    void *pair = zmq_socket(rpc_context_zmq(context), ZMQ_PAIR);
    int linger = 0;
    if (pair == NULL || zmq_setsockopt(pair, ZMQ_LINGER, &linger, sizeof linger) != 0 ||
        zmq_socket_monitor(rpc_socket_zmq(replica->socket), address, REPLICA_EVENTS) != 0 || zmq_connect(pair, address) != 0) {
        status_t status = problem_set(problem, STATUS_UNAVAILABLE, NULL, "A connection cannot be watched: %s", zmq_strerror(errno));
        if (pair != NULL) {
            (void)zmq_close(pair);
        }
        return status;
    }
    return rpc_socket_adopt(context, pair, monitor_readable, replica, &replica->monitor, problem);
}

status_t rpc_replica_init(rpc_replica_t *replica, rpc_context_t *context, const char *endpoint, const char *server_key,
                          const rpc_replica_listener_t *listener, void *data, problem_t *problem)
{
    replica->listener = listener;
    replica->data = data;
    replica->left_out_us = REPLICA_LEFT_OUT_US;
    replica->endpoint = strdup(endpoint);
    replica->renewal = malloc(sizeof *replica->renewal);
    if (replica->renewal != NULL) {
        (void)uv_timer_init(rpc_context_loop(context), replica->renewal);
        replica->renewal->data = replica;
        uv_unref((uv_handle_t *)replica->renewal); // the socket keeps the loop going
    }
    if (replica->endpoint == NULL || replica->renewal == NULL) {
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "No memory for a connection");
    }
    status_t status =
        rpc_socket_new(context, ZMQ_DEALER, RPC_ROLE_CLIENT, server_key, replica_readable, replica, &replica->socket, problem);
    if (status == STATUS_OK) {
        status = replica_watch(replica, context, problem); // before connecting, so that no event is missed
    }
    if (status == STATUS_OK && zmq_connect(rpc_socket_zmq(replica->socket), endpoint) != 0) {
        status = problem_set(problem, STATUS_UNAVAILABLE, NULL, "Cannot connect to %s: %s", endpoint, zmq_strerror(errno));
    }
    if (status == STATUS_OK) {
        renew_in(replica, REPLICA_RENEW_MS);
    }
    return status;
}

static void renewal_closed(uv_handle_t *handle)
{
    free(handle);
}

void rpc_replica_deinit(rpc_replica_t *replica)
{
    if (replica->socket != NULL) {
        (void)zmq_socket_monitor(rpc_socket_zmq(replica->socket), NULL, 0);
    }
    rpc_socket_destroy(&replica->monitor);
    rpc_socket_destroy(&replica->socket);
    if (replica->renewal != NULL) {
        uv_close((uv_handle_t *)replica->renewal, renewal_closed);
        replica->renewal = NULL;
    }
    free(replica->endpoint);
    replica->endpoint = NULL;
    replica->connected = false;
}
