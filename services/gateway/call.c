#include "services/gateway/call.h"

#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/pb/json.h"
#include "common/pb/message.h"
#include "services/gateway/http.h"
#include "services/gateway/reply.h"

#define RETRY_MS 1000

static status_t no_memory(problem_t *problem)
{
    return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The request takes too much memory");
}

static void *field_at(void *message, const ProtobufCFieldDescriptor *field)
{
    return (char *)message + field->offset;
}

// The names of a merge patch's nulls into the request's `clear`.
static void set_clear(const route_t *route, void *message, char **clear, size_t count)
{
    const ProtobufCFieldDescriptor *field = &route->method->request->descriptor->fields[route->clear_index];
    *(size_t *)(void *)((char *)message + field->quantifier_offset) = count;
    *(char ***)field_at(message, field) = clear;
}

static status_t read_body(request_t *request, problem_t *problem)
{
    const route_t *route = request->match.route;
    const pb_method_t *method = route->method;
    void *body;
    char **clear = NULL;
    size_t clear_count = 0;
    if (method->body == NULL)
        return STATUS_OK;
    if (request->body_size == 0)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "A JSON body is needed");
    const pb_type_t *type = route->body_index >= 0 ? method->request->fields[route->body_index].type : method->request;
    pb_json_mode_t mode = (method->flags & PB_PATCHES) != 0 ? PB_JSON_PATCH : PB_JSON_REQUEST;
    status_t status = pb_json_read(type, request->body, request->body_size, mode, request->arena, &body, &clear, &clear_count, problem);
    if (status != STATUS_OK)
        return status;
    if (route->body_index >= 0)
        *(void **)field_at(request->message, &method->request->descriptor->fields[route->body_index]) = body;
    else
        request->message = body;
    if (clear_count > 0) {
        if (route->clear_index < 0)
            return problem_set(problem, STATUS_INVALID_ARGUMENT, clear[0], "Cannot be taken away");
        set_clear(route, request->message, clear, clear_count);
    }
    return STATUS_OK;
}

