// Bad HTTP requests without end from a seed: a table of templates, filled with random bytes, lengths and names, and good requests that lost
// or gained a few bytes.
//
// Where a request could be read in two ways, the reading that RFC 9112 forbids would show a second request, which creates an organisation
// whose code begins with MALFORMED_CODE: whoever reads so leaves a row.
#ifndef PCN_TESTS_INTEGRATION_ABUSE_MALFORMED_H
#define PCN_TESTS_INTEGRATION_ABUSE_MALFORMED_H

#include "common/base/buf.h"
#include "tests/integration/abuse/raw.h"

#define MALFORMED_CODE "smuggled"

typedef struct malformed_kind malformed_kind_t;

// Deterministic, so that a seed is a test case.
typedef struct malformed_source {
    uint64_t state;
    const char *token; // a good one: what is bad is nothing but the request
    unsigned serial;
} malformed_source_t;

size_t malformed_kinds(void);
const malformed_kind_t *malformed_kind(size_t index);
const char *malformed_name(const malformed_kind_t *kind);
// Appends one request of a random kind.
const malformed_kind_t *malformed_make(malformed_source_t *source, buf_t *out);
// The request is not whole: the other end may wait for the rest until the connection ends.
bool malformed_is_half(const malformed_kind_t *kind);
// How many good requests stand before the bad one.
unsigned malformed_good(const malformed_kind_t *kind);
// Whether the status may be an answer of that place. No answer, just the end, always may.
bool malformed_allows(const malformed_kind_t *kind, raw_place_t place, int status);

#endif
