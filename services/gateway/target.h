// The request target as it stood on the request line, taken apart strictly: libmicrohttpd's own reading accepts %00, doubled slashes
// and broken encodings, and two programs that read one path differently are how a guard is walked around.
//
// Everything is decoded into the request's arena, each text with a NUL after it.
#ifndef PCN_GATEWAY_TARGET_H
#define PCN_GATEWAY_TARGET_H

#include "common/base/arena.h"
#include "common/base/status.h"

#define TARGET_SIZE_MAX 8192
#define TARGET_SEGMENTS_MAX 16
#define TARGET_PARAMETERS_MAX 32

typedef struct target_text {
    const char *text;
    size_t size;
} target_text_t;

typedef struct target_parameter {
    target_text_t name, value;
} target_parameter_t;

typedef struct target {
    // "/v1/networks" is two segments; "/" none. A slash at the end makes an empty last one.
    target_text_t segments[TARGET_SEGMENTS_MAX];
    size_t segment_count;
    // In the query's order, each name once.
    target_parameter_t parameters[TARGET_PARAMETERS_MAX];
    size_t parameter_count;
} target_t;

// INVALID_ARGUMENT with the parameter's name as the field where one is to blame. Refused: anything but an absolute path with an
// optional query; characters that a URI does not have; broken percent-encoding; %00; control characters, slashes and backslashes
// hidden by encoding in the path; dot segments, also encoded; empty segments but for the last; text that is not UTF-8; a parameter
// twice or without a name; a fragment. RESOURCE_EXHAUSTED at the arena's cap.
MUST_CHECK status_t target_parse(const char *raw, size_t size, arena_t *arena, target_t *target, problem_t *problem);

#endif
