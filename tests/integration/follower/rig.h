// The registry and a service that copies it, as two daemons in a database of the test's own.
#ifndef PCN_TESTS_FOLLOWER_RIG_H
#define PCN_TESTS_FOLLOWER_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cmocka.h>

#include "tests/integration/follower/peer.h"
#include "tests/support/postgres.h"

typedef struct rig {
    test_database_t *database;
    char folder[64];
    char app[40], job[40]; // the copy's roles
    pid_t registry, copy, second;
    peer_t peer;       // of the copy
    unsigned sequence; // of the events that the test made
} rig_t;

int rig_setup(void **state);
int rig_teardown(void **state);

// Starts the daemon and waits until it is ready.
void rig_start_registry(rig_t *rig);
void rig_start_copy(rig_t *rig);
// Another replica of the copy, with sockets of its own.
void rig_start_second(rig_t *rig);
// SIGKILL, or SIGTERM, which must end it well.
void rig_kill(pid_t *pid);
void rig_end(pid_t *pid);
// The daemon makes itself another pair at its next start.
void rig_forget_key(rig_t *rig, const char *name);

// Runs SQL as superuser, in the registry's or the copy's tables by their schema.
void rig_sql(rig_t *rig, const char *format, ...) __attribute__((format(printf, 2, 3)));
long rig_number(rig_t *rig, const char *format, ...) __attribute__((format(printf, 2, 3)));
// Waits until the SQL says so.
void rig_await(rig_t *rig, long value, const char *sql);
// The next version of `count` organisations from number `first` on, into the registry's queue.
void rig_change(rig_t *rig, unsigned first, unsigned count);
// One event with a version and data of the test's choice.
void rig_event(rig_t *rig, const char *subject, long version, const char *data);
// Waits until the copy has come to the log's end, and then how many resources of it are not what the log says.
long rig_differences(rig_t *rig);
// There are none.
void rig_equal(rig_t *rig);
// A follower's series of the copy's first replica, or the second's; -1 where it is not there.
long rig_metric(rig_t *rig, const char *name, bool second);
void rig_await_metric(rig_t *rig, const char *name, bool second, long value);
// How many lines of the copy's log hold the text.
long rig_logged(rig_t *rig, const char *text);

#endif
