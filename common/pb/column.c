#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/pb/bytes.h"
#include "common/pb/field.h"
#include "common/pb/message.h"
#include "common/pb/param.h"

typedef struct column {
    const pb_field_t *meta;
    arena_t *arena;
    problem_t *problem;
} column_t;

static status_t misfit(const column_t *column, const char *expected)
{
    return problem_set(column->problem, STATUS_INTERNAL, column->meta->json, "A column does not fit its field: %s was expected", expected);
}

static status_t exhausted(const column_t *column)
{
    return problem_set(column->problem, STATUS_RESOURCE_EXHAUSTED, column->meta->json, "The rows need more memory than a request may use");
}

// "2019-07-01 09:00:00.123+00" as RFC 3339; PostgreSQL leaves out the offset's minutes where they are zero.
static bool instant_from_column(const char *text, size_t size, char out[INSTANT_SIZE])
{
    char rfc[48];
    if (size < 20 || size + 4 > sizeof rfc)
        return false;
    memcpy(rfc, text, size);
    rfc[size] = '\0';
    if (rfc[10] == ' ')
        rfc[10] = 'T';
    if (rfc[size - 3] == '+' || rfc[size - 3] == '-')
        memcpy(rfc + size, ":00", 4);
    int64_t wall_us;
    if (!instant_parse(rfc, &wall_us))
        return false;
    instant_format(wall_us, out);
    return true;
}

static status_t column_string(const column_t *column, const char *text, size_t size, char **value)
{
    char instant[INSTANT_SIZE];
    int32_t days;
    if (column->meta->format == PB_FORMAT_INSTANT) {
        if (!instant_from_column(text, size, instant))
            return misfit(column, "a timestamp with time zone");
        text = instant;
        size = strlen(instant);
    }
    *value = arena_copy(column->arena, text, size);
    if (*value == NULL)
        return exhausted(column);
    if (column->meta->format == PB_FORMAT_DATE && !date_parse(*value, &days))
        return misfit(column, "a date");
    return STATUS_OK;
}

static status_t column_bytes(const column_t *column, const char *text, size_t size, ProtobufCBinaryData *bytes)
{
    bytes->data = arena_alloc(column->arena, size / 2 + 1);
    if (bytes->data == NULL)
        return exhausted(column);
    return pb_hex_read(text, size, bytes->data, &bytes->len) ? STATUS_OK : misfit(column, "bytea in hex");
}

static status_t column_number(const column_t *column, ProtobufCType kind, const char *text, size_t size, void *value)
{
    int64_t number, minimum, maximum;
    if (!pb_integer_bounds(kind, &minimum, &maximum)) {
        char *copy = arena_copy(column->arena, text, size), *end;
        if (copy == NULL)
            return exhausted(column);
        double real = strtod(copy, &end);
        if (kind == PROTOBUF_C_TYPE_DOUBLE)
            *(double *)value = real;
        else
            *(float *)value = (float)real;
        return size > 0 && *end == '\0' ? STATUS_OK : misfit(column, "a number");
    }
    if (!pb_integer_parse(text, size, &number) || number < minimum || number > maximum)
        return misfit(column, "an integer of its type");
    pb_integer_store(kind, value, number);
    return STATUS_OK;
}

static status_t column_value(const column_t *column, ProtobufCType kind, const char *text, size_t size, void *value)
{
    switch (kind) {
    case PROTOBUF_C_TYPE_STRING:
        return column_string(column, text, size, value);
    case PROTOBUF_C_TYPE_ENUM:
        return pb_enum_by_json(column->meta->enumeration, text, size, value) ? STATUS_OK : misfit(column, "a name of the enum");
    case PROTOBUF_C_TYPE_BOOL:
        if (size != 1 || (text[0] != 't' && text[0] != 'f'))
            return misfit(column, "a boolean");
        *(protobuf_c_boolean *)value = text[0] == 't';
        return STATUS_OK;
    case PROTOBUF_C_TYPE_BYTES:
        return column_bytes(column, text, size, value);
    default:
        return column_number(column, kind, text, size, value);
    }
}

