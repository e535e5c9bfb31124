#include "services/supervisor/fleet.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/log.h"
#include "services/supervisor/record.h"

static bool needs_are_ready(const fleet_t *fleet, const child_t *child)
{
    for (size_t i = 0; i < child->program->after.count; i++) {
        if (fleet->children[child->program->after_index[i]].state != CHILD_READY) {
            return false;
        }
    }
    return true;
}

static bool is_needed(const fleet_t *fleet, const child_t *child)
{
    for (size_t i = 0; i < fleet->count; i++) {
        const child_t *other = &fleet->children[i];
        for (size_t j = 0; j < other->program->after.count; j++) {
            if (&fleet->children[other->program->after_index[j]] == child && other->state != CHILD_STOPPED) {
                return true;
            }
        }
    }
    return false;
}

static void record_now(const fleet_t *fleet)
{
    record_t record = {0};
    record_add(&record, RECORD_SUPERVISOR, getpid(), SIGTERM);
    for (size_t i = 0; i < fleet->count; i++) {
        if (fleet->children[i].pid != 0) {
            record_add(&record, fleet->children[i].program->name, fleet->children[i].pid, fleet->children[i].program->stop_signal);
        }
    }
    problem_t problem = {0};
    if (record_save(&record, fleet->dir, &problem) != STATUS_OK) {
        log_warning("the record of processes is not current", LOG_TEXT("reason", problem.detail));
    }
}

// One step per call: each step changes a state, which calls this again.
static void step(fleet_t *fleet)
{
    bool all_stopped = true;
    for (size_t i = 0; i < fleet->count; i++) {
        child_t *child = &fleet->children[i];
        if (!fleet->stopping && child->state == CHILD_WAITING && needs_are_ready(fleet, child)) {
            child_start(child);
            return;
        }
        bool is_going = child->state == CHILD_STOPPED || (child->state == CHILD_STOPPING && !child->again);
        if (fleet->stopping && !is_going && !is_needed(fleet, child)) {
            child_stop(child, false);
            return;
        }
        all_stopped = all_stopped && child->state == CHILD_STOPPED;
    }
    if (fleet->stopping && all_stopped && fleet->stopped != NULL) {
        void (*stopped)(void *) = fleet->stopped;
        fleet->stopped = NULL;
        stopped(fleet->data);
    }
}

static void on_changed(void *data, child_t *child)
{
    fleet_t *fleet = data;
    record_now(fleet);
    if (fleet->changed != NULL) {
        fleet->changed(fleet->data, child);
    }
    step(fleet);
}

static void on_child_signal(uv_signal_t *handle, int number)
{
    (void)number;
    fleet_t *fleet = handle->data;
    for (size_t i = 0; i < fleet->count; i++) {
        child_reap(&fleet->children[i]);
    }
}

status_t fleet_init(fleet_t *fleet, uv_loop_t *loop, const spec_t *spec, const char *dir, problem_t *problem)
{
    *fleet = (fleet_t){.loop = loop, .spec = spec, .dir = dir};
    char log_dir[PATH_MAX];
    if (snprintf(log_dir, sizeof log_dir, "%s/log", dir) >= (int)sizeof log_dir) {
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "the path of the state is too long");
    }
    uv_signal_init(loop, &fleet->child_signal);
    fleet->child_signal.data = fleet;
    for (size_t i = 0; i < spec->count; i++) {
        status_t status = child_init(&fleet->children[i], loop, &spec->programs[i], log_dir, on_changed, fleet, problem);
        if (status != STATUS_OK) {
            return status;
        }
        fleet->count++;
    }
    return STATUS_OK;
}

void fleet_deinit(fleet_t *fleet)
{
    for (size_t i = 0; i < fleet->count; i++) {
        child_deinit(&fleet->children[i]);
    }
    uv_close((uv_handle_t *)&fleet->child_signal, NULL);
}

void fleet_start(fleet_t *fleet)
{
    uv_signal_start(&fleet->child_signal, on_child_signal, SIGCHLD);
    record_now(fleet);
    step(fleet);
}

void fleet_stop(fleet_t *fleet)
{
    if (!fleet->stopping) {
        log_info("stopping");
        fleet->stopping = true;
        step(fleet);
    }
}

bool fleet_is_ready(const fleet_t *fleet)
{
    for (size_t i = 0; i < fleet->count; i++) {
        if (fleet->children[i].state != CHILD_READY) {
            return false;
        }
    }
    return true;
}

const child_t *fleet_failed(const fleet_t *fleet)
{
    for (size_t i = 0; i < fleet->count; i++) {
        if (fleet->children[i].failures >= FLEET_FAILURES) {
            return &fleet->children[i];
        }
    }
    return NULL;
}

child_t *fleet_find(fleet_t *fleet, const char *name)
{
    int index = spec_find(fleet->spec, name);
    return index >= 0 ? &fleet->children[index] : NULL;
}
