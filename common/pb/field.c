#include "common/pb/field.h"

#include <string.h>

size_t pb_value_size(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    default:
        return 4;
    }
}

void *pb_append(const ProtobufCFieldDescriptor *field, void *message, arena_t *arena)
{
    size_t *count = pb_count(field, message);
    size_t size = pb_value_size(field->type);
    char *items = arena_alloc(arena, (*count + 1) * size);
    if (items == NULL)
        return NULL;
    char **list = pb_member(field, message);
    if (*count > 0)
        memcpy(items, *list, *count * size);
    memset(items + *count * size, 0, size);
    *list = items;
    return items + (*count)++ * size;
}

bool pb_integer_bounds(ProtobufCType type, int64_t *minimum, int64_t *maximum)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        *minimum = INT32_MIN;
        *maximum = INT32_MAX;
        return true;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        *minimum = 0;
        *maximum = UINT32_MAX;
        return true;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        *minimum = INT64_MIN;
        *maximum = INT64_MAX;
        return true;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        *minimum = 0;
        *maximum = INT64_MAX;
        return true;
    default:
        return false;
    }
}

bool pb_field_bounds(const pb_field_t *meta, ProtobufCType type, int64_t *minimum, int64_t *maximum)
{
    if (!pb_integer_bounds(type, minimum, maximum))
        return false;
    if ((meta->flags & PB_HAS_MINIMUM) != 0 && meta->minimum > *minimum)
        *minimum = meta->minimum;
    if ((meta->flags & PB_HAS_MAXIMUM) != 0 && meta->maximum < *maximum)
        *maximum = meta->maximum;
    return true;
}

void pb_integer_store(ProtobufCType type, void *value, int64_t number)
{
    if (pb_value_size(type) == 8) {
        memcpy(value, &number, sizeof number);
    } else {
        // Two's complement: the low half is the same for both signs.
        uint32_t low = (uint32_t)(uint64_t)number;
        memcpy(value, &low, sizeof low);
    }
}

int64_t pb_integer_load(ProtobufCType type, const void *value)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_ENUM:
        return *(const int32_t *)value;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return *(const uint32_t *)value;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return *(const uint64_t *)value > INT64_MAX ? INT64_MAX : *(const int64_t *)value;
    default:
        return *(const int64_t *)value;
    }
}

size_t pb_digits(ProtobufCType type, const void *value, char out[PB_DIGITS_MAX])
{
    uint64_t rest;
    bool negative = false;
    if (type == PROTOBUF_C_TYPE_UINT64 || type == PROTOBUF_C_TYPE_FIXED64) {
        rest = *(const uint64_t *)value;
    } else {
        int64_t number = pb_integer_load(type, value);
        negative = number < 0;
        rest = negative ? 0 - (uint64_t)number : (uint64_t)number;
    }
    char digits[PB_DIGITS_MAX];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    size_t size = 0;
    if (negative)
        out[size++] = '-';
    while (count > 0)
        out[size++] = digits[--count];
    return size;
}

bool pb_integer_parse(const char *text, size_t size, int64_t *number)
{
    bool negative = size > 0 && text[0] == '-';
    size_t i = negative ? 1 : 0;
    if (i == size || size - i > 19)
        return false;
    uint64_t value = 0; // nineteen digits fit
    for (; i < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(text[i] - '0');
    }
    if (value > (uint64_t)INT64_MAX + (negative ? 1 : 0))
        return false;
    *number = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}
