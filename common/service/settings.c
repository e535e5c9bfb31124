#include "common/service/settings.h"

#include <stdlib.h>
#include <string.h>

static size_t count_of(const config_key_t *keys)
{
    size_t count = 0;
    while (keys != NULL && keys[count].name != NULL)
        count++;
    return count;
}

config_key_t *settings_join(const config_key_t *platform, size_t size, const config_key_t *own)
{
    const size_t first = count_of(platform), more = count_of(own);
    config_key_t *keys = calloc(first + more + 1, sizeof *keys);
    if (keys == NULL)
        return NULL;
    memcpy(keys, platform, first * sizeof *keys);
    for (size_t i = 0; i < more; i++) {
        keys[first + i] = own[i];
        keys[first + i].offset += size;
    }
    return keys;
}
