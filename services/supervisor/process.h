// Processes by the system's own means: started so that they never outlive the one who started them, and recognised by pid and start
// time, since a pid alone may be somebody else's by now.
#ifndef PCN_SUPERVISOR_PROCESS_H
#define PCN_SUPERVISOR_PROCESS_H

#include <sys/types.h>

#include "common/base/status.h"

typedef struct process_spawn {
    char *const *argv;
    char *const *environment;
    int out_fd;       // becomes stdout and stderr
    int ready_fd;     // becomes descriptor 3, named by PCN_READY_FD; -1 for none
    int listen_fd;    // becomes descriptor 4, named by PCN_LISTEN_FD; -1 for none
    int death_signal; // what it gets when its parent dies
} process_spawn_t;

// Starts it in a process group of its own. -1 where there are no processes left; a program that cannot be executed says so in its
// output and ends with 127.
pid_t process_start(const process_spawn_t *spawn);

// Start time in clock ticks since boot; 0 where there is no such process (or only its zombie).
uint64_t process_start_time(pid_t pid);

#endif
