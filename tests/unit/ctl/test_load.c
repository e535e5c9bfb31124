#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/ctl/load.h"

// A server that answers as a test wants, in a thread of its own, and counts what it was asked.
typedef struct server server_t;
typedef unsigned (*answer_fn)(server_t *server, const char *method, const char *path, const char *key, const char *body, char *reply,
                              size_t reply_size, const char **retry_after);

struct server {
    struct MHD_Daemon *daemon;
    pthread_mutex_t lock;
    answer_fn answer;
    unsigned posts, gets, busy, bodies;
    bool replay;
    char last_key[128];
    char url[64];
};

typedef struct upload {
    char text[4096];
    size_t size;
} upload_t;

static enum MHD_Result serve(void *data, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
                             const char *upload_data, size_t *upload_size, void **state)
{
    (void)version;
    server_t *server = data;
    if (*state == NULL) {
        *state = calloc(1, sizeof(upload_t));
        return *state != NULL ? MHD_YES : MHD_NO;
    }
    upload_t *upload = *state;
    if (*upload_size > 0) {
        size_t room = sizeof upload->text - 1 - upload->size, size = *upload_size < room ? *upload_size : room;
        memcpy(upload->text + upload->size, upload_data, size);
        upload->size += size;
        *upload_size = 0;
        return MHD_YES;
    }
    char reply[1024] = "{}";
    const char *retry_after = NULL;
    pthread_mutex_lock(&server->lock);
    *(strcmp(method, "POST") == 0 ? &server->posts : &server->gets) += 1;
    const char *key = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Idempotency-Key");
    snprintf(server->last_key, sizeof server->last_key, "%s", key != NULL ? key : "");
    const char *authorization = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Authorization");
    unsigned code = authorization != NULL && strcmp(authorization, "Bearer token") == 0
                        ? server->answer(server, method, url, key, upload->text, reply, sizeof reply, &retry_after)
                        : 401;
    bool replay = server->replay;
    pthread_mutex_unlock(&server->lock);
    struct MHD_Response *response = MHD_create_response_from_buffer(strlen(reply), reply, MHD_RESPMEM_MUST_COPY);
    if (retry_after != NULL)
        MHD_add_response_header(response, "Retry-After", retry_after);
    if (replay)
        MHD_add_response_header(response, "Idempotent-Replayed", "true");
    enum MHD_Result result = MHD_queue_response(connection, code, response);
    MHD_destroy_response(response);
    return result;
}

static void completed(void *data, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code)
{
    (void)data;
    (void)connection;
    (void)code;
    free(*state);
}

static void start(server_t *server, answer_fn answer)
{
    *server = (server_t){.answer = answer};
    pthread_mutex_init(&server->lock, NULL);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    server->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, serve, server, MHD_OPTION_SOCK_ADDR, &address,
                                      MHD_OPTION_NOTIFY_COMPLETED, completed, NULL, MHD_OPTION_END);
    assert_non_null(server->daemon);
    snprintf(server->url, sizeof server->url, "http://127.0.0.1:%u/", MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
}

static void stop(server_t *server)
{
    MHD_stop_daemon(server->daemon);
    pthread_mutex_destroy(&server->lock);
}

typedef struct outcome {
    status_t status;
    problem_t problem;
    unsigned created, there, failed;
    char said[4096];
} outcome_t;

static const char *const two_rows = "code,name,kind,parent_code\ntop,T,ics,\nchild,C,ccg,top\n";

static void load(server_t *server, const char *rows, const char *token, int64_t patience_us, outcome_t *outcome)
{
    *outcome = (outcome_t){.status = STATUS_OK};
    char *said = NULL;
    size_t said_size = 0;
    FILE *out = open_memstream(&said, &said_size);
    report_t *report = report_new(out, false);
    report_file_t *file = report_file_new(report, "o.csv");
    plan_t *plan = plan_new("2019-07-01");
    csv_t *csv = NULL;
    http_t *http = NULL;
    assert_int_equal(csv_parse(rows, strlen(rows), &csv, NULL), STATUS_OK);
    assert_int_equal(plan_add(plan, PLAN_ORGANISATIONS, csv, file, NULL), STATUS_OK);
    assert_int_equal(plan_finish(plan, NULL), STATUS_OK);
    assert_int_equal(http_new(server->url, token, 4, &http, NULL), STATUS_OK);
    const load_options_t options = {4, patience_us};
    outcome->status = load_run(plan, http, &options, report, &outcome->problem);
    outcome->created = file->created;
    outcome->there = file->there;
    outcome->failed = file->failed;
    fflush(out);
    snprintf(outcome->said, sizeof outcome->said, "%s", said);
    http_destroy(&http);
    csv_destroy(&csv);
    plan_destroy(&plan);
    report_destroy(&report);
    fclose(out);
    free(said);
}

