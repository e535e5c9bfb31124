// From an accepted request to the service and back: the message from path, query and body, the frame's header, and the answer as JSON.
#ifndef PCN_GATEWAY_CALL_H
#define PCN_GATEWAY_CALL_H

#include "services/gateway/request.h"

// What requests to services say they were built for.
#define CALL_SCHEMA_VERSION 1

// Builds and checks the message and reads the headers that go with it. A refusal is in the problem; `*http` is set where HTTP has a
// status of its own for it (428), else 0.
MUST_CHECK status_t call_prepare(request_t *request, int *http, problem_t *problem);
// Asks the service with the connection suspended; the answer comes with the resume. A refusal where it cannot be asked at all.
MUST_CHECK status_t call_send(request_t *request, problem_t *problem);

// For uploads and downloads, which call more than once. Fills all that says who asks and how long it may take; texts are the request's.
void call_address(const request_t *request, rpc_request_t *call, const pb_method_t *method, const char *key);
// Asks the request's service by a call of their own, of which body, arena, `done` and
// data are filled; with the connection suspended. `key` may be NULL. A refusal where the service cannot be asked at all.
MUST_CHECK status_t call_ask(request_t *request, rpc_request_t *call, const pb_method_t *method, const char *key, problem_t *problem);
// `done` has done its work: the connection goes on.
void call_resume(request_t *request);
// The answer to the request from a method's reply, which is unpacked into the arena, or from its refusal.
void call_answer(request_t *request, const pb_method_t *method, const Pcn__Common__V1__ReplyHeader *header, const uint8_t *body,
                 size_t body_size, arena_t *arena);
void call_refuse(request_t *request, const pb_method_t *method, const problem_t *given);

#endif
