#include "common/rpc/replica.h"

#include "common/rpc/frame.h"
#include "common/rpc/loop.h"

enum {
    REPLICA_FAILURES = 3, // in a row, then it is left out
    REPLICA_LEFT_OUT_US = 500 * 1000,
    REPLICA_LEFT_OUT_MAX_US = 5000 * 1000,
    REPLICA_MESSAGES_A_CALL = 32,
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
    rpc_socket_want_write(replica->connection.socket, NULL);
    replica->full = false;
    replica->listener->writable(replica->data, replica);
}

bool rpc_replica_send(rpc_replica_t *replica, zmq_msg_t *frame)
{
    rpc_socket_touch(replica->connection.socket);
    bool sent = rpc_frame_send(rpc_socket_zmq(replica->connection.socket), frame);
    if (!sent) {
        replica->full = true;
        rpc_socket_want_write(replica->connection.socket, replica_writable);
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
            rpc_socket_drained(replica->connection.socket);
            return;
        }
    }
}

// ---- the connection

static void replica_changed(void *data, rpc_connection_t *connection)
{
    rpc_replica_t *replica = data;
    replica->full = false;
    rpc_socket_want_write(connection->socket, NULL);
    if (connection->connected) {
        // It is another process than the one that was left out, or the network is back.
        rpc_replica_praise(replica);
        replica->listener->connected(replica->data, replica);
    } else {
        // Answers that came before the end still stand in the old pipe.
        while (take_message(replica, rpc_socket_zmq(connection->socket))) {
        }
        rpc_socket_touch(connection->socket);
        replica->listener->lost(replica->data, replica);
    }
}

status_t rpc_replica_init(rpc_replica_t *replica, rpc_context_t *context, const char *endpoint, const char *server_key,
                          const rpc_replica_listener_t *listener, void *data, problem_t *problem)
{
    replica->listener = listener;
    replica->data = data;
    replica->left_out_us = REPLICA_LEFT_OUT_US;
    rpc_connection_options_t options = {.zmq_type = ZMQ_DEALER,
                                        .endpoint = endpoint,
                                        .server_key = server_key,
                                        .index = replica->index,
                                        .readable = replica_readable,
                                        .changed = replica_changed,
                                        .data = replica};
    status_t status = rpc_connection_init(&replica->connection, context, &options, problem);
    return status == STATUS_OK ? rpc_connection_start(&replica->connection, problem) : status;
}

void rpc_replica_deinit(rpc_replica_t *replica)
{
    rpc_connection_deinit(&replica->connection);
}
