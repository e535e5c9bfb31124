#include "common/service/cursor.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "common/base/base64url.h"

#define VERSION "2"

// FNV-1a over the texts; absent differs from empty.
static uint64_t hash_of(const char *const *list, size_t count)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < count; i++) {
        for (const char *c = list[i] != NULL ? list[i] : "\xff"; *c != '\0'; c++)
            hash = (hash ^ (uint8_t)*c) * 0x100000001b3u;
        hash = (hash ^ 0x1f) * 0x100000001b3u;
    }
    return hash;
}

static char *head(const char *const *list, size_t count, arena_t *arena)
{
    return arena_printf(arena, VERSION "|%016" PRIx64, hash_of(list, count));
}

char *cursor_make(const char *const *list, size_t list_count, const char *const *parts, size_t part_count, arena_t *arena)
{
    char *text = head(list, list_count, arena);
    for (size_t i = 0; i < part_count && text != NULL; i++) {
        assert(strchr(parts[i], '|') == NULL);
        text = arena_printf(arena, "%s|%s", text, parts[i]);
    }
    char *token = text != NULL ? arena_alloc(arena, BASE64URL_SIZE(strlen(text))) : NULL;
    if (token != NULL)
        base64url_encode(text, strlen(text), token);
    return token;
}

static status_t refuse(problem_t *problem)
{
    return problem_set(problem, STATUS_INVALID_ARGUMENT, "pageToken", "This is no page token of ours");
}

status_t cursor_read(const char *token, const char *const *list, size_t list_count, char **parts, size_t part_count, arena_t *arena,
                     problem_t *problem)
{
    const size_t room = strlen(token) + 1;
    char *text = arena_alloc(arena, room);
    const char *expected = head(list, list_count, arena);
    if (text == NULL || expected == NULL)
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory");
    size_t size = 0;
    if (!base64url_decode(token, strlen(token), (unsigned char *)text, room - 1, &size))
        return refuse(problem);
    text[size] = '\0';
    if (strlen(text) != size || strncmp(text, VERSION "|", 2) != 0)
        return refuse(problem);
    char *at = strchr(text + 2, '|');
    for (size_t i = 0; i < part_count; i++) {
        if (at == NULL)
            return refuse(problem);
        *at++ = '\0';
        parts[i] = at;
        at = strchr(at, '|');
    }
    if (at != NULL)
        return refuse(problem);
    if (strcmp(text, expected) != 0)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "pageToken", "The token belongs to a list with other filters");
    return STATUS_OK;
}
