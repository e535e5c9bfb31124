#include "sample.h"

#include <string.h>

static void sample_init(ProtobufCMessage *message);

static const ProtobufCEnumValue colour_values[] = {
    {"COLOUR_UNSPECIFIED", "COLOUR_UNSPECIFIED", 0}, {"COLOUR_RED", "COLOUR_RED", 1}, {"COLOUR_DARK_BLUE", "COLOUR_DARK_BLUE", 7}};
static const ProtobufCIntRange colour_ranges[] = {{0, 0}, {7, 2}, {0, 3}};
static const ProtobufCEnumValueIndex colour_names[] = {{"COLOUR_DARK_BLUE", 2}, {"COLOUR_RED", 1}, {"COLOUR_UNSPECIFIED", 0}};
static const ProtobufCEnumDescriptor colour_descriptor = {.magic = PROTOBUF_C__ENUM_DESCRIPTOR_MAGIC,
                                                          .name = "sample.Colour",
                                                          .n_values = 3,
                                                          .values = colour_values,
                                                          .n_value_names = 3,
                                                          .values_by_name = colour_names,
                                                          .n_value_ranges = 2,
                                                          .value_ranges = colour_ranges};
static const char *const colour_json[] = {NULL, "red", "dark-blue"};
static const pb_enum_t colour_enum = {&colour_descriptor, colour_json};

static const ProtobufCMessageDescriptor sample_descriptor;

