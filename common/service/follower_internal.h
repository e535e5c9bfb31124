// The follower's parts. follower.c is its life and decides what comes next, follower_source.c hears the log, follower_step.c sends the
// steps and judges what becomes of them, follower_meter.c says how it stands.
#ifndef PCN_SERVICE_FOLLOWER_INTERNAL_H
#define PCN_SERVICE_FOLLOWER_INTERNAL_H

#include "common/base/id.h"
#include "common/event/snapshot.h"
#include "common/service/follower_batch.h"
#include "common/service/follower_sql.h"
#include "pcn/platform/v1/follower.pb-c.h"

typedef Pcn__Followers__V1__FollowerState follower_state_t;
#define FOLLOWER_STATE(name) PCN__FOLLOWERS__V1__FOLLOWER_STATE__FOLLOWER_STATE_##name

#define FOLLOWER_SWEEP_RESOURCES 500
#define FOLLOWER_PROBLEM_SIZE 600

// The follower's row as it is known.
typedef struct follower_cursor {
    int64_t version; // 0: not read yet
    follower_state_t state;
    event_place_t place;
    int64_t generation;
    bool in_log; // where it stands before an event of the log, not before a resource of a snapshot
} follower_cursor_t;

typedef struct follower_meter {
    gauge_t *sequence, *latest, *lag_events, *lag_seconds, *stopped, *active;
    counter_t *applied, *snapshots, *retries;
    int64_t known;      // the log's latest place as far as known
    int64_t behind_us;  // since when it is known to be behind, by wall clock; 0 for not
    int64_t waiting_us; // when the event was decided that it stands before; 0 where it does not
    int64_t moved_us;   // when its place moved last
} follower_meter_t;

struct follower {
    const service_follower_t *declared;
    const char *service;
    char keys_dir[512];
    const char *const *rpc_endpoints, *const *pub_endpoints;
    uv_loop_t *loop;
    metrics_t *metrics;
    uv_timer_t soon, tick;
    unsigned ticks;
    bool closing;

    // What it hears.
    rpc_context_t *context;
    rpc_client_t *client; // NULL until the source's key is there
    char server_key[RPC_KEY_SIZE];
    event_tail_t *tail;
    event_snapshot_t *snapshot;
    bool refused;    // an event or page could not be taken, and is to be asked for again
    bool place_gone; // the log has the place no more
    // The snapshot: which place it is of, whether that is in the row, whether all of it was given, how much of its page was taken.
    event_place_t snapshot_place;
    bool begun, given;
    size_t page_at;

    // What it does with it.
    db_t *db;
    db_statement_t *statements[FOLLOWER_STATEMENTS];
    follower_cursor_t cursor;
    follower_batch_t batches[2];
    follower_batch_t *filling, *sending; // sending NULL: nothing is under way
    bool apart;                          // the batch goes one by one, since it did not go as a whole
    size_t at;                           // which of it
    int64_t sweep_limit;
    char problem[FOLLOWER_PROBLEM_SIZE]; // why the event at `at` (or the sweep) is to become a dead letter; empty for not
    char letter[ID_SIZE];

    // The step under way.
    bool busy;
    bool stale;   // what it comes to is of no interest any more
    bool resting; // after a failure that may pass
    unsigned failures;
    follower_statement_t which;
    Pcn__Platform__V1__FollowerStep step;
    db_query_t query;
    arena_t *arena;

    follower_meter_t meter;
};

// ---- follower.c ----

// Looks for what to do next, in the next turn of the loop.
void follower_wake(follower_t *follower);
// Rests for a while that grows with each failure, then goes on.
void follower_rest(follower_t *follower);
// Forgets what it holds and what it knows: the row is read again.
void follower_restart(follower_t *follower);

// ---- follower_source.c ----

// Makes the client once the source's key is there, and again where it is another one.
void source_connect(follower_t *follower);
// Listens to what the cursor's state asks for, where that is not the case yet.
void source_open(follower_t *follower);
void source_close(follower_t *follower);
// Asks for what was refused, if anything.
void source_resume(follower_t *follower);

// ---- follower_step.c ----

void step_start(follower_t *follower, follower_statement_t which);

typedef enum step_fate {
    STEP_AGAIN, // it may pass: later, for ever
    STEP_APART, // somebody of the batch is to blame: one by one
    STEP_LETTER // it is this one
} step_fate_t;
// What becomes of a step over so many events that failed.
step_fate_t step_judge(status_t status, size_t events);

// ---- follower_meter.c ----

void meter_init(follower_t *follower);
void meter_update(follower_t *follower);

#endif
