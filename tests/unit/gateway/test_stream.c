// Opening and resuming.
#include "tests/unit/gateway/stream_client.h"

#include <sys/socket.h>
#include <unistd.h>

#include "services/gateway/stream_id.h"

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

static void refusals(void **state)
{
    static const struct {
        const char *role, *line, *headers;
        int status;
        const char *field;
    } cases[] = {
        {STREAM_READER, "GET " STREAM "&colour=red", "", 400, "colour"},
        {STREAM_READER, "GET " STREAM "&limit=5", "", 400, "limit"},
        {STREAM_READER, "GET " ALL_STREAMS "?services=", "", 400, "services"},
        {STREAM_READER, "GET " ALL_STREAMS "?services=registry,", "", 400, "services"},
        {STREAM_READER, "GET " ALL_STREAMS "?services=registry,registry", "", 400, "services"},
        {STREAM_READER, "GET " ALL_STREAMS "?services=nowhere", "", 404, "services"},
        {STREAM_READER, "GET " ALL_STREAMS "?services=registry,nowhere", "", 404, "services"},
        {STREAM_READER, "GET " ALL_STREAMS "?services=registry&services=registry", "", 400, "services"},
        {STREAM_READER, "GET " STREAM "&after=x", "", 400, "after"},
        {STREAM_READER, "GET " STREAM "&after=-1", "", 400, "after"},
        {STREAM_READER, "GET " STREAM "&type=a%0Ab", "", 400, "type"},
        {STREAM_READER, "GET " STREAM "&lastEventId=", "", 400, "lastEventId"},
        {STREAM_READER, "GET " STREAM "&lastEventId=nonsense", "", 400, "lastEventId"},
        {STREAM_READER, "GET " STREAM "&lastEventId=AQhyZWdpc3RyeQ2Zszv2Ag&after=0", "", 400, "after"},
        {STREAM_READER, "GET " STREAM, "Last-Event-ID: 17\r\n", 400, "Last-Event-ID"},
        {STREAM_READER, "GET " STREAM, "Last-Event-ID:\r\n", 400, "Last-Event-ID"},
        {STREAM_READER, "GET " STREAM, "Last-Event-ID: AQhyZWdpc3RyeQ2Zszv2Ag\r\nLast-Event-ID: AQhyZWdpc3RyeQ2Zszv2Ag\r\n", 400,
         "Last-Event-ID"},
        {STREAM_READER, "GET " STREAM, "Accept: application/json\r\n", 406, "Accept"},
        {STREAM_READER, "POST " STREAM, "", 405, NULL},
        {STREAM_READER, "HEAD " STREAM, "", 405, NULL},
        {STREAM_READER, "OPTIONS " STREAM, "", 405, NULL},
        {"link-worker", "GET " STREAM, "", 403, NULL},
        {STREAM_READER, "GET " ALL_STREAMS "/more", "", 404, NULL},
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
    harness_call(harness, STREAM_READER, "GET " STREAM, "Content-Type: application/json\r\n", "{}", &reply);
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

    snprintf(path, sizeof(path), STREAM "&lastEventId=%s", id);
    open_stream(harness, path, "", &sse);
    expect_changes(&sse, 16, 51);
    sse_close(&sse);
    // What the id holds of services that this gateway does not know is passed over; one that it lacks begins from now on.
    stream_place_t places[2] = {{"elsewhere", 1, 7}, {"registry", stream_epoch(STREAM_LOG_EPOCH), 49}};
    stream_id_write(places, 2, path);
    resume_stream(harness, STREAM, path, &sse);
    expect_changes(&sse, 50, 51);
    sse_close(&sse);
    stream_id_write(places, 1, path);
    resume_stream(harness, STREAM, path, &sse);
    harness_log_append(harness, 1);
    expect_changes(&sse, 52, 52);
    sse_close(&sse);
    // The header is newer than the address.
    resume_stream(harness, STREAM "&after=0", id, &sse);
    expect_changes(&sse, 16, 52);
    sse_close(&sse);
    // The first block alone is enough to go on from, also where nothing came after it.
    open_stream(harness, STREAM, "", &sse);
    sse_event_t event;
    for (int waited_ms = 0; sse.last_id[0] == '\0' && waited_ms < STREAM_PATIENCE_MS; waited_ms += 50)
        (void)sse_next(&sse, 50, &event);
    snprintf(id, sizeof(id), "%s", sse.last_id);
    sse_close(&sse);
    harness_log_append(harness, 2);
    resume_stream(harness, STREAM, id, &sse);
    expect_changes(&sse, 53, 54);
    sse_close(&sse);

    // Another gateway goes on from the same id.
    harness_destroy(&harness);
    harness = harness_new(0);
    *state = harness;
    harness_log_rebuild(harness, STREAM_LOG_EPOCH, 60);
    resume_stream(harness, STREAM, id, &sse);
    expect_changes(&sse, 53, 60);
    sse_close(&sse);
}

static void from_the_beginning(void **state)
{
    harness_t *harness = *state;
    sse_t sse;
    harness_log_append(harness, 2500);
    open_stream(harness, STREAM "&after=0", "", &sse);
    harness_log_append(harness, 500);
    expect_changes(&sse, 1, 3000);
    harness_log_append(harness, 10);
    expect_changes(&sse, 3001, 3010);
    sse_close(&sse);
    assert_true(harness_log_pages(harness) >= 25);
}

static void places_that_are_gone(void **state)
{
    harness_t *harness = *state;
    char id[SSE_ID_SIZE];
    harness_log_append(harness, 30);
    id_now(harness, id);
    expect_gone(harness, STREAM "&after=31", NULL, "after");
    // A tail that goes on has what is pruned here.
    expect_no_tail(harness);
    harness_log_append(harness, 20);
    harness_log_prune(harness, 40);
    expect_gone(harness, STREAM, id, "Last-Event-ID");
    char path[SSE_ID_SIZE + 64];
    snprintf(path, sizeof(path), STREAM "&lastEventId=%s", id);
    expect_gone(harness, path, NULL, "lastEventId");
    expect_gone(harness, STREAM "&after=39", NULL, "after");
    sse_t sse;
    open_stream(harness, STREAM "&after=40", "", &sse);
    expect_changes(&sse, 41, 50);
    sse_close(&sse);
    expect_no_tail(harness);
    harness_log_prune(harness, 0);
    harness_log_rebuild(harness, "another", 50);
    expect_gone(harness, STREAM, id, "Last-Event-ID");
    // Also while the log's end is known from streams that are there.
    open_stream(harness, STREAM, "", &sse);
    expect_gone(harness, STREAM, id, "Last-Event-ID");
    expect_gone(harness, STREAM "&after=51", NULL, "after");
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

static void first_version_of_http(void **state)
{
    harness_t *harness = *state;
    char *token = harness_token(harness, STREAM_READER), *request, bytes[4096];
    size_t size = 0;
    int fd = harness_connect(harness);
    harness_log_append(harness, 3);
    assert_true(asprintf(&request, "GET " STREAM "&after=0 HTTP/1.0\r\nAuthorization: Bearer %s\r\n\r\n", token) > 0);
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
#define TEST(name) cmocka_unit_test_setup_teardown(name, stream_client_start, stream_client_stop)
    const struct CMUnitTest tests[] = {
        TEST(refusals),
        TEST(resumed),
        TEST(from_the_beginning),
        TEST(places_that_are_gone),
        TEST(a_place_that_gets_lost),
        TEST(first_version_of_http),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
