// How a service keeps a read copy of another's data: its events, applied in the transaction that moves the cursor.
//
// A follower is data: which log, and how its news change the copy. `apply` is a list of CTEs over `news n`, which has at most one row a
// resource, with only what is newer than the copy has:
//
//     n.subject text   "organisations/pcn-rutland"
//     n.type text      of its newest event
//     n.version bigint
//     n.data jsonb     the resource; NULL for one that is not there any more (only after a new snapshot)
//
//     gone AS (DELETE FROM organisation_copy c USING news n WHERE c.subject = n.subject AND n.data IS NULL),
//     kept AS (INSERT INTO organisation_copy (subject, name) SELECT n.subject, n.data ->> 'name' FROM news n WHERE n.data IS NOT NULL
//              ON CONFLICT (subject) DO UPDATE SET name = excluded.name)
//
// Versions, epochs, the cursor and what vanished are the platform's: tables follower, follower_subject and dead_letter. Without a place,
// with a pruned one or one of another epoch it takes a snapshot first. One replica follows at a time (an advisory lock); another goes
// on where it ended. If a batch fails its events are applied one by one; the one that fails by itself is put into dead_letter and the
// follower stops before it until an operator skips or retries it (Followers/SkipDeadLetter, RetryDeadLetter).
#ifndef PCN_SERVICE_FOLLOWER_H
#define PCN_SERVICE_FOLLOWER_H

#include "common/db/pool.h"
#include "common/event/tail.h"

// Declared beside a service's handlers; a list of them ends with one without a source.
typedef struct service_follower {
    const char *source;     // "registry"
    const char *type;       // prefix of the types that matter, NULL for all; the others only move the cursor
    const db_stmt_t *apply; // see above
} service_follower_t;

typedef struct follower follower_t;

typedef struct follower_options {
    const service_follower_t *declared;
    const char *service; // who follows
    const char *dsn;     // its own connection, by the application role
    const char *schema;
    rpc_context_t *context; // borrowed
    const char *keys_dir;   // holds the source's public key, sooner or later; another key later on is taken too
    const char *const *rpc_endpoints, *const *pub_endpoints; // borrowed
} follower_options_t;

// `metrics` gets, by source: pcn_follower_sequence, pcn_follower_latest, pcn_follower_lag_events, pcn_follower_lag_seconds,
// pcn_follower_stopped, pcn_follower_active, pcn_follower_applied_total, pcn_follower_snapshots_total, pcn_follower_retries_total. Its
// connection waits for the lock in the background, as long as another replica has it.
MUST_CHECK status_t follower_new(uv_loop_t *loop, const follower_options_t *options, metrics_t *metrics, follower_t **follower,
                                 problem_t *problem);
// Closes its handles, which the loop must then see out; what is in flight comes to its end there.
void follower_stop(follower_t *follower);
// After the loop has ended.
void follower_destroy(follower_t **follower);
// Its statements, for the test that prepares them all.
MUST_CHECK status_t follower_statements(const service_follower_t *declared, status_t (*visit)(void *data, const db_statement_t *statement),
                                        void *data, problem_t *problem);

#endif
