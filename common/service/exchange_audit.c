// Entries of the audit trail that no change carries: refused changes, and looks at what is audited. They are written by a statement of
// their own, and the caller is answered after its commit.
#include <string.h>

#include "common/base/log.h"
#include "common/service/exchange_internal.h"

// Whether the call was decided. What was not (no time, no memory, no database) touched nothing and may be repeated.
static bool decided(status_t status)
{
    switch (status) {
    case STATUS_UNAVAILABLE:
    case STATUS_DEADLINE_EXCEEDED:
    case STATUS_RESOURCE_EXHAUSTED:
    case STATUS_INTERNAL:
    case STATUS_UNIMPLEMENTED:
        return false;
    default:
        return true;
    }
}

static bool audited_look(const exchange_t *exchange)
{
    return (exchange->method->handler->flags & SERVICE_AUDITED) != 0;
}

static void conclude(exchange_t *exchange)
{
    if (exchange->problem.status != STATUS_OK)
        exchange_refuse(exchange, &exchange->problem);
    else
        exchange_answer(exchange);
}

static void entry_done(db_query_t *query, const db_rows_t *rows, const problem_t *problem)
{
    (void)rows;
    exchange_t *exchange = query->data;
    exchange_host_t *host = exchange->host;
    if (problem->status == STATUS_OK) {
        if (exchange->problem.status != STATUS_OK)
            host->audit_refusals->value++;
        if (host->log != NULL)
            event_log_hint(host->log);
        conclude(exchange);
        return;
    }
    host->audit_failures->value++;
    log_error("audit entry not written", LOG_TEXT("method", exchange->method->method->short_name),
              LOG_TEXT("requestId", exchange->call.header->request_id), LOG_TEXT("verdict", exchange->statement.verdict),
              LOG_TEXT("detail", problem->detail));
    // A refused change changed nothing, so it may be told. A look that nobody can account for must not have taken place.
    if (audited_look(exchange))
        exchange_refuse_with(exchange, STATUS_UNAVAILABLE, NULL, "The audit trail cannot be written at the moment");
    else
        conclude(exchange);
}

static void write_entry(exchange_t *exchange)
{
    Pcn__Platform__V1__Call *statement = &exchange->statement;
    const status_t status = exchange->call.withheld ? STATUS_NOT_FOUND : exchange->problem.status;
    arena_t *arena = exchange->rpc->arena;
    statement->verdict = status == STATUS_OK ? (char *)"done" : arena_printf(arena, "refused: %s", status_name(status));
    statement->resource = resource_path(exchange->method->method, exchange->call.request, exchange->call.key, arena);
    statement->about = exchange->call.about;
    statement->n_about = exchange->call.about_count;
    if (statement->verdict == NULL || statement->resource == NULL) {
        exchange_out_of_memory(exchange);
        return;
    }
    // By the request's id many of them go out as one execution.
    exchange_run(exchange, exchange->host->plan->audit, true, exchange->call.header->request_id, entry_done);
}

void exchange_decline(exchange_t *exchange)
{
    if ((exchange->method->save != NULL || audited_look(exchange)) && decided(exchange->problem.status))
        write_entry(exchange);
    else
        exchange_refuse(exchange, &exchange->problem);
}

void exchange_show(exchange_t *exchange)
{
    if (audited_look(exchange))
        write_entry(exchange);
    else
        exchange_answer(exchange);
}
