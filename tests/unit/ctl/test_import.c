// What the import command sends, how it follows its job, and what it says in the end.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/ctl/server.h"

#define ID "0190b2a0-0000-7000-8000-000000000004"
#define JOB(text) "{\"id\":\"" ID "\",\"kind\":\"import\"," text ",\"problems\":[]}"

typedef struct fixture {
    server_t server;
    char folder[64], output[SERVER_TEXT_SIZE], errors[SERVER_TEXT_SIZE];
} fixture_t;

static int start(void **state)
{
    fixture_t *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    server_folder(fixture->folder);
    server_file(fixture->folder, "pcns.csv", "pcn_code\na\n", 11);
    server_file(fixture->folder, "organisations.csv", "code\nb\n", 7);
    server_file(fixture->folder, "notes.md", "no file of ours", 15);
    *state = fixture;
    return 0;
}

static int stop(void **state)
{
    fixture_t *fixture = *state;
    server_folder_end(fixture->folder);
    free(fixture);
    return 0;
}

static server_answer_t succeeds(server_t *server, unsigned call)
{
    (void)server;
    if (call == 1)
        return (server_answer_t){.code = 202, .body = JOB("\"state\":\"queued\",\"phase\":\"waiting\"")};
    if (call == 2)
        return (server_answer_t){.code = 200, .body = JOB("\"state\":\"running\",\"phase\":\"checking\",\"done\":40,\"total\":100")};
    if (call == 3)
        return (server_answer_t){.code = 503, .body = "{}"};
    return (server_answer_t){.code = 200,
                             .body = JOB("\"state\":\"succeeded\",\"result\":{\"dryRun\":false,\"rows\":2,\"created\":1,\"changed\":0,"
                                         "\"unchangedRows\":1}")};
}

static void sends_what_the_registry_knows(void **state)
{
    fixture_t *fixture = *state;
    server_t *server = &fixture->server;
    server_start(server, succeeds);
    assert_int_equal(SERVER_RUN(server, import_command, fixture->output, fixture->errors, fixture->folder), COMMAND_OK);
    assert_string_equal(server->files, "file organisations.csv text/csv 7;file pcns.csv text/csv 11;");
    assert_string_equal(server->content, "code\nb\npcn_code\na\n");
    assert_string_equal(server->all, "POST /v1/imports\nGET /v1/jobs/" ID "\nGET /v1/jobs/" ID "\nGET /v1/jobs/" ID "\n");
    assert_int_equal(strncmp(server->first_key, "import:", 7), 0);
    assert_string_equal(server->key, "");
    assert_non_null(strstr(fixture->output, ": 1 created, 0 changed, 1 of 2 rows unchanged\n"));
    // No terminal: a line for each step, and none for a file that is none of the registry's.
    assert_string_equal(fixture->errors, "sending 2 files\nwaiting for its turn\nchecking\n");
    server_stop(server);
}

static server_answer_t dry(server_t *server, unsigned call)
{
    (void)server, (void)call;
    return (server_answer_t){.code = 202, .body = JOB("\"state\":\"succeeded\",\"result\":{\"dryRun\":true,\"rows\":2,\"created\":2}")};
}

static void options_reach_the_query(void **state)
{
    fixture_t *fixture = *state;
    server_t *server = &fixture->server;
    char slashed[80];
    server_start(server, dry);
    snprintf(slashed, sizeof slashed, "%s//", fixture->folder);
    assert_int_equal(SERVER_RUN(server, import_command, fixture->output, fixture->errors, slashed, "--dry-run", "--start",
                                "2020-04-01", "--verbose"),
                     COMMAND_OK);
    assert_string_equal(server->asked, "POST /v1/imports?dryRun=true&start=2020-04-01");
    assert_non_null(strstr(fixture->errors, "/notes.md is left out"));
    assert_null(strstr(fixture->errors, "//notes.md"));
    assert_non_null(strstr(fixture->output, "would be: 2 created, 0 changed, 0 of 2 rows unchanged; nothing was imported\n"));
    assert_int_equal(SERVER_RUN(server, import_command, fixture->output, fixture->errors, fixture->folder, "--dry-run", "--json"),
                     0);
    assert_string_equal(server->asked, "POST /v1/imports?dryRun=true");
    assert_string_equal(fixture->errors, "");
    assert_true(strncmp(fixture->output, "{\"id\":\"" ID "\",", sizeof "{\"id\":\"" ID) == 0);
    assert_int_equal(SERVER_RUN(server, import_command, fixture->output, fixture->errors, fixture->folder, "--from=2021-01-01"), 0);
    assert_string_equal(server->asked, "POST /v1/imports?start=2021-01-01");
    server_stop(server);
}

