// A whole platform for a test: ./pcn up with a state folder and a port of its own, on the programs of the test's own build.
//
// PCN_BUILD (set by platform.cmake) is that build. One thread; the caller stops it.
#ifndef PCN_TESTS_SUPPORT_PLATFORM_H
#define PCN_TESTS_SUPPORT_PLATFORM_H

#include <stdbool.h>
#include <sys/types.h>

#include "tests/support/http.h"

typedef struct platform {
    char folder[64];     // temporary, holds the state
    char state[96];      // PCN_STATE
    char state_dir[128]; // the folder behind it
    char url[48];
    int port;
    bool demonstration; // its ./pcn up makes one
} platform_t;

// A port of 127.0.0.1 that nobody has at this moment; 0 where there is none.
int platform_free_port(void);
// Up, ready and loaded; false with what ./pcn said on stderr.
bool platform_start(platform_t *platform);
// The same with the demonstration, which other tests are better off without.
bool platform_start_demonstration(platform_t *platform);
// The same with an empty registry.
bool platform_start_empty(platform_t *platform);
// Down, and the state removed. Also after a start that failed.
void platform_stop(platform_t *platform);
// Runs `./pcn ARGUMENTS` for this platform. Its exit code, or -1; what it said (both streams) in *output, to be freed, where not NULL.
int platform_command(const platform_t *platform, const char *arguments, char **output);
// Runs `pcnctl ARGUMENTS` for this platform, with a token of a system-manager of ics-llr; else as platform_command.
int platform_ctl(const platform_t *platform, const char *arguments, char **output);
// A token, to be freed; NULL where there is none.
char *platform_token(const platform_t *platform, const char *role, const char *organisation);
// The pid of a program, 0 where it does not run.
pid_t platform_pid(const platform_t *platform, const char *program);
// Sends the signal to a program; false where it does not run.
bool platform_kill(const platform_t *platform, const char *program, int number);
// Repeats a GET until it has that status, at most so long. The milliseconds it took, or -1.
long platform_await(const platform_t *platform, const char *path, const char *token, long status, long limit_ms);
// How many processes on this machine have the platform's folder in their command line.
int platform_processes(const platform_t *platform);

#endif
