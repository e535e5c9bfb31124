#include "services/gateway/request.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "services/gateway/call.h"
#include "services/gateway/download.h"
#include "services/gateway/reply.h"
#include "services/gateway/stream_hub.h"
#include "services/gateway/upload.h"

#define BODY_ROOM_FIRST 4096

request_t *request_begin(gateway_t *gateway, const char *target, struct MHD_Connection *connection)
{
    arena_t *arena = arena_pool_take(gateway->arenas);
    if (arena == NULL)
        return NULL;
    request_t *request = arena_zero(arena, sizeof(*request));
    // One byte more than is allowed, so that the parser sees that it is too long.
    size_t size = strnlen(target, TARGET_SIZE_MAX + 1);
    char *raw = request != NULL ? arena_copy(arena, target, size) : NULL;
    if (raw == NULL) {
        arena_pool_give(gateway->arenas, &arena);
        return NULL;
    }
    request->gateway = gateway;
    request->connection = connection;
    request->arena = arena;
    request->raw = raw;
    request->sent = target;
    request->raw_size = size;
    request->started_us = clock_steady_us();
    request->metrics = &gateway->other;
    gateway->open++;
    return request;
}

void request_end(request_t *request)
{
    gateway_t *gateway = request->gateway;
    arena_t *arena = request->arena;
    int64_t us = (request->answered_us != 0 ? request->answered_us : clock_steady_us()) - request->started_us;
    if (request->status != 0) {
        route_count(request->metrics, gateway->metrics, request->status, us);
        if (request->status >= 500 && request->status != 503)
            log_warning("a request failed", LOG_TEXT("requestId", request->id), LOG_TEXT("route", request->metrics->label),
                        LOG_NUMBER("status", request->status), LOG_NUMBER("us", us));
        else if (log_enabled(LOG_LEVEL_DEBUG))
            log_debug("a request was answered", LOG_TEXT("requestId", request->id), LOG_TEXT("route", request->metrics->label),
                      LOG_NUMBER("status", request->status), LOG_NUMBER("us", us));
    }
    if (request->stream != NULL)
        stream_finish(request->stream);
    if (request->upload != NULL)
        upload_finish(request->upload);
    if (request->download != NULL)
        download_finish(request->download);
    principal_release(&request->principal);
    if (request->response != NULL)
        MHD_destroy_response(request->response);
    gateway->open--;
    arena_pool_give(gateway->arenas, &arena);
}

enum MHD_Result request_queue(request_t *request)
{
    request->stage = REQUEST_ANSWERED;
    if (request->response == NULL)
        return MHD_NO;
    enum MHD_Result queued = MHD_queue_response(request->connection, (unsigned)request->status, request->response);
    MHD_destroy_response(request->response);
    request->response = NULL;
    return queued;
}

static enum MHD_Result on_header(void *data, enum MHD_ValueKind kind, const char *name, size_t name_size, const char *value,
                                 size_t value_size)
{
    (void)kind;
    guard_add(data, name, name_size, value, value_size);
    return MHD_YES;
}

// Whether the head reads as it was sent; only for a version of HTTP that is spoken here, which stands on the request line.
static bool head_is_whole(const request_t *request, const char *verb, const char *version)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    return info != NULL && guard_head(verb, request->sent, request->raw_size, version, verb + info->header_size, request->guard.headers);
}

static void take_id(request_t *request)
{
    const char *given = guard_single(&request->guard, GUARD_REQUEST_ID);
    if (given != NULL && id_valid(given))
        memcpy(request->id, given, ID_SIZE);
    else
        id_make(clock_wall_us(), request->id);
}

static void take_origin(request_t *request)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    origin_find(info != NULL ? info->client_addr : NULL, guard_single(&request->guard, GUARD_FORWARDED_FOR), request->origin);
}

static void refuse_too_large(request_t *request)
{
    request->close = true;
    reply_refuse_with(request, 413, STATUS_INVALID_ARGUMENT, NULL, "A body may have at most 256 KiB");
}

// The target is taken apart as soon as the head is there: an upload's body has to be known before it comes. What is wrong with a target is
// said when all of the request is there.
static void find_path(request_t *request)
{
    problem_t problem;
    request->parsed = target_parse(request->raw, request->raw_size, request->arena, &request->target, &problem) == STATUS_OK;
    request->known = request->parsed && route_find(request->gateway->routes, &request->target, request->verb, &request->match);
}

// Headers are there, the body is not. An answer given here makes libmicrohttpd close without reading on: right where nobody knows where
// the request ends, and where a client asks before it sends what would be refused.
static enum MHD_Result judge_head(request_t *request, const char *verb, const char *version)
{
    request->stage = REQUEST_BODY;
    MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, on_header, &request->guard);
    const char *fault = guard_framing(&request->guard, version);
    if (fault == NULL && !head_is_whole(request, verb, version))
        fault = "A malformed head";
    take_id(request);
    take_origin(request);
    request->head = strcmp(verb, "HEAD") == 0;
    request->verb = request->head ? VERB_GET : verb_parse(verb);
    if (fault != NULL) {
        request->close = true;
        reply_refuse_with(request, 0, STATUS_INVALID_ARGUMENT, NULL, fault);
        return request_queue(request);
    }
    request->chunks = strcmp(version, "HTTP/1.0") != 0;
    find_path(request);
    if (request->known && request->match.route != NULL && request->match.route->upload.piece != NULL)
        return upload_begin(request);
    request->discarded = request->guard.length > GUARD_BODY_MAX;
    if (request->discarded && request->guard.count[GUARD_EXPECT] > 0) {
        refuse_too_large(request);
        return request_queue(request);
    }
    return MHD_YES;
}

