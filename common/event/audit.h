// The audit trail's chain. An entry is written by the statement that makes the change (common/service composes it) or decides against it;
// here it gets its place and its hash.
//
// It belongs to the relay and works over the relay's connection, so that whoever holds the lock is the only one who chains. Some
// hundred entries a statement: events, whose numbering shares the connection, wait for two or three milliseconds at most.
#ifndef PCN_EVENT_AUDIT_H
#define PCN_EVENT_AUDIT_H

#include "common/db/pool.h"

#define EVENT_AUDIT_STATEMENTS 1

typedef struct event_audit event_audit_t;

// `metrics` gets pcn_audit_place.
MUST_CHECK status_t event_audit_new(metrics_t *metrics, event_audit_t **audit, problem_t *problem);
// The relay's connection, which is destroyed before this.
void event_audit_start(event_audit_t *audit, db_t *db);
// No statement from now on; one that is in flight comes to its end.
void event_audit_stop(event_audit_t *audit);
// After the loop has ended.
void event_audit_destroy(event_audit_t **audit);
// Something was written.
void event_audit_hint(event_audit_t *audit);
// To be called some times a second: chains what is queued, soon after a hint and now and then without one.
void event_audit_tick(event_audit_t *audit);
// Its statements, for the test that prepares them all; owned by the list, which ends with NULL.
MUST_CHECK status_t event_audit_statements(db_statement_t *statements[EVENT_AUDIT_STATEMENTS + 1], problem_t *problem);

#endif
