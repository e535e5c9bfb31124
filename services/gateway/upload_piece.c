// What an upload says to its service.
#include <stdio.h>
#include <string.h>

#include "common/base/log.h"
#include "common/pb/message.h"
#include "services/gateway/call.h"
#include "services/gateway/upload.h"

static void *field_of(void *message, const pb_type_t *type, unsigned index)
{
    return (char *)message + type->descriptor->fields[index].offset;
}

static void set_present(void *message, const pb_type_t *type, unsigned index)
{
    *(protobuf_c_boolean *)(void *)((char *)message + type->descriptor->fields[index].quantifier_offset) = 1;
}

static void set_flag(void *message, const pb_type_t *type, unsigned index)
{
    *(protobuf_c_boolean *)field_of(message, type, index) = 1;
    set_present(message, type, index);
}

// All but what the piece brings.
static void address(upload_t *upload, const route_upload_t *fields, void *message)
{
    const pb_type_t *type = fields->piece->request;
    *(char **)field_of(message, type, fields->id) = (char *)upload->id;
    *(uint32_t *)field_of(message, type, fields->number) = ++upload->number;
    set_present(message, type, fields->number);
}

static void fill(upload_t *upload, const route_upload_t *fields, void *message)
{
    const pb_type_t *type = fields->piece->request;
    address(upload, fields, message);
    if (upload->last) {
        set_flag(message, type, fields->last);
        return;
    }
    *(char **)field_of(message, type, fields->file) = (char *)upload->files[upload->file_count - 1];
    *(ProtobufCBinaryData *)field_of(message, type, fields->data) =
        (ProtobufCBinaryData){.len = upload->piece_size, .data = (uint8_t *)upload->piece};
    set_present(message, type, fields->data);
}

// The key under which the service recognises it.
static void name_piece(upload_t *upload, const char *piece)
{
    const request_t *request = upload->request;
    snprintf(upload->key, sizeof(upload->key), "%s.%s", request->idempotency_key != NULL ? request->idempotency_key : request->id, piece);
}

static void give_arena(upload_t *upload)
{
    if (upload->arena != NULL)
        arena_pool_give(upload->request->gateway->arenas, &upload->arena);
}

static void piece_done(rpc_request_t *call, const Pcn__Common__V1__ReplyHeader *header, const uint8_t *body, size_t size,
                       const problem_t *problem)
{
    upload_t *upload = call->data;
    request_t *request = upload->request;
    const pb_method_t *method = request->match.route->upload.piece;
    if (upload->last && (problem == NULL || problem->status == STATUS_OK))
        upload->open = false;
    if (upload->phase == UPLOAD_CUT) {
        // Its time was over: it was answered meanwhile.
    } else if (problem != NULL && problem->status != STATUS_OK) {
        call_refuse(request, method, problem);
        upload->phase = UPLOAD_ANSWERED;
        // At once, although the next of the body may be long in coming.
        if (!upload->last && upload_refuse(upload) != MHD_YES)
            transfer_break(&upload->transfer);
    } else if (upload->last) {
        call_answer(request, method, header, body, size, upload->arena);
        upload->phase = UPLOAD_ANSWERED;
    } else {
        transfers_count_bytes(&upload->transfer, upload->piece_size);
        upload->piece_size = 0;
        upload->begun = true;
        upload->phase = UPLOAD_READING;
    }
    give_arena(upload);
    call_resume(request);
}

status_t upload_send(upload_t *upload, problem_t *problem)
{
    request_t *request = upload->request;
    const route_upload_t *fields = &request->match.route->upload;
    uint8_t *bytes;
    upload->arena = arena_pool_take(request->gateway->arenas);
    void *message = upload->arena != NULL ? pb_new(fields->piece->request, upload->arena) : NULL;
    if (message != NULL)
        fill(upload, fields, message);
    if (message == NULL || !pb_pack(message, upload->arena, &bytes, &upload->call.body_size)) {
        give_arena(upload);
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory for a piece of a file");
    }
    char number[16];
    snprintf(number, sizeof(number), "%u", upload->number);
    name_piece(upload, number);
    upload->call.body = bytes;
    upload->call.arena = upload->arena;
    upload->call.done = piece_done;
    upload->call.data = upload;
    const status_t status = call_ask(request, &upload->call, fields->piece, upload->key, problem);
    if (status != STATUS_OK)
        give_arena(upload);
    else
        upload->phase = UPLOAD_SENDING;
    return status;
}

