#include "common/pb/json_scan.h"

#include <stdio.h>

#include "common/base/id.h"

bool pb_json_shallow(const char *text, size_t size, size_t *offset)
{
    unsigned depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > PB_JSON_DEPTH_MAX) {
                *offset = i;
                return false;
            }
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    return true;
}

// An open bracket: a list with the index of its current item, or an object with its current key.
typedef struct level {
    bool list;
    size_t index;
    const char *key;
    size_t key_size;
} level_t;

typedef struct place {
    // One more than the limit, whose bracket is what a refusal is about.
    level_t levels[PB_JSON_DEPTH_MAX + 1];
    size_t depth;
    const char *string; // the last complete string
    size_t string_size;
} place_t;

static void place_step(place_t *place, char c)
{
    level_t *top = place->depth > 0 ? &place->levels[place->depth - 1] : NULL;
    switch (c) {
    case '{':
    case '[':
        if (place->depth < sizeof place->levels / sizeof place->levels[0])
            place->levels[place->depth++] = (level_t){.list = c == '['};
        break;
    case '}':
    case ']':
        place->depth -= place->depth > 0;
        break;
    case ':':
        if (top != NULL && !top->list) {
            top->key = place->string;
            top->key_size = place->string_size;
        }
        break;
    case ',':
        if (top != NULL) {
            top->index++;
            top->key = NULL;
        }
        break;
    default:
        break;
    }
}

static void place_find(place_t *place, const char *text, size_t offset)
{
    for (size_t i = 0; i < offset; i++) {
        if (text[i] != '"') {
            place_step(place, text[i]);
            continue;
        }
        size_t start = i + 1;
        for (i = start; i < offset && text[i] != '"'; i++)
            i += text[i] == '\\';
        if (i < offset) {
            place->string = text + start;
            place->string_size = i - start;
        }
    }
}

// Adds one part, or nothing where it does not fit whole or is no text that could be shown.
static size_t add_key(char *out, size_t room, size_t used, const char *key, size_t size)
{
    if (key == NULL || size + (used > 0) >= room - used || !utf8_valid(key, size))
        return used;
    return used + (size_t)snprintf(out + used, room - used, "%s%.*s", used > 0 ? "." : "", (int)size, key);
}

void pb_json_locate(const char *text, size_t offset, bool at_key, char *out, size_t room)
{
    place_t place = {0};
    place_find(&place, text, offset);
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < place.depth; i++) {
        const level_t *level = &place.levels[i];
        if (level->list) {
            int size = snprintf(out + used, room - used, "[%zu]", level->index);
            if (size < 0 || (size_t)size >= room - used) {
                out[used] = '\0';
                return;
            }
            used += (size_t)size;
        } else if (i + 1 < place.depth || !at_key) {
            used = add_key(out, room, used, level->key, level->key_size);
        }
    }
    if (at_key)
        (void)add_key(out, room, used, place.string, place.string_size);
}
