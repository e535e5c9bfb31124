#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "tests/support/sse.h"
#include "tests/unit/gateway/harness.h"

#define READER "subscriber"
#define EPOCH "d8e7939a-f74a-4823-89ec-9d13b44f192b"
#define PATIENCE_MS 10000
#define STREAM "/v1/events/stream"

static int start(void **state)
{
    harness_t *harness = harness_new(0);
    harness_log_rebuild(harness, EPOCH, 0);
    *state = harness;
    return 0;
}

static int stop(void **state)
{
    harness_destroy((harness_t **)state);
    return 0;
}

// ---- helpers

static void open_any(harness_t *harness, const char *path, const char *headers, sse_t *sse)
{
    char *token = harness_token(harness, READER);
    assert_true(sse_open(sse, harness_connect(harness), path, token, headers));
    free(token);
}

static void open_stream(harness_t *harness, const char *path, const char *headers, sse_t *sse)
{
    open_any(harness, path, headers, sse);
    if (sse->status != 200)
        fail_msg("%s: %d %s", path, sse->status, sse_refusal(sse));
}

static void resume_stream(harness_t *harness, const char *path, const char *id, sse_t *sse)
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

// The next change; heartbeats are passed over.
static long long next_change(sse_t *sse)
{
    sse_event_t event;
    do {
        if (!sse_next(sse, PATIENCE_MS, &event))
            fail_msg("no event came%s", sse->ended ? ": the stream has ended" : "");
    } while (strcmp(event.type, "heartbeat") == 0);
    assert_string_equal(event.type, "message");
    return sequence_of(&event);
}

static void expect_changes(sse_t *sse, long long first, long long last)
{
    for (long long at = first; at <= last; at++)
        assert_int_equal(next_change(sse), at);
}

// Awaits an event of that type, over all others.
static void expect_type(sse_t *sse, const char *type, const char *text)
{
    sse_event_t event;
    do
        assert_true(sse_next(sse, PATIENCE_MS, &event));
    while (strcmp(event.type, type) != 0);
    assert_non_null(strstr(event.data, text));
}

static void expect_end(sse_t *sse)
{
    sse_event_t event;
    assert_false(sse_next(sse, PATIENCE_MS, &event));
    assert_true(sse->ended);
    assert_false(sse->broken);
}

// The id of a stream that begins now.
static void id_now(harness_t *harness, char *id)
{
    sse_t sse;
    open_stream(harness, STREAM, "", &sse);
    expect_type(&sse, "heartbeat", "registry");
    snprintf(id, SSE_ID_SIZE, "%s", sse.last_id);
    sse_close(&sse);
}

static void expect_gone(harness_t *harness, const char *path, const char *id, const char *field)
{
    char header[SSE_ID_SIZE + 32] = "", named[64];
    sse_t sse;
    if (id != NULL)
        snprintf(header, sizeof(header), "Last-Event-ID: %s\r\n", id);
    open_any(harness, path, header, &sse);
    assert_int_equal(sse.status, 410);
    assert_non_null(strstr(sse.head, "application/problem+json"));
    assert_non_null(strstr(sse_refusal(&sse), "GET /v1/events/registry/snapshot"));
    snprintf(named, sizeof(named), "\"field\":\"%s\"", field);
    assert_non_null(strstr(sse.text, named));
    sse_close(&sse);
}

// ---- tests

static void live(void **state)
{
    harness_t *harness = *state;
    sse_t sse;
    sse_event_t event;
    harness_log_append(harness, 41);
    open_stream(harness, STREAM "?services=registry", "Accept: text/event-stream\r\n", &sse);
    assert_non_null(strstr(sse.head, "Content-Type: text/event-stream\r\n"));
    assert_non_null(strstr(sse.head, "Cache-Control: no-store\r\n"));
    assert_non_null(strstr(sse.head, "X-Accel-Buffering: no\r\n"));
    assert_non_null(strstr(sse.head, "X-Request-Id: "));
    harness_log_append(harness, 1);
    assert_true(sse_next(&sse, PATIENCE_MS, &event));
    assert_string_equal(event.type, "message");
    assert_int_equal(sse.retry_ms, 1000);
    // As in the pages.
    char page[1024];
    harness_reply_t reply;
    harness_call(harness, READER, "GET /v1/events/registry?after=41&limit=1", "", "", &reply);
    snprintf(page, sizeof(page), "{\"events\":[%s],\"next\":42,", event.data);
    assert_memory_equal(reply.body, page, strlen(page));
    harness_log_append(harness, 500);
    expect_changes(&sse, 43, 542);
    sse_close(&sse);
}

