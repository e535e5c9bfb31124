#include "support.h"

#include <netinet/in.h>

#include "common/app/listener.h"

// The listener in a loop of this process, driven while a client waits for its answer.
static uv_loop_t loop;
static listener_t *listener;
static char folder[64];
static char path[96];
static bool is_ready;
static size_t metrics_size;

static void write_metrics(void *data, buf_t *out)
{
    assert_ptr_equal(data, &loop);
    for (size_t i = 0; i < metrics_size; i++) {
        buf_add_char(out, 'm');
    }
}

static bool ready(void *data, problem_t *problem)
{
    assert_ptr_equal(data, &loop);
    if (!is_ready) {
        problem_set(problem, STATUS_UNAVAILABLE, NULL, "the \"database\" is away");
    }
    return is_ready;
}

static listener_spec_t spec = {.timeout_ms = WAIT_MS, .data = &loop, .metrics = write_metrics, .ready = ready};

static int open_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/pcn-test-listener-XXXXXX");
    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    snprintf(path, sizeof path, "%s/s", folder);
    is_ready = true;
    spec.timeout_ms = WAIT_MS;
    metrics_size = 10;
    return uv_loop_init(&loop);
}

static int close_folder(void **state)
{
    (void)state;
    listener_destroy(&listener);
    uv_run(&loop, UV_RUN_DEFAULT);
    int left = uv_loop_close(&loop);
    // The socket file went with the listener.
    bool gone = access(path, F_OK) != 0;
    unlink(path);
    rmdir(folder);
    return left != 0 || !gone;
}

static void start(const char *address)
{
    problem_t problem = {0};
    if (listener_new(&loop, address, &spec, &listener, &problem) != STATUS_OK) {
        fail_msg("%s", problem.detail);
    }
}

static void assert_refuses(const char *address, status_t expected)
{
    problem_t problem = {0};
    listener_t *none = NULL;
    assert_int_equal(listener_new(&loop, address, &spec, &none, &problem), expected);
    assert_null(none);
    assert_string_equal(problem.field, "PCN_METRICS_LISTEN");
}

// Turns the loop until the socket has something to read.
static void turn_until_readable(int fd)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    for (int waited = 0; poll(&wait, 1, 0) == 0; waited += STEP_MS) {
        assert_true(waited < WAIT_MS);
        uv_run(&loop, UV_RUN_NOWAIT);
        pause_ms(1);
    }
}

static const char *ask_bytes(const char *request, size_t size)
{
    static char text[512 * 1024];
    size_t have = 0;
    int fd = client_connect(path);
    assert_true(fd >= 0);
    if (size > 0) {
        assert_int_equal(send(fd, request, size, MSG_NOSIGNAL), size);
    }
    for (ssize_t count = 1; count > 0; have += count > 0 ? (size_t)count : 0) {
        turn_until_readable(fd);
        count = read(fd, text + have, sizeof text - 1 - have);
    }
    close(fd);
    text[have] = '\0';
    return text;
}

static const char *ask(const char *request)
{
    return ask_bytes(request, strlen(request));
}

static void three_paths_are_answered(void **state)
{
    (void)state;
    start(path);
    assert_string_equal(ask("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"),
                        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 16\r\nCache-Control: no-store\r\n"
                        "Connection: close\r\n\r\n{\"status\":\"ok\"}\n");
    assert_holds(ask("GET /readyz HTTP/1.0\r\n\r\n"), "\r\n\r\n{\"status\":\"ok\"}\n");
    const char *metrics = ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_begins(metrics, "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: 10\r\n");
    assert_holds(metrics, "\r\n\r\nmmmmmmmmmm");
}

static void an_unready_daemon_says_why(void **state)
{
    (void)state;
    is_ready = false;
    start(path);
    const char *answer = ask("GET /readyz HTTP/1.1\r\n\r\n");
    assert_begins(answer, "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\n");
    assert_holds(answer, "{\"type\":\"about:blank\",\"title\":\"Not ready\",\"status\":503,\"detail\":\"the \\\"database\\\" is away\"}\n");
    assert_begins(ask("GET /healthz HTTP/1.1\r\n\r\n"), "HTTP/1.1 200 OK\r\n");
}

