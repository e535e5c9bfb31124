// Watches one run of a program until it is ready, in the way that its spec says. Calls back once, from the loop.
#ifndef PCN_SUPERVISOR_READY_H
#define PCN_SUPERVISOR_READY_H

#include <uv.h>

#include "services/supervisor/spec.h"

typedef struct ready ready_t;
typedef void (*ready_fn)(void *data);

// NULL where there is no memory or no descriptor. The program belongs to the caller and outlives the watch.
ready_t *ready_new(uv_loop_t *loop, const spec_program_t *program, ready_fn fn, void *data);
// The descriptor that the run inherits, or -1.
int ready_child_fd(const ready_t *ready);
// To be called when the run has started.
void ready_begin(ready_t *ready);
// To be called on SIGCHLD: a probe may have ended.
void ready_reap(ready_t *ready);
// Ends the watch; a probe that still runs is killed. Memory goes with the loop's last turn.
void ready_close(ready_t **ready);

#endif
