// What the commands about followers ask of the platform, and what they print.
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
#include <unistd.h>

#include "services/ctl/command.h"

#define ID "0190b2a0-0000-7000-8000-000000000004"
#define ARGUMENTS_MAX 16
#define OUTPUT_MAX 8192

// A server that gives the same answer to everything and remembers what it was asked.
typedef struct server {
    struct MHD_Daemon *daemon;
    pthread_mutex_t lock;
    unsigned code, failures; // of the answer; how many 503 come before it
    const char *reply;
    unsigned calls;
    char asked[1024], body[1024], key[128], first_key[128];
    char url[64];
} server_t;

typedef struct upload {
    char text[1024];
    size_t size;
} upload_t;

static enum MHD_Result add_argument(void *data, enum MHD_ValueKind kind, const char *name, const char *value)
{
    (void)kind;
    char *asked = data;
    size_t size = strlen(asked);
    snprintf(asked + size, 1024 - size, "%c%s=%s", strchr(asked, '?') == NULL ? '?' : '&', name, value);
    return MHD_YES;
}

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
    pthread_mutex_lock(&server->lock);
    const char *key = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Idempotency-Key");
    snprintf(server->key, sizeof server->key, "%s", key != NULL ? key : "");
    if (server->calls++ == 0)
        snprintf(server->first_key, sizeof server->first_key, "%s", server->key);
    snprintf(server->asked, sizeof server->asked, "%s %s", method, url);
    MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, add_argument, server->asked);
    snprintf(server->body, sizeof server->body, "%s", upload->text);
    const unsigned code = server->failures > 0 ? 503 : server->code;
    server->failures -= server->failures > 0;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(server->reply), (void *)(uintptr_t)server->reply, MHD_RESPMEM_MUST_COPY);
    pthread_mutex_unlock(&server->lock);
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

static int setup(void **state)
{
    server_t *server = calloc(1, sizeof *server);
    assert_non_null(server);
    pthread_mutex_init(&server->lock, NULL);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    server->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, serve, server, MHD_OPTION_SOCK_ADDR, &address,
                                      MHD_OPTION_NOTIFY_COMPLETED, completed, NULL, MHD_OPTION_END);
    assert_non_null(server->daemon);
    snprintf(server->url, sizeof server->url, "http://127.0.0.1:%u", MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    server->code = 200;
    server->reply = "{}";
    *state = server;
    return 0;
}

static int teardown(void **state)
{
    server_t *server = *state;
    MHD_stop_daemon(server->daemon);
    pthread_mutex_destroy(&server->lock);
    free(server);
    return 0;
}

// Runs the command with the server's address, a token, the service and these arguments up to NULL; standard output in `output`.
static int run(server_t *server, int (*command)(const command_t *, int, char **), char output[OUTPUT_MAX], const char *const *arguments)
{
    const command_t row = {.name = "dead-letter", .usage = "usage\n"};
    char *argv[ARGUMENTS_MAX] = {(char *)"dead-letter"};
    int argc = 1;
    for (; *arguments != NULL; arguments++)
        argv[argc++] = (char *)(uintptr_t)*arguments;
    const char *const always[] = {"--url", server->url, "--token", "token", "--service", "finance"};
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        argv[argc++] = (char *)(uintptr_t)always[i];
    FILE *file = tmpfile();
    assert_non_null(file);
    fflush(stdout);
    const int before = dup(STDOUT_FILENO);
    assert_true(dup2(fileno(file), STDOUT_FILENO) >= 0);
    const int code = command(&row, argc, argv);
    fflush(stdout);
    assert_true(dup2(before, STDOUT_FILENO) >= 0);
    close(before);
    rewind(file);
    output[fread(output, 1, OUTPUT_MAX - 1, file)] = '\0';
    fclose(file);
    return code;
}

#define RUN(server, command, output, ...) run(server, command, output, (const char *const[]){__VA_ARGS__, NULL})

static void test_followers(void **state)
{
    server_t *server = *state;
    char output[OUTPUT_MAX];
    server->reply = "{\"followers\":[{\"source\":\"registry\",\"state\":\"stopped\",\"sequence\":17,\"epoch\":\"e\","
                    "\"movedAt\":\"2026-11-26T01:00:00.000000Z\"}]}";
    assert_int_equal(RUN(server, followers_command, output, "--table"), COMMAND_OK);
    assert_string_equal(server->asked, "GET /v1/followers/finance");
    assert_non_null(strstr(output, "registry"));
    assert_non_null(strstr(output, "stopped"));
    assert_non_null(strstr(output, "17"));
    // Where it is no terminal there are lines of JSON anyway.
    assert_int_equal(run(server, followers_command, output, (const char *const[]){NULL}), COMMAND_OK);
    assert_non_null(strstr(output, "{\"source\":\"registry\",\"state\":\"stopped\",\"sequence\":17,"));
    assert_int_equal(RUN(server, followers_command, output, "--columns", "state,moved-at"), COMMAND_OK);
    assert_string_equal(output, "STATE    MOVED-AT\nstopped  2026-11-26T01:00:00.000000Z\n");
    assert_int_equal(RUN(server, followers_command, output, "--columns", "colour"), COMMAND_USAGE);
    assert_int_equal(RUN(server, followers_command, output, "--json"), COMMAND_OK);
    assert_non_null(strstr(output, "{\"source\":\"registry\",\"state\":\"stopped\",\"sequence\":17,"));
    assert_int_equal(RUN(server, followers_command, output, "more"), COMMAND_USAGE);
}

