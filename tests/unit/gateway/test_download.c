#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/gateway/harness.h"

#define READER "subscriber"

static int start(void **state)
{
    *state = harness_new(0);
    return 0;
}

static int stop(void **state)
{
    harness_destroy((harness_t **)state);
    return 0;
}

// A chunked answer, read to its end.
typedef struct download {
    char head[4096];
    int status;
    size_t size;
    bool good;  // every byte is what it must be
    bool whole; // the last chunk came
} download_t;

static void ask(const harness_t *harness, int fd, const char *line, const char *headers)
{
    char *token = harness_token(harness, READER), *request;
    assert_true(asprintf(&request, "%s HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %s\r\n%s\r\n", line, token, headers) > 0);
    harness_send_text(fd, request);
    free(request);
    free(token);
}

static void receive_head(int fd, download_t *download)
{
    size_t size = 0;
    memset(download, 0, sizeof(*download));
    while (strstr(download->head, "\r\n\r\n") == NULL) {
        assert_true(size + 1 < sizeof(download->head));
        assert_int_equal(recv(fd, download->head + size++, 1, 0), 1);
    }
    download->status = atoi(download->head + 9);
}

static bool receive_line(int fd, char line[64])
{
    for (size_t size = 0; size < 63;) {
        if (recv(fd, line + size, 1, 0) != 1)
            return false;
        line[++size] = '\0';
        if (size >= 2 && memcmp(line + size - 2, "\r\n", 2) == 0)
            return true;
    }
    return false;
}

static void receive_body(int fd, download_t *download)
{
    char line[64];
    static uint8_t chunk[1 << 20];
    download->good = true;
    while (receive_line(fd, line)) {
        const size_t size = strtoul(line, NULL, 16);
        assert_true(size < sizeof(chunk));
        if (size == 0) {
            download->whole = receive_line(fd, line) && strcmp(line, "\r\n") == 0;
            return;
        }
        if (recv(fd, chunk, size, MSG_WAITALL) != (ssize_t)size || !receive_line(fd, line))
            return;
        for (size_t i = 0; i < size; i++)
            download->good = download->good && chunk[i] == harness_files_byte(download->size + i);
        download->size += size;
    }
}

static void fetch(const harness_t *harness, const char *line, const char *headers, download_t *download)
{
    int fd = harness_connect(harness);
    ask(harness, fd, line, headers);
    receive_head(fd, download);
    receive_body(fd, download);
    close(fd);
}

static void gives_files(void **state)
{
    static const struct {
        size_t size, piece;
        unsigned calls;
    } cases[] = {{0, 400, 1}, {1, 400, 1}, {400, 400, 1}, {401, 400, 2}, {1000, 400, 3}, {5000000, 500000, 10}, {300000, 70000, 5}};
    harness_t *harness = *state;
    download_t download;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        harness->files.dump_size = cases[i].size;
        harness->files.dump_piece = cases[i].piece;
        harness->files.dumps = 0;
        fetch(harness, "GET /v1/dumps/csv", "", &download);
        assert_int_equal(download.status, 200);
        assert_int_equal(download.size, cases[i].size);
        assert_true(download.good && download.whole);
        assert_int_equal(harness->files.dumps, cases[i].calls);
        assert_non_null(strstr(download.head, "\r\nContent-Type: text/csv\r\n"));
        assert_non_null(strstr(download.head, "\r\nContent-Disposition: attachment; filename=\"dump.csv\"\r\n"));
        assert_non_null(strstr(download.head, "\r\nTransfer-Encoding: chunked\r\n"));
        assert_non_null(strstr(download.head, "\r\nCache-Control: no-store\r\n"));
        assert_non_null(strstr(download.head, "\r\nX-Content-Type-Options: nosniff\r\n"));
        assert_null(strstr(download.head, "ETag"));
        assert_null(strstr(download.head, "Content-Length"));
    }
    // The connection serves on.
    int fd = harness_connect(harness);
    for (int i = 0; i < 3; i++) {
        ask(harness, fd, "GET /v1/dumps/json", "");
        receive_head(fd, &download);
        receive_body(fd, &download);
        assert_true(download.whole);
    }
    close(fd);
}

