#include "services/supervisor/child.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "services/supervisor/process.h"
#include "services/supervisor/sockets.h"

enum {
    CHILD_BACKOFF_FIRST_MS = 100,
    CHILD_BACKOFF_LAST_MS = 5000,
    // What was ready once is not kept waiting, whatever stands in its way at the moment.
    CHILD_BACKOFF_PROVEN_MS = 400,
};

static void run(child_t *child);

const char *child_state_name(child_state_t state)
{
    static const char *const names[] = {"waiting", "starting", "ready", "backoff", "stopping", "stopped"};
    assert((size_t)state < sizeof names / sizeof *names);
    return names[state];
}

static void state_set(child_t *child, child_state_t state)
{
    child->state = state;
    child->ready_since_us = state == CHILD_READY ? clock_wall_us() : 0;
    if (state == CHILD_READY) {
        child->failures = 0;
        child->proven = true;
        log_info("ready", LOG_TEXT("program", child->program->name), LOG_NUMBER("pid", child->pid));
    }
    child->changed(child->data, child);
}

static void on_ready(void *data)
{
    child_t *child = data;
    if (child->state == CHILD_STARTING) {
        state_set(child, CHILD_READY);
    }
}

static void on_backoff(uv_timer_t *timer)
{
    run(timer->data);
}

static void backoff(child_t *child)
{
    uint64_t delay_ms = CHILD_BACKOFF_FIRST_MS;
    for (unsigned i = 1; i < child->failures && delay_ms < CHILD_BACKOFF_LAST_MS; i++) {
        delay_ms *= 2;
    }
    uint64_t limit_ms = child->proven ? CHILD_BACKOFF_PROVEN_MS : CHILD_BACKOFF_LAST_MS;
    if (delay_ms > limit_ms) {
        delay_ms = limit_ms;
    }
    uv_timer_start(&child->timer, on_backoff, delay_ms, 0);
    state_set(child, CHILD_BACKOFF);
}

static void run(child_t *child)
{
    ready_close(&child->ready);
    child->ready = ready_new(child->loop, child->program, on_ready, child);
    pid_t pid = -1;
    if (child->ready != NULL) {
        pid = process_start(&(process_spawn_t){.argv = child->program->argv.items,
                                               .environment = child->program->environment.items,
                                               .out_fd = capture_fd(child->capture),
                                               .ready_fd = ready_child_fd(child->ready),
                                               .listen_fd = child->listen_fd,
                                               .death_signal = child->program->stop_signal});
    }
    if (pid < 0) {
        snprintf(child->reason, sizeof child->reason, "no process could be made");
        log_error("not started", LOG_TEXT("program", child->program->name));
        child->failures++;
        backoff(child);
        return;
    }
    child->pid = pid;
    log_info("started", LOG_TEXT("program", child->program->name), LOG_NUMBER("pid", pid));
    ready_begin(child->ready);
    state_set(child, CHILD_STARTING);
}

void child_start(child_t *child)
{
    assert(child->state == CHILD_WAITING || child->state == CHILD_STOPPED);
    run(child);
}

static void on_grace(uv_timer_t *timer)
{
    child_t *child = timer->data;
    if (child->pid != 0) {
        log_warning("killed, for it did not end in time", LOG_TEXT("program", child->program->name), LOG_NUMBER("pid", child->pid));
        kill(child->pid, SIGKILL);
    }
}

void child_stop(child_t *child, bool again)
{
    child->again = again;
    ready_close(&child->ready);
    uv_timer_stop(&child->timer);
    if (child->pid == 0) {
        state_set(child, CHILD_STOPPED);
        if (again) {
            run(child);
        }
        return;
    }
    if (child->state == CHILD_STOPPING) {
        return;
    }
    kill(child->pid, child->program->stop_signal);
    uv_timer_start(&child->timer, on_grace, (uint64_t)child->program->grace_ms, 0);
    state_set(child, CHILD_STOPPING);
}

static void died(child_t *child, int status)
{
    if (WIFSIGNALED(status)) {
        snprintf(child->reason, sizeof child->reason, "ended by signal %d", WTERMSIG(status));
    } else {
        snprintf(child->reason, sizeof child->reason, "ended with %d", WEXITSTATUS(status));
    }
    child_state_t before = child->state;
    ready_close(&child->ready);
    child->pid = 0;
    if (before == CHILD_STOPPING) {
        uv_timer_stop(&child->timer);
        log_info("stopped", LOG_TEXT("program", child->program->name));
        state_set(child, CHILD_STOPPED);
        if (child->again) {
            child->again = false;
            run(child);
        }
        return;
    }
    if (child->program->ready == SPEC_READY_EXIT && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        state_set(child, CHILD_READY);
        return;
    }
    log_warning("died", LOG_TEXT("program", child->program->name), LOG_TEXT("reason", child->reason));
    child->restarts++;
    if (before == CHILD_READY) {
        run(child);
    } else {
        child->failures++;
        backoff(child);
    }
}

void child_reap(child_t *child)
{
    int status = 0;
    if (child->pid != 0 && waitpid(child->pid, &status, WNOHANG) == child->pid) {
        died(child, status);
    }
    if (child->ready != NULL) {
        ready_reap(child->ready);
    }
}

status_t child_init(child_t *child, uv_loop_t *loop, const spec_program_t *program, const char *log_dir, child_fn changed, void *data,
                    problem_t *problem)
{
    *child = (child_t){.program = program, .loop = loop, .changed = changed, .data = data, .state = CHILD_WAITING, .listen_fd = -1};
    status_t status = program->listen != NULL ? sockets_listen(program->listen, &child->listen_fd, problem) : STATUS_OK;
    if (status == STATUS_OK) {
        status = capture_new(loop, log_dir, program->name, &child->capture, problem);
    }
    if (status != STATUS_OK) {
        return status;
    }
    uv_timer_init(loop, &child->timer);
    child->timer.data = child;
    return STATUS_OK;
}

void child_deinit(child_t *child)
{
    if (child->capture == NULL) {
        return;
    }
    if (child->listen_fd >= 0) {
        close(child->listen_fd);
        (void)unlink(child->program->listen);
    }
    ready_close(&child->ready);
    capture_close(&child->capture);
    uv_close((uv_handle_t *)&child->timer, NULL);
}
