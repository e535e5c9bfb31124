#include "services/ctl/command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const command_option_t *command_option_find(const command_option_t *options, const char *argument, const char **value)
{
    const char *equals = strchr(argument, '=');
    size_t size = equals != NULL ? (size_t)(equals - argument) : strlen(argument);
    *value = equals != NULL ? equals + 1 : NULL;
    for (; options->name != NULL; options++) {
        if (strlen(options->name) == size && memcmp(options->name, argument, size) == 0)
            return options;
    }
    return NULL;
}

static status_t take_value(const command_option_t *option, const char *value, problem_t *problem)
{
    if (value == NULL || *value == '\0')
        return problem_set(problem, STATUS_INVALID_ARGUMENT, option->name, "%s needs a value", option->name);
    if (*option->value != NULL)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, option->name, "%s is given twice", option->name);
    *option->value = value;
    return STATUS_OK;
}

status_t command_option_take(const command_option_t *option, const char *value, const char *next, bool *used, problem_t *problem)
{
    *used = false;
    if (option->flag != NULL) {
        if (value != NULL)
            return problem_set(problem, STATUS_INVALID_ARGUMENT, option->name, "%s takes no value", option->name);
        *option->flag = true;
        return STATUS_OK;
    }
    *used = value == NULL && next != NULL;
    return take_value(option, *used ? next : value, problem);
}

static status_t check_required(const command_option_t *options, problem_t *problem)
{
    for (; options->name != NULL; options++) {
        if (options->required && *options->value == NULL)
            return problem_set(problem, STATUS_INVALID_ARGUMENT, options->name, "%s is missing", options->name);
    }
    return STATUS_OK;
}

status_t command_options(const command_option_t *options, int argc, char **argv, int *positionals, problem_t *problem)
{
    bool open = true;
    int kept = 0;
    for (int i = 0; i < argc; i++) {
        char *argument = argv[i];
        if (!open || argument[0] != '-' || argument[1] == '\0') {
            argv[kept++] = argument;
            continue;
        }
        if (strcmp(argument, "--") == 0) {
            open = false;
            continue;
        }
        const char *value;
        const command_option_t *option = command_option_find(options, argument, &value);
        if (option == NULL)
            return problem_set(problem, STATUS_INVALID_ARGUMENT, argument, "there is no option %s", argument);
        bool used;
        status_t status = command_option_take(option, value, i + 1 < argc ? argv[i + 1] : NULL, &used, problem);
        if (status != STATUS_OK)
            return status;
        i += used ? 1 : 0;
    }
    *positionals = kept;
    return check_required(options, problem);
}

int command_usage_error(const command_t *command, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "pcnctl %s: ", command->name);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\n\n%s", command->usage);
    return COMMAND_USAGE;
}

int command_failed(const command_t *command, const problem_t *problem)
{
    fprintf(stderr, "pcnctl %s: %s\n", command->name, problem->detail);
    return COMMAND_FAILED;
}

int command_code_of_http(long status)
{
    if (status == 404)
        return COMMAND_NOT_FOUND;
    if (status == 0 || status == 429 || (status >= 502 && status <= 504))
        return COMMAND_UNAVAILABLE;
    return status >= 400 && status < 500 ? COMMAND_REFUSED : COMMAND_FAILED;
}

bool command_number(const char *text, long long minimum, long long maximum, long long *value)
{
    // strtoll also takes blanks and signs in front; a number of ours has neither, but a minus.
    if (text[text[0] == '-'] < '0' || text[text[0] == '-'] > '9')
        return false;
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0' || number < minimum || number > maximum)
        return false;
    *value = number;
    return true;
}
