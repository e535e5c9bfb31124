#include "services/supervisor/spec.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

enum { SPEC_GRACE_MS = 15000 };

static bool list_add(spec_list_t *list, const char *text)
{
    char **items = realloc(list->items, (list->count + 2) * sizeof *items);
    if (items == NULL) {
        return false;
    }
    list->items = items;
    items[list->count] = strdup(text);
    if (items[list->count] == NULL) {
        return false;
    }
    items[++list->count] = NULL;
    return true;
}

static void list_free(spec_list_t *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i]);
    }
    free(list->items);
    *list = (spec_list_t){0};
}

void spec_destroy(spec_t **spec)
{
    if (*spec == NULL) {
        return;
    }
    for (size_t i = 0; i < (*spec)->count; i++) {
        spec_program_t *program = &(*spec)->programs[i];
        list_free(&program->argv);
        list_free(&program->environment);
        list_free(&program->probe);
        list_free(&program->after);
        free(program->address);
        free(program->listen);
    }
    free(*spec);
    *spec = NULL;
}

int spec_find(const spec_t *spec, const char *name)
{
    for (size_t i = 0; i < spec->count; i++) {
        if (strcmp(spec->programs[i].name, name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static bool name_is_good(const char *name)
{
    size_t length = strlen(name);
    return length > 0 && length < SPEC_NAME_SIZE && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

static status_t section_open(spec_t *spec, char *text, problem_t *problem)
{
    char *end = strchr(text, ']');
    if (end == NULL || end[1] != '\0') {
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "a section is [name]");
    }
    *end = '\0';
    const char *name = text + 1;
    if (!name_is_good(name)) {
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "a program's name is 1 to 31 of a-z, 0-9 and -");
    }
    if (spec_find(spec, name) >= 0) {
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "%s is there twice", name);
    }
    if (spec->count == SPEC_PROGRAMS_MAX) {
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "at most %d programs", SPEC_PROGRAMS_MAX);
    }
    spec_program_t *program = &spec->programs[spec->count++];
    snprintf(program->name, sizeof program->name, "%s", name);
    program->stop_signal = SIGTERM;
    program->grace_ms = SPEC_GRACE_MS;
    return STATUS_OK;
}

// A word of a closed list; false for another.
typedef struct word {
    const char *text;
    int value;
} word_t;

static bool word_find(const word_t *words, size_t count, const char *text, int *value)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i].text, text) == 0) {
            *value = words[i].value;
            return true;
        }
    }
    return false;
}

static status_t words_set(const word_t *words, size_t count, const char *key, const char *text, int *value, problem_t *problem)
{
    if (!word_find(words, count, text, value)) {
        return problem_set(problem, STATUS_INVALID_ARGUMENT, key, "%s = %s is not known", key, text);
    }
    return STATUS_OK;
}

static status_t after_add(spec_t *spec, spec_program_t *program, const char *name, problem_t *problem)
{
    int index = spec_find(spec, name);
    if (index < 0 || &spec->programs[index] == program) {
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "after", "%s does not stand above", name);
    }
    if (program->after.count == SPEC_PROGRAMS_MAX) {
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "after", "too many");
    }
    program->after_index[program->after.count] = (size_t)index;
    return list_add(&program->after, name) ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
}

static status_t grace_set(spec_program_t *program, const char *text, problem_t *problem)
{
    char *end = NULL;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < 0 || value > 600000) {
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "grace", "grace is 0 to 600000 milliseconds");
    }
    program->grace_ms = value;
    return STATUS_OK;
}

static status_t listen_set(spec_program_t *program, const char *text, problem_t *problem)
{
    if (strncmp(text, "unix:/", 6) != 0 || strlen(text + 5) >= sizeof((struct sockaddr_un *)NULL)->sun_path) {
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "listen", "listen is unix: and an absolute path that fits a socket");
    }
    free(program->listen);
    program->listen = strdup(text + 5);
    return program->listen != NULL ? STATUS_OK : problem_set(problem, STATUS_RESOURCE_EXHAUSTED, "listen", "no memory");
}

