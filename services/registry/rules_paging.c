#include "services/registry/rules_paging.h"

#include <inttypes.h>
#include <string.h>

#include "common/base/base64url.h"
#include "common/base/id.h"

// Of the greatest distance, 2100.
#define DISTANCE_DIGITS 4

// FNV-1a.
static uint64_t hash_add(uint64_t hash, const char *text)
{
    // Absent differs from empty.
    for (const char *c = text != NULL ? text : "\xff"; *c != '\0'; c++)
        hash = (hash ^ (uint8_t)*c) * 0x100000001b3u;
    return (hash ^ 0x1f) * 0x100000001b3u;
}

static uint64_t filters_hash(const Pcn__Registry__V1__ListOrganisationsRequest *request)
{
    uint64_t hash = 0xcbf29ce484222325u;
    hash = (hash ^ (uint64_t)(request->has_kind ? request->kind : 0)) * 0x100000001b3u;
    hash = (hash ^ (uint64_t)(request->has_level ? request->level : 0)) * 0x100000001b3u;
    hash = (hash ^ (uint64_t)(request->has_status ? request->status : 0)) * 0x100000001b3u;
    hash = hash_add(hash, request->parent);
    hash = hash_add(hash, request->as_of);
    return hash_add(hash, request->q);
}

// NULL without memory.
static char *encode(const char *text, arena_t *arena)
{
    char *out = arena_alloc(arena, BASE64URL_SIZE(strlen(text)));
    if (out != NULL)
        base64url_encode(text, strlen(text), out);
    return out;
}

// The other way; NULL for what no encode() made, and without memory.
static char *decode(const char *token, arena_t *arena)
{
    const size_t room = strlen(token) + 1;
    char *out = arena_alloc(arena, room);
    size_t size = 0;
    if (out == NULL || !base64url_decode(token, strlen(token), (unsigned char *)out, room - 1, &size))
        return NULL;
    out[size] = '\0';
    return strlen(out) == size ? out : NULL;
}

static char *prefix(const Pcn__Registry__V1__ListOrganisationsRequest *request, const char *code, arena_t *arena)
{
    return arena_printf(arena, "1.%016" PRIx64 ".%s", filters_hash(request), code);
}

char *page_token_make(const Pcn__Registry__V1__ListOrganisationsRequest *request, const char *last_code, int64_t distance, arena_t *arena)
{
    const char *place = request->q != NULL ? arena_printf(arena, "%s.%" PRId64, last_code, distance) : last_code;
    const char *text = place != NULL ? prefix(request, place, arena) : NULL;
    return text != NULL ? encode(text, arena) : NULL;
}

// Whether it is a place of the list: a code, in a search followed by the distance. Not without memory.
static bool place_valid(const Pcn__Registry__V1__ListOrganisationsRequest *request, const char *place, arena_t *arena)
{
    if (request->q == NULL)
        return code_valid(place);
    const char *dot = strchr(place, '.');
    char *code = arena_string(arena, place);
    if (dot == NULL || code == NULL)
        return false;
    code[dot - place] = '\0';
    const size_t digits = strspn(dot + 1, "0123456789");
    return code_valid(code) && digits > 0 && digits <= DISTANCE_DIGITS && dot[1 + digits] == '\0';
}

status_t page_token_check(const Pcn__Registry__V1__ListOrganisationsRequest *request, arena_t *arena, problem_t *problem)
{
    if (request->page_token == NULL)
        return STATUS_OK;
    const char *text = decode(request->page_token, arena);
    const char *expected = prefix(request, "", arena);
    if (expected == NULL)
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory");
    const size_t size = strlen(expected);
    if (text == NULL || strncmp(text, "1.", 2) != 0 || strlen(text) <= size || !place_valid(request, text + size, arena))
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "pageToken", "This is no page token of ours");
    if (strncmp(text, expected, size) != 0)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "pageToken", "The token belongs to a list with other filters");
    return STATUS_OK;
}
