// A body of multipart/form-data (RFC 7578, RFC 2046), read while it comes: bytes go in as they are there, and each part's content comes out
// into room of the caller's, so that whoever has none just stops. libmicrohttpd's own reader pushes: it cannot stop between two parts,
// takes names without quotes for none, lines without their carriage return, anything before the first boundary and parts without a
// disposition.
//
// Strict: what a known client never sends is refused. It holds a line of a part's head and no content.
#ifndef PCN_GATEWAY_MULTIPART_H
#define PCN_GATEWAY_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>

#define MULTIPART_BOUNDARY_MAX 70 // RFC 2046
#define MULTIPART_LINE_MAX 2048   // of a part's head
#define MULTIPART_HEAD_MAX 8192   // all of it
#define MULTIPART_NAME_MAX 200    // characters
#define MULTIPART_NAME_SIZE (4 * MULTIPART_NAME_MAX + 1)

typedef enum multipart_event {
    MULTIPART_MORE,     // all bytes are taken
    MULTIPART_PART,     // a part begins, `name` is its file's
    MULTIPART_FULL,     // content goes on, but there is no room for it
    MULTIPART_PART_END, // all content of the part was given
    MULTIPART_END,      // the last boundary was read; a line's end may follow, nothing else
    MULTIPART_BAD,      // `fault` says why; there is no going on
} multipart_event_t;

typedef enum multipart_state {
    MULTIPART_AT_START,
    MULTIPART_AFTER_BOUNDARY,
    MULTIPART_AFTER_BOUNDARY_CR,
    MULTIPART_AFTER_BOUNDARY_DASH,
    MULTIPART_IN_HEAD,
    MULTIPART_IN_CONTENT,
    MULTIPART_AT_END,
    MULTIPART_AT_END_CR,
    MULTIPART_AFTER_END,
    MULTIPART_BROKEN,
} multipart_state_t;

typedef struct multipart {
    multipart_state_t state;
    char delimiter[4 + MULTIPART_BOUNDARY_MAX]; // CR, LF, two hyphens, the boundary
    size_t delimiter_size;
    size_t matched;       // of the delimiter
    size_t matched_from;  // where it began to be content: 2 at the content's beginning, where no line's end has to come before it
    size_t owed, owed_to; // of the delimiter, seen and found to be content
    char line[MULTIPART_LINE_MAX];
    size_t line_size, head_size;
    bool disposed;                  // the part's disposition was read
    char name[MULTIPART_NAME_SIZE]; // the file's, or else the field's
    const char *fault;
} multipart_t;

// Whether that is the content type of a form; its parameters are not looked at.
bool multipart_is_form(const char *content_type);
// False where its boundary is missing or is none.
bool multipart_init(multipart_t *form, const char *content_type);
// Reads on from `*at`, up to `size`; content is appended to `out`, of which `*used` is taken and `room` is all there is.
multipart_event_t multipart_read(multipart_t *form, const char *bytes, size_t size, size_t *at, char *out, size_t room, size_t *used);
// Whether the form was complete, where its bytes end here.
bool multipart_complete(const multipart_t *form);

#endif
