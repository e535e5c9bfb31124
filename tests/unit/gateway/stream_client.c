#include "tests/unit/gateway/stream_client.h"

#include "common/base/clock.h"

int stream_client_start(void **state)
{
    harness_t *harness = harness_new(0);
    harness_log_rebuild(harness, STREAM_LOG_EPOCH, 0);
    *state = harness;
    return 0;
}

int stream_client_stop(void **state)
{
    harness_destroy((harness_t **)state);
    return 0;
}

void open_any(harness_t *harness, const char *path, const char *headers, sse_t *sse)
{
    char *token = harness_token(harness, STREAM_READER);
    assert_true(sse_open(sse, harness_connect(harness), path, token, headers));
    free(token);
}

void open_stream(harness_t *harness, const char *path, const char *headers, sse_t *sse)
{
    open_any(harness, path, headers, sse);
    if (sse->status != 200)
        fail_msg("%s: %d %s", path, sse->status, sse_refusal(sse));
}

void resume_stream(harness_t *harness, const char *path, const char *id, sse_t *sse)
{
    char header[SSE_ID_SIZE + 32];
    snprintf(header, sizeof(header), "Last-Event-ID: %s\r\n", id);
    open_stream(harness, path, header, sse);
}

static long long sequence_of(const sse_event_t *event)
{
    const char *at = strstr(event->data, "\"sequence\":");
    assert_non_null(at);
    return atoll(at + strlen("\"sequence\":"));
}

long long next_change(sse_t *sse)
{
    sse_event_t event;
    do {
        if (!sse_next(sse, STREAM_PATIENCE_MS, &event))
            fail_msg("no event came%s", sse->ended ? ": the stream has ended" : "");
    } while (strcmp(event.type, "heartbeat") == 0);
    assert_string_equal(event.type, "message");
    return sequence_of(&event);
}

void expect_changes(sse_t *sse, long long first, long long last)
{
    for (long long at = first; at <= last; at++)
        assert_int_equal(next_change(sse), at);
}

void expect_type(sse_t *sse, const char *type, const char *text)
{
    sse_event_t event;
    do
        assert_true(sse_next(sse, STREAM_PATIENCE_MS, &event));
    while (strcmp(event.type, type) != 0);
    assert_non_null(strstr(event.data, text));
}

void expect_beat(sse_t *sse, const char *text)
{
    sse_event_t event;
    do
        assert_true(sse_next(sse, STREAM_PATIENCE_MS, &event));
    while (strcmp(event.type, "heartbeat") != 0 || strstr(event.data, text) == NULL);
}

void expect_end(sse_t *sse)
{
    sse_event_t event;
    assert_false(sse_next(sse, STREAM_PATIENCE_MS, &event));
    assert_true(sse->ended);
    assert_false(sse->broken);
}

void expect_no_tail(harness_t *harness)
{
    const int64_t until_us = clock_steady_us() + STREAM_PATIENCE_MS * INT64_C(1000);
    while (harness_log_tails(harness) > 0)
        assert_true(clock_steady_us() < until_us);
}
