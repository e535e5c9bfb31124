// What the status command says of a platform over HTTP and of an instance on this machine.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/ctl/server.h"

typedef struct fixture {
    server_t server;
    const char *readiness; // detail of a /readyz that is not ready; NULL: it is
    unsigned events;       // code of an events page
    char folder[64], run[96], output[SERVER_TEXT_SIZE], errors[SERVER_TEXT_SIZE];
} fixture_t;

static server_answer_t answers(server_t *server, unsigned call)
{
    (void)call;
    const fixture_t *fixture = server->data;
    if (strcmp(server->asked, "GET /readyz") == 0)
        return (server_answer_t){.code = fixture->readiness == NULL ? 200 : 503,
                                 .body = fixture->readiness == NULL ? "{\"status\":\"ok\"}" : fixture->readiness};
    if (strcmp(server->asked, "GET /openapi.json") == 0)
        return (server_answer_t){.code = 200, .body = "{\"info\":{\"version\":\"0.3.0\"}}"};
    if (strcmp(server->asked, "GET /v1/events/registry?limit=1") == 0)
        return (server_answer_t){.code = fixture->events,
                                 .body = fixture->events == 200 ? "{\"events\":[],\"next\":1,\"max\":186}" : "{\"detail\":\"No\"}"};
    if (strcmp(server->asked, "GET /v1/followers/registry") == 0)
        return (server_answer_t){.code = 200,
                                 .body = "{\"followers\":[{\"source\":\"registry\",\"state\":\"following\",\"sequence\":180,\"movedAt\":"
                                         "\"2026-11-26T05:38:13Z\"}]}"};
    if (strcmp(server->asked, "GET /v1/events/referral?limit=1") == 0)
        return (server_answer_t){.code = fixture->events,
                                 .body = fixture->events == 200 ? "{\"events\":[],\"next\":1,\"max\":7}" : "{\"detail\":\"No\"}"};
    if (strcmp(server->asked, "GET /v1/followers/referral") == 0)
        return (server_answer_t){.code = 200, .body = "{\"followers\":[]}"};
    return (server_answer_t){.code = 404, .body = "{}"};
}

static int start(void **state)
{
    fixture_t *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    server_start(&fixture->server, answers);
    fixture->server.data = fixture;
    fixture->events = 200;
    server_folder(fixture->folder);
    snprintf(fixture->run, sizeof fixture->run, "%s/run", fixture->folder);
    assert_int_equal(mkdir(fixture->run, 0700), 0);
    *state = fixture;
    return 0;
}

static int stop(void **state)
{
    fixture_t *fixture = *state;
    server_stop(&fixture->server);
    server_folder_end(fixture->run);
    server_folder_end(fixture->folder);
    free(fixture);
    return 0;
}

#define STATUS(...) SERVER_RUN(&fixture->server, status_command, fixture->output, fixture->errors, __VA_ARGS__)
#define LOCAL(...) SERVER_RUN(NULL, status_command, fixture->output, fixture->errors, "--state", fixture->folder, __VA_ARGS__)

static void over_http(void **state)
{
    fixture_t *fixture = *state;
    char head[128];
    assert_int_equal(STATUS("--table"), COMMAND_OK);
    snprintf(head, sizeof head, "%s: ready, version 0.3.0\n\n", fixture->server.url);
    assert_int_equal(strncmp(fixture->output, head, strlen(head)), 0);
    assert_string_equal(fixture->output + strlen(head), "SERVICE   STATE  PLACE\n"
                                                        "referral  ready      7\n"
                                                        "registry  ready    186\n"
                                                        "\n"
                                                        "FOLLOWER  SOURCE    STATE      SEQUENCE  LAG  MOVED\n"
                                                        "registry  registry  following       180    6  2026-11-26T05:38:13Z\n");
    assert_int_equal(STATUS("--json"), COMMAND_OK);
    assert_non_null(strstr(fixture->output, "\"ready\":true"));
    assert_non_null(strstr(fixture->output, "\"lag\":6"));
}

static void what_is_not_ready(void **state)
{
    fixture_t *fixture = *state;
    fixture->readiness = "{\"detail\":\"registry does not answer\"}";
    fixture->events = 503;
    assert_int_equal(STATUS("--table"), COMMAND_UNAVAILABLE);
    assert_non_null(strstr(fixture->output, ": not ready, version 0.3.0: registry does not answer (HTTP 503)\n"));
    assert_non_null(strstr(fixture->output, "registry  away   No (HTTP 503)\n"));
    // Without the scope nothing is known of it, and nothing is wrong.
    fixture->readiness = NULL;
    fixture->events = 403;
    assert_int_equal(STATUS("--table"), COMMAND_OK);
    assert_non_null(strstr(fixture->output, "registry  not seen"));
    server_stop(&fixture->server);
    assert_int_equal(STATUS("--table"), COMMAND_UNAVAILABLE);
    assert_non_null(strstr(fixture->output, "not ready: the server does not answer"));
    server_start(&fixture->server, answers);
}

// ---- on this machine ----

