#include "common/db/session.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/base/log.h"
#include "common/db/internal.h"

#define SETTINGS_MAX 4096

struct db_session {
    PGconn *connection;
    char sqlstate[6], constraint[64]; // of the last refusal
};

static void ignore_notice(void *data, const PGresult *result)
{
    (void)data;
    (void)result;
}

static status_t settle(PGconn *connection, const char *schema, problem_t *problem)
{
    buf_t sql;
    buf_init(&sql, SETTINGS_MAX);
    db_connect_sql(&sql, schema);
    PGresult *result = buf_ok(&sql) ? PQexec(connection, sql.data) : NULL;
    buf_deinit(&sql);
    status_t status = STATUS_OK;
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        status = db_error_problem(result, "settings", problem);
    PQclear(result);
    return status;
}

status_t db_session_open(const char *dsn, const char *application_name, const char *schema, db_session_t **session, problem_t *problem)
{
    *session = NULL;
    if (!db_dsn_valid(dsn))
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "The database's address is malformed");
    db_connect_t connect;
    db_connect_fill(&connect, dsn, application_name);
    db_session_t *made = calloc(1, sizeof(*made));
    if (made != NULL)
        made->connection = PQconnectdbParams(connect.keywords, connect.values, 1);
    if (made == NULL || made->connection == NULL) {
        free(made);
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory");
    }
    status_t status = STATUS_OK;
    if (PQstatus(made->connection) != CONNECTION_OK) {
        log_warning("no connection to the database", LOG_TEXT("reason", PQerrorMessage(made->connection)));
        status = problem_set(problem, STATUS_UNAVAILABLE, NULL, "The database is not available");
    } else {
        PQsetNoticeReceiver(made->connection, ignore_notice, NULL);
        status = settle(made->connection, schema, problem);
    }
    if (status != STATUS_OK)
        db_session_close(&made);
    *session = made;
    return status;
}

void db_session_close(db_session_t **session)
{
    if (*session == NULL)
        return;
    PQfinish((*session)->connection);
    free(*session);
    *session = NULL;
}

PGconn *db_session_connection(db_session_t *session)
{
    return session->connection;
}

// The result where it is one of success, else NULL with the problem filled.
static PGresult *checked(db_session_t *session, PGresult *result, const char *name, problem_t *problem)
{
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY)
        return result;
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE), *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
    (void)snprintf(session->sqlstate, sizeof session->sqlstate, "%s", sqlstate != NULL ? sqlstate : "");
    (void)snprintf(session->constraint, sizeof session->constraint, "%s", constraint != NULL ? constraint : "");
    if (PQstatus(session->connection) != CONNECTION_OK)
        problem_set(problem, STATUS_UNAVAILABLE, NULL, "The database is not available");
    else
        db_error_problem(result, name, problem);
    PQclear(result);
    return NULL;
}

PGresult *db_session_exec(db_session_t *session, const char *sql, problem_t *problem)
{
    return checked(session, PQexec(session->connection, sql), "exec", problem);
}

PGresult *db_session_params(db_session_t *session, const char *sql, const char *const *values, int count, problem_t *problem)
{
    return checked(session, PQexecParams(session->connection, sql, count, NULL, values, NULL, NULL, 0), "params", problem);
}

bool db_session_in_transaction(const db_session_t *session)
{
    return PQtransactionStatus(session->connection) != PQTRANS_IDLE;
}

PGcancel *db_session_cancel(db_session_t *session)
{
    return PQgetCancel(session->connection);
}

const char *db_session_sqlstate(const db_session_t *session)
{
    return session->sqlstate;
}

const char *db_session_constraint(const db_session_t *session)
{
    return session->constraint;
}

static const char *const *only_row(void *data, int i)
{
    (void)i;
    return data;
}

static PGresult *run_gathering(db_session_t *session, const db_statement_t *statement, const char **values, problem_t *problem)
{
    buf_t out;
    db_arrays_t arrays;
    PGresult *result = NULL;
    if (gather_arrays(statement->param_count, 1, only_row, values, &out, &arrays))
        result = PQexecParams(session->connection, statement->sql, statement->param_count, NULL, arrays.values, arrays.lengths,
                              arrays.formats, 0);
    else
        problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory");
    buf_deinit(&out);
    return result;
}

PGresult *db_session_run(db_session_t *session, const db_statement_t *statement, const void *const *roots, arena_t *arena,
                         problem_t *problem)
{
    const char *values[DB_PARAMS_MAX];
    if (db_statement_bind(statement, roots, arena, values, problem) != STATUS_OK)
        return NULL;
    PGresult *result = NULL;
    if (!statement->gathers)
        result = PQexecParams(session->connection, statement->sql, statement->param_count, NULL, values, NULL, NULL, 0);
    else if ((result = run_gathering(session, statement, values, problem)) == NULL)
        return NULL;
    return checked(session, result, statement->name, problem);
}

status_t db_session_prepare(db_session_t *session, const db_statement_t *statement, problem_t *problem)
{
    PGresult *result = PQprepare(session->connection, "", statement->sql, 0, NULL);
    status_t status = STATUS_OK;
    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        // For whoever wrote the statement, so in the server's own words.
        const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
        status = problem_set(problem, STATUS_INTERNAL, NULL, "%s: %s %s", statement->name, sqlstate != NULL ? sqlstate : "",
                             message != NULL ? message : PQerrorMessage(session->connection));
    }
    PQclear(result);
    return status;
}
