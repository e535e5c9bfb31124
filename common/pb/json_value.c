#include "common/pb/json_value.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/pb/bytes.h"
#include "common/pb/field.h"
#include "common/pb/message.h"

static status_t refuse(json_reader_t *reader, const char *detail)
{
    return problem_set(reader->problem, STATUS_INVALID_ARGUMENT, NULL, "%s", detail);
}

static status_t exhausted(json_reader_t *reader)
{
    return problem_set(reader->problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The text needs more memory than a request may use");
}

static status_t read_integer(json_reader_t *reader, const pb_field_t *meta, ProtobufCType type, const json_t *json, void *value)
{
    int64_t minimum, maximum;
    if (!json_is_integer(json) || !pb_integer_bounds(type, &minimum, &maximum))
        return refuse(reader, json_is_real(json) ? "Must be a whole number, without a fraction or exponent" : "Must be a number");
    int64_t number = json_integer_value(json);
    if (number < minimum || number > maximum) {
        (void)pb_field_bounds(meta, type, &minimum, &maximum);
        return problem_set(reader->problem, STATUS_INVALID_ARGUMENT, NULL, "Must be between %lld and %lld", (long long)minimum,
                           (long long)maximum);
    }
    pb_integer_store(type, value, number);
    return STATUS_OK;
}

static status_t read_real(json_reader_t *reader, ProtobufCType type, double number, void *value)
{
    if (type == PROTOBUF_C_TYPE_DOUBLE) {
        *(double *)value = number;
        return STATUS_OK;
    }
    if (fabs(number) > (double)FLT_MAX)
        return refuse(reader, "The number is out of range");
    *(float *)value = (float)number;
    return STATUS_OK;
}

static status_t read_enum(json_reader_t *reader, const pb_enum_t *enumeration, const json_t *json, void *value)
{
    if (json_is_string(json) && pb_enum_by_json(enumeration, json_string_value(json), json_string_length(json), value))
        return STATUS_OK;
    char names[256];
    pb_enum_names(enumeration, names, sizeof names);
    return problem_set(reader->problem, STATUS_INVALID_ARGUMENT, NULL, "Must be %s", names);
}

// The JSON itself is the text.
static status_t read_raw(json_reader_t *reader, const json_t *json, void *value)
{
    enum { FLAGS = JSON_COMPACT | JSON_ENCODE_ANY };
    size_t size = json_dumpb(json, NULL, 0, FLAGS);
    char *out = size == 0 ? NULL : arena_alloc(reader->arena, size + 1);
    if (out == NULL)
        return exhausted(reader);
    (void)json_dumpb(json, out, size, FLAGS);
    out[size] = '\0';
    *(char **)value = out;
    return STATUS_OK;
}

static status_t read_string(json_reader_t *reader, const pb_field_t *meta, const json_t *json, void *value)
{
    if (meta->flags & PB_RAW_JSON)
        return read_raw(reader, json, value);
    if (!json_is_string(json))
        return refuse(reader, "Must be text");
    char instant[INSTANT_SIZE];
    const char *text = json_string_value(json);
    size_t size = json_string_length(json);
    if (reader->mode == PB_JSON_TRUSTED && meta->format == PB_FORMAT_INSTANT) {
        // PostgreSQL's to_json writes offsets and as many digits as it needs; the contract has one form.
        int64_t wall_us;
        if (!instant_parse(text, &wall_us))
            return refuse(reader, "Must be an instant");
        instant_format(wall_us, instant);
        text = instant;
        size = strlen(instant);
    }
    char *copy = arena_copy(reader->arena, text, size);
    if (copy == NULL)
        return exhausted(reader);
    *(char **)value = copy;
    return STATUS_OK;
}

static status_t read_bytes(json_reader_t *reader, const json_t *json, void *value)
{
    if (!json_is_string(json))
        return refuse(reader, "Must be base64 text");
    ProtobufCBinaryData *bytes = value;
    size_t size = json_string_length(json);
    bytes->data = arena_alloc(reader->arena, size / 4 * 3 + 1);
    if (bytes->data == NULL)
        return exhausted(reader);
    return pb_base64_read(json_string_value(json), size, bytes->data, &bytes->len) ? STATUS_OK : refuse(reader, "Must be base64 text");
}

static status_t read_message(json_reader_t *reader, const pb_type_t *type, const json_t *json, void *value)
{
    if (!json_is_object(json))
        return refuse(reader, "Must be a JSON object");
    void *message = pb_new(type, reader->arena);
    if (message == NULL)
        return exhausted(reader);
    *(void **)value = message;
    return json_read_object(reader, type, json, message, false);
}

static status_t read_value(json_reader_t *reader, const pb_type_t *type, unsigned index, const json_t *json, void *value)
{
    const pb_field_t *meta = &type->fields[index];
    ProtobufCType kind = type->descriptor->fields[index].type;
    switch (kind) {
    case PROTOBUF_C_TYPE_STRING:
        return read_string(reader, meta, json, value);
    case PROTOBUF_C_TYPE_MESSAGE:
        return read_message(reader, meta->type, json, value);
    case PROTOBUF_C_TYPE_ENUM:
        return read_enum(reader, meta->enumeration, json, value);
    case PROTOBUF_C_TYPE_BYTES:
        return read_bytes(reader, json, value);
    case PROTOBUF_C_TYPE_BOOL:
        if (!json_is_boolean(json))
            return refuse(reader, "Must be true or false");
        *(protobuf_c_boolean *)value = json_is_true(json);
        return STATUS_OK;
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        if (!json_is_number(json))
            return refuse(reader, "Must be a number");
        return read_real(reader, kind, json_number_value(json), value);
    default:
        return read_integer(reader, meta, kind, json, value);
    }
}

static status_t read_list(json_reader_t *reader, const pb_type_t *type, unsigned index, const json_t *json, void *message)
{
    const ProtobufCFieldDescriptor *field = &type->descriptor->fields[index];
    if (!json_is_array(json))
        return refuse(reader, "Must be a JSON array");
    size_t count = json_array_size(json), size = pb_value_size(field->type);
    pb_clear(type, message, index);
    if (count == 0)
        return STATUS_OK;
    char *items = arena_zero(reader->arena, count * size);
    if (items == NULL)
        return exhausted(reader);
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(json, i);
        bool raw = (type->fields[index].flags & PB_RAW_JSON) != 0;
        status_t status =
            json_is_null(item) && !raw ? refuse(reader, "A list holds no null") : read_value(reader, type, index, item, items + i * size);
        if (status != STATUS_OK) {
            char name[32];
            (void)snprintf(name, sizeof name, "[%zu]", i);
            problem_prefix(reader->problem, name);
            return status;
        }
    }
    *(char **)pb_member(field, message) = items;
    *pb_count(field, message) = count;
    return STATUS_OK;
}

