#include "common/service/resource.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "common/base/id.h"
#include "common/pb/param.h"

#define PREFIX "/v1/"
#define NAME_SIZE 64

// The text of the request's field between braces; NULL where there is none.
static const char *field_text(const pb_method_t *method, const void *request, const char *name, size_t size, arena_t *arena)
{
    char path[NAME_SIZE];
    pb_path_t field;
    const char *text = NULL;
    size_t text_size;
    if (request == NULL || size >= sizeof path)
        return NULL;
    memcpy(path, name, size);
    path[size] = '\0';
    if (!pb_path_resolve(method->request, path, &field) || pb_param(&field, request, arena, &text, &text_size) != STATUS_OK)
        return NULL;
    return text;
}

// A verb stands behind the last segment.
static size_t size_without_verb(const char *path)
{
    const char *segment = strrchr(path, '/');
    const char *verb = strrchr(segment != NULL ? segment : path, ':');
    return verb != NULL ? (size_t)(verb - path) : strlen(path);
}

// The name that a creation asks for: the field of its body by which the made thing is then read (GET of the same path and "/{code}").
static const char *name_asked_for(const pb_method_t *method, const void *request, arena_t *arena)
{
    if (method->path == NULL)
        return NULL;
    const size_t size = strlen(method->path);
    char name[NAME_SIZE];
    for (const pb_service_t *const *service = pcn_services; *service != NULL && method->body != NULL; service++) {
        for (unsigned i = 0; i < (*service)->method_count; i++) {
            const pb_method_t *get = &(*service)->methods[i];
            if (get->path == NULL || strcmp(get->verb, "GET") != 0 || strncmp(get->path, method->path, size) != 0 ||
                strncmp(get->path + size, "/{", 2) != 0)
                continue;
            const size_t field_size = strcspn(get->path + size + 2, "}");
            const bool whole = strcmp(method->body, "*") == 0;
            if (get->path[size + 2 + field_size] != '}' || get->path[size + 3 + field_size] != '\0')
                continue;
            const int length =
                snprintf(name, sizeof name, "%s%s%.*s", whole ? "" : method->body, whole ? "" : ".", (int)field_size, get->path + size + 2);
            return length > 0 ? field_text(method, request, name, (size_t)length, arena) : NULL;
        }
    }
    return NULL;
}

// Ids are written small in the trail, however they are asked for.
static char *with_id(const char *path, const char *id, arena_t *arena)
{
    char *made = arena_printf(arena, "%s%s", path, id);
    for (char *at = made != NULL ? made + strlen(path) : NULL; at != NULL && *at != '\0'; at++)
        *at = (char)tolower((unsigned char)*at);
    return made;
}

char *resource_path(const pb_method_t *method, const void *request, const char *key, arena_t *arena)
{
    const char *path = method->path != NULL ? method->path : "";
    const char *end = path + size_without_verb(path);
    const char *at = strncmp(path, PREFIX, strlen(PREFIX)) == 0 ? path + strlen(PREFIX) : path;
    char *made = arena_string(arena, "");
    bool named = false;
    while (made != NULL && at < end) {
        const char *brace = memchr(at, '{', (size_t)(end - at));
        const char *close = brace != NULL ? memchr(brace, '}', (size_t)(end - brace)) : NULL;
        if (close == NULL)
            brace = end;
        made = arena_printf(arena, "%s%.*s", made, (int)(brace - at), at);
        if (close == NULL || made == NULL)
            break;
        const char *text = field_text(method, request, brace + 1, (size_t)(close - brace - 1), arena);
        if (text == NULL)
            break;
        made = id_valid(text) ? with_id(made, text, arena) : arena_printf(arena, "%s%s", made, text);
        named = true;
        at = close + 1;
    }
    if (made == NULL)
        return NULL;
    const size_t size = strlen(made);
    if (size > 0 && made[size - 1] == '/')
        made[size - 1] = '\0';
    if (key == NULL && !named && method->success == 201)
        key = name_asked_for(method, request, arena);
    if (named || key == NULL)
        return made;
    return made[0] != '\0' ? arena_printf(arena, "%s/%s", made, key) : arena_string(arena, key);
}
