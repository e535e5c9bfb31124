#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "common/rpc/batch.h"
#include "common/rpc/loop.h"
#include "common/rpc/zap.h"

// libzmq 4.3.4 has this option in every build, but declares it with its drafts only.
#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#define ZMQ_ZAP_ENFORCE_DOMAIN 93
#endif

enum {
    SOCKET_CALLS_A_TURN = 8, // of each callback, so that one busy socket does not starve the rest of the loop
    SOCKET_HANDSHAKE_MS = 2000,
    SOCKET_HWM = 1000,
    SOCKET_REPLIES_HWM = 16, // frames to one peer, each up to a megabyte
    SOCKET_BACKLOG = 1024,
    SOCKET_HEARTBEAT_MS = 500,
    SOCKET_HEARTBEAT_TIMEOUT_MS = 1000,
    SOCKET_HEARTBEAT_TTL_MS = 1500,
    SOCKET_TCP_IDLE_S = 15, // a silent connection is asked, so often, at such intervals
    SOCKET_TCP_AGAIN_S = 5,
    SOCKET_TCP_TIMES = 3,
    SOCKET_TCP_UNHEARD_MS = 30000, // what was sent and is not acknowledged for so long ends it
    SOCKET_RECONNECT_MS = 100,
    SOCKET_HEARD_HWM = 2,       // one of which the name that the ZAP handler gave takes for ever
    SOCKET_HEARD_BYTES = 16384, // of a subscriber, in the kernel
    SOCKET_FRAME_ROOM = 4096,   // beyond the largest message: libzmq counts the sealed frame
};

// ---- events

// What the socket offers of what its owner wants.
static int socket_events(rpc_socket_t *socket)
{
    int events = 0;
    size_t size = sizeof events;
    while (zmq_getsockopt(socket->zmq, ZMQ_EVENTS, &events, &size) != 0) {
        if (errno != EINTR) {
            return 0;
        }
    }
    int wanted = (socket->readable != NULL ? ZMQ_POLLIN : 0) | (socket->writable != NULL ? ZMQ_POLLOUT : 0);
    return events & wanted;
}

bool rpc_socket_pending(rpc_socket_t *socket)
{
    if (!socket->touched) {
        return false;
    }
    // All commands are taken by this question, so from a "nothing" on the next one sets the descriptor again.
    socket->touched = socket_events(socket) != 0;
    return socket->touched;
}

void rpc_socket_drained(rpc_socket_t *socket)
{
    if (socket->writable == NULL) {
        socket->touched = false;
    }
}

void rpc_socket_serve(rpc_socket_t *socket)
{
    for (int call = 0; socket->touched && socket->zmq != NULL && call < SOCKET_CALLS_A_TURN; call++) {
        int events = socket_events(socket);
        if (events == 0) {
            socket->touched = false;
            return;
        }
        if ((events & ZMQ_POLLIN) != 0) {
            socket->readable(socket->data, socket->zmq);
        }
        if ((events & ZMQ_POLLOUT) != 0 && socket->zmq != NULL && socket->writable != NULL) {
            socket->writable(socket->data, socket->zmq);
        }
    }
}

static void socket_woken(uv_poll_t *poll, int status, int events)
{
    // An error of the descriptor is looked at in the same way: ZMQ_EVENTS tells the truth.
    (void)status;
    (void)events;
    rpc_socket_t *socket = poll->data;
    socket->touched = true; // served by the context's check in this very turn
}

// ---- options

static bool set_number(void *zmq_socket, int option, int value)
{
    return zmq_setsockopt(zmq_socket, option, &value, sizeof value) == 0;
}

static bool set_text(void *zmq_socket, int option, const char *value)
{
    return zmq_setsockopt(zmq_socket, option, value, strlen(value)) == 0;
}

