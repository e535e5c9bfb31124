// Texts that do harm where somebody takes them for more than text. Each that has room for it holds PAYLOAD_MARK, which no log may show.
#ifndef PCN_TESTS_INTEGRATION_ABUSE_PAYLOAD_H
#define PCN_TESTS_INTEGRATION_ABUSE_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/buf.h"

#define PAYLOAD_MARK "kanarie7q"

typedef struct payload {
    const char *name;
    const char *bytes;
    size_t size;
    size_t repeat; // how often the bytes stand there; 0 is once
} payload_t;

extern const payload_t payloads[];
extern const size_t payload_count;

// The whole text.
void payload_write(const payload_t *payload, buf_t *out);
// As a JSON string, control characters escaped and all else as it is, UTF-8 or not.
void payload_write_json(const payload_t *payload, buf_t *out);
// Percent-encoded, but for letters and digits.
void payload_write_encoded(const payload_t *payload, buf_t *out);
// Whether it can be the value of a header: no line ends and no NUL, which would be another request.
bool payload_fits_header(const payload_t *payload);

#endif
