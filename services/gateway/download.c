#include "services/gateway/download.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/pb/message.h"
#include "services/gateway/call.h"
#include "services/gateway/reply.h"

#define ANY_TYPE "application/octet-stream"

static const void *field_of(const void *message, const pb_type_t *type, unsigned index)
{
    return (const char *)message + type->descriptor->fields[index].offset;
}

static const char *text_of(const void *message, const pb_type_t *type, unsigned index)
{
    const char *text = *(char *const *)field_of(message, type, index);
    return text != NULL && text[0] != '\0' ? text : NULL;
}

// What may stand in a header without being quoted or encoded.
static bool plain(const char *text, const char *others)
{
    for (; *text != '\0'; text++) {
        const char c = *text;
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr(others, c) != NULL))
            return false;
    }
    return true;
}

static ssize_t content(void *data, uint64_t position, char *out, size_t room);

// The first reply decides the answer's head.
static void begin_answer(download_t *download, const void *reply)
{
    request_t *request = download->request;
    const route_download_t *fields = &request->match.route->download;
    const pb_type_t *type = request->match.route->method->reply;
    const char *content_type = text_of(reply, type, fields->content_type), *name = text_of(reply, type, fields->file_name);
    if (content_type == NULL || !plain(content_type, "/+-._") || strchr(content_type, '/') == NULL)
        content_type = ANY_TYPE;
    if (!guard_accepts_type(&request->guard, content_type)) {
        problem_t problem = {0};
        problem_set(&problem, STATUS_INVALID_ARGUMENT, "Accept", "The answer is %s", content_type);
        reply_refuse(request, 406, &problem);
        return;
    }
    request->answered_us = clock_steady_us();
    reply_file(request, content_type, name != NULL && plain(name, ".-_") ? name : NULL, content, download);
}

// Whether the reply could be read.
static bool take_reply(download_t *download, const uint8_t *body, size_t size)
{
    const request_t *request = download->request;
    const route_download_t *fields = &request->match.route->download;
    const pb_type_t *type = request->match.route->method->reply;
    problem_t problem = {0};
    void *reply;
    if (pb_unpack_reply(type, body, size, download->arena, &reply, &problem) != STATUS_OK) {
        log_error("a service's answer could not be read", LOG_TEXT("method", request->match.route->method->name),
                  LOG_TEXT("field", problem.field), LOG_TEXT("detail", problem.detail), LOG_TEXT("requestId", request->id));
        return false;
    }
    const ProtobufCBinaryData *data = field_of(reply, type, fields->data);
    download->data = data->data;
    download->size = data->len;
    download->at = 0;
    download->page_token = text_of(reply, type, fields->next_page_token);
    if (!download->begun)
        begin_answer(download, reply);
    return true;
}

static void replied(rpc_request_t *call, const Pcn__Common__V1__ReplyHeader *header, const uint8_t *body, size_t size,
                    const problem_t *problem)
{
    download_t *download = call->data;
    request_t *request = download->request;
    const pb_method_t *method = request->match.route->method;
    (void)header;
    const bool failed = problem != NULL && problem->status != STATUS_OK;
    if (failed && download->begun)
        log_warning("a download broke off", LOG_TEXT("method", method->name), LOG_TEXT("status", status_name(problem->status)),
                    LOG_TEXT("detail", problem->detail), LOG_NUMBER("bytes", (int64_t)download->bytes), LOG_TEXT("requestId", request->id));
    else if (failed)
        call_refuse(request, method, problem);
    if (failed || !take_reply(download, body, size)) {
        download->broken = true;
        if (request->response == NULL && !download->begun)
            reply_refuse_with(request, 0, STATUS_INTERNAL, NULL, "The service's answer could not be read");
    }
    download->begun = true;
    call_resume(request);
}