// What the service says of its file stands in a header only where that is safe.
static void names(void **state)
{
    static const struct {
        const char *type, *name, *type_line, *name_line;
    } cases[] = {
        {"application/x-tar", "registry.tar", "Content-Type: application/x-tar\r\n",
         "Content-Disposition: attachment; filename=\"registry.tar\"\r\n"},
        {NULL, NULL, "Content-Type: application/octet-stream\r\n", "Content-Disposition: attachment\r\n"},
        {"text", "a\"b", "Content-Type: application/octet-stream\r\n", "Content-Disposition: attachment\r\n"},
        {"text/csv\r\nX: y", "a\r\nX: y", "Content-Type: application/octet-stream\r\n", "Content-Disposition: attachment\r\n"},
        {"text/csv; x", "../a", "Content-Type: application/octet-stream\r\n", "Content-Disposition: attachment\r\n"},
    };
    harness_t *harness = *state;
    download_t download;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        harness->files.dump_type = cases[i].type;
        harness->files.dump_name = cases[i].name;
        fetch(harness, "GET /v1/dumps/csv", "", &download);
        assert_int_equal(download.status, 200);
        assert_non_null(strstr(download.head, cases[i].type_line));
        assert_non_null(strstr(download.head, cases[i].name_line));
    }
}

static void refusals(void **state)
{
    static const struct {
        const char *line, *headers;
        int status;
        const char *says;
    } cases[] = {
        {"GET /v1/dumps/csv", "Accept: application/json\r\n", 406, "The answer is text/csv"},
        {"GET /v1/dumps/csv", "Accept: text/csv;q=0\r\n", 406, "Accept"},
        {"GET /v1/dumps/csv?pageToken=400", "", 400, "pageToken"},
        {"GET /v1/dumps/csv?x=400", "", 400, "unknown query"},
        {"GET /v1/dumps/xml", "", 400, "format"},
        {"POST /v1/dumps/csv", "", 405, "not for this method"},
        {"GET /v1/dumps", "", 404, "no such path"},
        {"GET /v1/dumps/csv", "Content-Length: 3\r\n\r\nabc", 400, "no body"},
    };
    static const char *const accepted[] = {"Accept: */*\r\n", "Accept: text/*\r\n", "Accept: text/csv\r\n",
                                           "Accept: application/json, text/csv;q=0.5\r\n", "Accept:\r\n"};
    harness_t *harness = *state;
    harness_reply_t reply;
    download_t download;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        print_message("%s %s\n", cases[i].line, cases[i].headers);
        harness_call(harness, READER, cases[i].line, cases[i].headers, "", &reply);
        assert_int_equal(reply.status, cases[i].status);
        assert_string_equal(harness_header(&reply, "Content-Type"), "application/problem+json");
        assert_true(harness_says(&reply, cases[i].says));
    }
    for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
        fetch(harness, "GET /v1/dumps/csv", accepted[i], &download);
        assert_int_equal(download.status, 200);
    }
    // A head alone would cost the service a whole one.
    harness->files.dumps = 0;
    harness_call(harness, READER, "HEAD /v1/dumps/csv", "", "", &reply);
    assert_int_equal(reply.status, 405);
    assert_string_equal(harness_header(&reply, "Allow"), "GET");
    // Without chunks nobody could tell that a file broke off.
    char *token = harness_token(harness, READER), *request;
    assert_true(asprintf(&request, "GET /v1/dumps/csv HTTP/1.0\r\nAuthorization: Bearer %s\r\n\r\n", token) > 0);
    harness_exchange(harness, request, &reply);
    assert_int_equal(reply.status, 505);
    free(request);
    free(token);
    assert_int_equal(harness->files.dumps, 0);
    harness_exchange(harness, "GET /v1/dumps/csv HTTP/1.1\r\nHost: h\r\n\r\n", &reply);
    assert_int_equal(reply.status, 401);
    harness->absent = true;
    harness_call(harness, READER, "GET /v1/dumps/csv", "", "", &reply);
    assert_int_equal(reply.status, 503);
    assert_non_null(harness_header(&reply, "Retry-After"));
    harness->absent = false;
}

