#include "common/base/config.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/arena.h"

enum { NAME_SIZE = 128, FILE_CAP = 64 * 1024, STRINGS_CAP = 1024 * 1024 };

struct config {
    arena_t *strings;
};

// PCN_REGISTRY_K or, without a daemon, PCN_K; `suffix` is "" or "_FILE".
static void variable_name(char out[NAME_SIZE], const char *daemon, const char *key, const char *suffix)
{
    snprintf(out, NAME_SIZE, "PCN_%s%s%s%s", daemon != NULL ? daemon : "", daemon != NULL ? "_" : "", key, suffix);
    for (char *c = out; *c != '\0'; c++) {
        *c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
    }
}

static const char *find_variable(const char *const *environment, const char *name)
{
    size_t size = strlen(name);
    for (; *environment != NULL; environment++) {
        if (strncmp(*environment, name, size) == 0 && (*environment)[size] == '=') {
            return *environment + size + 1;
        }
    }
    return NULL;
}

static bool is_variable(const char *entry, size_t size, const char *daemon, const char *key, const char *suffix)
{
    char name[NAME_SIZE];
    variable_name(name, daemon, key, suffix);
    return strlen(name) == size && memcmp(entry, name, size) == 0;
}

// Whether a key of the daemon is read from this variable.
static bool is_own(const config_spec_t *spec, const char *entry, size_t size)
{
    for (const config_key_t *const *table = spec->keys; *table != NULL; table++) {
        for (const config_key_t *key = *table; key->name != NULL; key++) {
            bool secret = (key->flags & CONFIG_SECRET) != 0;
            bool common = (key->flags & CONFIG_COMMON) != 0;
            if (is_variable(entry, size, spec->daemon, key->name, "") ||
                (secret && is_variable(entry, size, spec->daemon, key->name, "_FILE")) ||
                (common && is_variable(entry, size, NULL, key->name, "")) ||
                (common && secret && is_variable(entry, size, NULL, key->name, "_FILE"))) {
                return true;
            }
        }
    }
    return false;
}

static bool is_tolerated(const config_spec_t *spec, const char *entry, size_t size)
{
    for (const char *const *name = spec->tolerated; name != NULL && *name != NULL; name++) {
        if (strlen(*name) == size && memcmp(entry, *name, size) == 0) {
            return true;
        }
    }
    for (const char *const *other = spec->others; other != NULL && *other != NULL; other++) {
        char prefix[NAME_SIZE];
        variable_name(prefix, *other, "", "");
        size_t length = strlen(prefix);
        if (size > length && memcmp(entry, prefix, length) == 0) {
            return true;
        }
    }
    return false;
}

static status_t check_names(const config_spec_t *spec, const char *const *environment, problem_t *problem)
{
    for (; *environment != NULL; environment++) {
        const char *entry = *environment;
        size_t size = strcspn(entry, "=");
        if (strncmp(entry, "PCN_", 4) != 0 || is_own(spec, entry, size) || is_tolerated(spec, entry, size)) {
            continue;
        }
        char name[NAME_SIZE];
        snprintf(name, sizeof name, "%.*s", size < sizeof name ? (int)size : (int)sizeof name - 1, entry);
        return problem_set(problem, STATUS_INVALID_ARGUMENT, name, "%s is not a variable of %s; --help lists them", name, spec->daemon);
    }
    return STATUS_OK;
}

static status_t file_read(arena_t *strings, const char *name, const char *path, const char **text, problem_t *problem)
{
    char *bytes = malloc(FILE_CAP + 1);
    if (bytes == NULL) {
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, name, "out of memory");
    }
    status_t status = STATUS_OK;
    size_t size = 0;
    ssize_t got = 1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        while (size <= FILE_CAP && (got = read(fd, bytes + size, FILE_CAP + 1 - size)) > 0) {
            size += (size_t)got;
        }
    }
    if (fd < 0 || got < 0) {
        status = problem_set(problem, STATUS_INVALID_ARGUMENT, name, "the file that %s names cannot be read: %s", name, strerror(errno));
    } else if (size > FILE_CAP) {
        status = problem_set(problem, STATUS_INVALID_ARGUMENT, name, "the file that %s names is larger than %d bytes", name, FILE_CAP);
    } else if (memchr(bytes, '\0', size) != NULL) {
        status = problem_set(problem, STATUS_INVALID_ARGUMENT, name, "the file that %s names is not text", name);
    } else {
        size -= size > 0 && bytes[size - 1] == '\n' ? 1 : 0;
        *text = arena_copy(strings, bytes, size);
        if (*text == NULL) {
            status = problem_set(problem, STATUS_RESOURCE_EXHAUSTED, name, "out of memory");
        }
    }
    if (fd >= 0) {
        close(fd);
    }
    explicit_bzero(bytes, size);
    free(bytes);
    return status;
}

// The key's text under one prefix, from the variable or the file that it names. *text stays NULL where there is neither. `name`
// receives the variable that counted.
static status_t take_text(config_t *config, const char *const *environment, const char *daemon, const config_key_t *key,
                          char name[NAME_SIZE], const char **text, problem_t *problem)
{
    variable_name(name, daemon, key->name, "");
    const char *plain = find_variable(environment, name);
    if ((key->flags & CONFIG_SECRET) != 0) {
        char file_name[NAME_SIZE];
        variable_name(file_name, daemon, key->name, "_FILE");
        const char *path = find_variable(environment, file_name);
        if (path != NULL && plain != NULL) {
            return problem_set(problem, STATUS_INVALID_ARGUMENT, file_name, "%s and %s exclude each other", name, file_name);
        }
        if (path != NULL) {
            memcpy(name, file_name, NAME_SIZE);
            return file_read(config->strings, name, path, text, problem);
        }
    }
    if (plain != NULL) {
        *text = arena_string(config->strings, plain);
        if (*text == NULL) {
            return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, name, "out of memory");
        }
    }
    return STATUS_OK;
}

