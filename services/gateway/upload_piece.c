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

static void fill(upload_t *upload, const route_upload_t *fields, void *message)
{
    const pb_type_t *type = fields->piece->request;
    *(char **)field_of(message, type, fields->id) = (char *)upload->id;
    *(uint32_t *)field_of(message, type, fields->number) = ++upload->number;
    set_present(message, type, fields->number);
    if (upload->last) {
        *(protobuf_c_boolean *)field_of(message, type, fields->last) = 1;
        set_present(message, type, fields->last);
        return;
    }
    *(char **)field_of(message, type, fields->file) = (char *)upload->files[upload->file_count - 1];
    *(ProtobufCBinaryData *)field_of(message, type, fields->data) =
        (ProtobufCBinaryData){.len = upload->piece_size, .data = (uint8_t *)upload->piece};
    set_present(message, type, fields->data);
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
    snprintf(upload->key, sizeof(upload->key), "%s.%u", request->idempotency_key != NULL ? request->idempotency_key : request->id,
             upload->number);
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
    if (upload->id != NULL && upload->id[0] != '\0')
        return STATUS_OK;
    log_error("a service's answer names nothing to upload to", LOG_TEXT("method", route->method->name), LOG_TEXT("detail", problem->detail),
              LOG_TEXT("requestId", request->id));
    return problem_set(problem, STATUS_INTERNAL, NULL, "The service's answer could not be read");
}