static unsigned answer_created(server_t *server, const char *method, const char *path, const char *key, const char *body, char *reply,
                               size_t reply_size, const char **retry_after)
{
    (void)reply;
    (void)reply_size;
    (void)retry_after;
    if (strcmp(method, "POST") != 0 || strcmp(path, "/v1/organisations") != 0 || key == NULL || strncmp(key, "import:", 7) != 0)
        return 400;
    // The parent comes first.
    server->bodies = server->bodies * 10 + (strstr(body, "\"code\":\"top\"") != NULL ? 1 : 2);
    return 201;
}

static void test_created(void **state)
{
    (void)state;
    server_t server;
    outcome_t outcome;
    start(&server, answer_created);
    load(&server, two_rows, "token", 1000000, &outcome);
    assert_int_equal(outcome.status, STATUS_OK);
    assert_int_equal(outcome.created, 2);
    assert_int_equal(server.bodies, 12);
    server.replay = true;
    load(&server, two_rows, "token", 1000000, &outcome);
    assert_int_equal(outcome.created, 0);
    assert_int_equal(outcome.there, 2);
    stop(&server);
}

static void test_many_over_few_connections(void **state)
{
    (void)state;
    char rows[16384] = "code,name,kind,parent_code\n";
    size_t used = strlen(rows);
    for (int i = 0; i < 200; i++)
        used += (size_t)snprintf(rows + used, sizeof rows - used, "code-%d,N,ccg,\n", i);
    server_t server;
    outcome_t outcome;
    start(&server, answer_created);
    load(&server, rows, "token", 1000000, &outcome);
    assert_int_equal(outcome.created, 200);
    assert_int_equal(server.posts, 200);
    stop(&server);
}

static unsigned answer_taken(server_t *server, const char *method, const char *path, const char *key, const char *body, char *reply,
                             size_t reply_size, const char **retry_after)
{
    (void)server;
    (void)key;
    (void)body;
    (void)retry_after;
    if (strcmp(method, "POST") == 0) {
        snprintf(reply, reply_size, "{\"title\":\"Already exists\",\"status\":409,\"field\":\"code\",\"detail\":\"the code is taken\"}");
        return 409;
    }
    if (strcmp(path, "/v1/organisations/top") == 0)
        snprintf(reply, reply_size, "{\"code\":\"top\",\"name\":\"T\",\"kind\":\"ics\",\"version\":4}");
    else
        snprintf(reply, reply_size, "{\"code\":\"child\",\"name\":\"Other\",\"kind\":\"ccg\",\"parent\":\"top\"}");
    return 200;
}

static void test_what_is_there_is_compared(void **state)
{
    (void)state;
    server_t server;
    outcome_t outcome;
    start(&server, answer_taken);
    load(&server, two_rows, "token", 1000000, &outcome);
    assert_int_equal(outcome.status, STATUS_OK);
    assert_int_equal(outcome.there, 1);
    assert_int_equal(outcome.failed, 1);
    assert_string_equal(outcome.said, "o.csv:3: name: child is there already with another value; it was left as it is\n");
    assert_int_equal(server.posts, 2);
    assert_int_equal(server.gets, 2);
    stop(&server);
}

static unsigned answer_race(server_t *server, const char *method, const char *path, const char *key, const char *body, char *reply,
                            size_t reply_size, const char **retry_after)
{
    (void)path;
    (void)key;
    (void)body;
    (void)retry_after;
    if (strcmp(method, "GET") == 0)
        return 404;
    if (server->posts > 1)
        return 201;
    snprintf(reply, reply_size, "{\"title\":\"Conflict\",\"status\":409,\"detail\":\"changed meanwhile\"}");
    return 409;
}

