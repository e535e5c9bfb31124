// What the server answers: each result to its query, and what becomes of a batch at its Sync.
#include <string.h>

#include "common/base/clock.h"
#include "common/db/pool_internal.h"
#include "common/db/sqlstate.h"

static const problem_t OK = {.status = STATUS_OK};

static const char *sqlstate_of(const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    return sqlstate != NULL ? sqlstate : "";
}

static void slot_answer(db_t *db, db_slot_t *slot)
{
    const db_statement_t *statement = db->catalogue.known[slot->number].statement;
    db_query_t *query = slot->first;
    if (query != NULL && !slot->shared) {
        db_rows_t rows = {.result = slot->result, .count = PQntuples(slot->result), .statement = statement};
        slot->first = NULL;
        db_answer(db, query, &rows, &OK);
    } else if (query != NULL && statement->gathers) {
        gather_answer(db, slot);
    } else if (query != NULL) {
        coalesce_answer(db, slot);
    }
    PQclear(slot->result);
    slot->result = NULL;
}

// Answers a list of queries with the server's error.
static void list_fail(db_t *db, db_query_t *query, const db_statement_t *statement, const PGresult *error)
{
    if (query == NULL)
        return;
    problem_t problem = {0};
    db_error_problem(error, statement->name, &problem);
    db_rows_t rows = {.result = error, .constraint = PQresultErrorField(error, PG_DIAG_CONSTRAINT_NAME)};
    while (query != NULL) {
        db_query_t *next = query->next;
        rows.statement = query->statement; // what failed may be what was sent before it
        db_answer(db, query, &rows, &problem);
        query = next;
    }
}

// Parts what failed into what is tried once more (by itself, after the others) and what is answered.
static void part(db_query_t *failed, bool retryable, db_queue_t *again, db_queue_t *refused)
{
    while (failed != NULL) {
        db_query_t *next = failed->next;
        if (retryable && failed->attempts < DB_RESEND_MAX) {
            failed->attempts++;
            failed->flags |= DB_QUERY_ALONE;
            queue_push(again, failed);
        } else {
            queue_push(refused, failed);
        }
        failed = next;
    }
}

static void requeue(db_link_t *link, db_queue_t *queries)
{
    lane_add_waiting(link->lane, (int)queries->count);
    link->lane->resent->value += queries->count;
    queue_prepend(link->queue, queries);
}

// The failure of a PREPARE is that of every query of the batch that meant to use it. What is sent before a query fails for that query, whose
// slot is the next.
static void take_failed(db_batch_t *batch, db_queue_t *failed)
{
    const db_slot_t *slot = &batch->slots[batch->failed];
    for (unsigned i = (unsigned)batch->failed; i < batch->count; i++) {
        if (batch->slots[i].number != slot->number || (i != (unsigned)batch->failed && !slot->prepare))
            continue;
        db_slot_t *whose = &batch->slots[batch->slots[i].behind != NULL ? i + 1 : i];
        queue_append_list(failed, whose->first);
        whose->first = NULL;
    }
}

static void settle_failed(db_link_t *link, db_batch_t *batch)
{
    db_slot_t *slot = &batch->slots[batch->failed];
    const db_statement_t *statement = link->db->catalogue.known[slot->number].statement;
    const char *sqlstate = sqlstate_of(slot->result);
    // The PREPARE stood in a batch before, which was aborted; or the session was reset by somebody.
    bool unprepared = strcmp(sqlstate, "26000") == 0;
    if (unprepared)
        link_forget_prepared(link, slot->number);
    db_queue_t failed = {0}, again = {0}, refused = {0}, rest = {0};
    if (slot->shared && statement->gathers) {
        // One of them is to blame, and only by itself it says which.
        for (db_query_t *query = slot->first; query != NULL; query = query->next)
            query->flags |= DB_QUERY_ALONE;
        queue_append_list(&again, slot->first);
        slot->first = NULL;
    } else if (strcmp(sqlstate, "53100") == 0)
        batch_collect(batch, &failed); // a full disk refuses them all, one after the other
    else
        take_failed(batch, &failed);
    part(failed.head, unprepared || sqlstate_retryable(sqlstate), &again, &refused);
    batch_collect(batch, &rest);
    requeue(link, &again);
    requeue(link, &rest);
    list_fail(link->db, refused.head, statement, slot->result);
}

