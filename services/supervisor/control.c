#include "services/supervisor/control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/clock.h"
#include "common/base/log.h"

enum { CONTROL_LINE = 128, CONTROL_CONNECTIONS = 64, CONTROL_ANSWER = 64 * 1024, CONTROL_BACKLOG = 16 };

typedef enum connection_kind { CONNECTION_NEW, CONNECTION_WAIT, CONNECTION_RESTART, CONNECTION_WATCH, CONNECTION_DONE } connection_kind_t;

typedef struct connection {
    uv_pipe_t pipe;
    control_t *control;
    connection_kind_t kind;
    const child_t *child; // of a restart
    char line[CONTROL_LINE];
    size_t size;
    struct connection *next;
} connection_t;

struct control {
    uv_pipe_t pipe;
    fleet_t *fleet;
    connection_t *connections;
    size_t count;
};

typedef struct answer {
    uv_write_t request;
    buf_t text;
    bool last;
} answer_t;

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void connection_close(connection_t *connection)
{
    if (uv_is_closing((uv_handle_t *)&connection->pipe)) {
        return;
    }
    control_t *control = connection->control;
    for (connection_t **place = &control->connections; *place != NULL; place = &(*place)->next) {
        if (*place == connection) {
            *place = connection->next;
            control->count--;
            break;
        }
    }
    uv_close((uv_handle_t *)&connection->pipe, on_closed);
}

static void on_written(uv_write_t *request, int status)
{
    answer_t *answer = request->data;
    connection_t *connection = request->handle->data;
    bool last = answer->last || status < 0;
    buf_deinit(&answer->text);
    free(answer);
    if (last && status != UV_ECANCELED) {
        connection_close(connection);
    }
}

// Sends what is in `text`, which is consumed.
static void send_text(connection_t *connection, buf_t *text, bool last)
{
    answer_t *answer = calloc(1, sizeof *answer);
    if (answer == NULL || !buf_ok(text)) {
        free(answer);
        buf_deinit(text);
        connection_close(connection);
        return;
    }
    answer->text = *text;
    answer->last = last;
    answer->request.data = answer;
    if (last) {
        connection->kind = CONNECTION_DONE;
    }
    uv_buf_t buf = uv_buf_init(answer->text.data, (unsigned)answer->text.size);
    if (uv_write(&answer->request, (uv_stream_t *)&connection->pipe, &buf, 1, on_written) != 0) {
        buf_deinit(&answer->text);
        free(answer);
        connection_close(connection);
    }
}

