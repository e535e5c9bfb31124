// A client of the harness's streams.
#ifndef PCN_TESTS_GATEWAY_STREAM_CLIENT_H
#define PCN_TESTS_GATEWAY_STREAM_CLIENT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/sse.h"
#include "tests/unit/gateway/harness.h"

#define STREAM_READER "subscriber"
#define STREAM_LOG_EPOCH "d8e7939a-f74a-4823-89ec-9d13b44f192b"
#define STREAM_PATIENCE_MS 60000
// The harness has one service of the contract.
#define ALL_STREAMS "/v1/events/stream"
#define STREAM ALL_STREAMS "?services=registry"

// Set-up and tear-down of each test: a harness whose log is empty.
int stream_client_start(void **state);
int stream_client_stop(void **state);

// Asks, whatever the answer.
void open_any(harness_t *harness, const char *path, const char *headers, sse_t *sse);
// Requires 200.
void open_stream(harness_t *harness, const char *path, const char *headers, sse_t *sse);
void resume_stream(harness_t *harness, const char *path, const char *id, sse_t *sse);
// The place of the next change; heartbeats are passed over.
long long next_change(sse_t *sse);
// Requires exactly these.
void expect_changes(sse_t *sse, long long first, long long last);
// Awaits an event of that type, over all others, and requires the text in it.
void expect_type(sse_t *sse, const char *type, const char *text);
// Awaits a heartbeat with the text; those before it may tell of an earlier place.
void expect_beat(sse_t *sse, const char *text);
void expect_end(sse_t *sse);
// Awaits that nobody follows the log any more: clients that left are noticed, and what the last of them was told is forgotten.
void expect_no_tail(harness_t *harness);

#endif
