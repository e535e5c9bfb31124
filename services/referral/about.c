#include "services/referral/about.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

bool about_patient(service_call_t *call, const char *id)
{
    if (id == NULL)
        return true;
    char **about = arena_alloc(call->arena, (call->about_count + 1) * sizeof *about);
    char *path = arena_printf(call->arena, "patients/%s", id);
    if (about == NULL || path == NULL)
        return false;
    // Ids are written small in the trail, however they are asked for.
    for (char *at = path; *at != '\0'; at++)
        *at = (char)tolower((unsigned char)*at);
    if (call->about_count > 0)
        memcpy(about, call->about, call->about_count * sizeof *about);
    about[call->about_count++] = path;
    call->about = about;
    return true;
}

static int compare_ids(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool about_patients(service_call_t *call, char **ids, size_t count)
{
    call->about = arena_alloc(call->arena, (count + 1) * sizeof *call->about);
    call->about_count = 0;
    if (call->about == NULL)
        return false;
    qsort(ids, count, sizeof *ids, compare_ids);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && strcmp(ids[i - 1], ids[i]) == 0)
            continue;
        if ((call->about[call->about_count++] = arena_printf(call->arena, "patients/%s", ids[i])) == NULL)
            return false;
    }
    return true;
}

bool about_listed(service_call_t *call, const pb_type_t *type, const void *rows, size_t count, const char *asked)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(type->descriptor, "patient");
    char **ids = arena_alloc(call->arena, (count + 1) * sizeof *ids);
    size_t named = 0;
    if (ids == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        char *id = *(char *const *)(const void *)(((const char *const *)rows)[i] + field->offset);
        if (id != NULL)
            ids[named++] = id;
    }
    return named > 0 ? about_patients(call, ids, named) : about_patient(call, asked);
}
