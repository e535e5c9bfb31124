// What the files of this folder share and nobody else sees.
#ifndef PCN_DB_INTERNAL_H
#define PCN_DB_INTERNAL_H

#include "common/db/pool.h"
#include "common/db/session.h"
#include "common/db/statement.h"

// Moves *at to what follows the next parameter (":name", dots and underscores included) outside of quotes, comments and casts.
// `name` points behind the colon. False at the end of the text.
bool sql_next_parameter(const char **at, const char **name, size_t *size);
// Appends the text as a quoted identifier.
void sql_add_identifier(buf_t *out, const char *name);

typedef struct db_param {
    const char *name; // in the statement's own copy of the SQL; not terminated
    size_t name_size;
    unsigned root;
    pb_path_t path;
} db_param_t;

struct db_statement {
    char *name;
    char *source;
    char *sql;
    db_param_t *params;
    int param_count;
    // NULL where reads are not coalesced; else the result's column that tells the rows apart.
    char *coalesce_column;
    int coalesce_param; // the parameter with the key
    // Executions of several writes may be one.
    bool gathers;
};

// Fills values[0 … param_count); a coalescing statement gets the array of its one key.
MUST_CHECK status_t db_statement_bind(const db_statement_t *statement, const void *const *roots, arena_t *arena, const char **values,
                                      problem_t *problem);

// The same, but a coalescing statement gets its key itself.
MUST_CHECK status_t db_statement_bind_plain(const db_statement_t *statement, const void *const *roots, arena_t *arena, const char **values,
                                            problem_t *problem);

// An array literal of the keys: {"a","b"}.
void array_open(buf_t *out);
void array_add(buf_t *out, const char *text);
void array_close(buf_t *out);

// The parameters of a gathering statement: an array of texts for each, in PostgreSQL's binary form, with a place for each of the `count`
// rows. `row(data, i)` gives the row's values. The arrays lie in `out`; false without memory.
typedef struct db_arrays {
    const char *values[DB_PARAMS_MAX];
    int lengths[DB_PARAMS_MAX];
    int formats[DB_PARAMS_MAX];
} db_arrays_t;
bool gather_arrays(int param_count, int count, const char *const *(*row)(void *data, int i), void *data, buf_t *out, db_arrays_t *arrays);

// The server's error as a problem: a general sentence for the caller, and the log's entry where it is our own defect. `name` is the
// statement's.
status_t db_error_problem(const PGresult *result, const char *name, problem_t *problem);
// Whether the error says that the connection, not the statement, is at fault.
bool db_error_is_loss(const PGresult *result);

// Options of one connection in the order of libpq; values live as long as the arguments.
#define DB_CONNECT_OPTIONS 9
typedef struct db_connect {
    const char *keywords[DB_CONNECT_OPTIONS];
    const char *values[DB_CONNECT_OPTIONS];
} db_connect_t;
void db_connect_fill(db_connect_t *connect, const char *dsn, const char *application_name);
// Behind the service's own schema in the search path: extensions, which a database has once for all services (0007_extensions.sql).
#define DB_EXTENSIONS_PATH ", pcn_extensions"
// What every session sets first: search_path, time zone, date style.
void db_connect_sql(buf_t *out, const char *schema);
// False for what libpq does not understand.
bool db_dsn_valid(const char *dsn);

// The connection below a session: what takes parameters of its own.
PGconn *db_session_connection(db_session_t *session);

#endif
