#include "common/client/note.h"

#include <stdio.h>

#include "common/base/log.h"

// A log is written without a handle, so where it goes is the thread's: each runs at most one subscription at a time.
static _Thread_local char *current;

void client_note_into(char *note)
{
    current = note;
}

void log_start(const char *daemon, log_level_t least)
{
    (void)daemon;
    (void)least;
}

bool log_enabled(log_level_t level)
{
    return current != NULL && level >= LOG_LEVEL_WARNING;
}

void log_write(log_level_t level, const char *message, const log_field_t *fields, size_t count)
{
    if (!log_enabled(level)) {
        return;
    }
    int size = snprintf(current, CLIENT_NOTE_SIZE, "%s", message);
    for (size_t i = 0; i < count && size > 0 && size < CLIENT_NOTE_SIZE; i++) {
        size_t room = CLIENT_NOTE_SIZE - (size_t)size;
        const char *between = i == 0 ? ": " : ", ";
        size += fields[i].text != NULL ? snprintf(current + size, room, "%s%s %s", between, fields[i].name, fields[i].text)
                                       : snprintf(current + size, room, "%s%s %lld", between, fields[i].name, (long long)fields[i].number);
    }
}