// Of the two ends only the caller's asks for signs of life; the other one takes the questions for such, with the time that they are good
// for (SOCKET_HEARTBEAT_TTL_MS). libzmq 4.3.4 ends the process (stream_engine_base.cpp asserts) where an end whose input waits for room
// sees its peer close, and then its own time to ask comes: a peer that says much and leaves would end a daemon whose loop is held up for a
// moment. Whoever asks nothing, as a plain subscriber of libzmq does, and is gone without a word, TCP notices.
static bool socket_set_heartbeat(void *zmq_socket, rpc_role_t role)
{
    return set_number(zmq_socket, ZMQ_HEARTBEAT_IVL, role == RPC_ROLE_CLIENT ? SOCKET_HEARTBEAT_MS : 0) &&
           set_number(zmq_socket, ZMQ_HEARTBEAT_TIMEOUT, SOCKET_HEARTBEAT_TIMEOUT_MS) &&
           set_number(zmq_socket, ZMQ_HEARTBEAT_TTL, SOCKET_HEARTBEAT_TTL_MS) && set_number(zmq_socket, ZMQ_TCP_KEEPALIVE, 1) &&
           set_number(zmq_socket, ZMQ_TCP_KEEPALIVE_IDLE, SOCKET_TCP_IDLE_S) &&
           set_number(zmq_socket, ZMQ_TCP_KEEPALIVE_INTVL, SOCKET_TCP_AGAIN_S) &&
           set_number(zmq_socket, ZMQ_TCP_KEEPALIVE_CNT, SOCKET_TCP_TIMES) && set_number(zmq_socket, ZMQ_TCP_MAXRT, SOCKET_TCP_UNHEARD_MS);
}

static bool socket_set_limits(void *zmq_socket)
{
    int64_t frame_max = (int64_t)RPC_BATCH_BYTES_MAX + SOCKET_FRAME_ROOM;
    return zmq_setsockopt(zmq_socket, ZMQ_MAXMSGSIZE, &frame_max, sizeof frame_max) == 0 && set_number(zmq_socket, ZMQ_LINGER, 0) &&
           set_number(zmq_socket, ZMQ_SNDHWM, SOCKET_HWM) && set_number(zmq_socket, ZMQ_RCVHWM, SOCKET_HWM) &&
           set_number(zmq_socket, ZMQ_BACKLOG, SOCKET_BACKLOG) && set_number(zmq_socket, ZMQ_HANDSHAKE_IVL, SOCKET_HANDSHAKE_MS) &&
           set_number(zmq_socket, ZMQ_RECONNECT_IVL, SOCKET_RECONNECT_MS);
}

static bool socket_set_curve(const rpc_context_t *context, void *zmq_socket, rpc_role_t role, const char *server_key)
{
    if (role == RPC_ROLE_SERVER) {
        // Enforced, a server without its ZAP handler lets in nobody instead of everybody.
        return set_number(zmq_socket, ZMQ_CURVE_SERVER, 1) && set_text(zmq_socket, ZMQ_CURVE_SECRETKEY, context->keys.secret_key) &&
               set_text(zmq_socket, ZMQ_ZAP_DOMAIN, RPC_ZAP_DOMAIN) && set_number(zmq_socket, ZMQ_ZAP_ENFORCE_DOMAIN, 1);
    }
    return server_key != NULL && set_text(zmq_socket, ZMQ_CURVE_SERVERKEY, server_key) &&
           set_text(zmq_socket, ZMQ_CURVE_PUBLICKEY, context->keys.public_key) &&
           set_text(zmq_socket, ZMQ_CURVE_SECRETKEY, context->keys.secret_key);
}

// What subscribers send costs memory as long as they stay, and libzmq takes all of it that is there before it lets anybody see the first:
// with room for one at a time it takes no more than is looked at (audience.h).
static bool socket_set_hearing(void *zmq_socket)
{
    int64_t frame_max = RPC_HEARD_FRAME_MAX;
    return zmq_setsockopt(zmq_socket, ZMQ_MAXMSGSIZE, &frame_max, sizeof frame_max) == 0 &&
           set_number(zmq_socket, ZMQ_RCVHWM, SOCKET_HEARD_HWM) && set_number(zmq_socket, ZMQ_RCVBUF, SOCKET_HEARD_BYTES) &&
           set_number(zmq_socket, ZMQ_XPUB_VERBOSER, 1);
}

static bool socket_set_type(void *zmq_socket, int zmq_type)
{
    if (zmq_type == ZMQ_XPUB) {
        return socket_set_hearing(zmq_socket);
    }
    if (zmq_type == ZMQ_ROUTER) {
        // What a peer does not take: some frames here, then it waits in the outbox, which knows whose it is.
        return set_number(zmq_socket, ZMQ_ROUTER_MANDATORY, 1) && set_number(zmq_socket, ZMQ_SNDHWM, SOCKET_REPLIES_HWM);
    }
    if (zmq_type == ZMQ_DEALER) {
        return set_number(zmq_socket, ZMQ_IMMEDIATE, 1);
    }
    return true;
}

// ---- life

static void socket_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static status_t no_socket(problem_t *problem)
{
    return problem_set(problem, STATUS_UNAVAILABLE, NULL, "No message socket: %s", zmq_strerror(errno));
}