__attribute__((format(printf, 3, 4))) static void send_line(connection_t *connection, bool last, const char *format, ...)
{
    char line[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    buf_t text;
    buf_init(&text, CONTROL_ANSWER);
    buf_add_string(&text, line);
    buf_add_char(&text, '\n');
    send_text(connection, &text, last);
}

static void send_status(connection_t *connection)
{
    const fleet_t *fleet = connection->control->fleet;
    buf_t text;
    buf_init(&text, CONTROL_ANSWER);
    for (size_t i = 0; i < fleet->count; i++) {
        const child_t *child = &fleet->children[i];
        char since[INSTANT_SIZE] = "-";
        if (child->ready_since_us != 0) {
            instant_format(child->ready_since_us, since);
        }
        bool is_task = child->program->ready == SPEC_READY_EXIT;
        buf_printf(&text, "%s\t%ld\t%s\t%u\t%s\n", child->program->name, (long)child->pid,
                   is_task && child->state == CHILD_READY ? "done" : child_state_name(child->state), child->restarts, since);
    }
    buf_add_string(&text, fleet_is_ready(fleet) ? "ok\n" : "failed: not everything is ready\n");
    send_text(connection, &text, true);
}

// Answers those who wait, where there is something to say.
static void connection_check(connection_t *connection)
{
    const fleet_t *fleet = connection->control->fleet;
    const child_t *failed = NULL;
    bool is_ready = false;
    if (connection->kind == CONNECTION_WAIT) {
        failed = fleet_failed(fleet);
        is_ready = fleet_is_ready(fleet);
    } else if (connection->kind == CONNECTION_RESTART) {
        failed = connection->child->failures >= FLEET_FAILURES ? connection->child : NULL;
        is_ready = connection->child->state == CHILD_READY;
    } else {
        return;
    }
    if (is_ready) {
        send_line(connection, true, "ok");
    } else if (failed != NULL) {
        send_line(connection, true, "failed: %s does not get ready, it %s", failed->program->name, failed->reason);
    } else if (fleet->stopping) {
        send_line(connection, true, "failed: stopping");
    }
}

static void restart(connection_t *connection, const char *name)
{
    fleet_t *fleet = connection->control->fleet;
    child_t *child = fleet_find(fleet, name);
    if (child == NULL) {
        send_line(connection, true, "failed: there is no %.40s", name);
    } else if (fleet->stopping || child->state == CHILD_WAITING) {
        send_line(connection, true, "failed: %s is %s", name, child_state_name(child->state));
    } else {
        connection->kind = CONNECTION_RESTART;
        connection->child = child;
        child->failures = 0;
        child_stop(child, true);
    }
}

static void reload(connection_t *connection)
{
    fleet_t *fleet = connection->control->fleet;
    for (size_t i = 0; i < fleet->count; i++) {
        const child_t *child = &fleet->children[i];
        if (child->pid != 0 && child->program->reload_signal != 0) {
            kill(child->pid, child->program->reload_signal);
        }
    }
    send_line(connection, true, "ok");
}

static void request(connection_t *connection)
{
    char *name = strchr(connection->line, ' ');
    if (name != NULL) {
        *name++ = '\0';
    }
    const char *verb = connection->line;
    if (strcmp(verb, "status") == 0) {
        send_status(connection);
    } else if (strcmp(verb, "wait") == 0) {
        connection->kind = CONNECTION_WAIT;
        connection_check(connection);
    } else if (strcmp(verb, "watch") == 0) {
        connection->kind = CONNECTION_WATCH;
    } else if (strcmp(verb, "restart") == 0 && name != NULL) {
        restart(connection, name);
    } else if (strcmp(verb, "reload") == 0) {
        reload(connection);
    } else if (strcmp(verb, "stop") == 0) {
        connection->kind = CONNECTION_WATCH;
        fleet_stop(connection->control->fleet);
    } else {
        send_line(connection, true, "failed: %.40s is not known", verb);
    }
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    (void)suggested;
    connection_t *connection = handle->data;
    *buf = uv_buf_init(connection->line + connection->size, (unsigned)(sizeof connection->line - 1 - connection->size));
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buf)
{
    (void)buf;
    connection_t *connection = stream->data;
    if (size < 0) {
        connection_close(connection);
        return;
    }
    if (connection->kind != CONNECTION_NEW) {
        return; // only its end is of interest
    }
    connection->size += (size_t)size;
    connection->line[connection->size] = '\0';
    char *end = strchr(connection->line, '\n');
    if (end != NULL) {
        *end = '\0';
        connection->size = 0;
        request(connection);
    }
}

static void on_connection(uv_stream_t *server, int status)
{
    control_t *control = server->data;
    connection_t *connection = status == 0 ? calloc(1, sizeof *connection) : NULL;
    if (connection == NULL) {
        return;
    }
    connection->control = control;
    uv_pipe_init(server->loop, &connection->pipe, 0);
    connection->pipe.data = connection;
    if (uv_accept(server, (uv_stream_t *)&connection->pipe) != 0 || control->count == CONTROL_CONNECTIONS) {
        uv_close((uv_handle_t *)&connection->pipe, on_closed);
        return;
    }
    connection->next = control->connections;
    control->connections = connection;
    control->count++;
    uv_read_start((uv_stream_t *)&connection->pipe, on_alloc, on_read);
}

status_t control_path(const char *dir, char *path, size_t size, problem_t *problem)
{
    int length = snprintf(path, size, "%s/run/supervisor.sock", dir);
    if (length < 0 || (size_t)length >= size || (size_t)length >= sizeof((struct sockaddr_un *)NULL)->sun_path) {
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "the path of the state is too long for a socket");
    }
    return STATUS_OK;
}

status_t control_new(uv_loop_t *loop, fleet_t *fleet, control_t **out, problem_t *problem)
{
    *out = NULL;
    char path[256];
    status_t status = control_path(fleet->dir, path, sizeof path, problem);
    if (status != STATUS_OK) {
        return status;
    }
    control_t *control = calloc(1, sizeof *control);
    if (control == NULL) {
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "no memory");
    }
    control->fleet = fleet;
    uv_pipe_init(loop, &control->pipe, 0);
    control->pipe.data = control;
    // The supervisor holds the state's lock, so a socket that is there is a dead one's.
    (void)unlink(path);
    int error = uv_pipe_bind(&control->pipe, path);
    if (error == 0) {
        error = uv_listen((uv_stream_t *)&control->pipe, CONTROL_BACKLOG, on_connection);
    }
    if (error != 0) {
        uv_close((uv_handle_t *)&control->pipe, on_closed);
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "%s: %s", path, uv_strerror(error));
    }
    *out = control;
    return STATUS_OK;
}

void control_changed(control_t *control, const child_t *child)
{
    connection_t *next = NULL;
    for (connection_t *connection = control->connections; connection != NULL; connection = next) {
        next = connection->next;
        if (connection->kind != CONNECTION_WATCH) {
            connection_check(connection);
        } else if (child->state != CHILD_WAITING) {
            bool has_ended = child->reason[0] != '\0';
            send_line(connection, false, "%s: %s%s%s%s", child->program->name, child_state_name(child->state),
                      has_ended ? " (the last run " : "", child->reason, has_ended ? ")" : "");
        }
    }
}

void control_close(control_t **reference)
{
    control_t *control = *reference;
    if (control == NULL) {
        return;
    }
    *reference = NULL;
    while (control->connections != NULL) {
        connection_close(control->connections);
    }
    uv_close((uv_handle_t *)&control->pipe, on_closed);
}
