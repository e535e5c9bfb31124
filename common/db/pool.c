#include "common/db/pool.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/db/pool_internal.h"

#define BATCH_MAX 128
#define QUEUE_MAX 10000
#define READ_DEPTH 2
// One at a time, so that what arrives meanwhile makes the next batch large: one flush for many writes, one statement for many lookups.
#define GATHERING_DEPTH 1
#define LOCK_TIMEOUT_MS 50
#define STATEMENT_TIMEOUT_MS 10000
// A server answers a statement at its time limit at the latest; this much later it is taken for gone.
#define STALL_GRACE_MS 2000
#define SWEEP_MS 10
#define FULL_RETRY_AFTER_MS 500
#define SETTINGS_MAX 8192
// Lookups and changes go by key. A plan is made while a table is small and kept while it grows, and one that reads it whole would be
// kept as well.
#define BY_KEY "SET enable_seqscan = off; SET enable_mergejoin = off"

void lane_add_waiting(db_lane_t *lane, int count)
{
    lane->waiting = (unsigned)((int)lane->waiting + count);
    lane->queued->value += count;
}

static void on_idle(uv_idle_t *idle)
{
    (void)idle;
}

// While queries wait to be sent the loop must not sleep; it stops by itself at the end of the turn.
void db_wake(db_t *db)
{
    if (db->awake || db->closing)
        return;
    db->awake = true;
    uv_idle_start(&db->idle, on_idle);
}

static void answer_refused(db_t *db)
{
    db_query_t *query = db->refused.head;
    db->refused = (db_queue_t){0};
    while (query != NULL) {
        db_query_t *next = query->next;
        db_answer_status(db, query, STATUS_RESOURCE_EXHAUSTED, "Too many requests wait for the database", FULL_RETRY_AFTER_MS);
        query = next;
    }
}

// The connection of the lane that has the least to do and room for a batch.
static db_link_t *link_free(db_t *db)
{
    db_link_t *best = NULL;
    for (unsigned i = 0; i < db->link_count; i++) {
        db_link_t *link = &db->links[i];
        if (link->state != LINK_READY || link->in_flight >= link->lane->depth || link->queue->head == NULL)
            continue;
        if (best == NULL || link->in_flight < best->in_flight)
            best = link;
    }
    return best;
}

static void pump(db_t *db)
{
    if (!db->awake || db->closing)
        return;
    db->awake = false;
    uv_idle_stop(&db->idle);
    answer_refused(db);
    db_link_t *link;
    while (!db->closing && (link = link_free(db)) != NULL)
        if (batch_send(link))
            link_flush(link);
        else if (link->state == LINK_READY && link->queue->head != NULL)
            break; // no memory: the sweep tries again
}

static void on_prepare(uv_prepare_t *prepare)
{
    pump(prepare->data);
}

static void on_check(uv_check_t *check)
{
    pump(check->data);
}

static void submit(db_t *db, db_lane_t *lane, db_queue_t *queue, db_query_t *query)
{
    query->value_count = -1;
    query->attempts = 0;
    query->flags = 0;
    db->pending++;
    if (lane->waiting >= db->queue_max) {
        queue_push(&db->refused, query);
    } else {
        queue_push(queue, query);
        lane_add_waiting(lane, 1);
    }
    if (query->deadline_us != 0 && query->deadline_us < db->earliest_us)
        db->earliest_us = query->deadline_us;
    if (!uv_is_active((uv_handle_t *)&db->sweep) && !db->closing)
        uv_timer_start(&db->sweep, deadline_sweep, SWEEP_MS, SWEEP_MS);
    db_wake(db);
}

void db_read(db_t *db, db_query_t *query)
{
    if (db->lookups.links > 0 && query->statement->coalesce_column != NULL) {
        submit(db, &db->lookups, &db->lookup_queue, query);
        return;
    }
    if (db->slows.links > 0 && query->slow) {
        submit(db, &db->slows, &db->slow_queue, query);
        query->flags = DB_QUERY_ALONE;
        return;
    }
    assert(db->reads.links > 0);
    submit(db, &db->reads, &db->read_queue, query);
}

// Links stand in the order of their lanes.
static unsigned first_write(const db_t *db)
{
    return db->lookups.links + db->reads.links + db->slows.links;
}