static status_t key_set(spec_t *spec, spec_program_t *program, const char *key, const char *value, problem_t *problem)
{
    static const word_t readies[] = {{"start", SPEC_READY_START},
                                     {"fd", SPEC_READY_FD},
                                     {"connect", SPEC_READY_CONNECT},
                                     {"probe", SPEC_READY_PROBE},
                                     {"exit", SPEC_READY_EXIT}};
    static const word_t signals[] = {{"TERM", SIGTERM}, {"INT", SIGINT}, {"USR1", SIGUSR1}, {"HUP", SIGHUP}};
    const struct {
        const char *key;
        spec_list_t *list;
    } lists[] = {{"arg", &program->argv}, {"env", &program->environment}, {"probe", &program->probe}};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        if (strcmp(key, lists[i].key) == 0) {
            return list_add(lists[i].list, value) ? STATUS_OK : problem_set(problem, STATUS_RESOURCE_EXHAUSTED, key, "no memory");
        }
    }
    int number = 0;
    status_t status = STATUS_OK;
    if (strcmp(key, "after") == 0) {
        return after_add(spec, program, value, problem);
    }
    if (strcmp(key, "grace") == 0) {
        return grace_set(program, value, problem);
    }
    if (strcmp(key, "listen") == 0) {
        return listen_set(program, value, problem);
    }
    if (strcmp(key, "address") == 0) {
        free(program->address);
        program->address = strdup(value);
        return program->address != NULL ? STATUS_OK : problem_set(problem, STATUS_RESOURCE_EXHAUSTED, key, "no memory");
    }
    if (strcmp(key, "ready") == 0) {
        status = words_set(readies, sizeof readies / sizeof *readies, key, value, &number, problem);
        program->ready = (spec_ready_t)number;
        return status;
    }
    if (strcmp(key, "stop") == 0) {
        return words_set(signals, sizeof signals / sizeof *signals, key, value, &program->stop_signal, problem);
    }
    if (strcmp(key, "reload") == 0) {
        return words_set(signals, sizeof signals / sizeof *signals, key, value, &program->reload_signal, problem);
    }
    return problem_set(problem, STATUS_INVALID_ARGUMENT, key, "%s is not a key", key);
}

static char *trim(char *text)
{
    while (isspace((unsigned char)*text)) {
        text++;
    }
    size_t length = strlen(text);
    while (length > 0 && isspace((unsigned char)text[length - 1])) {
        text[--length] = '\0';
    }
    return text;
}

static status_t line_read(spec_t *spec, char *line, problem_t *problem)
{
    char *text = trim(line);
    if (*text == '\0' || *text == '#') {
        return STATUS_OK;
    }
    if (*text == '[') {
        return section_open(spec, text, problem);
    }
    char *equals = strchr(text, '=');
    if (equals == NULL || spec->count == 0) {
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "a line is key = value below a [section]");
    }
    *equals = '\0';
    return key_set(spec, &spec->programs[spec->count - 1], trim(text), trim(equals + 1), problem);
}

static status_t programs_check(const spec_t *spec, problem_t *problem)
{
    if (spec->count == 0) {
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "no program");
    }
    for (size_t i = 0; i < spec->count; i++) {
        const spec_program_t *program = &spec->programs[i];
        if (program->argv.count == 0 || program->argv.items[0][0] != '/') {
            return problem_set(problem, STATUS_INVALID_ARGUMENT, "arg", "%s: the first arg is an absolute path", program->name);
        }
        if ((program->ready == SPEC_READY_CONNECT) != (program->address != NULL)) {
            return problem_set(problem, STATUS_INVALID_ARGUMENT, "address", "%s: ready = connect and address go together", program->name);
        }
        if ((program->ready == SPEC_READY_PROBE) != (program->probe.count > 0)) {
            return problem_set(problem, STATUS_INVALID_ARGUMENT, "probe", "%s: ready = probe and probe go together", program->name);
        }
    }
    return STATUS_OK;
}

status_t spec_load(const char *path, spec_t **out, problem_t *problem)
{
    *out = NULL;
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "%s: %s", path, strerror(errno));
    }
    spec_t *spec = calloc(1, sizeof *spec);
    status_t status = spec != NULL ? STATUS_OK : problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "no memory");
    char *line = NULL;
    size_t room = 0;
    size_t number = 0;
    while (status == STATUS_OK && getline(&line, &room, file) >= 0) {
        number++;
        problem_t inner = {0};
        status = line_read(spec, line, &inner);
        if (status != STATUS_OK) {
            problem_set(problem, status, inner.field, "line %zu: %s", number, inner.detail);
        }
    }
    free(line);
    fclose(file);
    if (status == STATUS_OK) {
        status = programs_check(spec, problem);
    }
    if (status != STATUS_OK) {
        spec_destroy(&spec);
        return status;
    }
    *out = spec;
    return STATUS_OK;
}
