// What the tests of faults share: one started platform, a journal of everything that its clients did, and the check of all invariants.
//
// A test program starts one platform and goes through its cases one after the other; the journal goes on over all of them. The seed is
// PCN_TEST_SEED or made from the clock, and is printed.
#ifndef PCN_TESTS_INTEGRATION_FAULTS_STAGE_H
#define PCN_TESTS_INTEGRATION_FAULTS_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <signal.h>

#include <cmocka.h>

#include "tests/support/follower.h"
#include "tests/support/invariants.h"
#include "tests/support/killer.h"
#include "tests/support/load.h"
#include "tests/support/mix_registry.h"

#define STAGE_READY_MS 120000

typedef struct stage {
    platform_t platform;
    const char *service; // whose log is read and whose changes the journal has
    char *manager;       // token of a system-manager of ics-llr
    uint64_t seed;
    load_random_t random;
    journal_t *journal;
    table_t names; // further persons who may stand in no log
    processes_t before;
    invariants_kills_t kills[PROCESSES_MAX + 1]; // of each program since `before`; ends with name NULL
    // Of the last check: what it found, and how far the log was that it read, with replay_digest over all of it.
    invariants_t report;
    int64_t place;
    uint64_t digest;
} stage_t;

// cmocka's group set-up and tear-down; *state is the stage, whose service is the registry.
int stage_start(void **state);
int stage_stop(void **state);
// The same for a stage that is part of something else, all zero before. Closed also where opening failed.
bool stage_open(stage_t *stage, const char *service);
void stage_close(stage_t *stage);

// A table of operations on its world; `socket` NULL: through the edge. Never NULL.
load_t *stage_load(stage_t *stage, void *world, const load_operation_t *operations, unsigned clients, double rate, const char *socket);
// Stops it, requires that every request was answered and none wrongly, and prints its counts.
load_counts_t stage_load_stop(load_t **load, const char *what);
// Sends a signal that ends the program and counts it, or notes that it was killed in another way (signal 0).
void stage_kill(stage_t *stage, const char *program, int number);
// All programs are ready, and the platform answers. Milliseconds that it took.
long stage_await_ready(stage_t *stage);
// A change of the stage's own: returns its place in the log. All that was committed before has a lower one.
int64_t stage_mark(stage_t *stage);
// Reads the whole log anew by pages of `limit` up to a mark of its own, which it returns; the caller clears it.
int64_t stage_replay(stage_t *stage, replay_t *replay, unsigned limit);
// All invariants, from the log's beginning; fails the test where one does not hold.
void stage_check(stage_t *stage, const char *what);
// After a check: a subscriber that followed from 0 has seen the same log, each event once, in order.
void stage_check_follower(const stage_t *stage, const follower_t *follower, const char *what);
// What must not be in the service's tables: each query counts it. Fails the test where one counts any.
typedef struct stage_wrong {
    const char *what, *sql;
} stage_wrong_t;
void stage_check_tables(const stage_t *stage, const stage_wrong_t *wrongs, size_t count);
// Under load, a program dies so many times, at each of the points in turn, at a pass that is drawn; after each time changes are
// acknowledged again.
void stage_kill_at_points(stage_t *stage, load_t *load, killer_t *killer, const char *program, const killer_point_t *points, size_t count,
                          unsigned kills);
// The memory and restarts from which the next check counts.
void stage_baseline(stage_t *stage);
// GET or another request, outside of the journal; whole and with that status, or the test fails.
http_answer_t stage_ask(const stage_t *stage, const http_call_t *call, long status);

#endif
