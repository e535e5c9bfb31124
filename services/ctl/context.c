// The context command: the platforms that somebody works with, each under a name.
#include <stdio.h>
#include <string.h>

#include "services/ctl/command.h"
#include "services/ctl/contexts.h"
#include "services/ctl/http.h"
#include "services/ctl/rows.h"

typedef struct context_arguments {
    context_t context;
    bool json, table, use;
    int count; // of positionals behind the verb
    char **names;
} context_arguments_t;

static int save(const command_t *command, const contexts_t *contexts, status_t status, problem_t *problem)
{
    if (status == STATUS_OK)
        status = contexts_save(contexts, problem);
    return status == STATUS_OK ? COMMAND_OK : command_failed(command, problem);
}

static int add(const command_t *command, contexts_t *contexts, context_arguments_t *arguments)
{
    problem_t problem = {0};
    context_t *context = &arguments->context;
    http_t *http = NULL;
    context->name = arguments->names[0];
    if (!context_name_valid(context->name))
        return command_usage_error(command, "\"%s\" is no name for a context: small letters, digits, hyphens, full stops", context->name);
    if (context->url == NULL)
        return command_usage_error(command, "--url is missing");
    if ((context->token != NULL) + (context->token_file != NULL) + (context->token_command != NULL) > 1)
        return command_usage_error(command, "one of --token, --token-file and --token-command");
    if (context->token_file != NULL && context->token_file[0] != '/')
        return command_usage_error(command, "--token-file is used from any folder: it begins with /");
    // Whether it is an address at all; nobody is asked.
    if (http_new(context->url, NULL, 1, &http, &problem) != STATUS_OK)
        return command_usage_error(command, "%s", problem.detail);
    http_destroy(&http);
    status_t status = contexts_put(contexts, context, &problem);
    if (status == STATUS_OK && arguments->use)
        status = contexts_use(contexts, context->name, &problem);
    return save(command, contexts, status, &problem);
}

static int use(const command_t *command, contexts_t *contexts, const context_arguments_t *arguments)
{
    problem_t problem = {0};
    return save(command, contexts, contexts_use(contexts, arguments->names[0], &problem), &problem);
}

static int take_out(const command_t *command, contexts_t *contexts, const context_arguments_t *arguments)
{
    problem_t problem = {0};
    return save(command, contexts, contexts_remove(contexts, arguments->names[0], &problem), &problem);
}

// Never the token itself.
static const char *token_of(const context_t *context)
{
    return context->token_command != NULL ? "command"
           : context->token_file != NULL  ? context->token_file
           : context->token != NULL       ? "kept"
                                          : "";
}

static int list(const command_t *command, const contexts_t *contexts, const context_arguments_t *arguments)
{
    static const rows_column_t columns[] = {
        {"CURRENT", "current", false, true}, {"NAME", "name", false, true}, {"URL", "url", false, true}, {"TOKEN", "token", false, true}};
    const char *current = contexts_current(contexts);
    problem_t problem = {0};
    context_t context;
    show_t show;
    json_t *rows = json_array();
    show_init(&show, stdout, arguments->json, arguments->table, NULL);
    for (size_t i = 0; contexts_at(contexts, i, &context); i++)
        json_array_append_new(rows, json_pack("{s:s, s:s, s:b, s:s}", "name", context.name, "url", context.url, "current",
                                              current != NULL && strcmp(current, context.name) == 0, "token", token_of(&context)));
    const status_t status = rows_show(&show, rows, columns, sizeof columns / sizeof *columns, &problem);
    json_decref(rows);
    return status == STATUS_OK ? COMMAND_OK : command_failed(command, &problem);
}

static int check_options(const command_t *command, const char *verb, const context_arguments_t *arguments)
{
    const context_t *context = &arguments->context;
    const bool about = context->url != NULL || context->token != NULL || context->token_file != NULL || context->token_command != NULL;
    if (strcmp(verb, "add") != 0 && (about || arguments->use))
        return command_usage_error(command, "--url, the token's options and --use are for context add");
    if (strcmp(verb, "list") != 0 && (arguments->json || arguments->table))
        return command_usage_error(command, "--json and --table are for context list");
    if (arguments->count != (strcmp(verb, "list") == 0 ? 0 : 1))
        return command_usage_error(command, "context %s takes %s", verb, strcmp(verb, "list") == 0 ? "no name" : "one name");
    return COMMAND_OK;
}

static int run(const command_t *command, const char *verb, contexts_t *contexts, context_arguments_t *arguments)
{
    if (strcmp(verb, "add") == 0)
        return add(command, contexts, arguments);
    if (strcmp(verb, "use") == 0)
        return use(command, contexts, arguments);
    if (strcmp(verb, "remove") == 0)
        return take_out(command, contexts, arguments);
    return list(command, contexts, arguments);
}

int context_command(const command_t *command, int argc, char **argv)
{
    static const char *const verbs[] = {"add", "use", "list", "remove"};
    context_arguments_t arguments = {.count = 0};
    const command_option_t options[] = {
        {"--url", &arguments.context.url, NULL, false},
        {"--token", &arguments.context.token, NULL, false},
        {"--token-file", &arguments.context.token_file, NULL, false},
        {"--token-command", &arguments.context.token_command, NULL, false},
        {"--use", NULL, &arguments.use, false},
        {"--json", NULL, &arguments.json, false},
        {"--table", NULL, &arguments.table, false},
        {0},
    };
    problem_t problem = {0};
    int count = 0;
    if (command_options(options, argc - 1, argv + 1, &count, &problem) != STATUS_OK)
        return command_usage_error(command, "%s", problem.detail);
    const char *verb = count > 0 ? argv[1] : "";
    bool known = false;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        known |= strcmp(verb, verbs[i]) == 0;
    if (!known)
        return command_usage_error(command, "add, use, list or remove");
    arguments.count = count - 1;
    arguments.names = argv + 2;
    int code = check_options(command, verb, &arguments);
    if (code != COMMAND_OK)
        return code;
    contexts_t contexts;
    if (contexts_load(&contexts, &problem) != STATUS_OK)
        code = command_failed(command, &problem);
    else
        code = run(command, verb, &contexts, &arguments);
    contexts_unload(&contexts);
    return code;
}