static void refusals(void **state)
{
    static const struct {
        const char *role, *line, *headers;
        int status;
        const char *field;
    } cases[] = {
        {READER, "GET " STREAM "?colour=red", "", 400, "colour"},
        {READER, "GET " STREAM "?limit=5", "", 400, "limit"},
        {READER, "GET " STREAM "?services=", "", 400, "services"},
        {READER, "GET " STREAM "?services=registry,", "", 400, "services"},
        {READER, "GET " STREAM "?services=registry,registry", "", 400, "services"},
        {READER, "GET " STREAM "?services=nowhere", "", 404, "services"},
        {READER, "GET " STREAM "?services=registry,nowhere", "", 404, "services"},
        {READER, "GET " STREAM "?services=registry&services=registry", "", 400, "services"},
        {READER, "GET " STREAM "?after=x", "", 400, "after"},
        {READER, "GET " STREAM "?after=-1", "", 400, "after"},
        {READER, "GET " STREAM "?type=a%0Ab", "", 400, "type"},
        {READER, "GET " STREAM "?lastEventId=", "", 400, "lastEventId"},
        {READER, "GET " STREAM "?lastEventId=nonsense", "", 400, "lastEventId"},
        {READER, "GET " STREAM "?lastEventId=AQhyZWdpc3RyeQ2Zszv2Ag&after=0", "", 400, "after"},
        {READER, "GET " STREAM, "Last-Event-ID: 17\r\n", 400, "Last-Event-ID"},
        {READER, "GET " STREAM, "Last-Event-ID:\r\n", 400, "Last-Event-ID"},
        {READER, "GET " STREAM, "Last-Event-ID: AQhyZWdpc3RyeQ2Zszv2Ag\r\nLast-Event-ID: AQhyZWdpc3RyeQ2Zszv2Ag\r\n", 400, "Last-Event-ID"},
        {READER, "GET " STREAM, "Accept: application/json\r\n", 406, "Accept"},
        {READER, "POST " STREAM, "", 405, NULL},
        {READER, "HEAD " STREAM, "", 405, NULL},
        {READER, "OPTIONS " STREAM, "", 405, NULL},
        {"link-worker", "GET " STREAM, "", 403, NULL},
        {READER, "GET " STREAM "/more", "", 404, NULL},
    };
    harness_t *harness = *state;
    harness_reply_t reply;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char field[64];
        harness_call(harness, cases[i].role, cases[i].line, cases[i].headers, "", &reply);
        print_message("%s %s-> %d %s\n", cases[i].line, cases[i].headers, reply.status, reply.body);
        assert_int_equal(reply.status, cases[i].status);
        snprintf(field, sizeof(field), "\"field\":\"%s\"", cases[i].field != NULL ? cases[i].field : "");
        assert_true(cases[i].field == NULL || harness_says(&reply, field));
        if (reply.status == 405)
            assert_string_equal(harness_header(&reply, "Allow"), "GET");
    }
    harness_exchange(harness, "GET " STREAM " HTTP/1.1\r\nHost: h\r\n\r\n", &reply);
    assert_int_equal(reply.status, 401);
    harness_call(harness, READER, "GET " STREAM, "Content-Type: application/json\r\n", "{}", &reply);
    assert_int_equal(reply.status, 400);
    assert_int_equal(harness_log_tails(harness), 0);
}

