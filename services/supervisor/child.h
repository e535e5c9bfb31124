// One program of the spec over all of its runs: started, watched until ready, started again when it dies, told to stop.
//
//   WAITING → STARTING → READY            the way up
//   STARTING → BACKOFF → STARTING         died before it was ready: again after 100 ms, 200 ms … 5 s (400 ms for what was ready once)
//   READY → STARTING                      died: again at once
//   any → STOPPING → STOPPED (→ STARTING) told to stop (or to start anew)
//
// A task (ready = exit) is READY when it ended well, without a process.
#ifndef PCN_SUPERVISOR_CHILD_H
#define PCN_SUPERVISOR_CHILD_H

#include <sys/types.h>
#include <uv.h>

#include "services/supervisor/capture.h"
#include "services/supervisor/ready.h"
#include "services/supervisor/spec.h"

typedef enum child_state { CHILD_WAITING, CHILD_STARTING, CHILD_READY, CHILD_BACKOFF, CHILD_STOPPING, CHILD_STOPPED } child_state_t;

typedef struct child child_t;
// Called after every change of state.
typedef void (*child_fn)(void *data, child_t *child);

struct child {
    const spec_program_t *program;
    uv_loop_t *loop;
    capture_t *capture;
    ready_t *ready;   // of this run
    uv_timer_t timer; // back-off, or grace
    child_fn changed;
    void *data;
    child_state_t state;
    int listen_fd;          // -1: none; open as long as the child is set up
    pid_t pid;              // 0: none
    bool again;             // start anew once it is gone
    bool proven;            // was ready in some run
    unsigned restarts;      // runs after the first that nobody asked for
    unsigned failures;      // in a row, without having been ready
    int64_t ready_since_us; // wall clock; 0 while it is not
    char reason[64];        // how the last run ended
};

MUST_CHECK status_t child_init(child_t *child, uv_loop_t *loop, const spec_program_t *program, const char *log_dir, child_fn changed,
                               void *data, problem_t *problem);
// Closes what the loop watches; the process must be gone.
void child_deinit(child_t *child);
const char *child_state_name(child_state_t state);
// From WAITING or STOPPED.
void child_start(child_t *child);
// The signal of its spec, and SIGKILL after its grace. With `again` it is started anew when gone.
void child_stop(child_t *child, bool again);
// To be called on SIGCHLD.
void child_reap(child_t *child);

#endif
