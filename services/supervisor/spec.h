// What the supervisor is to run: a file of sections, one a program, one `key = value` a line. A key that may hold several values is
// written several times, so nothing ever needs quoting:
//
//     [gateway]
//     arg = /var/lib/pcn/a1b2c3d4/bin/pcn-gateway
//     env = PCN_STATE_DIR=/var/lib/pcn/a1b2c3d4
//     after = registry
//     ready = fd
//
// arg (several; the first is the program's absolute path), env (several; nothing is inherited), after (several; programs that must be
// ready first), ready (start | fd | connect | probe | exit), address (of connect: unix:PATH or HOST:PORT), probe (several; the command
// that exits 0 once ready), listen (unix:PATH; a socket that the supervisor opens and keeps over all runs, so that who connects while the
// program is away waits instead of being refused; the program finds it as the descriptor named by PCN_LISTEN_FD), stop (TERM | INT |
// USR1), reload (HUP), grace (milliseconds until SIGKILL).
// `ready = exit` makes a task: it runs once, and is ready when it ended with 0.
//
// Everything belongs to the spec. One thread.
#ifndef PCN_SUPERVISOR_SPEC_H
#define PCN_SUPERVISOR_SPEC_H

#include "common/base/status.h"

#define SPEC_NAME_SIZE 32
#define SPEC_PROGRAMS_MAX 64

typedef enum spec_ready {
    SPEC_READY_START,   // as soon as it runs
    SPEC_READY_FD,      // it writes "ready\n" to the descriptor named by PCN_READY_FD
    SPEC_READY_CONNECT, // its address accepts a connection
    SPEC_READY_PROBE,   // the probe exits with 0
    SPEC_READY_EXIT,    // it is a task, and ended with 0
} spec_ready_t;

// Strings that grow; always ended by NULL.
typedef struct spec_list {
    char **items;
    size_t count;
} spec_list_t;

typedef struct spec_program {
    char name[SPEC_NAME_SIZE];
    spec_list_t argv;
    spec_list_t environment;
    spec_list_t probe;
    spec_list_t after;
    size_t after_index[SPEC_PROGRAMS_MAX]; // the same as positions, each smaller than the program's own
    spec_ready_t ready;
    char *address;
    char *listen; // the path; NULL for none
    int stop_signal;
    int reload_signal; // 0: none
    int64_t grace_ms;
} spec_program_t;

typedef struct spec {
    spec_program_t programs[SPEC_PROGRAMS_MAX];
    size_t count;
} spec_t;

// Reads the file. INVALID_ARGUMENT with the line in the detail; UNAVAILABLE where it cannot be read. A program may only come after
// programs above it, so there is no cycle. The caller destroys.
MUST_CHECK status_t spec_load(const char *path, spec_t **spec, problem_t *problem);
void spec_destroy(spec_t **spec);
// Position of a program, or -1.
int spec_find(const spec_t *spec, const char *name);

#endif
