// Makes a batch of waiting queries and hands it to libpq.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/db/pool_internal.h"

typedef struct db_pick {
    db_query_t *query;
    unsigned number;   // of its statement
    unsigned before;   // of what is sent before it, where there is such
    unsigned position; // in the queue, which keeps the sort stable
} db_pick_t;

void batch_free(db_batch_t *batch)
{
    for (unsigned i = 0; i < batch->count; i++)
        PQclear(batch->slots[i].result);
    PQclear(batch->sync_error);
    free(batch);
}

void batch_collect(db_batch_t *batch, db_queue_t *into)
{
    for (unsigned i = 0; i < batch->count; i++) {
        queue_append_list(into, batch->slots[i].first);
        batch->slots[i].first = NULL;
    }
}

static status_t fill_before(db_query_t *query, problem_t *problem)
{
    query->before_values = arena_alloc(query->arena, ((size_t)query->before->param_count + 1) * sizeof *query->before_values);
    if (query->before_values == NULL)
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The request takes more memory than one may have");
    return db_statement_bind(query->before, query->roots, query->arena, query->before_values, problem);
}

// Fills the parameters once; a query that is sent again has them already.
static bool fill(db_t *db, db_query_t *query)
{
    if (query->value_count >= 0)
        return true;
    problem_t problem = {0};
    status_t status = STATUS_OK;
    if (query->statement->coalesce_column != NULL) {
        if (query->statement->param_count > 1 || query->key == NULL)
            status = db_statement_bind_plain(query->statement, query->roots, query->arena, query->values, &problem);
        if (query->key != NULL)
            query->values[query->statement->coalesce_param] = query->key;
    } else {
        status = db_statement_bind(query->statement, query->roots, query->arena, query->values, &problem);
    }
    if (status == STATUS_OK && query->before != NULL)
        status = fill_before(query, &problem);
    if (status != STATUS_OK) {
        problem.status = status;
        db_answer(db, query, NULL, &problem);
        return false;
    }
    query->value_count = query->statement->param_count;
    return true;
}

// How many of those that wait a batch may take. Connections work side by side, each on one batch after the other: what waits is dealt to all
// that have nothing to do. What gathers goes as one.
static unsigned share(const db_link_t *link)
{
    const db_t *db = link->db;
    if (link->lane->write)
        return db->batch_max;
    unsigned idle = 0;
    for (unsigned i = 0; i < db->link_count; i++) {
        const db_link_t *other = &db->links[i];
        idle += other->lane == link->lane && other->state == LINK_READY && other->in_flight == 0;
    }
    const unsigned part = idle > 0 ? (link->queue->count + idle - 1) / idle : db->batch_max;
    return part < db->batch_max ? part : db->batch_max;
}

// Takes from the queue what goes into one batch.
static unsigned pick(db_link_t *link)
{
    db_t *db = link->db;
    const unsigned most = share(link);
    int64_t now = clock_steady_us();
    unsigned count = 0;
    while (count < most && link->queue->head != NULL) {
        if (count > 0 && (link->queue->head->flags & DB_QUERY_ALONE) != 0)
            break;
        db_query_t *query = queue_pop(link->queue);
        lane_add_waiting(link->lane, -1);
        if (query->deadline_us != 0 && query->deadline_us <= now) {
            db_answer_expired(db, query, true);
            continue;
        }
        int number = catalogue_number(&db->catalogue, query->statement);
        int before = query->before != NULL ? catalogue_number(&db->catalogue, query->before) : 0;
        if (number < 0 || before < 0) {
            db_answer_status(db, query, STATUS_RESOURCE_EXHAUSTED, "The service is out of memory", 0);
            continue;
        }
        bool alone = (query->flags & DB_QUERY_ALONE) != 0;
        if (!fill(db, query))
            continue;
        db->picks[count] = (db_pick_t){query, (unsigned)number, (unsigned)before, count};
        count++;
        if (alone)
            break;
    }
    return count;
}

static int pick_compare(const void *a, const void *b)
{
    const db_pick_t *left = a;
    const db_pick_t *right = b;
    int order = strcmp(left->query->key != NULL ? left->query->key : "", right->query->key != NULL ? right->query->key : "");
    return order != 0 ? order : (left->position > right->position) - (left->position < right->position);
}

static void put_back(db_link_t *link, unsigned count)
{
    db_queue_t front = {0};
    for (unsigned i = 0; i < count; i++)
        queue_push(&front, link->db->picks[i].query);
    lane_add_waiting(link->lane, (int)count);
    queue_prepend(link->queue, &front);
}

