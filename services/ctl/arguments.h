// A request put together from flags, as JSON by the contract's names; checked by the contract's own rules, and then cut into the parts of
// an HTTP request: path, query and body.
//
// Values are texts as a query has them: an enum by its name, bytes in base64, a message as JSON. A list is given by repetition. Of a list
// of messages a new item begins where a field is given again: --into.code a --into.name A --into.code b --into.name B.
#ifndef PCN_CTL_ARGUMENTS_H
#define PCN_CTL_ARGUMENTS_H

#include <jansson.h>

#include "common/base/arena.h"
#include "common/base/status.h"
#include "services/ctl/flag.h"

typedef struct arguments {
    const pb_method_t *method;
    json_t *request; // what a patch takes away is null in its body
} arguments_t;

MUST_CHECK status_t arguments_init(arguments_t *arguments, const pb_method_t *method, problem_t *problem);
void arguments_deinit(arguments_t *arguments);

// Sets a flag's field. `value` NULL: the flag stands alone, which a bool may. INVALID_ARGUMENT with the flag ("--as-of") as field.
MUST_CHECK status_t arguments_set(arguments_t *arguments, const flag_t *flag, const char *value, problem_t *problem);
// A patch takes the field away, named as its flag is ("notes").
MUST_CHECK status_t arguments_clear(arguments_t *arguments, const char *name, problem_t *problem);
// The whole body as JSON text.
MUST_CHECK status_t arguments_body(arguments_t *arguments, const char *text, size_t size, problem_t *problem);

// What the gateway would check too. The problem's field is the flag, where it is one.
MUST_CHECK status_t arguments_check(const arguments_t *arguments, arena_t *arena, problem_t *problem);
// Appends "/v1/networks/pcn-rutland?asOf=2019-07-01". INVALID_ARGUMENT where a field of the path is missing.
MUST_CHECK status_t arguments_target(const arguments_t *arguments, buf_t *out, problem_t *problem);
// Appends the body; false where the call has none. A failure is the buffer's.
bool arguments_body_text(const arguments_t *arguments, buf_t *out);

#endif
