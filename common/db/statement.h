// Statements as declared constants. A parameter is named by where it comes from, ":request.code" or ":header.principal.subject": a
// root and a path of fields by descriptor, so no handler binds anything by hand. "::" stays PostgreSQL's cast; quotes and comments are
// skipped. A list becomes an array, a message JSON text, an unset field NULL; where the type is not plain from the SQL, cast it.
#ifndef PCN_DB_STATEMENT_H
#define PCN_DB_STATEMENT_H

#include "common/base/arena.h"
#include "common/base/status.h"
#include "common/pb/param.h"

#define DB_PARAMS_MAX 64
#define DB_ROOTS_MAX 6

// Declared beside its SQL: `static const db_stmt_t get_organisation = {"get_organisation", "SELECT …"};`
typedef struct db_stmt {
    const char *name; // unique within a daemon
    const char *sql;
} db_stmt_t;

// A message that parameters may come from.
typedef struct db_root {
    const char *name; // "request"
    const pb_type_t *type;
} db_root_t;

// A statement with its parameters resolved: made once at start, shared by every connection, which prepares it when it first meets it.
typedef struct db_statement db_statement_t;

// A write may gather: where the SQL says `WITH input AS (:inputs)`, each parameter is the text of a column of `input`, and writes that go
// out together are one execution over one row each, n = 1, 2, …. Its other tables are joined to `FROM input i`, and its result has one row
// for each n, with a column n. With `(:input)` instead the same SQL runs for one: `input` has the row n = 1 and parameters are parameters.
//
// INTERNAL with the parameter as the problem's field where a root or path is unknown.
// `coalesce` (NULL for none) names a parameter of the form "request.code" of a read: the SQL compares with `= ANY(:request.code)`,
// and rows of several queries that queue together come from one execution, told apart by the result's column of the path's last
// name. Queries with any other parameter that is not absent are an execution each: "as of a day" beside the plain lookup.
MUST_CHECK status_t db_statement_new(const char *name, const char *sql, const db_root_t *roots, size_t root_count, const char *coalesce,
                                     db_statement_t **statement, problem_t *problem);
void db_statement_destroy(db_statement_t **statement);
const char *db_statement_name(const db_statement_t *statement);
// The SQL with $1, $2, … as PostgreSQL gets it.
const char *db_statement_sql(const db_statement_t *statement);

#endif
