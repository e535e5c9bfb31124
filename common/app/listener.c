#include "common/app/listener.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/app/listener_address.h"

enum { REQUEST_CAP = 4096, CLIENTS_MAX = 16, BACKLOG = 16, BODY_CAP = 8 * 1024 * 1024 };

typedef union socket_handle {
    uv_handle_t handle;
    uv_stream_t stream;
    uv_pipe_t pipe;
    uv_tcp_t tcp;
} socket_handle_t;

typedef struct client {
    socket_handle_t socket;
    uv_timer_t timer;
    uv_write_t write;
    listener_t *listener;
    struct client *previous, *next;
    char request[REQUEST_CAP];
    size_t size;
    buf_t answer;
    int open_handles;
} client_t;

struct listener {
    socket_handle_t socket;
    uv_loop_t *loop;
    listener_spec_t spec;
    listener_address_t address;
    client_t *clients;
    size_t client_count;
    bool closed; // the server's handle
};

typedef struct answer {
    int status;
    const char *reason;
    const char *type;
    const char *header; // one further line, or ""
} answer_t;

static const char json_type[] = "application/json";
static const char good[] = "{\"status\":\"ok\"}\n"; // as the edge says it
static const char problem_type[] = "application/problem+json";

static void free_when_last(listener_t *listener)
{
    if (listener->closed && listener->clients == NULL) {
        free(listener);
    }
}

static void on_client_handle_closed(uv_handle_t *handle)
{
    client_t *client = handle->data;
    if (--client->open_handles > 0) {
        return;
    }
    listener_t *listener = client->listener;
    if (client->previous != NULL) {
        client->previous->next = client->next;
    } else {
        listener->clients = client->next;
    }
    if (client->next != NULL) {
        client->next->previous = client->previous;
    }
    listener->client_count--;
    buf_deinit(&client->answer);
    free(client);
    free_when_last(listener);
}

static void client_close(client_t *client)
{
    if (!uv_is_closing(&client->socket.handle)) {
        uv_close(&client->socket.handle, on_client_handle_closed);
        uv_close((uv_handle_t *)&client->timer, on_client_handle_closed);
    }
}

static void on_timeout(uv_timer_t *timer)
{
    client_close(timer->data);
}

static void on_written(uv_write_t *write, int status)
{
    (void)status;
    client_close(write->data);
}

static void write_problem(buf_t *body, const problem_t *problem, int status, const char *title)
{
    buf_add_string(body, "{\"type\":\"about:blank\",\"title\":");
    buf_add_json_string(body, title, strlen(title));
    buf_printf(body, ",\"status\":%d", status);
    if (problem->detail[0] != '\0') {
        buf_add_string(body, ",\"detail\":");
        buf_add_json_string(body, problem->detail, strlen(problem->detail));
    }
    buf_add_string(body, "}\n");
}

static answer_t refusal(buf_t *body, int status, const char *reason, const char *header)
{
    problem_t problem = {0};
    write_problem(body, &problem, status, reason);
    return (answer_t){status, reason, problem_type, header};
}

static answer_t answer_path(const listener_spec_t *spec, const char *path, buf_t *body)
{
    if (strcmp(path, "/metrics") == 0) {
        spec->metrics(spec->data, body);
        return (answer_t){200, "OK", "text/plain; version=0.0.4; charset=utf-8", ""};
    }
    if (strcmp(path, "/healthz") == 0) {
        buf_add_string(body, good);
        return (answer_t){200, "OK", json_type, ""};
    }
    if (strcmp(path, "/readyz") == 0) {
        problem_t problem = {0};
        if (spec->ready(spec->data, &problem)) {
            buf_add_string(body, good);
            return (answer_t){200, "OK", json_type, ""};
        }
        write_problem(body, &problem, 503, "Not ready");
        return (answer_t){503, "Service Unavailable", problem_type, "Retry-After: 1\r\n"};
    }
    return refusal(body, 404, "Not Found", "");
}

// The request line, exactly: method, path, version, one blank between. `line` is cut up.
static answer_t answer_line(const listener_spec_t *spec, char *line, buf_t *body)
{
    char *path = strchr(line, ' ');
    char *version = path != NULL ? strchr(path + 1, ' ') : NULL;
    if (version == NULL || path == line || path[1] != '/' ||
        (strcmp(version + 1, "HTTP/1.1") != 0 && strcmp(version + 1, "HTTP/1.0") != 0)) {
        return refusal(body, 400, "Bad Request", "");
    }
    *path++ = '\0';
    *version = '\0';
    if (strcmp(line, "GET") != 0) {
        return refusal(body, 405, "Method Not Allowed", "Allow: GET\r\n");
    }
    return answer_path(spec, path, body);
}

static void client_send(client_t *client, const answer_t *answer, const buf_t *body)
{
    uv_read_stop(&client->socket.stream);
    buf_printf(&client->answer,
               "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nCache-Control: no-store\r\n%sConnection: close\r\n\r\n",
               answer->status, answer->reason, answer->type, body->size, answer->header);
    buf_add(&client->answer, body->data, body->size);
    client->write.data = client;
    uv_buf_t out = uv_buf_init(client->answer.data, (unsigned)client->answer.size);
    if (!buf_ok(&client->answer) || uv_write(&client->write, &client->socket.stream, &out, 1, on_written) != 0) {
        client_close(client);
    }
}

