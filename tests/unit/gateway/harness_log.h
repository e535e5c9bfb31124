// The harness's log, as the gateway's parts see it: pages and a tail. For harness.c; tests use what harness.h says of it.
#ifndef PCN_TESTS_GATEWAY_HARNESS_LOG_H
#define PCN_TESTS_GATEWAY_HARNESS_LOG_H

#include "tests/unit/gateway/harness.h"

// Of the upstream.
bool harness_log_follow(void *data, event_tail_options_t *options, void **tail);
void harness_log_unfollow(void *data, void **tail);
// Answers Events/Read.
void harness_log_read(harness_t *harness, rpc_request_t *call, const Pcn__Events__V1__ReadRequest *request);
// Tells the tail what is new.
void harness_log_grow(uv_async_t *async);

// A service's answer.
void harness_reply_with(rpc_request_t *call, const void *message, int64_t version, bool replayed);

#endif
