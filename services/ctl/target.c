#include "services/ctl/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "services/ctl/contexts.h"
#include "services/ctl/file.h"

enum { TOKEN_CAP = 64 * 1024, CONNECTIONS = 1 };

const char target_help[] =
    "  --url URL            the platform's address, as in http://127.0.0.1:8080; else that of the context, or PCN_URL\n"
    "  --token TOKEN        shown to every user of the machine; better a file, a context or PCN_TOKEN\n"
    "  --token-file FILE    a file that holds the token\n"
    "  --context NAME       a platform of `pcnctl context list`; else PCN_CONTEXT, or the current one\n";

typedef struct found {
    contexts_t contexts;
    context_t context; // of `url`, where it has a name
    const char *url;
    buf_t token;
} found_t;

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

static status_t take_context(found_t *found, const char *name, problem_t *problem)
{
    status_t status = found->contexts.document == NULL ? contexts_load(&found->contexts, problem) : STATUS_OK;
    if (status != STATUS_OK)
        return status;
    if (name == NULL)
        name = contexts_current(&found->contexts);
    if (name == NULL)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "no platform is named: --url, PCN_URL, or `pcnctl context add`");
    if (!contexts_get(&found->contexts, name, &found->context))
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "there is no context %s", name);
    found->url = found->context.url;
    return STATUS_OK;
}

static status_t find_url(const target_options_t *options, found_t *found, problem_t *problem)
{
    if (options->url != NULL && options->context != NULL)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "--url or --context, not both");
    found->url = options->url;
    if (found->url == NULL && options->context == NULL)
        found->url = environment("PCN_URL");
    if (found->url != NULL)
        return STATUS_OK;
    return take_context(found, options->context != NULL ? options->context : environment("PCN_CONTEXT"), problem);
}

static status_t run_token_command(const char *text, buf_t *token, problem_t *problem)
{
    char piece[4096];
    fflush(stdout);
    // It is the caller's own command line. NOLINTNEXTLINE(cert-env33-c)
    FILE *pipe = popen(text, "re");
    if (pipe == NULL)
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "the context's token command cannot be run");
    for (size_t size = fread(piece, 1, sizeof piece, pipe); size > 0; size = fread(piece, 1, sizeof piece, pipe))
        buf_add(token, piece, size);
    const int status = pclose(pipe);
    if (status == -1 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "the context's token command failed: %s", text);
    return STATUS_OK;
}

static status_t take_context_token(found_t *found, problem_t *problem)
{
    if (found->context.token_file != NULL)
        return file_read(found->context.token_file, &found->token, problem);
    if (found->context.token_command != NULL)
        return run_token_command(found->context.token_command, &found->token, problem);
    if (found->context.token != NULL)
        buf_add_string(&found->token, found->context.token);
    return STATUS_OK;
}

static status_t find_token(const target_options_t *options, found_t *found, problem_t *problem)
{
    const char *given = options->token;
    if (given != NULL && options->token_file != NULL)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "--token or --token-file, not both");
    if (options->token_file != NULL)
        return file_read(options->token_file, &found->token, problem);
    const bool has_own = found->context.token != NULL || found->context.token_file != NULL || found->context.token_command != NULL;
    if (given == NULL && !(options->context != NULL && has_own))
        given = environment("PCN_TOKEN") != NULL ? environment("PCN_TOKEN") : environment("PCN_CTL_TOKEN");
    if (given == NULL)
        return take_context_token(found, problem);
    buf_add_string(&found->token, given);
    return STATUS_OK;
}

// What surrounds a token in a file is none of it.
static void trim(buf_t *token)
{
    while (token->size > 0 && (unsigned char)token->data[token->size - 1] <= ' ')
        token->data[--token->size] = '\0';
}

static int open_found(const command_t *command, const target_options_t *options, bool anonymous, found_t *found, http_t **http)
{
    problem_t problem = {0};
    status_t status = find_url(options, found, &problem);
    if (status == STATUS_OK)
        status = find_token(options, found, &problem);
    if (status == STATUS_OK && !buf_ok(&found->token))
        status = problem_set(&problem, STATUS_INVALID_ARGUMENT, NULL, "the token is too long");
    if (status == STATUS_INVALID_ARGUMENT)
        return command_usage_error(command, "%s", problem.detail);
    if (status != STATUS_OK)
        return command_failed(command, &problem);
    trim(&found->token);
    if (found->token.size == 0 && !anonymous)
        return command_usage_error(command, "a token is needed: --token-file, PCN_TOKEN, or a context with one");
    status = http_new(found->url, found->token.size > 0 ? found->token.data : NULL, CONNECTIONS, http, &problem);
    if (status == STATUS_INVALID_ARGUMENT)
        return command_usage_error(command, "%s", problem.detail);
    return status == STATUS_OK ? COMMAND_OK : command_failed(command, &problem);
}

int target_open(const command_t *command, const target_options_t *options, bool anonymous, http_t **http)
{
    found_t found = {.url = NULL};
    buf_init(&found.token, TOKEN_CAP);
    *http = NULL;
    const int code = open_found(command, options, anonymous, &found, http);
    buf_deinit(&found.token);
    contexts_unload(&found.contexts);
    return code;
}
