#include "services/gateway/http.h"

#include <microhttpd.h>
#include <stdlib.h>

#include "services/gateway/request.h"
#include "services/gateway/stream_hub.h"
#include "services/gateway/transfers.h"

// The edge lets through 8 KiB of target and 12 KiB of headers, a hundred at most, each with its entry in libmicrohttpd's list. Not more than
// that takes: it is cleared for every request.
#define CONNECTION_MEMORY (28u * 1024u)
#define CLOSE_TURNS 8
// A run makes the head of an answer, the next one sends it: the second need not wait for another turn of the loop.
#define RUNS_A_TURN 2

struct http {
    gateway_t *gateway;
    listen_t listen;
    struct MHD_Daemon *daemon;
    uv_poll_t poll;
    uv_timer_t timer;
    uv_check_t check;
    uv_idle_t idle; // keeps the loop from sleeping while libmicrohttpd is to run
    unsigned handles;
    bool wanted;
};

static void *on_target(void *data, const char *target, struct MHD_Connection *connection)
{
    return request_begin(data, target, connection);
}

static enum MHD_Result on_access(void *data, struct MHD_Connection *connection, const char *url, const char *verb, const char *version,
                                 const char *upload, size_t *upload_size, void **context)
{
    (void)data, (void)connection, (void)url;
    return *context != NULL ? request_advance(*context, verb, version, upload, upload_size) : MHD_NO;
}

static void on_completed(void *data, struct MHD_Connection *connection, void **context, enum MHD_RequestTerminationCode code)
{
    (void)data, (void)connection, (void)code;
    if (*context != NULL)
        request_end(*context);
    *context = NULL;
}

static void on_idle(uv_idle_t *idle)
{
    (void)idle;
}

void http_wake(http_t *http)
{
    if (http->wanted)
        return;
    http->wanted = true;
    uv_idle_start(&http->idle, on_idle);
}

static void on_timer(uv_timer_t *timer)
{
    http_wake(timer->data);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)status, (void)events;
    http_wake(poll->data);
}

// After the loop's waiting: whatever woke libmicrohttpd in this turn is served in one run.
static void on_check(uv_check_t *check)
{
    http_t *http = check->data;
    MHD_UNSIGNED_LONG_LONG timeout_ms = 0;
    enum MHD_Result timed = MHD_YES;
    if (!http->wanted)
        return;
    http->wanted = false;
    for (int i = 0; i < RUNS_A_TURN && timed == MHD_YES && timeout_ms == 0; i++) {
        MHD_run(http->daemon);
        timed = MHD_get_timeout(http->daemon, &timeout_ms);
    }
    if (timed != MHD_YES)
        uv_timer_stop(&http->timer);
    else if (timeout_ms == 0)
        http_wake(http);
    else
        uv_timer_start(&http->timer, on_timer, timeout_ms, 0);
    if (!http->wanted)
        uv_idle_stop(&http->idle);
}

static void on_closed(uv_handle_t *handle)
{
    http_t *http = handle->data;
    if (--http->handles == 0)
        free(http);
}

static void start_handles(http_t *http)
{
    uv_loop_t *loop = http->gateway->loop;
    http->handles = 4;
    http->poll.data = http->timer.data = http->check.data = http->idle.data = http;
    uv_timer_init(loop, &http->timer);
    uv_check_init(loop, &http->check);
    uv_idle_init(loop, &http->idle);
    uv_check_start(&http->check, on_check);
    uv_poll_start(&http->poll, UV_READABLE, on_poll);
    http_wake(http);
}

status_t http_new(gateway_t *gateway, listen_t *listen, http_t **out, problem_t *problem)
{
    http_t *http = calloc(1, sizeof(*http));
    *out = NULL;
    if (http == NULL) {
        listen_close(listen);
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory for HTTP");
    }
    http->gateway = gateway;
    http->listen = *listen;
    *listen = (listen_t){.fd = -1};
    http->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_access, gateway,
        MHD_OPTION_LISTEN_SOCKET, http->listen.fd,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)gateway->config->connection_limit,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)(gateway->config->connection_timeout_ms / 1000),
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
        // At 1 it refuses a request without Host by itself and, a defect of 0.9.75, writes that answer's head twice; guard.c asks for
        // Host anyway. Below 0 it would be lenient.
        MHD_OPTION_STRICT_FOR_CLIENT, 0,
        MHD_OPTION_URI_LOG_CALLBACK, on_target, gateway,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, gateway,
        MHD_OPTION_END);
    const union MHD_DaemonInfo *info = http->daemon != NULL ? MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
    if (info == NULL || uv_poll_init(gateway->loop, &http->poll, info->epoll_fd) != 0) {
        if (http->daemon != NULL)
            MHD_stop_daemon(http->daemon);
        listen_close(&http->listen);
        free(http);
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "HTTP does not start");
    }
    gateway->http = http;
    start_handles(http);
    *out = http;
    return STATUS_OK;
}

void http_drain(http_t *http)
{
    stream_hub_stop(http->gateway->streams);
    if (http->listen.fd < 0)
        return;
    MHD_quiesce_daemon(http->daemon);
    listen_close(&http->listen);
    http_wake(http);
}

void http_destroy(http_t **out)
{
    http_t *http = *out;
    *out = NULL;
    if (http == NULL)
        return;
    http_drain(http);
    // What was resumed gets its answer written as far as the sockets take it.
    for (int i = 0; i < CLOSE_TURNS && http->gateway->open > 0; i++)
        MHD_run(http->daemon);
    uv_poll_stop(&http->poll);
    MHD_stop_daemon(http->daemon);
    transfers_stop(http->gateway->transfers);
    uv_close((uv_handle_t *)&http->poll, on_closed);
    uv_close((uv_handle_t *)&http->timer, on_closed);
    uv_close((uv_handle_t *)&http->check, on_closed);
    uv_close((uv_handle_t *)&http->idle, on_closed);
}
