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

#endif
