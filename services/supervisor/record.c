#include "services/supervisor/record.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "services/supervisor/process.h"

enum {
    RECORD_SUPERVISOR_MS = 60000, // its own children's grace, one after the other, is within
    RECORD_CHILD_MS = 15000,
    RECORD_KILL_MS = 5000,
};

static bool path_make(char path[PATH_MAX], const char *dir, const char *suffix)
{
    int length = snprintf(path, PATH_MAX, "%s/run/supervisor.pids%s", dir, suffix);
    return length > 0 && length < PATH_MAX;
}

void record_add(record_t *record, const char *name, pid_t pid, int stop_signal)
{
    uint64_t start_time = process_start_time(pid);
    if (start_time == 0 || record->count == sizeof record->entries / sizeof *record->entries) {
        return;
    }
    record_entry_t *entry = &record->entries[record->count++];
    *entry = (record_entry_t){.pid = pid, .start_time = start_time, .stop_signal = stop_signal};
    snprintf(entry->name, sizeof entry->name, "%s", name);
}

status_t record_save(const record_t *record, const char *dir, problem_t *problem)
{
    char path[PATH_MAX];
    char fresh[PATH_MAX];
    if (!path_make(path, dir, "") || !path_make(fresh, dir, ".new")) {
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "the path of the state is too long");
    }
    FILE *file = fopen(fresh, "we");
    if (file == NULL) {
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "%s: %s", fresh, strerror(errno));
    }
    for (size_t i = 0; i < record->count; i++) {
        const record_entry_t *entry = &record->entries[i];
        fprintf(file, "%s %ld %" PRIu64 " %d\n", entry->name, (long)entry->pid, entry->start_time, entry->stop_signal);
    }
    bool whole = ferror(file) == 0;
    whole = fclose(file) == 0 && whole;
    if (!whole || rename(fresh, path) != 0) {
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "%s: %s", path, strerror(errno));
    }
    return STATUS_OK;
}

void record_load(record_t *record, const char *dir)
{
    *record = (record_t){0};
    char path[PATH_MAX];
    FILE *file = path_make(path, dir, "") ? fopen(path, "re") : NULL;
    if (file == NULL) {
        return;
    }
    char line[128];
    while (record->count < sizeof record->entries / sizeof *record->entries && fgets(line, sizeof line, file) != NULL) {
        record_entry_t *entry = &record->entries[record->count];
        long pid = 0;
        if (sscanf(line, "%31s %ld %" SCNu64 " %d", entry->name, &pid, &entry->start_time, &entry->stop_signal) == 4 && pid > 1) {
            entry->pid = (pid_t)pid;
            record->count++;
        }
    }
    fclose(file);
}

void record_remove(const char *dir)
{
    char path[PATH_MAX];
    if (path_make(path, dir, "")) {
        (void)unlink(path);
    }
}

// A handle on exactly that process, or -1 if it is gone. The handle first, then the look: so no pid can change hands in between.
static int entry_open(const record_entry_t *entry)
{
    int fd = pidfd_open(entry->pid, 0);
    if (fd >= 0 && process_start_time(entry->pid) != entry->start_time) {
        close(fd);
        fd = -1;
    }
    return fd;
}

// Waits until the process is gone; false when the time is over.
static bool entry_wait(int fd, int64_t deadline_us)
{
    struct pollfd watch = {.fd = fd, .events = POLLIN};
    for (;;) {
        int64_t left_ms = (deadline_us - clock_steady_us()) / 1000;
        int ready = poll(&watch, 1, left_ms > 0 ? (int)left_ms : 0);
        if (ready > 0) {
            return true;
        }
        if (ready == 0 || errno != EINTR) {
            return false;
        }
    }
}

status_t record_stop(const record_t *record, bool *stopped, problem_t *problem)
{
    int fds[SPEC_PROGRAMS_MAX + 1];
    const size_t count = record->count;
    *stopped = false;
    for (size_t i = 0; i < count; i++) {
        fds[i] = entry_open(&record->entries[i]);
        *stopped = *stopped || fds[i] >= 0;
    }
    if (count > 0 && fds[0] >= 0) {
        pidfd_send_signal(fds[0], SIGTERM, NULL, 0);
        if (!entry_wait(fds[0], clock_steady_us() + RECORD_SUPERVISOR_MS * INT64_C(1000))) {
            pidfd_send_signal(fds[0], SIGKILL, NULL, 0);
            (void)entry_wait(fds[0], clock_steady_us() + RECORD_KILL_MS * INT64_C(1000));
        }
    }
    for (size_t i = 1; i < count; i++) {
        if (fds[i] >= 0) {
            pidfd_send_signal(fds[i], record->entries[i].stop_signal, NULL, 0);
        }
    }
    int64_t deadline_us = clock_steady_us() + RECORD_CHILD_MS * INT64_C(1000);
    status_t status = STATUS_OK;
    for (size_t i = 0; i < count; i++) {
        if (fds[i] < 0) {
            continue;
        }
        if (!entry_wait(fds[i], deadline_us)) {
            pidfd_send_signal(fds[i], SIGKILL, NULL, 0);
            if (!entry_wait(fds[i], clock_steady_us() + RECORD_KILL_MS * INT64_C(1000))) {
                status = problem_set(problem, STATUS_UNAVAILABLE, NULL, "%s (pid %ld) does not end", record->entries[i].name,
                                     (long)record->entries[i].pid);
            }
        }
        close(fds[i]);
    }
    return status;
}
