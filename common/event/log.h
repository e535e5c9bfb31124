// The change log of a service: its tables' statements, the relay that numbers and publishes, and the Events/Read that every service
// serves. An event is written by the statement that changes the row (common/service composes it); here it gets its number.
//
// The relay is the session that holds the advisory lock: it numbers committed events without a gap in a short transaction of its own,
// commits, then publishes. It is woken by a hint after each commit and by a poll every 50 ms.
#ifndef PCN_EVENT_LOG_H
#define PCN_EVENT_LOG_H

#include "common/db/migrate.h"
#include "common/db/pool.h"
#include "common/rpc/publisher.h"
#include "common/rpc/server.h"

// Tables event, event_queue, event_sequence, log_epoch, idempotency, audit: numbers 1 to 999 of every service's migrations.
extern const db_migration_t event_migrations[];

typedef struct event_log event_log_t;

typedef struct event_log_options {
    const char *service; // "registry"
    const char *dsn;     // the relay's own connection
    const char *schema;
    rpc_publisher_t *publisher;
    db_t *reads; // for Events/Read
} event_log_options_t;

MUST_CHECK status_t event_log_new(uv_loop_t *loop, const event_log_options_t *options, metrics_t *metrics, event_log_t **log, problem_t *problem);
void event_log_destroy(event_log_t **log);
// Something was committed: look now.
void event_log_hint(event_log_t *log);
// Answers a pcn.events.v1.Events/Read call.
void event_log_read(event_log_t *log, rpc_server_t *server, rpc_call_t *call);

#endif
