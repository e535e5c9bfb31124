// Long work of a service that no caller waits for: an errand runs on a worker thread, with connections of its own that wait, one step at a
// time, beside the loop that serves. What a step may touch is in its errand_step_t and nothing else: everything in there is the step's own
// while it runs, but for `ending`, which is atomic.
#ifndef PCN_SERVICE_ERRAND_H
#define PCN_SERVICE_ERRAND_H

#include <stdatomic.h>

#include "common/base/arena.h"
#include "common/base/clock.h"
#include "common/db/session.h"

typedef struct errand_step {
    // By the application's role, without limits on a statement's time. A step that leaves a transaction open loses what it did in it.
    db_session_t *session;
    // For what others shall see while the first is in the middle of a transaction; its statements are short.
    db_session_t *aside;
    int64_t now_us;
    char now[INSTANT_SIZE], today[DATE_SIZE]; // as a call has them
    arena_t *arena;                           // empty
    const atomic_bool *ending;                // once true, the running statement is cancelled and the step is to return
    // Out.
    bool did;  // it changed something: the relay looks at once
    bool more; // there may be more to do: the next step comes at once
    problem_t *problem;
} errand_step_t;

// "Is there something to do? Then do it." Several replicas ask the same, so a step locks what it works on in the database. One that fails
// is tried again after a while, with new connections.
typedef status_t (*errand_fn)(errand_step_t *step);

typedef struct service_errand {
    const char *name;
    errand_fn step;
    unsigned period_s; // how often it looks where nothing hints at work
} service_errand_t;

#endif
