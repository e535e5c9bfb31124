// The programs of a platform as the supervisor and the kernel see them: for invariant I6. One thread.
#ifndef PCN_TESTS_SUPPORT_PROCESSES_H
#define PCN_TESTS_SUPPORT_PROCESSES_H

#include "tests/support/platform.h"

#define PROCESSES_MAX 16

typedef struct process {
    char name[32];
    pid_t pid; // 0: does not run
    bool ours; // a pcn-… program, whose memory and descriptors are counted
    unsigned restarts;
    long memory_kib; // resident
    long descriptors;
} process_t;

typedef struct processes {
    process_t of[PROCESSES_MAX];
    size_t count;
} processes_t;

// False where the platform does not say.
bool processes_look(const platform_t *platform, processes_t *processes);
// NULL where there is none of that name.
const process_t *processes_find(const processes_t *processes, const char *name);

#endif