static server_answer_t refuses(server_t *server, unsigned call)
{
    (void)server, (void)call;
    return (server_answer_t){
        .code = 202,
        .body = "{\"id\":\"" ID "\",\"state\":\"failed\",\"problemCount\":1003,\"problems\":["
                "{\"file\":\"pcns.csv\",\"line\":7,\"field\":\"list_size\",\"detail\":\"\\\"x\\u001b[2J\\\" is no number\"},"
                "{\"file\":\"pcns.csv\",\"line\":9,\"detail\":\"is on line 8 already\"},"
                "{\"file\":\"pcns.csv\",\"line\":0,\"detail\":\"has no header\"}]}"};
}

static void problems_have_their_place(void **state)
{
    fixture_t *fixture = *state;
    server_t *server = &fixture->server;
    char wanted[1024];
    server_start(server, refuses);
    assert_int_equal(SERVER_RUN(server, import_command, fixture->output, fixture->errors, fixture->folder, fixture->folder),
                     COMMAND_FAILED);
    snprintf(wanted, sizeof wanted,
             "sending 2 files\n%1$s/pcns.csv:7: list_size: \"x [2J\" is no number\n%1$s/pcns.csv:9: is on line 8 already\n"
             "%1$s/pcns.csv: has no header\n%1$s: nothing was imported: 1003 problems, 1000 of them left out here\n",
             fixture->folder);
    assert_string_equal(fixture->errors, wanted);
    assert_string_equal(fixture->output, "");
    // The second folder may build upon the first: it was not sent.
    assert_int_equal(server->calls, 1);
    // But looked at by a dry run, which changes nothing.
    assert_int_equal(
        SERVER_RUN(server, import_command, fixture->output, fixture->errors, fixture->folder, fixture->folder, "--dry-run"),
        COMMAND_FAILED);
    assert_int_equal(server->calls, 3);
    server_stop(server);
}

static server_answer_t breaks(server_t *server, unsigned call)
{
    if (call <= 2)
        return (server_answer_t){.code = call == 1 ? 0 : 502, .body = "{}"};
    assert_string_equal(server->key, server->first_key);
    return (server_answer_t){.code = 202, .body = JOB("\"state\":\"succeeded\",\"result\":{\"rows\":2,\"created\":2}")};
}

static void a_connection_that_breaks_is_tried_again(void **state)
{
    fixture_t *fixture = *state;
    server_t *server = &fixture->server;
    server_start(server, breaks);
    assert_int_equal(SERVER_RUN(server, import_command, fixture->output, fixture->errors, fixture->folder), COMMAND_OK);
    assert_int_equal(server->calls, 3);
    // The whole of it once more.
    assert_string_equal(server->content, "code\nb\npcn_code\na\n");
    server_stop(server);
    assert_int_equal(SERVER_RUN(server, import_command, fixture->output, fixture->errors, fixture->folder, "--patience", "0"),
                     COMMAND_UNAVAILABLE);
    assert_non_null(strstr(fixture->errors, "the server does not answer"));
}

// Changes a file between two attempts.
static server_answer_t changes(server_t *server, unsigned call)
{
    (void)call;
    server_file(server->data, "pcns.csv", "pcn_code\nsomething longer\n", 26);
    return (server_answer_t){.code = 0};
}

