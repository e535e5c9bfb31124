// Carries a plan out: its calls over HTTP, some at a time, those for one aggregate one after the other (they would only overtake each
// other's version). Safe to repeat and to break off at any point: each call has its key, and what is there already is compared, not
// overwritten.
#ifndef PCN_CTL_LOAD_H
#define PCN_CTL_LOAD_H

#include "services/ctl/http.h"
#include "services/ctl/plan.h"

typedef struct load_options {
    unsigned in_flight;  // calls at a time
    int64_t patience_us; // how long the server may be unreachable or busy, all waits of a call together
} load_options_t;

// Problems of single calls are in the report. A status of its own only where nothing more can be done: the token is refused, no memory.
MUST_CHECK status_t load_run(const plan_t *plan, http_t *http, const load_options_t *options, report_t *report, problem_t *problem);

typedef enum load_match {
    LOAD_SAME,
    LOAD_DIFFERENT, // is there with another content
    LOAD_ABSENT,    // is not there: what is in the way is something else
} load_match_t;

// What is there against what a call would have made. `resource` is the answer to call->look; the first field that differs goes to `field`.
load_match_t load_compare(const plan_call_t *call, const json_t *resource, const char **field);

#endif