// Takes the next item of an array literal apart: *item gets its text with escapes undone (in `room`, as large as the literal). Leaves
// *at behind the comma or closing brace. False where it is malformed, NULL or an array itself.
static bool literal_next(const char **at, const char *end, char *room, size_t *size)
{
    const char *p = *at;
    *size = 0;
    if (p < end && *p == '"') {
        for (p++; p < end && *p != '"'; p++) {
            if (*p == '\\' && ++p == end)
                return false;
            room[(*size)++] = *p;
        }
        if (p++ == end)
            return false;
    } else {
        for (; p < end && *p != ',' && *p != '}'; p++) {
            if (*p == '{' || *p == '"' || *p == '\\')
                return false;
            room[(*size)++] = *p;
        }
        if (*size == 0 || (*size == 4 && memcmp(room, "NULL", 4) == 0))
            return false;
    }
    if (p == end || (*p != ',' && *p != '}'))
        return false;
    *at = p + 1;
    return true;
}

// Items can be no more than commas and one.
static size_t literal_most(const char *text, size_t size)
{
    size_t most = 1;
    for (size_t i = 0; i < size; i++)
        most += text[i] == ',';
    return most;
}

static status_t column_list(const column_t *column, const ProtobufCFieldDescriptor *field, const char *text, size_t size, void *message)
{
    if (size < 2 || text[0] != '{' || text[size - 1] != '}')
        return misfit(column, "an array");
    if (size == 2)
        return STATUS_OK;
    size_t width = pb_value_size(field->type), count = 0, most = literal_most(text, size);
    char *items = arena_zero(column->arena, most * width);
    char *room = arena_alloc(column->arena, size);
    if (items == NULL || room == NULL)
        return exhausted(column);
    const char *at = text + 1, *end = text + size;
    while (at < end) {
        size_t item_size;
        if (count == most || !literal_next(&at, end, room, &item_size))
            return misfit(column, "an array of one dimension without NULLs");
        status_t status = column_value(column, field->type, room, item_size, items + count++ * width);
        if (status != STATUS_OK)
            return status;
        // A comma promises another item, a brace none.
        if ((at[-1] == '}') != (at == end))
            return misfit(column, "an array");
    }
    *(char **)pb_member(field, message) = items;
    *pb_count(field, message) = count;
    return STATUS_OK;
}

// INVALID_ARGUMENT would blame the caller for what our own statement gave.
static status_t column_json(const column_t *column, const pb_type_t *type, unsigned index, const char *text, size_t size, void *message)
{
    status_t status = pb_json_read_field(type, message, index, text, size, column->arena, column->problem);
    if (status != STATUS_INVALID_ARGUMENT)
        return status;
    if (column->problem != NULL)
        column->problem->status = STATUS_INTERNAL;
    return STATUS_INTERNAL;
}

status_t pb_set_column(const pb_type_t *type, void *message, unsigned index, const char *text, size_t size, arena_t *arena,
                       problem_t *problem)
{
    pb_clear(type, message, index);
    if (text == NULL)
        return STATUS_OK;
    const ProtobufCFieldDescriptor *field = &type->descriptor->fields[index];
    column_t column = {.meta = &type->fields[index], .arena = arena, .problem = problem};
    status_t status;
    // A list may also come as a JSON array, as to_jsonb gives it.
    if (field->type == PROTOBUF_C_TYPE_MESSAGE || (pb_is_list(field) && size > 0 && text[0] == '['))
        status = column_json(&column, type, index, text, size, message);
    else if (pb_is_list(field))
        status = column_list(&column, field, text, size, message);
    else
        status = column_value(&column, field->type, text, size, pb_member(field, message));
    if (status != STATUS_OK)
        pb_clear(type, message, index);
    else if (field->type != PROTOBUF_C_TYPE_MESSAGE && !pb_is_list(field))
        pb_mark(field, message);
    return status;
}