status_t json_read_member(json_reader_t *reader, const pb_type_t *type, unsigned index, const json_t *json, void *message)
{
    const ProtobufCFieldDescriptor *field = &type->descriptor->fields[index];
    if (pb_is_list(field))
        return read_list(reader, type, index, json, message);
    status_t status = read_value(reader, type, index, json, pb_member(field, message));
    if (status == STATUS_OK)
        pb_mark(field, message);
    return status;
}

static status_t take_away(json_reader_t *reader, const pb_type_t *type, unsigned index)
{
    if (type->fields[index].flags & PB_REQUIRED)
        return refuse(reader, "Is required and cannot be taken away");
    if (type->fields[index].flags & PB_IMMUTABLE)
        return refuse(reader, "Does not change once it was set");
    // A key occurs once, so there are never more than fields.
    if (reader->clear == NULL)
        reader->clear = arena_alloc(reader->arena, type->descriptor->n_fields * sizeof *reader->clear);
    char *name = reader->clear == NULL ? NULL : arena_string(reader->arena, type->descriptor->fields[index].name);
    if (name == NULL)
        return exhausted(reader);
    reader->clear[reader->clear_count++] = name;
    return STATUS_OK;
}

static status_t read_known(json_reader_t *reader, const pb_type_t *type, unsigned index, const json_t *json, void *message, bool top)
{
    bool trusted = reader->mode == PB_JSON_TRUSTED;
    if (!trusted && (type->fields[index].flags & PB_OUTPUT_ONLY))
        return refuse(reader, "Is set by the service and cannot be given");
    // In a patch an empty list says the same as null: a message does not tell an empty list from an absent one.
    if (top && reader->mode == PB_JSON_PATCH &&
        (json_is_null(json) || (json_is_array(json) && json_array_size(json) == 0 && pb_is_list(&type->descriptor->fields[index]))))
        return take_away(reader, type, index);
    if (json_is_null(json))
        return trusted ? STATUS_OK : refuse(reader, "Must not be null; leave the field out");
    return json_read_member(reader, type, index, json, message);
}

status_t json_read_object(json_reader_t *reader, const pb_type_t *type, const json_t *json, void *message, bool top)
{
    for (void *at = json_object_iter((json_t *)(uintptr_t)json); at != NULL; at = json_object_iter_next((json_t *)(uintptr_t)json, at)) {
        const char *key = json_object_iter_key(at);
        int index = pb_field_by_json(type, key, json_object_iter_key_len(at));
        if (index < 0 && reader->mode == PB_JSON_TRUSTED)
            continue;
        if (index < 0)
            return problem_set(reader->problem, STATUS_INVALID_ARGUMENT, key, "There is no such field");
        status_t status = read_known(reader, type, (unsigned)index, json_object_iter_value(at), message, top);
        if (status != STATUS_OK) {
            problem_prefix(reader->problem, type->fields[index].json);
            return status;
        }
    }
    return STATUS_OK;
}
