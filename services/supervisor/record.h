// <state>/run/supervisor.pids: who runs for this instance, one a line: name, pid, start time, signal that stops it. The supervisor's own
// line is the first. It is what lets `stop` end exactly these processes and no other, also after the supervisor itself was killed.
#ifndef PCN_SUPERVISOR_RECORD_H
#define PCN_SUPERVISOR_RECORD_H

#include <sys/types.h>

#include "services/supervisor/spec.h"

#define RECORD_SUPERVISOR "supervisor"

typedef struct record_entry {
    char name[SPEC_NAME_SIZE];
    pid_t pid;
    uint64_t start_time;
    int stop_signal;
} record_entry_t;

typedef struct record {
    record_entry_t entries[SPEC_PROGRAMS_MAX + 1];
    size_t count;
} record_t;

void record_add(record_t *record, const char *name, pid_t pid, int stop_signal);
// Replaces the file as a whole.
MUST_CHECK status_t record_save(const record_t *record, const char *dir, problem_t *problem);
// Empty where there is no file.
void record_load(record_t *record, const char *dir);
void record_remove(const char *dir);

// Ends what the record names and still lives: the supervisor first, which ends the others; then whatever it left. Returns once all of
// them are gone; UNAVAILABLE where one stays. `stopped` is set if anything lived.
MUST_CHECK status_t record_stop(const record_t *record, bool *stopped, problem_t *problem);

#endif
