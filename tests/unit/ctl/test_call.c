// Calls of the contract from the command line to a platform and back.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "services/ctl/call.h"
#include "services/ctl/contract.h"
#include "tests/unit/ctl/server.h"

#define ID "0190b2a0-0000-7000-8000-000000000001"

typedef struct fixture {
    server_t server;
    unsigned code;
    const char *reply;
    char folder[64], output[SERVER_TEXT_SIZE], errors[SERVER_TEXT_SIZE];
} fixture_t;

static server_answer_t answer_as_said(server_t *server, unsigned call)
{
    (void)call;
    const fixture_t *fixture = server->data;
    return (server_answer_t){.code = fixture->code, .body = fixture->reply};
}

static int start(void **state)
{
    fixture_t *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    server_start(&fixture->server, answer_as_said);
    fixture->server.data = fixture;
    fixture->code = 200;
    fixture->reply = "{\"code\":\"pcn-a\",\"name\":\"A\",\"version\":3}";
    server_folder(fixture->folder);
    *state = fixture;
    return 0;
}

static int stop(void **state)
{
    fixture_t *fixture = *state;
    server_stop(&fixture->server);
    server_folder_end(fixture->folder);
    free(fixture);
    return 0;
}

// argv[1] is the subcommand.
static int run_call(const command_t *command, int argc, char **argv)
{
    (void)command;
    const pb_method_t *method = contract_find("registry", argv[1]);
    if (method == NULL)
        method = contract_find("events", argv[1]);
    assert_non_null(method);
    return call_run(method, argc - 1, argv + 1);
}

#define RUN(...) SERVER_RUN(&fixture->server, run_call, fixture->output, fixture->errors, __VA_ARGS__)

static void a_read(void **state)
{
    fixture_t *fixture = *state;
    assert_int_equal(RUN("get-organisation", "--code", "pcn-a", "--as-of=2026-04-01"), COMMAND_OK);
    assert_string_equal(fixture->server.asked, "GET /v1/organisations/pcn-a?asOf=2026-04-01");
    assert_string_equal(fixture->server.authorization, "Bearer token");
    assert_string_equal(fixture->server.key, "");
    assert_string_equal(fixture->server.match, "");
    // No terminal: as it came, a line.
    assert_string_equal(fixture->output, "{\"code\":\"pcn-a\",\"name\":\"A\",\"version\":3}\n");
    assert_string_equal(fixture->errors, "");
    assert_int_equal(RUN("get-organisation", "--code", "pcn-a", "--table"), COMMAND_OK);
    assert_string_equal(fixture->output, "code     pcn-a\nname     A\nversion  3\n");
}

static void a_change(void **state)
{
    fixture_t *fixture = *state;
    fixture->code = 201;
    assert_int_equal(RUN("create-organisation", "--code", "pcn-a", "--name", "A \"quoted\" name", "--kind", "network", "--former-names",
                         "X", "--former-names", "Y", "--identifiers.system", "urn:a", "--identifiers.value", "1"),
                     COMMAND_OK);
    assert_string_equal(fixture->server.asked, "POST /v1/organisations");
    assert_string_equal(fixture->server.body,
                        "{\"code\":\"pcn-a\",\"name\":\"A \\\"quoted\\\" name\",\"kind\":\"network\",\"formerNames\":[\"X\",\"Y\"],"
                        "\"identifiers\":[{\"system\":\"urn:a\",\"value\":\"1\"}]}");
    assert_int_equal(strlen(fixture->server.key), 36);
    assert_int_equal(
        RUN("create-organisation", "--code", "pcn-a", "--name", "A", "--kind", "network", "--idempotency-key", "mine", "--if-match", "7"),
        COMMAND_OK);
    assert_string_equal(fixture->server.key, "mine");
    assert_string_equal(fixture->server.match, "\"7\"");
}

