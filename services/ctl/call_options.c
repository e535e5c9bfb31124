#include "services/ctl/call_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/ctl/suggest.h"

enum { PATIENCE_DEFAULT_S = 10, PATIENCE_MAX_S = 3600 };

static status_t out_of_memory(problem_t *problem)
{
    return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "out of memory");
}

// Appends a value of an option that may be given again.
static status_t add(const char ***values, size_t *count, const char *name, const char *value, problem_t *problem)
{
    if (value == NULL || value[0] == '\0')
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "%s needs a value", name);
    const char **longer = reallocarray(*values, *count + 1, sizeof *longer);
    if (longer == NULL)
        return out_of_memory(problem);
    *values = longer;
    longer[(*count)++] = value;
    return STATUS_OK;
}

static bool is_named(const char *argument, const char *name, const char **value)
{
    const size_t size = strlen(name);
    if (strncmp(argument, name, size) != 0 || (argument[size] != '\0' && argument[size] != '='))
        return false;
    *value = argument[size] == '=' ? argument + size + 1 : NULL;
    return true;
}

// A bool stands alone or takes its value behind "=": the next argument is none of its.
static bool stands_alone(const flag_t *flag)
{
    return flag_descriptor(flag)->type == PROTOBUF_C_TYPE_BOOL;
}

static void add_suggestion(void *data, const flag_t *flag)
{
    suggest_offer(data, flag->name);
}

static status_t unknown(const pb_method_t *method, const char *argument, problem_t *problem)
{
    if (argument[0] != '-')
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "what is \"%s\"? All that a call needs are options", argument);
    suggest_t suggest;
    char name[CONTRACT_NAME_SIZE];
    const size_t size = strcspn(argument, "=");
    snprintf(name, sizeof name, "%.*s", (int)size, argument);
    suggest_init(&suggest, name + strspn(name, "-"));
    flag_walk(method, add_suggestion, &suggest);
    for (size_t i = 0; flag_reserved[i] != NULL; i++)
        suggest_offer(&suggest, flag_reserved[i]);
    if (suggest.best[0] == '\0')
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "there is no option %s", name);
    return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "there is no option %s: --%s?", name, suggest.best);
}

static status_t take_flag(call_options_t *options, const pb_method_t *method, const char *argument, const char *next, bool *used,
                          problem_t *problem)
{
    flag_t *flag = &options->flags[options->flag_count];
    const size_t size = strcspn(argument, "=");
    const char *value = argument[size] == '=' ? argument + size + 1 : NULL;
    *used = false;
    if (strncmp(argument, "--", 2) != 0 || !flag_find(method, argument + 2, size - 2, flag))
        return unknown(method, argument, problem);
    if (value == NULL && !stands_alone(flag)) {
        if (next == NULL)
            return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "%s needs a value", argument);
        value = next;
        *used = true;
    }
    options->flag_values[options->flag_count++] = value;
    return STATUS_OK;
}

static status_t take(call_options_t *options, const command_option_t *table, const pb_method_t *method, const char *argument,
                     const char *next, bool *used, problem_t *problem)
{
    const char *value;
    const command_option_t *option = command_option_find(table, argument, &value);
    if (option != NULL)
        return command_option_take(option, value, next, used, problem);
    *used = false;
    if ((method->flags & PB_PATCHES) && is_named(argument, "--clear", &value)) {
        *used = value == NULL;
        return add(&options->clear, &options->clear_count, "--clear", *used ? next : value, problem);
    }
    if (method->upload != NULL && is_named(argument, "--file", &value)) {
        *used = value == NULL;
        return add(&options->files, &options->file_count, "--file", *used ? next : value, problem);
    }
    return take_flag(options, method, argument, next, used, problem);
}

static status_t check(call_options_t *options, const pb_method_t *method, const char *patience, problem_t *problem)
{
    long long patience_s = PATIENCE_DEFAULT_S;
    if (patience != NULL && !command_number(patience, 0, PATIENCE_MAX_S, &patience_s))
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "--patience is a number of seconds, 0 to %d", PATIENCE_MAX_S);
    options->patience_us = patience_s * 1000000;
    if (options->json && (options->table || options->columns != NULL))
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "--json or a table, not both");
    if (method->upload != NULL && options->file_count == 0)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "--file is missing");
    if (options->output != NULL && !(method->flags & PB_DOWNLOAD))
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "--output is for calls whose answer is a file");
    return STATUS_OK;
}

status_t call_options_read(call_options_t *options, const pb_method_t *method, int argc, char **argv, problem_t *problem)
{
    const char *patience = NULL;
    const command_option_t table[] = {
        TARGET_OPTIONS(options->target),
        {"--json-body", &options->json_body, NULL, false},
        {"--idempotency-key", &options->idempotency_key, NULL, false},
        {"--if-match", &options->if_match, NULL, false},
        {"--columns", &options->columns, NULL, false},
        {"--output", &options->output, NULL, false},
        {"--patience", &patience, NULL, false},
        {"--json", NULL, &options->json, false},
        {"--table", NULL, &options->table, false},
        {"--all", NULL, &options->all, false},
        {0},
    };
    *options =
        (call_options_t){.flags = calloc((size_t)argc + 1, sizeof(flag_t)), .flag_values = calloc((size_t)argc + 1, sizeof(const char *))};
    if (options->flags == NULL || options->flag_values == NULL)
        return out_of_memory(problem);
    for (int i = 1; i < argc; i++) {
        bool used = false;
        status_t status = take(options, table, method, argv[i], i + 1 < argc ? argv[i + 1] : NULL, &used, problem);
        if (status != STATUS_OK)
            return status;
        i += used ? 1 : 0;
    }
    return check(options, method, patience, problem);
}

void call_options_free(call_options_t *options)
{
    free(options->flags);
    free(options->flag_values);
    free(options->clear);
    free(options->files);
    *options = (call_options_t){.flags = NULL};
}
