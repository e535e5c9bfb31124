#include "common/rpc/binding.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <zmq.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/rpc/frame.h"
#include "common/rpc/loop.h"

enum {
    BINDING_RETRY_MS = 50,  // where an endpoint is not free yet
    BINDING_GONE_MS = 1000, // by then the old socket should be gone
    BINDING_EVENTS_A_CALL = 64,
    BINDING_EVENTS = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CLOSED |
                     ZMQ_EVENT_CLOSE_FAILED | ZMQ_EVENT_MONITOR_STOPPED,
    BINDING_TCP_MAX = 1000, // connections over tcp, or a quarter of the descriptors where that is less
    BINDING_SHED_MS = 250,  // how long tcp is closed when there were more
};

#define IPC "ipc://"
#define TCP "tcp://"

struct rpc_binding {
    rpc_context_t *context;
    rpc_socket_t *socket;  // NULL while it is renewed
    rpc_socket_t *monitor; // outlives its socket until that is gone
    uv_timer_t *timer;     // on the heap, since it closes later than its binding
    int zmq_type;
    char **endpoints;
    rpc_socket_fn readable;
    void (*closed)(void *data);
    void (*changed)(void *data, int descriptor);
    void *data;
    uint64_t generation;
    unsigned failures; // to bind, in a row
    int64_t tcp_connections;
    int64_t tcp_max;
    unsigned closing; // tcp listeners whose end is awaited
    bool shed;        // tcp is closed for a moment
    counter_t *connections_total;
    counter_t *handshakes_total;
    counter_t *shed_total;
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

static bool is_tcp(const char *endpoint)
{
    return strncmp(endpoint, TCP, strlen(TCP)) == 0;
}

static status_t bind_one(const rpc_binding_t *binding, const char *endpoint, problem_t *problem)
{
    bool taken = ipc_in_use(endpoint);
    rpc_socket_address_family(binding->socket, endpoint);
    if (!taken && zmq_bind(rpc_socket_zmq(binding->socket), endpoint) == 0) {
        return STATUS_OK;
    }
    return problem_set(problem, STATUS_UNAVAILABLE, NULL, "Cannot listen on %s: %s", endpoint,
                       taken || errno == EADDRINUSE ? "somebody else listens there already" : zmq_strerror(errno));
}

static status_t bind_all(const rpc_binding_t *binding, problem_t *problem)
{
    status_t status = STATUS_OK;
    for (char *const *endpoint = binding->endpoints; status == STATUS_OK && *endpoint != NULL; endpoint++) {
        status = bind_one(binding, *endpoint, problem);
    }
    return status;
}

// ---- the socket and its monitor

static void open_again(rpc_binding_t *binding);
static void timer_rings(uv_timer_t *timer);

// libzmq 4.3.4 ends the process where a connection over ipc comes when no descriptor is left (ipc_listener.cpp asserts), and cannot refuse
// one before its handshake. So whoever reaches a port must not be able to take them all: beyond a number all of tcp is ended, good ones
// too, and opened again. What comes over ipc, the gateway above all, is not touched.
static void shed_tcp(rpc_binding_t *binding)
{
    log_warning("too many connections: all over tcp end", LOG_TEXT("endpoint", binding->endpoints[0]),
                LOG_NUMBER("connections", binding->tcp_connections));
    binding->shed = true;
    binding->shed_total->value++;
    for (char *const *endpoint = binding->endpoints; *endpoint != NULL; endpoint++) {
        if (is_tcp(*endpoint) && zmq_unbind(rpc_socket_zmq(binding->socket), *endpoint) == 0) {
            binding->closing++;
        }
    }
    rpc_socket_touch(binding->socket);
    (void)uv_timer_start(binding->timer, timer_rings, BINDING_GONE_MS, 0);
}

// No event of the old connections comes after this one.
static void tcp_closed(rpc_binding_t *binding)
{
    binding->closing--;
    if (binding->closing == 0) {
        binding->connections->value -= binding->tcp_connections;
        binding->tcp_connections = 0;
        (void)uv_timer_start(binding->timer, timer_rings, BINDING_SHED_MS, 0);
    }
}

typedef struct event {
    uint16_t number; // 0 for none
    uint32_t value;  // the descriptor, of a connection
    bool tcp;
} event_t;

static void count_event(rpc_binding_t *binding, const event_t *event)
{
    if (binding->changed != NULL && (event->number == ZMQ_EVENT_ACCEPTED || event->number == ZMQ_EVENT_DISCONNECTED)) {
        binding->changed(binding->data, (int)event->value);
    }
    switch (event->number) {
    case ZMQ_EVENT_ACCEPTED:
        binding->connections_total->value++;
        binding->connections->value++;
        binding->tcp_connections += event->tcp ? 1 : 0;
        if (binding->tcp_connections > binding->tcp_max && !binding->shed) {
            shed_tcp(binding);
        }
        break;
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
        binding->handshakes_total->value++;
        break;
    case ZMQ_EVENT_DISCONNECTED:
        binding->connections->value -= binding->connections->value > 0 ? 1 : 0;
        binding->tcp_connections -= event->tcp && binding->tcp_connections > 0 ? 1 : 0;
        break;
    case ZMQ_EVENT_CLOSED:
    case ZMQ_EVENT_CLOSE_FAILED:
        if (event->tcp && binding->closing > 0) {
            tcp_closed(binding);
        }
        break;
    default:
        break;
    }
}

static event_t take_event(void *monitor)
{
    zmq_msg_t frame;
    event_t event = {0, 0, false};
    if (rpc_frame_receive(monitor, &frame)) {
        if (zmq_msg_size(&frame) >= sizeof event.number) {
            memcpy(&event.number, zmq_msg_data(&frame), sizeof event.number);
        }
        if (zmq_msg_size(&frame) >= sizeof event.number + sizeof event.value) {
            memcpy(&event.value, (const uint8_t *)zmq_msg_data(&frame) + sizeof event.number, sizeof event.value);
        }
        if (zmq_msg_more(&frame) != 0) {
            (void)zmq_msg_close(&frame);
            if (rpc_frame_receive(monitor, &frame)) {
                event.tcp = zmq_msg_size(&frame) >= strlen(TCP) && memcmp(zmq_msg_data(&frame), TCP, strlen(TCP)) == 0;
            }
        }
    }
    (void)zmq_msg_close(&frame);
    return event;
}

static void monitor_readable(void *data, void *socket)
{
    rpc_binding_t *binding = data;
    for (int message = 0; message < BINDING_EVENTS_A_CALL; message++) {
        event_t event = take_event(socket);
        if (event.number == 0) {
            rpc_socket_drained(binding->monitor);
            return;
        }
        if (event.number == ZMQ_EVENT_MONITOR_STOPPED) {
            rpc_socket_destroy(&binding->monitor);
            open_again(binding);
            return;
        }
        if (binding->socket != NULL) {
            count_event(binding, &event); // those of one that is closed count no more
        }
    }
}

// For whoever cannot come back for the news that the socket is gone: it takes less than a millisecond. A connection that was let in ends
// only when the ZAP handler's socket, which the loop would look at, took notice of that.
static void await_gone(const rpc_binding_t *binding)
{
    void *monitor = rpc_socket_zmq(binding->monitor);
    zmq_pollitem_t items[] = {{monitor, 0, ZMQ_POLLIN, 0}, {rpc_zap_socket(binding->context->zap), 0, ZMQ_POLLIN, 0}};
    int64_t limit_us = clock_steady_us() + BINDING_GONE_MS * INT64_C(1000);
    while (take_event(monitor).number != ZMQ_EVENT_MONITOR_STOPPED && clock_steady_us() < limit_us) {
        (void)zmq_poll(items, items[1].socket != NULL ? 2 : 1, BINDING_RETRY_MS);
    }
}

// A monitor that nobody reads any more must be stopped, or libzmq's thread waits for its reader.
static void close_both(rpc_binding_t *binding)
{
    if (binding->socket != NULL) {
        (void)zmq_socket_monitor(rpc_socket_zmq(binding->socket), NULL, 0);
    } else if (binding->monitor != NULL) {
        await_gone(binding);
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
        // Before binding, so that no connection is missed.
        status = rpc_socket_monitor(binding->socket, BINDING_EVENTS, monitor_readable, binding, &binding->monitor, problem);
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

// What was closed by shed_tcp. Where that fails the socket as a whole is renewed, which tries until it works.
static void open_tcp(rpc_binding_t *binding)
{
    problem_t problem = {.status = STATUS_OK};
    binding->shed = false;
    binding->closing = 0;
    for (char *const *endpoint = binding->endpoints; *endpoint != NULL; endpoint++) {
        if (is_tcp(*endpoint) && bind_one(binding, *endpoint, &problem) != STATUS_OK) {
            log_error("cannot listen again yet", LOG_TEXT("reason", problem.detail));
            rpc_binding_renew(binding);
            return;
        }
    }
    log_info("listens again", LOG_TEXT("endpoint", binding->endpoints[0]));
}

static void timer_rings(uv_timer_t *timer)
{
    rpc_binding_t *binding = timer->data;
    if (binding->socket != NULL) {
        open_tcp(binding);
        return;
    }
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
    binding->tcp_connections = 0;
    binding->shed = false;
    binding->closing = 0;
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

// ---- one connection

static bool address_is(const struct sockaddr_storage *address, const char *endpoint)
{
    if (address->ss_family == AF_UNIX) {
        const char *path = ((const struct sockaddr_un *)address)->sun_path;
        return strncmp(endpoint, IPC, strlen(IPC)) == 0 && strcmp(endpoint + strlen(IPC), path) == 0;
    }
    const char *port = strrchr(endpoint, ':');
    unsigned long number = is_tcp(endpoint) && port != NULL ? strtoul(port + 1, NULL, 10) : 0;
    return (address->ss_family == AF_INET && ntohs(((const struct sockaddr_in *)address)->sin_port) == number) ||
           (address->ss_family == AF_INET6 && ntohs(((const struct sockaddr_in6 *)address)->sin6_port) == number);
}

// libzmq's thread may have closed it meanwhile, and the number may be anything's by now.
bool rpc_binding_holds(const rpc_binding_t *binding, int descriptor)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address - 1;
    memset(&address, 0, sizeof address);
    if (binding->socket == NULL || descriptor < 0 || getsockname(descriptor, (struct sockaddr *)&address, &size) != 0) {
        return false;
    }
    for (char *const *endpoint = binding->endpoints; *endpoint != NULL; endpoint++) {
        if (address_is(&address, *endpoint)) {
            return true;
        }
    }
    return false;
}

// Were the number another connection's of this socket by now, that one would connect again.
void rpc_binding_cut(const rpc_binding_t *binding, int descriptor)
{
    if (rpc_binding_holds(binding, descriptor)) {
        (void)shutdown(descriptor, SHUT_RDWR);
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
    binding->shed_total = metrics_counter(metrics, "pcn_rpc_shed_total", labels,
                                          "Times that all connections over tcp were ended, since there were too many.");
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
    binding->changed = options->changed;
    binding->data = options->data;
    (void)uv_timer_init(rpc_context_loop(context), binding->timer);
    binding->timer->data = binding;
    binding_figures(binding, context->metrics, options->label);
    struct rlimit descriptors;
    binding->tcp_max = BINDING_TCP_MAX;
    if (getrlimit(RLIMIT_NOFILE, &descriptors) == 0 && descriptors.rlim_cur / 4 < BINDING_TCP_MAX) {
        binding->tcp_max = (int64_t)descriptors.rlim_cur / 4;
    }
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
