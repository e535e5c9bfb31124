// One question to a server that is busy, refuses, or answers with something else.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <microhttpd.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "pcn/audit/v1/audit.meta.h"
#include "services/ctl/ask.h"

// Says the same each time, but first it is busy for a while.
typedef struct server {
    struct MHD_Daemon *daemon;
    atomic_uint asked, busy;
    unsigned code;
    const char *body;
    char url[64];
} server_t;

static enum MHD_Result serve(void *data, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
                             const char *upload, size_t *upload_size, void **state)
{
    (void)url, (void)method, (void)version, (void)upload, (void)upload_size, (void)state;
    server_t *server = data;
    const bool busy = atomic_fetch_add(&server->asked, 1) < server->busy;
    const char *body = busy ? "{}" : server->body;
    struct MHD_Response *response = MHD_create_response_from_buffer(strlen(body), (void *)(uintptr_t)body, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result result = MHD_queue_response(connection, busy ? 503 : server->code, response);
    MHD_destroy_response(response);
    return result;
}

static status_t ask(server_t *server, Pcn__Audit__V1__ReadReply **page, arena_t *arena, problem_t *problem)
{
    http_t *http = NULL;
    void *message = NULL;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    atomic_store(&server->asked, 0);
    server->daemon =
        MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, serve, server, MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_END);
    assert_non_null(server->daemon);
    (void)snprintf(server->url, sizeof server->url, "http://127.0.0.1:%u/",
                   MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    assert_int_equal(http_new(server->url, "token", 1, &http, problem), STATUS_OK);
    status_t status = ask_get(http, "/v1/audit/registry", &pcn__audit__v1__read_reply__type, arena, &message, problem);
    *page = message;
    http_destroy(&http);
    MHD_stop_daemon(server->daemon);
    return status;
}

static void answers(void **state)
{
    (void)state;
    static const struct {
        unsigned code, busy;
        const char *body;
        status_t status;
        const char *says;
    } cases[] = {
        {200, 0, "{\"entries\":[{\"place\":1,\"unknown\":true}],\"next\":1,\"max\":9}", STATUS_OK, ""},
        {200, 2, "{\"entries\":[{\"place\":1}],\"next\":1,\"max\":9}", STATUS_OK, ""},
        {403, 0, "{\"detail\":\"The token does not allow this\"}", STATUS_FAILED_PRECONDITION, "The token does not allow this (HTTP 403)"},
        {400, 0, "{\"detail\":\"Must be a number\",\"field\":\"after\"}", STATUS_FAILED_PRECONDITION, "after: Must be a number"},
        {404, 0, "no JSON", STATUS_NOT_FOUND, "the server gives no reason (HTTP 404)"},
        {200, 0, "no JSON", STATUS_INTERNAL, "cannot be read"},
        {200, 0, "{\"entries\":7}", STATUS_INTERNAL, "cannot be read"},
        {200, 0, "", STATUS_INTERNAL, "cannot be read"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        server_t server = {.code = cases[i].code, .busy = cases[i].busy, .body = cases[i].body};
        Pcn__Audit__V1__ReadReply *page = NULL;
        problem_t problem = {0};
        arena_t *arena = arena_new(65536);
        assert_int_equal(ask(&server, &page, arena, &problem), cases[i].status);
        assert_int_equal(server.asked, cases[i].busy + 1);
        if (cases[i].status == STATUS_OK) {
            assert_int_equal(page->n_entries, 1);
            assert_int_equal(page->max, 9);
        } else if (strstr(problem.detail, cases[i].says) == NULL) {
            fail_msg("%s", problem.detail);
        }
        arena_destroy(&arena);
    }
}

static void values_of_a_query(void **state)
{
    (void)state;
    buf_t path;
    buf_init(&path, 256);
    ask_escape(&path, "a/b c&d=\xc3\xab~-_.Z9+%");
    assert_string_equal(path.data, "a%2Fb%20c%26d%3D%C3%AB~-_.Z9%2B%25");
    buf_deinit(&path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(answers), cmocka_unit_test(values_of_a_query)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
