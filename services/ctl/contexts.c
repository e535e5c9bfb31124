#include "services/ctl/contexts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/buf.h"

enum { FILE_CAP = 1024 * 1024, NAME_MAX_SIZE = 64 };

static status_t out_of_memory(problem_t *problem)
{
    return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "out of memory");
}

static status_t no_context(problem_t *problem, const char *name)
{
    return problem_set(problem, STATUS_NOT_FOUND, NULL, "there is no context %s", name);
}

bool context_name_valid(const char *name)
{
    const size_t size = strlen(name);
    return size > 0 && size <= NAME_MAX_SIZE && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-._") == size && name[0] != '-';
}

// The folder in which "pcn/contexts.json" is.
static status_t find_path(contexts_t *contexts, problem_t *problem)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    // A relative one is to be ignored (XDG Base Directory Specification).
    if (config != NULL && config[0] == '/')
        return file_path(config, "pcn/contexts.json", contexts->path, problem);
    if (home == NULL || home[0] == '\0')
        return problem_set(problem, STATUS_FAILED_PRECONDITION, NULL, "contexts are kept below HOME, which is not set");
    return file_path(home, ".config/pcn/contexts.json", contexts->path, problem);
}

static bool text_or_absent(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return value == NULL || json_is_string(value);
}

static bool is_whole(const json_t *document)
{
    size_t i;
    const json_t *context;
    const json_t *list = json_object_get(document, "contexts");
    if (!text_or_absent(document, "current") || (list != NULL && !json_is_array(list)))
        return false;
    json_array_foreach(list, i, context)
    {
        if (!json_is_string(json_object_get(context, "name")) || !json_is_string(json_object_get(context, "url")) ||
            !text_or_absent(context, "token") || !text_or_absent(context, "tokenFile") || !text_or_absent(context, "tokenCommand"))
            return false;
    }
    return true;
}

static status_t parse(contexts_t *contexts, const buf_t *text, problem_t *problem)
{
    json_error_t error = {.line = 1};
    contexts->document = json_loadb(text->data != NULL ? text->data : "", text->size, JSON_REJECT_DUPLICATES, &error);
    if (json_is_object(contexts->document) && is_whole(contexts->document))
        return STATUS_OK;
    return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "%s is no list of contexts (line %d)", contexts->path, error.line);
}

status_t contexts_load(contexts_t *contexts, problem_t *problem)
{
    struct stat found;
    contexts->document = NULL;
    status_t status = find_path(contexts, problem);
    if (status != STATUS_OK)
        return status;
    if (stat(contexts->path, &found) != 0 && errno == ENOENT) {
        contexts->document = json_object();
        return contexts->document != NULL ? STATUS_OK : out_of_memory(problem);
    }
    if (stat(contexts->path, &found) == 0 && (found.st_mode & 077) != 0)
        return problem_set(problem, STATUS_PERMISSION_DENIED, NULL, "%s can be read by others, and may hold tokens: chmod 600",
                           contexts->path);
    buf_t text;
    buf_init(&text, FILE_CAP);
    status = file_read(contexts->path, &text, problem);
    if (status == STATUS_OK)
        status = parse(contexts, &text, problem);
    buf_deinit(&text);
    return status;
}

void contexts_unload(contexts_t *contexts)
{
    json_decref(contexts->document);
    contexts->document = NULL;
}

// Makes each folder above the file.
static status_t make_folders(const char *path, problem_t *problem)
{
    char folder[FILE_PATH_SIZE];
    snprintf(folder, sizeof folder, "%s", path);
    for (char *slash = strchr(folder + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(folder, 0700) != 0 && errno != EEXIST)
            return problem_set(problem, STATUS_UNAVAILABLE, NULL, "cannot make the folder %s: %s", folder, strerror(errno));
        *slash = '/';
    }
    return STATUS_OK;
}

status_t contexts_save(const contexts_t *contexts, problem_t *problem)
{
    char *text = json_dumps(contexts->document, JSON_INDENT(2));
    if (text == NULL)
        return out_of_memory(problem);
    status_t status = make_folders(contexts->path, problem);
    if (status == STATUS_OK)
        status = file_replace(contexts->path, 0600, text, strlen(text), problem);
    free(text);
    return status;
}

const char *contexts_current(const contexts_t *contexts)
{
    return json_string_value(json_object_get(contexts->document, "current"));
}

size_t contexts_count(const contexts_t *contexts)
{
    return json_array_size(json_object_get(contexts->document, "contexts"));
}

bool contexts_at(const contexts_t *contexts, size_t index, context_t *context)
{
    const json_t *object = json_array_get(json_object_get(contexts->document, "contexts"), index);
    *context = (context_t){.name = json_string_value(json_object_get(object, "name")),
                           .url = json_string_value(json_object_get(object, "url")),
                           .token = json_string_value(json_object_get(object, "token")),
                           .token_file = json_string_value(json_object_get(object, "tokenFile")),
                           .token_command = json_string_value(json_object_get(object, "tokenCommand"))};
    return object != NULL;
}

// Its index; contexts_count where there is none.
static size_t find(const contexts_t *contexts, const char *name)
{
    context_t context;
    size_t index = 0;
    while (contexts_at(contexts, index, &context) && strcmp(context.name, name) != 0)
        index++;
    return index;
}

bool contexts_get(const contexts_t *contexts, const char *name, context_t *context)
{
    return contexts_at(contexts, find(contexts, name), context);
}

static bool add_text(json_t *object, const char *key, const char *text)
{
    return text == NULL || json_object_set_new(object, key, json_string(text)) == 0;
}

status_t contexts_put(contexts_t *contexts, const context_t *context, problem_t *problem)
{
    json_t *object = json_object();
    json_t *list = json_object_get(contexts->document, "contexts");
    const size_t index = find(contexts, context->name);
    if (list == NULL && json_object_set_new(contexts->document, "contexts", json_array()) == 0)
        list = json_object_get(contexts->document, "contexts");
    bool ok = list != NULL && add_text(object, "name", context->name) && add_text(object, "url", context->url) &&
              add_text(object, "token", context->token) && add_text(object, "tokenFile", context->token_file) &&
              add_text(object, "tokenCommand", context->token_command);
    if (ok)
        ok = index < json_array_size(list) ? json_array_set(list, index, object) == 0 : json_array_append(list, object) == 0;
    json_decref(object);
    if (ok && contexts_count(contexts) == 1)
        ok = add_text(contexts->document, "current", context->name);
    return ok ? STATUS_OK : problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "what a context holds must be UTF-8");
}

status_t contexts_remove(contexts_t *contexts, const char *name, problem_t *problem)
{
    const char *current = contexts_current(contexts);
    const size_t index = find(contexts, name);
    if (json_array_remove(json_object_get(contexts->document, "contexts"), index) != 0)
        return no_context(problem, name);
    if (current != NULL && strcmp(current, name) == 0)
        json_object_del(contexts->document, "current");
    return STATUS_OK;
}

status_t contexts_use(contexts_t *contexts, const char *name, problem_t *problem)
{
    context_t context;
    if (!contexts_get(contexts, name, &context))
        return no_context(problem, name);
    return add_text(contexts->document, "current", name) ? STATUS_OK : out_of_memory(problem);
}