static unsigned key_hash(const char *key)
{
    uint32_t hash = 2166136261u; // FNV-1a
    for (; *key != '\0'; key++)
        hash = (hash ^ (unsigned char)*key) * 16777619u;
    return hash;
}

void db_write(db_t *db, db_query_t *query)
{
    assert(db->writes.links > 0);
    unsigned at = query->key != NULL ? key_hash(query->key) : db->writes.turn++;
    submit(db, &db->writes, db->links[first_write(db) + at % db->writes.links].queue, query);
}

bool db_ready(const db_t *db)
{
    for (unsigned i = 0; i < db->link_count; i++)
        if (db->links[i].state != LINK_READY)
            return false;
    return true;
}

bool db_crowded(db_t *db, bool write)
{
    db_lane_t *lane = write ? &db->writes : &db->reads;
    return lane->waiting >= pace_room(&lane->pace, lane->batch_queries->value, clock_steady_us());
}

bool db_idle(const db_t *db)
{
    return db->pending == 0;
}

static void lane_init(db_lane_t *lane, metrics_t *metrics, const char *kind, unsigned links, unsigned depth)
{
    char labels[32];
    snprintf(labels, sizeof(labels), "kind=\"%s\"", kind);
    *lane = (db_lane_t){
        .kind = kind,
        .links = links,
        .depth = depth,
        .batches = metrics_counter(metrics, "pcn_db_batch_size_count", labels, "Batches sent."),
        .batch_queries = metrics_counter(metrics, "pcn_db_batch_size_sum", labels, "Queries sent in batches."),
        .reconnects = metrics_counter(metrics, "pcn_db_reconnects_total", labels, "Connections that were lost."),
        .resent = metrics_counter(metrics, "pcn_db_resent_total", labels, "Queries that went back to be sent again."),
        .queued = metrics_gauge(metrics, "pcn_db_queue", labels, "Queries that wait to be sent."),
        .connections = metrics_gauge(metrics, "pcn_db_connections", labels, "Connections that are up."),
    };
}

static char *limits_sql(const db_options_t *options)
{
    int lock_ms = options->lock_timeout_ms == 0 ? LOCK_TIMEOUT_MS : options->lock_timeout_ms;
    int statement_ms = options->statement_timeout_ms == 0 ? STATEMENT_TIMEOUT_MS : options->statement_timeout_ms;
    buf_t sql;
    buf_init(&sql, SETTINGS_MAX);
    buf_printf(&sql, "SET lock_timeout = %d; SET statement_timeout = %d", lock_ms > 0 ? lock_ms : 0, statement_ms > 0 ? statement_ms : 0);
    char *text = buf_ok(&sql) ? strdup(sql.data) : NULL;
    buf_deinit(&sql);
    return text;
}

static char *settings_sql(const db_options_t *options)
{
    buf_t sql;
    buf_init(&sql, SETTINGS_MAX);
    db_connect_sql(&sql, options->schema);
    // setup_sql may wait however long, whatever the role's own limits are.
    buf_add_string(&sql, "; SET lock_timeout = 0; SET statement_timeout = 0");
    char *text = buf_ok(&sql) ? strdup(sql.data) : NULL;
    buf_deinit(&sql);
    return text;
}

// False without memory.
static bool copy_options(db_t *db, const db_options_t *options)
{
    int statement_ms = options->statement_timeout_ms == 0 ? STATEMENT_TIMEOUT_MS : options->statement_timeout_ms;
    db->batch_max = options->batch_max != 0 ? options->batch_max : BATCH_MAX;
    db->queue_max = options->queue_max != 0 ? options->queue_max : QUEUE_MAX;
    db->stall_us = statement_ms > 0 ? ((int64_t)statement_ms + STALL_GRACE_MS) * 1000 : 0;
    db->dsn = strdup(options->dsn);
    db->application_name = options->application_name != NULL ? strdup(options->application_name) : NULL;
    db->steps[0] = settings_sql(options);
    db->steps[DB_STEP_SETUP] = options->setup_sql != NULL ? strdup(options->setup_sql) : NULL;
    db->steps[2] = limits_sql(options);
    db->link_count = options->lookup_connections + options->read_connections + options->slow_connections + options->write_connections;
    db->links = calloc((size_t)db->link_count + 1, sizeof(*db->links));
    db->picks = calloc(db->batch_max, batch_pick_size());
    db->rows = calloc(db->batch_max, sizeof(*db->rows));
    return db->dsn != NULL && (options->application_name == NULL || db->application_name != NULL) && db->steps[0] != NULL &&
           (options->setup_sql == NULL || db->steps[DB_STEP_SETUP] != NULL) && db->steps[2] != NULL && db->links != NULL &&
           db->picks != NULL && db->rows != NULL;
}

