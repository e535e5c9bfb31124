// An input begins with a line that names its type, so that a corpus stays good as the contract grows.
#ifndef PCN_TESTS_FUZZ_CHOICE_H
#define PCN_TESTS_FUZZ_CHOICE_H

#include <string.h>

#include "tests/unit/pb/sample.h"

// Takes the line off the input. The sample, which has every kind of field, where no type is named.
static inline const pb_type_t *choose_type(const uint8_t **data, size_t *size)
{
    const uint8_t *end = *size > 0 ? memchr(*data, '\n', *size) : NULL;
    if (end == NULL)
        return &sample_type;
    size_t length = (size_t)(end - *data);
    const pb_type_t *found = &sample_type;
    for (const pb_type_t *const *type = pcn_types; *type != NULL; type++)
        if (strlen((*type)->name) == length && memcmp((*type)->name, *data, length) == 0)
            found = *type;
    *data += length + 1;
    *size -= length + 1;
    return found;
}

#endif
