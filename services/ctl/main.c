// pcnctl: the command line client. A word of the contract leads to its calls, any other to the command of its name.
#include <stdio.h>
#include <string.h>

#include "common/app/version.h"
#include "services/ctl/call.h"
#include "services/ctl/help.h"
#include "services/ctl/man.h"
#include "services/ctl/suggest.h"

enum { TEXT_CAP = 16 * 1024 * 1024 };

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    }
    return false;
}

static int print(buf_t *text, FILE *out)
{
    const bool ok = buf_ok(text) && text->data != NULL && fputs(text->data, out) >= 0;
    buf_deinit(text);
    return ok ? COMMAND_OK : COMMAND_FAILED;
}

static void offer_call(void *data, const pb_service_t *service, const pb_method_t *method)
{
    (void)service;
    char name[CONTRACT_NAME_SIZE];
    contract_kebab(method->short_name, name);
    suggest_offer(data, name);
}

static void offer_group(void *data, const pb_service_t *service, const pb_method_t *method)
{
    (void)method;
    char name[CONTRACT_NAME_SIZE];
    contract_group(service->name, name);
    suggest_offer(data, name);
}

// `group` NULL: the first word is not known.
static int unknown(const char *group, const char *word)
{
    suggest_t suggest;
    suggest_init(&suggest, word);
    contract_walk(group, group != NULL ? offer_call : offer_group, &suggest);
    for (const command_t *command = command_list(); group == NULL && command->name != NULL; command++)
        suggest_offer(&suggest, command->name);
    fprintf(stderr, "pcnctl%s%s: there is no %s \"%s\"", group != NULL ? " " : "", group != NULL ? group : "",
            group != NULL ? "call" : "command", word);
    fprintf(stderr, suggest.best[0] != '\0' ? ": %s?\n" : "%s\n", suggest.best);
    fprintf(stderr, "  pcnctl%s%s --help says what there is\n", group != NULL ? " " : "", group != NULL ? group : "");
    return COMMAND_USAGE;
}

// `words` are those behind "help", or in front of --help.
static int run_help(int count, char **words)
{
    buf_t text;
    buf_init(&text, TEXT_CAP);
    if (count > 0 && strcmp(words[0], "--man") == 0) {
        man_write(&text);
        return print(&text, stdout);
    }
    const pb_method_t *method = count > 1 ? contract_find(words[0], words[1]) : NULL;
    if (count == 0)
        help_overview(&text);
    else if (method != NULL)
        help_call(method, &text);
    else if (!help_topic(words[0], &text))
        return unknown(NULL, words[0]);
    return print(&text, stdout);
}

static int run_named(int argc, char **argv)
{
    const command_t *command = command_find(argv[0]);
    const pb_method_t *method = argc > 1 ? contract_find(argv[0], argv[1]) : NULL;
    if (asks_for_help(argc - 1, argv + 1))
        return run_help(method != NULL || argc < 2 ? argc : 1, argv);
    if (method != NULL)
        return call_run(method, argc - 1, argv + 1);
    if (command != NULL)
        return command->run(command, argc, argv);
    if (!contract_group_known(argv[0]))
        return unknown(NULL, argv[0]);
    if (argc > 1)
        return unknown(argv[0], argv[1]);
    buf_t text;
    buf_init(&text, TEXT_CAP);
    (void)help_topic(argv[0], &text);
    (void)print(&text, stderr);
    return COMMAND_USAGE;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        buf_t text;
        buf_init(&text, TEXT_CAP);
        help_overview(&text);
        (void)print(&text, stderr);
        return COMMAND_USAGE;
    }
    int code;
    if (strcmp(argv[1], "--version") == 0)
        code = printf("pcnctl %s\n", PCN_VERSION) > 0 ? COMMAND_OK : COMMAND_FAILED;
    else if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        code = run_help(argc - 2, argv + 2);
    else
        code = run_named(argc - 1, argv + 1);
    // A full disk behind the pipe must not look like success.
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "pcnctl: cannot write to standard output\n");
        return COMMAND_FAILED;
    }
    return code;
}
