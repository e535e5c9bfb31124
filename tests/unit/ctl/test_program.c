// The program itself: what its words lead to, its help at every level, its manual page and what completes it in bash.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "services/ctl/flag.h"
#include "services/ctl/help.h"

enum { ROOM = 1024 * 1024 };

// Runs `pcnctl ARGUMENTS` in a shell; what it said on both streams.
static char *said;

static int run(const char *arguments)
{
    char command[1024];
    snprintf(command, sizeof command,
             "env -u PCN_URL -u PCN_TOKEN -u PCN_CTL_TOKEN -u PCN_CONTEXT HOME=/nonexistent '%s' %s 2>&1 </dev/null", PCN_CTL, arguments);
    FILE *pipe = popen(command, "re");
    assert_non_null(pipe);
    said[fread(said, 1, ROOM - 1, pipe)] = '\0';
    const int status = pclose(pipe);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void assert_says(const char *words)
{
    if (strstr(said, words) == NULL)
        fail_msg("no \"%s\" in: %s", words, said);
}

static int make_room(void **state)
{
    (void)state;
    said = calloc(1, ROOM);
    return said != NULL ? 0 : -1;
}

static int free_room(void **state)
{
    (void)state;
    free(said);
    return 0;
}

static void words(void **state)
{
    (void)state;
    assert_int_equal(run(""), COMMAND_USAGE);
    assert_says("usage: pcnctl");
    assert_int_equal(run("--version"), COMMAND_OK);
    assert_says("pcnctl " PCN_VERSION "\n");
    assert_int_equal(run("registri"), COMMAND_USAGE);
    assert_says("there is no command \"registri\": registry?");
    assert_int_equal(run("xyzzy"), COMMAND_USAGE);
    assert_says("there is no command \"xyzzy\"\n");
    assert_int_equal(run("registry"), COMMAND_USAGE);
    assert_says("usage: pcnctl registry CALL");
    assert_int_equal(run("registry get-organization"), COMMAND_USAGE);
    assert_says("there is no call \"get-organization\": get-organisation?");
    assert_int_equal(run("registry get-organisation --code pcn-a"), COMMAND_USAGE);
    assert_says("no platform is named");
    assert_int_equal(run("registry get-organisation --code pcn-a --url http://127.0.0.1:1 --token x --patience 0"), COMMAND_UNAVAILABLE);
    assert_int_equal(run("audit list --service registry --url http://127.0.0.1:1"), COMMAND_USAGE);
    assert_says("a token is needed");
    // A full disk must not look like success.
    assert_int_equal(run("--help > /dev/full"), COMMAND_FAILED);
}

static void add_group(void *data, const pb_service_t *service, const pb_method_t *method)
{
    (void)data, (void)method;
    char group[CONTRACT_NAME_SIZE], line[CONTRACT_NAME_SIZE + 8];
    contract_group(service->name, group);
    snprintf(line, sizeof line, "\n  %s ", group);
    assert_says(line);
}

static void overview(void **state)
{
    (void)state;
    assert_int_equal(run("--help"), COMMAND_OK);
    contract_walk(NULL, add_group, NULL);
    for (const command_t *command = command_list(); command->name != NULL; command++)
        assert_says(command->name);
    assert_says("exit codes:");
    assert_says("PCN_TOKEN");
    char *first = strdup(said);
    assert_int_equal(run("help"), COMMAND_OK);
    assert_string_equal(said, first);
    free(first);
}

static void commands(void **state)
{
    (void)state;
    for (const command_t *command = command_list(); command->name != NULL; command++) {
        char line[128];
        snprintf(line, sizeof line, "%s --help", command->name);
        assert_int_equal(run(line), COMMAND_OK);
        snprintf(line, sizeof line, "usage: pcnctl %s", command->name);
        assert_says(line);
        // It teaches by an example.
        if (strstr(said, "example") == NULL)
            fail_msg("%s has no example", command->name);
        snprintf(line, sizeof line, "help %s", command->name);
        assert_int_equal(run(line), COMMAND_OK);
        assert_says(command->usage);
    }
    // A word of both has both.
    assert_int_equal(run("events --help"), COMMAND_OK);
    assert_says("events follow");
    assert_says("\n  snapshot --service");
    assert_int_equal(run("help xyzzy"), COMMAND_USAGE);
}

static void assert_flag(void *data, const flag_t *flag)
{
    (void)data;
    char line[CONTRACT_NAME_SIZE + 8];
    snprintf(line, sizeof line, "\n  --%s", flag->name);
    assert_says(line);
}

static void assert_call(void *data, const pb_service_t *service, const pb_method_t *method)
{
    (void)data, (void)service;
    char group[CONTRACT_NAME_SIZE], name[CONTRACT_NAME_SIZE], line[2 * CONTRACT_NAME_SIZE + 32];
    contract_group(method->name, group);
    contract_kebab(method->short_name, name);
    snprintf(line, sizeof line, "%s %s --help", group, name);
    assert_int_equal(run(line), COMMAND_OK);
    snprintf(line, sizeof line, "usage: pcnctl %s %s", group, name);
    assert_says(line);
    assert_says(method->verb);
    assert_says("\nexamples:\n");
    flag_walk(method, assert_flag, NULL);
}

static void calls(void **state)
{
    (void)state;
    contract_walk(NULL, assert_call, NULL);
    assert_int_equal(run("help registry get-organisation"), COMMAND_OK);
    assert_says("--as-of DATE");
}

static void assert_in_manual(void *data, const pb_service_t *service, const pb_method_t *method)
{
    (void)data, (void)service;
    char name[CONTRACT_NAME_SIZE], line[2 * CONTRACT_NAME_SIZE] = "\n.TP\n.B ";
    contract_kebab(method->short_name, name);
    for (size_t i = 0, size = strlen(line); name[i] != '\0'; i++, size = strlen(line))
        snprintf(line + size, sizeof line - size, name[i] == '-' ? "\\-" : "%c", name[i]);
    assert_says(line);
}

static void manual(void **state)
{
    (void)state;
    assert_int_equal(run("help --man"), COMMAND_OK);
    assert_int_equal(strncmp(said, ".TH PCNCTL 1", 12), 0);
    contract_walk(NULL, assert_in_manual, NULL);
    assert_says(".SH EXIT STATUS\n");
    // troff has nothing to say about it; where there is one.
    if (system("command -v groff >/dev/null") == 0) {
        assert_int_equal(run("help --man | groff -man -Kutf8 -Tutf8 -ww -z"), 0);
        assert_string_equal(said, "");
    }
}

static void completion(void **state)
{
    (void)state;
    assert_int_equal(run("completion fish"), COMMAND_USAGE);
    assert_int_equal(run("completion bash | bash -n"), 0);
    assert_string_equal(said, "");
    // What it offers.
    assert_int_equal(
        run("completion bash > /tmp/pcnctl-completion.$$; bash -c '. /tmp/pcnctl-completion.'$$'; COMP_WORDS=(pcnctl registry "
            "get-organisation --as); "
            "COMP_CWORD=3; _pcnctl pcnctl --as; echo ${COMPREPLY[*]}; COMP_WORDS=(pcnctl registry list-org); COMP_CWORD=2; _pcnctl pcnctl "
            "list-org; echo ${COMPREPLY[*]}; COMP_WORDS=(pcnctl reg); COMP_CWORD=1; _pcnctl pcnctl reg; echo ${COMPREPLY[*]}'; rm "
            "/tmp/pcnctl-completion.$$"),
        0);
    assert_string_equal(said, "--as-of\nlist-organisations list-organisation-alignments\nregistry\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(words), cmocka_unit_test(overview), cmocka_unit_test(commands),
                                       cmocka_unit_test(calls), cmocka_unit_test(manual),   cmocka_unit_test(completion)};
    return cmocka_run_group_tests(tests, make_room, free_room);
}
