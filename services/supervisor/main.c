// pcn-supervisor: runs the programs of one instance and answers those who ask about them. See spec.h, fleet.h and control.h.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "common/base/log.h"
#include "services/supervisor/client.h"
#include "services/supervisor/control.h"
#include "services/supervisor/lock.h"
#include "services/supervisor/record.h"

typedef struct supervisor {
    uv_loop_t loop;
    uv_signal_t terminate, interrupt;
    spec_t *spec;
    fleet_t fleet;
    control_t *control;
    capture_t *capture;
} supervisor_t;

static const char usage[] = "pcn-supervisor start DIR           runs DIR/etc/supervisor.conf in the background; returns once it listens\n"
                            "pcn-supervisor run DIR             the same in the foreground\n"
                            "pcn-supervisor status DIR          name, pid, state, restarts, ready since; 0 if all are ready\n"
                            "pcn-supervisor wait DIR SECONDS    until all are ready\n"
                            "pcn-supervisor restart DIR NAME    until it is ready again\n"
                            "pcn-supervisor reload DIR          tells the programs to read their files again\n"
                            "pcn-supervisor watch DIR           who dies and comes back, until the end\n"
                            "pcn-supervisor stop DIR            until nothing is left\n";

static void on_changed(void *data, const child_t *child)
{
    supervisor_t *self = data;
    if (self->control != NULL) {
        control_changed(self->control, child);
    }
}

static void on_stopped(void *data)
{
    supervisor_t *self = data;
    record_remove(self->fleet.dir);
    log_info("stopped all");
    fleet_deinit(&self->fleet);
    control_close(&self->control);
    uv_close((uv_handle_t *)&self->terminate, NULL);
    uv_close((uv_handle_t *)&self->interrupt, NULL);
    fflush(stderr);
    capture_close(&self->capture);
}

static void on_signal(uv_signal_t *handle, int number)
{
    (void)number;
    supervisor_t *self = handle->data;
    fleet_stop(&self->fleet);
}

// What a killed supervisor may have left is on its way out (every child gets its signal when its parent dies): wait for it.
static status_t leftovers_end(const char *dir, problem_t *problem)
{
    record_t record;
    bool stopped = false;
    record_load(&record, dir);
    return record_stop(&record, &stopped, problem);
}

// The supervisor's own log goes the way of the others. Its end of the pipe never blocks: it is its own reader.
static status_t output_capture(supervisor_t *self, const char *dir, problem_t *problem)
{
    char log_dir[PATH_MAX];
    int length = snprintf(log_dir, sizeof log_dir, "%s/log", dir);
    if (length < 0 || (size_t)length >= sizeof log_dir) {
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "the path of the state is too long");
    }
    status_t status = capture_new(&self->loop, log_dir, RECORD_SUPERVISOR, &self->capture, problem);
    if (status == STATUS_OK) {
        int fd = capture_fd(self->capture);
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
        dup2(fd, STDOUT_FILENO);
        dup2(fd, STDERR_FILENO);
    }
    return status;
}

static status_t set_up(supervisor_t *self, const char *dir, problem_t *problem)
{
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/etc/supervisor.conf", dir);
    if (length < 0 || (size_t)length >= sizeof path) {
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "the path of the state is too long");
    }
    // Held until the process ends.
    if (lock_take(dir) < 0) {
        return problem_set(problem, STATUS_ALREADY_EXISTS, NULL, "a supervisor runs here already");
    }
    status_t status = leftovers_end(dir, problem);
    if (status == STATUS_OK) {
        status = spec_load(path, &self->spec, problem);
    }
    if (status == STATUS_OK) {
        status = fleet_init(&self->fleet, &self->loop, self->spec, dir, problem);
    }
    if (status == STATUS_OK) {
        self->fleet.changed = on_changed;
        self->fleet.stopped = on_stopped;
        self->fleet.data = self;
        status = control_new(&self->loop, &self->fleet, &self->control, problem);
    }
    return status;
}

// `notice` gets one byte once the socket listens; -1 for a run in the foreground.
static int supervise(const char *dir, int notice)
{
    supervisor_t *self = calloc(1, sizeof *self);
    if (self == NULL || uv_loop_init(&self->loop) != 0) {
        free(self);
        return 1;
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    umask(077);
    log_start(RECORD_SUPERVISOR, LOG_LEVEL_INFO);
    problem_t problem = {0};
    status_t status = set_up(self, dir, &problem);
    if (status == STATUS_OK && notice >= 0) {
        status = output_capture(self, dir, &problem);
    }
    if (status != STATUS_OK) {
        fprintf(stderr, "pcn-supervisor: %s\n", problem.detail);
        return 1;
    }
    uv_signal_init(&self->loop, &self->terminate);
    uv_signal_init(&self->loop, &self->interrupt);
    self->terminate.data = self->interrupt.data = self;
    uv_signal_start(&self->terminate, on_signal, SIGTERM);
    uv_signal_start(&self->interrupt, on_signal, SIGINT);
    fleet_start(&self->fleet);
    if (notice >= 0) {
        (void)!write(notice, "1", 1);
        close(notice);
    }
    uv_run(&self->loop, UV_RUN_DEFAULT);
    uv_loop_close(&self->loop);
    spec_destroy(&self->spec);
    free(self);
    return 0;
}

// Leaves nothing of the caller's behind: no descriptor, no terminal, no folder.
static int supervise_detached(const char *dir)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return 1;
    }
    pid_t pid = fork();
    if (pid < 0) {
        return 1;
    }
    if (pid > 0) {
        close(ends[1]);
        char byte = 0;
        return read(ends[0], &byte, 1) == 1 ? 0 : 1;
    }
    setsid();
    if (chdir("/") != 0) {
        _exit(1);
    }
    int notice = dup2(ends[1], 3);
    close_range(4, ~0U, 0);
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    dup2(null, STDIN_FILENO);
    close(null);
    _exit(supervise(dir, notice));
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fputs(usage, argc == 2 && strcmp(argv[1], "--help") == 0 ? stdout : stderr);
        return argc == 2 && strcmp(argv[1], "--help") == 0 ? 0 : 2;
    }
    const char *verb = argv[1];
    const char *dir = argv[2];
    if (dir[0] != '/') {
        fputs("DIR is an absolute path\n", stderr);
        return 2;
    }
    if (strcmp(verb, "start") == 0) {
        return supervise_detached(dir);
    }
    if (strcmp(verb, "run") == 0) {
        return supervise(dir, -1);
    }
    if (strcmp(verb, "stop") == 0) {
        return client_stop(dir);
    }
    if (strcmp(verb, "wait") == 0) {
        long seconds = argc > 3 ? strtol(argv[3], NULL, 10) : 60;
        return client_ask(dir, "wait", seconds > 0 && seconds < INT_MAX / 1000 ? (int)seconds * 1000 : -1);
    }
    if (strcmp(verb, "restart") == 0 && argc > 3) {
        char line[64];
        snprintf(line, sizeof line, "restart %.40s", argv[3]);
        return client_ask(dir, line, -1);
    }
    if (strcmp(verb, "status") == 0 || strcmp(verb, "reload") == 0 || strcmp(verb, "watch") == 0) {
        return client_ask(dir, verb, -1);
    }
    fputs(usage, stderr);
    return 2;
}
