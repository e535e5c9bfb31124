// One exchange, from the request line to the answer's last byte. It lives in its own arena: made when libmicrohttpd has read the
// request line, given back when the answer was sent or the connection is gone. While a service is asked the connection is suspended,
// so neither ends before the other.
#ifndef PCN_GATEWAY_REQUEST_H
#define PCN_GATEWAY_REQUEST_H

#include <microhttpd.h>

#include "common/base/id.h"
#include "services/gateway/gateway.h"
#include "services/gateway/guard.h"
#include "services/gateway/origin.h"

typedef enum request_stage {
    REQUEST_HEAD,     // the request line was read
    REQUEST_BODY,     // headers were judged, the body comes
    REQUEST_UPLOAD,   // headers were judged, the body is an upload's
    REQUEST_WAITING,  // a service is asked
    REQUEST_ANSWERED, // a response is there or was queued
} request_stage_t;

// What who lacks a scope is told.
#define REQUEST_UNSCOPED "The token does not allow this"

typedef struct request {
    gateway_t *gateway;
    struct MHD_Connection *connection;
    arena_t *arena;
    const char *raw;  // the target as sent
    const char *sent; // the same where libmicrohttpd has it, good until the headers were judged
    size_t raw_size;
    request_stage_t stage;
    bool discarded; // the body is too large and not kept
    bool head;      // asked by HEAD
    bool cut;       // answered past libmicrohttpd, since the body has no end
    bool chunks;    // an answer may be chunked
    bool parsed;    // the target was
    bool known;     // its path is
    bool close;     // the connection is closed after the answer
    bool unscoped;  // the token lacks the scope: the service is asked for its audit trail's sake, and the answer is 403
    verb_t verb;
    guard_t guard;
    char id[ID_SIZE];
    char origin[ORIGIN_SIZE]; // the client's address; empty where it is not known
    int64_t started_us;
    int64_t answered_us; // where the answer goes on for long after it began; else 0
    char *body;
    size_t body_size, body_room;
    uint64_t received; // bytes of the body, kept or not
    target_t target;
    route_match_t match;
    principal_t *principal;
    const char *service; // to ask; constant
    void *message;       // of the method's request
    const char *idempotency_key;
    int64_t expected_version;
    rpc_request_t call;
    struct MHD_Response *response;
    int status;
    route_metrics_t *metrics;
    struct stream *stream;     // NULL for all but streams of events
    struct upload *upload;     // NULL for all but uploads
    struct download *download; // NULL for all but downloads
    const problem_t *refusal;  // of an upload; NULL without memory
} request_t;

// NULL without memory: the connection is closed then.
request_t *request_begin(gateway_t *gateway, const char *target, struct MHD_Connection *connection);
// libmicrohttpd's access handler: headers, then pieces of the body, then its end; once more after each resume.
enum MHD_Result request_advance(request_t *request, const char *verb, const char *version, const char *data, size_t *size);
void request_end(request_t *request);

// For uploads: whether the caller has a token and may take the route. Otherwise the refusal is made.
bool request_admit(request_t *request);
// Queues the response.
enum MHD_Result request_queue(request_t *request);

#endif
