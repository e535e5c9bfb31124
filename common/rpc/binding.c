#include "common/rpc/binding.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <zmq.h>

#include "common/base/log.h"
#include "common/rpc/frame.h"
#include "common/rpc/loop.h"

enum {
    BINDING_RETRY_MS = 50,  // where an endpoint is not free yet
    BINDING_GONE_MS = 1000, // by then the old socket should be gone
    BINDING_EVENTS_A_CALL = 64,
    BINDING_EVENTS = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_MONITOR_STOPPED,
};

#define IPC "ipc://"

struct rpc_binding {
    rpc_context_t *context;
    rpc_socket_t *socket;  // NULL while it is renewed
    rpc_socket_t *monitor; // outlives its socket until that is gone
    uv_timer_t *timer;     // on the heap, since it closes later than its binding
    int zmq_type;
    char **endpoints;
    rpc_socket_fn readable;
    void (*closed)(void *data);
    void *data;
    uint64_t generation;
    unsigned failures; // to bind, in a row
    counter_t *connections_total;
    counter_t *handshakes_total;
    gauge_t *connections;
    struct rpc_binding *next;
};

// ---- endpoints

// libzmq takes away a unix socket that is in its place, also from one who still listens on it.
static bool ipc_in_use(const char *endpoint)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strncmp(endpoint, IPC, strlen(IPC)) != 0) {
        return false;
    }
    const char *path = endpoint + strlen(IPC);
    int fd = path[0] != '@' && strlen(path) < sizeof address.sun_path ? socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) : -1;
    if (fd < 0) {
        return false;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    bool answered = connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 || errno == EAGAIN;
    (void)close(fd);
    return answered;
}

static status_t bind_all(const rpc_binding_t *binding, problem_t *problem)
{
    for (char *const *endpoint = binding->endpoints; *endpoint != NULL; endpoint++) {
        bool taken = ipc_in_use(*endpoint);
        if (taken || zmq_bind(rpc_socket_zmq(binding->socket), *endpoint) != 0) {
            bool in_use = taken || errno == EADDRINUSE;
            return problem_set(problem, STATUS_UNAVAILABLE, NULL, "Cannot listen on %s: %s", *endpoint,
                               in_use ? "somebody else listens there already" : zmq_strerror(errno));
        }
    }
    return STATUS_OK;
}

// ---- the socket and its monitor

static void open_again(rpc_binding_t *binding);

static void count_event(rpc_binding_t *binding, uint16_t event)
{
    switch (event) {
    case ZMQ_EVENT_ACCEPTED:
        binding->connections_total->value++;
        binding->connections->value++;
        break;
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
        binding->handshakes_total->value++;
        break;
    case ZMQ_EVENT_DISCONNECTED:
        binding->connections->value -= binding->connections->value > 0 ? 1 : 0;
        break;
    default:
        break;
    }
}

// The next event; 0 where there is none.
static uint16_t take_event(void *monitor)
{
    zmq_msg_t frame;
    uint16_t event = 0;
    if (rpc_frame_receive(monitor, &frame)) {
        if (zmq_msg_size(&frame) >= sizeof event) {
            memcpy(&event, zmq_msg_data(&frame), sizeof event);
        }
        if (zmq_msg_more(&frame) != 0) {
            rpc_frames_skip(monitor); // the endpoint
        }
    }
    (void)zmq_msg_close(&frame);
    return event;
}

static void monitor_readable(void *data, void *socket)
{
    rpc_binding_t *binding = data;
    for (int message = 0; message < BINDING_EVENTS_A_CALL; message++) {
        uint16_t event = take_event(socket);
        if (event == 0) {
            rpc_socket_drained(binding->monitor);
            return;
        }
        if (event == ZMQ_EVENT_MONITOR_STOPPED) {
            rpc_socket_destroy(&binding->monitor);
            open_again(binding);
            return;
        }
        count_event(binding, event);
    }
}