static void a_patch(void **state)
{
    fixture_t *fixture = *state;
    assert_int_equal(
        RUN("update-organisation", "--code", "pcn-a", "--name", "B", "--clear", "notes", "--correction", "--if-match", "\"3\""),
        COMMAND_OK);
    assert_string_equal(fixture->server.asked, "PATCH /v1/organisations/pcn-a?correction=true");
    assert_string_equal(fixture->server.body, "{\"name\":\"B\",\"notes\":null}");
    assert_string_equal(fixture->server.match, "\"3\"");
    const unsigned calls = fixture->server.calls;
    assert_int_equal(RUN("update-organisation", "--code", "pcn-a", "--name", "B"), COMMAND_USAGE);
    assert_non_null(strstr(fixture->errors, "--if-match is missing"));
    assert_int_equal(RUN("update-organisation", "--code", "pcn-a", "--name", "B", "--if-match", "three"), COMMAND_USAGE);
    assert_int_equal(RUN("update-organisation", "--code", "pcn-a", "--name", "B", "--if-match", "0"), COMMAND_USAGE);
    assert_int_equal(fixture->server.calls, calls);
}

static void a_body_from_a_file(void **state)
{
    fixture_t *fixture = *state;
    char path[128];
    snprintf(path, sizeof path, "%s/body.json", fixture->folder);
    static const char body[] = "{\"on\": \"2026-04-01\", \"successors\": [\"pcn-b\"]}";
    server_file(fixture->folder, "body.json", body, sizeof body - 1);
    assert_int_equal(RUN("close-organisation", "--code", "pcn-a", "--json-body", path, "--source", "a letter"), COMMAND_OK);
    assert_string_equal(fixture->server.asked, "POST /v1/organisations/pcn-a:close");
    assert_string_equal(fixture->server.body, "{\"on\":\"2026-04-01\",\"successors\":[\"pcn-b\"],\"source\":\"a letter\"}");
    // And from standard input.
    const int before = dup(STDIN_FILENO), file = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(dup2(file, STDIN_FILENO) >= 0);
    assert_int_equal(RUN("close-organisation", "--code", "pcn-a", "--json-body", "-"), COMMAND_OK);
    assert_true(dup2(before, STDIN_FILENO) >= 0);
    close(before);
    close(file);
    assert_string_equal(fixture->server.body, "{\"on\":\"2026-04-01\",\"successors\":[\"pcn-b\"]}");
    assert_int_equal(RUN("close-organisation", "--code", "pcn-a", "--json-body", "/nowhere/at/all"), COMMAND_FAILED);
    assert_non_null(strstr(fixture->errors, "cannot open /nowhere/at/all"));
    server_file(fixture->folder, "body.json", "{\"on\": ", 7);
    assert_int_equal(RUN("close-organisation", "--code", "pcn-a", "--json-body", path), COMMAND_USAGE);
    assert_non_null(strstr(fixture->errors, "--json-body: Line 1"));
    assert_int_equal(fixture->server.calls, 2);
}

