// A parsed JSON value into a field: what json_read.c does with the text once jansson has taken it apart.
#ifndef PCN_PB_JSON_VALUE_H
#define PCN_PB_JSON_VALUE_H

#include <jansson.h>

#include "common/pb/json.h"

typedef struct json_reader {
    pb_json_mode_t mode;
    arena_t *arena;
    problem_t *problem;
    // Of a patch: proto names of what is to be taken away.
    char **clear;
    size_t clear_count;
} json_reader_t;

// The members of an object into a message. `top` is true for the outermost one, where a patch may hold nulls.
MUST_CHECK status_t json_read_object(json_reader_t *reader, const pb_type_t *type, const json_t *json, void *message, bool top);
// A value into the field.
MUST_CHECK status_t json_read_member(json_reader_t *reader, const pb_type_t *type, unsigned index, const json_t *json, void *message);

#endif