// For whoever cannot come back for the news that the socket is gone: it takes less than a millisecond.
static void await_gone(void *monitor)
{
    zmq_pollitem_t item = {monitor, 0, ZMQ_POLLIN, 0};
    while (take_event(monitor) != ZMQ_EVENT_MONITOR_STOPPED) {
        if (zmq_poll(&item, 1, BINDING_GONE_MS) == 0) {
            return;
        }
    }
}

static status_t watch(rpc_binding_t *binding, problem_t *problem)
{
    char address[64]; // never used before: the last one may still be about to go
    (void)snprintf(address, sizeof address, "inproc://rpc-binding-%llu", (unsigned long long)++binding->context->monitors);
    void *pair = zmq_socket(rpc_context_zmq(binding->context), ZMQ_PAIR);
    int none = 0;
    // Without a limit, since libzmq's thread would wait for room, holding a lock that closing the socket needs.
    if (pair == NULL || zmq_setsockopt(pair, ZMQ_LINGER, &none, sizeof none) != 0 ||
        zmq_setsockopt(pair, ZMQ_RCVHWM, &none, sizeof none) != 0 ||
        zmq_socket_monitor(rpc_socket_zmq(binding->socket), address, BINDING_EVENTS) != 0 || zmq_connect(pair, address) != 0) {
        status_t status = problem_set(problem, STATUS_UNAVAILABLE, NULL, "A socket cannot be watched: %s", zmq_strerror(errno));
        if (pair != NULL) {
            (void)zmq_close(pair);
        }
        return status;
    }
    return rpc_socket_adopt(binding->context, pair, monitor_readable, binding, &binding->monitor, problem);
}

// A monitor that nobody reads any more must be stopped, or libzmq's thread waits for its reader.
static void close_both(rpc_binding_t *binding)
{
    if (binding->socket != NULL) {
        (void)zmq_socket_monitor(rpc_socket_zmq(binding->socket), NULL, 0);
    } else if (binding->monitor != NULL) {
        await_gone(rpc_socket_zmq(binding->monitor));
    }
    rpc_socket_destroy(&binding->monitor);
    rpc_socket_destroy(&binding->socket);
}

static status_t open_socket(rpc_binding_t *binding, problem_t *problem)
{
    binding->generation++;
    status_t status = rpc_socket_new(binding->context, binding->zmq_type, RPC_ROLE_SERVER, NULL, binding->readable, binding->data,
                                     &binding->socket, problem);
    if (status == STATUS_OK) {
        status = watch(binding, problem); // before binding, so that no connection is missed
    }
    if (status == STATUS_OK) {
        status = bind_all(binding, problem);
    }
    if (status != STATUS_OK) {
        close_both(binding);
    }
    return status;
}

// ---- renewal

static void timer_rings(uv_timer_t *timer)
{
    rpc_binding_t *binding = timer->data;
    if (binding->monitor == NULL) {
        open_again(binding);
        return;
    }
    // libzmq's thread does nothing at all, so a new socket would be as deaf as none.
    log_error("the old socket is not closed yet", LOG_TEXT("endpoint", binding->endpoints[0]));
    (void)uv_timer_start(timer, timer_rings, BINDING_GONE_MS, 0);
}

static void open_again(rpc_binding_t *binding)
{
    problem_t problem = {.status = STATUS_OK};
    (void)uv_timer_stop(binding->timer);
    if (open_socket(binding, &problem) == STATUS_OK) {
        binding->failures = 0;
        log_info("listens again", LOG_TEXT("endpoint", binding->endpoints[0]));
        return;
    }
    binding->failures++;
    // Seldom enough for a log that lasts, often enough to be seen.
    if ((binding->failures & (binding->failures - 1)) == 0) {
        log_error("cannot listen again yet", LOG_TEXT("reason", problem.detail), LOG_NUMBER("attempts", binding->failures));
    }
    (void)uv_timer_start(binding->timer, timer_rings, BINDING_RETRY_MS, 0);
}