status_t upload_take_id(upload_t *upload, const uint8_t *body, size_t size, problem_t *problem)
{
    const request_t *request = upload->request;
    const route_t *route = request->match.route;
    void *reply;
    if (pb_unpack_reply(route->method->reply, body, size, request->arena, &reply, problem) == STATUS_OK)
        upload->id = *(char *const *)field_of(reply, route->method->reply, route->upload.begun_id);
    upload->open = upload->id != NULL && upload->id[0] != '\0';
    if (upload->open)
        return STATUS_OK;
    log_error("a service's answer names nothing to upload to", LOG_TEXT("method", route->method->name), LOG_TEXT("detail", problem->detail),
              LOG_TEXT("requestId", request->id));
    return problem_set(problem, STATUS_INTERNAL, NULL, "The service's answer could not be read");
}

// ---- giving up

// In its own arena: it is under way when the request is gone.
typedef struct farewell {
    rpc_request_t call;
    arena_t *arena;
    arena_pool_t *arenas;
    principal_t *principal;
} farewell_t;

static void let_go(farewell_t *farewell)
{
    arena_t *arena = farewell->arena;
    principal_release(&farewell->principal);
    arena_pool_give(farewell->arenas, &arena);
}

static void tell_failure(const rpc_request_t *call, const char *status, const char *detail)
{
    log_debug("an upload could not be given up", LOG_TEXT("method", call->header.method), LOG_TEXT("status", status),
              LOG_TEXT("detail", detail), LOG_TEXT("requestId", call->header.request_id));
}

static void farewell_done(rpc_request_t *call, const Pcn__Common__V1__ReplyHeader *header, const uint8_t *body, size_t size,
                          const problem_t *problem)
{
    (void)header;
    (void)body;
    (void)size;
    if (problem != NULL && problem->status != STATUS_OK)
        tell_failure(call, status_name(problem->status), problem->detail);
    let_go(call->data);
}

// The texts of the call's header into its own arena.
static bool keep_texts(farewell_t *farewell)
{
    Pcn__Common__V1__RequestHeader *header = &farewell->call.header;
    char **const texts[] = {&header->request_id, &header->traceparent, &header->idempotency_key, &header->origin};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (*texts[i] != NULL && (*texts[i] = arena_string(farewell->arena, *texts[i])) == NULL)
            return false;
    }
    header->principal = &farewell->principal->message;
    return true;
}

static bool compose(upload_t *upload, farewell_t *farewell)
{
    const route_upload_t *fields = &upload->request->match.route->upload;
    void *message = pb_new(fields->piece->request, farewell->arena);
    uint8_t *bytes;
    if (message == NULL)
        return false;
    address(upload, fields, message);
    set_flag(message, fields->piece->request, fields->cancel);
    if (!pb_pack(message, farewell->arena, &bytes, &farewell->call.body_size))
        return false;
    farewell->call.body = bytes;
    name_piece(upload, "cancel");
    call_address(upload->request, &farewell->call, fields->piece, upload->key);
    return keep_texts(farewell);
}

static void say_farewell(upload_t *upload)
{
    const request_t *request = upload->request;
    gateway_t *gateway = request->gateway;
    arena_t *arena = arena_pool_take(gateway->arenas);
    farewell_t *farewell = arena != NULL ? arena_zero(arena, sizeof(*farewell)) : NULL;
    if (farewell == NULL) {
        if (arena != NULL)
            arena_pool_give(gateway->arenas, &arena);
        return;
    }
    farewell->arena = farewell->call.arena = arena;
    farewell->arenas = gateway->arenas;
    farewell->principal = principal_take(request->principal);
    farewell->call.done = farewell_done;
    farewell->call.data = farewell;
    if (!compose(upload, farewell)) {
        let_go(farewell);
    } else if (!gateway->upstream.call(gateway->upstream.data, request->service, &farewell->call)) {
        tell_failure(&farewell->call, status_name(STATUS_UNAVAILABLE), "The service is not there");
        let_go(farewell);
    }
}

// Under its key a client goes on with what broke off. What was refused for what it is it would only send again.
static bool may_go_on(const request_t *request)
{
    const bool refused = request->status >= 400 && request->status < 500 && request->status != 408 && request->status != 429;
    return request->idempotency_key != NULL && !refused;
}

void upload_give_up(upload_t *upload)
{
    if (!upload->open)
        return;
    upload->open = false;
    if (!may_go_on(upload->request))
        say_farewell(upload);
}