static status_t read_path(request_t *request, problem_t *problem)
{
    const route_t *route = request->match.route;
    const pb_type_t *type = route->method->request;
    for (unsigned i = 0; i < route->field_count; i++) {
        const target_text_t *value = &request->match.values[i];
        if (pb_has(type, request->message, route->fields[i]))
            return problem_set(problem, STATUS_INVALID_ARGUMENT, type->fields[route->fields[i]].json, "Is given by the path alone");
        const char *text = value->text[value->size] == '\0' ? value->text : arena_copy(request->arena, value->text, value->size);
        if (text == NULL)
            return no_memory(problem);
        status_t status = pb_set_text(type, request->message, route->fields[i], text, request->arena, problem);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static status_t read_query(request_t *request, problem_t *problem)
{
    const route_t *route = request->match.route;
    const pb_type_t *type = route->method->request;
    for (size_t i = 0; i < request->target.parameter_count; i++) {
        const target_parameter_t *parameter = &request->target.parameters[i];
        int field = pb_field_by_json(type, parameter->name.text, parameter->name.size);
        if (field < 0 || !route->query[field])
            return problem_set(problem, STATUS_INVALID_ARGUMENT, parameter->name.text, "An unknown query parameter");
        status_t status = pb_set_text(type, request->message, (unsigned)field, parameter->value.text, request->arena, problem);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

// If-Match and Idempotency-Key, on methods that change something.
static status_t read_headers(request_t *request, int *http, problem_t *problem)
{
    const pb_method_t *method = request->match.route->method;
    if ((method->flags & PB_CHANGES) == 0)
        return STATUS_OK;
    status_t status = guard_if_match(&request->guard, &request->expected_version, problem);
    if (status == STATUS_OK)
        status = guard_idempotency_key(&request->guard, &request->idempotency_key, problem);
    if (status == STATUS_OK && (method->flags & PB_PATCHES) != 0 && request->expected_version == 0) {
        *http = 428;
        status = problem_set(problem, STATUS_FAILED_PRECONDITION, "If-Match", "The ETag of the version to change is needed");
    }
    return status;
}

status_t call_prepare(request_t *request, int *http, problem_t *problem)
{
    const pb_method_t *method = request->match.route->method;
    uint8_t *bytes;
    *http = 0;
    status_t status = read_headers(request, http, problem);
    if (status != STATUS_OK)
        return status;
    request->message = pb_new(method->request, request->arena);
    if (request->message == NULL)
        return no_memory(problem);
    if ((status = read_body(request, problem)) != STATUS_OK || (status = read_path(request, problem)) != STATUS_OK ||
        (status = read_query(request, problem)) != STATUS_OK ||
        (status = pb_validate_request(method, request->message, problem)) != STATUS_OK)
        return status;
    if (!pb_pack(request->message, request->arena, &bytes, &request->call.body_size))
        return no_memory(problem);
    request->call.body = bytes;
    return STATUS_OK;
}

// The resource that a creation or an upload made, found by the field that its own GET names.
static void add_location(request_t *request, const void *reply)
{
    const route_t *route = request->match.route, *get = route->location;
    if ((route->method->success != 201 && route->upload.piece == NULL) || get == NULL)
        return;
    const char *name = get->method->request->descriptor->fields[get->fields[0]].name;
    int index = pb_field_by_name(route->method->reply, name);
    const ProtobufCFieldDescriptor *field = &route->method->reply->descriptor->fields[index];
    const char *value = *(char *const *)(const void *)((const char *)reply + field->offset);
    const char *brace = strchr(get->method->path, '{');
    // Codes and identifiers need no encoding; anything else is better not guessed.
    if (value == NULL || !(code_valid(value) || id_valid(value)) || brace == NULL)
        return;
    const char *location = arena_printf(request->arena, "%.*s%s", (int)(brace - get->method->path), get->method->path, value);
    if (location != NULL)
        reply_header(request, "Location", location);
}

void call_answer(request_t *request, const pb_method_t *method, const Pcn__Common__V1__ReplyHeader *header, const uint8_t *body,
                 size_t body_size, arena_t *arena)
{
    const int success = request->match.route->method->success;
    problem_t problem = {0};
    void *reply;
    if (pb_unpack_reply(method->reply, body, body_size, arena, &reply, &problem) != STATUS_OK) {
        log_error("a service's answer could not be read", LOG_TEXT("method", method->name), LOG_TEXT("field", problem.field),
                  LOG_TEXT("detail", problem.detail), LOG_TEXT("requestId", request->id));
        reply_refuse_with(request, 0, STATUS_INTERNAL, NULL, "The service's answer could not be read");
        return;
    }
    buf_clear(&request->gateway->scratch);
    if (success == 204) {
        reply_empty(request, success);
    } else {
        pb_json_write(method->reply, reply, &request->gateway->scratch);
        reply_json(request, success);
    }
    if (request->status != success)
        return;
    if (header->has_version && header->version > 0) {
        char etag[32];
        snprintf(etag, sizeof(etag), "\"%lld\"", (long long)header->version);
        reply_header(request, "ETag", etag);
    }
    if (header->has_replayed && header->replayed)
        reply_header(request, "Idempotent-Replayed", "true");
    add_location(request, reply);
}

void call_refuse(request_t *request, const pb_method_t *method, const problem_t *given)
{
    problem_t problem = *given;
    int http = status_http(problem.status);
    if (problem.status == STATUS_ABORTED && request->expected_version > 0)
        http = 412;
    if (http >= 500)
        log_warning("a service did not answer a request", LOG_TEXT("method", method->name), LOG_TEXT("status", status_name(problem.status)),
                    LOG_TEXT("detail", problem.detail), LOG_TEXT("requestId", request->id));
    // What broke inside is for the log.
    if (problem.status == STATUS_INTERNAL)
        problem_set(&problem, STATUS_INTERNAL, NULL, "Something went wrong inside; the request's id finds it in the log");
    if (problem.status == STATUS_UNAVAILABLE && problem.retry_after_ms == 0)
        problem.retry_after_ms = RETRY_MS;
    reply_refuse(request, http, &problem);
}

void call_resume(request_t *request)
{
    request->gateway->in_flight->value--;
    MHD_resume_connection(request->connection);
    http_wake(request->gateway->http);
}

// The service has it in its trail by now. Whatever it says, who lacks the scope is told no more than that.
static void refuse_unscoped(request_t *request, const pb_method_t *method, bool refused)
{
    if (!refused)
        log_error("a service answered a caller without the scope", LOG_TEXT("method", method->name), LOG_TEXT("requestId", request->id));
    reply_refuse_with(request, 0, STATUS_PERMISSION_DENIED, NULL, REQUEST_UNSCOPED);
}

static void call_done(rpc_request_t *call, const Pcn__Common__V1__ReplyHeader *reply, const uint8_t *body, size_t body_size,
                      const problem_t *problem)
{
    request_t *request = call->data;
    const pb_method_t *method = request->match.route->method;
    const bool refused = problem != NULL && problem->status != STATUS_OK;
    if (request->unscoped && (!refused || status_http(problem->status) < 500))
        refuse_unscoped(request, method, refused);
    else if (refused)
        call_refuse(request, method, problem);
    else
        call_answer(request, method, reply, body, body_size, request->arena);
    call_resume(request);
}

void call_address(const request_t *request, rpc_request_t *call, const pb_method_t *method, const char *key)
{
    Pcn__Common__V1__RequestHeader *header = &call->header;
    pcn__common__v1__request_header__init(header);
    header->request_id = (char *)(uintptr_t)request->id;
    header->method = (char *)method->name;
    header->traceparent = (char *)guard_traceparent(&request->guard);
    header->idempotency_key = (char *)key;
    header->has_expected_version = method == request->match.route->method && request->expected_version > 0;
    header->expected_version = request->expected_version;
    header->principal = &request->principal->message;
    header->origin = request->origin[0] != '\0' ? (char *)(uintptr_t)request->origin : NULL;
    header->has_schema_version = 1;
    header->schema_version = CALL_SCHEMA_VERSION;
    call->deadline_us = clock_steady_us() + request->gateway->config->request_timeout_ms * 1000;
    // Changes too: the service recognises the request's id or key.
    call->repeatable = true;
}

status_t call_ask(request_t *request, rpc_request_t *call, const pb_method_t *method, const char *key, problem_t *problem)
{
    gateway_t *gateway = request->gateway;
    if (gateway->in_flight->value >= gateway->config->in_flight_max) {
        problem_set(problem, STATUS_UNAVAILABLE, NULL, "Too many requests wait already");
        problem->retry_after_ms = RETRY_MS;
        return STATUS_UNAVAILABLE;
    }
    call_address(request, call, method, key);
    if (!gateway->upstream.call(gateway->upstream.data, request->service, call)) {
        problem_set(problem, STATUS_UNAVAILABLE, NULL, "The service is not there");
        problem->retry_after_ms = RETRY_MS;
        return STATUS_UNAVAILABLE;
    }
    // `done` never comes from inside the call, so the connection sleeps before it can be woken.
    MHD_suspend_connection(request->connection);
    gateway->in_flight->value++;
    return STATUS_OK;
}

status_t call_send(request_t *request, problem_t *problem)
{
    request->call.arena = request->arena;
    request->call.done = call_done;
    request->call.data = request;
    status_t status = call_ask(request, &request->call, request->match.route->method, request->idempotency_key, problem);
    if (status == STATUS_OK)
        request->stage = REQUEST_WAITING;
    return status;
}