static void client_answer(client_t *client, bool too_large)
{
    buf_t body;
    buf_init(&body, BODY_CAP);
    answer_t answer;
    if (too_large) {
        answer = refusal(&body, 431, "Request Header Fields Too Large", "");
    } else {
        // The end of the request was found, so the end of its first line is there.
        char *end = memmem(client->request, client->size, "\r\n", 2);
        *end = '\0';
        // A NUL within the line makes it shorter, so that it is refused as malformed.
        answer = answer_line(&client->listener->spec, client->request, &body);
    }
    if (!buf_ok(&body)) {
        buf_clear(&body);
        answer = refusal(&body, 500, "Internal Server Error", "");
    }
    client_send(client, &answer, &body);
    buf_deinit(&body);
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    (void)suggested;
    client_t *client = handle->data;
    *out = uv_buf_init(client->request + client->size, (unsigned)(REQUEST_CAP - client->size));
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *in)
{
    (void)in;
    client_t *client = stream->data;
    if (count < 0) {
        client_close(client);
        return;
    }
    client->size += (size_t)count;
    if (memmem(client->request, client->size, "\r\n\r\n", 4) != NULL) {
        client_answer(client, false);
    } else if (client->size == REQUEST_CAP) {
        client_answer(client, true);
    }
}

static int socket_init(uv_loop_t *loop, socket_handle_t *handle, bool local)
{
    return local ? uv_pipe_init(loop, &handle->pipe, 0) : uv_tcp_init(loop, &handle->tcp);
}

static void on_connection(uv_stream_t *server, int status)
{
    listener_t *listener = server->data;
    client_t *client = status == 0 ? calloc(1, sizeof *client) : NULL;
    if (client == NULL) {
        return;
    }
    client->listener = listener;
    // Neither of these can fail: they only fill the structures.
    int initialised = socket_init(listener->loop, &client->socket, listener->address.path[0] != '\0');
    assert(initialised == 0);
    uv_timer_init(listener->loop, &client->timer);
    client->socket.handle.data = client;
    client->timer.data = client;
    client->open_handles = 2;
    buf_init(&client->answer, BODY_CAP + REQUEST_CAP);
    client->next = listener->clients;
    if (client->next != NULL) {
        client->next->previous = client;
    }
    listener->clients = client;
    listener->client_count++;
    // One too many is taken and closed at once, so that it does not wait in the queue.
    if (uv_accept(server, &client->socket.stream) != 0 || listener->client_count > CLIENTS_MAX ||
        uv_timer_start(&client->timer, on_timeout, listener->spec.timeout_ms, 0) != 0 ||
        uv_read_start(&client->socket.stream, on_room, on_read) != 0) {
        client_close(client);
    }
}

static void on_listener_closed(uv_handle_t *handle)
{
    listener_t *listener = handle->data;
    listener->closed = true;
    free_when_last(listener);
}

static status_t open_socket(listener_t *listener, int fd, problem_t *problem)
{
    bool local = listener->address.path[0] != '\0';
    int error = local ? uv_pipe_open(&listener->socket.pipe, fd) : uv_tcp_open(&listener->socket.tcp, fd);
    if (error != 0) {
        close(fd);
    } else {
        error = uv_listen(&listener->socket.stream, BACKLOG, on_connection);
    }
    return error == 0 ? STATUS_OK : problem_set(problem, STATUS_UNAVAILABLE, "PCN_METRICS_LISTEN", "cannot listen: %s", uv_strerror(error));
}

status_t listener_new(uv_loop_t *loop, const char *address, const listener_spec_t *spec, listener_t **listener, problem_t *problem)
{
    *listener = NULL;
    listener_t *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "out of memory");
    }
    int fd = -1;
    status_t status = listener_address_parse(address, &made->address, problem);
    if (status == STATUS_OK) {
        status = listener_address_bind(&made->address, &fd, problem);
    }
    if (status == STATUS_OK && socket_init(loop, &made->socket, made->address.path[0] != '\0') != 0) {
        close(fd);
        status = problem_set(problem, STATUS_UNAVAILABLE, NULL, "no socket for metrics");
    }
    if (status != STATUS_OK) {
        free(made);
        return status;
    }
    made->loop = loop;
    made->spec = *spec;
    made->socket.handle.data = made;
    status = open_socket(made, fd, problem);
    if (status != STATUS_OK) {
        listener_destroy(&made);
        return status;
    }
    *listener = made;
    return STATUS_OK;
}

void listener_destroy(listener_t **listener)
{
    if (listener == NULL || *listener == NULL) {
        return;
    }
    for (client_t *client = (*listener)->clients; client != NULL; client = client->next) {
        client_close(client);
    }
    if ((*listener)->address.path[0] != '\0') {
        unlink((*listener)->address.path);
    }
    uv_close(&(*listener)->socket.handle, on_listener_closed);
    *listener = NULL;
}
