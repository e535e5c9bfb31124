// A live subscriber of a platform in a process of its own, under a key of its own: follows the log with common/event/tail.h and counts what
// comes, what is missing and what comes twice. It can be stopped (SIGSTOP) and let go on like any other.
//
// Started before the test starts threads. One thread.
#ifndef PCN_TESTS_SUPPORT_FOLLOWER_H
#define PCN_TESTS_SUPPORT_FOLLOWER_H

#include <stdatomic.h>
#include <stdint.h>

#include "tests/support/platform.h"

// Written by the follower's process.
typedef struct follower_seen {
    _Atomic int64_t place; // of the last event
    _Atomic uint64_t events, gaps, doubles, version_gaps;
    _Atomic uint64_t digest; // replay_digest over all of them
    _Atomic int gone;        // the tail told that its place is not there any more
} follower_seen_t;

typedef struct follower {
    pid_t pid;
    follower_seen_t *seen;
} follower_t;

// Enrols the key `name` and follows the service's log from the place `after` on. False where it cannot be started, with the reason on
// stderr.
bool follower_start(follower_t *follower, const platform_t *platform, const char *service, const char *name, int64_t after);
// Waits until it has seen the place, at most so long.
bool follower_await(const follower_t *follower, int64_t place, long limit_ms);
// Ends it. False where it had ended by itself.
bool follower_stop(follower_t *follower);

#endif
