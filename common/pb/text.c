#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/id.h"
#include "common/pb/bytes.h"
#include "common/pb/field.h"
#include "common/pb/json.h"
#include "common/pb/message.h"

typedef struct setter {
    const char *text;
    size_t size;
    arena_t *arena;
    problem_t *problem;
    const char *name; // of the field, in JSON
} setter_t;

static status_t refuse(const setter_t *setter, const char *detail)
{
    return problem_set(setter->problem, STATUS_INVALID_ARGUMENT, setter->name, "%s", detail);
}

static status_t exhausted(const setter_t *setter)
{
    return problem_set(setter->problem, STATUS_RESOURCE_EXHAUSTED, setter->name, "The request needs more memory than it may use");
}

static status_t set_integer(const setter_t *setter, const pb_field_t *meta, ProtobufCType type, void *value)
{
    int64_t minimum, maximum, number;
    if (!pb_integer_bounds(type, &minimum, &maximum) || !pb_integer_parse(setter->text, setter->size, &number))
        return refuse(setter, "Must be a whole number");
    if (number < minimum || number > maximum) {
        (void)pb_field_bounds(meta, type, &minimum, &maximum);
        return problem_set(setter->problem, STATUS_INVALID_ARGUMENT, setter->name, "Must be between %lld and %lld", (long long)minimum,
                           (long long)maximum);
    }
    pb_integer_store(type, value, number);
    return STATUS_OK;
}

static status_t set_real(const setter_t *setter, ProtobufCType type, void *value)
{
    char *end;
    double number = strtod(setter->text, &end);
    // strtod would also take leading blanks, nan, inf and hex.
    if (setter->size == 0 || *end != '\0' || strspn(setter->text, "+-.0123456789eE") != setter->size)
        return refuse(setter, "Must be a number");
    if (fabs(number) > (type == PROTOBUF_C_TYPE_DOUBLE ? DBL_MAX : (double)FLT_MAX))
        return refuse(setter, "The number is out of range");
    if (type == PROTOBUF_C_TYPE_DOUBLE)
        *(double *)value = number;
    else
        *(float *)value = (float)number;
    return STATUS_OK;
}

static status_t set_bytes(const setter_t *setter, ProtobufCBinaryData *bytes)
{
    bytes->data = arena_alloc(setter->arena, setter->size / 4 * 3 + 1);
    if (bytes->data == NULL)
        return exhausted(setter);
    return pb_base64_read(setter->text, setter->size, bytes->data, &bytes->len) ? STATUS_OK : refuse(setter, "Must be base64 text");
}

static status_t set_enum(const setter_t *setter, const pb_enum_t *enumeration, int *value)
{
    if (pb_enum_by_json(enumeration, setter->text, setter->size, value))
        return STATUS_OK;
    char names[256];
    pb_enum_names(enumeration, names, sizeof names);
    return problem_set(setter->problem, STATUS_INVALID_ARGUMENT, setter->name, "Must be %s", names);
}

static status_t set_value(const setter_t *setter, const pb_field_t *meta, ProtobufCType kind, void *value)
{
    bool truth = setter->size == 4 && memcmp(setter->text, "true", 4) == 0;
    switch (kind) {
    case PROTOBUF_C_TYPE_STRING:
        if (!utf8_valid(setter->text, setter->size))
            return refuse(setter, "Must be UTF-8");
        *(char **)value = arena_copy(setter->arena, setter->text, setter->size);
        return *(char **)value == NULL ? exhausted(setter) : STATUS_OK;
    case PROTOBUF_C_TYPE_ENUM:
        return set_enum(setter, meta->enumeration, value);
    case PROTOBUF_C_TYPE_BOOL:
        if (!truth && !(setter->size == 5 && memcmp(setter->text, "false", 5) == 0))
            return refuse(setter, "Must be true or false");
        *(protobuf_c_boolean *)value = truth;
        return STATUS_OK;
    case PROTOBUF_C_TYPE_BYTES:
        return set_bytes(setter, value);
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        return set_real(setter, kind, value);
    case PROTOBUF_C_TYPE_MESSAGE:
        return refuse(setter, "Has parts and cannot be given as one text");
    default:
        return set_integer(setter, meta, kind, value);
    }
}

status_t pb_set_text(const pb_type_t *type, void *message, unsigned index, const char *text, arena_t *arena, problem_t *problem)
{
    const ProtobufCFieldDescriptor *field = &type->descriptor->fields[index];
    const pb_field_t *meta = &type->fields[index];
    setter_t setter = {.text = text, .size = strlen(text), .arena = arena, .problem = problem, .name = meta->json};
    if (meta->flags & PB_OUTPUT_ONLY)
        return refuse(&setter, "Is set by the service and cannot be given");
    if (!pb_is_list(field)) {
        if (pb_has(type, message, index))
            return refuse(&setter, "Is given twice");
        status_t status = set_value(&setter, meta, field->type, pb_member(field, message));
        if (status == STATUS_OK)
            pb_mark(field, message);
        return status;
    }
    if (meta->max_items > 0 && *pb_count(field, message) >= meta->max_items)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, meta->json, "Is given more than %u time%s", meta->max_items,
                           meta->max_items == 1 ? "" : "s");
    // The value first: a refused one leaves the list as it was.
    union {
        void *pointer;
        int64_t number;
        ProtobufCBinaryData bytes;
    } value = {0};
    status_t status = set_value(&setter, meta, field->type, &value);
    if (status != STATUS_OK)
        return status;
    void *item = pb_append(field, message, arena);
    if (item == NULL)
        return exhausted(&setter);
    memcpy(item, &value, pb_value_size(field->type));
    return STATUS_OK;
}
