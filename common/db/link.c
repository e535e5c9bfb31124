// One connection: opened, set up, watched and, when it is gone, opened again. Only the DSN's host names are looked up in the way of
// the loop, since libpq knows no other; an address or a socket's path needs no look-up.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/db/pool_internal.h"

#define OPEN_TIMEOUT_MS 5000
#define BACKOFF_MIN_MS 10
#define BACKOFF_MAX_MS 500
#define STEADY_US 1000000 // a connection that held so long starts its successor at once
#define LOSSES_A_LOG_LINE 20

static void on_poll(uv_poll_t *poll, int status, int events);

static void on_poll_closed(uv_handle_t *handle)
{
    db_t *db = ((db_link_t *)handle->data)->db;
    free(handle);
    db_handle_closed(db);
}

static void unwatch(db_link_t *link)
{
    if (link->poll == NULL)
        return;
    uv_poll_stop(link->poll);
    uv_close((uv_handle_t *)link->poll, on_poll_closed);
    link->poll = NULL;
    link->watched = 0;
}

static bool watch(db_link_t *link, int events)
{
    if (link->db->closing || (link->poll != NULL && link->watched == events))
        return true;
    if (link->poll == NULL) {
        uv_poll_t *poll = malloc(sizeof(*poll));
        if (poll == NULL || uv_poll_init(link->db->loop, poll, PQsocket(link->pg)) != 0) {
            free(poll);
            return false;
        }
        poll->data = link;
        link->poll = poll;
        link->db->handles++;
    }
    link->watched = events;
    return uv_poll_start(link->poll, events, on_poll) == 0;
}

static void on_notice(void *data, const PGresult *result)
{
    (void)data;
    (void)result;
}

static void on_timer(uv_timer_t *timer)
{
    db_link_t *link = timer->data;
    if (link->state == LINK_DOWN)
        link_start(link);
    else
        link_lost(link, "took too long to open");
}

static void set_timer(db_link_t *link, unsigned ms)
{
    if (!link->db->closing)
        uv_timer_start(&link->timer, on_timer, ms, 0);
}

static unsigned next_backoff(db_link_t *link)
{
    if (link->state == LINK_READY && clock_steady_us() - link->ready_us > STEADY_US)
        link->backoff_ms = 0;
    link->backoff_ms = link->backoff_ms == 0 ? BACKOFF_MIN_MS : 2 * link->backoff_ms;
    if (link->backoff_ms > BACKOFF_MAX_MS)
        link->backoff_ms = BACKOFF_MAX_MS;
    return link->backoff_ms;
}

static void drop_batches(db_link_t *link)
{
    db_queue_t queries = {0};
    while (link->first != NULL) {
        db_batch_t *batch = link->first;
        link->first = batch->next;
        batch_collect(batch, &queries);
        batch_free(batch);
    }
    link->last = NULL;
    link->in_flight = 0;
    for (db_query_t *query = queries.head; query != NULL; query = query->next)
        query->flags |= DB_QUERY_LOST;
    lane_add_waiting(link->lane, (int)queries.count);
    link->lane->resent->value += queries.count;
    queue_prepend(link->queue, &queries);
}

// libpq's second line only guesses.
static void log_loss(const db_link_t *link, const char *reason)
{
    char line[256];
    snprintf(line, sizeof(line), "%.*s", (int)strcspn(reason, "\n"), reason);
    log_warning("database connection lost", LOG_TEXT("kind", link->lane->kind), LOG_TEXT("reason", line),
                LOG_NUMBER("in_flight", link->in_flight));
}

void link_lost(db_link_t *link, const char *reason)
{
    if (link->failures++ % LOSSES_A_LOG_LINE == 0)
        log_loss(link, reason);
    if (link->state == LINK_READY) {
        link->lane->connections->value--;
        link->lane->reconnects->value++;
    }
    unsigned backoff_ms = next_backoff(link);
    link->state = LINK_DOWN;
    drop_batches(link);
    unwatch(link);
    PQfinish(link->pg);
    link->pg = NULL;
    if (link->prepared != NULL)
        memset(link->prepared, 0, link->prepared_room);
    set_timer(link, backoff_ms);
    db_wake(link->db);
}

void link_start(db_link_t *link)
{
    db_connect_t connect;
    db_connect_fill(&connect, link->db->dsn, link->db->application_name);
    link->pg = PQconnectStartParams(connect.keywords, connect.values, 1);
    if (link->pg == NULL || PQstatus(link->pg) == CONNECTION_BAD) {
        link_lost(link, link->pg != NULL ? PQerrorMessage(link->pg) : "no memory");
        return;
    }
    PQsetNoticeReceiver(link->pg, on_notice, NULL);
    link->state = LINK_CONNECTING;
    set_timer(link, OPEN_TIMEOUT_MS);
    if (!watch(link, UV_WRITABLE))
        link_lost(link, "no handle");
}

static void become_ready(db_link_t *link)
{
    uv_timer_stop(&link->timer);
    if (PQenterPipelineMode(link->pg) != 1) {
        link_lost(link, PQerrorMessage(link->pg));
        return;
    }
    link->state = LINK_READY;
    link->ready_us = link->progress_us = clock_steady_us();
    link->lane->connections->value++;
    if (link->failures > 0)
        log_info("database connection is back", LOG_TEXT("kind", link->lane->kind));
    link->failures = 0;
    db_wake(link->db);
}

// Sends the settings' next part. setup_sql may wait for another session for as long as it takes.
// The settings of the link's step; NULL where it has none.
static const char *step_sql(const db_link_t *link)
{
    return link->step == DB_STEP_LANE ? link->lane->settings : link->db->steps[link->step];
}