static void called_wrongly(void **state)
{
    fixture_t *fixture = *state;
    static const struct {
        const char *arguments[8], *words;
    } calls[] = {
        {{"get-organisation"}, "--code: "},
        {{"get-organisation", "--code", ""}, "--code"},
        {{"get-organisation", "--code", "Not A Code"}, "--code: "},
        {{"get-organisation", "--code", "pcn-a", "--code", "pcn-b"}, "--code: Is given twice"},
        {{"get-organisation", "--code", "pcn-a", "--as-of", "yesterday"}, "--as-of: "},
        {{"get-organisation", "--cod", "pcn-a"}, "there is no option --cod: --code?"},
        {{"get-organisation", "--colour=red"}, "there is no option --colour\n"},
        {{"get-organisation", "pcn-a"}, "what is \"pcn-a\"?"},
        {{"get-organisation", "--code", "pcn-a", "--all"}, "--all is for lists"},
        {{"get-organisation", "--code", "pcn-a", "--if-match", "3"}, "--if-match is for"},
        {{"get-organisation", "--code", "pcn-a", "--idempotency-key", "x"}, "--idempotency-key is for"},
        {{"get-organisation", "--code", "pcn-a", "--json-body", "/dev/null"}, "--json-body: The call has no body"},
        {{"get-organisation", "--code", "pcn-a", "--output", "x"}, "--output is for"},
        {{"get-organisation", "--code", "pcn-a", "--columns", "code"}, "the answer is no list"},
        {{"get-organisation", "--code", "pcn-a", "--json", "--table"}, "--json or a table"},
        {{"get-organisation", "--code", "pcn-a", "--patience", "soon"}, "--patience is a number"},
        {{"get-organisation", "--code", "pcn-a", "--json=1"}, "--json takes no value"},
        {{"get-organisation", "--code", "pcn-a", "--clear", "notes"}, "there is no option --clear"},
        {{"list-organisations", "--kind", "club"}, "--kind: "},
        {{"list-organisations", "--page-size", "0"}, "--page-size: "},
        {{"list-organisations", "--page-size", "many"}, "--page-size: Must be a whole number"},
        {{"list-organisations", "--columns", "colour"}, "\"colour\" is no column"},
        {{"create-organisation", "--code", "pcn-a", "--name", "A"}, "--kind: "},
        {{"create-organisation", "--version", "3"}, "there is no option --version"},
        {{"close-organisation", "--code", "pcn-a", "--on", "2026-04-01", "--successors", "Not A Code"}, "--successors: "},
        {{"begin-import"}, "--file is missing"},
        {{"get-job", "--id", "7"}, "--id: "},
    };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        const int code = server_run(&fixture->server, run_call, fixture->output, fixture->errors, calls[i].arguments);
        if (code != COMMAND_USAGE || strstr(fixture->errors, calls[i].words) == NULL)
            fail_msg("%zu: %d instead of 2 with \"%s\": %s", i, code, calls[i].words, fixture->errors);
        assert_string_equal(fixture->output, "");
        // How it is called right is said with it.
        assert_non_null(strstr(fixture->errors, "usage: pcnctl registry "));
    }
    assert_int_equal(fixture->server.calls, 0);
    assert_int_equal(SERVER_RUN(NULL, run_call, fixture->output, fixture->errors, "get-organisation", "--code"), COMMAND_USAGE);
    assert_non_null(strstr(fixture->errors, "--code needs a value"));
}

static void what_the_platform_says(void **state)
{
    fixture_t *fixture = *state;
    static const struct {
        unsigned code;
        const char *reply, *words;
        int exit;
    } answers[] = {
        {404, "{\"detail\":\"There is no organisation pcn-a\"}",
         "pcnctl registry close-organisation: There is no organisation pcn-a (HTTP 404)\n", COMMAND_NOT_FOUND},
        {422, "{\"detail\":\"Is not there\",\"field\":\"successors[1]\"}",
         "pcnctl registry close-organisation: --successors: Is not there (HTTP 422)\n", COMMAND_REFUSED},
        {400, "{\"detail\":\"Is odd\",\"field\":\"Idempotency-Key\"}", "Idempotency-Key: Is odd (HTTP 400)\n", COMMAND_REFUSED},
        {401, "{\"detail\":\"A valid bearer token is needed\"}", "A valid bearer token is needed (HTTP 401)\n", COMMAND_REFUSED},
        {403, "{\"detail\":\"The token does not allow this\"}", "The token does not allow this (HTTP 403)\n", COMMAND_REFUSED},
        {409, "{\"detail\":\"It is closed already\",\"field\":\"on\"}", "--on: It is closed already (HTTP 409)\n", COMMAND_REFUSED},
        {412, "{\"detail\":\"The version has moved on\"}", "The version has moved on (HTTP 412)\n", COMMAND_REFUSED},
        {500, "{\"detail\":\"Something went wrong inside\",\"requestId\":\"" ID "\"}",
         "Something went wrong inside (HTTP 500, request " ID ")\n", COMMAND_FAILED},
        {429, "{\"detail\":\"Too much\"}", "Too much (HTTP 429)\n", COMMAND_UNAVAILABLE},
        {503, "{\"detail\":\"The service is not there\"}", "The service is not there (HTTP 503)\n", COMMAND_UNAVAILABLE},
        {504, "<html>", "the server gives no reason (HTTP 504)\n", COMMAND_UNAVAILABLE},
        {200, "[", "the server's answer cannot be read\n", COMMAND_FAILED},
        {0, "", "the server does not answer", COMMAND_UNAVAILABLE},
    };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        fixture->code = answers[i].code;
        fixture->reply = answers[i].reply;
        const int code = RUN("close-organisation", "--code", "pcn-a", "--on", "2026-04-01", "--patience", "0", "--table");
        if (code != answers[i].exit || strstr(fixture->errors, answers[i].words) == NULL)
            fail_msg("%u: %d instead of %d with \"%s\": %s", answers[i].code, code, answers[i].exit, answers[i].words, fixture->errors);
        assert_string_equal(fixture->output, "");
    }
}

