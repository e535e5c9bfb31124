// What is written, to who reads and to who does not.
#include "tests/unit/gateway/stream_client.h"

#include "common/base/clock.h"

static void live(void **state)
{
    harness_t *harness = *state;
    sse_t sse;
    sse_event_t event;
    harness_log_append(harness, 41);
    open_stream(harness, STREAM, "Accept: text/event-stream\r\n", &sse);
    assert_non_null(strstr(sse.head, "Content-Type: text/event-stream\r\n"));
    assert_non_null(strstr(sse.head, "Cache-Control: no-store\r\n"));
    assert_non_null(strstr(sse.head, "X-Accel-Buffering: no\r\n"));
    assert_non_null(strstr(sse.head, "X-Request-Id: "));
    harness_log_append(harness, 1);
    do
        assert_true(sse_next(&sse, STREAM_PATIENCE_MS, &event));
    while (strcmp(event.type, "heartbeat") == 0);
    assert_string_equal(event.type, "message");
    assert_int_equal(sse.retry_ms, 1000);
    // As in the pages.
    char page[1024];
    harness_reply_t reply;
    harness_call(harness, STREAM_READER, "GET /v1/events/registry?after=41&limit=1", "", "", &reply);
    snprintf(page, sizeof(page), "{\"events\":[%s],\"next\":42,", event.data);
    assert_memory_equal(reply.body, page, strlen(page));
    harness_log_append(harness, 500);
    expect_changes(&sse, 43, 542);
    sse_close(&sse);
}

static void a_client_that_does_not_read(void **state)
{
    harness_t *harness = *state;
    sse_t slow, other;
    harness->log.bytes = 2000;
    open_stream(harness, STREAM, "", &slow);
    open_stream(harness, STREAM, "", &other);
    for (long long at = 1; at <= 5000; at += 100) {
        harness_log_append(harness, 100);
        expect_changes(&other, at, at + 99);
    }
    assert_int_equal(harness_log_pages(harness), 0); // who keeps up needs none
    expect_changes(&slow, 1, 5000);
    assert_true(harness_log_pages(harness) > 0);
    harness_log_append(harness, 1);
    expect_changes(&slow, 5001, 5001);
    sse_close(&slow);
    sse_close(&other);
}

static void an_event_larger_than_the_buffers(void **state)
{
    harness_t *harness = *state;
    sse_t sse;
    harness->log.bytes = 300000;
    open_stream(harness, STREAM, "", &sse);
    harness_log_append(harness, 12);
    expect_changes(&sse, 1, 12);
    sse_close(&sse);
    open_stream(harness, STREAM "&after=0", "", &sse);
    expect_changes(&sse, 1, 12);
    sse_close(&sse);
}

static void filtered(void **state)
{
    harness_t *harness = *state;
    sse_t sse;
    open_stream(harness, STREAM "&type=pcn.registry.organisation.cr", "", &sse);
    harness_log_append(harness, 9);
    for (long long at = 1; at <= 9; at += 2)
        assert_int_equal(next_change(&sse), at);
    // What is left out moves the place on too.
    harness_log_append(harness, 1);
    expect_beat(&sse, "{\"registry\":{\"sequence\":10}}");
    char id[SSE_ID_SIZE];
    snprintf(id, sizeof(id), "%s", sse.last_id);
    sse_close(&sse);
    harness_log_append(harness, 1500);
    resume_stream(harness, STREAM "&type=pcn.registry.organisation.u", id, &sse);
    for (long long at = 12; at <= 1510; at += 2)
        assert_int_equal(next_change(&sse), at);
    sse_close(&sse);
    open_stream(harness, STREAM "&type=pcn.nothing", "", &sse);
    harness_log_append(harness, 100);
    expect_beat(&sse, "{\"registry\":{\"sequence\":1610}}");
    sse_close(&sse);
}

static void heartbeats(void **state)
{
    harness_t *harness = *state;
    sse_t sse;
    int64_t before_us = clock_steady_us();
    open_stream(harness, STREAM, "", &sse);
    for (int i = 0; i < 3; i++)
        expect_type(&sse, "heartbeat", "{\"registry\":{\"sequence\":0}}");
    int64_t took_us = clock_steady_us() - before_us;
    assert_in_range(took_us, 1150000, 15000000); // three of 0.4 s, in less than a gateway's usual one takes
    sse_close(&sse);
}

static void a_service_that_is_away(void **state)
{
    harness_t *harness = *state;
    sse_t sse, other;
    open_stream(harness, STREAM, "", &sse);
    harness_log_append(harness, 5);
    expect_changes(&sse, 1, 5);
    harness_log_set_away(harness, true);
    harness_log_append(harness, 3000);
    expect_type(&sse, "heartbeat", "{\"registry\":{\"sequence\":5}}");
    // One that is behind is refused until pages can be read.
    open_any(harness, STREAM "&after=2", "", &other);
    assert_int_equal(other.status, 200); // the ring has it
    expect_changes(&other, 3, 5);
    harness_log_set_away(harness, false);
    expect_changes(&other, 6, 3005);
    expect_changes(&sse, 6, 3005);
    sse_close(&other);
    harness_log_set_away(harness, true);
    open_any(harness, STREAM "&after=2", "", &other);
    assert_int_equal(other.status, 503);
    assert_non_null(strstr(other.head, "Retry-After: 1\r\n"));
    sse_close(&other);
    sse_close(&sse);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, stream_client_start, stream_client_stop)
    const struct CMUnitTest tests[] = {
        TEST(live),       TEST(a_client_that_does_not_read), TEST(an_event_larger_than_the_buffers), TEST(filtered),
        TEST(heartbeats), TEST(a_service_that_is_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