static void a_file_that_changes_meanwhile_ends_it(void **state)
{
    fixture_t *fixture = *state;
    server_t *server = &fixture->server;
    server_start(server, changes);
    server->data = fixture->folder;
    assert_int_equal(SERVER_RUN(server, import_command, fixture->output, fixture->errors, fixture->folder), COMMAND_FAILED);
    assert_non_null(strstr(fixture->errors, "pcns.csv has changed while it was sent"));
    assert_int_equal(server->calls, 1);
    server_stop(server);
}

static server_answer_t forbids(server_t *server, unsigned call)
{
    (void)server, (void)call;
    return (server_answer_t){.code = 403, .body = "{\"detail\":\"The token does not allow this\"}"};
}

static void calls_that_cannot_be(void **state)
{
    fixture_t *fixture = *state;
    server_t *server = &fixture->server;
    char empty[64];
    server_folder(empty);
    server_start(server, forbids);
#define RUN(...) SERVER_RUN(server, import_command, fixture->output, fixture->errors, __VA_ARGS__)
    assert_int_equal(RUN("--dry-run"), COMMAND_USAGE);
    assert_int_equal(RUN(fixture->folder, "--start", "1 April"), COMMAND_USAGE);
    assert_int_equal(RUN(fixture->folder, "--start", "2020-04-01", "--from", "2020-04-01"), COMMAND_USAGE);
    assert_int_equal(RUN(fixture->folder, "--patience", "-1"), COMMAND_USAGE);
    assert_int_equal(RUN(fixture->folder, "--in-flight", "4"), COMMAND_USAGE);
    assert_int_equal(RUN("/nowhere/at/all"), COMMAND_FAILED);
    assert_non_null(strstr(fixture->errors, "cannot read /nowhere/at/all"));
    assert_int_equal(RUN(empty), COMMAND_FAILED);
    assert_non_null(strstr(fixture->errors, "has none of the files that can be imported"));
    assert_int_equal(server->calls, 0);
    assert_int_equal(RUN(fixture->folder), COMMAND_REFUSED);
    assert_non_null(strstr(fixture->errors, "The token does not allow this (HTTP 403)"));
    assert_int_equal(server->calls, 1);
#undef RUN
    server_stop(server);
    server_folder_end(empty);
}

// Larger than any buffer on the way.
static void large_files_are_read_while_they_are_sent(void **state)
{
    fixture_t *fixture = *state;
    server_t *server = &fixture->server;
    enum { SIZE = 8 * 1024 * 1024 };
    char *text = malloc(SIZE);
    assert_non_null(text);
    for (size_t i = 0; i < SIZE; i++)
        text[i] = i % 80 == 79 ? '\n' : (char)('a' + i % 23);
    server_file(fixture->folder, "list_sizes.csv", text, SIZE);
    server_file(fixture->folder, "more.json", "{}", 2);
    free(text);
    server_start(server, dry);
    assert_int_equal(SERVER_RUN(server, import_command, fixture->output, fixture->errors, fixture->folder), COMMAND_OK);
    assert_string_equal(server->files, "file list_sizes.csv text/csv 8388608;file more.json application/json 2;"
                                       "file organisations.csv text/csv 7;file pcns.csv text/csv 11;");
    assert_int_equal(server->form_bytes, SIZE + 20);
    server_stop(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sends_what_the_registry_knows, start, stop),
        cmocka_unit_test_setup_teardown(options_reach_the_query, start, stop),
        cmocka_unit_test_setup_teardown(problems_have_their_place, start, stop),
        cmocka_unit_test_setup_teardown(a_connection_that_breaks_is_tried_again, start, stop),
        cmocka_unit_test_setup_teardown(a_file_that_changes_meanwhile_ends_it, start, stop),
        cmocka_unit_test_setup_teardown(calls_that_cannot_be, start, stop),
        cmocka_unit_test_setup_teardown(large_files_are_read_while_they_are_sent, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
