// The relay of a service's change log. An event is written by the statement that changes the row (common/service composes it); here it
// gets its place and is published.
//
// The relay is the session that holds the advisory lock: it moves committed events from the queue to their places, without a gap, in a
// short transaction of its own, commits, then publishes. It is woken by a hint after each commit and asks every 50 ms besides. Another
// replica waits for the lock on its own connection and goes on the moment the first one's session ends. While nothing is published
// it publishes, once a second, how far the log is; and it keeps the log's partitions (upkeep.h). The audit
// trail is chained beside it (audit.h).
#ifndef PCN_EVENT_LOG_H
#define PCN_EVENT_LOG_H

#include "common/db/migrate.h"
#include "common/db/pool.h"
#include "common/rpc/publisher.h"

// The log's tables, idempotency, audit, followers: numbers 1 to 999 of every service's migrations.
extern const db_migration_t event_migrations[];

#define EVENT_LOG_STATEMENTS 5

typedef struct event_log event_log_t;

typedef struct event_log_options {
    const char *service; // "registry"
    const char *dsn;     // the relay's own connection, by the job role
    const char *schema;
    rpc_publisher_t *publisher; // borrowed
    int64_t partition;          // places of a partition
    int64_t retention_days;     // 0: events are kept for ever
} event_log_options_t;

// Once handles are open *log is there, also where it fails, and is to be stopped and destroyed.
MUST_CHECK status_t event_log_new(uv_loop_t *loop, const event_log_options_t *options, metrics_t *metrics, event_log_t **log,
                                  problem_t *problem);
// Closes its handles, which the loop must then see out; what is in flight comes to its end there.
void event_log_stop(event_log_t *log);
// After the loop has ended.
void event_log_destroy(event_log_t **log);
// Something was committed: look now.
void event_log_hint(event_log_t *log);
// Its statements, for the test that prepares them all; owned by the list, which ends with NULL.
MUST_CHECK status_t event_log_statements(db_statement_t *statements[EVENT_LOG_STATEMENTS + 1], problem_t *problem);

#endif
