// Identifiers: UUID version 7 (RFC 9562): time-ordered, so that an index on them grows at its end.
#ifndef PCN_BASE_ID_H
#define PCN_BASE_ID_H

#include <stdbool.h>
#include <stdint.h>

#define ID_SIZE 37

// Lower case with hyphens. The random part comes from the kernel, anew in a forked child; within a millisecond of one process ids still
// ascend.
void id_make(int64_t wall_us, char out[ID_SIZE]);
// Any UUID in the 8-4-4-4-12 form.
bool id_valid(const char *text);
// A code: a slug ^[a-z0-9][a-z0-9-]{1,63}$ or an ODS code, 3 to 12 upper-case letters and digits.
bool code_valid(const char *text);
// Whether the text is well-formed UTF-8 (no overlong forms, no surrogates, no NUL within `size`).
bool utf8_valid(const char *text, uint64_t size);

#endif
