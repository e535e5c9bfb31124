#include "common/event/call.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/pb/message.h"

// A reply of 1 MiB with what is unpacked from it.
#define CALL_ARENA_CAP (8u * 1024u * 1024u)

enum {
    CALL_TIMEOUT_MS = 5000,
    RETRY_MS = 100,
    RETRY_MAX_MS = 5000,
    RETRY_REFUSED_MS = 10000, // what is forbidden changes by somebody's hand
};

static void call_free(event_call_t *call)
{
    arena_destroy(&call->request.arena);
    free(call);
}

static void call_done(rpc_request_t *request, const Pcn__Common__V1__ReplyHeader *header, const uint8_t *body, size_t body_size,
                      const problem_t *problem)
{
    (void)header;
    event_call_t *call = request->data;
    call->answered = true;
    if (call->done == NULL) {
        call_free(call);
        return;
    }
    void *reply = NULL;
    problem_t outcome = *problem;
    if (outcome.status == STATUS_OK) {
        outcome.status = pb_unpack_reply(call->reply, body, body_size, request->arena, &reply, &outcome);
    }
    if (outcome.status != STATUS_OK && problem->status == STATUS_OK) {
        // OUT_OF_RANGE and its like are the service's words; what is wrong with its answer is none of them.
        outcome.status = STATUS_INTERNAL;
    }
    call->done(call->data, call, outcome.status == STATUS_OK ? reply : NULL, &outcome);
}

event_call_t *event_call_new(rpc_client_t *client, const char *method, const ProtobufCMessage *request, const pb_type_t *reply,
                             void (*done)(void *data, event_call_t *call, const void *answer, const problem_t *problem), void *data)
{
    event_call_t *call = calloc(1, sizeof *call);
    arena_t *arena = arena_new(CALL_ARENA_CAP);
    size_t size = protobuf_c_message_get_packed_size(request);
    if (call == NULL || arena == NULL || size > sizeof call->body) {
        arena_destroy(&arena);
        free(call);
        return NULL;
    }
    call->reply = reply;
    call->done = done;
    call->data = data;
    id_make(clock_wall_us(), call->id);
    (void)protobuf_c_message_pack(request, call->body);
    call->request = (rpc_request_t){.header = PCN__COMMON__V1__REQUEST_HEADER__INIT,
                                    .body = call->body,
                                    .body_size = size,
                                    .deadline_us = clock_steady_us() + CALL_TIMEOUT_MS * 1000,
                                    .repeatable = true,
                                    .arena = arena,
                                    .done = call_done,
                                    .data = call};
    call->request.header.request_id = call->id;
    call->request.header.method = (char *)(uintptr_t)method;
    rpc_client_call(client, &call->request);
    return call;
}

void event_call_destroy(event_call_t **call)
{
    event_call_t *self = *call;
    if (self == NULL) {
        return;
    }
    *call = NULL;
    self->done = NULL;
    if (self->answered) {
        call_free(self);
    }
}

static bool is_given(const char *text)
{
    return text != NULL && *text != '\0';
}

bool event_is_whole(const Pcn__Events__V1__Event *event, const char *source)
{
    return event->has_sequence && event->sequence > 0 && event->sequence <= EVENT_SEQUENCE_MAX && is_given(event->id) &&
           is_given(event->type) && is_given(event->subject) && is_given(event->data) && event->source != NULL &&
           strcmp(event->source, source) == 0;
}

uint64_t event_retry_after(event_retry_t *retry, const problem_t *problem)
{
    if (problem->status != retry->said) {
        log_warning("the log cannot be read, will try again", LOG_TEXT("service", retry->service),
                    LOG_TEXT("status", status_name(problem->status)), LOG_TEXT("detail", problem->detail));
        retry->said = problem->status;
    }
    if (problem->status == STATUS_PERMISSION_DENIED || problem->status == STATUS_UNAUTHENTICATED) {
        return RETRY_REFUSED_MS;
    }
    retry->delay_ms = retry->delay_ms == 0 ? RETRY_MS : retry->delay_ms * 2;
    retry->delay_ms = retry->delay_ms < RETRY_MAX_MS ? retry->delay_ms : RETRY_MAX_MS;
    uint64_t asked_ms = problem->retry_after_ms < RETRY_MAX_MS ? problem->retry_after_ms : RETRY_MAX_MS;
    return retry->delay_ms > asked_ms ? retry->delay_ms : asked_ms;
}

void event_retry_over(event_retry_t *retry)
{
    if (retry->said != STATUS_OK) {
        log_info("the log can be read again", LOG_TEXT("service", retry->service));
    }
    retry->said = STATUS_OK;
    retry->delay_ms = 0;
}