static void other_requests_are_refused(void **state)
{
    (void)state;
    start(path);
    const struct {
        const char *request, *status;
    } cases[] = {
        {"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 404 "},          {"GET /metrics/ HTTP/1.1\r\n\r\n", "HTTP/1.1 404 "},
        {"GET /metrics?x HTTP/1.1\r\n\r\n", "HTTP/1.1 404 "}, {"GET /../metrics HTTP/1.1\r\n\r\n", "HTTP/1.1 404 "},
        {"POST /metrics HTTP/1.1\r\n\r\n", "HTTP/1.1 405 "},  {"get /metrics HTTP/1.1\r\n\r\n", "HTTP/1.1 405 "},
        {"GET /metrics HTTP/2.0\r\n\r\n", "HTTP/1.1 400 "},   {"GET /metrics\r\n\r\n", "HTTP/1.1 400 "},
        {"GET  /metrics HTTP/1.1\r\n\r\n", "HTTP/1.1 400 "},  {"GET /metrics  HTTP/1.1\r\n\r\n", "HTTP/1.1 400 "},
        {"GET metrics HTTP/1.1\r\n\r\n", "HTTP/1.1 400 "},    {"GET http://x/metrics HTTP/1.1\r\n\r\n", "HTTP/1.1 400 "},
        {" GET /metrics HTTP/1.1\r\n\r\n", "HTTP/1.1 400 "},  {"\r\n\r\n", "HTTP/1.1 400 "},
        {"GET /metrics HTTP/1.1 \r\n\r\n", "HTTP/1.1 400 "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_begins(ask(cases[i].request), cases[i].status);
    }
    assert_begins(ask_bytes("GET /metrics\0 HTTP/1.1\r\n\r\n", 26), "HTTP/1.1 400 ");
    assert_begins(ask_bytes("\0\r\n\r\n", 5), "HTTP/1.1 400 ");
}

static void a_large_request_is_refused(void **state)
{
    (void)state;
    start(path);
    char request[4096];
    memset(request, 'h', sizeof request);
    memcpy(request, "GET /healthz HTTP/1.1\r\nX: ", 26);
    assert_begins(ask_bytes(request, sizeof request), "HTTP/1.1 431 ");
    memcpy(request + sizeof request - 4, "\r\n\r\n", 4);
    assert_begins(ask_bytes(request, sizeof request), "HTTP/1.1 200 ");
}

static void a_request_may_come_in_pieces(void **state)
{
    (void)state;
    start(path);
    const char request[] = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    int fd = client_connect(path);
    assert_true(fd >= 0);
    for (size_t i = 0; i < sizeof request - 1; i++) {
        assert_int_equal(send(fd, request + i, 1, MSG_NOSIGNAL), 1);
        uv_run(&loop, UV_RUN_NOWAIT);
    }
    turn_until_readable(fd);
    assert_begins(client_read(fd), "HTTP/1.1 200 OK\r\n");
}

static void a_client_may_leave(void **state)
{
    (void)state;
    start(path);
    for (int i = 0; i < 40; i++) {
        int fd = client_connect(path);
        assert_true(fd >= 0);
        send(fd, "GET /metrics HTTP/1.1\r\n\r\n", i % 2 == 0 ? 5 : 25, MSG_NOSIGNAL);
        close(fd);
        uv_run(&loop, UV_RUN_NOWAIT);
    }
    assert_begins(ask("GET /healthz HTTP/1.1\r\n\r\n"), "HTTP/1.1 200 OK\r\n");
}

static void connections_are_few(void **state)
{
    (void)state;
    start(path);
    int held[16];
    for (int i = 0; i < 16; i++) {
        held[i] = client_connect(path);
        assert_true(held[i] >= 0);
        uv_run(&loop, UV_RUN_NOWAIT);
    }
    assert_string_equal(ask_bytes(NULL, 0), "");
    close(held[0]);
    uv_run(&loop, UV_RUN_NOWAIT);
    uv_run(&loop, UV_RUN_NOWAIT);
    assert_begins(ask("GET /healthz HTTP/1.1\r\n\r\n"), "HTTP/1.1 200 OK\r\n");
    for (int i = 1; i < 16; i++) {
        close(held[i]);
    }
}

static void a_silent_client_is_dropped(void **state)
{
    (void)state;
    spec.timeout_ms = 50;
    start(path);
    int fd = client_connect(path);
    assert_true(fd >= 0);
    assert_int_equal(send(fd, "GET /met", 8, MSG_NOSIGNAL), 8);
    turn_until_readable(fd);
    assert_string_equal(client_read(fd), "");
}

static void a_large_answer_arrives_whole_and_an_endless_one_is_refused(void **state)
{
    (void)state;
    start(path);
    metrics_size = 400000;
    const char *answer = ask("GET /metrics HTTP/1.1\r\n\r\n");
    assert_holds(answer, "Content-Length: 400000\r\n");
    assert_int_equal(strlen(strstr(answer, "\r\n\r\n") + 4), 400000);
    metrics_size = 9 * 1024 * 1024;
    assert_begins(ask("GET /metrics HTTP/1.1\r\n\r\n"), "HTTP/1.1 500 ");
}

static void the_socket_is_closed_to_others(void **state)
{
    (void)state;
    mode_t before = umask(0);
    char address[128];
    snprintf(address, sizeof address, "unix:%s", path);
    start(address);
    umask(before);
    struct stat found;
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
    // Somebody listens: not taken over.
    assert_refuses(path, STATUS_ALREADY_EXISTS);
    assert_begins(ask("GET /healthz HTTP/1.1\r\n\r\n"), "HTTP/1.1 200 OK\r\n");
}

static void a_stale_socket_is_replaced_but_no_other_file(void **state)
{
    (void)state;
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    strcpy(name.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&name, sizeof name), 0);
    assert_int_equal(listen(fd, 1), 0);
    close(fd);
    start(path);
    assert_begins(ask("GET /healthz HTTP/1.1\r\n\r\n"), "HTTP/1.1 200 OK\r\n");
    char other[128];
    snprintf(other, sizeof other, "%s/file", folder);
    fd = open(other, O_CREAT | O_WRONLY, 0600);
    close(fd);
    assert_refuses(other, STATUS_ALREADY_EXISTS);
    assert_int_equal(access(other, F_OK), 0);
    unlink(other);
}