status_t rpc_socket_adopt(rpc_context_t *context, void *zmq_socket, rpc_socket_fn readable, void *data, rpc_socket_t **out,
                          problem_t *problem)
{
    *out = NULL;
    int fd = -1;
    size_t size = sizeof fd;
    rpc_socket_t *socket = calloc(1, sizeof *socket);
    if (socket == NULL || zmq_getsockopt(zmq_socket, ZMQ_FD, &fd, &size) != 0 || uv_poll_init(context->loop, &socket->poll, fd) != 0) {
        status_t status = no_socket(problem);
        free(socket);
        (void)zmq_close(zmq_socket);
        return status;
    }
    socket->poll.data = socket;
    socket->context = context;
    socket->zmq = zmq_socket;
    socket->readable = readable;
    socket->data = data;
    socket->next = context->sockets;
    context->sockets = socket;
    if (uv_poll_start(&socket->poll, UV_READABLE, socket_woken) != 0) {
        rpc_socket_destroy(&socket);
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "A message socket cannot be watched");
    }
    rpc_socket_touch(socket); // what happened before it was watched
    *out = socket;
    return STATUS_OK;
}

status_t rpc_socket_new(rpc_context_t *context, int zmq_type, rpc_role_t role, const char *server_key, rpc_socket_fn readable, void *data,
                        rpc_socket_t **socket, problem_t *problem)
{
    *socket = NULL;
    void *handle = zmq_socket(context->zmq, zmq_type);
    if (handle == NULL) {
        return no_socket(problem);
    }
    if (!socket_set_limits(handle) || !socket_set_heartbeat(handle, role) || !socket_set_curve(context, handle, role, server_key) ||
        !socket_set_type(handle, zmq_type)) {
        status_t status = no_socket(problem);
        (void)zmq_close(handle);
        return status;
    }
    return rpc_socket_adopt(context, handle, readable, data, socket, problem);
}

status_t rpc_socket_monitor(rpc_socket_t *socket, int events, rpc_socket_fn readable, void *data, rpc_socket_t **monitor,
                            problem_t *problem)
{
    rpc_context_t *context = socket->context;
    char address[64]; // never used before: the last one may still be about to go
    (void)snprintf(address, sizeof address, "inproc://rpc-monitor-%llu", (unsigned long long)++context->monitors);
    void *pair = zmq_socket(context->zmq, ZMQ_PAIR);
    // Without a limit, since libzmq's thread would wait for room, holding a lock that closing the socket needs.
    if (pair == NULL || !set_number(pair, ZMQ_LINGER, 0) || !set_number(pair, ZMQ_RCVHWM, 0) ||
        zmq_socket_monitor(socket->zmq, address, events) != 0 || zmq_connect(pair, address) != 0) {
        status_t status = problem_set(problem, STATUS_UNAVAILABLE, NULL, "A socket cannot be watched: %s", zmq_strerror(errno));
        if (pair != NULL) {
            (void)zmq_close(pair);
        }
        return status;
    }
    return rpc_socket_adopt(context, pair, readable, data, monitor, problem);
}

void rpc_socket_address_family(rpc_socket_t *socket, const char *endpoint)
{
    // Only where the address is one of IPv6: libzmq would otherwise look up names for it first.
    (void)set_number(socket->zmq, ZMQ_IPV6, strchr(endpoint, '[') != NULL ? 1 : 0);
}

void *rpc_socket_zmq(const rpc_socket_t *socket)
{
    return socket->zmq;
}

void rpc_socket_want_write(rpc_socket_t *socket, rpc_socket_fn writable)
{
    socket->writable = writable;
    if (writable != NULL) {
        rpc_socket_touch(socket);
    }
}

void rpc_socket_touch(rpc_socket_t *socket)
{
    if (!socket->touched) {
        socket->touched = true;
        // Outside of the loop's callbacks, or after its prepare phase, nothing else would ask the socket.
        rpc_context_wake(socket->context);
    }
}

void rpc_socket_destroy(rpc_socket_t **socket)
{
    rpc_socket_t *self = *socket;
    if (self == NULL) {
        return;
    }
    *socket = NULL;
    rpc_context_t *context = self->context;
    if (context->socket_cursor == self) {
        context->socket_cursor = self->next;
    }
    for (rpc_socket_t **at = &context->sockets; *at != NULL; at = &(*at)->next) {
        if (*at == self) {
            *at = self->next;
            break;
        }
    }
    // The descriptor leaves the loop's poll set here, before libzmq closes it.
    uv_close((uv_handle_t *)&self->poll, socket_closed);
    (void)zmq_close(self->zmq);
    self->zmq = NULL;
}
