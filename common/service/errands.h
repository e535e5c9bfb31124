// Runs a service's errands (errand.h): each step is a piece of work of libuv's thread pool; before and after it everything is the loop's.
//
// Shared between the threads is only what struct errand says so: `ending` (atomic), and the handle for cancelling under a mutex.
#ifndef PCN_SERVICE_ERRANDS_H
#define PCN_SERVICE_ERRANDS_H

#include <uv.h>

#include "common/event/log.h"
#include "common/service/errand.h"

typedef struct errands errands_t;

typedef struct errands_options {
    const char *service;             // also the schema
    const char *dsn;                 // borrowed; the application's role
    const service_errand_t *errands; // ended by one without a name; NULL for none
    event_log_t *log;                // hinted after a step that did something; may be NULL
    int32_t today;                   // instead of the clock's date, to try out a day; 0 for the clock's
} errands_options_t;

// Each looks at once. `metrics` gets pcn_errand_runs_total, pcn_errand_done_total and pcn_errand_failures_total by errand.
MUST_CHECK status_t errands_new(uv_loop_t *loop, const errands_options_t *options, metrics_t *metrics, errands_t **errands,
                                problem_t *problem);
// Something was committed that may be an errand's work: they look now, or once more after what they are at. NULL is none.
void errands_hint(errands_t *errands);
// Nothing new begins, and what runs is cancelled in the database, again and again until it ends.
void errands_drain(errands_t *errands);
// No step runs: what draining waits for.
bool errands_idle(const errands_t *errands);
// Closes its handles. The loop still sees the running steps out, which are cancelled; errands_destroy comes after the loop.
void errands_stop(errands_t *errands);
void errands_destroy(errands_t **errands);

#endif
