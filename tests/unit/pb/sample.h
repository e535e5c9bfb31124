// A message with every type that protobuf-c has, single and as a list, and one that nests itself: the contract uses only some types
// and must not recurse, so the corners are tested on this.
#ifndef PCN_TESTS_UNIT_PB_SAMPLE_H
#define PCN_TESTS_UNIT_PB_SAMPLE_H

#include <stddef.h>

#include "common/pb/type.h"

typedef enum sample_colour { COLOUR_UNSPECIFIED = 0, COLOUR_RED = 1, COLOUR_DARK_BLUE = 7, COLOUR_FORCE = INT32_MAX } sample_colour_t;

typedef struct sample {
    ProtobufCMessage base;
    // Presence and value of the single ones; the order is that of the table below.
    protobuf_c_boolean has_i32, has_s32, has_x32, has_i64, has_s64, has_x64, has_u32, has_f32, has_u64, has_f64, has_real, has_wide;
    protobuf_c_boolean has_flag, has_colour, has_blob;
    int32_t i32, s32, x32;
    int64_t i64, s64, x64;
    uint32_t u32, f32;
    uint64_t u64, f64;
    float real;
    double wide;
    protobuf_c_boolean flag;
    sample_colour_t colour;
    char *text;
    ProtobufCBinaryData blob;
    struct sample *nested;
    size_t n_numbers, n_wides, n_flags, n_colours, n_texts, n_blobs, n_nesteds, n_fixes;
    int64_t *numbers;
    double *wides;
    protobuf_c_boolean *flags;
    sample_colour_t *colours;
    char **texts;
    ProtobufCBinaryData *blobs;
    struct sample **nesteds;
    uint32_t *fixes;
    char *json;
    char *at;
    char *day;
} sample_t;

// Field numbers are the index and one, but for `far`, which leaves a gap.
enum {
    I32,
    S32,
    X32,
    I64,
    S64,
    X64,
    U32,
    F32,
    U64,
    F64,
    REAL,
    WIDE,
    FLAG,
    COLOUR,
    TEXT,
    BLOB,
    NESTED,
    NUMBERS,
    WIDES,
    FLAGS,
    COLOURS,
    TEXTS,
    BLOBS,
    NESTEDS,
    FIXES,
    JSON,
    AT,
    DAY,
    SAMPLE_FIELDS
};

extern const pb_type_t sample_type;

#endif
