// One connection that waits: for migrations, jobs on a worker thread, and tests. Never used in an event loop.
#ifndef PCN_DB_SESSION_H
#define PCN_DB_SESSION_H

#include <libpq-fe.h>

#include "common/db/pool.h"

typedef struct db_session db_session_t;

MUST_CHECK status_t db_session_open(const char *dsn, const char *application_name, const char *schema, db_session_t **session,
                                    problem_t *problem);
void db_session_close(db_session_t **session);
// Runs SQL without parameters (several statements allowed). The last result, or NULL with the problem filled; the caller PQclears it.
PGresult *db_session_exec(db_session_t *session, const char *sql, problem_t *problem);
// Runs a declared statement; the same.
PGresult *db_session_run(db_session_t *session, const db_statement_t *statement, const void *const *roots, arena_t *arena,
                         problem_t *problem);
// Runs SQL with parameters as text, $1, $2 …; the same.
PGresult *db_session_params(db_session_t *session, const char *sql, const char *const *values, int count, problem_t *problem);
// Whether a transaction is open or failed, or the connection is lost.
bool db_session_in_transaction(const db_session_t *session);
// With what another thread may cancel the statement that runs; freed by PQfreeCancel. NULL without memory.
PGcancel *db_session_cancel(db_session_t *session);
// The SQLSTATE and the constraint of the last refusal, "" for none.
const char *db_session_sqlstate(const db_session_t *session);
const char *db_session_constraint(const db_session_t *session);
// Parses and plans it against the schema as it is, runs nothing: what the test of every statement asks.
MUST_CHECK status_t db_session_prepare(db_session_t *session, const db_statement_t *statement, problem_t *problem);

#endif
