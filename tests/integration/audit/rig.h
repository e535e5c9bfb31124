// What the tests of the audit trail share: the registry's schema with its roles, a relay's connection by the job role, and the proof of
// pcnctl over the rows as they stand in the database.
#ifndef PCN_TESTS_INTEGRATION_AUDIT_RIG_H
#define PCN_TESTS_INTEGRATION_AUDIT_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/event/audit.h"
#include "services/ctl/trail.h"
#include "tests/support/postgres.h"

enum { RIG_SAID = 32 };

typedef struct rig {
    test_database_t *database;
    char app[48], job[48];
    uv_loop_t loop;
    uv_timer_t timer;
    metrics_t *metrics;
    event_audit_t *audit; // by the job role
    gauge_t *place;
    // What the last proof said.
    char said[RIG_SAID][256];
    unsigned faults;
} rig_t;

// cmocka's set-up and tear-down of a group; *state is the rig.
int rig_setup(void **state);
int rig_teardown(void **state);
// Of a test: an empty trail, an empty registry.
int rig_reset(void **state);
// Runs SQL as superuser.
void rig_exec(rig_t *rig, const char *format, ...) __attribute__((format(printf, 2, 3)));
// Whether a role may run it; false where PostgreSQL refuses for lack of the right, and fails the test for any other error.
bool rig_may(rig_t *rig, const char *role, const char *sql);
// So many entries into the queue, by the application role.
void rig_write(rig_t *rig, int count);
// The relay's ticks until the trail has reached the place and the queue is empty, at most ten seconds.
void rig_chain(rig_t *rig, int64_t place);
// Proves the trail; the number of faults, which are in `said`.
unsigned rig_prove(rig_t *rig, const char *kept);

#endif
