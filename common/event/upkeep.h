// The log's upkeep, by the relay over its connection: room ahead of the log's end, forgetting what is older than it is kept for (the SQL
// function event_upkeep does both), and the end of old answers.
#ifndef PCN_EVENT_UPKEEP_H
#define PCN_EVENT_UPKEEP_H

#include "common/db/pool.h"
#include "pcn/platform/v1/call.pb-c.h"

typedef struct event_upkeep {
    // Borrowed; to be filled after event_upkeep_init.
    db_t *db;
    const db_statement_t *partitions, *answers;
    // Its own.
    arena_t *arena;
    Pcn__Platform__V1__Upkeep asked;
    db_query_t partitions_query, answers_query;
    int64_t partitions_at_us, answers_at_us;
    int64_t covered;       // the log has room up to here; 0 while that is unknown
    bool keeping, pruning; // a query is on its way
    bool looked;           // for room, once at least
    bool closing;
    gauge_t *pruned;
} event_upkeep_t;

MUST_CHECK status_t event_upkeep_statements(db_statement_t **partitions, db_statement_t **answers, problem_t *problem);
// False without memory.
bool event_upkeep_init(event_upkeep_t *upkeep, int64_t partition, int64_t days, metrics_t *metrics);
void event_upkeep_deinit(event_upkeep_t *upkeep);
// To be called some times a second.
void event_upkeep_tick(event_upkeep_t *upkeep);
// Something found no room: look now.
void event_upkeep_wanted(event_upkeep_t *upkeep);
// The log has come to this place: look if the room ends soon.
void event_upkeep_reached(event_upkeep_t *upkeep, int64_t place);

#endif
