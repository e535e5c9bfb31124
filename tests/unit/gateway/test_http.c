#include <errno.h>
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

#include "services/gateway/guard.h"
#include "tests/unit/gateway/harness.h"

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

// Whether the connection ends: nothing comes any more but its end. Patience that runs out is no end.
static bool ends(int fd)
{
    char byte;
    ssize_t got = recv(fd, &byte, 1, 0);
    return got == 0 || (got < 0 && errno == ECONNRESET);
}

static void framing_in_doubt_is_closed(void **state)
{
    static const char *const cases[] = {
        "POST /v1/organisations HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nContent-Length: 30\r\n\r\n{}",
        "POST /v1/organisations HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\ncontent-length: 2\r\n\r\n{}",
        "POST /v1/organisations HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /v1/organisations HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "POST /v1/organisations HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length : 3\r\n\r\nabc",
        "GET /healthz HTTP/1.1\r\n\r\n",
    };
    const harness_t *harness = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        harness_reply_t reply;
        print_message("%.70s\n", cases[i]);
        int fd = harness_connect(harness);
        harness_send_text(fd, cases[i]);
        harness_receive(fd, false, &reply);
        assert_int_equal(reply.status, 400);
        assert_true(ends(fd));
        close(fd);
    }
}

// What libmicrohttpd refuses by itself, before a guard of ours sees it.
static void refused_below(void **state)
{
    static const char *const cases[] = {
        "GET /healthz HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: h\r\nContent-Length: 3, 3\r\n\r\nabc",
        "GET /healthz HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\nabc",
        "GET /health z HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /healthz HTTP/9.9\r\nHost: h\r\n\r\n",
        "POST /healthz HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        harness_reply_t reply;
        print_message("%.60s\n", cases[i]);
        harness_exchange(*state, cases[i], &reply);
        assert_true(reply.status == 0 || reply.status == 400 || reply.status == 413 || reply.status == 505);
    }
}

// A second request hidden behind a doubled length is never served.
// libmicrohttpd believes a NUL that was sent to be the end of a text, joins folded lines and takes line feeds alone.
static void heads_that_read_otherwise(void **state)
{
#define BYTES(text) {text, sizeof(text) - 1}
    static const struct {
        const char *text;
        size_t size;
    } heads[] = {
        BYTES("POST /v1/organisations HTTP/1.1\r\nHost: h\r\nContent-Length: 0\0" "36\r\n\r\nGET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"),
        BYTES("GET /healthz HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n"),
        BYTES("GET /healthz HTTP/1.1\r\nX: a\0b\r\nHost: h\r\n\r\n"),
        BYTES("GET /healthz HTTP/1.1\r\nHost: h\r\nX: a\0\0Y\0b\r\n\r\n"),
        BYTES("GET /healthz HTTP/1.1\r\nHost: h\r\nX: a\0\0\0\0\r\n\r\n"),
        BYTES("GET /healthz HTTP/1.1\r\nHost: h\r\nX\0: a\r\n\r\n"),
        BYTES("GET /healthz\0x HTTP/1.1\r\nHost: h\r\n\r\n"),
        BYTES("GET  /healthz HTTP/1.1\r\nHost: h\r\n\r\n"),
        BYTES("GET /healthz HTTP/1.1\nHost: h\n\n"),
        BYTES("GET /healthz HTTP/1.1\r\nHost: h\nX: a\r\n\r\n"),
        BYTES("GET /healthz HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n"),
        BYTES("GET /healthz HTTP/1.1\r\nHost: h\r\n: a\r\n\r\n"),
    };
#undef BYTES
    const harness_t *harness = *state;
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        harness_reply_t reply;
        int fd = harness_connect(harness);
        harness_send(fd, heads[i].text, heads[i].size);
        harness_receive(fd, false, &reply);
        if (reply.status != 400 || !reply.closed)
            print_message("%zu: %d %s\n", i, reply.status, reply.body);
        assert_int_equal(reply.status, 400);
        assert_true(reply.closed);
        close(fd);
    }
    harness_reply_t reply;
    harness_exchange(harness, "\r\n\r\nGET /healthz HTTP/1.1\r\nHost:h\r\nX:\r\nY:   \t a  \r\nCookie: a=b; c=d\r\n\r\n", &reply);
    assert_int_equal(reply.status, 200);
}

