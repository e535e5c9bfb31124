// The log: one JSON object a line on stderr, {"time","level","daemon","message", …fields}. Never a payload, token, name or NHS number:
// fields carry codes, counts, durations and our own words. Control characters are escaped, so one entry stays one line; a line is
// one write(2), cut at 4 KiB.
//
// The process's name and level are the one piece of state that does not hang from the app: set once at start, before any thread.
#ifndef PCN_BASE_LOG_H
#define PCN_BASE_LOG_H

#include "common/base/status.h"

typedef enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR } log_level_t;

typedef struct log_field {
    const char *name;
    // NULL means that `number` counts.
    const char *text;
    int64_t number;
} log_field_t;

#define LOG_TEXT(name, value) ((log_field_t){(name), (value) != NULL ? (value) : "", 0})
#define LOG_NUMBER(name, value) ((log_field_t){(name), NULL, (int64_t)(value)})

void log_start(const char *daemon, log_level_t least);
bool log_level_parse(const char *text, log_level_t *level);
bool log_enabled(log_level_t level);
// A failing write (full disk, closed pipe) is ignored: the service goes on.
void log_write(log_level_t level, const char *message, const log_field_t *fields, size_t count);

// For a line that a peer could make us write without end. All zero at first.
typedef struct log_pause {
    int64_t until_us;
    int64_t held; // not said since the last one that was
} log_pause_t;

// Whether it may be said again, once a period at most; what may not is counted. The caller says `held` and sets it to 0.
static inline bool log_pause_over(log_pause_t *pause, int64_t now_us, int64_t period_us)
{
    if (now_us < pause->until_us) {
        pause->held++;
        return false;
    }
    pause->until_us = now_us + period_us;
    return true;
}

#define LOG_FIELDS(...) (log_field_t[]){__VA_ARGS__}, sizeof((log_field_t[]){__VA_ARGS__}) / sizeof(log_field_t)
#define log_debug(message, ...) log_write(LOG_LEVEL_DEBUG, message, LOG_FIELDS(__VA_ARGS__))
#define log_info(message, ...) log_write(LOG_LEVEL_INFO, message, LOG_FIELDS(__VA_ARGS__))
#define log_warning(message, ...) log_write(LOG_LEVEL_WARNING, message, LOG_FIELDS(__VA_ARGS__))
#define log_error(message, ...) log_write(LOG_LEVEL_ERROR, message, LOG_FIELDS(__VA_ARGS__))

#endif
