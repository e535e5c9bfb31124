// Any two texts as an organisation and a merge patch of it, split by a line feed: what is accepted has what the patch gives, has not what
// it takes away, and is else as it was.
#include <stdlib.h>
#include <string.h>

#include "common/pb/json.h"
#include "common/pb/message.h"
#include "services/registry/rules_organisation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static bool same_field(unsigned index, const void *one, const void *other)
{
    buf_t a, b;
    buf_init(&a, 64 * 1024 * 1024);
    buf_init(&b, 64 * 1024 * 1024);
    const bool has = pb_has(ORGANISATION_TYPE, one, index);
    bool same = has == pb_has(ORGANISATION_TYPE, other, index);
    if (same && has) {
        pb_json_write_field(ORGANISATION_TYPE, one, index, &a);
        pb_json_write_field(ORGANISATION_TYPE, other, index, &b);
        same = a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
    }
    buf_deinit(&a);
    buf_deinit(&b);
    return same;
}

static void check(const organisation_t *before, const organisation_t *patch, char *const *clear, size_t clear_count,
                  const organisation_t *after)
{
    const pb_type_t *type = ORGANISATION_TYPE;
    organisation_t whole = *before; // what every organisation has, whether it was given or not
    organisation_complete(&whole);
    for (unsigned i = 0; i < type->descriptor->n_fields; i++) {
        bool cleared = false;
        for (size_t j = 0; j < clear_count; j++)
            cleared = cleared || strcmp(clear[j], type->descriptor->fields[i].name) == 0;
        if (pb_has(type, patch, i))
            must(same_field(i, patch, after));
        else if (!cleared && pb_has(type, before, i))
            must(same_field(i, before, after));
        else if (cleared && !pb_has(type, &whole, i))
            must(!pb_has(type, after, i));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
    if (end == NULL)
        return 0;
    const size_t length = (size_t)(end - data);
    arena_t *arena = arena_new(64 * 1024 * 1024);
    must(arena != NULL);
    void *before, *patch;
    organisation_t *after = NULL;
    char **clear = NULL;
    size_t clear_count = 0;
    problem_t problem = {0};
    if (pb_json_read(ORGANISATION_TYPE, (const char *)data, length, PB_JSON_TRUSTED, arena, &before, NULL, NULL, NULL) == STATUS_OK &&
        pb_json_read(ORGANISATION_TYPE, (const char *)end + 1, size - length - 1, PB_JSON_PATCH, arena, &patch, &clear, &clear_count,
                     NULL) == STATUS_OK) {
        const status_t status = organisation_patch(before, patch, clear, clear_count, arena, &after, &problem);
        must((status == STATUS_OK) == (after != NULL));
        if (status == STATUS_OK)
            check(before, patch, clear, clear_count, after);
        else
            must(problem.field[0] != '\0' && problem.detail[0] != '\0');
    }
    arena_destroy(&arena);
    return 0;
}
