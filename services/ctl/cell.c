#include "services/ctl/cell.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/clock.h"

#define TEXT_CAP (256u * 1024u * 1024u)

static const char *keep(arena_t *arena, const buf_t *text)
{
    const char *copy = buf_ok(text) ? arena_string(arena, text->data != NULL ? text->data : "") : NULL;
    return copy != NULL ? copy : "";
}

// Texts with commas in them are told apart by something else.
static const char *separator_of(const json_t *list)
{
    size_t i;
    const json_t *item;
    json_array_foreach(list, i, item)
    {
        if (json_is_string(item) && strchr(json_string_value(item), ',') != NULL)
            return "; ";
    }
    return ", ";
}

static void add_value(const json_t *value, buf_t *out)
{
    if (json_is_string(value)) {
        buf_add_string(out, json_string_value(value));
    } else if (json_is_array(value) && !json_is_object(json_array_get(value, 0))) {
        const char *separator = separator_of(value);
        for (size_t i = 0; i < json_array_size(value); i++) {
            buf_add_string(out, i > 0 ? separator : "");
            add_value(json_array_get(value, i), out);
        }
    } else if (value != NULL && !json_is_null(value)) {
        char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
        buf_add_string(out, text != NULL ? text : "");
        free(text);
    }
}

const char *cell_of(const json_t *value, arena_t *arena)
{
    buf_t text;
    if (json_is_string(value)) {
        const char *copy = arena_string(arena, json_string_value(value));
        return copy != NULL ? copy : "";
    }
    buf_init(&text, TEXT_CAP);
    add_value(value, &text);
    const char *cell = keep(arena, &text);
    buf_deinit(&text);
    return cell;
}

const char *cell_shorten(const char *cell, arena_t *arena)
{
    int64_t wall_us;
    if (strlen(cell) != 27 || cell[19] != '.' || !instant_parse(cell, &wall_us))
        return cell;
    const char *shorter = arena_printf(arena, "%.19sZ", cell);
    return shorter != NULL ? shorter : cell;
}

const char *cell_of_messages(const pb_type_t *type, const json_t *row, arena_t *arena)
{
    buf_t text;
    buf_init(&text, TEXT_CAP);
    for (unsigned i = 0; i < type->descriptor->n_fields; i++) {
        const json_t *object = type->descriptor->fields[i].label != PROTOBUF_C_LABEL_REPEATED && type->fields[i].type != NULL
                                   ? json_object_get(row, type->fields[i].json)
                                   : NULL;
        const pb_type_t *inner = type->fields[i].type;
        bool first = true;
        if (object == NULL)
            continue;
        buf_printf(&text, "%s%s:", text.size > 0 ? "; " : "", type->fields[i].json);
        for (unsigned j = 0; j < inner->descriptor->n_fields; j++) {
            const json_t *value = json_object_get(object, inner->fields[j].json);
            if (value == NULL || inner->fields[j].type != NULL || (json_is_array(value) && json_array_size(value) == 0))
                continue;
            buf_printf(&text, "%s %s ", first ? "" : ",", inner->fields[j].json);
            add_value(value, &text);
            first = false;
        }
    }
    const char *cell = keep(arena, &text);
    buf_deinit(&text);
    return cell;
}
