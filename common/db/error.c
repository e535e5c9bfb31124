// What the server said, in words that may leave the daemon.
#include <string.h>

#include "common/base/log.h"
#include "common/db/internal.h"
#include "common/db/sqlstate.h"

#define RETRY_AFTER_MS 200

static const char *sentence(status_t status)
{
    switch (status) {
    case STATUS_ALREADY_EXISTS:
        return "It exists already";
    case STATUS_FAILED_PRECONDITION:
        return "It refers to something that does not exist, or is still referred to";
    case STATUS_INVALID_ARGUMENT:
        return "A value breaks a rule of the stored data";
    case STATUS_ABORTED:
        return "Somebody else changed the same thing at the same moment; try again";
    case STATUS_DEADLINE_EXCEEDED:
        return "The database took too long";
    case STATUS_RESOURCE_EXHAUSTED:
        return "The database is busy";
    case STATUS_UNAVAILABLE:
        return "The database is not available";
    default:
        return "Internal error";
    }
}

// The server's message may quote a parameter (class 22) or be any text at all (RAISE, class P0).
static bool message_is_safe(const char *sqlstate)
{
    return strncmp(sqlstate, "22", 2) != 0 && strncmp(sqlstate, "P0", 2) != 0;
}

status_t db_error_problem(const PGresult *result, const char *name, problem_t *problem)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (sqlstate == NULL)
        sqlstate = ""; // libpq's own error, or an answer that no statement of ours should give
    status_t status = sqlstate_status(sqlstate);
    if (status == STATUS_OK)
        status = STATUS_INTERNAL;
    if (status == STATUS_INTERNAL)
        log_error("database error", LOG_TEXT("statement", name), LOG_TEXT("sqlstate", sqlstate),
                  LOG_TEXT("server", message_is_safe(sqlstate) ? message : ""));
    problem_set(problem, status, NULL, "%s", sentence(status));
    bool later = status == STATUS_RESOURCE_EXHAUSTED || status == STATUS_UNAVAILABLE || status == STATUS_ABORTED;
    if (problem != NULL && later)
        problem->retry_after_ms = RETRY_AFTER_MS;
    return status;
}

bool db_error_is_loss(const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *function = PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);
    if (sqlstate == NULL)
        return false;
    if (severity != NULL && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0))
        return true;
    // A plan of before a change of the schema: only a new session forgets it. Its text is translated, its place is not.
    if (strcmp(sqlstate, "0A000") == 0)
        return function != NULL && strcmp(function, "RevalidateCachedQuery") == 0;
    return strncmp(sqlstate, "08", 2) == 0 || strncmp(sqlstate, "57P0", 4) == 0;
}
