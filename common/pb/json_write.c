#include <math.h>
#include <string.h>

#include "common/pb/bytes.h"
#include "common/pb/field.h"
#include "common/pb/json.h"
#include "common/pb/message.h"

static void write_message(const pb_type_t *type, const void *message, bool redact, buf_t *out);

static void write_digits(ProtobufCType type, const void *value, buf_t *out)
{
    char *at = buf_reserve(out, PB_DIGITS_MAX);
    if (at != NULL)
        out->size += pb_digits(type, value, at);
}

static void write_real(double value, buf_t *out)
{
    if (!isfinite(value))
        buf_add_string(out, "null");
    else if (value == 0)
        buf_add_char(out, '0'); // a minus would be lost when it is read as an integer
    else
        buf_printf(out, "%.17g", value);
}

static void write_value(const pb_type_t *type, unsigned index, const void *value, bool redact, buf_t *out)
{
    const pb_field_t *meta = &type->fields[index];
    ProtobufCType kind = type->descriptor->fields[index].type;
    const char *text;
    switch (kind) {
    case PROTOBUF_C_TYPE_STRING:
        text = *(char *const *)value;
        if (meta->flags & PB_RAW_JSON)
            buf_add_string(out, text == NULL || text[0] == '\0' ? "null" : text);
        else if (text == NULL)
            buf_add_string(out, "null");
        else
            buf_add_json_string(out, text, strlen(text));
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        write_message(meta->type, *(void *const *)value, redact, out);
        break;
    case PROTOBUF_C_TYPE_ENUM:
        text = pb_enum_json(meta->enumeration, *(const int *)value);
        if (text == NULL) {
            buf_add_string(out, "null");
        } else {
            buf_add_char(out, '"');
            buf_add_string(out, text);
            buf_add_char(out, '"');
        }
        break;
    case PROTOBUF_C_TYPE_BOOL:
        buf_add_string(out, *(const protobuf_c_boolean *)value ? "true" : "false");
        break;
    case PROTOBUF_C_TYPE_BYTES:
        buf_add_char(out, '"');
        pb_base64_write(value, out);
        buf_add_char(out, '"');
        break;
    case PROTOBUF_C_TYPE_FLOAT:
        write_real((double)*(const float *)value, out);
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        write_real(*(const double *)value, out);
        break;
    default:
        write_digits(kind, value, out);
        break;
    }
}

static void write_field(const pb_type_t *type, const void *message, unsigned index, bool redact, buf_t *out)
{
    const ProtobufCFieldDescriptor *field = &type->descriptor->fields[index];
    if (redact && (type->fields[index].flags & PB_SENSITIVE)) {
        buf_add_string(out, "\"***\"");
        return;
    }
    if (!pb_is_list(field)) {
        write_value(type, index, pb_member(field, message), redact, out);
        return;
    }
    size_t count = *pb_count(field, message);
    buf_add_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_add_char(out, ',');
        write_value(type, index, pb_item(field, message, i), redact, out);
    }
    buf_add_char(out, ']');
}

// The unspecified value counts as unset: JSON has no word for it.
static bool is_shown(const pb_type_t *type, const void *message, unsigned index)
{
    if (type->fields[index].flags & PB_ALWAYS)
        return true;
    if (!pb_has(type, message, index))
        return false;
    const ProtobufCFieldDescriptor *field = &type->descriptor->fields[index];
    return field->type != PROTOBUF_C_TYPE_ENUM || pb_is_list(field) ||
           pb_enum_json(type->fields[index].enumeration, *(const int *)pb_member(field, message)) != NULL;
}

// `"openedOn":` in one piece, with a comma before it unless it is the first.
static void write_key(const char *json, bool first, buf_t *out)
{
    size_t size = strlen(json);
    char *at = buf_reserve(out, size + 4);
    if (at == NULL)
        return;
    char *end = at;
    if (!first)
        *end++ = ',';
    *end++ = '"';
    memcpy(end, json, size + 1);
    end += size;
    *end++ = '"';
    *end++ = ':';
    out->size += (size_t)(end - at);
}

static void write_message(const pb_type_t *type, const void *message, bool redact, buf_t *out)
{
    bool first = true;
    buf_add_char(out, '{');
    for (unsigned i = 0; message != NULL && i < type->descriptor->n_fields; i++) {
        if (!is_shown(type, message, i))
            continue;
        write_key(type->fields[i].json, first, out);
        write_field(type, message, i, redact, out);
        first = false;
    }
    buf_add_char(out, '}');
}

void pb_json_write(const pb_type_t *type, const void *message, buf_t *out)
{
    write_message(type, message, false, out);
}

void pb_json_write_redacted(const pb_type_t *type, const void *message, buf_t *out)
{
    write_message(type, message, true, out);
}

void pb_json_write_field(const pb_type_t *type, const void *message, unsigned index, buf_t *out)
{
    write_field(type, message, index, false, out);
}