static void test_list(void **state)
{
    server_t *server = *state;
    char output[OUTPUT_MAX];
    server->reply = "{\"deadLetters\":[{\"id\":\"" ID "\",\"source\":\"registry\",\"sequence\":5,\"subject\":\"a/b\\u001b[2J\","
                    "\"problem\":\"two\\nlines\",\"state\":\"open\",\"data\":{\"version\":3}}]}";
    assert_int_equal(RUN(server, dead_letter_command, output, "list", "--table", "--state", "open"), COMMAND_OK);
    assert_string_equal(server->asked, "GET /v1/dead-letters/finance?pageSize=100&state=open");
    assert_non_null(strstr(output, ID "  open "));
    // Nothing of a peer's steers the terminal or looks like another line.
    assert_null(strchr(output, 0x1b));
    assert_non_null(strstr(output, "two lines"));
    assert_int_equal(RUN(server, dead_letter_command, output, "list", "--json", "--limit", "1"), COMMAND_OK);
    assert_string_equal(server->asked, "GET /v1/dead-letters/finance?pageSize=1");
    assert_non_null(strstr(output, "\"data\":{\"version\":3}"));
}

static void test_list_goes_on(void **state)
{
    server_t *server = *state;
    char output[OUTPUT_MAX];
    // Always one more page: the limit ends it.
    server->reply = "{\"deadLetters\":[{\"id\":\"" ID "\"}],\"nextPageToken\":\"a b\"}";
    assert_int_equal(RUN(server, dead_letter_command, output, "list", "--limit", "3"), COMMAND_OK);
    assert_int_equal(server->calls, 3);
    assert_string_equal(server->asked, "GET /v1/dead-letters/finance?pageSize=1&pageToken=a b");
}

static void test_skip_and_retry(void **state)
{
    server_t *server = *state;
    char output[OUTPUT_MAX];
    server->reply = "{\"id\":\"" ID "\",\"state\":\"skipped\"}";
    server->failures = 1;
    assert_int_equal(RUN(server, dead_letter_command, output, "skip", ID, "--reason", "its \"name\""), COMMAND_OK);
    assert_string_equal(server->asked, "POST /v1/dead-letters/finance/" ID ":skip");
    assert_string_equal(server->body, "{\"reason\":\"its \\\"name\\\"\"}");
    // Asked again it is the same decision.
    assert_int_equal(server->calls, 2);
    assert_int_equal(strlen(server->key), 36);
    assert_string_equal(server->key, server->first_key);
    assert_non_null(strstr(output, "skipped"));
    assert_int_equal(RUN(server, dead_letter_command, output, "retry", ID, "--reason=mended"), COMMAND_OK);
    assert_string_equal(server->asked, "POST /v1/dead-letters/finance/" ID ":retry");
    assert_string_not_equal(server->key, server->first_key);
}

static void test_refused(void **state)
{
    server_t *server = *state;
    char output[OUTPUT_MAX];
    server->code = 422;
    server->reply = "{\"detail\":\"It was skipped already, by another\"}";
    assert_int_equal(RUN(server, dead_letter_command, output, "skip", ID, "--reason", "r"), COMMAND_REFUSED);
    assert_string_equal(output, "");
    server->code = 404;
    assert_int_equal(RUN(server, dead_letter_command, output, "skip", ID, "--reason", "r"), COMMAND_NOT_FOUND);
    server->code = 500;
    assert_int_equal(RUN(server, dead_letter_command, output, "skip", ID, "--reason", "r"), COMMAND_FAILED);
}

static void test_called_wrongly(void **state)
{
    server_t *server = *state;
    char output[OUTPUT_MAX];
    assert_int_equal(run(server, dead_letter_command, output, (const char *const[]){NULL}), COMMAND_USAGE);
    assert_int_equal(RUN(server, dead_letter_command, output, "drop"), COMMAND_USAGE);
    assert_int_equal(RUN(server, dead_letter_command, output, "skip", "--reason", "r"), COMMAND_USAGE);
    assert_int_equal(RUN(server, dead_letter_command, output, "skip", "../x", "--reason", "r"), COMMAND_USAGE);
    assert_int_equal(RUN(server, dead_letter_command, output, "skip", ID), COMMAND_USAGE);
    assert_int_equal(RUN(server, dead_letter_command, output, "skip", ID, ID, "--reason", "r"), COMMAND_USAGE);
    assert_int_equal(RUN(server, dead_letter_command, output, "skip", ID, "--reason", "r", "--limit", "1"), COMMAND_USAGE);
    assert_int_equal(RUN(server, dead_letter_command, output, "list", ID), COMMAND_USAGE);
    assert_int_equal(RUN(server, dead_letter_command, output, "list", "--limit", "0"), COMMAND_USAGE);
    assert_int_equal(server->calls, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_followers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_list, setup, teardown),
        cmocka_unit_test_setup_teardown(test_list_goes_on, setup, teardown),
        cmocka_unit_test_setup_teardown(test_skip_and_retry, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_called_wrongly, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
