// Deadlines, in the queue and in flight, and connections that have fallen silent.
#include "common/base/clock.h"
#include "common/db/pool_internal.h"

static bool is_up(const db_t *db, const db_queue_t *queue)
{
    for (unsigned i = 0; i < db->link_count; i++)
        if (db->links[i].queue == queue && db->links[i].state == LINK_READY)
            return true;
    return false;
}

// Parts a list in what may still wait and what is over.
static void part_expired(db_t *db, db_query_t *list, int64_t now, db_queue_t *kept, db_queue_t *expired)
{
    while (list != NULL) {
        db_query_t *next = list->next;
        bool over = list->deadline_us != 0 && list->deadline_us <= now;
        if (!over && list->deadline_us != 0 && list->deadline_us < db->earliest_us)
            db->earliest_us = list->deadline_us;
        queue_push(over ? expired : kept, list);
        list = next;
    }
}

static void answer_expired(db_t *db, db_query_t *query, bool up)
{
    while (query != NULL) {
        db_query_t *next = query->next;
        db_answer_expired(db, query, up);
        query = next;
    }
}

static void sweep_queue(db_t *db, db_lane_t *lane, db_queue_t *queue, int64_t now)
{
    db_queue_t kept = {0}, expired = {0};
    part_expired(db, queue->head, now, &kept, &expired);
    *queue = kept;
    lane_add_waiting(lane, -(int)expired.count);
    answer_expired(db, expired.head, is_up(db, queue));
}

// What is in flight is left to the server, and its result to nobody.
static void sweep_batches(db_t *db, db_link_t *link, int64_t now, db_queue_t *expired)
{
    for (db_batch_t *batch = link->first; batch != NULL; batch = batch->next) {
        for (unsigned i = 0; i < batch->count; i++) {
            db_queue_t kept = {0};
            part_expired(db, batch->slots[i].first, now, &kept, expired);
            batch->slots[i].first = kept.head;
            batch->slots[i].last = kept.tail;
        }
    }
}

void deadline_sweep(uv_timer_t *timer)
{
    db_t *db = timer->data;
    int64_t now = clock_steady_us();
    if (db->pending == 0) {
        uv_timer_stop(timer);
        return;
    }
    for (unsigned i = 0; i < db->link_count && db->stall_us != 0; i++)
        if (db->links[i].in_flight > 0 && now - db->links[i].progress_us > db->stall_us)
            link_lost(&db->links[i], "no answer");
    db_wake(db);
    if (now < db->earliest_us)
        return;
    db->earliest_us = INT64_MAX;
    db_queue_t expired = {0};
    for (unsigned i = 0; i < db->link_count; i++)
        sweep_batches(db, &db->links[i], now, &expired);
    sweep_queue(db, &db->lookups, &db->lookup_queue, now);
    sweep_queue(db, &db->reads, &db->read_queue, now);
    sweep_queue(db, &db->slows, &db->slow_queue, now);
    for (unsigned i = 0; i < db->link_count; i++)
        if (db->links[i].lane->write)
            sweep_queue(db, &db->writes, db->links[i].queue, now);
    answer_expired(db, expired.head, true);
}