// Room for the next piece; the length is known or doubles. False where the arena is full.
static bool body_reserve(request_t *request, size_t size)
{
    if (request->body_size + size <= request->body_room)
        return true;
    size_t room = request->guard.length > 0 ? (size_t)request->guard.length : BODY_ROOM_FIRST;
    while (room < request->body_size + size)
        room *= 2;
    char *body = arena_alloc(request->arena, room);
    if (body == NULL)
        return false;
    if (request->body_size > 0)
        memcpy(body, request->body, request->body_size);
    request->body = body;
    request->body_room = room;
    return true;
}

static enum MHD_Result take_body(request_t *request, const char *data, size_t *size)
{
    size_t given = *size;
    *size = 0;
    request->received += given;
    if (request->received > GUARD_BODY_MAX)
        request->discarded = true;
    if (!request->discarded && !body_reserve(request, given))
        request->discarded = true;
    if (!request->discarded) {
        memcpy(request->body + request->body_size, data, given);
        request->body_size += given;
        return MHD_YES;
    }
    if (request->received > GUARD_READ_MAX && !request->cut) {
        problem_t problem = {0};
        problem_set(&problem, STATUS_INVALID_ARGUMENT, NULL, "A body may have at most 256 KiB");
        reply_cut(request, 413, &problem);
        request->cut = true;
    }
    // Reading on for a while lets the client see the answer before the connection breaks.
    return request->received <= GUARD_LINGER_MAX ? MHD_YES : MHD_NO;
}

static bool segment_is(const target_t *target, const char *word)
{
    return target->segment_count == 1 && strcmp(target->segments[0].text, word) == 0;
}

// What is served without a token and without a service. False where it is none of it.
static bool serve_own(request_t *request)
{
    buf_t *scratch = &request->gateway->scratch;
    const document_t *document = request->target.segment_count == 1 ? document_find(request->target.segments[0].text) : NULL;
    bool health = segment_is(&request->target, "healthz"), ready = segment_is(&request->target, "readyz");
    problem_t problem = {0};
    if (!health && !ready && document == NULL)
        return false;
    if (request->verb != VERB_GET) {
        reply_refuse_with(request, 405, STATUS_INVALID_ARGUMENT, NULL, "This path is only read");
        reply_header(request, "Allow", "GET, HEAD");
    } else if (request->target.parameter_count > 0) {
        reply_refuse_with(request, 0, STATUS_INVALID_ARGUMENT, request->target.parameters[0].name.text, "An unknown query parameter");
    } else if (ready && !gateway_ready(request->gateway, &problem)) {
        problem.retry_after_ms = 1000;
        reply_refuse(request, 0, &problem);
    } else if (document != NULL) {
        reply_document(request, document);
    } else {
        buf_clear(scratch);
        buf_add_string(scratch, "{\"status\":\"ok\"}");
        reply_json(request, 200);
    }
    return true;
}

// The token's principal; every refusal reads the same.
static bool authenticate(request_t *request)
{
    const char *token = guard_bearer(&request->guard);
    if (token != NULL)
        request->principal = verifier_check(request->gateway->verifier, token, strlen(token), clock_wall_us());
    if (request->principal == NULL)
        reply_refuse_with(request, 401, STATUS_UNAUTHENTICATED, NULL, "A valid bearer token is needed");
    return request->principal != NULL;
}

// Of a refusal here no service hears, and no audit trail tells, but for what must be accounted for: the log does.
static void refuse_scope(request_t *request, const char *what)
{
    log_info("a caller without the scope was refused", LOG_TEXT("requestId", request->id),
             LOG_TEXT("subject", request->principal->message.subject), LOG_TEXT("method", what),
             LOG_NUMBER("status", status_http(STATUS_PERMISSION_DENIED)), LOG_TEXT("origin", request->origin));
    reply_refuse_with(request, 0, STATUS_PERMISSION_DENIED, NULL, REQUEST_UNSCOPED);
}

// Whether the token holds the scope.
static bool may(request_t *request, const char *scope, const char *what)
{
    if (scope == NULL || principal_may(request->principal, scope))
        return true;
    refuse_scope(request, what);
    return false;
}