static void no_smuggling(void **state)
{
    const harness_t *harness = *state;
    harness_reply_t reply;
    int fd = harness_connect(harness);
    harness_send_text(fd, "POST /v1/organisations HTTP/1.1\r\nHost: h\r\nContent-Length: 50\r\nContent-Length: 0\r\n\r\n"
                          "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
    harness_receive(fd, false, &reply);
    assert_int_equal(reply.status, 400);
    assert_true(ends(fd));
    close(fd);
}

static void targets_are_read_strictly(void **state)
{
    static const char *const targets[] = {"/v1/a%00b",          "/healthz%00", "/v1/../healthz", "/v1/%2e%2e/healthz", "//healthz",
                                          "/v1//organisations", "/v1/a%2fb",   "/healthz#x",     "/healthz?a=%",       "/healthz?a=1&a=2",
                                          "http://h/healthz",   "*",           "/v1/\\x"};
    const harness_t *harness = *state;
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        harness_reply_t reply;
        char request[256];
        snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", targets[i]);
        print_message("%s\n", targets[i]);
        harness_exchange(harness, request, &reply);
        assert_int_equal(reply.status, 400);
        assert_string_equal(harness_header(&reply, "Content-Type"), "application/problem+json");
    }
}

static void send_body(const harness_t *harness, int fd, size_t size, const char *extra)
{
    char *token = harness_token(harness, "system-manager"), *head, *body = calloc(1, size);
    assert_true(asprintf(&head,
                         "POST /v1/organisations HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %s\r\n"
                         "Content-Type: application/json\r\n"
                         "%sContent-Length: %zu\r\n\r\n",
                         token, extra, size) > 0);
    memset(body, ' ', size);
    harness_send_text(fd, head);
    harness_send(fd, body, size);
    free(body);
    free(head);
    free(token);
}

static void large_bodies(void **state)
{
    static const struct {
        size_t size;
        int status;
    } cases[] = {{GUARD_BODY_MAX, 400}, {GUARD_BODY_MAX + 1, 413}, {300 * 1024, 413},
                 {GUARD_READ_MAX, 413}, {1536 * 1024, 413},        {16 * 1024 * 1024, 413}};
    const harness_t *harness = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        harness_reply_t reply;
        int fd = harness_connect(harness);
        print_message("%zu\n", cases[i].size);
        send_body(harness, fd, cases[i].size, "");
        harness_receive(fd, false, &reply);
        assert_int_equal(reply.status, cases[i].status);
        assert_int_equal(reply.closed, cases[i].status == 413);
        if (reply.closed) {
            assert_true(harness_says(&reply, "256 KiB"));
            assert_true(ends(fd));
        }
        close(fd);
    }
}

static void a_client_that_asks_first_is_told_at_once(void **state)
{
    const harness_t *harness = *state;
    harness_reply_t reply;
    int fd = harness_connect(harness);
    harness_send_text(fd, "POST /v1/organisations HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 300000\r\n\r\n");
    harness_receive(fd, false, &reply);
    assert_int_equal(reply.status, 413);
    assert_true(ends(fd));
    close(fd);
    fd = harness_connect(harness);
    send_body(harness, fd, 10, "Expect: 100-continue\r\n");
    harness_receive(fd, false, &reply);
    assert_int_equal(reply.status, 400); // blanks are no JSON
    close(fd);
}