static void test_a_lost_race_is_tried_again(void **state)
{
    (void)state;
    server_t server;
    outcome_t outcome;
    start(&server, answer_race);
    load(&server, "code,name,kind,parent_code\ntop,T,ics,\n", "token", 5000000, &outcome);
    assert_int_equal(outcome.created, 1);
    assert_int_equal(server.posts, 2);
    assert_int_equal(server.gets, 1);
    stop(&server);
}

static unsigned answer_busy(server_t *server, const char *method, const char *path, const char *key, const char *body, char *reply,
                            size_t reply_size, const char **retry_after)
{
    (void)method;
    (void)path;
    (void)key;
    (void)body;
    (void)reply;
    (void)reply_size;
    if (server->posts % 3 == 0)
        return 201;
    *retry_after = "0";
    return server->posts % 3 == 1 ? 503 : 429;
}

static void test_a_busy_server_is_waited_for(void **state)
{
    (void)state;
    server_t server;
    outcome_t outcome;
    start(&server, answer_busy);
    load(&server, two_rows, "token", 5000000, &outcome);
    assert_int_equal(outcome.status, STATUS_OK);
    assert_int_equal(outcome.created, 2);
    assert_int_equal(server.posts, 6);
    stop(&server);
}

static void test_patience_ends(void **state)
{
    (void)state;
    server_t server;
    outcome_t outcome;
    start(&server, answer_busy);
    load(&server, two_rows, "token", 50000, &outcome);
    assert_int_equal(outcome.status, STATUS_UNAVAILABLE);
    assert_int_equal(server.posts, 1);
    char url[64];
    snprintf(url, sizeof url, "%s", server.url);
    stop(&server);
    snprintf(server.url, sizeof server.url, "%s", url);
    load(&server, two_rows, "token", 0, &outcome);
    assert_int_equal(outcome.status, STATUS_UNAVAILABLE);
    assert_int_equal(outcome.created, 0);
}

static void test_a_refused_token_ends_it(void **state)
{
    (void)state;
    server_t server;
    outcome_t outcome;
    start(&server, answer_created);
    load(&server, two_rows, "stolen", 1000000, &outcome);
    assert_int_equal(outcome.status, STATUS_UNAUTHENTICATED);
    assert_int_equal(server.posts, 1);
    stop(&server);
}

static unsigned answer_refused(server_t *server, const char *method, const char *path, const char *key, const char *body, char *reply,
                               size_t reply_size, const char **retry_after)
{
    (void)server;
    (void)method;
    (void)path;
    (void)key;
    (void)body;
    (void)retry_after;
    snprintf(reply, reply_size, "{\"title\":\"Bad request\",\"status\":400,\"field\":\"kind\",\"detail\":\"there is no kind x\"}");
    return 400;
}

static void test_refusals_name_file_line_and_field(void **state)
{
    (void)state;
    server_t server;
    outcome_t outcome;
    start(&server, answer_refused);
    load(&server, "code,name,kind,parent_code\ntop,T,x,\n", "token", 1000000, &outcome);
    assert_int_equal(outcome.status, STATUS_OK);
    assert_int_equal(outcome.failed, 1);
    assert_string_equal(outcome.said, "o.csv:2: kind: there is no kind x (creation of top: HTTP 400)\n");
    stop(&server);
}

static void test_addresses(void **state)
{
    (void)state;
    static const char *const refused[] = {"", "127.0.0.1:80", "ftp://h", "http://h/path", "http://h/?a", "file:///etc/passwd"};
    http_t *http = NULL;
    problem_t problem = {0};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        assert_int_equal(http_new(refused[i], "t", 1, &http, &problem), STATUS_INVALID_ARGUMENT);
        assert_string_equal(problem.field, "--url");
    }
    assert_int_equal(http_new("http://h", "t\r\nX: y", 1, &http, &problem), STATUS_INVALID_ARGUMENT);
    assert_string_equal(problem.field, "--token");
    assert_int_equal(http_new("https://example.org", "t", 1, &http, &problem), STATUS_OK);
    http_destroy(&http);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_created),
        cmocka_unit_test(test_many_over_few_connections),
        cmocka_unit_test(test_what_is_there_is_compared),
        cmocka_unit_test(test_a_lost_race_is_tried_again),
        cmocka_unit_test(test_a_busy_server_is_waited_for),
        cmocka_unit_test(test_patience_ends),
        cmocka_unit_test(test_a_refused_token_ends_it),
        cmocka_unit_test(test_refusals_name_file_line_and_field),
        cmocka_unit_test(test_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
