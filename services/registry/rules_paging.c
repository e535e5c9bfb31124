#include "services/registry/rules_paging.h"

#include <inttypes.h>
#include <string.h>

#include "common/base/id.h"

// Of the greatest distance, 2100.
#define DISTANCE_DIGITS 4

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

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

// Base64url without padding. NULL without memory.
static char *encode(const char *text, arena_t *arena)
{
    const size_t size = strlen(text);
    char *out = arena_alloc(arena, (size + 2) / 3 * 4 + 1);
    if (out == NULL)
        return NULL;
    size_t written = 0;
    for (size_t i = 0; i < size; i += 3) {
        const size_t left = size - i < 3 ? size - i : 3;
        uint32_t group = (uint32_t)(uint8_t)text[i] << 16;
        group |= left > 1 ? (uint32_t)(uint8_t)text[i + 1] << 8 : 0;
        group |= left > 2 ? (uint32_t)(uint8_t)text[i + 2] : 0;
        for (size_t j = 0; j <= left; j++)
            out[written++] = alphabet[group >> (18 - 6 * j) & 0x3f];
    }
    out[written] = '\0';
    return out;
}

// The other way; NULL for what no encode() made, and without memory.
static char *decode(const char *token, arena_t *arena)
{
    const size_t size = strlen(token);
    char *out = size % 4 != 1 ? arena_alloc(arena, size / 4 * 3 + 3) : NULL;
    if (out == NULL)
        return NULL;
    size_t written = 0;
    uint32_t bits = 0;
    unsigned have = 0;
    for (size_t i = 0; i < size; i++) {
        const char *place = strchr(alphabet, token[i]);
        if (place == NULL)
            return NULL;
        bits = bits << 6 | (uint32_t)(place - alphabet);
        have += 6;
        if (have >= 8) {
            have -= 8;
            out[written++] = (char)(bits >> have & 0xff);
        }
    }
    out[written] = '\0';
    return out;
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
    // The same place must be written the same way, whatever was decoded.
    const char *again = encode(text, arena);
    if (again == NULL || strcmp(again, request->page_token) != 0)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "pageToken", "This is no page token of ours");
    if (strncmp(text, expected, size) != 0)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "pageToken", "The token belongs to a list with other filters");
    return STATUS_OK;
}