static void chunked_without_end(void **state)
{
    const harness_t *harness = *state;
    harness_reply_t reply;
    char chunk[4096 + 8];
    int fd = harness_connect(harness);
    memcpy(chunk, "1000\r\n", 6);
    memset(chunk + 6, 'x', 4096);
    memcpy(chunk + 6 + 4096, "\r\n", 2);
    harness_send_text(fd, "POST /v1/organisations HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    // Sending stops when the gateway closes; 64 MiB are far beyond what it reads.
    for (int i = 0; i < 16384; i++) {
        if (send(fd, chunk, sizeof(chunk), MSG_NOSIGNAL) <= 0)
            break;
        assert_true(i < 16383);
    }
    harness_receive(fd, false, &reply);
    assert_int_equal(reply.status, 413);
    close(fd);
}

static void chunked_with_an_end(void **state)
{
    const harness_t *harness = *state;
    harness_reply_t reply;
    char *token = harness_token(harness, "system-manager"), *request;
    assert_true(asprintf(&request,
                         "POST /v1/organisations HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %s\r\n"
                         "Content-Type: application/json\r\n"
                         "Transfer-Encoding: chunked\r\n\r\n10\r\n{\"code\":\"a-code\"\r\n"
                         "22\r\n,\"name\":\"N\",\"kind\":\"local-system\"}\r\n0\r\n\r\n",
                         token) > 0);
    harness_exchange(harness, request, &reply);
    print_message("%s\n", reply.body);
    assert_int_equal(reply.status, 201);
    free(request);
    free(token);
}

static void many_on_one_connection(void **state)
{
    const harness_t *harness = *state;
    harness_reply_t reply;
    int fd = harness_connect(harness);
    for (int i = 0; i < 50; i++) {
        harness_send_text(fd, i % 2 == 0 ? "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n" : "GET /v1/x HTTP/1.1\r\nHost: h\r\n\r\n");
        harness_receive(fd, false, &reply);
        assert_int_equal(reply.status, i % 2 == 0 ? 200 : 401);
        assert_false(reply.closed);
    }
    // All at once.
    for (int i = 0; i < 20; i++)
        harness_send_text(fd, "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
    for (int i = 0; i < 20; i++) {
        harness_receive(fd, false, &reply);
        assert_int_equal(reply.status, 200);
    }
    close(fd);
}

static void clients_that_leave(void **state)
{
    harness_t *harness = *state;
    harness_reply_t reply;
    char *token = harness_token(harness, "system-manager"), *request;
    assert_true(asprintf(&request, "GET /v1/organisations/slow HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %s\r\n\r\n", token) > 0);
    for (int i = 0; i < 100; i++) {
        int fd = harness_connect(harness);
        if (i % 2 == 0)
            harness_send_text(fd, request);
        else
            harness_send(fd, request, (size_t)i % strlen(request));
        close(fd);
    }
    harness_exchange(harness, "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n", &reply);
    assert_int_equal(reply.status, 200);
    free(request);
    free(token);
}

// Everybody who waits gets an answer soon after the service's, with many more suspended than libmicrohttpd looks at in one go.
static void many_suspended(void **state)
{
    enum { CLIENTS = 600 };
    harness_t *harness = *state;
    static int fds[CLIENTS];
    harness_reply_t reply;
    char *token = harness_token(harness, "system-manager"), *request;
    assert_true(asprintf(&request, "GET /v1/organisations/slow HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %s\r\n\r\n", token) > 0);
    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = harness_connect(harness);
        harness_send_text(fds[i], request);
    }
    // Another request's answer shows that the loop met all of them.
    harness_exchange(harness, "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n", &reply);
    for (int i = 0; i < CLIENTS; i++) {
        harness_release(harness);
        harness_receive(fds[i], false, &reply);
        assert_int_equal(reply.status, 404);
        close(fds[i]);
    }
    free(request);
    free(token);
}

static void draining(void **state)
{
    harness_t *harness = *state;
    harness_reply_t reply;
    int fd = harness_connect(harness), slow = harness_connect(harness);
    char *token = harness_token(harness, "system-manager"), *request;
    assert_true(asprintf(&request, "GET /v1/organisations/slow HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %s\r\n\r\n", token) > 0);
    harness_send_text(slow, request);
    for (int i = 0; i < 2; i++) { // by the second answer the loop met what came before the first
        harness_send_text(fd, "GET /readyz HTTP/1.1\r\nHost: h\r\n\r\n");
        harness_receive(fd, false, &reply);
        assert_int_equal(reply.status, 200);
    }
    harness_drain(harness);
    // Answers say so once the loop has heard of it; the socket's file is gone then, and what is in flight is finished.
    do {
        harness_send_text(fd, "GET /readyz HTTP/1.1\r\nHost: h\r\n\r\n");
        harness_receive(fd, false, &reply);
    } while (reply.status == 200);
    assert_int_equal(reply.status, 503);
    assert_int_not_equal(access(harness->path, F_OK), 0);
    assert_true(reply.closed);
    harness_release(harness);
    harness_receive(slow, false, &reply);
    assert_int_equal(reply.status, 404);
    assert_true(reply.closed);
    assert_true(ends(slow));
    close(slow);
    close(fd);
    free(request);
    free(token);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(framing_in_doubt_is_closed, start, stop),
        cmocka_unit_test_setup_teardown(refused_below, start, stop),
        cmocka_unit_test_setup_teardown(no_smuggling, start, stop),
        cmocka_unit_test_setup_teardown(heads_that_read_otherwise, start, stop),
        cmocka_unit_test_setup_teardown(targets_are_read_strictly, start, stop),
        cmocka_unit_test_setup_teardown(large_bodies, start, stop),
        cmocka_unit_test_setup_teardown(a_client_that_asks_first_is_told_at_once, start, stop),
        cmocka_unit_test_setup_teardown(chunked_without_end, start, stop),
        cmocka_unit_test_setup_teardown(chunked_with_an_end, start, stop),
        cmocka_unit_test_setup_teardown(many_on_one_connection, start, stop),
        cmocka_unit_test_setup_teardown(clients_that_leave, start, stop),
        cmocka_unit_test_setup_teardown(many_suspended, start, stop),
        cmocka_unit_test_setup_teardown(draining, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
