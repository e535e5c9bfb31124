#include "services/gateway/multipart.h"

#include <string.h>
#include <strings.h>

#include "services/gateway/multipart_head.h"

#define FORM "multipart/form-data"
// CR and LF before a boundary, which the first one does not need.
#define LINE_END 2

bool multipart_is_form(const char *content_type)
{
    const size_t size = strlen(FORM);
    return strncasecmp(content_type, FORM, size) == 0 && (content_type[size] == '\0' || strchr("; \t", content_type[size]) != NULL);
}

// Characters of RFC 2046; a blank may not be the last.
static bool boundary_valid(const char *boundary, size_t size)
{
    static const char others[] = "'()+_,-./:=? ";
    for (size_t i = 0; i < size; i++) {
        const char c = boundary[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr(others, c) != NULL))
            return false;
    }
    return size > 0 && boundary[size - 1] != ' ';
}

bool multipart_init(multipart_t *form, const char *content_type)
{
    const char *at = content_type + strlen(FORM), *end = content_type + strlen(content_type), *name;
    char value[MULTIPART_BOUNDARY_MAX + 2];
    size_t name_size;
    int got;
    form->state = MULTIPART_AT_START;
    form->matched = form->matched_from = LINE_END;
    form->owed = form->owed_to = form->delimiter_size = 0;
    form->fault = NULL;
    if (!multipart_is_form(content_type))
        return false;
    while ((got = multipart_parameter(&at, end, &name, &name_size, value, sizeof(value))) > 0) {
        if (name_size != strlen("boundary") || strncasecmp(name, "boundary", name_size) != 0)
            continue;
        const size_t size = strlen(value);
        if (form->delimiter_size > 0 || size > MULTIPART_BOUNDARY_MAX || !boundary_valid(value, size))
            return false;
        memcpy(form->delimiter, "\r\n--", 4);
        memcpy(form->delimiter + 4, value, size);
        form->delimiter_size = 4 + size;
    }
    return got == 0 && form->delimiter_size > 0;
}

static multipart_event_t bad(multipart_t *form, const char *fault)
{
    form->state = MULTIPART_BROKEN;
    form->fault = fault;
    return MULTIPART_BAD;
}

static void begin_head(multipart_t *form)
{
    form->state = MULTIPART_IN_HEAD;
    form->line_size = form->head_size = 0;
    form->disposed = false;
}

// Between a boundary and what follows it, and outside of parts; one byte.
static multipart_event_t read_between(multipart_t *form, char c)
{
    switch (form->state) {
    case MULTIPART_AT_START:
        if (c != form->delimiter[form->matched])
            return bad(form, "The form does not begin with its boundary");
        if (++form->matched == form->delimiter_size)
            form->state = MULTIPART_AFTER_BOUNDARY;
        return MULTIPART_MORE;
    case MULTIPART_AFTER_BOUNDARY:
        form->state = c == '\r' ? MULTIPART_AFTER_BOUNDARY_CR : MULTIPART_AFTER_BOUNDARY_DASH;
        return c == '\r' || c == '-' ? MULTIPART_MORE : bad(form, "A boundary is followed by what is no line's end");
    case MULTIPART_AFTER_BOUNDARY_CR:
        begin_head(form);
        return c == '\n' ? MULTIPART_MORE : bad(form, "A boundary is followed by what is no line's end");
    case MULTIPART_AFTER_BOUNDARY_DASH:
        form->state = MULTIPART_AT_END;
        return c == '-' ? MULTIPART_END : bad(form, "A boundary is followed by what is no line's end");
    case MULTIPART_AT_END:
        form->state = MULTIPART_AT_END_CR;
        return c == '\r' ? MULTIPART_MORE : bad(form, "The form goes on after its last boundary");
    case MULTIPART_AT_END_CR:
        form->state = MULTIPART_AFTER_END;
        return c == '\n' ? MULTIPART_MORE : bad(form, "The form goes on after its last boundary");
    default:
        return bad(form, form->fault != NULL ? form->fault : "The form goes on after its last boundary");
    }
}

// One byte of a part's head.
static multipart_event_t read_head(multipart_t *form, char c)
{
    if (++form->head_size > MULTIPART_HEAD_MAX || (c != '\n' && form->line_size == sizeof(form->line)))
        return bad(form, "A part's head is too long");
    if (c != '\n') {
        form->line[form->line_size++] = c;
        return MULTIPART_MORE;
    }
    if (form->line_size == 0 || form->line[form->line_size - 1] != '\r')
        return bad(form, "A line of a part's head ends without a carriage return");
    const bool last = --form->line_size == 0;
    const char *fault = last ? multipart_head_end(form) : multipart_head_line(form);
    form->line_size = 0;
    if (fault != NULL)
        return bad(form, fault);
    if (!last)
        return MULTIPART_MORE;
    form->state = MULTIPART_IN_CONTENT;
    form->matched = form->matched_from = LINE_END;
    return MULTIPART_PART;
}

// Content up to the next carriage return; MULTIPART_MORE where it is reached or the bytes end.
static multipart_event_t copy_plain(const char *bytes, size_t size, size_t *at, char *out, size_t room, size_t *used)
{
    const char *stop = memchr(bytes + *at, '\r', size - *at);
    size_t plain = stop != NULL ? (size_t)(stop - bytes) - *at : size - *at;
    const bool full = plain > room - *used;
    if (full)
        plain = room - *used;
    if (plain > 0)
        memcpy(out + *used, bytes + *at, plain);
    *at += plain;
    *used += plain;
    return full ? MULTIPART_FULL : MULTIPART_MORE;
}

// A carriage return stands in the delimiter only at its beginning: where it does not go on no later one has begun.
static multipart_event_t read_content(multipart_t *form, const char *bytes, size_t size, size_t *at, char *out, size_t room, size_t *used)
{
    while (form->owed < form->owed_to) {
        if (*used == room)
            return MULTIPART_FULL;
        out[(*used)++] = form->delimiter[form->owed++];
    }
    if (form->matched == 0 && bytes[*at] != '\r')
        return copy_plain(bytes, size, at, out, room, used);
    if (bytes[*at] == form->delimiter[form->matched]) {
        ++*at;
        if (++form->matched < form->delimiter_size)
            return MULTIPART_MORE;
        form->state = MULTIPART_AFTER_BOUNDARY;
        return MULTIPART_PART_END;
    }
    form->owed = form->matched_from;
    form->owed_to = form->matched;
    form->matched = form->matched_from = 0;
    return MULTIPART_MORE;
}

multipart_event_t multipart_read(multipart_t *form, const char *bytes, size_t size, size_t *at, char *out, size_t room, size_t *used)
{
    multipart_event_t event = MULTIPART_MORE;
    while (*at < size && event == MULTIPART_MORE) {
        if (form->state == MULTIPART_IN_CONTENT)
            event = read_content(form, bytes, size, at, out, room, used);
        else if (form->state == MULTIPART_IN_HEAD)
            event = read_head(form, bytes[(*at)++]);
        else
            event = read_between(form, bytes[(*at)++]);
    }
    return event;
}

bool multipart_complete(const multipart_t *form)
{
    return form->state == MULTIPART_AT_END || form->state == MULTIPART_AFTER_END;
}
