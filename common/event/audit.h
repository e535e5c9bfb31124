// The audit trail's chain. An entry is written by the statement that makes the change (common/service composes it) or decides against it;
// here it gets its place and its hash.
//
// One replica chains at a time: the session that holds a lock of its own, as with the relay, but on another connection, since chaining a
// thousand entries takes some twenty milliseconds, for which no event should wait.
//
// One loop, one thread.
#ifndef PCN_EVENT_AUDIT_H
#define PCN_EVENT_AUDIT_H

#include "common/db/pool.h"

#define EVENT_AUDIT_STATEMENTS 1

typedef struct event_audit event_audit_t;

typedef struct event_audit_options {
    const char *service; // "registry"
    const char *dsn;     // its own connection, by the job role
    const char *schema;
} event_audit_options_t;

// `metrics` gets pcn_audit_place.
MUST_CHECK status_t event_audit_new(uv_loop_t *loop, const event_audit_options_t *options, metrics_t *metrics, event_audit_t **audit,
                                    problem_t *problem);
// Closes its handles, which the loop must then see out; what is in flight comes to its end there.
void event_audit_stop(event_audit_t *audit);
// After the loop has ended.
void event_audit_destroy(event_audit_t **audit);
// Something was written: chain soon.
void event_audit_hint(event_audit_t *audit);
// To be called some times a second: chains what is queued, half a second after a hint and now and then without one.
void event_audit_tick(event_audit_t *audit);
// Its statements, for the test that prepares them all; owned by the list, which ends with NULL.
MUST_CHECK status_t event_audit_statements(db_statement_t *statements[EVENT_AUDIT_STATEMENTS + 1], problem_t *problem);

#endif
