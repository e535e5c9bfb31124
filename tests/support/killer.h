// Kills a daemon of a platform exactly between two steps (killer_points.h): the daemon's program in the instance's folder is replaced with
// a script that preloads killer_preload.c into the real one, and a small shared file tells that one where to die. The platform's own
// programs and commands know nothing of it.
//
// One thread; the platform must live longer.
#ifndef PCN_TESTS_SUPPORT_KILLER_H
#define PCN_TESTS_SUPPORT_KILLER_H

#include "tests/support/killer_points.h"
#include "tests/support/platform.h"

typedef struct killer {
    char daemon[32];
    const platform_t *platform;
    killer_file_t *file;
} killer_t;

// Installs it and restarts the daemon as planned. False where that fails, with the reason on stderr.
bool killer_install(killer_t *killer, const platform_t *platform, const char *daemon);
// From now on: the daemon dies at the count-th pass of the point (1: the next).
void killer_arm(killer_t *killer, killer_point_t point, int64_t count);
void killer_disarm(killer_t *killer);
// How many times it has killed.
unsigned killer_fired(const killer_t *killer);
// How often the daemon has passed the point.
uint64_t killer_calls(const killer_t *killer, killer_point_t point);
// Waits until it has killed so often in all, at most so long.
bool killer_await(const killer_t *killer, unsigned fired, long limit_ms);
// "KILLER_PUBLISH" → "publish": for messages.
const char *killer_point_name(killer_point_t point);
void killer_close(killer_t *killer);

#endif
