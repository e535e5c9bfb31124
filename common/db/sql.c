// Just enough of PostgreSQL's lexer to tell a parameter from what looks like one.
#include "common/db/internal.h"

#include <string.h>

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_word(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || (unsigned char)c >= 0x80;
}

// Behind the closing quote, or at the end of the text.
static const char *skip_quoted(const char *at, char quote, bool backslashes)
{
    for (at++; *at != '\0'; at++) {
        if (backslashes && *at == '\\' && at[1] != '\0') {
            at++;
        } else if (*at == quote) {
            if (at[1] != quote)
                return at + 1;
            at++;
        }
    }
    return at;
}

static const char *skip_line(const char *at)
{
    while (*at != '\0' && *at != '\n')
        at++;
    return at;
}

// PostgreSQL's block comments nest.
static const char *skip_block(const char *at)
{
    int depth = 0;
    while (*at != '\0') {
        if (at[0] == '/' && at[1] == '*') {
            depth++;
            at += 2;
        } else if (at[0] == '*' && at[1] == '/') {
            at += 2;
            if (--depth == 0)
                break;
        } else {
            at++;
        }
    }
    return at;
}

// Behind $tag$…$tag$; `at` itself where no such quote starts here ($1, a$b).
static const char *skip_dollar(const char *start, const char *at)
{
    if (at > start && is_word(at[-1]))
        return at;
    const char *end = at + 1;
    if (*end >= '0' && *end <= '9')
        return at;
    while (is_word(*end))
        end++;
    if (*end != '$')
        return at;
    size_t tag = (size_t)(end - at) + 1;
    for (const char *p = end + 1; *p != '\0'; p++)
        if (*p == '$' && strncmp(p, at, tag) == 0)
            return p + tag;
    return end + strlen(end);
}

// E'…' knows backslashes; the E must not be the end of a longer word.
static bool has_escapes(const char *start, const char *quote)
{
    if (quote == start || (quote[-1] != 'e' && quote[-1] != 'E'))
        return false;
    return quote - 1 == start || !is_word(quote[-2]);
}

static const char *name_end(const char *at)
{
    while (is_word(*at) || (*at == '.' && is_letter(at[1])))
        at++;
    return at;
}

bool sql_next_parameter(const char **at, const char **name, size_t *size)
{
    const char *start = *at;
    const char *p = start;
    while (*p != '\0') {
        const char *next = p + 1;
        if (*p == '\'') {
            next = skip_quoted(p, '\'', has_escapes(start, p));
        } else if (*p == '"') {
            next = skip_quoted(p, '"', false);
        } else if (p[0] == '-' && p[1] == '-') {
            next = skip_line(p);
        } else if (p[0] == '/' && p[1] == '*') {
            next = skip_block(p);
        } else if (*p == '$') {
            next = skip_dollar(start, p);
            if (next == p)
                next = p + 1;
        } else if (p[0] == ':' && p[1] == ':') {
            next = p + 2;
        } else if (p[0] == ':' && is_letter(p[1])) {
            *name = p + 1;
            *at = name_end(p + 1);
            *size = (size_t)(*at - *name);
            return true;
        }
        p = next;
    }
    *at = p;
    return false;
}

void sql_add_identifier(buf_t *out, const char *name)
{
    buf_add_char(out, '"');
    for (; *name != '\0'; name++) {
        if (*name == '"')
            buf_add_char(out, '"');
        buf_add_char(out, *name);
    }
    buf_add_char(out, '"');
}

void array_open(buf_t *out)
{
    buf_add_char(out, '{');
}

void array_add(buf_t *out, const char *text)
{
    if (out->size > 1)
        buf_add_char(out, ',');
    buf_add_char(out, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            buf_add_char(out, '\\');
        buf_add_char(out, *text);
    }
    buf_add_char(out, '"');
}

void array_close(buf_t *out)
{
    buf_add_char(out, '}');
}
