// A migrated service with one connection as the application's role, and calls on it without sockets: load, decide and save run as the
// daemon runs them, one after the other. Requests and replies are JSON, so that a test reads as the contract does.
#ifndef PCN_TESTS_SUPPORT_WORLD_H
#define PCN_TESTS_SUPPORT_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/arena.h"
#include "common/db/session.h"
#include "common/service/plan.h"
#include "tests/support/postgres.h"

// Beside <service>.any.
#define WORLD_SCOPES_MAX 8

typedef struct world {
    const service_t *service;
    test_database_t *database;
    db_session_t *session; // as the application's role
    plan_t *plan;
    arena_t *arena;
    char app[40], job[40];
    // The caller of the next calls.
    const char *organisation;             // NULL for none
    const char *subject;                  // NULL: tester
    bool unlimited;                       // holds <service>.any
    bool own;                             // it is the service itself, as in a job
    const char *scopes[WORLD_SCOPES_MAX]; // further ones
    int64_t expected_version;             // 0 for none
    const char *key;                      // NULL: a new one for each call
    const char *today;
    const void *settings; // the service's own
    bool noon;            // the clock stands at noon of that day, instead of going on from now
    unsigned calls;
    // What the last call came to.
    problem_t problem;
    const char *reply; // JSON
    int64_t version;
    const char *verdict; // of the save: done, moved, replayed, mismatch; NULL where nothing was saved
    unsigned loads;
} world_t;

int world_open(void **state, const service_t *service);
int world_teardown(void **state);

// Calls the method with the request as JSON; the status.
status_t world_call(world_t *world, const char *method, const char *format, ...) __attribute__((format(printf, 3, 4)));
// Only the save of a decision on rows that were loaded before something else happened: `meanwhile` runs between load and save, once.
status_t world_race(world_t *world, const char *meanwhile, const char *method, const char *request);

#define assert_call(world, ...)                                                                                                            \
    do {                                                                                                                                   \
        if (world_call(world, __VA_ARGS__) != STATUS_OK)                                                                                   \
            fail_msg("%s %s: %s", status_name((world)->problem.status), (world)->problem.field, (world)->problem.detail);                  \
    } while (0)

#define assert_refusal(world, expected, expected_field, ...)                                                                               \
    do {                                                                                                                                   \
        const status_t refused_with = world_call(world, __VA_ARGS__);                                                                      \
        if (refused_with != (expected))                                                                                                    \
            fail_msg("%s %s: %s", status_name(refused_with), (world)->problem.field, (world)->problem.detail);                             \
        assert_string_equal((world)->problem.field, expected_field);                                                                       \
    } while (0)

// That the last reply's JSON holds a text, or does not.
void assert_reply_has(const world_t *world, const char *text);
void assert_reply_lacks(const world_t *world, const char *text);

#endif
