// Beginnings and ends of streams.
#include "tests/unit/gateway/stream_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"

static void a_service_that_is_not_there(void **state)
{
    harness_t *harness = *state;
    sse_t sse;
    const int64_t usual_ms = harness->config.request_timeout_ms;
    harness->config.request_timeout_ms = 300;
    harness->absent = true;
    open_any(harness, STREAM, "", &sse);
    assert_int_equal(sse.status, 503);
    sse_close(&sse);
    open_any(harness, STREAM "&after=0", "", &sse);
    assert_int_equal(sse.status, 503);
    sse_close(&sse);
    harness->absent = false;
    harness->config.request_timeout_ms = usual_ms;
    open_stream(harness, STREAM, "", &sse);
    harness_log_append(harness, 1);
    expect_changes(&sse, 1, 1);
    sse_close(&sse);
}

static void a_token_that_expires(void **state)
{
    harness_t *harness = *state;
    sse_t sse;
    long long now_s = clock_wall_us() / 1000000;
    char *token = issuer_token(&harness->issuer, ISSUER_ED25519, STREAM_READER, now_s - 600 - 30 + 5);
    assert_true(sse_open(&sse, harness_connect(harness), STREAM, token, ""));
    assert_int_equal(sse.status, 200);
    harness_log_append(harness, 3);
    expect_changes(&sse, 1, 3);
    expect_type(&sse, "bye", "token expired");
    expect_end(&sse);
    // The id of the end is good for the next token.
    char id[SSE_ID_SIZE];
    snprintf(id, sizeof(id), "%s", sse.last_id);
    sse_close(&sse);
    assert_true(sse_open(&sse, harness_connect(harness), STREAM, token, ""));
    assert_int_equal(sse.status, 401);
    sse_close(&sse);
    free(token);
    harness_log_append(harness, 1);
    resume_stream(harness, STREAM, id, &sse);
    expect_changes(&sse, 4, 4);
    sse_close(&sse);
}

// Sends the request and does not wait for its answer.
static int begin_to_open(harness_t *harness, const char *path)
{
    char *token = harness_token(harness, STREAM_READER), *request;
    int fd = harness_connect(harness);
    assert_true(asprintf(&request, "GET %s HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %s\r\n\r\n", path, token) > 0);
    harness_send_text(fd, request);
    free(request);
    free(token);
    return fd;
}

static void draining(void **state)
{
    harness_t *harness = *state;
    sse_t streams[5];
    for (size_t i = 0; i < 5; i++)
        open_stream(harness, STREAM, "", &streams[i]);
    harness_log_append(harness, 2);
    for (size_t i = 0; i < 5; i++)
        expect_changes(&streams[i], 1, 2);
    // One that is still being opened ends without an answer.
    harness->absent = true;
    int opening = begin_to_open(harness, STREAM "&after=99999");
    struct pollfd look = {.fd = opening, .events = POLLIN};
    assert_int_equal(poll(&look, 1, 300), 0);
    harness_drain(harness);
    for (size_t i = 0; i < 5; i++) {
        expect_type(&streams[i], "bye", "shutting down");
        expect_end(&streams[i]);
        sse_close(&streams[i]);
    }
    char byte;
    assert_int_equal(recv(opening, &byte, 1, 0), 0);
    close(opening);
}

// The harness is destroyed under streams that nobody reads, one of them while it is being opened.
static void stopping(void **state)
{
    harness_t *harness = *state;
    sse_t full;
    harness->log.bytes = 50000;
    open_stream(harness, STREAM, "", &full);
    harness_log_append(harness, 100);
    sse_t other;
    open_stream(harness, STREAM "&after=0", "", &other);
    expect_changes(&other, 1, 100);
    harness->absent = true;
    int opening = begin_to_open(harness, STREAM "&after=99999");
    harness_destroy(&harness);
    *state = harness_new(0);
    close(opening);
    sse_close(&other);
    sse_close(&full);
}

static void as_many_as_there_may_be(void **state)
{
    harness_t *harness = *state;
    sse_t streams[20], more;
    for (size_t i = 0; i < 20; i++)
        open_stream(harness, STREAM, "", &streams[i]);
    assert_int_equal(harness_log_tails(harness), 1);
    open_any(harness, STREAM, "", &more);
    assert_int_equal(more.status, 503);
    assert_non_null(strstr(more.head, "Retry-After: 5\r\n"));
    sse_close(&more);
    for (size_t i = 0; i < 20; i++)
        sse_close(&streams[i]);
    // Those that left are noticed, and with the last one the tail ends.
    expect_no_tail(harness);
    open_stream(harness, STREAM, "", &more);
    harness_log_append(harness, 1);
    expect_changes(&more, 1, 1);
    sse_close(&more);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, stream_client_start, stream_client_stop)
    const struct CMUnitTest tests[] = {
        TEST(a_service_that_is_not_there), TEST(a_token_that_expires), TEST(draining), TEST(stopping), TEST(as_many_as_there_may_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
