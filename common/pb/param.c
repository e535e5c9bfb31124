#include "common/pb/param.h"

#include <stdio.h>
#include <string.h>

#include "common/pb/bytes.h"
#include "common/pb/field.h"
#include "common/pb/message.h"

// A parameter's text in the making; reads as unset until `text` is there.
typedef struct param {
    arena_t *arena;
    const char *text;
    size_t size;
} param_t;

static status_t take(param_t *param, const char *text, size_t size)
{
    param->text = text;
    param->size = text == NULL ? 0 : size;
    return text == NULL ? STATUS_RESOURCE_EXHAUSTED : STATUS_OK;
}

static status_t param_real(param_t *param, double value)
{
    char digits[32];
    int size = snprintf(digits, sizeof digits, "%.17g", value);
    return take(param, arena_copy(param->arena, digits, (size_t)size), (size_t)size);
}

static status_t param_digits(param_t *param, ProtobufCType type, const void *value)
{
    char digits[PB_DIGITS_MAX];
    size_t size = pb_digits(type, value, digits);
    return take(param, arena_copy(param->arena, digits, size), size);
}

static status_t param_bytes(param_t *param, const ProtobufCBinaryData *bytes)
{
    char *out = arena_alloc(param->arena, 2 * bytes->len + 3);
    if (out == NULL)
        return STATUS_RESOURCE_EXHAUSTED;
    size_t size = pb_hex_write(bytes, out);
    out[size] = '\0';
    return take(param, out, size);
}

// One value. An enum's 0 stays NULL.
static status_t param_value(param_t *param, const pb_field_t *meta, ProtobufCType kind, const void *value)
{
    const char *text;
    switch (kind) {
    case PROTOBUF_C_TYPE_STRING:
        text = *(char *const *)value;
        return text == NULL ? STATUS_OK : take(param, text, strlen(text));
    case PROTOBUF_C_TYPE_ENUM:
        text = pb_enum_json(meta->enumeration, *(const int *)value);
        if (text != NULL)
            return take(param, text, strlen(text));
        return *(const int *)value == 0 ? STATUS_OK : STATUS_INVALID_ARGUMENT;
    case PROTOBUF_C_TYPE_BOOL:
        return take(param, *(const protobuf_c_boolean *)value ? "t" : "f", 1);
    case PROTOBUF_C_TYPE_BYTES:
        return param_bytes(param, value);
    case PROTOBUF_C_TYPE_FLOAT:
        return param_real(param, (double)*(const float *)value);
    case PROTOBUF_C_TYPE_DOUBLE:
        return param_real(param, *(const double *)value);
    default:
        return param_digits(param, kind, value);
    }
}

// Messages go as JSON: the buffer's bytes are copied once, since a statement's parameters live in the arena.
static status_t param_json(param_t *param, const pb_type_t *type, const void *message, unsigned index)
{
    buf_t json;
    buf_init(&json, PB_PARAM_JSON_MAX);
    pb_json_write_field(type, message, index, &json);
    status_t status = buf_ok(&json) ? take(param, arena_copy(param->arena, json.data, json.size), json.size) : STATUS_RESOURCE_EXHAUSTED;
    buf_deinit(&json);
    return status;
}

// PostgreSQL's array literal takes any text between quotes once these two are escaped.
static size_t quoted_size(const char *text, size_t size)
{
    size_t out = size + 2;
    for (size_t i = 0; i < size; i++)
        out += text[i] == '"' || text[i] == '\\';
    return out;
}

static char *quote(char *out, const char *text, size_t size)
{
    *out++ = '"';
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '"' || text[i] == '\\')
            *out++ = '\\';
        *out++ = text[i];
    }
    *out++ = '"';
    return out;
}

typedef struct item {
    const char *text;
    size_t size;
} item_t;

static char *literal_write(char *out, const item_t *items, size_t count, bool quoted)
{
    *out++ = '{';
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            *out++ = ',';
        if (items[i].text == NULL) {
            memcpy(out, "NULL", 4);
            out += 4;
        } else if (quoted) {
            out = quote(out, items[i].text, items[i].size);
        } else {
            memcpy(out, items[i].text, items[i].size);
            out += items[i].size;
        }
    }
    *out++ = '}';
    *out = '\0';
    return out;
}

static status_t param_list(param_t *param, const pb_type_t *type, const void *message, unsigned index)
{
    const ProtobufCFieldDescriptor *field = &type->descriptor->fields[index];
    size_t count = *pb_count(field, message), room = 3;
    bool quoted = field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_ENUM || field->type == PROTOBUF_C_TYPE_BYTES;
    item_t *items = arena_alloc(param->arena, count * sizeof *items);
    if (items == NULL)
        return STATUS_RESOURCE_EXHAUSTED;
    for (size_t i = 0; i < count; i++) {
        param_t one = {.arena = param->arena};
        status_t status = param_value(&one, &type->fields[index], field->type, pb_item(field, message, i));
        if (status != STATUS_OK)
            return status;
        items[i] = (item_t){one.text, one.size};
        room += 1 + (one.text == NULL ? 4 : quoted ? quoted_size(one.text, one.size) : one.size);
    }
    char *out = arena_alloc(param->arena, room);
    if (out == NULL)
        return STATUS_RESOURCE_EXHAUSTED;
    return take(param, out, (size_t)(literal_write(out, items, count, quoted) - out));
}

status_t pb_param(const pb_path_t *path, const void *root, arena_t *arena, const char **text, size_t *size)
{
    *text = NULL;
    *size = 0;
    const void *message = root;
    unsigned last = path->depth - 1;
    for (unsigned i = 0; i < last && message != NULL; i++)
        message = *(void **)pb_member(&path->type[i]->descriptor->fields[path->index[i]], message);
    const pb_type_t *type = path->type[last];
    unsigned index = path->index[last];
    if (message == NULL || !pb_has(type, message, index))
        return STATUS_OK;
    const ProtobufCFieldDescriptor *field = &type->descriptor->fields[index];
    param_t param = {.arena = arena};
    status_t status;
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        status = param_json(&param, type, message, index);
    else if (pb_is_list(field))
        status = param_list(&param, type, message, index);
    else
        status = param_value(&param, &type->fields[index], field->type, pb_member(field, message));
    *text = param.text;
    *size = param.size;
    return status;
}
