// JSON both ways by descriptor: lowerCamelCase keys, enum names in hyphens, integers as numbers, unset fields left out, but
// for lists that are always shown.
#ifndef PCN_PB_JSON_H
#define PCN_PB_JSON_H

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/status.h"
#include "common/pb/type.h"

// Appends the message as one JSON object. A failure is the buffer's.
void pb_json_write(const pb_type_t *type, const void *message, buf_t *out);

// The same, with sensitive fields as "***": for logs and traces.
void pb_json_write_redacted(const pb_type_t *type, const void *message, buf_t *out);

// The value of one field that is set, without its key.
void pb_json_write_field(const pb_type_t *type, const void *message, unsigned index, buf_t *out);

typedef enum pb_json_mode {
    PB_JSON_REQUEST, // what a client sent: unknown keys and output-only fields are refused
    PB_JSON_PATCH,   // a merge patch: the same, and top-level nulls are collected
    PB_JSON_TRUSTED, // our own text, from the database: unknown keys are skipped, output-only fields read
} pb_json_mode_t;

// Parses text of `size` bytes into a message in the arena. INVALID_ARGUMENT with the JSON path of what is wrong: broken or not UTF-8,
// deeper than 16, a key twice, unknown, of a wrong type, an unknown enum value, a number with a fraction or out of its type's
// range, a null outside a patch. Rules of the contract are pb_validate's.
// In a patch, `clear` receives the proto names of top-level fields that are null or an empty list (in the arena; may be NULL in other
// modes); a required or immutable one is refused.
MUST_CHECK status_t pb_json_read(const pb_type_t *type, const char *text, size_t size, pb_json_mode_t mode, arena_t *arena, void **message,
                                 char ***clear, size_t *clear_count, problem_t *problem);

// The value of one field from JSON text in trusted mode: what a json column holds.
MUST_CHECK status_t pb_json_read_field(const pb_type_t *type, void *message, unsigned index, const char *text, size_t size, arena_t *arena,
                                       problem_t *problem);

// Sets one field from text as a query or path parameter gives it ("network", "50", "true", "2019-07-01"); repeated fields append, a
// single one that is set already is refused, as are fields that only the service sets. The problem's field is the JSON name.
MUST_CHECK status_t pb_set_text(const pb_type_t *type, void *message, unsigned index, const char *text, arena_t *arena, problem_t *problem);

// A path of fields ("organisation.kind", "code") followed from a type, resolved once and read often.
#define PB_PATH_MAX 6
typedef struct pb_path {
    const pb_type_t *type[PB_PATH_MAX];
    unsigned index[PB_PATH_MAX];
    unsigned depth;
} pb_path_t;

// False where a name of the path is not there, or one before the last is not a single message.
bool pb_path_resolve(const pb_type_t *root, const char *path, pb_path_t *out);

#endif