typedef struct listener {
    int fd;
    const char *ready, *page; // whole answers
    unsigned calls;
    pthread_t thread;
} listener_t;

static void *listen_on(void *data)
{
    listener_t *listener = data;
    for (unsigned i = 0; i < listener->calls; i++) {
        char request[4096] = "";
        const int fd = accept(listener->fd, NULL, NULL);
        const ssize_t size = read(fd, request, sizeof request - 1);
        const char *answer = size > 0 && strncmp(request, "GET /readyz", 11) == 0 ? listener->ready : listener->page;
        if (write(fd, answer, strlen(answer)) < 0)
            break;
        close(fd);
    }
    return NULL;
}

static void listener_start(listener_t *listener, const char *run, const char *name)
{
    struct sockaddr_un place = {.sun_family = AF_UNIX};
    snprintf(place.sun_path, sizeof place.sun_path, "%s/%s", run, name);
    listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener->fd, (struct sockaddr *)&place, sizeof place), 0);
    assert_int_equal(listen(listener->fd, 8), 0);
    assert_int_equal(pthread_create(&listener->thread, NULL, listen_on, listener), 0);
}

static void listener_stop(listener_t *listener)
{
    pthread_join(listener->thread, NULL);
    close(listener->fd);
}

#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n"

static void on_this_machine(void **state)
{
    fixture_t *fixture = *state;
    listener_t registry = {.ready = OK_HEAD "{\"status\":\"ok\"}\n",
                           .page = OK_HEAD
                           "pcn_build_info{version=\"0.3.0\"} 1\nprocess_resident_memory_bytes 15728640\npcn_event_sequence 186\n"
                           "pcn_event_delay_seconds_bucket{le=\"0.005\"} 186\npcn_event_delay_seconds_count 186\n"
                           "pcn_follower_sequence{source=\"finance\"} 7\npcn_follower_lag_events{source=\"finance\"} 3\n"
                           "pcn_follower_lag_seconds{source=\"finance\"} 2\n",
                           .calls = 4};
    listener_t gateway = {.ready = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n{\"detail\":\"registry does not answer\"}",
                          .page = OK_HEAD,
                          .calls = 4};
    listener_t supervisor = {
        .page = "postgresql\t12\tready\t0\t2026-11-26T07:18:05.214087Z\ndatabase\t0\tdone\t0\t2026-11-26T07:18:05.824364Z\n"
                "registry\t13\tready\t2\t2026-11-26T07:18:07.453823Z\nfailed: not everything is ready\n",
        .calls = 2};
    listener_start(&registry, fixture->run, "registry.metrics");
    listener_start(&gateway, fixture->run, "gateway.metrics");
    listener_start(&supervisor, fixture->run, "supervisor.sock");
    assert_int_equal(LOCAL("--table"), COMMAND_UNAVAILABLE);
    const char *table = strchr(fixture->output, '\n') + 2;
    assert_string_equal(table,
                        "PROGRAM     STATE      VERSION  PID  RESTARTS  READY SINCE                    MEMORY  PLACE  DELAY MS  PROBLEM\n"
                        "postgresql  ready                12         0  2026-11-26T07:18:05.214087Z\n"
                        "database    done                            0  2026-11-26T07:18:05.824364Z\n"
                        "registry    ready      0.3.0     13         2  2026-11-26T07:18:07.453823Z  15.0 MiB    186       5.0\n"
                        "gateway     not ready                                                                                  registry "
                        "does not answer (HTTP 503)\n"
                        "\n"
                        "FOLLOWER  SOURCE   STATE      SEQUENCE  LAG  LAG S\n"
                        "registry  finance  following         7    3      2\n");
    assert_int_equal(LOCAL("--json"), COMMAND_UNAVAILABLE);
    assert_non_null(strstr(fixture->output, "{\"program\":\"registry\",\"state\":\"ready\",\"restarts\":2,\"pid\":13,"));
    assert_non_null(strstr(fixture->output, "\"ready\":false"));
    listener_stop(&registry);
    listener_stop(&gateway);
    listener_stop(&supervisor);
    // Sockets that nobody listens on.
    assert_int_equal(LOCAL("--table"), COMMAND_UNAVAILABLE);
    assert_non_null(strstr(fixture->output, "registry  away"));
}

static void nothing_there(void **state)
{
    fixture_t *fixture = *state;
    assert_int_equal(LOCAL("--table"), COMMAND_UNAVAILABLE);
    assert_int_equal(SERVER_RUN(NULL, status_command, fixture->output, fixture->errors, "--state", "/nowhere/at/all"), COMMAND_FAILED);
    assert_non_null(strstr(fixture->errors, "no instance at /nowhere/at/all"));
    assert_int_equal(STATUS("--state", fixture->folder), COMMAND_USAGE);
    assert_int_equal(STATUS("more"), COMMAND_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(over_http, start, stop),
        cmocka_unit_test_setup_teardown(what_is_not_ready, start, stop),
        cmocka_unit_test_setup_teardown(on_this_machine, start, stop),
        cmocka_unit_test_setup_teardown(nothing_there, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