static server_answer_t answer_later(server_t *server, unsigned call)
{
    if (call < 3)
        return (server_answer_t){.code = call == 1 ? 503 : 0, .body = "{}"};
    assert_string_equal(server->key, server->first_key);
    return (server_answer_t){.code = 200, .body = "{\"code\":\"pcn-a\"}"};
}

static void asked_again_it_is_the_same_change(void **state)
{
    fixture_t *fixture = *state;
    fixture->server.answer = answer_later;
    assert_int_equal(RUN("close-organisation", "--code", "pcn-a", "--on", "2026-04-01"), COMMAND_OK);
    assert_int_equal(fixture->server.calls, 3);
    assert_string_equal(fixture->output, "{\"code\":\"pcn-a\"}\n");
}

// ---- pages ----

static server_answer_t answer_pages(server_t *server, unsigned call)
{
    (void)server;
    static const char *const pages[] = {
        "{\"organisations\":[{\"code\":\"a\"},{\"code\":\"b\"}],\"nextPageToken\":\"two &\",\"totalSize\":3}",
        "{\"organisations\":[],\"nextPageToken\":\"three\"}", "{\"organisations\":[{\"code\":\"c\",\"name\":\"Cee\"}]}"};
    return (server_answer_t){.code = 200, .body = pages[(call - 1) % 3]};
}

static void all_pages(void **state)
{
    fixture_t *fixture = *state;
    fixture->server.answer = answer_pages;
    assert_int_equal(RUN("list-organisations", "--kind", "network", "--all"), COMMAND_OK);
    assert_string_equal(fixture->server.all, "GET /v1/organisations?kind=network&pageSize=1000\n"
                                             "GET /v1/organisations?kind=network&pageSize=1000&pageToken=two &\n"
                                             "GET /v1/organisations?kind=network&pageSize=1000&pageToken=three\n");
    assert_string_equal(fixture->output, "{\"code\":\"a\"}\n{\"code\":\"b\"}\n{\"code\":\"c\",\"name\":\"Cee\"}\n");
    assert_int_equal(RUN("list-organisations", "--all", "--page-size", "2", "--table"), COMMAND_OK);
    assert_string_equal(fixture->output, "CODE  NAME\na\nb\nc     Cee\n");
    assert_non_null(strstr(fixture->server.all, "GET /v1/organisations?pageSize=2\n"));
    // Without --all the first one, and that there is more.
    fixture->server.calls = 0;
    assert_int_equal(RUN("list-organisations", "--table"), COMMAND_OK);
    assert_string_equal(fixture->output, "CODE\na\nb\n\ntotalSize  3\n");
    assert_string_equal(fixture->errors, "there is more: --all\n");
}

static void pages_that_do_not_go_on(void **state)
{
    fixture_t *fixture = *state;
    fixture->reply = "{\"organisations\":[{\"code\":\"a\"}],\"nextPageToken\":\"same\"}";
    assert_int_equal(RUN("list-organisations", "--all"), COMMAND_FAILED);
    assert_int_equal(fixture->server.calls, 2);
    assert_non_null(strstr(fixture->errors, "do not go on"));
}

static server_answer_t answer_places(server_t *server, unsigned call)
{
    (void)server;
    return (server_answer_t){.code = 200,
                             .body = call == 1 ? "{\"events\":[{\"sequence\":1}],\"next\":2,\"max\":3}"
                                               : "{\"events\":[{\"sequence\":3}],\"next\":3,\"max\":3}"};
}

