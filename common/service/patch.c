#include "common/service/patch.h"

#include "common/pb/message.h"

status_t message_patch(const pb_type_t *type, const void *before, const void *patch, char *const *clear, size_t clear_count, arena_t *arena,
                       void **after, problem_t *problem)
{
    void *patched = pb_new(type, arena);
    if (patched == NULL)
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory");
    for (unsigned i = 0; i < type->descriptor->n_fields; i++) {
        if ((type->fields[i].flags & (PB_OUTPUT_ONLY | PB_IMMUTABLE)) != 0 && pb_has(type, patch, i))
            return problem_set(problem, STATUS_INVALID_ARGUMENT, type->fields[i].json, "It cannot be changed");
    }
    pb_merge(type, patched, type, before);
    pb_merge(type, patched, type, patch);
    for (size_t i = 0; i < clear_count; i++) {
        const int index = pb_field_by_name(type, clear[i]);
        if (index < 0)
            return problem_set(problem, STATUS_INVALID_ARGUMENT, clear[i], "There is no such field");
        if ((type->fields[index].flags & (PB_REQUIRED | PB_OUTPUT_ONLY | PB_IMMUTABLE)) != 0)
            return problem_set(problem, STATUS_INVALID_ARGUMENT, type->fields[index].json, "It cannot be taken away");
        pb_clear(type, patched, (unsigned)index);
    }
    *after = patched;
    return STATUS_OK;
}
