#include "common/pb/rule.h"

#include <jansson.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/id.h"

static status_t refuse(problem_t *problem, const char *detail)
{
    return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "%s", detail);
}

// The next code point of valid UTF-8; *text moves behind it.
static uint32_t code_point(const char **text)
{
    const unsigned char *p = (const unsigned char *)*text;
    unsigned more = p[0] < 0x80 ? 0 : p[0] < 0xe0 ? 1 : p[0] < 0xf0 ? 2 : 3;
    uint32_t point = more == 0 ? p[0] : p[0] & (0x3fu >> more);
    for (unsigned i = 1; i <= more; i++)
        point = point << 6 | (p[i] & 0x3fu);
    *text += more + 1;
    return point;
}

static bool is_blank(uint32_t point)
{
    return point <= ' ' || point == 0xa0 || point == 0x1680 || (point >= 0x2000 && point <= 0x200b) || point == 0x2028 || point == 0x2029 ||
           point == 0x202f || point == 0x205f || point == 0x3000 || point == 0xfeff;
}

bool rule_blank(const char *text)
{
    while (*text != '\0')
        if (!is_blank(code_point(&text)))
            return false;
    return true;
}

// Embeds, overrides or isolates a direction of writing: what is behind it can be shown as something else, and so can the rest of a line.
static bool is_directional(uint32_t point)
{
    return (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
}

static bool has_control(const char *text, bool lines)
{
    while (*text != '\0') {
        uint32_t point = code_point(&text);
        if (is_directional(point))
            return true;
        if ((point < 0x20 || (point >= 0x7f && point < 0xa0)) && !(lines && (point == '\t' || point == '\n')))
            return true;
    }
    return false;
}

// 1900-01-01. The field is younger, and what lies before is a slip; calendars before 1752 would not even agree about the day.
#define DATE_LEAST (-25567)

static status_t check_format(pb_format_t format, const char *text, problem_t *problem)
{
    int64_t wall_us;
    int32_t days;
    switch (format) {
    case PB_FORMAT_CODE:
        return code_valid(text) ? STATUS_OK
                                : refuse(problem, "Must be a code: 2 to 64 lower-case letters, digits and hyphens, or an ODS code");
    case PB_FORMAT_DATE:
        return date_parse(text, &days) && days >= DATE_LEAST ? STATUS_OK
                                                             : refuse(problem, "Must be a date that exists, from 1900 on, as 2019-07-01");
    case PB_FORMAT_INSTANT:
        return instant_parse(text, &wall_us) ? STATUS_OK : refuse(problem, "Must be an instant with its offset, as 2019-07-01T09:00:00Z");
    case PB_FORMAT_UUID:
        return id_valid(text) ? STATUS_OK : refuse(problem, "Must be a UUID");
    case PB_FORMAT_LINE:
        return !has_control(text, false) ? STATUS_OK : refuse(problem, "Must be one line without control characters");
    case PB_FORMAT_TEXT:
        return !has_control(text, true) ? STATUS_OK : refuse(problem, "Must hold no control characters but tabs and line feeds");
    case PB_FORMAT_NONE:
    default:
        return STATUS_OK;
    }
}

static status_t check_length(const pb_field_t *meta, const char *text, problem_t *problem)
{
    if (meta->min_length == 0 && meta->max_length == 0)
        return STATUS_OK;
    size_t length = 0;
    for (const char *p = text; *p != '\0'; p++)
        length += ((unsigned char)*p & 0xc0) != 0x80;
    if (length < meta->min_length)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "Must have at least %u character%s", meta->min_length,
                           meta->min_length == 1 ? "" : "s");
    if (meta->max_length > 0 && length > meta->max_length)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "Must have at most %u character%s", meta->max_length,
                           meta->max_length == 1 ? "" : "s");
    return STATUS_OK;
}

#define PATTERN_SIZE_MAX 512
#define PATTERNS_KEPT 64

typedef struct pattern {
    const char *source;
    regex_t compiled;
} pattern_t;

static bool pattern_compile(const char *source, regex_t *compiled)
{
    char anchored[PATTERN_SIZE_MAX];
    int size = snprintf(anchored, sizeof anchored, "^(%s)$", source);
    return size > 0 && (size_t)size < sizeof anchored && regcomp(compiled, anchored, REG_EXTENDED | REG_NOSUB) == 0;
}

static bool pattern_matches(const char *source, const char *text)
{
    // Compiling costs more than a whole request, and patterns are constants of the contract, so each is compiled once a thread and kept
    // under its address: a memory of something constant, which nobody can see, and without a lock. The threads that validate live
    // as long as the daemon.
    static _Thread_local pattern_t kept[PATTERNS_KEPT];
    for (unsigned i = 0; i < PATTERNS_KEPT; i++) {
        if (kept[i].source == NULL) {
            if (!pattern_compile(source, &kept[i].compiled))
                return false;
            kept[i].source = source;
        }
        if (kept[i].source == source)
            return regexec(&kept[i].compiled, text, 0, NULL, 0) == 0;
    }
    regex_t once; // more patterns than are kept: slow, but right
    if (!pattern_compile(source, &once))
        return false;
    bool matches = regexec(&once, text, 0, NULL, 0) == 0;
    regfree(&once);
    return matches;
}

static status_t check_json(const char *text, problem_t *problem)
{
    json_t *json = json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
    if (json == NULL)
        return refuse(problem, "Must be JSON");
    json_decref(json);
    return STATUS_OK;
}

status_t rule_text(const pb_field_t *meta, const char *text, problem_t *problem)
{
    status_t status = check_length(meta, text, problem);
    if (status == STATUS_OK)
        status = check_format(meta->format, text, problem);
    if (status == STATUS_OK && meta->pattern != NULL && !pattern_matches(meta->pattern, text))
        status = problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "Must match the pattern %s", meta->pattern);
    if (status == STATUS_OK && (meta->flags & PB_RAW_JSON))
        status = check_json(text, problem);
    return status;
}