// Asks for what comes after the reply that is used up, or for the first one. The message is in the request's arena; only its token changes.
static status_t ask(download_t *download, problem_t *problem)
{
    request_t *request = download->request;
    const route_t *route = request->match.route;
    const pb_type_t *type = route->method->request;
    arena_t *arena = arena_pool_take(request->gateway->arenas);
    uint8_t *bytes;
    if (arena == NULL)
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory for a download");
    *(const char **)(void *)((char *)request->message + type->descriptor->fields[route->download.page_token].offset) = download->page_token;
    const bool packed = pb_pack(request->message, arena, &bytes, &download->call.body_size);
    if (download->arena != NULL)
        arena_pool_give(request->gateway->arenas, &download->arena);
    download->arena = arena;
    download->data = NULL;
    download->size = download->at = 0;
    download->page_token = NULL;
    if (!packed)
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory for a download");
    download->call.body = bytes;
    download->call.arena = arena;
    download->call.done = replied;
    download->call.data = download;
    return call_ask(request, &download->call, route->method, NULL, problem);
}

// libmicrohttpd's content reader.
static ssize_t content(void *data, uint64_t position, char *out, size_t room)
{
    download_t *download = data;
    problem_t problem = {0};
    (void)position;
    if (!download->broken && download->at == download->size && download->page_token != NULL) {
        if (ask(download, &problem) == STATUS_OK)
            return 0; // suspended
        log_warning("a download broke off", LOG_TEXT("detail", problem.detail), LOG_NUMBER("bytes", (int64_t)download->bytes),
                    LOG_TEXT("requestId", download->request->id));
        download->broken = true;
    }
    if (download->broken)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    const size_t left = download->size - download->at, part = left < room ? left : room;
    if (part == 0) {
        download->complete = true;
        return MHD_CONTENT_READER_END_OF_STREAM;
    }
    memcpy(out, download->data + download->at, part);
    download->at += part;
    download->bytes += part;
    transfers_count_bytes(&download->transfer, part);
    return (ssize_t)part;
}

static void on_expired(transfer_t *transfer)
{
    transfer_break(transfer);
}

// Where the end of the body is the connection's nobody could tell a whole file from one that broke off.
static bool head_fits(request_t *request)
{
    if (request->head) {
        reply_refuse_with(request, 405, STATUS_INVALID_ARGUMENT, NULL, "The path is there, but not for this method");
        reply_header(request, "Allow", "GET");
    } else if (!request->chunks) {
        reply_refuse_with(request, 505, STATUS_INVALID_ARGUMENT, NULL, "Files are sent in HTTP/1.1 or newer");
    } else {
        return true;
    }
    return false;
}

void download_begin(request_t *request)
{
    download_t *download = arena_zero(request->arena, sizeof(*download));
    problem_t problem = {0};
    int http = 0;
    status_t status = STATUS_OK;
    if (!head_fits(request))
        return;
    if (download == NULL) {
        reply_refuse_with(request, 0, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory for a download");
        return;
    }
    request->download = download;
    download->request = request;
    download->transfer = (transfer_t){.kind = TRANSFER_DOWNLOAD, .request = request, .expire = on_expired};
    status = call_prepare(request, &http, &problem);
    if (status == STATUS_OK)
        status = transfers_enter(request->gateway->transfers, &download->transfer, &problem);
    if (status == STATUS_OK)
        status = ask(download, &problem);
    if (status != STATUS_OK)
        reply_refuse(request, http, &problem);
    else
        request->stage = REQUEST_WAITING;
}

void download_finish(download_t *download)
{
    const request_t *request = download->request;
    transfers_leave(&download->transfer);
    if (download->arena != NULL)
        arena_pool_give(request->gateway->arenas, &download->arena);
    if (download->begun)
        log_debug("a download ended", LOG_TEXT("requestId", request->id), LOG_TEXT("complete", download->complete ? "yes" : "no"),
                  LOG_NUMBER("bytes", (int64_t)download->bytes));
}