static void addresses_must_be_local(void **state)
{
    (void)state;
    char too_long[200];
    memset(too_long, 'p', sizeof too_long - 1);
    too_long[0] = '/';
    too_long[sizeof too_long - 1] = '\0';
    const char *const bad[] = {
        "0.0.0.0:9100", "10.0.0.1:9100", "example.org:9100", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:9x",
        ":9100",        "[::]:9100",     "::1:9100",         "9100",      "",           "unix:",       too_long};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_refuses(bad[i], STATUS_INVALID_ARGUMENT);
    }
    assert_refuses("/nowhere/at/all", STATUS_UNAVAILABLE);
}

// A port that is free now; somebody else may take it, so there are several attempts.
static void a_loopback_port_serves_too(void **state)
{
    (void)state;
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (int attempt = 0; attempt < 20 && listener == NULL; attempt++) {
        name.sin_port = 0;
        socklen_t size = sizeof name;
        int probe = socket(AF_INET, SOCK_STREAM, 0);
        assert_int_equal(bind(probe, (const struct sockaddr *)&name, size), 0);
        assert_int_equal(getsockname(probe, (struct sockaddr *)&name, &size), 0);
        close(probe);
        char address[64];
        problem_t problem = {0};
        snprintf(address, sizeof address, "localhost:%u", (unsigned)ntohs(name.sin_port));
        status_t status = listener_new(&loop, address, &spec, &listener, &problem);
        assert_true(status == STATUS_OK || status == STATUS_ALREADY_EXISTS);
    }
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&name, sizeof name), 0);
    assert_int_equal(send(fd, "GET /healthz HTTP/1.1\r\n\r\n", 25, MSG_NOSIGNAL), 25);
    turn_until_readable(fd);
    uv_run(&loop, UV_RUN_NOWAIT);
    assert_begins(client_read(fd), "HTTP/1.1 200 OK\r\n");
}

static void closing_drops_open_connections(void **state)
{
    (void)state;
    start(path);
    int fd = client_connect(path);
    assert_true(fd >= 0);
    uv_run(&loop, UV_RUN_NOWAIT);
    listener_destroy(&listener);
    assert_null(listener);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_string_equal(client_read(fd), "");
    listener_destroy(&listener);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_folder, close_folder)

int main(void)
{
    // As the frame does.
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        TEST(three_paths_are_answered),
        TEST(an_unready_daemon_says_why),
        TEST(other_requests_are_refused),
        TEST(a_large_request_is_refused),
        TEST(a_request_may_come_in_pieces),
        TEST(a_client_may_leave),
        TEST(connections_are_few),
        TEST(a_silent_client_is_dropped),
        TEST(a_large_answer_arrives_whole_and_an_endless_one_is_refused),
        TEST(the_socket_is_closed_to_others),
        TEST(a_stale_socket_is_replaced_but_no_other_file),
        TEST(addresses_must_be_local),
        TEST(a_loopback_port_serves_too),
        TEST(closing_drops_open_connections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
