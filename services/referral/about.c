#include "services/referral/about.h"

#include <stdlib.h>
#include <string.h>

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
