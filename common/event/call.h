// One call of pcn.events.v1.Events by whoever reads a log, and how long to wait before it is made again. A call may outlive its maker: the
// client answers it in its own time.
#ifndef PCN_EVENT_CALL_H
#define PCN_EVENT_CALL_H

#include "common/base/id.h"
#include "common/pb/type.h"
#include "common/rpc/client.h"
#include "pcn/events/v1/events.pb-c.h"

#define EVENT_CALL_REQUEST_MAX 1024
// Beyond any log's end, and far enough from the type's that counting on from it is safe.
#define EVENT_SEQUENCE_MAX (INT64_MAX / 2)

typedef struct event_call event_call_t;

struct event_call {
    rpc_request_t request;
    const pb_type_t *reply;
    // `reply` is NULL where the problem is not OK; it lives until the call is destroyed, which may be from inside.
    void (*done)(void *data, event_call_t *call, const void *reply, const problem_t *problem);
    void *data;
    bool answered;
    char id[ID_SIZE];
    uint8_t body[EVENT_CALL_REQUEST_MAX];
};

// `method` is the contract's and stays. `done` is never called from inside. NULL without memory, or for a request that is too large.
event_call_t *event_call_new(rpc_client_t *client, const char *method, const ProtobufCMessage *request, const pb_type_t *reply,
                             void (*done)(void *data, event_call_t *call, const void *answer, const problem_t *problem), void *data);
// `done` is not called after it.
void event_call_destroy(event_call_t **call);

// Whether an event is what the contract promises: numbered, complete, and of that source.
bool event_is_whole(const Pcn__Events__V1__Event *event, const char *source);

typedef struct event_retry {
    const char *service; // for the log
    uint64_t delay_ms;
    status_t said; // what the log has been told
} event_retry_t;

// How long to wait after this failure; says in the log what is new about it.
uint64_t event_retry_after(event_retry_t *retry, const problem_t *problem);
// It has been answered.
void event_retry_over(event_retry_t *retry);

#endif
