// The database of a daemon: a few connections in pipeline mode inside the event loop. Nothing here waits.
//
// Reads and writes have connections of their own. Queries that are ready together go out as one batch up to one Sync: for writes that
// is one transaction and one flush of the log for many requests (group commit), sorted by key, since unsorted batches over two
// connections deadlock. Nobody is answered before the Sync's result. An error rolls a batch back: the query that failed is answered,
// the others are sent again as one batch. After a lost connection queries in flight go out again (writes carry their idempotency
// key, so a repeat finds its record) until their deadline, then UNAVAILABLE.
//
// Queries of one turn of the loop leave together at its end. A query in flight whose deadline passes is answered DEADLINE_EXCEEDED and
// its result ignored. A read is answered when its own result is there, a write or a slow read after the Sync.
//
// One loop, one thread. Statements outlive the pools that they are used with. A query is the caller's memory and must live, with its
// arena and roots, until `done` was called, exactly once, never from inside db_read or db_write.
#ifndef PCN_DB_POOL_H
#define PCN_DB_POOL_H

#include <libpq-fe.h>
#include <uv.h>

#include "common/base/metrics.h"
#include "common/db/statement.h"

typedef struct db db_t;

typedef struct db_options {
    const char *dsn;
    const char *application_name; // seen in pg_stat_activity
    const char *schema;           // search_path
    unsigned lookup_connections;  // for reads that coalesce, which gather there and wait behind nothing slow; 0: they go with the others
    unsigned read_connections;    // 0 where there are only writes, and the reverse
    unsigned slow_connections;    // for reads that are slow; 0: they go with the others
    unsigned write_connections;
    const char *write_kind;   // how metrics and the log call the write connections, a literal; NULL for "write"
    unsigned batch_max;       // queries up to one Sync; 0 for 128
    unsigned queue_max;       // waiting queries a kind; beyond it RESOURCE_EXHAUSTED with advice to retry; 0 for 10000
    const char *setup_sql;    // run once on each new connection and awaited, however long (a relay's advisory lock); may be NULL
    int lock_timeout_ms;      // 0 for 50; negative for none
    int statement_timeout_ms; // 0 for 10000; negative for none
} db_options_t;

// Which field of a message each column of a result is. Found once for all queries that share the result.
typedef struct db_columns {
    const pb_type_t *type; // NULL until found
    int *fields;           // room for each column; -1 for one that is no field
} db_columns_t;

// Rows that belong to one query.
typedef struct db_rows {
    const PGresult *result;
    const int *row; // indices of the rows, or NULL for all in order
    int count;
    const struct db_statement *statement;
    // Where the status is not OK: the constraint that the server named, or NULL.
    const char *constraint;
    db_columns_t *columns; // NULL where the result is this query's alone
} db_rows_t;

typedef struct db_query {
    // Filled by the caller.
    const db_statement_t *statement;
    const void *roots[DB_ROOTS_MAX]; // parallel to the statement's roots; NULL gives NULL parameters
    arena_t *arena;
    // Sent right before it, in the same transaction, with the same roots: what the database is to know of the caller. Its rows are nobody's. A
    // query with one is an execution of its own. NULL for none.
    const db_statement_t *before;
    // Write: the aggregate that it changes ("pcn-rutland"), sorts the batch and picks the connection. Coalesced read: the value looked
    // for. Else NULL.
    const char *key;
    // Read: takes long, or writes by the way. It goes alone over a connection of its own kind, so that nothing waits behind it, and is answered
    // once its transaction is committed.
    bool slow;
    int64_t deadline_us; // by clock_steady_us; 0 for none
    // `rows` is never NULL and counts where `problem->status` is OK. Rows and result are valid until it returns; db_read, db_write and
    // db_destroy may be called.
    void (*done)(struct db_query *query, const db_rows_t *rows, const problem_t *problem);
    void *data;
    // The pool's own.
    struct db_query *next;
    const char *values[DB_PARAMS_MAX];
    const char **before_values;
    int value_count;
    unsigned attempts;
    int place; // in a gathered execution, from 1
    unsigned flags;
} db_query_t;

// Connects in the background; INVALID_ARGUMENT for a malformed DSN. `metrics` gets pcn_db_* series.
MUST_CHECK status_t db_new(uv_loop_t *loop, const db_options_t *options, metrics_t *metrics, db_t **db, problem_t *problem);
// Closes its handles; the caller runs the loop until they are gone (uv_run): then what is queued or in flight is answered UNAVAILABLE and
// the memory is freed. *db becomes NULL.
void db_destroy(db_t **db);
void db_read(db_t *db, db_query_t *query);
void db_write(db_t *db, db_query_t *query);
// Every connection is up and set up: what readiness asks.
bool db_ready(const db_t *db);
// More wait for the connections that read, or write, than these get done while anybody waits for an answer (pace.h): whoever can still be refused
// before anything was done for them is better refused now. What is taken in all the same is served.
bool db_crowded(db_t *db, bool write);
// No query is queued or in flight: what draining waits for.
bool db_idle(const db_t *db);

// A row as a message by column name; columns without a field are skipped. INTERNAL where a value does not fit.
MUST_CHECK status_t db_row_message(const db_rows_t *rows, int row, const pb_type_t *type, arena_t *arena, void **message,
                                   problem_t *problem);
// All rows at once: columns are looked up only once. The list has room for one at least.
MUST_CHECK status_t db_rows_messages(const db_rows_t *rows, const pb_type_t *type, arena_t *arena, void ***messages, problem_t *problem);
// Text of a column by its name, NULL where it is SQL NULL or there is no such column.
const char *db_row_text(const db_rows_t *rows, int row, const char *column);

#endif
