// A follower's statements: the platform's CTEs around what the declaration changes. Each is one transaction, and does nothing where the
// follower's row is not at the version that the step began with.
#ifndef PCN_SERVICE_FOLLOWER_SQL_H
#define PCN_SERVICE_FOLLOWER_SQL_H

#include "common/db/statement.h"
#include "common/service/follower.h"

typedef enum follower_statement {
    FOLLOWER_LOAD,   // the row, made where it is missing
    FOLLOWER_BEGIN,  // a snapshot begins: the next generation
    FOLLOWER_APPLY,  // events, and the place behind them
    FOLLOWER_PAGE,   // resources of a snapshot
    FOLLOWER_SWEEP,  // what the snapshot did not name goes, some at a time; with the last of it the follower follows
    FOLLOWER_LETTER, // the one event that could not be applied is kept, and the follower stops
    FOLLOWER_STATEMENTS
} follower_statement_t;

// INTERNAL for a parameter that is none, FAILED_PRECONDITION with the source as field for a declaration without `news`. Statements that
// were made before the one that failed are the caller's to destroy too.
MUST_CHECK status_t follower_sql_new(const service_follower_t *declared, db_statement_t *statements[FOLLOWER_STATEMENTS],
                                     problem_t *problem);
void follower_sql_destroy(db_statement_t *statements[FOLLOWER_STATEMENTS]);

#endif