static void pages_by_place(void **state)
{
    fixture_t *fixture = *state;
    fixture->server.answer = answer_places;
    assert_int_equal(RUN("read", "--service", "registry", "--after", "0", "--all"), COMMAND_OK);
    assert_string_equal(fixture->server.all, "GET /v1/events/registry?after=0&limit=1000\nGET /v1/events/registry?after=2&limit=1000\n");
    assert_string_equal(fixture->output, "{\"sequence\":1}\n{\"sequence\":3}\n");
}

// ---- files ----

static void an_upload(void **state)
{
    fixture_t *fixture = *state;
    char first[128], second[128];
    snprintf(first, sizeof first, "%s/organisations.csv", fixture->folder);
    snprintf(second, sizeof second, "%s/more.json", fixture->folder);
    server_file(fixture->folder, "organisations.csv", "code\na\n", 7);
    server_file(fixture->folder, "more.json", "{}", 2);
    fixture->code = 202;
    fixture->reply = "{\"id\":\"" ID "\",\"state\":\"queued\"}";
    assert_int_equal(RUN("begin-import", "--file", first, "--file", second, "--dry-run", "--start", "2019-07-01"), COMMAND_OK);
    assert_string_equal(fixture->server.asked, "POST /v1/imports?dryRun=true&start=2019-07-01");
    assert_string_equal(fixture->server.files, "file organisations.csv text/csv 7;file more.json application/json 2;");
    assert_int_equal(strlen(fixture->server.key), 36);
    assert_string_equal(fixture->output, "{\"id\":\"" ID "\",\"state\":\"queued\"}\n");
    assert_int_equal(RUN("begin-import", "--file", "/nowhere/at/all"), COMMAND_FAILED);
    assert_int_equal(RUN("begin-import", "--file", fixture->folder), COMMAND_FAILED);
    assert_non_null(strstr(fixture->errors, "is no file"));
    assert_int_equal(fixture->server.calls, 1);
}

static server_answer_t answer_file(server_t *server, unsigned call)
{
    (void)server;
    // The first connection breaks in the middle.
    return (server_answer_t){.code = 200, .body = "a,b\n1,2\n", .cut_at = call == 1 ? 5 : 0};
}

static void a_download(void **state)
{
    fixture_t *fixture = *state;
    char path[128], text[64] = "";
    snprintf(path, sizeof path, "%s/registry.tar", fixture->folder);
    fixture->server.answer = answer_file;
    assert_int_equal(RUN("export", "--format", "csv", "--output", path), COMMAND_OK);
    assert_string_equal(fixture->server.asked, "GET /v1/exports/csv");
    assert_int_equal(fixture->server.calls, 2);
    assert_string_equal(fixture->output, "");
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(text, "a,b\n1,2\n");
    // Into a pipe.
    assert_int_equal(RUN("export", "--format", "csv"), COMMAND_OK);
    assert_string_equal(fixture->output, "a,b\n1,2\n");
    // What is refused leaves no file.
    fixture->server.answer = answer_as_said;
    fixture->code = 403;
    fixture->reply = "{\"detail\":\"The token does not allow this\"}";
    assert_int_equal(unlink(path), 0);
    assert_int_equal(RUN("export", "--format", "csv", "--output", path), COMMAND_REFUSED);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_equal(RUN("export", "--format", "csv", "--output", "/nowhere/at/all"), COMMAND_FAILED);
    assert_int_equal(RUN("export", "--format", "csv", "--page-token", "x"), COMMAND_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_read, start, stop),
        cmocka_unit_test_setup_teardown(a_change, start, stop),
        cmocka_unit_test_setup_teardown(a_patch, start, stop),
        cmocka_unit_test_setup_teardown(a_body_from_a_file, start, stop),
        cmocka_unit_test_setup_teardown(called_wrongly, start, stop),
        cmocka_unit_test_setup_teardown(what_the_platform_says, start, stop),
        cmocka_unit_test_setup_teardown(asked_again_it_is_the_same_change, start, stop),
        cmocka_unit_test_setup_teardown(all_pages, start, stop),
        cmocka_unit_test_setup_teardown(pages_that_do_not_go_on, start, stop),
        cmocka_unit_test_setup_teardown(pages_by_place, start, stop),
        cmocka_unit_test_setup_teardown(an_upload, start, stop),
        cmocka_unit_test_setup_teardown(a_download, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
