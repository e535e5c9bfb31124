// What a request's headers must be before anything believes them. libmicrohttpd 0.9.75 takes two Content-Length headers, two Hosts and
// names with a blank before the colon, which is how requests are smuggled past a proxy; so the headers are looked at once more, all
// of them, in one pass.
//
// Values are borrowed from the connection and live as long as the request.
#ifndef PCN_GATEWAY_GUARD_H
#define PCN_GATEWAY_GUARD_H

#include "common/base/status.h"

#define GUARD_BODY_MAX (256u * 1024u)  // a larger body is 413
#define GUARD_READ_MAX (1024u * 1024u) // read to its end up to here, so that the client sees the answer
#define GUARD_LINGER_MAX (4u * 1024u * 1024u)
#define GUARD_KEY_MAX 128

typedef enum guard_header {
    GUARD_HOST,
    GUARD_CONTENT_LENGTH,
    GUARD_TRANSFER_ENCODING,
    GUARD_CONTENT_TYPE,
    GUARD_CONTENT_ENCODING,
    GUARD_AUTHORIZATION,
    GUARD_FORWARDED_FOR,
    GUARD_ACCEPT,
    GUARD_IF_MATCH,
    GUARD_IDEMPOTENCY_KEY,
    GUARD_REQUEST_ID,
    GUARD_TRACEPARENT,
    GUARD_EXPECT,
    GUARD_LAST_EVENT_ID,
    GUARD_IF_NONE_MATCH,
    GUARD_HEADERS,
} guard_header_t;

typedef struct guard {
    const char *value[GUARD_HEADERS]; // the first of each
    unsigned count[GUARD_HEADERS];
    unsigned headers; // all of them
    bool malformed;  // a name or value that no header may have
    bool chunked;    // filled by guard_framing, as is what follows
    uint64_t length; // declared; 0 without Content-Length
} guard_t;

// One header, as often as there are headers.
void guard_add(guard_t *guard, const char *name, size_t name_size, const char *value, size_t value_size);
// Whether the head is what its texts say. libmicrohttpd ends each text in place by a NUL and so believes one that was sent: "0\0" is a length of 0,
// and what stands behind it is nowhere. It also joins folded lines, takes a line feed alone, and leaves out a header without a name.
// `verb` to `end` is the head as libmicrohttpd left it, with the empty line; `target` and `version` are its texts on the request
// line; `target_size` and `headers` are what it made of them.
bool guard_head(const char *verb, const char *target, size_t target_size, const char *version, const char *end, unsigned headers);
// Where the request begins or ends is in doubt: NULL or what is wrong. The connection must not be used any further then.
const char *guard_framing(guard_t *guard, const char *version);
// The value if it was given exactly once, else NULL.
const char *guard_single(const guard_t *guard, guard_header_t header);
// Whether an answer in JSON is acceptable; a stream of events.
bool guard_accepts_json(const guard_t *guard);
bool guard_accepts_stream(const guard_t *guard);
// An answer of that type, "text/csv".
bool guard_accepts_type(const guard_t *guard, const char *type);
// Whether the body is said to be JSON, or for `patch` a JSON merge patch; charset must be UTF-8 where given. No other coding than
// identity.
bool guard_body_is_json(const guard_t *guard, bool patch);
// Whether the body is in no coding, or in identity.
bool guard_body_is_plain(const guard_t *guard);
// The token of an Authorization header of the Bearer scheme; NULL where there is not exactly one.
const char *guard_bearer(const guard_t *guard);
// A version from If-Match: one strong ETag, digits in quotes. INVALID_ARGUMENT otherwise; *version is 0 without the header.
MUST_CHECK status_t guard_if_match(const guard_t *guard, int64_t *version, problem_t *problem);
// 1 to 128 printable ASCII characters; *key is NULL without the header.
MUST_CHECK status_t guard_idempotency_key(const guard_t *guard, const char **key, problem_t *problem);
// W3C trace context if it is well-formed, else NULL: a broken one is dropped, as the standard says.
const char *guard_traceparent(const guard_t *guard);

#endif
