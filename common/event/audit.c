#include "common/event/audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "pcn/platform/v1/call.meta.h"

// Entries of one statement.
#define BATCH 1000
#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)
#define BATCH_SQL TEXT(BATCH)
// After a hint: entries gather for so long, since a statement by itself costs as much as thirty of them.
#define HINTED_US INT64_C(500000)
// Without one: another replica writes too.
#define UNHINTED_US INT64_C(2000000)
#define ARENA_CAP (64u * 1024u)

// Gapless because the lock holder alone chains, and a place is taken only with its row. In the order of the queue; the head moves in the
// same statement. One row comes back whatever is queued. The frame is said since the default one costs twice as much.
static const db_stmt_t chain_entries = {
    "chain_entries",
    "WITH taken AS (DELETE FROM audit_queue WHERE position = ANY (ARRAY("
    "        SELECT position FROM audit_queue ORDER BY position LIMIT " BATCH_SQL ")) RETURNING *), "
    "placed AS (SELECT t.*, h.place + row_number() OVER (ORDER BY t.position) AS place, h.hash AS head "
    "    FROM taken t CROSS JOIN audit_head h), "
    "chained AS (INSERT INTO audit (place, at, request_id, subject, organisation, origin, peer, method, resource, verdict, hash) "
    "    SELECT place, at, request_id, subject, organisation, origin, peer, method, resource, verdict, "
    "        audit_chain(head, audit_content(place, at, request_id, subject, organisation, origin, peer, method, resource, verdict)) "
    "            OVER (ORDER BY position ROWS UNBOUNDED PRECEDING) FROM placed RETURNING place, hash), "
    "newest AS (SELECT place, hash FROM chained ORDER BY place DESC LIMIT 1), "
    "moved AS (UPDATE audit_head h SET place = n.place, hash = n.hash FROM newest n) "
    "SELECT coalesce((SELECT place FROM newest), h.place) AS place, (SELECT count(*) FROM chained) AS count FROM audit_head h"};

struct event_audit {
    db_t *db;
    db_statement_t *statements[EVENT_AUDIT_STATEMENTS + 1];
    arena_t *arena;
    db_query_t query;
    int64_t due_us;
    bool chaining; // the query is on its way
    bool hinted;   // since it left
    bool closing;
    gauge_t *place;
};

status_t event_audit_statements(db_statement_t *statements[EVENT_AUDIT_STATEMENTS + 1], problem_t *problem)
{
    statements[EVENT_AUDIT_STATEMENTS] = NULL;
    return db_statement_new(chain_entries.name, chain_entries.sql, NULL, 0, NULL, &statements[0], problem);
}

static void chain_start(event_audit_t *audit);

static int64_t number_of(const db_rows_t *rows, const char *column)
{
    const char *text = rows->count > 0 ? db_row_text(rows, 0, column) : NULL;
    return text != NULL ? strtoll(text, NULL, 10) : 0;
}

static void chain_done(db_query_t *query, const db_rows_t *rows, const problem_t *problem)
{
    event_audit_t *audit = query->data;
    audit->chaining = false;
    const bool soon = audit->hinted || problem->status != STATUS_OK;
    audit->due_us = clock_steady_us() + (soon ? HINTED_US : UNHINTED_US);
    if (problem->status != STATUS_OK) {
        if (!audit->closing)
            log_warning("audit entries not chained, will try again", LOG_TEXT("detail", problem->detail));
        return;
    }
    const int64_t count = number_of(rows, "count");
    audit->place->value = number_of(rows, "place");
    if (count == BATCH && !audit->closing)
        chain_start(audit);
}

static void chain_start(event_audit_t *audit)
{
    audit->chaining = true;
    audit->hinted = false;
    arena_reset(audit->arena);
    audit->query =
        (db_query_t){.statement = audit->statements[0], .arena = audit->arena, .key = "audit", .done = chain_done, .data = audit};
    db_write(audit->db, &audit->query);
}

void event_audit_hint(event_audit_t *audit)
{
    if (audit->hinted)
        return;
    audit->hinted = true;
    const int64_t due_us = clock_steady_us() + HINTED_US;
    if (due_us < audit->due_us)
        audit->due_us = due_us;
}

void event_audit_tick(event_audit_t *audit)
{
    if (!audit->chaining && !audit->closing && clock_steady_us() >= audit->due_us)
        chain_start(audit);
}

static status_t chain_connect(event_audit_t *audit, uv_loop_t *loop, const event_audit_options_t *options, metrics_t *metrics,
                              problem_t *problem)
{
    // The lock is the service's, whichever database it lives in: its name is hashed by PostgreSQL itself. A plan that was made while a
    // table was small is kept while it grows, so none may scan one.
    char setup[192], name[96];
    int length = snprintf(setup, sizeof setup, "SET enable_seqscan = off; SELECT pg_advisory_lock(hashtextextended('pcn.audit.%s', 0))",
                          options->schema);
    snprintf(name, sizeof name, "pcn-%s audit", options->service);
    if (length < 0 || (size_t)length >= sizeof setup)
        return problem_set(problem, STATUS_INTERNAL, NULL, "Schema name too long");
    const db_options_t chain = {.dsn = options->dsn,
                                .application_name = name,
                                .schema = options->schema,
                                .write_connections = 1,
                                .write_kind = "audit",
                                .setup_sql = setup,
                                .lock_timeout_ms = -1,
                                .statement_timeout_ms = -1};
    return db_new(loop, &chain, metrics, &audit->db, problem);
}

status_t event_audit_new(uv_loop_t *loop, const event_audit_options_t *options, metrics_t *metrics, event_audit_t **out, problem_t *problem)
{
    event_audit_t *audit = calloc(1, sizeof *audit);
    *out = NULL;
    if (audit == NULL)
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory");
    audit->arena = arena_new(ARENA_CAP);
    audit->place = metrics_gauge(metrics, "pcn_audit_place", NULL, "Latest place of the audit trail.");
    status_t status = audit->arena != NULL ? event_audit_statements(audit->statements, problem)
                                           : problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory");
    if (status == STATUS_OK)
        status = chain_connect(audit, loop, options, metrics, problem);
    if (status != STATUS_OK) {
        event_audit_destroy(&audit);
        return status;
    }
    *out = audit;
    return STATUS_OK;
}

void event_audit_stop(event_audit_t *audit)
{
    if (audit->closing)
        return;
    audit->closing = true;
    db_destroy(&audit->db);
}

void event_audit_destroy(event_audit_t **audit)
{
    if (*audit == NULL)
        return;
    db_statement_destroy(&(*audit)->statements[0]);
    arena_destroy(&(*audit)->arena);
    free(*audit);
    *audit = NULL;
}