void rpc_binding_renew(rpc_binding_t *binding)
{
    if (binding->socket == NULL) {
        return; // nobody is connected
    }
    binding->generation++;
    binding->connections->value = 0;
    rpc_socket_destroy(&binding->socket);
    (void)uv_timer_start(binding->timer, timer_rings, BINDING_GONE_MS, 0);
    if (binding->closed != NULL) {
        binding->closed(binding->data);
    }
}

void rpc_bindings_renew(rpc_context_t *context)
{
    for (rpc_binding_t *binding = context->bindings; binding != NULL; binding = binding->next) {
        rpc_binding_renew(binding);
    }
}

// ---- life

static char **copy_endpoints(const char *const *endpoints)
{
    size_t count = 0;
    while (endpoints[count] != NULL) {
        count++;
    }
    char **copy = calloc(count + 1, sizeof *copy);
    for (size_t i = 0; copy != NULL && i < count; i++) {
        copy[i] = strdup(endpoints[i]);
        if (copy[i] == NULL) {
            count = i;
            while (count > 0) {
                free(copy[--count]);
            }
            free(copy);
            return NULL;
        }
    }
    return copy;
}

static void free_binding(rpc_binding_t *binding)
{
    for (char **endpoint = binding->endpoints; endpoint != NULL && *endpoint != NULL; endpoint++) {
        free(*endpoint);
    }
    free(binding->endpoints);
    free(binding);
}

static void binding_figures(rpc_binding_t *binding, metrics_t *metrics, const char *label)
{
    char labels[64];
    (void)snprintf(labels, sizeof labels, "socket=\"%s\"", label);
    binding->connections_total = metrics_counter(metrics, "pcn_rpc_connections_total", labels, "Connections accepted, whoever it was.");
    binding->handshakes_total =
        metrics_counter(metrics, "pcn_rpc_handshakes_total", labels, "Connections whose handshake was right; the others were ended.");
    binding->connections = metrics_gauge(metrics, "pcn_rpc_connections", labels, "Connections now.");
}

status_t rpc_binding_new(rpc_context_t *context, const rpc_binding_options_t *options, rpc_binding_t **out, problem_t *problem)
{
    *out = NULL;
    rpc_binding_t *binding = calloc(1, sizeof *binding);
    if (binding != NULL) {
        binding->endpoints = copy_endpoints(options->endpoints);
        binding->timer = malloc(sizeof *binding->timer);
    }
    if (binding == NULL || binding->endpoints == NULL || binding->timer == NULL) {
        if (binding != NULL) {
            free(binding->timer);
            free_binding(binding);
        }
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "No memory for a socket");
    }
    binding->context = context;
    binding->zmq_type = options->zmq_type;
    binding->readable = options->readable;
    binding->closed = options->closed;
    binding->data = options->data;
    (void)uv_timer_init(rpc_context_loop(context), binding->timer);
    binding->timer->data = binding;
    binding_figures(binding, context->metrics, options->label);
    binding->next = context->bindings;
    context->bindings = binding;
    status_t status = open_socket(binding, problem);
    if (status != STATUS_OK) {
        rpc_binding_destroy(&binding);
        return status;
    }
    *out = binding;
    return STATUS_OK;
}

static void timer_closed(uv_handle_t *handle)
{
    free(handle);
}

void rpc_binding_destroy(rpc_binding_t **binding)
{
    rpc_binding_t *self = *binding;
    if (self == NULL) {
        return;
    }
    *binding = NULL;
    for (rpc_binding_t **at = &self->context->bindings; *at != NULL; at = &(*at)->next) {
        if (*at == self) {
            *at = self->next;
            break;
        }
    }
    close_both(self);
    self->connections->value = 0;
    uv_close((uv_handle_t *)self->timer, timer_closed);
    free_binding(self);
}

rpc_socket_t *rpc_binding_socket(const rpc_binding_t *binding)
{
    return binding->socket;
}

uint64_t rpc_binding_generation(const rpc_binding_t *binding)
{
    return binding->generation;
}
