#include "services/gateway/target.h"

#include <stdint.h>
#include <string.h>

#include "common/base/id.h"

typedef enum part { PART_PATH, PART_QUERY } part_t;

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

// What RFC 3986 lets stand for itself; '%' starts an escape and is not among them.
static bool plain(char c, part_t part)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
        return true;
    // strchr would find the NUL.
    return c != '\0' && strchr(part == PART_PATH ? "-._~!$&'()*+,;=:@" : "-._~!$&'()*+,;=:@/?", c) != NULL;
}

static status_t refuse(problem_t *problem, const char *field, const char *what)
{
    return problem_set(problem, STATUS_INVALID_ARGUMENT, field, "%s", what);
}

// Decodes `size` bytes into the arena. A failure's sentence goes to *fault.
static bool decode(const char *raw, size_t size, part_t part, arena_t *arena, target_text_t *text, const char **fault)
{
    char *out = arena_alloc(arena, size + 1);
    *fault = NULL;
    if (out == NULL)
        return false;
    size_t count = 0;
    for (size_t i = 0; i < size; i++) {
        char c = raw[i];
        if (c == '%') {
            int high = size - i > 2 ? hex_value(raw[i + 1]) : -1, low = size - i > 2 ? hex_value(raw[i + 2]) : -1;
            if (high < 0 || low < 0)
                return *fault = "Broken percent-encoding", false;
            c = (char)(high << 4 | low);
            i += 2;
            if (c == '\0')
                return *fault = "%00 is not allowed", false;
            // A slash or a control character that only shows once decoded is read differently by the next program.
            if (part == PART_PATH && ((unsigned char)c < 0x20 || c == 0x7f || c == '/' || c == '\\'))
                return *fault = "A control character, slash or backslash is hidden by percent-encoding", false;
        } else if (!plain(c, part)) {
            return *fault = c == '#' ? "A fragment is not sent" : "A character that has to be percent-encoded", false;
        } else if (c == '+' && part == PART_QUERY) {
            c = ' ';
        }
        out[count++] = c;
    }
    out[count] = '\0';
    if (!utf8_valid(out, count))
        return *fault = "Not UTF-8", false;
    *text = (target_text_t){out, count};
    return true;
}

static status_t decode_failed(problem_t *problem, const char *field, const char *fault)
{
    if (fault == NULL)
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The request takes too much memory");
    return refuse(problem, field, fault);
}

static status_t parse_path(const char *raw, size_t size, arena_t *arena, target_t *target, problem_t *problem)
{
    const char *fault;
    size_t at = 1; // after the first slash
    while (at < size || (at == size && size > 1)) {
        const char *slash = memchr(raw + at, '/', size - at);
        size_t length = slash != NULL ? (size_t)(slash - raw) - at : size - at;
        if (length == 0 && slash != NULL)
            return refuse(problem, NULL, "The path has an empty segment");
        if (target->segment_count == TARGET_SEGMENTS_MAX)
            return refuse(problem, NULL, "The path has too many segments");
        target_text_t *segment = &target->segments[target->segment_count];
        if (!decode(raw + at, length, PART_PATH, arena, segment, &fault))
            return decode_failed(problem, NULL, fault);
        if (strcmp(segment->text, ".") == 0 || strcmp(segment->text, "..") == 0)
            return refuse(problem, NULL, "The path has a dot segment");
        target->segment_count++;
        at += length + 1;
    }
    return STATUS_OK;
}

static bool parameter_known(const target_t *target, const target_text_t *name)
{
    for (size_t i = 0; i < target->parameter_count; i++) {
        const target_text_t *other = &target->parameters[i].name;
        if (other->size == name->size && memcmp(other->text, name->text, name->size) == 0)
            return true;
    }
    return false;
}

static status_t parse_query(const char *raw, size_t size, arena_t *arena, target_t *target, problem_t *problem)
{
    const char *fault;
    size_t at = 0;
    while (at <= size && size > 0) {
        const char *end = memchr(raw + at, '&', size - at);
        size_t length = end != NULL ? (size_t)(end - raw) - at : size - at;
        const char *equals = memchr(raw + at, '=', length);
        size_t name_size = equals != NULL ? (size_t)(equals - raw) - at : length;
        size_t value_at = equals != NULL ? at + name_size + 1 : at + length;
        if (target->parameter_count == TARGET_PARAMETERS_MAX)
            return refuse(problem, NULL, "The query has too many parameters");
        target_parameter_t *parameter = &target->parameters[target->parameter_count];
        if (!decode(raw + at, name_size, PART_QUERY, arena, &parameter->name, &fault))
            return decode_failed(problem, NULL, fault);
        if (parameter->name.size == 0)
            return refuse(problem, NULL, "A query parameter without a name");
        if (!decode(raw + value_at, at + length - value_at, PART_QUERY, arena, &parameter->value, &fault))
            return decode_failed(problem, parameter->name.text, fault);
        if (parameter_known(target, &parameter->name))
            return refuse(problem, parameter->name.text, "A query parameter may be given once");
        target->parameter_count++;
        at += length + 1;
    }
    return STATUS_OK;
}

status_t target_parse(const char *raw, size_t size, arena_t *arena, target_t *target, problem_t *problem)
{
    target->segment_count = 0;
    target->parameter_count = 0;
    if (size > TARGET_SIZE_MAX)
        return refuse(problem, NULL, "The request target is too long");
    if (size == 0 || raw[0] != '/')
        return refuse(problem, NULL, "The request target must be a path");
    const char *question = memchr(raw, '?', size);
    size_t path_size = question != NULL ? (size_t)(question - raw) : size;
    status_t status = parse_path(raw, path_size, arena, target, problem);
    if (status != STATUS_OK || question == NULL)
        return status;
    return parse_query(question + 1, size - path_size - 1, arena, target, problem);
}