// The route and whether the principal may take it.
static bool find_route(request_t *request)
{
    route_match_t *match = &request->match;
    if (!request->known) {
        reply_refuse_with(request, 0, STATUS_NOT_FOUND, NULL, "There is no such path");
        return false;
    }
    if (match->route == NULL) {
        reply_refuse_with(request, 405, STATUS_INVALID_ARGUMENT, NULL, "The path is there, but not for this method");
        reply_header(request, "Allow", match->allow);
        return false;
    }
    const route_t *route = match->route;
    request->metrics = route->metrics;
    request->service = route->method->service;
    if (request->service == NULL) {
        const target_text_t *name = &match->values[route->service_index];
        for (const char *const *known = pcn_service_names; *known != NULL; known++) {
            if (strlen(*known) == name->size && memcmp(*known, name->text, name->size) == 0)
                request->service = *known;
        }
    }
    if (request->service == NULL) {
        reply_refuse_with(request, 0, STATUS_NOT_FOUND, NULL, "There is no such service");
        return false;
    }
    request->unscoped = (route->method->flags & PB_AUDITED) != 0 && route->method->scope != NULL &&
                        !principal_may(request->principal, route->method->scope);
    return request->unscoped || may(request, route->method->scope, route->method->name);
}

// Who lacks the scope is refused by the service, whose trail tells of it. A request that cannot even be read is about nobody: it is refused
// here, and nothing is said of what is wrong with it.
static void ask_in_vain(request_t *request)
{
    problem_t problem = {0};
    int http = 0;
    if (call_prepare(request, &http, &problem) != STATUS_OK)
        refuse_scope(request, request->match.route->method->name);
    else if (call_send(request, &problem) != STATUS_OK)
        reply_refuse(request, 0, &problem);
}

bool request_admit(request_t *request)
{
    return authenticate(request) && find_route(request);
}

// A stream of change events, which the gateway itself makes of services' logs.
static void serve_stream(request_t *request)
{
    stream_hub_t *hub = request->gateway->streams;
    request->metrics = stream_hub_metrics(hub);
    if (request->verb != VERB_GET || request->head) {
        reply_refuse_with(request, 405, STATUS_INVALID_ARGUMENT, NULL, "The path is there, but not for this method");
        reply_header(request, "Allow", "GET");
    } else if (!may(request, "events.read", "events stream")) {
        return;
    } else if (request->received > 0) {
        reply_refuse_with(request, 0, STATUS_INVALID_ARGUMENT, NULL, "This request has no body");
    } else if (!guard_accepts_stream(&request->guard)) {
        reply_refuse_with(request, 406, STATUS_INVALID_ARGUMENT, "Accept", "The answer is text/event-stream");
    } else {
        stream_hub_open(hub, request);
    }
}

// What HTTP alone can say about the body.
static bool body_fits(request_t *request)
{
    const pb_method_t *method = request->match.route->method;
    if (request->received == 0)
        return true;
    if (method->body == NULL) {
        reply_refuse_with(request, 0, STATUS_INVALID_ARGUMENT, NULL, "This request has no body");
        return false;
    }
    if (!guard_body_is_json(&request->guard, (method->flags & PB_PATCHES) != 0)) {
        reply_refuse_with(request, 415, STATUS_INVALID_ARGUMENT, "Content-Type", "The body must be application/json, not encoded");
        return false;
    }
    return true;
}

// The request is complete: answers it, or asks the service.
static void serve(request_t *request)
{
    problem_t problem = {0};
    int http = 0;
    if (request->discarded) {
        refuse_too_large(request);
        return;
    }
    if (!request->parsed && target_parse(request->raw, request->raw_size, request->arena, &request->target, &problem) != STATUS_OK) {
        reply_refuse(request, 0, &problem);
        return;
    }
    if (serve_own(request))
        return;
    if (request->target.segment_count == 0 || strcmp(request->target.segments[0].text, "v1") != 0) {
        reply_refuse_with(request, 0, STATUS_NOT_FOUND, NULL, "There is no such path");
        return;
    }
    if (!authenticate(request))
        return;
    if (stream_hub_serves(&request->target)) {
        serve_stream(request);
        return;
    }
    if (!find_route(request))
        return;
    if (request->unscoped) {
        ask_in_vain(request);
        return;
    }
    if (!body_fits(request))
        return;
    if (request->match.route->download.is) {
        download_begin(request);
        return;
    }
    if (!guard_accepts_json(&request->guard)) {
        reply_refuse_with(request, 406, STATUS_INVALID_ARGUMENT, "Accept", "Answers are application/json");
        return;
    }
    if (call_prepare(request, &http, &problem) != STATUS_OK || call_send(request, &problem) != STATUS_OK)
        reply_refuse(request, http, &problem);
}

enum MHD_Result request_advance(request_t *request, const char *verb, const char *version, const char *data, size_t *size)
{
    switch (request->stage) {
    case REQUEST_HEAD:
        return judge_head(request, verb, version);
    case REQUEST_BODY:
        if (*size > 0)
            return take_body(request, data, size);
        if (request->cut)
            return MHD_NO;
        serve(request);
        // Where a service is asked the connection is suspended and comes back here with the answer.
        return request->stage == REQUEST_WAITING ? MHD_YES : request_queue(request);
    case REQUEST_UPLOAD:
        return upload_advance(request, data, size);
    case REQUEST_WAITING:
        return request_queue(request);
    default:
        return MHD_YES;
    }
}
