// From messages to statement parameters and from rows to messages. Text is the form in between: PostgreSQL reads and prints it for
// every type, and an enum is stored under its JSON name.
#ifndef PCN_PB_PARAM_H
#define PCN_PB_PARAM_H

#include "common/base/arena.h"
#include "common/base/status.h"
#include "common/pb/json.h"

// Most bytes of a message or list of messages as a parameter; four times what a frame may hold.
#define PB_PARAM_JSON_MAX (4u * 1024u * 1024u)

// The field at the path as a parameter in text form, in the arena (strings of the message itself are not copied): unset → *text NULL (so
// also for a message on the way or a root that is not there, an empty list, an enum's 0); string as it is; numbers in decimal; bool
// t/f; enum its JSON name; bytes as \x…; a message or a list of messages as JSON text; a list of scalars as an array literal
// {"a","b"}.
// `size` excludes the NUL. INVALID_ARGUMENT for an enum number without a name; RESOURCE_EXHAUSTED at the cap.
MUST_CHECK status_t pb_param(const pb_path_t *path, const void *root, arena_t *arena, const char **text, size_t *size);

// One column of a row into the field of that name: the reverse of the above. NULL text leaves the field unset. Dates and timestamps of
// PostgreSQL in ISO style (2019-07-01; 2019-07-01 09:00:00.123+00) become the contract's date and instant texts where the field's
// format says so. A message or list of messages reads JSON text in trusted mode. INTERNAL where the text does not fit: our own defect.
MUST_CHECK status_t pb_set_column(const pb_type_t *type, void *message, unsigned index, const char *text, size_t size, arena_t *arena,
                                  problem_t *problem);

#endif
