// The platforms that somebody works with: the command, the file, and which address and token count.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "services/ctl/call.h"
#include "services/ctl/contexts.h"
#include "services/ctl/contract.h"
#include "tests/unit/ctl/server.h"

typedef struct fixture {
    server_t server;
    char folder[64], path[128], output[SERVER_TEXT_SIZE], errors[SERVER_TEXT_SIZE];
} fixture_t;

static server_answer_t answers(server_t *server, unsigned call)
{
    (void)server, (void)call;
    return (server_answer_t){.code = 200, .body = "{\"code\":\"pcn-a\"}"};
}

static int start(void **state)
{
    fixture_t *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    server_start(&fixture->server, answers);
    server_folder(fixture->folder);
    snprintf(fixture->path, sizeof fixture->path, "%s/pcn/contexts.json", fixture->folder);
    setenv("XDG_CONFIG_HOME", fixture->folder, 1);
    static const char *const names[] = {"PCN_URL", "PCN_TOKEN", "PCN_CTL_TOKEN", "PCN_CONTEXT"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
    *state = fixture;
    return 0;
}

static int stop(void **state)
{
    fixture_t *fixture = *state;
    char folder[128];
    server_stop(&fixture->server);
    snprintf(folder, sizeof folder, "%s/pcn", fixture->folder);
    if (access(folder, F_OK) == 0)
        server_folder_end(folder);
    server_folder_end(fixture->folder);
    free(fixture);
    return 0;
}

#define CONTEXT(...) SERVER_RUN(NULL, context_command, fixture->output, fixture->errors, __VA_ARGS__)

static int run_get(const command_t *command, int argc, char **argv)
{
    (void)command;
    return call_run(contract_find("registry", "get-organisation"), argc, argv);
}

// Asks for something, with these options besides.
#define GET(...) SERVER_RUN(NULL, run_get, fixture->output, fixture->errors, "--code=pcn-a", "--patience=0", __VA_ARGS__)

static void assert_asked_with(fixture_t *fixture, const char *token)
{
    char expected[128];
    snprintf(expected, sizeof expected, "Bearer %s", token);
    assert_string_equal(fixture->server.authorization, expected);
    fixture->server.authorization[0] = '\0';
}

static void add_use_list_remove(void **state)
{
    fixture_t *fixture = *state;
    struct stat found;
    assert_int_equal(CONTEXT("list"), COMMAND_OK);
    assert_string_equal(fixture->output, "");
    assert_int_equal(CONTEXT("add", "home", "--url", "http://127.0.0.1:8080", "--token", "secret"), COMMAND_OK);
    assert_int_equal(stat(fixture->path, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
    assert_int_equal(CONTEXT("add", "llr", "--url", "https://pcn.example/", "--token-file", "/etc/pcn/token"), COMMAND_OK);
    assert_int_equal(CONTEXT("add", "nel", "--url", "https://nel.example", "--token-command", "echo x"), COMMAND_OK);
    assert_int_equal(CONTEXT("list", "--table"), COMMAND_OK);
    assert_string_equal(fixture->output, "CURRENT  NAME  URL                    TOKEN\n"
                                         "*        home  http://127.0.0.1:8080  kept\n"
                                         "         llr   https://pcn.example/   /etc/pcn/token\n"
                                         "         nel   https://nel.example    command\n");
    assert_int_equal(CONTEXT("use", "llr"), COMMAND_OK);
    assert_int_equal(CONTEXT("list"), COMMAND_OK);
    assert_string_equal(fixture->output,
                        "{\"name\":\"home\",\"url\":\"http://127.0.0.1:8080\",\"current\":false,\"token\":\"kept\"}\n"
                        "{\"name\":\"llr\",\"url\":\"https://pcn.example/\",\"current\":true,\"token\":\"/etc/pcn/token\"}\n"
                        "{\"name\":\"nel\",\"url\":\"https://nel.example\",\"current\":false,\"token\":\"command\"}\n");
    // One of the name is replaced, all of it.
    assert_int_equal(CONTEXT("add", "home", "--url", "http://127.0.0.1:8081", "--use"), COMMAND_OK);
    assert_int_equal(CONTEXT("remove", "llr"), COMMAND_OK);
    assert_int_equal(CONTEXT("list", "--table"), COMMAND_OK);
    assert_string_equal(fixture->output, "CURRENT  NAME  URL                    TOKEN\n"
                                         "*        home  http://127.0.0.1:8081\n"
                                         "         nel   https://nel.example    command\n");
    assert_int_equal(CONTEXT("remove", "home"), COMMAND_OK);
    assert_int_equal(GET("--json"), COMMAND_USAGE);
    assert_non_null(strstr(fixture->errors, "no platform is named"));
}

static void contexts_that_cannot_be(void **state)
{
    fixture_t *fixture = *state;
    assert_int_equal(CONTEXT("--json"), COMMAND_USAGE);
    assert_int_equal(CONTEXT("rename", "a"), COMMAND_USAGE);
    assert_int_equal(CONTEXT("add", "home"), COMMAND_USAGE);
    assert_int_equal(CONTEXT("add", "Home", "--url", "http://a"), COMMAND_USAGE);
    assert_int_equal(CONTEXT("add", "../x", "--url", "http://a"), COMMAND_USAGE);
    assert_int_equal(CONTEXT("add", "--url", "http://a"), COMMAND_USAGE);
    assert_int_equal(CONTEXT("add", "a", "b", "--url", "http://a"), COMMAND_USAGE);
    assert_int_equal(CONTEXT("add", "a", "--url", "ftp://a"), COMMAND_USAGE);
    assert_int_equal(CONTEXT("add", "a", "--url", "http://a/path"), COMMAND_USAGE);
    assert_int_equal(CONTEXT("add", "a", "--url", "http://a", "--token-file", "token"), COMMAND_USAGE);
    assert_int_equal(CONTEXT("add", "a", "--url", "http://a", "--token-file", "/token", "--token", "x"), COMMAND_USAGE);
    assert_int_equal(CONTEXT("use", "a", "--url", "http://a"), COMMAND_USAGE);
    assert_int_equal(CONTEXT("list", "a"), COMMAND_USAGE);
    assert_int_equal(CONTEXT("use"), COMMAND_USAGE);
    assert_int_equal(access(fixture->path, F_OK), -1);
    assert_int_equal(CONTEXT("use", "nowhere"), COMMAND_FAILED);
    assert_non_null(strstr(fixture->errors, "there is no context nowhere"));
    assert_int_equal(CONTEXT("remove", "nowhere"), COMMAND_FAILED);
}

static void a_file_that_is_not_ours_alone(void **state)
{
    fixture_t *fixture = *state;
    assert_int_equal(CONTEXT("add", "home", "--url", "http://127.0.0.1:8080", "--token", "secret"), COMMAND_OK);
    assert_int_equal(chmod(fixture->path, 0640), 0);
    assert_int_equal(CONTEXT("list"), COMMAND_FAILED);
    assert_non_null(strstr(fixture->errors, "can be read by others"));
    assert_int_equal(GET("--json"), COMMAND_FAILED);
    assert_int_equal(chmod(fixture->path, 0600), 0);
    static const char *const broken[] = {"",
                                         "[]",
                                         "{\"contexts\":3}",
                                         "{\"contexts\":[{\"name\":\"a\"}]}",
                                         "{\"current\":3}",
                                         "{\"contexts\":[{\"name\":\"a\",\"url\":\"http://a\",\"token\":3}]}",
                                         "{"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        FILE *file = fopen(fixture->path, "we");
        assert_non_null(file);
        fputs(broken[i], file);
        fclose(file);
        assert_int_equal(CONTEXT("list"), COMMAND_FAILED);
        assert_non_null(strstr(fixture->errors, "is no list of contexts"));
    }
}

static void which_address_and_token(void **state)
{
    fixture_t *fixture = *state;
    server_t *server = &fixture->server;
    char token_file[128];
    snprintf(token_file, sizeof token_file, "%s/token", fixture->folder);
    server_file(fixture->folder, "token", "of-a-file \n\n", 12);
    assert_int_equal(CONTEXT("add", "home", "--url", server->url, "--token", "of-home"), COMMAND_OK);
    assert_int_equal(CONTEXT("add", "file", "--url", server->url, "--token-file", token_file), COMMAND_OK);
    assert_int_equal(CONTEXT("add", "command", "--url", server->url, "--token-command", "echo of-a-command"), COMMAND_OK);
    assert_int_equal(CONTEXT("add", "away", "--url", "http://127.0.0.1:1", "--token", "of-away"), COMMAND_OK);
    assert_int_equal(CONTEXT("add", "bare", "--url", server->url), COMMAND_OK);
    assert_int_equal(CONTEXT("add", "fails", "--url", server->url, "--token-command", "echo x; exit 3"), COMMAND_OK);
    // The current one, and others by name.
    assert_int_equal(GET("--json"), COMMAND_OK);
    assert_asked_with(fixture, "of-home");
    assert_int_equal(GET("--context", "file"), COMMAND_OK);
    assert_asked_with(fixture, "of-a-file");
    assert_int_equal(GET("--context", "command"), COMMAND_OK);
    assert_asked_with(fixture, "of-a-command");
    assert_int_equal(GET("--context", "away"), COMMAND_UNAVAILABLE);
    assert_int_equal(GET("--context", "nowhere"), COMMAND_USAGE);
    assert_int_equal(GET("--context", "bare"), COMMAND_USAGE);
    assert_non_null(strstr(fixture->errors, "a token is needed"));
    assert_int_equal(GET("--context", "fails"), COMMAND_FAILED);
    assert_int_equal(GET("--context", "home", "--url", server->url), COMMAND_USAGE);
    assert_int_equal(GET("--context", "away", "--token", "x", "--token-file", "y"), COMMAND_USAGE);
    // What is said comes before what is kept.
    assert_int_equal(GET("--token", "of-an-option"), COMMAND_OK);
    assert_asked_with(fixture, "of-an-option");
    assert_int_equal(GET("--context", "home", "--token-file", token_file), COMMAND_OK);
    assert_asked_with(fixture, "of-a-file");
    // The environment comes before the current context, and a context that is named before the environment.
    setenv("PCN_TOKEN", "of-the-environment", 1);
    assert_int_equal(GET("--json"), COMMAND_OK);
    assert_asked_with(fixture, "of-the-environment");
    assert_int_equal(GET("--context", "home"), COMMAND_OK);
    assert_asked_with(fixture, "of-home");
    assert_int_equal(GET("--context", "bare"), COMMAND_OK);
    assert_asked_with(fixture, "of-the-environment");
    setenv("PCN_URL", "http://127.0.0.1:1", 1);
    assert_int_equal(GET("--json"), COMMAND_UNAVAILABLE);
    assert_int_equal(GET("--context", "home"), COMMAND_OK);
    assert_asked_with(fixture, "of-home");
    unsetenv("PCN_URL");
    unsetenv("PCN_TOKEN");
    setenv("PCN_CONTEXT", "command", 1);
    assert_int_equal(GET("--json"), COMMAND_OK);
    assert_asked_with(fixture, "of-a-command");
    setenv("PCN_CTL_TOKEN", "as-before", 1);
    assert_int_equal(GET("--json"), COMMAND_OK);
    assert_asked_with(fixture, "as-before");
}

// A context's token is for its own address.
static void tokens_stay_where_they_belong(void **state)
{
    fixture_t *fixture = *state;
    assert_int_equal(CONTEXT("add", "away", "--url", "http://127.0.0.1:1", "--token", "of-away"), COMMAND_OK);
    assert_int_equal(GET("--url", fixture->server.url), COMMAND_USAGE);
    assert_non_null(strstr(fixture->errors, "a token is needed"));
    setenv("PCN_URL", fixture->server.url, 1);
    assert_int_equal(GET("--json"), COMMAND_USAGE);
    assert_int_equal(fixture->server.calls, 0);
}

static void below_home(void **state)
{
    fixture_t *fixture = *state;
    contexts_t contexts;
    problem_t problem = {0};
    unsetenv("XDG_CONFIG_HOME");
    setenv("HOME", "/home/nobody", 1);
    assert_int_equal(contexts_load(&contexts, &problem), STATUS_OK);
    assert_string_equal(contexts.path, "/home/nobody/.config/pcn/contexts.json");
    contexts_unload(&contexts);
    setenv("XDG_CONFIG_HOME", "relative", 1);
    assert_int_equal(contexts_load(&contexts, &problem), STATUS_OK);
    assert_string_equal(contexts.path, "/home/nobody/.config/pcn/contexts.json");
    contexts_unload(&contexts);
    unsetenv("HOME");
    assert_int_equal(contexts_load(&contexts, &problem), STATUS_FAILED_PRECONDITION);
    contexts_unload(&contexts);
    (void)fixture;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(add_use_list_remove, start, stop),
        cmocka_unit_test_setup_teardown(contexts_that_cannot_be, start, stop),
        cmocka_unit_test_setup_teardown(a_file_that_is_not_ours_alone, start, stop),
        cmocka_unit_test_setup_teardown(which_address_and_token, start, stop),
        cmocka_unit_test_setup_teardown(tokens_stay_where_they_belong, start, stop),
        cmocka_unit_test_setup_teardown(below_home, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
