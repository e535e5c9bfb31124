// The token issuer's keys from an address: asked for at the start, from time to time, and when a token names a key that is not there. What
// cannot be had, or is no set of keys, leaves those that were good.
//
// A request to the issuer runs on one of libuv's worker threads, so that a name that does not resolve or an issuer that does not answer
// keeps nobody waiting. Everything else is the loop's.
#ifndef PCN_GATEWAY_KEYURL_H
#define PCN_GATEWAY_KEYURL_H

#include <uv.h>

#include "common/base/metrics.h"
#include "services/gateway/verifier.h"

#define KEYURL_TIMEOUT_MS 5000
// Between two requests that are no refresh: whatever tokens come, the issuer is asked no more often.
#define KEYURL_FLOOR_MS 10000

typedef struct keyurl keyurl_t;

typedef struct keyurl_options {
    const char *url;
    const char *authorities; // file of certificates that the issuer's must come from; empty for the machine's
    int64_t refresh_ms;
    int64_t timeout_ms; // of one request
    int64_t floor_ms;
} keyurl_options_t;

// Whether keys may come from there: https, or http where it is this machine's loopback and `loopback` allows that. Nothing but a host, a
// port and a path: a name or password in it would be shown. INVALID_ARGUMENT with what is wrong.
MUST_CHECK status_t keyurl_check(const char *url, bool loopback, problem_t *problem);

// Asks at once and goes on. The options' texts are borrowed. `metrics` gets pcn_gateway_keys_requests_total,
// pcn_gateway_keys_failures_total and pcn_gateway_keys_timestamp_seconds. RESOURCE_EXHAUSTED without memory. Once before any other thread
// uses libcurl.
MUST_CHECK status_t keyurl_new(uv_loop_t *loop, const keyurl_options_t *options, verifier_t *verifier, metrics_t *metrics,
                               keyurl_t **keyurl, problem_t *problem);
// Asks again as soon as the floor allows.
void keyurl_hint(keyurl_t *keyurl);
// A request that is under way is given up; the loop must run on until the handles are closed. The verifier may go before that.
void keyurl_destroy(keyurl_t **keyurl);

#endif