static void resumed(void **state)
{
    harness_t *harness = *state;
    sse_t sse;
    char id[SSE_ID_SIZE], path[SSE_ID_SIZE + 64];
    harness_log_append(harness, 10);
    open_stream(harness, STREAM, "", &sse);
    harness_log_append(harness, 20);
    expect_changes(&sse, 11, 15);
    snprintf(id, sizeof(id), "%s", sse.last_id);
    sse_close(&sse);
    harness_log_append(harness, 20);
    resume_stream(harness, STREAM, id, &sse);
    expect_changes(&sse, 16, 50);
    harness_log_append(harness, 1);
    expect_changes(&sse, 51, 51);
    sse_close(&sse);

    snprintf(path, sizeof(path), STREAM "?lastEventId=%s", id);
    open_stream(harness, path, "", &sse);
    expect_changes(&sse, 16, 51);
    sse_close(&sse);
    // The header is newer than the address.
    resume_stream(harness, STREAM "?after=0", id, &sse);
    expect_changes(&sse, 16, 51);
    sse_close(&sse);
    // The first block alone is enough to go on from, also where nothing came after it.
    open_stream(harness, STREAM, "", &sse);
    sse_event_t event;
    assert_false(sse_next(&sse, 50, &event));
    snprintf(id, sizeof(id), "%s", sse.last_id);
    sse_close(&sse);
    harness_log_append(harness, 2);
    resume_stream(harness, STREAM, id, &sse);
    expect_changes(&sse, 52, 53);
    sse_close(&sse);

    // Another gateway goes on from the same id.
    harness_destroy(&harness);
    harness = harness_new(0);
    *state = harness;
    harness_log_rebuild(harness, EPOCH, 60);
    resume_stream(harness, STREAM, id, &sse);
    expect_changes(&sse, 52, 60);
    sse_close(&sse);
}

static void from_the_beginning(void **state)
{
    harness_t *harness = *state;
    sse_t sse;
    harness_log_append(harness, 2500);
    open_stream(harness, STREAM "?services=registry&after=0", "", &sse);
    harness_log_append(harness, 500);
    expect_changes(&sse, 1, 3000);
    harness_log_append(harness, 10);
    expect_changes(&sse, 3001, 3010);
    sse_close(&sse);
    assert_true(harness_log_pages(harness) >= 25);
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
    open_stream(harness, STREAM "?after=0", "", &sse);
    expect_changes(&sse, 1, 12);
    sse_close(&sse);
}

static void filtered(void **state)
{
    harness_t *harness = *state;
    sse_t sse;
    open_stream(harness, STREAM "?type=pcn.registry.organisation.cr", "", &sse);
    harness_log_append(harness, 9);
    for (long long at = 1; at <= 9; at += 2)
        assert_int_equal(next_change(&sse), at);
    // What is left out moves the place on too.
    harness_log_append(harness, 1);
    expect_type(&sse, "heartbeat", "{\"registry\":{\"sequence\":10}}");
    char id[SSE_ID_SIZE];
    snprintf(id, sizeof(id), "%s", sse.last_id);
    sse_close(&sse);
    harness_log_append(harness, 1500);
    resume_stream(harness, STREAM "?type=pcn.registry.organisation.u", id, &sse);
    for (long long at = 12; at <= 1510; at += 2)
        assert_int_equal(next_change(&sse), at);
    sse_close(&sse);
    open_stream(harness, STREAM "?type=pcn.nothing", "", &sse);
    harness_log_append(harness, 100);
    expect_type(&sse, "heartbeat", "{\"registry\":{\"sequence\":1610}}");
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
    assert_in_range(took_us, 1150000, 3000000); // three of 0.4 s
    sse_close(&sse);
}

static void places_that_are_gone(void **state)
{
    harness_t *harness = *state;
    char id[SSE_ID_SIZE];
    harness_log_append(harness, 30);
    id_now(harness, id);
    expect_gone(harness, STREAM "?after=31", NULL, "after");
    harness_log_append(harness, 20);
    harness_log_prune(harness, 40);
    expect_gone(harness, STREAM, id, "Last-Event-ID");
    char path[SSE_ID_SIZE + 64];
    snprintf(path, sizeof(path), STREAM "?lastEventId=%s", id);
    expect_gone(harness, path, NULL, "lastEventId");
    expect_gone(harness, STREAM "?after=39", NULL, "after");
    sse_t sse;
    open_stream(harness, STREAM "?after=40", "", &sse);
    expect_changes(&sse, 41, 50);
    sse_close(&sse);
    harness_log_prune(harness, 0);
    harness_log_rebuild(harness, "another", 50);
    expect_gone(harness, STREAM, id, "Last-Event-ID");
    // Also while the log's end is known from streams that are there.
    open_stream(harness, STREAM, "", &sse);
    expect_gone(harness, STREAM, id, "Last-Event-ID");
    expect_gone(harness, STREAM "?after=51", NULL, "after");
    sse_close(&sse);
}

