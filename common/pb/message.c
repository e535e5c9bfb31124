#include "common/pb/message.h"

#include <string.h>

#include "common/base/buf.h"
#include "common/pb/field.h"
#include "common/pb/json.h"
#include "common/pb/param.h"

static void *allocator_alloc(void *data, size_t size)
{
    return arena_alloc(data, size);
}

static void allocator_free(void *data, void *pointer)
{
    (void)data;
    (void)pointer;
}

ProtobufCAllocator pb_allocator(arena_t *arena)
{
    return (ProtobufCAllocator){.alloc = allocator_alloc, .free = allocator_free, .allocator_data = arena};
}

void *pb_new(const pb_type_t *type, arena_t *arena)
{
    void *message = arena_alloc(arena, type->descriptor->sizeof_message);
    if (message != NULL)
        type->descriptor->message_init(message);
    return message;
}

bool pb_has(const pb_type_t *type, const void *message, unsigned index)
{
    const ProtobufCFieldDescriptor *field = &type->descriptor->fields[index];
    if (pb_is_list(field))
        return *pb_count(field, message) > 0;
    if (pb_is_pointer(field))
        return *(void **)pb_member(field, message) != NULL;
    return field->label != PROTOBUF_C_LABEL_OPTIONAL || *pb_flag(field, message);
}

void pb_clear(const pb_type_t *type, void *message, unsigned index)
{
    const ProtobufCFieldDescriptor *field = &type->descriptor->fields[index];
    if (pb_is_list(field)) {
        *pb_count(field, message) = 0;
        *(void **)pb_member(field, message) = NULL;
        return;
    }
    memset(pb_member(field, message), 0, pb_value_size(field->type));
    if (!pb_is_pointer(field) && field->label == PROTOBUF_C_LABEL_OPTIONAL)
        *pb_flag(field, message) = 0;
}

static void copy_field(const ProtobufCFieldDescriptor *to_field, void *to, const ProtobufCFieldDescriptor *from_field, const void *from)
{
    if (pb_is_list(to_field)) {
        *pb_count(to_field, to) = *pb_count(from_field, from);
        *(void **)pb_member(to_field, to) = *(void **)pb_member(from_field, from);
    } else {
        memcpy(pb_member(to_field, to), pb_member(from_field, from), pb_value_size(to_field->type));
        pb_mark(to_field, to);
    }
}

void pb_merge(const pb_type_t *to_type, void *to, const pb_type_t *from_type, const void *from)
{
    for (unsigned i = 0; i < from_type->descriptor->n_fields; i++) {
        if (!pb_has(from_type, from, i))
            continue;
        const ProtobufCFieldDescriptor *from_field = &from_type->descriptor->fields[i];
        int index = to_type == from_type ? (int)i : pb_field_by_name(to_type, from_field->name);
        if (index < 0)
            continue;
        const ProtobufCFieldDescriptor *to_field = &to_type->descriptor->fields[index];
        // The descriptor tells message and enum types of one kind apart.
        if (to_field->type == from_field->type && pb_is_list(to_field) == pb_is_list(from_field) &&
            to_field->descriptor == from_field->descriptor)
            copy_field(to_field, to, from_field, from);
    }
}

void pb_copy_field(const pb_type_t *type, void *to, const void *from, unsigned index)
{
    const ProtobufCFieldDescriptor *field = &type->descriptor->fields[index];
    if (pb_has(type, from, index))
        copy_field(field, to, field, from);
    else
        pb_clear(type, to, index);
}

// By their JSON: it shows all that a field says, and nothing else.
static bool same_text(const pb_type_t *type, const void *a, const void *b, unsigned index)
{
    buf_t left, right;
    buf_init(&left, PB_PARAM_JSON_MAX);
    buf_init(&right, PB_PARAM_JSON_MAX);
    pb_json_write_field(type, a, index, &left);
    pb_json_write_field(type, b, index, &right);
    const bool same = buf_ok(&left) && buf_ok(&right) && left.size == right.size && memcmp(left.data, right.data, left.size) == 0;
    buf_deinit(&left);
    buf_deinit(&right);
    return same;
}

bool pb_same_field(const pb_type_t *type, const void *a, const void *b, unsigned index)
{
    const ProtobufCFieldDescriptor *field = &type->descriptor->fields[index];
    if (pb_has(type, a, index) != pb_has(type, b, index))
        return false;
    if (!pb_has(type, a, index))
        return true;
    const void *left = pb_member(field, a), *right = pb_member(field, b);
    if (pb_is_list(field) && *pb_count(field, a) != *pb_count(field, b))
        return false;
    if (pb_is_list(field) || field->type == PROTOBUF_C_TYPE_MESSAGE || field->type == PROTOBUF_C_TYPE_BYTES)
        return same_text(type, a, b, index);
    if (field->type == PROTOBUF_C_TYPE_STRING)
        return strcmp(*(char *const *)left, *(char *const *)right) == 0;
    return memcmp(left, right, pb_value_size(field->type)) == 0;
}

bool pb_pack(const void *message, arena_t *arena, uint8_t **bytes, size_t *size)
{
    size_t need = protobuf_c_message_get_packed_size(message);
    uint8_t *out = arena_alloc(arena, need > 0 ? need : 1);
    if (out == NULL)
        return false;
    *size = protobuf_c_message_pack(message, out);
    *bytes = out;
    return true;
}
