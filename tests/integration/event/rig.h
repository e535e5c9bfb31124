// What the log's tests stand on: a migrated database of their own, sessions of the three roles, the relay's statements and the log's
// contract without a daemon around them.
#ifndef PCN_TESTS_INTEGRATION_EVENT_RIG_H
#define PCN_TESTS_INTEGRATION_EVENT_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/db/session.h"
#include "common/event/log.h"
#include "common/service/plan.h"
#include "pcn/events/v1/events.pb-c.h"
#include "pcn/platform/v1/call.pb-c.h"
#include "tests/support/postgres.h"

typedef struct log_rig {
    test_database_t *database;
    char app[48], job[48]; // roles
    db_session_t *app_session, *job_session;
    plan_t *plan;
    db_statement_t *relay[EVENT_LOG_STATEMENTS + 1];
    arena_t *arena; // of the last call
    problem_t problem;
} log_rig_t;

// A database with the platform's first `migrations` migrations (0: all of them) in the schema "log".
log_rig_t *rig_new(unsigned migrations);
void rig_destroy(log_rig_t **rig);
// The rest of the migrations.
void rig_migrate(log_rig_t *rig);

// Setup and teardown of a test with everything migrated and room for events.
int rig_setup(void **state);
int rig_teardown(void **state);

// SQL as the superuser, which must work; the first value as a number (-1 for none).
long rig_sql(log_rig_t *rig, const char *format, ...) __attribute__((format(printf, 2, 3)));
// The same by a role's session; NULL or the SQLSTATE-made status of what it was refused.
status_t rig_sql_as(log_rig_t *rig, db_session_t *session, const char *sql);

// Queues an event, as a save does; `days` ago.
void rig_write(log_rig_t *rig, const char *subject, const char *type, int64_t version, const char *data, int days);
// Runs the relay's statement once: how many events it numbered. Fails the test where it is refused.
int rig_number(log_rig_t *rig);
status_t rig_number_status(log_rig_t *rig);
// Runs the upkeep once.
status_t rig_upkeep(log_rig_t *rig, int64_t partition, int64_t days, Pcn__Platform__V1__Upkeep *kept);
// Calls a method of the log's contract ("Read"); the reply lives until the next call.
status_t rig_call(log_rig_t *rig, const char *method, const void *request, void **reply);

#endif
