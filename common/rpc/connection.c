#include "common/rpc/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "common/base/log.h"
#include "common/rpc/frame.h"
#include "common/rpc/loop.h"

enum {
    CONNECTION_RENEW_MS = 2500, // longer than a handshake may take
    CONNECTION_REFUSED_MS = 500,
    CONNECTION_EVENTS = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH,
};

static void renew(uv_timer_t *timer);

static void renew_in(rpc_connection_t *connection, uint64_t ms)
{
    (void)uv_timer_start(connection->renewal, renew, ms, CONNECTION_RENEW_MS);
}

static void set_connected(rpc_connection_t *connection, bool connected)
{
    if (connection->connected == connected) {
        return;
    }
    connection->connected = connected;
    if (connected) {
        (void)uv_timer_stop(connection->renewal);
        // Lets the socket take notice of the end of its old pipe before anything is sent, or that might go into it.
        rpc_socket_touch(connection->socket);
        (void)rpc_socket_pending(connection->socket);
    } else {
        rpc_socket_touch(connection->socket);
        renew_in(connection, CONNECTION_RENEW_MS);
    }
    connection->changed(connection->data, connection);
}

// One event of the monitor's; false where there is none.
static bool take_event(rpc_connection_t *connection, void *socket)
{
    zmq_msg_t frame;
    if (!rpc_frame_receive(socket, &frame)) {
        (void)zmq_msg_close(&frame);
        return false;
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
        set_connected(connection, true);
        break;
    case ZMQ_EVENT_DISCONNECTED:
        set_connected(connection, false);
        break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
        log_warning("the service does not know this daemon's key", LOG_NUMBER("replica", connection->index));
        renew_in(connection, CONNECTION_REFUSED_MS);
        break;
    default:
        break;
    }
    return true;
}

static void monitor_readable(void *data, void *socket)
{
    (void)take_event(data, socket);
}

static void renew(uv_timer_t *timer)
{
    rpc_connection_t *connection = timer->data;
    void *socket = rpc_socket_zmq(connection->socket);
    // A loop that was held up finds the time over and the success unread: a connection that stands is not to be cut.
    rpc_socket_touch(connection->monitor);
    while (!connection->connected && take_event(connection, rpc_socket_zmq(connection->monitor))) {
    }
    if (connection->connected) {
        return;
    }
    // What is left of the old one, if anything; neither call waits.
    (void)zmq_disconnect(socket, connection->endpoint);
    if (zmq_connect(socket, connection->endpoint) != 0) {
        log_error("a connection cannot be asked for again", LOG_NUMBER("replica", connection->index), LOG_NUMBER("error", errno));
    }
    rpc_socket_touch(connection->socket);
}

status_t rpc_connection_init(rpc_connection_t *connection, rpc_context_t *context, const rpc_connection_options_t *options,
                             problem_t *problem)
{
    *connection = (rpc_connection_t){.index = options->index, .changed = options->changed, .data = options->data};
    connection->endpoint = strdup(options->endpoint);
    connection->renewal = malloc(sizeof *connection->renewal);
    if (connection->renewal != NULL) {
        (void)uv_timer_init(rpc_context_loop(context), connection->renewal);
        connection->renewal->data = connection;
        uv_unref((uv_handle_t *)connection->renewal); // the socket keeps the loop going
    }
    if (connection->endpoint == NULL || connection->renewal == NULL) {
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "No memory for a connection");
    }
    status_t status = rpc_socket_new(context, options->zmq_type, RPC_ROLE_CLIENT, options->server_key, options->readable, options->data,
                                     &connection->socket, problem);
    if (status == STATUS_OK) {
        // Before connecting, so that no event is missed.
        status = rpc_socket_monitor(connection->socket, CONNECTION_EVENTS, monitor_readable, connection, &connection->monitor, problem);
    }
    return status;
}

status_t rpc_connection_start(rpc_connection_t *connection, problem_t *problem)
{
    rpc_socket_address_family(connection->socket, connection->endpoint);
    if (zmq_connect(rpc_socket_zmq(connection->socket), connection->endpoint) != 0) {
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "Cannot connect to %s: %s", connection->endpoint, zmq_strerror(errno));
    }
    rpc_socket_touch(connection->socket);
    renew_in(connection, CONNECTION_RENEW_MS);
    return STATUS_OK;
}

static void renewal_closed(uv_handle_t *handle)
{
    free(handle);
}

void rpc_connection_deinit(rpc_connection_t *connection)
{
    if (connection->socket != NULL) {
        (void)zmq_socket_monitor(rpc_socket_zmq(connection->socket), NULL, 0);
    }
    rpc_socket_destroy(&connection->monitor);
    rpc_socket_destroy(&connection->socket);
    if (connection->renewal != NULL) {
        uv_close((uv_handle_t *)connection->renewal, renewal_closed);
        connection->renewal = NULL;
    }
    free(connection->endpoint);
    connection->endpoint = NULL;
    connection->connected = false;
}
