// A gateway on a unix socket in a thread beside the test's, with a stand-in for the services, and a client that sends bytes as they stand.
//
// The stand-in answers in the loop's next turn. By the organisation's code: `missing`, `inside`, `away`, `busy`, `broken` are
// refused or answered with garbage, `slow` is held until harness_release; all else exists with version 3.
//
// Beyond the contract it takes files and gives them (harness_files.h).
//
// It also keeps a log of events, which is read in pages and followed by the gateway's tail.
#ifndef PCN_TESTS_GATEWAY_HARNESS_H
#define PCN_TESTS_GATEWAY_HARNESS_H

#include <pthread.h>

#include "services/gateway/http.h"
#include "tests/unit/gateway/harness_files.h"
#include "tests/unit/gateway/issuer.h"

#define HARNESS_BODY_MAX 65536

// What the last call carried.
typedef struct harness_seen {
    char service[32], method[64], request_id[64], traceparent[64], idempotency_key[160], subject[64], origin[64];
    int64_t expected_version;
    size_t scopes;
    uint8_t body[4096];
    size_t body_size;
    unsigned calls;
} harness_seen_t;

// Events are organisations' changes: `created` where the number is odd, else `updated`; each has so many bytes of data. All but what
// only the loop's thread touches is under the lock.
typedef struct harness_log {
    pthread_mutex_t lock;
    int64_t end, pruned;
    char epoch[TAIL_EPOCH_SIZE];
    size_t bytes;
    bool away;      // pages are refused, and what is appended is not told to the tail
    unsigned pages; // that were read
    unsigned tails; // that follow now
    // Of the loop.
    event_tail_options_t options;
    int64_t told; // the place that the tail has; -1 before the first
    bool lost;
} harness_log_t;

typedef struct harness {
    char dir[64], path[128];
    uv_loop_t loop;
    uv_async_t stop, drain, release, grow;
    uv_timer_t answers;
    gateway_config_t config;
    gateway_t gateway;
    http_t *http;
    issuer_t issuer;
    bool absent; // the service is not there
    bool unready;
    bool answers_late; // what was held is answered when it is released
    rpc_request_t *waiting, *held;
    harness_seen_t seen;
    harness_log_t log;
    harness_files_t files;
    const pb_service_t *contract[64];
} harness_t;

typedef struct harness_reply {
    int status;
    char head[8192];
    char body[HARNESS_BODY_MAX];
    size_t body_size;
    bool closed; // the connection ended after it
} harness_reply_t;

// `in_flight_max` 0 for plenty.
harness_t *harness_new(int64_t in_flight_max);
void harness_destroy(harness_t **harness);
void harness_release(harness_t *harness);
void harness_drain(harness_t *harness);
// Appends so many events.
void harness_log_append(harness_t *harness, int64_t count);
// Of a service that is away nobody hears; what was appended meanwhile is told when it is back.
void harness_log_set_away(harness_t *harness, bool away);
// The log is another one from now on; its tail is told that its place is gone.
void harness_log_rebuild(harness_t *harness, const char *epoch, int64_t end);
void harness_log_prune(harness_t *harness, int64_t pruned);
// How many pages were read, how many tails follow.
unsigned harness_log_pages(harness_t *harness);
unsigned harness_log_tails(harness_t *harness);
// A token of the issuer's, valid now; the caller frees it.
char *harness_token(const harness_t *harness, const char *role);

int harness_connect(const harness_t *harness);
void harness_send(int fd, const void *bytes, size_t size);
void harness_send_text(int fd, const char *text);
// One answer, interim ones skipped; status 0 where the connection ended without. Gives up after 10 s.
void harness_receive(int fd, bool head, harness_reply_t *reply);
// A connection for one request.
void harness_exchange(const harness_t *harness, const char *request, harness_reply_t *reply);
// The same with a token, Host and, where there is a body, its length; `headers` are whole lines, each with its CRLF.
void harness_call(const harness_t *harness, const char *role, const char *line, const char *headers, const char *body,
                  harness_reply_t *reply);
// The header's value or NULL; valid until the next call.
const char *harness_header(const harness_reply_t *reply, const char *name);
// Whether the body has the text.
bool harness_says(const harness_reply_t *reply, const char *text);

#endif