static db_slot_t *slot_add(db_batch_t *batch, unsigned number, bool prepare)
{
    db_slot_t *slot = &batch->slots[batch->count++];
    *slot = (db_slot_t){.number = number, .prepare = prepare};
    return slot;
}

static bool shares(const db_link_t *link, const db_query_t *query)
{
    if (query->before != NULL)
        return false;
    return link->lane->write ? query->statement->gathers : query->statement->coalesce_column != NULL && coalesce_takes(query);
}

// False without memory.
static bool ensure_prepared(db_link_t *link, db_batch_t *batch, unsigned number)
{
    if (link_is_prepared(link, number))
        return true;
    if (!link_set_prepared(link, number))
        return false;
    slot_add(batch, number, true);
    return true;
}

// A place in the batch for the query: the shared execution that is there already, or one of its own, after the statement's PREPARE
// where this connection has not met it.
static bool place(db_link_t *link, db_batch_t *batch, const db_pick_t *picked)
{
    db_t *db = link->db;
    db_known_t *known = &db->catalogue.known[picked->number];
    bool shared = shares(link, picked->query);
    if (shared && known->batch == db->batch_serial) {
        db_slot_t *slot = &batch->slots[known->slot];
        if (!link->lane->write || gather_takes(slot, picked->query)) {
            assert(slot->last != NULL); // whom this batch knows has a query in it
            slot->last->next = picked->query;
            slot->last = picked->query;
            slot->shared = true;
            return true;
        }
    }
    if (picked->query->before != NULL && !ensure_prepared(link, batch, picked->before))
        return false;
    if (!ensure_prepared(link, batch, picked->number))
        return false;
    if (picked->query->before != NULL)
        slot_add(batch, picked->before, false)->behind = picked->query;
    if (shared) {
        known->batch = db->batch_serial;
        known->slot = batch->count;
    }
    db_slot_t *slot = slot_add(batch, picked->number, false);
    slot->first = slot->last = picked->query;
    return true;
}

static bool slot_send(db_link_t *link, const db_slot_t *slot)
{
    const db_statement_t *statement = link->db->catalogue.known[slot->number].statement;
    if (slot->prepare)
        return PQsendPrepare(link->pg, statement->name, statement->sql, 0, NULL) == 1;
    if (slot->behind != NULL)
        return PQsendQueryPrepared(link->pg, statement->name, statement->param_count, slot->behind->before_values, NULL, NULL, 0) == 1;
    if (statement->gathers)
        return gather_send(link, slot);
    if (statement->coalesce_column != NULL)
        return coalesce_send(link, slot);
    return PQsendQueryPrepared(link->pg, statement->name, statement->param_count, slot->first->values, NULL, NULL, 0) == 1;
}

static void enqueue(db_link_t *link, db_batch_t *batch)
{
    if (link->last != NULL)
        link->last->next = batch;
    else
        link->first = batch;
    link->last = batch;
    link->in_flight++;
    if (link->in_flight == 1)
        link->progress_us = clock_steady_us();
}

bool batch_send(db_link_t *link)
{
    db_t *db = link->db;
    unsigned count = pick(link);
    if (count == 0)
        return false;
    if (link->lane->write)
        qsort(db->picks, count, sizeof(*db->picks), pick_compare);
    // At most a PREPARE and an execution each, and the same of what is sent before it.
    db_batch_t *batch = calloc(1, sizeof(*batch) + 4 * (size_t)count * sizeof(db_slot_t));
    if (batch == NULL) {
        put_back(link, count);
        return false;
    }
    batch->failed = -1;
    db->batch_serial++;
    for (unsigned i = 0; i < count; i++)
        db->picks[i].query->next = NULL;
    unsigned placed = 0;
    while (placed < count && place(link, batch, &db->picks[placed]))
        placed++;
    enqueue(link, batch);
    for (unsigned i = placed; i < count; i++)
        db_answer_status(db, db->picks[i].query, STATUS_RESOURCE_EXHAUSTED, "The service is out of memory", 0);
    bool sent = true;
    for (unsigned i = 0; sent && i < batch->count; i++)
        sent = slot_send(link, &batch->slots[i]);
    if (!sent || PQpipelineSync(link->pg) != 1) {
        link_lost(link, PQerrorMessage(link->pg));
        return false;
    }
    link->lane->batches->value++;
    link->lane->batch_queries->value += placed;
    return true;
}

size_t batch_pick_size(void)
{
    return sizeof(db_pick_t);
}