// Every statement succeeded and the end did not: a deferred constraint, and the server does not say whose.
static void settle_sync_failed(db_link_t *link, db_batch_t *batch)
{
    const db_statement_t *statement = NULL;
    for (unsigned i = 0; i < batch->count; i++)
        if (batch->slots[i].first != NULL)
            statement = link->db->catalogue.known[batch->slots[i].number].statement;
    db_queue_t rest = {0}, again = {0}, refused = {0};
    batch_collect(batch, &rest);
    if (rest.count == 1 && statement != NULL) {
        part(rest.head, sqlstate_retryable(sqlstate_of(batch->sync_error)), &again, &refused);
        requeue(link, &again);
        list_fail(link->db, refused.head, statement, batch->sync_error);
        return;
    }
    for (db_query_t *query = rest.head; query != NULL; query = query->next)
        query->flags |= DB_QUERY_ALONE;
    requeue(link, &rest);
}

static void settle(db_link_t *link)
{
    db_batch_t *batch = link->first;
    link->first = batch->next;
    if (link->first == NULL)
        link->last = NULL;
    link->in_flight--;
    if (batch->failed >= 0)
        settle_failed(link, batch);
    else if (batch->sync_error != NULL)
        settle_sync_failed(link, batch);
    else
        for (unsigned i = 0; i < batch->count; i++)
            slot_answer(link->db, &batch->slots[i]);
    batch_free(batch);
    db_wake(link->db);
}

// A PREPARE that did not take place is repeated by the next who needs it.
static void slot_forget(db_link_t *link, const db_slot_t *slot)
{
    if (slot->prepare)
        link_forget_prepared(link, slot->number);
}

static bool take_error(db_link_t *link, PGresult *result)
{
    db_batch_t *batch = link->first;
    bool read_only = link->lane->write && strcmp(sqlstate_of(result), "25006") == 0;
    if (PQstatus(link->pg) != CONNECTION_OK || read_only || db_error_is_loss(result)) {
        const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
        link_lost(link, message != NULL ? message : "the connection ended");
        PQclear(result);
        return false;
    }
    if (batch->at == batch->count) {
        PQclear(batch->sync_error);
        batch->sync_error = result;
        return true;
    }
    batch->failed = (int)batch->at;
    batch->slots[batch->at].result = result;
    slot_forget(link, &batch->slots[batch->at++]);
    return true;
}

static void take_rows(db_link_t *link, PGresult *result)
{
    db_batch_t *batch = link->first;
    db_slot_t *slot = &batch->slots[batch->at++];
    slot->result = result;
    if (slot->prepare || !link->lane->settles)
        slot_answer(link->db, slot); // a read holds when it is there
}

bool batch_take(db_link_t *link, PGresult *result)
{
    db_batch_t *batch = link->first;
    link->progress_us = clock_steady_us();
    ExecStatusType status = PQresultStatus(result);
    bool expected = batch->at < batch->count;
    if (status == PGRES_PIPELINE_SYNC) {
        PQclear(result);
        settle(link);
        return true;
    }
    if (status == PGRES_FATAL_ERROR)
        return take_error(link, result);
    if (expected && (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY)) {
        take_rows(link, result);
        return true;
    }
    if (expected && status == PGRES_PIPELINE_ABORTED) {
        PQclear(result);
        slot_forget(link, &batch->slots[batch->at++]);
        return true;
    }
    // COPY, or an answer nobody asked for: whoever sent it is answered, and the connection is of no more use.
    if (expected) {
        db_query_t *query = batch->slots[batch->at].first;
        batch->slots[batch->at].first = NULL;
        list_fail(link->db, query, link->db->catalogue.known[batch->slots[batch->at].number].statement, result);
    }
    PQclear(result);
    link_lost(link, "an answer out of turn");
    return false;
}