static bool parse_number(const char *text, int64_t *number, const char **rest)
{
    if (!isdigit((unsigned char)text[0]) && !(text[0] == '-' && isdigit((unsigned char)text[1]))) {
        return false;
    }
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    *number = value;
    *rest = end;
    return errno == 0;
}

static bool parse_duration(const char *text, int64_t *ms)
{
    static const struct {
        const char *suffix;
        int64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60 * 1000}, {"h", 60 * 60 * 1000}};
    const char *suffix;
    if (!parse_number(text, ms, &suffix)) {
        return false;
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(suffix, units[i].suffix) == 0) {
            return !__builtin_mul_overflow(*ms, units[i].ms, ms);
        }
    }
    return false;
}

static status_t check_bounds(const config_key_t *key, const char *name, int64_t value, problem_t *problem)
{
    bool bounded = key->minimum != 0 || key->maximum != 0;
    if (bounded && (value < key->minimum || value > key->maximum)) {
        const char *unit = key->type == CONFIG_DURATION ? "ms" : "";
        return problem_set(problem, STATUS_INVALID_ARGUMENT, name, "%s must lie between %" PRId64 "%s and %" PRId64 "%s", name,
                           key->minimum, unit, key->maximum, unit);
    }
    return STATUS_OK;
}

// Texts of values are never repeated in a problem: they may be secret.
static status_t set_value(const config_key_t *key, const char *name, const char *text, char *value, problem_t *problem)
{
    int64_t number = 0;
    const char *rest = "";
    switch (key->type) {
    case CONFIG_STRING:
        memcpy(value, &text, sizeof text);
        return STATUS_OK;
    case CONFIG_FLAG: {
        bool flag = strcmp(text, "true") == 0;
        if (!flag && strcmp(text, "false") != 0) {
            return problem_set(problem, STATUS_INVALID_ARGUMENT, name, "%s must be true or false", name);
        }
        memcpy(value, &flag, sizeof flag);
        return STATUS_OK;
    }
    case CONFIG_NUMBER:
        if (!parse_number(text, &number, &rest) || *rest != '\0') {
            return problem_set(problem, STATUS_INVALID_ARGUMENT, name, "%s must be a whole number", name);
        }
        break;
    case CONFIG_DURATION:
        if (!parse_duration(text, &number)) {
            return problem_set(problem, STATUS_INVALID_ARGUMENT, name, "%s must be a duration as 500ms, 5s, 10m or 24h", name);
        }
        break;
    }
    memcpy(value, &number, sizeof number);
    return check_bounds(key, name, number, problem);
}

static void set_zero(const config_key_t *key, char *value)
{
    const char *none = NULL;
    int64_t zero = 0;
    bool no = false;
    switch (key->type) {
    case CONFIG_STRING:
        memcpy(value, &none, sizeof none);
        break;
    case CONFIG_NUMBER:
    case CONFIG_DURATION:
        memcpy(value, &zero, sizeof zero);
        break;
    case CONFIG_FLAG:
        memcpy(value, &no, sizeof no);
        break;
    }
}

static status_t load_key(const config_spec_t *spec, config_t *config, const config_key_t *key, const char *const *environment, void *values,
                         problem_t *problem)
{
    char name[NAME_SIZE];
    char own_name[NAME_SIZE];
    variable_name(own_name, spec->daemon, key->name, "");
    const char *text = NULL;
    status_t status = take_text(config, environment, spec->daemon, key, name, &text, problem);
    if (status == STATUS_OK && text == NULL && (key->flags & CONFIG_COMMON) != 0) {
        status = take_text(config, environment, NULL, key, name, &text, problem);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if ((key->flags & CONFIG_REQUIRED) != 0 && (text == NULL || text[0] == '\0')) {
        const char *missing = (key->flags & CONFIG_COMMON) != 0 ? name : own_name;
        return problem_set(problem, STATUS_INVALID_ARGUMENT, missing, "%s is required: %s", missing, key->help);
    }
    text = text != NULL ? text : key->default_text;
    if (text == NULL) {
        set_zero(key, (char *)values + key->offset);
        return STATUS_OK;
    }
    return set_value(key, name, text, (char *)values + key->offset, problem);
}

status_t config_load(const config_spec_t *spec, const char *const *environment, void *values, config_t **config, problem_t *problem)
{
    *config = NULL;
    status_t status = check_names(spec, environment, problem);
    if (status != STATUS_OK) {
        return status;
    }
    config_t *loaded = calloc(1, sizeof *loaded);
    if (loaded == NULL || (loaded->strings = arena_new(STRINGS_CAP)) == NULL) {
        free(loaded);
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "out of memory");
    }
    for (const config_key_t *const *table = spec->keys; *table != NULL && status == STATUS_OK; table++) {
        for (const config_key_t *key = *table; key->name != NULL && status == STATUS_OK; key++) {
            status = load_key(spec, loaded, key, environment, values, problem);
        }
    }
    if (status != STATUS_OK) {
        config_destroy(&loaded);
        return status;
    }
    *config = loaded;
    return STATUS_OK;
}

void config_destroy(config_t **config)
{
    if (config == NULL || *config == NULL) {
        return;
    }
    arena_destroy(&(*config)->strings);
    free(*config);
    *config = NULL;
}
