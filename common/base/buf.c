#include "common/base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/utf8.h"

enum { FIRST_ROOM = 256 };

void buf_init(buf_t *buf, size_t cap)
{
    *buf = (buf_t){.cap = cap};
}

void buf_deinit(buf_t *buf)
{
    free(buf->data);
    *buf = (buf_t){.cap = buf->cap};
}

void buf_clear(buf_t *buf)
{
    buf->size = 0;
    buf->failed = false;
    if (buf->data != NULL) {
        buf->data[0] = '\0';
    }
}

static bool grow(buf_t *buf, size_t need)
{
    size_t room = buf->room < FIRST_ROOM ? FIRST_ROOM : buf->room;
    while (room < need) {
        room *= 2;
    }
    // Never much more than the cap can use.
    if (room > buf->cap && buf->cap + 1 >= need) {
        room = buf->cap + 1;
    }
    char *data = realloc(buf->data, room);
    if (data == NULL) {
        return false;
    }
    buf->data = data;
    buf->room = room;
    return true;
}

char *buf_reserve(buf_t *buf, size_t size)
{
    if (buf->failed) {
        return NULL;
    }
    if (size > SIZE_MAX / 4 || size > buf->cap || buf->size > buf->cap - size) {
        buf->failed = true;
        return NULL;
    }
    size_t need = buf->size + size + 1;
    if (need > buf->room && !grow(buf, need)) {
        buf->failed = true;
        return NULL;
    }
    // The caller writes up to here, so the content stays terminated when it uses all of it.
    buf->data[buf->size + size] = '\0';
    return buf->data + buf->size;
}

void buf_add(buf_t *buf, const void *bytes, size_t size)
{
    char *end = buf_reserve(buf, size);
    if (end != NULL && size > 0) {
        memcpy(end, bytes, size);
        buf->size += size;
    }
}

void buf_add_string(buf_t *buf, const char *string)
{
    buf_add(buf, string, strlen(string));
}

void buf_add_char(buf_t *buf, char c)
{
    if (!buf->failed && buf->size < buf->cap && buf->size + 1 < buf->room) {
        buf->data[buf->size++] = c;
        buf->data[buf->size] = '\0';
        return;
    }
    buf_add(buf, &c, 1);
}

void buf_printf(buf_t *buf, const char *format, ...)
{
    if (buf->failed) {
        return;
    }
    size_t left = buf->room - buf->size;
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(left > 0 ? buf->data + buf->size : NULL, left, format, arguments);
    va_end(arguments);
    if (length < 0) {
        buf->failed = true;
    } else {
        // Also where it fitted the memory, the cap decides.
        char *end = buf_reserve(buf, (size_t)length);
        if (end != NULL) {
            if ((size_t)length >= left) {
                vsnprintf(end, (size_t)length + 1, format, again);
            }
            buf->size += (size_t)length;
        }
    }
    va_end(again);
    if (buf->failed && buf->data != NULL && buf->size < buf->room) {
        buf->data[buf->size] = '\0';
    }
}

// Whether one of eight bytes needs a look: a control character, a quote, a backslash, or not ASCII.
static bool has_special(uint64_t eight)
{
    const uint64_t ones = 0x0101010101010101U;
    const uint64_t highs = 0x8080808080808080U;
    uint64_t quote = eight ^ (ones * '"');
    uint64_t backslash = eight ^ (ones * '\\');
    uint64_t control = eight - ones * 0x20;
    return ((control | (quote - ones) | (backslash - ones) | eight) & highs) != 0;
}

// First byte at or after `at` that does not go into JSON as it is.
static const unsigned char *skip_plain(const unsigned char *at, const unsigned char *end)
{
    while (end - at >= 8) {
        uint64_t eight;
        memcpy(&eight, at, sizeof eight);
        if (has_special(eight)) {
            break;
        }
        at += 8;
    }
    while (at < end && *at >= 0x20 && *at < 0x80 && *at != '"' && *at != '\\') {
        at++;
    }
    return at;
}

static void add_escape(buf_t *buf, unsigned char c)
{
    static const char digits[] = "0123456789abcdef";
    char text[6] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]};
    size_t size = 2;
    switch (c) {
    case '"':
    case '\\':
        text[1] = (char)c;
        break;
    case '\n':
        text[1] = 'n';
        break;
    case '\r':
        text[1] = 'r';
        break;
    case '\t':
        text[1] = 't';
        break;
    case '\b':
        text[1] = 'b';
        break;
    case '\f':
        text[1] = 'f';
        break;
    default:
        size = sizeof text;
    }
    buf_add(buf, text, size);
}

void buf_add_json_string(buf_t *buf, const char *text, size_t size)
{
    static const char replacement[] = "\xEF\xBF\xBD";
    if (size > SIZE_MAX / 8) {
        buf->failed = true;
        return;
    }
    // Nearly always nothing needs escaping: one reservation, one copy.
    if (buf_reserve(buf, size + 2) == NULL) {
        return;
    }
    buf_add_char(buf, '"');
    const unsigned char *at = (const unsigned char *)text;
    const unsigned char *end = size > 0 ? at + size : at;
    const unsigned char *run = at;
    while ((at = skip_plain(at, end)) < end) {
        size_t length = *at < 0x80 ? 0 : utf8_sequence(at, (size_t)(end - at));
        if (length > 0) {
            at += length;
            continue;
        }
        buf_add(buf, run, (size_t)(at - run));
        if (*at < 0x80) {
            add_escape(buf, *at);
        } else {
            buf_add(buf, replacement, sizeof replacement - 1);
        }
        run = ++at;
    }
    buf_add(buf, run, (size_t)(end - run));
    buf_add_char(buf, '"');
}
