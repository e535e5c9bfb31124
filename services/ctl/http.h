// HTTP calls to the platform, many at once over connections that stay open (libcurl's multi interface).
//
// One thread: nothing happens but in http_turn, which calls `done`. A request belongs to its caller and must live until then.
#ifndef PCN_CTL_HTTP_H
#define PCN_CTL_HTTP_H

#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/status.h"

typedef struct http http_t;

// A file of a body, read from the disk while it is sent. `at` is http.c's own.
typedef struct http_part {
    const char *name, *type; // "pcns.csv", "text/csv"
    int fd;
    int64_t size, at;
} http_part_t;

typedef struct http_request {
    const char *path;          // "/v1/organisations"
    const char *verb;          // NULL: POST where there is a body or a form, else GET
    const char *body;          // JSON; NULL for none
    const char *key;           // Idempotency-Key; NULL for none
    const char *match;         // If-Match, with its quotes; NULL for none
    const char *last_event_id; // of a stream; NULL for none
    const char *accept;        // NULL: JSON, or anything for `take`
    const char *socket;        // path of a unix socket instead of the address; NULL for none
    // A POST of files as multipart/form-data, instead of `body`.
    http_part_t *parts;
    size_t part_count;
    // For large bodies, called with `stream`; each may be NULL. `take` gets what comes with a success instead of `reply`, `moved` how much
    // was sent or has come so far. False ends the request, as if the connection had broken. Such a request may take long, as long as it
    // goes on.
    bool (*take)(void *stream, const void *bytes, size_t size);
    bool (*moved)(void *stream, int64_t bytes);
    void *stream;
    void (*done)(struct http_request *request);
    void *data;
    // What came back. `code` 0: nothing did, and `error` says why.
    long code;
    buf_t reply;
    bool replayed;
    long retry_after_s; // -1 where the server gives no advice
    char error[256];
    // http.c's own.
    void *headers, *form, *easy;
} http_request_t;

// `url` is the server's address, http or https, without a path. INVALID_ARGUMENT where it is none. `token` NULL: none is sent. At most
// `connections` are open.
MUST_CHECK status_t http_new(const char *url, const char *token, unsigned connections, http_t **http, problem_t *problem);
// The address, without a slash at its end.
const char *http_url(const http_t *http);
// Nothing may be under way.
void http_destroy(http_t **http);
// Starts a request; its reply is taken into a buffer that the caller gives back with buf_deinit.
MUST_CHECK status_t http_start(http_t *http, http_request_t *request, problem_t *problem);
// Ends a request that is under way; `done` is not called.
void http_cancel(http_t *http, http_request_t *request);
// Waits up to `wait_ms` for something to happen, and hands over what is complete.
MUST_CHECK status_t http_turn(http_t *http, int wait_ms, problem_t *problem);
// A turn also ends when there is something to read at the descriptor; -1 for none.
void http_watch(http_t *http, int fd);
// The status with which the platform refused the last question: 0 where it did not answer, -1 where nothing was refused. For exit codes.
long http_refusal(const http_t *http);
void http_note_refusal(http_t *http, long code);

#endif
