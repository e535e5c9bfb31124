// The end of a query: counted, then told to whoever asked.
#include <stdio.h>

#include "common/db/pool_internal.h"

#define DOWN_RETRY_AFTER_MS 200

static void count_answer(db_t *db, const db_statement_t *statement, status_t status)
{
    int number = catalogue_number(&db->catalogue, statement);
    if (number < 0 || (unsigned)status >= DB_STATUSES)
        return;
    counter_t **counter = &db->catalogue.known[number].answered[status];
    if (*counter == NULL) {
        char labels[192];
        snprintf(labels, sizeof(labels), "statement=\"%s\",status=\"%s\"", statement->name, status_name(status));
        *counter = metrics_counter(db->metrics, "pcn_db_queries_total", labels, "Queries answered.");
    }
    (*counter)->value++;
}

void db_answer(db_t *db, db_query_t *query, const db_rows_t *rows, const problem_t *problem)
{
    const db_rows_t none = {.statement = query->statement};
    count_answer(db, query->statement, problem->status);
    db->pending--;
    query->next = NULL;
    query->done(query, rows != NULL ? rows : &none, problem);
}

void db_answer_status(db_t *db, db_query_t *query, status_t status, const char *detail, uint32_t retry_after_ms)
{
    problem_t problem = {0};
    problem_set(&problem, status, NULL, "%s", detail);
    problem.retry_after_ms = retry_after_ms;
    db_answer(db, query, NULL, &problem);
}

void db_answer_expired(db_t *db, db_query_t *query, bool up)
{
    if (up && (query->flags & DB_QUERY_LOST) == 0)
        db_answer_status(db, query, STATUS_DEADLINE_EXCEEDED, "The database did not answer in time", 0);
    else
        db_answer_status(db, query, STATUS_UNAVAILABLE, "The database is not available", DOWN_RETRY_AFTER_MS);
}
