// Examples of calls, made from the contract: each is one that the contract takes, which a test holds it to.
#ifndef PCN_CTL_EXAMPLE_H
#define PCN_CTL_EXAMPLE_H

#include "services/ctl/flag.h"

// A value that the field takes: what its comment quotes, else one of its format. Nothing for what may stand alone.
void example_value(const flag_t *flag, buf_t *out);
// "pcnctl registry get-organisation --code pcn-rutland".
void example_call(const pb_method_t *method, buf_t *out);
// The same of a call with a body, from a file.
void example_body(const pb_method_t *method, buf_t *out);
// And from standard input.
void example_stream(const pb_method_t *method, buf_t *out);

#endif