// The first piece refused is an answer; a later one breaks the body off without its end.
static void service_fails(void **state)
{
    harness_t *harness = *state;
    download_t download;
    harness->files.dump_size = 200000;
    harness->files.dump_piece = 50000;
    harness->files.dump_fails_at = 100000;
    for (int i = 0; i < 5; i++) { // more often than there are places
        fetch(harness, "GET /v1/dumps/csv", "", &download);
        assert_int_equal(download.status, 200);
        assert_false(download.whole);
        assert_true(download.good);
        assert_true(download.size <= 100000);
    }
    harness->files.dump_fails_at = 0;
    fetch(harness, "GET /v1/dumps/csv", "", &download);
    assert_true(download.whole);
}

// A client that takes nothing costs one reply: the service is not asked for more than the client has room for.
static void backpressure(void **state)
{
    harness_t *harness = *state;
    download_t download;
    harness->files.dump_size = 50000000;
    harness->files.dump_piece = 500000;
    int fd = harness_connect(harness), other = harness_connect(harness);
    ask(harness, fd, "GET /v1/dumps/csv", "");
    receive_head(fd, &download);
    usleep(300000);
    pthread_mutex_lock(&harness->files.lock);
    assert_in_range(harness->files.dumps, 1, 4);
    pthread_mutex_unlock(&harness->files.lock);
    // Another is served meanwhile; a third is one too many.
    ask(harness, other, "GET /v1/dumps/csv", "");
    download_t second;
    receive_head(other, &second);
    harness_reply_t reply;
    harness_call(harness, READER, "GET /v1/dumps/csv", "", "", &reply);
    assert_int_equal(reply.status, 503);
    assert_string_equal(harness_header(&reply, "Retry-After"), "5");
    harness_call(harness, READER, "GET /v1/organisations/u1", "", "", &reply);
    assert_int_equal(reply.status, 200);
    receive_body(other, &second);
    assert_true(second.whole && second.good);
    assert_int_equal(second.size, 50000000);
    // And now the first goes on where it was.
    receive_body(fd, &download);
    assert_true(download.whole && download.good);
    assert_int_equal(download.size, 50000000);
    close(fd);
    close(other);
}

static void wait_for_none(const harness_t *harness)
{
    for (int i = 0; i < 6000 && __atomic_load_n(&harness->gateway.open, __ATOMIC_RELAXED) != 0; i++)
        usleep(10000);
    assert_int_equal(__atomic_load_n(&harness->gateway.open, __ATOMIC_RELAXED), 0);
}

static void clients_go(void **state)
{
    harness_t *harness = *state;
    download_t download;
    harness->files.dump_size = 5000000;
    harness->files.dump_piece = 500000;
    for (int i = 0; i < 4; i++) {
        int fd = harness_connect(harness);
        ask(harness, fd, "GET /v1/dumps/csv", "");
        if (i % 2 == 1)
            receive_head(fd, &download);
        close(fd);
        wait_for_none(harness);
    }
    // While the service is asked for more.
    harness->files.dump_holds_at = 500000;
    int fd = harness_connect(harness);
    ask(harness, fd, "GET /v1/dumps/csv", "");
    receive_head(fd, &download);
    char some[65536];
    size_t got = 0;
    for (int i = 0; i < 200 && got < 500000; i++)
        got += (size_t)recv(fd, some, sizeof(some), 0);
    close(fd);
    usleep(50000);
    harness_release(harness);
    wait_for_none(harness);
}

static void too_slow(void **state)
{
    harness_t *harness = *state;
    download_t download;
    harness->config.transfer_timeout_ms = 1000;
    harness->files.dump_size = 50000000;
    harness->files.dump_piece = 500000;
    int fd = harness_connect(harness);
    ask(harness, fd, "GET /v1/dumps/csv", "");
    receive_head(fd, &download);
    wait_for_none(harness);
    receive_body(fd, &download);
    assert_false(download.whole);
    close(fd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        TEST(gives_files), TEST(names), TEST(refusals), TEST(service_fails), TEST(backpressure), TEST(clients_go), TEST(too_slow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
