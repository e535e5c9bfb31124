// All programs of an instance: started in the order of who needs whom, kept running, stopped in the reverse order.
#ifndef PCN_SUPERVISOR_FLEET_H
#define PCN_SUPERVISOR_FLEET_H

#include <uv.h>

#include "services/supervisor/child.h"

// So many runs in a row that never got ready are a failure to those who wait; the supervisor itself goes on trying.
#define FLEET_FAILURES 3

typedef struct fleet fleet_t;

struct fleet {
    uv_loop_t *loop;
    const spec_t *spec;
    const char *dir;
    child_t children[SPEC_PROGRAMS_MAX];
    size_t count; // of children that are set up
    uv_signal_t child_signal;
    bool stopping;
    // Told after every change; `child` is what changed. NULL where nobody listens.
    void (*changed)(void *data, const child_t *child);
    // Told once, when all have stopped.
    void (*stopped)(void *data);
    void *data;
};

// `fleet->changed`, `stopped` and `data` are the caller's to set after this. spec and dir (the state's folder) outlive the fleet.
MUST_CHECK status_t fleet_init(fleet_t *fleet, uv_loop_t *loop, const spec_t *spec, const char *dir, problem_t *problem);
void fleet_deinit(fleet_t *fleet);
void fleet_start(fleet_t *fleet);
void fleet_stop(fleet_t *fleet);
bool fleet_is_ready(const fleet_t *fleet);
// The first program that failed too often, or NULL.
const child_t *fleet_failed(const fleet_t *fleet);
child_t *fleet_find(fleet_t *fleet, const char *name);

#endif
