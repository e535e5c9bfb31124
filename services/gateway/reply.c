#include "services/gateway/reply.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "common/base/log.h"
#include "common/base/clock.h"

// A buffer that one large answer made big is not kept.
#define SCRATCH_KEPT (256u * 1024u)
// Of a body without chunks, which is only HTTP/1.0's: others use the connection's own memory.
#define STREAM_BLOCK 4096u

static const struct {
    int http;
    const char *title;
} http_titles[] = {
    {405, "Method not allowed"}, {406, "Not acceptable"},         {408, "Took too long"},         {412, "Precondition failed"},
    {413, "Body too large"},     {415, "Unsupported media type"}, {428, "Precondition required"}, {505, "Version of HTTP not supported"},
};

static const char *title_of(int http, status_t status)
{
    for (size_t i = 0; i < sizeof(http_titles) / sizeof(http_titles[0]); i++) {
        if (http_titles[i].http == http)
            return http_titles[i].title;
    }
    return status_title(status);
}

static unsigned retry_seconds(const problem_t *problem)
{
    return problem->retry_after_ms / 1000 + (problem->retry_after_ms % 1000 != 0 ? 1 : 0);
}

void reply_problem_write(int http, const problem_t *problem, const char *request_id, buf_t *out)
{
    buf_printf(out, "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,\"detail\":", title_of(http, problem->status), http);
    buf_add_json_string(out, problem->detail, strlen(problem->detail));
    if (problem->field[0] != '\0') {
        buf_add_string(out, ",\"field\":");
        buf_add_json_string(out, problem->field, strlen(problem->field));
    }
    buf_printf(out, ",\"requestId\":\"%s\"", request_id);
    if (problem->retry_after_ms > 0)
        buf_printf(out, ",\"retryAfterSeconds\":%u", retry_seconds(problem));
    if (problem->members != NULL) {
        buf_add_char(out, ',');
        buf_add_string(out, problem->members);
    }
    buf_add_char(out, '}');
}

void reply_header(request_t *request, const char *name, const char *value)
{
    if (request->response != NULL && MHD_add_response_header(request->response, name, value) != MHD_YES)
        log_warning("a response header was left out", LOG_TEXT("header", name), LOG_TEXT("requestId", request->id));
}

static void add_headers(request_t *request, const char *type, const char *cache)
{
    if (type != NULL)
        reply_header(request, "Content-Type", type);
    reply_header(request, "Cache-Control", cache);
    reply_header(request, "X-Content-Type-Options", "nosniff");
    reply_header(request, "X-Request-Id", request->id);
    if (request->close || request->gateway->draining)
        reply_header(request, "Connection", "close");
}

static void make(request_t *request, int http, const char *type)
{
    buf_t *scratch = &request->gateway->scratch;
    if (!buf_ok(scratch)) {
        log_error("an answer did not fit into memory", LOG_TEXT("requestId", request->id));
        buf_clear(scratch);
        problem_t problem;
        problem_set(&problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The answer is too large; ask for a smaller page");
        http = status_http(problem.status);
        type = "application/problem+json";
        reply_problem_write(http, &problem, request->id, scratch);
    }
    request->status = http;
    request->response = MHD_create_response_from_buffer(scratch->size, scratch->data, MHD_RESPMEM_MUST_COPY);
    if (scratch->room > SCRATCH_KEPT)
        buf_deinit(scratch);
    buf_clear(scratch);
    add_headers(request, type, "no-store");
}

void reply_stream(request_t *request, MHD_ContentReaderCallback reader, void *data)
{
    request->status = 200;
    request->response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, reader, data, NULL);
    add_headers(request, "text/event-stream", "no-store");
    reply_header(request, "X-Accel-Buffering", "no");
}

void reply_document(request_t *request, const document_t *document)
{
    const char *known = guard_single(&request->guard, GUARD_IF_NONE_MATCH);
    const bool same = known != NULL && strstr(known, document->etag) != NULL;
    request->status = same ? 304 : 200;
    request->response =
        MHD_create_response_from_buffer(same ? 0 : document->size, (void *)(uintptr_t)document->bytes, MHD_RESPMEM_PERSISTENT);
    add_headers(request, document->type, "no-cache");
    reply_header(request, "ETag", document->etag);
    // The page has its style in itself and nothing else: no script, no other host.
    reply_header(request, "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
}

void reply_file(request_t *request, const char *type, const char *name, MHD_ContentReaderCallback reader, void *data)
{
    request->status = 200;
    request->response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, reader, data, NULL);
    add_headers(request, type, "no-store");
    const char *disposition = name != NULL ? arena_printf(request->arena, "attachment; filename=\"%s\"", name) : "attachment";
    if (disposition != NULL)
        reply_header(request, "Content-Disposition", disposition);
}

void reply_json(request_t *request, int http)
{
    make(request, http, "application/json");
}

void reply_empty(request_t *request, int http)
{
    buf_clear(&request->gateway->scratch);
    make(request, http, NULL);
}

void reply_refuse(request_t *request, int http, const problem_t *problem)
{
    if (http == 0)
        http = status_http(problem->status);
    // An upload's may have to go out past libmicrohttpd.
    if (request->stage == REQUEST_UPLOAD)
        request->refusal = (const problem_t *)(const void *)arena_copy(request->arena, problem, sizeof(*problem));
    buf_clear(&request->gateway->scratch);
    reply_problem_write(http, problem, request->id, &request->gateway->scratch);
    make(request, http, "application/problem+json");
    if (http == 401)
        reply_header(request, "WWW-Authenticate", "Bearer");
    if (problem->retry_after_ms > 0) {
        char seconds[16];
        snprintf(seconds, sizeof(seconds), "%u", retry_seconds(problem));
        reply_header(request, "Retry-After", seconds);
    }
}

void reply_refuse_with(request_t *request, int http, status_t status, const char *field, const char *detail)
{
    problem_t problem = {0};
    problem_set(&problem, status, field, "%s", detail);
    reply_refuse(request, http, &problem);
}

void reply_cut(request_t *request, int http, const problem_t *problem)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    buf_t *scratch = &request->gateway->scratch;
    char head[512];
    if (info == NULL)
        return;
    buf_clear(scratch);
    reply_problem_write(http, problem, request->id, scratch);
    char retry[40] = "";
    if (problem->retry_after_ms > 0)
        snprintf(retry, sizeof(retry), "Retry-After: %u\r\n", retry_seconds(problem));
    int size = snprintf(head, sizeof(head),
                        "HTTP/1.1 %d %s\r\nContent-Type: application/problem+json\r\nContent-Length: %zu\r\nCache-Control: no-store\r\n"
                        "X-Content-Type-Options: nosniff\r\nX-Request-Id: %s\r\n%s%sConnection: close\r\n\r\n",
                        http, title_of(http, problem->status), scratch->size, request->id,
                        http == 401 ? "WWW-Authenticate: Bearer\r\n" : "", retry);
    struct iovec parts[2] = {{head, (size_t)size}, {scratch->data, scratch->size}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    // Nothing else of this connection is on its way, so some hundred bytes fit; where they do not the client gets a close.
    if (buf_ok(scratch) && sendmsg(info->connect_fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
        shutdown(info->connect_fd, SHUT_WR);
    buf_clear(scratch);
    request->status = http;
}
