#include "common/event/log.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/pb/message.h"
#include "pcn/events/v1/events.meta.h"
#include "pcn/platform/v1/call.meta.h"

#define POLL_MS 50
#define PRUNE_EVERY_US (INT64_C(60) * 1000000)
// Events numbered in one transaction; as many as a page of the log.
#define BATCH 1000
#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)
#define BATCH_SQL TEXT(BATCH)
#define ARENA_CAP (64u * 1024u * 1024u)

// Gapless because the lock holder alone numbers, and a place is taken only with the row that it names. The array and the OFFSET keep the
// plan to lookups by key: joined freely, PostgreSQL reads the whole log for one event.
static const db_stmt_t number_events = {
    "number_events",
    "WITH taken AS (DELETE FROM event_queue WHERE position = ANY (ARRAY("
    "        SELECT position FROM event_queue ORDER BY position LIMIT " BATCH_SQL ")) RETURNING position, event), "
    "numbered AS (INSERT INTO event_sequence (sequence, event) "
    "    SELECT (SELECT coalesce(max(sequence), 0) FROM event_sequence) + row_number() OVER (ORDER BY position), event FROM taken "
    "    RETURNING sequence, event) "
    "SELECT n.sequence, e.* FROM numbered n CROSS JOIN LATERAL "
    "    (SELECT id, type, subject, time, traceparent, data FROM event WHERE id = n.event OFFSET 0) e ORDER BY n.sequence"};

static const db_stmt_t latest_place = {"latest_place", "SELECT coalesce(max(sequence), 0) AS sequence FROM event_sequence"};

static const db_stmt_t prune_answers = {
    "prune_answers",
    "DELETE FROM idempotency WHERE (organisation, subject, method, key) IN "
    "(SELECT organisation, subject, method, key FROM idempotency WHERE created_at < now() - interval '24 hours' LIMIT 10000)"};

// Places in event_log_statements' list.
enum { NUMBER, PRUNE, LATEST };

struct event_log {
    uv_timer_t timer;
    char *source; // "/pcn/registry"
    db_t *db;
    db_statement_t *statements[EVENT_LOG_STATEMENTS + 1];
    rpc_publisher_t *publisher;
    arena_t *arena;
    db_query_t number_query, prune_query;
    bool located;   // the gauge has the log's latest place
    bool numbering; // number_query is on its way
    bool again;     // something was committed since it left
    bool pruning;
    bool closing;
    int64_t prune_at_us;
    gauge_t *sequence;
    counter_t *published;
    histogram_t *delay;
};