static void db_free(db_t *db)
{
    for (int i = 0; i < DB_STEPS; i++)
        free(db->steps[i]);
    catalogue_deinit(&db->catalogue);
    free(db->dsn);
    free(db->application_name);
    free(db->links);
    free(db->picks);
    free(db->rows);
    free(db);
}

static void open_handles(db_t *db)
{
    uv_prepare_init(db->loop, &db->prepare);
    uv_check_init(db->loop, &db->check);
    uv_idle_init(db->loop, &db->idle);
    uv_timer_init(db->loop, &db->sweep);
    db->prepare.data = db->check.data = db->idle.data = db->sweep.data = db;
    db->handles = 4;
    uv_prepare_start(&db->prepare, on_prepare);
    uv_check_start(&db->check, on_check);
    for (unsigned i = 0; i < db->link_count; i++) {
        db_link_t *link = &db->links[i];
        if (i < db->lookups.links)
            link_init(link, db, &db->lookups, &db->lookup_queue);
        else if (i < db->lookups.links + db->reads.links)
            link_init(link, db, &db->reads, &db->read_queue);
        else if (i < first_write(db))
            link_init(link, db, &db->slows, &db->slow_queue);
        else
            link_init(link, db, &db->writes, NULL);
    }
}

status_t db_new(uv_loop_t *loop, const db_options_t *options, metrics_t *metrics, db_t **db, problem_t *problem)
{
    *db = NULL;
    if (!db_dsn_valid(options->dsn))
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "The database's address is malformed");
    db_t *made = calloc(1, sizeof(*made));
    if (made == NULL || !copy_options(made, options)) {
        if (made != NULL)
            db_free(made);
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory");
    }
    made->loop = loop;
    made->metrics = metrics;
    made->earliest_us = INT64_MAX;
    lane_init(&made->lookups, metrics, "lookup", options->lookup_connections, GATHERING_DEPTH);
    lane_init(&made->reads, metrics, "read", options->read_connections, READ_DEPTH);
    lane_init(&made->slows, metrics, "slow", options->slow_connections, 1);
    lane_init(&made->writes, metrics, options->write_kind != NULL ? options->write_kind : "write", options->write_connections,
              GATHERING_DEPTH);
    made->writes.write = true;
    made->slows.settles = made->writes.settles = true;
    made->lookups.settings = made->writes.settings = BY_KEY;
    open_handles(made);
    for (unsigned i = 0; i < made->link_count; i++)
        link_start(&made->links[i]);
    *db = made;
    return STATUS_OK;
}

static void answer_all(db_t *db, db_lane_t *lane, db_queue_t *queue)
{
    db_query_t *query;
    lane_add_waiting(lane, -(int)queue->count);
    while ((query = queue_pop(queue)) != NULL)
        db_answer_status(db, query, STATUS_UNAVAILABLE, "The service is stopping", 0);
}

void db_handle_closed(db_t *db)
{
    if (--db->handles > 0 || !db->closing)
        return;
    for (unsigned i = 0; i < db->link_count; i++)
        link_deinit(&db->links[i]);
    answer_refused(db);
    answer_all(db, &db->lookups, &db->lookup_queue);
    answer_all(db, &db->reads, &db->read_queue);
    answer_all(db, &db->slows, &db->slow_queue);
    for (unsigned i = first_write(db); i < db->link_count; i++)
        answer_all(db, &db->writes, db->links[i].queue);
    db_free(db);
}

static void on_closed(uv_handle_t *handle)
{
    db_handle_closed(handle->data);
}

void db_destroy(db_t **db)
{
    db_t *gone = *db;
    *db = NULL;
    if (gone == NULL || gone->closing)
        return;
    gone->closing = true;
    uv_close((uv_handle_t *)&gone->prepare, on_closed);
    uv_close((uv_handle_t *)&gone->check, on_closed);
    uv_close((uv_handle_t *)&gone->idle, on_closed);
    uv_close((uv_handle_t *)&gone->sweep, on_closed);
    for (unsigned i = 0; i < gone->link_count; i++)
        link_close(&gone->links[i]);
}