static void a_place_that_gets_lost(void **state)
{
    harness_t *harness = *state;
    sse_t first, second;
    open_stream(harness, STREAM, "", &first);
    open_stream(harness, STREAM, "", &second);
    harness_log_append(harness, 5);
    expect_changes(&first, 1, 5);
    expect_changes(&second, 1, 5);
    harness_log_rebuild(harness, "another", 3);
    expect_type(&first, "gone", "GET /v1/events/registry/snapshot");
    expect_end(&first);
    expect_type(&second, "gone", "\"status\":410");
    expect_end(&second);
    sse_close(&first);
    // A new one follows the new log, while one of the old may still be there.
    open_stream(harness, STREAM, "", &first);
    harness_log_append(harness, 2);
    expect_changes(&first, 4, 5);
    sse_close(&first);
    sse_close(&second);
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
    open_any(harness, STREAM "?after=2", "", &other);
    assert_int_equal(other.status, 200); // the ring has it
    expect_changes(&other, 3, 5);
    harness_log_set_away(harness, false);
    expect_changes(&other, 6, 3005);
    expect_changes(&sse, 6, 3005);
    sse_close(&other);
    harness_log_set_away(harness, true);
    open_any(harness, STREAM "?after=2", "", &other);
    assert_int_equal(other.status, 503);
    assert_non_null(strstr(other.head, "Retry-After: 1\r\n"));
    sse_close(&other);
    sse_close(&sse);
}

static void a_service_that_is_not_there(void **state)
{
    harness_t *harness = *state;
    sse_t sse;
    harness->config.request_timeout_ms = 300;
    harness->absent = true;
    open_any(harness, STREAM, "", &sse);
    assert_int_equal(sse.status, 503);
    sse_close(&sse);
    open_any(harness, STREAM "?after=0", "", &sse);
    assert_int_equal(sse.status, 503);
    sse_close(&sse);
    harness->absent = false;
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
    char *token = issuer_token(&harness->issuer, ISSUER_ED25519, READER, now_s - 600 - 30 + 2);
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
    char *token = harness_token(harness, READER), *request;
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
    int opening = begin_to_open(harness, STREAM "?after=99999");
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
    open_stream(harness, STREAM "?after=0", "", &other);
    expect_changes(&other, 1, 100);
    harness->absent = true;
    int opening = begin_to_open(harness, STREAM "?after=99999");
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
    int64_t until_us = clock_steady_us() + PATIENCE_MS * INT64_C(1000);
    while (harness_log_tails(harness) > 0)
        assert_true(clock_steady_us() < until_us);
    open_stream(harness, STREAM, "", &more);
    harness_log_append(harness, 1);
    expect_changes(&more, 1, 1);
    sse_close(&more);
}

static void first_version_of_http(void **state)
{
    harness_t *harness = *state;
    char *token = harness_token(harness, READER), *request, bytes[4096];
    size_t size = 0;
    int fd = harness_connect(harness);
    harness_log_append(harness, 3);
    assert_true(asprintf(&request, "GET " STREAM "?after=0 HTTP/1.0\r\nAuthorization: Bearer %s\r\n\r\n", token) > 0);
    harness_send_text(fd, request);
    bytes[0] = '\0';
    while (strstr(bytes, "\"sequence\":3") == NULL) {
        ssize_t got = recv(fd, bytes + size, sizeof(bytes) - size - 1, 0);
        assert_true(got > 0);
        size += (size_t)got;
        bytes[size] = '\0';
    }
    assert_null(strstr(bytes, "chunked"));
    close(fd);
    free(request);
    free(token);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        TEST(live),
        TEST(refusals),
        TEST(resumed),
        TEST(from_the_beginning),
        TEST(a_client_that_does_not_read),
        TEST(an_event_larger_than_the_buffers),
        TEST(filtered),
        TEST(heartbeats),
        TEST(places_that_are_gone),
        TEST(a_place_that_gets_lost),
        TEST(a_service_that_is_away),
        TEST(a_service_that_is_not_there),
        TEST(a_token_that_expires),
        TEST(draining),
        TEST(stopping),
        TEST(as_many_as_there_may_be),
        TEST(first_version_of_http),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