status_t event_log_statements(db_statement_t *statements[EVENT_LOG_STATEMENTS + 1], problem_t *problem)
{
    const db_stmt_t *declared[EVENT_LOG_STATEMENTS] = {[NUMBER] = &number_events, [PRUNE] = &prune_answers, [LATEST] = &latest_place};
    memset(statements, 0, sizeof(db_statement_t *) * (EVENT_LOG_STATEMENTS + 1));
    for (size_t i = 0; i < EVENT_LOG_STATEMENTS; i++) {
        status_t status = db_statement_new(declared[i]->name, declared[i]->sql, NULL, 0, NULL, &statements[i], problem);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static void publish_row(event_log_t *log, const Pcn__Platform__V1__LoggedEvent *row)
{
    Pcn__Events__V1__Event *event = pb_new(&pcn__events__v1__event__type, log->arena);
    char *topic = arena_printf(log->arena, "%s/%s", row->type, row->subject);
    uint8_t *bytes = NULL;
    size_t size = 0;
    if (event == NULL || topic == NULL)
        return;
    pb_merge(&pcn__events__v1__event__type, event, &pcn__platform__v1__logged_event__type, row);
    event->specversion = (char *)"1.0";
    event->source = log->source;
    event->datacontenttype = (char *)"application/json";
    // An event that is not published is still in the log: its subscribers notice the gap and read it there.
    if (!pb_pack(event, log->arena, &bytes, &size))
        return;
    rpc_publish(log->publisher, topic, bytes, size);
    log->published->value++;
    int64_t written_us;
    if (row->time != NULL && instant_parse(row->time, &written_us))
        histogram_add(log->delay, clock_wall_us() - written_us);
}

static void number_start(event_log_t *log);

// Once, before the first numbering: a log that nobody adds to has a latest place too.
static void locate_done(db_query_t *query, const db_rows_t *rows, const problem_t *problem)
{
    event_log_t *log = query->data;
    void *row = NULL;
    problem_t defect = *problem;
    log->numbering = false;
    if (defect.status == STATUS_OK && rows->count > 0)
        defect.status = db_row_message(rows, 0, &pcn__platform__v1__logged_event__type, log->arena, &row, &defect);
    if (row == NULL) {
        if (!log->closing)
            log_warning("latest place of the log not read, will try again", LOG_TEXT("detail", defect.detail));
        return;
    }
    log->sequence->value = ((Pcn__Platform__V1__LoggedEvent *)row)->sequence;
    log->located = true;
    arena_reset(log->arena);
    if (!log->closing)
        number_start(log);
}

static void number_done(db_query_t *query, const db_rows_t *rows, const problem_t *problem)
{
    event_log_t *log = query->data;
    log->numbering = false;
    if (problem->status != STATUS_OK) {
        if (!log->closing)
            log_warning("events not numbered, will try again", LOG_TEXT("detail", problem->detail));
        return;
    }
    for (int i = 0; i < rows->count; i++) {
        void *row = NULL;
        problem_t defect = {0};
        if (db_row_message(rows, i, &pcn__platform__v1__logged_event__type, log->arena, &row, &defect) != STATUS_OK) {
            log_error("event not published", LOG_TEXT("detail", defect.detail));
            continue;
        }
        publish_row(log, row);
        log->sequence->value = ((Pcn__Platform__V1__LoggedEvent *)row)->sequence;
        // One event at a time: a thousand large ones would not fit.
        arena_reset(log->arena);
    }
    if ((log->again || rows->count == BATCH) && !log->closing)
        number_start(log);
}

static void number_start(event_log_t *log)
{
    log->numbering = true;
    log->again = false;
    log->number_query = (db_query_t){.statement = log->statements[log->located ? NUMBER : LATEST],
                                     .arena = log->arena,
                                     .key = "relay",
                                     .done = log->located ? number_done : locate_done,
                                     .data = log};
    db_write(log->db, &log->number_query);
}

static void prune_done(db_query_t *query, const db_rows_t *rows, const problem_t *problem)
{
    (void)rows;
    event_log_t *log = query->data;
    log->pruning = false;
    if (problem->status != STATUS_OK && !log->closing)
        log_warning("old answers not pruned", LOG_TEXT("detail", problem->detail));
}

void event_log_hint(event_log_t *log)
{
    if (log->numbering)
        log->again = true;
    else if (!log->closing)
        number_start(log);
}

static void poll_now(uv_timer_t *timer)
{
    event_log_t *log = timer->data;
    event_log_hint(log);
    int64_t now_us = clock_steady_us();
    if (!log->pruning && now_us >= log->prune_at_us) {
        log->pruning = true;
        log->prune_at_us = now_us + PRUNE_EVERY_US;
        log->prune_query =
            (db_query_t){.statement = log->statements[PRUNE], .arena = log->arena, .key = "prune", .done = prune_done, .data = log};
        db_write(log->db, &log->prune_query);
    }
}

static void log_free(event_log_t *log)
{
    for (size_t i = 0; i < EVENT_LOG_STATEMENTS; i++)
        db_statement_destroy(&log->statements[i]);
    arena_destroy(&log->arena);
    free(log->source);
    free(log);
}

static status_t relay_connect(event_log_t *log, uv_loop_t *loop, const event_log_options_t *options, metrics_t *metrics, problem_t *problem)
{
    // The lock is the service's, whichever database it lives in: its name is hashed by PostgreSQL itself.
    char setup[160], name[96];
    int length = snprintf(setup, sizeof setup, "SELECT pg_advisory_lock(hashtextextended('pcn.relay.%s', 0))", options->schema);
    snprintf(name, sizeof name, "pcn-%s relay", options->service);
    if (length < 0 || (size_t)length >= sizeof setup)
        return problem_set(problem, STATUS_INTERNAL, NULL, "Schema name too long");
    db_options_t relay = {.dsn = options->dsn,
                          .application_name = name,
                          .schema = options->schema,
                          .write_connections = 1,
                          .setup_sql = setup,
                          .lock_timeout_ms = -1,
                          .statement_timeout_ms = -1};
    return db_new(loop, &relay, metrics, &log->db, problem);
}

status_t event_log_new(uv_loop_t *loop, const event_log_options_t *options, metrics_t *metrics, event_log_t **out, problem_t *problem)
{
    event_log_t *log = calloc(1, sizeof *log);
    *out = NULL;
    if (log == NULL)
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory");
    log->publisher = options->publisher;
    log->arena = arena_new(ARENA_CAP);
    log->sequence = metrics_gauge(metrics, "pcn_event_sequence", NULL, "Latest place of the change log.");
    log->published = metrics_counter(metrics, "pcn_events_published_total", NULL, "Events published by this relay.");
    log->delay = metrics_histogram(metrics, "pcn_event_delay_seconds", NULL, "From an event's decision to its publication.");
    size_t size = strlen("/pcn/") + strlen(options->service) + 1;
    log->source = malloc(size);
    if (log->arena == NULL || log->source == NULL) {
        log_free(log);
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory");
    }
    snprintf(log->source, size, "/pcn/%s", options->service);
    status_t status = event_log_statements(log->statements, problem);
    if (status == STATUS_OK)
        status = relay_connect(log, loop, options, metrics, problem);
    if (status != STATUS_OK) {
        log_free(log);
        return status;
    }
    uv_timer_init(loop, &log->timer);
    log->timer.data = log;
    uv_timer_start(&log->timer, poll_now, 0, POLL_MS);
    *out = log;
    return STATUS_OK;
}

void event_log_stop(event_log_t *log)
{
    if (log->closing)
        return;
    log->closing = true;
    db_destroy(&log->db);
    uv_close((uv_handle_t *)&log->timer, NULL);
}

void event_log_destroy(event_log_t **log)
{
    if (*log == NULL)
        return;
    log_free(*log);
    *log = NULL;
}