static void next_step(db_link_t *link)
{
    while (link->step < DB_STEPS && step_sql(link) == NULL)
        link->step++;
    if (link->step == DB_STEPS) {
        become_ready(link);
        return;
    }
    if (link->step == DB_STEP_SETUP)
        uv_timer_stop(&link->timer);
    else
        set_timer(link, OPEN_TIMEOUT_MS);
    int unsent = -1;
    if (PQsendQuery(link->pg, step_sql(link)) == 1)
        unsent = PQflush(link->pg);
    if (unsent < 0 || !watch(link, unsent > 0 ? UV_READABLE | UV_WRITABLE : UV_READABLE))
        link_lost(link, PQerrorMessage(link->pg));
}

static void on_connecting(db_link_t *link)
{
    // libpq may go on with another socket, even under the same number.
    unwatch(link);
    PostgresPollingStatusType polled = PQconnectPoll(link->pg);
    bool watched = true;
    if (polled == PGRES_POLLING_READING) {
        watched = watch(link, UV_READABLE);
    } else if (polled == PGRES_POLLING_WRITING) {
        watched = watch(link, UV_WRITABLE);
    } else if (polled == PGRES_POLLING_OK && PQsetnonblocking(link->pg, 1) == 0) {
        link->state = LINK_SETTING;
        link->step = 0;
        next_step(link);
    } else {
        link_lost(link, PQerrorMessage(link->pg));
    }
    if (!watched)
        link_lost(link, "no handle");
}

static void on_setting(db_link_t *link)
{
    int unsent = PQconsumeInput(link->pg) == 1 ? PQflush(link->pg) : -1;
    if (unsent < 0 || !watch(link, unsent > 0 ? UV_READABLE | UV_WRITABLE : UV_READABLE)) {
        link_lost(link, PQerrorMessage(link->pg));
        return;
    }
    while (!PQisBusy(link->pg)) {
        PGresult *result = PQgetResult(link->pg);
        if (result == NULL) {
            link->step++;
            next_step(link);
            return;
        }
        ExecStatusType status = PQresultStatus(result);
        PQclear(result);
        if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY) {
            link_lost(link, PQerrorMessage(link->pg));
            return;
        }
    }
}

// Each message has one result and, but for the Sync, a NULL behind it. Two in a row mean that libpq has nothing left.
static bool take_results(db_link_t *link)
{
    unsigned nothing = 0;
    while (link->first != NULL && nothing < 2 && !PQisBusy(link->pg)) {
        PGresult *result = PQgetResult(link->pg);
        nothing = result == NULL ? nothing + 1 : 0;
        if (result != NULL && !batch_take(link, result))
            return false;
    }
    return true;
}

void link_flush(db_link_t *link)
{
    int unsent = PQflush(link->pg);
    // While it could not write, libpq may have read: no event would tell.
    if (!take_results(link))
        return;
    if (unsent < 0 || !watch(link, unsent > 0 ? UV_READABLE | UV_WRITABLE : UV_READABLE))
        link_lost(link, PQerrorMessage(link->pg));
}

static void on_ready(db_link_t *link)
{
    // What came before the end of the connection counts.
    int consumed = PQconsumeInput(link->pg);
    if (!take_results(link))
        return;
    if (consumed != 1 || PQstatus(link->pg) != CONNECTION_OK)
        link_lost(link, PQerrorMessage(link->pg));
    else if ((link->watched & UV_WRITABLE) != 0)
        link_flush(link);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    db_link_t *link = poll->data;
    (void)events;
    if (status < 0)
        link_lost(link, uv_strerror(status));
    else if (link->state == LINK_CONNECTING)
        on_connecting(link);
    else if (link->state == LINK_SETTING)
        on_setting(link);
    else if (link->state == LINK_READY)
        on_ready(link);
}

static void on_timer_closed(uv_handle_t *handle)
{
    db_handle_closed(((db_link_t *)handle->data)->db);
}

void link_init(db_link_t *link, db_t *db, db_lane_t *lane, db_queue_t *queue)
{
    *link = (db_link_t){.db = db, .lane = lane, .queue = queue != NULL ? queue : &link->own};
    uv_timer_init(db->loop, &link->timer); // cannot fail
    link->timer.data = link;
    db->handles++;
}

void link_close(db_link_t *link)
{
    unwatch(link);
    uv_close((uv_handle_t *)&link->timer, on_timer_closed);
}

void link_deinit(db_link_t *link)
{
    if (link->state == LINK_READY)
        link->lane->connections->value--;
    link->state = LINK_DOWN;
    drop_batches(link);
    PQfinish(link->pg);
    link->pg = NULL;
    free(link->prepared);
    link->prepared = NULL;
}

bool link_is_prepared(const db_link_t *link, unsigned number)
{
    return number < link->prepared_room && link->prepared[number] != 0;
}

bool link_set_prepared(db_link_t *link, unsigned number)
{
    if (number >= link->prepared_room) {
        unsigned room = number + 32;
        uint8_t *prepared = realloc(link->prepared, room);
        if (prepared == NULL)
            return false;
        memset(prepared + link->prepared_room, 0, room - link->prepared_room);
        link->prepared = prepared;
        link->prepared_room = room;
    }
    link->prepared[number] = 1;
    return true;
}

void link_forget_prepared(db_link_t *link, unsigned number)
{
    if (number < link->prepared_room)
        link->prepared[number] = 0;
}