#define SINGLE(id_, member, kind)                                                                                                          \
    {                                                                                                                                      \
        .name = #member, .id = (id_) + 1, .label = PROTOBUF_C_LABEL_OPTIONAL, .type = PROTOBUF_C_TYPE_##kind,                              \
        .quantifier_offset = offsetof(sample_t, has_##member), .offset = offsetof(sample_t, member)                                        \
    }
#define POINTER(id_, member, kind, type_)                                                                                                  \
    {                                                                                                                                      \
        .name = #member, .id = (id_) + 1, .label = PROTOBUF_C_LABEL_OPTIONAL, .type = PROTOBUF_C_TYPE_##kind,                              \
        .offset = offsetof(sample_t, member), .descriptor = (type_)                                                                        \
    }
#define LIST(id_, member, kind, type_)                                                                                                     \
    {                                                                                                                                      \
        .name = #member, .id = (id_) + 1, .label = PROTOBUF_C_LABEL_REPEATED, .type = PROTOBUF_C_TYPE_##kind,                              \
        .quantifier_offset = offsetof(sample_t, n_##member), .offset = offsetof(sample_t, member), .descriptor = (type_)                   \
    }

static const ProtobufCFieldDescriptor sample_fields[SAMPLE_FIELDS] = {SINGLE(I32, i32, INT32),
                                                                      SINGLE(S32, s32, SINT32),
                                                                      SINGLE(X32, x32, SFIXED32),
                                                                      SINGLE(I64, i64, INT64),
                                                                      SINGLE(S64, s64, SINT64),
                                                                      SINGLE(X64, x64, SFIXED64),
                                                                      SINGLE(U32, u32, UINT32),
                                                                      SINGLE(F32, f32, FIXED32),
                                                                      SINGLE(U64, u64, UINT64),
                                                                      SINGLE(F64, f64, FIXED64),
                                                                      SINGLE(REAL, real, FLOAT),
                                                                      SINGLE(WIDE, wide, DOUBLE),
                                                                      SINGLE(FLAG, flag, BOOL),
                                                                      {.name = "colour",
                                                                       .id = COLOUR + 1,
                                                                       .label = PROTOBUF_C_LABEL_OPTIONAL,
                                                                       .type = PROTOBUF_C_TYPE_ENUM,
                                                                       .quantifier_offset = offsetof(sample_t, has_colour),
                                                                       .offset = offsetof(sample_t, colour),
                                                                       .descriptor = &colour_descriptor},
                                                                      POINTER(TEXT, text, STRING, NULL),
                                                                      SINGLE(BLOB, blob, BYTES),
                                                                      POINTER(NESTED, nested, MESSAGE, &sample_descriptor),
                                                                      LIST(NUMBERS, numbers, INT64, NULL),
                                                                      LIST(WIDES, wides, DOUBLE, NULL),
                                                                      LIST(FLAGS, flags, BOOL, NULL),
                                                                      LIST(COLOURS, colours, ENUM, &colour_descriptor),
                                                                      LIST(TEXTS, texts, STRING, NULL),
                                                                      LIST(BLOBS, blobs, BYTES, NULL),
                                                                      LIST(NESTEDS, nesteds, MESSAGE, &sample_descriptor),
                                                                      LIST(FIXES, fixes, FIXED32, NULL),
                                                                      POINTER(JSON, json, STRING, NULL),
                                                                      POINTER(AT, at, STRING, NULL),
                                                                      POINTER(DAY, day, STRING, NULL)};

// at blob blobs colour colours day f32 f64 fixes flag flags i32 i64 json nested nesteds numbers real s32 s64 text texts u32 u64 wide
// wides x32 x64
static const unsigned sample_by_name[SAMPLE_FIELDS] = {AT,    BLOB,  BLOBS, COLOUR, COLOURS, DAY,     F32,     F64,  FIXES, FLAG,
                                                       FLAGS, I32,   I64,   JSON,   NESTED,  NESTEDS, NUMBERS, REAL, S32,   S64,
                                                       TEXT,  TEXTS, U32,   U64,    WIDE,    WIDES,   X32,     X64};
static const ProtobufCIntRange sample_ranges[] = {{1, 0}, {0, SAMPLE_FIELDS}};

static const ProtobufCMessageDescriptor sample_descriptor = {.magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
                                                             .name = "sample.Sample",
                                                             .sizeof_message = sizeof(sample_t),
                                                             .n_fields = SAMPLE_FIELDS,
                                                             .fields = sample_fields,
                                                             .fields_sorted_by_name = sample_by_name,
                                                             .n_field_ranges = 1,
                                                             .field_ranges = sample_ranges,
                                                             .message_init = sample_init};

static void sample_init(ProtobufCMessage *message)
{
    memset(message, 0, sizeof(sample_t));
    message->descriptor = &sample_descriptor;
}

static const pb_field_t sample_meta[SAMPLE_FIELDS] = {
    [I32] = {.json = "i32"},
    [S32] = {.json = "s32"},
    [X32] = {.json = "x32"},
    [I64] = {.json = "i64", .flags = PB_HAS_MINIMUM, .minimum = -5},
    [S64] = {.json = "s64", .flags = PB_HAS_MAXIMUM, .maximum = 0},
    [X64] = {.json = "x64"},
    [U32] = {.json = "u32"},
    [F32] = {.json = "f32"},
    [U64] = {.json = "u64"},
    [F64] = {.json = "f64"},
    [REAL] = {.json = "real"},
    [WIDE] = {.json = "wide"},
    [FLAG] = {.json = "flag"},
    [COLOUR] = {.json = "colour", .enumeration = &colour_enum},
    [TEXT] = {.json = "text", .flags = PB_SENSITIVE, .min_length = 2, .max_length = 4, .pattern = "[a-zäöü]+|[0-9]+"},
    [BLOB] = {.json = "blob"},
    [NESTED] = {.json = "nested", .type = &sample_type},
    [NUMBERS] = {.json = "numbers", .max_items = 3, .flags = PB_HAS_MINIMUM | PB_HAS_MAXIMUM, .minimum = 1, .maximum = 9},
    [WIDES] = {.json = "wides"},
    [FLAGS] = {.json = "flags"},
    [COLOURS] = {.json = "colours", .enumeration = &colour_enum},
    [TEXTS] = {.json = "texts", .format = PB_FORMAT_LINE},
    [BLOBS] = {.json = "blobs"},
    [NESTEDS] = {.json = "nesteds", .type = &sample_type},
    [FIXES] = {.json = "fixes"},
    [JSON] = {.json = "json", .flags = PB_RAW_JSON},
    [AT] = {.json = "at", .format = PB_FORMAT_INSTANT},
    [DAY] = {.json = "day", .format = PB_FORMAT_DATE},
};

const pb_type_t sample_type = {"sample.Sample", "", &sample_descriptor, sample_meta};
