#include <string.h>

#include "common/pb/field.h"
#include "common/pb/json.h"

#define NAME_MAX_SIZE 64

bool pb_path_resolve(const pb_type_t *root, const char *path, pb_path_t *out)
{
    const pb_type_t *type = root;
    out->depth = 0;
    for (const char *part = path;;) {
        const char *end = strchrnul(part, '.');
        size_t size = (size_t)(end - part);
        char name[NAME_MAX_SIZE];
        if (type == NULL || out->depth == PB_PATH_MAX || size >= sizeof name)
            return false;
        memcpy(name, part, size);
        name[size] = '\0';
        int index = pb_field_by_name(type, name);
        if (index < 0)
            return false;
        out->type[out->depth] = type;
        out->index[out->depth++] = (unsigned)index;
        if (*end == '\0')
            return true;
        // Only a single message leads on; a list has no one member to follow.
        bool list = pb_is_list(&type->descriptor->fields[index]);
        type = list ? NULL : type->fields[index].type;
        part = end + 1;
    }
}
