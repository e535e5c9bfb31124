// Where a field lies in protobuf-c's struct: the arithmetic that the other files of this folder share. Nothing outside of it needs this.
#ifndef PCN_PB_FIELD_H
#define PCN_PB_FIELD_H

#include "common/base/arena.h"
#include "common/pb/type.h"

// The member itself: the value, a string's pointer, or a list's pointer to its items.
static inline void *pb_member(const ProtobufCFieldDescriptor *field, const void *message)
{
    return (char *)(uintptr_t)message + field->offset;
}

// n_x of a repeated field.
static inline size_t *pb_count(const ProtobufCFieldDescriptor *field, const void *message)
{
    return (size_t *)(void *)((char *)(uintptr_t)message + field->quantifier_offset);
}

// has_x of an optional field that is neither a string nor a message.
static inline protobuf_c_boolean *pb_flag(const ProtobufCFieldDescriptor *field, const void *message)
{
    return (protobuf_c_boolean *)(void *)((char *)(uintptr_t)message + field->quantifier_offset);
}

static inline bool pb_is_list(const ProtobufCFieldDescriptor *field)
{
    return field->label == PROTOBUF_C_LABEL_REPEATED;
}

// Presence of these is their pointer.
static inline bool pb_is_pointer(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE;
}

// Bytes of one value in a struct or in a list.
size_t pb_value_size(ProtobufCType type);

// Item `i` of a list.
static inline void *pb_item(const ProtobufCFieldDescriptor *field, const void *message, size_t i)
{
    return *(char **)pb_member(field, message) + i * pb_value_size(field->type);
}

// Marks a single field as set once its member was written.
static inline void pb_mark(const ProtobufCFieldDescriptor *field, void *message)
{
    if (!pb_is_pointer(field) && field->label == PROTOBUF_C_LABEL_OPTIONAL)
        *pb_flag(field, message) = 1;
}

// Room for one more item at a list's end, cleared; the count already includes it. NULL at the cap. Copies the list: its memory is
// often exactly as large as the unpacked frame needed.
void *pb_append(const ProtobufCFieldDescriptor *field, void *message, arena_t *arena);

// The name of the field's enum value, or NULL for 0 and unknown numbers.
const char *pb_enum_json(const pb_enum_t *enumeration, int value);
// The value of a name; false for an unknown one.
bool pb_enum_by_json(const pb_enum_t *enumeration, const char *json, size_t size, int *value);
// Whether the number is one of the contract's, 0 included.
bool pb_enum_has(const ProtobufCEnumDescriptor *descriptor, int value);
// "one of a, b, c", cut where it gets long.
void pb_enum_names(const pb_enum_t *enumeration, char *out, size_t room);

// Bounds of an integer type; false for other types. An unsigned 64-bit type ends at INT64_MAX in texts: none passes 2^53.
bool pb_integer_bounds(ProtobufCType type, int64_t *minimum, int64_t *maximum);
// The same narrowed by what the field itself allows: what a refusal names.
bool pb_field_bounds(const pb_field_t *meta, ProtobufCType type, int64_t *minimum, int64_t *maximum);
// Stores an integer that is within the type's bounds.
void pb_integer_store(ProtobufCType type, void *value, int64_t number);
// Reads one back; an unsigned 64-bit value above INT64_MAX saturates.
int64_t pb_integer_load(ProtobufCType type, const void *value);

// Decimal digits, without a NUL. Returns how many.
#define PB_DIGITS_MAX 20
size_t pb_digits(ProtobufCType type, const void *value, char out[PB_DIGITS_MAX]);
// A whole decimal integer of `size` bytes: digits with at most a minus before them. False for anything else or out of int64.
bool pb_integer_parse(const char *text, size_t size, int64_t *number);

#endif
