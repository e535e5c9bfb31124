// The pool's parts. pool.c takes queries in and decides when they go, link.c holds one connection, batch.c sends, results.c receives,
// coalesce.c makes one read of many and gather.c one write, catalogue.c remembers what is known of each statement.
#ifndef PCN_DB_POOL_INTERNAL_H
#define PCN_DB_POOL_INTERNAL_H

#include "common/db/internal.h"
#include "common/db/pace.h"

// Of db_query_t.flags.
enum {
    DB_QUERY_ALONE = 1, // goes in a batch of its own: its failure must not cost others
    DB_QUERY_LOST = 2,  // was in flight when a connection went
};

#define DB_RESEND_MAX 3

typedef struct db_queue {
    db_query_t *head, *tail;
    unsigned count;
} db_queue_t;

void queue_push(db_queue_t *queue, db_query_t *query);
db_query_t *queue_pop(db_queue_t *queue);
// Moves all of `front` before the head of `queue`.
void queue_prepend(db_queue_t *queue, db_queue_t *front);
// Moves a list linked by `next` to the end.
void queue_append_list(db_queue_t *queue, db_query_t *first);

#define DB_STATUSES (STATUS_UNAUTHENTICATED + 1)
typedef struct db_known {
    const db_statement_t *statement;
    counter_t *answered[DB_STATUSES];
    // Where this statement's shared execution stands in the batch that is being made.
    uint64_t batch;
    unsigned slot;
} db_known_t;

// The statements that a pool has met, each with a small number.
typedef struct db_catalogue {
    db_known_t *known;
    unsigned count, room;
    unsigned *index; // open addressing: number + 1, or 0
    unsigned index_room;
} db_catalogue_t;

// The statement's number, given where it is new; -1 without memory.
int catalogue_number(db_catalogue_t *catalogue, const db_statement_t *statement);
void catalogue_deinit(db_catalogue_t *catalogue);

// One message to the server and what came back.
typedef struct db_slot {
    unsigned number;          // of the statement
    bool prepare;             // else an execution
    const db_query_t *behind; // an execution of what is sent before that query, whose own slot is the next; else NULL
    bool shared;              // by several queries, of which some may be gone
    db_query_t *first, *last; // NULL once answered
    PGresult *result;
} db_slot_t;

// Up to one Sync.
typedef struct db_batch {
    struct db_batch *next;
    unsigned count;
    unsigned at; // the slot whose result comes next; count: the Sync
    int failed;  // the slot that failed, or -1
    PGresult *sync_error;
    db_slot_t slots[];
} db_batch_t;

void batch_free(db_batch_t *batch);
// Every unanswered query of the batch, in order, to the end of the queue; the batch forgets them.
void batch_collect(db_batch_t *batch, db_queue_t *into);

// Connections for one kind of query.
typedef struct db_lane {
    const char *kind; // "lookup", "read", "slow" or "write"
    bool write;
    bool settles; // answers wait for the Sync
    const char *settings; // of its sessions; NULL for none
    unsigned depth;       // batches in flight on a connection
    unsigned links;
    unsigned turn; // where writes without a key go next
    counter_t *batches, *batch_queries, *reconnects, *resent;
    gauge_t *queued, *connections;
    unsigned waiting;
    db_pace_t pace;
} db_lane_t;

void lane_add_waiting(db_lane_t *lane, int count);

typedef enum link_state { LINK_DOWN, LINK_CONNECTING, LINK_SETTING, LINK_READY } link_state_t;

typedef struct db_link {
    db_t *db;
    db_lane_t *lane;
    db_queue_t *queue; // shared by reads, its own for writes
    db_queue_t own;
    PGconn *pg;
    link_state_t state;
    unsigned step; // of the settings
    uv_poll_t *poll;
    int watched;
    uv_timer_t timer;
    unsigned backoff_ms, failures;
    int64_t ready_us, progress_us;
    db_batch_t *first, *last;
    unsigned in_flight;
    uint8_t *prepared; // by the statement's number
    unsigned prepared_room;
} db_link_t;

// Session settings, setup_sql, limits, the lane's own.
#define DB_STEPS 4
#define DB_STEP_SETUP 1
#define DB_STEP_LANE 3

struct db {
    uv_loop_t *loop;
    metrics_t *metrics;
    char *dsn, *application_name;
    char *steps[DB_STEPS]; // NULL is skipped
    unsigned batch_max, queue_max;
    int64_t stall_us; // without an answer for so long a connection is given up; 0 for never
    db_lane_t lookups, reads, slows, writes;
    db_link_t *links; // in this order
    unsigned link_count;
    db_queue_t lookup_queue, read_queue, slow_queue;
    db_queue_t refused;
    unsigned pending;
    int64_t earliest_us; // no deadline passes before
    db_catalogue_t catalogue;
    uint64_t batch_serial;
    const char *const **rows; // room for batch_max
    struct db_pick *picks;    // room for batch_max, of batch_pick_size bytes each
    uv_prepare_t prepare;
    uv_check_t check;
    uv_idle_t idle;
    uv_timer_t sweep;
    unsigned handles;
    bool awake, closing;
};

// Asks for a look at the queues before the loop waits again.
void db_wake(db_t *db);
// Counts and calls done; `result` may be NULL.
void db_answer(db_t *db, db_query_t *query, const db_rows_t *rows, const problem_t *problem);
void db_answer_status(db_t *db, db_query_t *query, status_t status, const char *detail, uint32_t retry_after_ms);
// Answers a query whose deadline has passed; `up`: its connection was there, so that the queue is to blame.
void db_answer_expired(db_t *db, db_query_t *query, bool up);
// When the last is closed a pool that ends is freed.
void db_handle_closed(db_t *db);
// The timer that runs while anything is pending.
void deadline_sweep(uv_timer_t *timer);

void link_init(db_link_t *link, db_t *db, db_lane_t *lane, db_queue_t *queue);
void link_start(db_link_t *link);
// Closes its handles; the connection and its batches stay for link_deinit, since a query's `done` may be what ends the pool.
void link_close(db_link_t *link);
void link_deinit(db_link_t *link);
// Gives the connection up: its queries go back to the head of the queue, a new one is opened after a while.
void link_lost(db_link_t *link, const char *reason);
// Sends what waits in libpq and takes what has come.
void link_flush(db_link_t *link);
bool link_is_prepared(const db_link_t *link, unsigned number);
// False without memory.
bool link_set_prepared(db_link_t *link, unsigned number);
void link_forget_prepared(db_link_t *link, unsigned number);

size_t batch_pick_size(void);
// Makes a batch of what waits and sends it. False where nothing was sent.
bool batch_send(db_link_t *link);
// One result of libpq, which it takes over. False where the connection was given up.
bool batch_take(db_link_t *link, PGresult *result);

// Whether the query may share an execution: one with nothing but its key.
bool coalesce_takes(const db_query_t *query);
// Sends the slot as one execution over the array of its keys. False where libpq or memory refuses.
bool coalesce_send(db_link_t *link, const db_slot_t *slot);
// Gives each query of the slot its rows.
void coalesce_answer(db_t *db, db_slot_t *slot);
// What a coalescing query looks for.
const char *coalesce_key(const db_query_t *query);

// Whether the query may join the execution: one of another aggregate, since two changes of one are two statements.
bool gather_takes(const db_slot_t *slot, const db_query_t *query);
// Sends the slot as one execution. False where libpq or memory refuses.
bool gather_send(db_link_t *link, const db_slot_t *slot);
// Gives each query of the slot its row.
void gather_answer(db_t *db, db_slot_t *slot);

#endif
