#include "common/base/log.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/clock.h"
#include "common/base/utf8.h"

// A line with its newline; kept back for the end: `,"cut":true}` and the newline.
enum { LINE_SIZE = 4096, END_SIZE = 16 };

static const char *const level_names[] = {"debug", "info", "warning", "error"};

// Written by log_start alone, before any thread; see the header.
static struct {
    char daemon[64];
    log_level_t least;
} state = {"pcn", LOG_LEVEL_INFO};

void log_start(const char *daemon, log_level_t least)
{
    utf8_copy(state.daemon, sizeof state.daemon, daemon);
    state.least = least;
}

bool log_level_parse(const char *text, log_level_t *level)
{
    for (size_t i = 0; i < sizeof level_names / sizeof level_names[0]; i++) {
        if (strcmp(text, level_names[i]) == 0) {
            *level = (log_level_t)i;
            return true;
        }
    }
    return false;
}

bool log_enabled(log_level_t level)
{
    return level >= state.least;
}

// A name and its text; a text too long for the line is halved until it fits. False where not even the name did.
static bool add_text(buf_t *line, const char *name, const char *text, bool *cut)
{
    size_t before = line->size;
    for (size_t size = strnlen(text, LINE_SIZE);; size = utf8_cut(text, size / 2)) {
        if (before > 1) {
            buf_add_char(line, ',');
        }
        buf_add_json_string(line, name, strlen(name));
        buf_add_char(line, ':');
        buf_add_json_string(line, text, size);
        if (buf_ok(line)) {
            *cut = *cut || text[size] != '\0';
            return true;
        }
        line->failed = false;
        line->size = before;
        if (size == 0) {
            return false;
        }
    }
}

static bool add_number(buf_t *line, const char *name, int64_t number)
{
    size_t before = line->size;
    buf_add_char(line, ',');
    buf_add_json_string(line, name, strlen(name));
    buf_printf(line, ":%" PRId64, number);
    if (buf_ok(line)) {
        return true;
    }
    line->failed = false;
    line->size = before;
    return false;
}

void log_write(log_level_t level, const char *message, const log_field_t *fields, size_t count)
{
    if (!log_enabled(level)) {
        return;
    }
    // A buffer on the stack: its cap is below its room, so that it never asks for memory.
    char text[LINE_SIZE];
    buf_t line = {.data = text, .room = sizeof text, .cap = sizeof text - END_SIZE};
    char now[INSTANT_SIZE];
    instant_format(clock_wall_us(), now);
    bool cut = false;
    buf_add_char(&line, '{');
    add_text(&line, "time", now, &cut);
    add_text(&line, "level", level_names[level], &cut);
    add_text(&line, "daemon", state.daemon, &cut);
    add_text(&line, "message", message, &cut);
    for (size_t i = 0; i < count; i++) {
        bool fits = fields[i].text != NULL ? add_text(&line, fields[i].name, fields[i].text, &cut)
                                           : add_number(&line, fields[i].name, fields[i].number);
        cut = cut || !fits;
    }
    line.cap = sizeof text - 1;
    buf_add_string(&line, cut ? ",\"cut\":true}\n" : "}\n");
    // One write a line, so that lines of several processes do not mix. Nobody could be told of a failure.
    ssize_t written = write(STDERR_FILENO, line.data, line.size);
    (void)written;
}
