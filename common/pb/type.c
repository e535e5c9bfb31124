#include "common/pb/type.h"

#include <stdio.h>
#include <string.h>

#include "common/pb/field.h"

int pb_field_by_name(const pb_type_t *type, const char *name)
{
    const ProtobufCMessageDescriptor *descriptor = type->descriptor;
    unsigned low = 0, high = descriptor->n_fields;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        unsigned index = descriptor->fields_sorted_by_name[middle];
        int order = strcmp(descriptor->fields[index].name, name);
        if (order == 0)
            return (int)index;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

int pb_field_by_json(const pb_type_t *type, const char *json, size_t size)
{
    for (unsigned i = 0; i < type->descriptor->n_fields; i++) {
        const char *name = type->fields[i].json;
        if (strlen(name) == size && memcmp(name, json, size) == 0)
            return (int)i;
    }
    return -1;
}

const pb_method_t *pb_method_by_name(const char *name)
{
    for (const pb_service_t *const *service = pcn_services; *service != NULL; service++) {
        size_t size = strlen((*service)->name);
        if (strncmp((*service)->name, name, size) != 0 || name[size] != '/')
            continue;
        for (unsigned i = 0; i < (*service)->method_count; i++) {
            const pb_method_t *method = &(*service)->methods[i];
            if (strcmp(method->short_name, name + size + 1) == 0)
                return method;
        }
    }
    return NULL;
}

// Index into descriptor->values, which are sorted by number, or -1.
static int enum_index(const ProtobufCEnumDescriptor *descriptor, int value)
{
    // Numbers of our enums begin at 0 and have no gaps, so the first guess nearly always hits.
    if (value >= 0 && (unsigned)value < descriptor->n_values && descriptor->values[value].value == value)
        return value;
    unsigned low = 0, high = descriptor->n_values;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (descriptor->values[middle].value == value)
            return (int)middle;
        if (descriptor->values[middle].value < value)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

const char *pb_enum_json(const pb_enum_t *enumeration, int value)
{
    int index = enum_index(enumeration->descriptor, value);
    return index < 0 ? NULL : enumeration->json[index];
}

bool pb_enum_by_json(const pb_enum_t *enumeration, const char *json, size_t size, int *value)
{
    for (unsigned i = 0; i < enumeration->descriptor->n_values; i++) {
        const char *name = enumeration->json[i];
        if (name != NULL && strlen(name) == size && memcmp(name, json, size) == 0) {
            *value = enumeration->descriptor->values[i].value;
            return true;
        }
    }
    return false;
}

bool pb_enum_has(const ProtobufCEnumDescriptor *descriptor, int value)
{
    return enum_index(descriptor, value) >= 0;
}

void pb_enum_names(const pb_enum_t *enumeration, char *out, size_t room)
{
    int used = snprintf(out, room, "one of ");
    bool first = true;
    for (unsigned i = 0; i < enumeration->descriptor->n_values && used > 0 && (size_t)used < room; i++) {
        const char *name = enumeration->json[i];
        if (name == NULL)
            continue;
        size_t left = room - (size_t)used;
        if (strlen(name) + sizeof ", , …" > left) {
            (void)snprintf(out + used, left, ", …");
            return;
        }
        used += snprintf(out + used, left, "%s%s", first ? "" : ", ", name);
        first = false;
    }
}
