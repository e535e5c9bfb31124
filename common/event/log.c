#include "common/event/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/event/audit.h"
#include "common/event/upkeep.h"
#include "common/pb/message.h"
#include "pcn/events/v1/events.meta.h"
#include "pcn/platform/v1/call.meta.h"

#define POLL_MS 50
#define HEARTBEAT_US 1000000
#define END_US 1000000
// Events numbered in one transaction; as many as a page of the log.
#define BATCH 1000
#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)
#define BATCH_SQL TEXT(BATCH)
// A look that took so many events is followed by a pause as long as it took: a look costs as much as ten events do, and under load as many
// again gather meanwhile. Where few come nobody waits, and nobody for longer than subscribers would notice.
#define MANY 16
#define PAUSE_MAX_US 5000
#define ARENA_CAP (64u * 1024u * 1024u)

// Gapless because the lock holder alone numbers, and a place is taken only with the row that it names. `head` stays when everything
// before it is forgotten, so numbers never begin again. Each look is from the queue's beginning: a position is drawn before its
// transaction commits, so behind a taken one others may still come. Where the queue is empty nothing is written. Rows are taken by where
// they lie, which needs no second way through the index: nobody else changes or deletes what the look sees. event_latest is looked up once:
// what it does not have is added without ON CONFLICT, since nobody else adds to it.
static const db_stmt_t number_events = {
    "number_events",
    "WITH taken AS (DELETE FROM event_queue WHERE ctid = ANY (ARRAY(SELECT ctid FROM event_queue ORDER BY position LIMIT " BATCH_SQL ")) "
    "    RETURNING position, id, type, subject, version, time, traceparent, data), "
    "moved AS (UPDATE log_state SET head = head + t.count FROM (SELECT count(*) AS count FROM taken) t WHERE t.count > 0 "
    "    RETURNING head - t.count AS before), "
    "placed AS (SELECT m.before + row_number() OVER (ORDER BY t.position) AS sequence, t.* FROM taken t, moved m), "
    "linked AS (SELECT p.*, lag(p.sequence) OVER same AS within, lead(p.sequence) OVER same IS NULL AS newest, "
    "        (SELECT l.sequence FROM event_latest l WHERE l.subject = p.subject) AS earlier "
    "    FROM placed p WINDOW same AS (PARTITION BY p.subject ORDER BY p.sequence)), "
    "numbered AS (INSERT INTO event (sequence, previous, version, time, id, type, subject, traceparent, data) "
    "    SELECT sequence, coalesce(within, earlier), version, time, id, type, subject, traceparent, data FROM linked), "
    "added AS (INSERT INTO event_latest (subject, sequence) SELECT subject, sequence FROM linked WHERE newest AND earlier IS NULL), "
    "latest AS (UPDATE event_latest l SET sequence = n.sequence FROM linked n "
    "    WHERE l.subject = n.subject AND n.newest AND n.earlier IS NOT NULL) "
    "SELECT sequence, id, type, subject, time, traceparent, data FROM linked ORDER BY sequence"};

// What a look without a hint begins with: nearly always nobody waits, and to find that out by numbering takes twice as long.
static const db_stmt_t events_wait = {"events_wait", "SELECT EXISTS (SELECT FROM event_queue) AS waiting"};

static const db_stmt_t log_end = {"log_end", "SELECT head AS max, epoch FROM log_state"};

// Places in event_log_statements' list.
enum { NUMBER, WAIT, END, PARTITIONS, ANSWERS };

struct event_log {
    uv_timer_t timer, pause;
    char *source; // "/pcn/registry"
    char *heartbeat_topic;
    db_t *db;
    db_statement_t *statements[EVENT_LOG_STATEMENTS + 1];
    rpc_publisher_t *publisher;
    arena_t *arena;
    db_query_t number_query, wait_query, end_query;
    int64_t end_at_us;
    char epoch[40];       // of the last heartbeat
    int64_t number_at_us; // when number_query left
    bool numbering;       // it is on its way
    bool pausing;
    bool again;   // something was committed since it left
    bool asking;  // wait_query is on its way
    bool looking; // end_query is on its way
    bool closing;
    int64_t heartbeat_at_us;
    event_upkeep_t upkeep;
    event_audit_t *audit;
    gauge_t *sequence;
    counter_t *published;
    histogram_t *delay;
};

status_t event_log_statements(db_statement_t *statements[EVENT_LOG_STATEMENTS + 1], problem_t *problem)
{
    memset(statements, 0, sizeof(db_statement_t *) * (EVENT_LOG_STATEMENTS + 1));
    status_t status = db_statement_new(number_events.name, number_events.sql, NULL, 0, NULL, &statements[NUMBER], problem);
    if (status == STATUS_OK)
        status = db_statement_new(events_wait.name, events_wait.sql, NULL, 0, NULL, &statements[WAIT], problem);
    if (status == STATUS_OK)
        status = db_statement_new(log_end.name, log_end.sql, NULL, 0, NULL, &statements[END], problem);
    if (status == STATUS_OK)
        status = event_upkeep_statements(&statements[PARTITIONS], &statements[ANSWERS], problem);
    return status;
}

// ---- events ----

// An event that is not published is still in the log: its subscribers notice the gap and read it there.
static void publish_row(event_log_t *log, const Pcn__Platform__V1__LoggedEvent *row)
{
    Pcn__Events__V1__Event event = PCN__EVENTS__V1__EVENT__INIT;
    char *topic = arena_printf(log->arena, "%s/%s", row->type, row->subject);
    uint8_t *bytes = NULL;
    size_t size = 0;
    pb_merge(&pcn__events__v1__event__type, &event, &pcn__platform__v1__logged_event__type, row);
    event.specversion = (char *)"1.0";
    event.source = log->source;
    event.datacontenttype = (char *)"application/json";
    if (topic == NULL || !pb_pack(&event, log->arena, &bytes, &size)) {
        log_error("event not published", LOG_NUMBER("sequence", row->sequence), LOG_TEXT("detail", "No memory"));
        return;
    }
    rpc_publish(log->publisher, topic, bytes, size);
    log->published->value++;
    int64_t written_us;
    if (row->time != NULL && instant_parse(row->time, &written_us))
        histogram_add(log->delay, clock_wall_us() - written_us);
}

static void number_start(event_log_t *log);

static void pause_done(uv_timer_t *timer)
{
    event_log_t *log = timer->data;
    log->pausing = false;
    if (log->again)
        number_start(log);
}

static void pause_start(event_log_t *log)
{
    int64_t length_us = clock_steady_us() - log->number_at_us;
    if (length_us > PAUSE_MAX_US)
        length_us = PAUSE_MAX_US;
    log->pausing = true;
    uv_timer_start(&log->pause, pause_done, (uint64_t)(length_us / 1000), 0);
}

static void number_done(db_query_t *query, const db_rows_t *rows, const problem_t *problem)
{
    event_log_t *log = query->data;
    log->numbering = false;
    if (problem->status != STATUS_OK) {
        if (log->closing)
            return;
        log_warning("events not numbered, will try again", LOG_TEXT("detail", problem->detail));
        event_upkeep_wanted(&log->upkeep);
        return;
    }
    for (int i = 0; i < rows->count; i++) {
        void *row = NULL;
        problem_t defect = {0};
        if (db_row_message(rows, i, &pcn__platform__v1__logged_event__type, log->arena, &row, &defect) != STATUS_OK) {
            log_error("event not published", LOG_TEXT("detail", defect.detail));
            continue;
        }
        const Pcn__Platform__V1__LoggedEvent *event = row;
        publish_row(log, event);
        log->sequence->value = event->sequence;
        // One event at a time: a thousand large ones would not fit.
        arena_reset(log->arena);
    }
    if (log->closing)
        return;
    if (rows->count > 0) {
        log->heartbeat_at_us = clock_steady_us() + HEARTBEAT_US;
        event_upkeep_reached(&log->upkeep, (int64_t)log->sequence->value);
    }
    if (rows->count >= MANY && rows->count < BATCH)
        pause_start(log);
    else if (log->again || rows->count == BATCH)
        number_start(log);
}

static void number_start(event_log_t *log)
{
    log->numbering = true;
    log->number_at_us = clock_steady_us();
    log->again = false;
    log->number_query =
        (db_query_t){.statement = log->statements[NUMBER], .arena = log->arena, .key = "relay", .done = number_done, .data = log};
    db_write(log->db, &log->number_query);
}

// A new log has no room before the first upkeep.
static void number_soon(event_log_t *log)
{
    if (!log->upkeep.looked)
        return;
    if (log->numbering || log->pausing)
        log->again = true;
    else if (!log->closing)
        number_start(log);
}

static void wait_done(db_query_t *query, const db_rows_t *rows, const problem_t *problem)
{
    event_log_t *log = query->data;
    log->asking = false;
    if (log->closing)
        return;
    if (problem->status != STATUS_OK) {
        log_warning("the queue of events not looked at, will try again", LOG_TEXT("detail", problem->detail));
        return;
    }
    const char *waiting = rows->count > 0 ? db_row_text(rows, 0, "waiting") : NULL;
    if (waiting != NULL && waiting[0] == 't')
        number_soon(log);
}

// Another replica commits too, and a look may have failed.
static void number_tick(event_log_t *log)
{
    if (log->numbering || log->pausing) {
        log->again = true;
        return;
    }
    if (!log->upkeep.looked || log->asking || log->closing)
        return;
    log->asking = true;
    log->wait_query = (db_query_t){.statement = log->statements[WAIT], .arena = log->arena, .key = "wait", .done = wait_done, .data = log};
    db_write(log->db, &log->wait_query);
}

void event_log_hint(event_log_t *log)
{
    number_soon(log);
    if (log->audit != NULL)
        event_audit_hint(log->audit);
}

// ---- end and heartbeat ----

static void publish_end(event_log_t *log, const Pcn__Platform__V1__LogEnd *end)
{
    Pcn__Events__V1__Heartbeat heartbeat = PCN__EVENTS__V1__HEARTBEAT__INIT;
    char now[INSTANT_SIZE];
    uint8_t *bytes = NULL;
    size_t size = 0;
    instant_format(clock_wall_us(), now);
    heartbeat.source = log->source;
    heartbeat.time = now;
    heartbeat.has_latest = 1;
    heartbeat.latest = end->max;
    heartbeat.epoch = end->epoch;
    if (pb_pack(&heartbeat, log->arena, &bytes, &size))
        rpc_publish(log->publisher, log->heartbeat_topic, bytes, size);
}

// Read anew each time: the epoch may change under a running relay, and who cannot read the log must not say how far it is.
static void end_done(db_query_t *query, const db_rows_t *rows, const problem_t *problem)
{
    event_log_t *log = query->data;
    void *row = NULL;
    problem_t defect = *problem;
    log->looking = false;
    if (defect.status == STATUS_OK && rows->count > 0)
        defect.status = db_row_message(rows, 0, &pcn__platform__v1__log_end__type, log->arena, &row, &defect);
    if (log->closing)
        return;
    if (defect.status != STATUS_OK || row == NULL) {
        log_warning("end of the log not read, will try again", LOG_TEXT("detail", defect.detail));
        return;
    }
    const Pcn__Platform__V1__LogEnd *end = row;
    log->sequence->value = end->max;
    // A new epoch is told at once, and so at every start: under an unbroken load no silence would ever tell it.
    const bool new_epoch = end->epoch != NULL && strcmp(end->epoch, log->epoch) != 0;
    if (new_epoch || clock_steady_us() >= log->heartbeat_at_us) {
        (void)snprintf(log->epoch, sizeof log->epoch, "%s", end->epoch != NULL ? end->epoch : "");
        log->heartbeat_at_us = clock_steady_us() + HEARTBEAT_US;
        publish_end(log, end);
    }
    arena_reset(log->arena);
}

// Numbering sends nothing meanwhile that the snapshot would not know of: one connection, one order. A heartbeat is due when nothing was
// published for its time, give or take a tick.
static void end_tick(event_log_t *log)
{
    const int64_t now_us = clock_steady_us();
    if (log->looking || (now_us < log->end_at_us && now_us < log->heartbeat_at_us))
        return;
    log->looking = true;
    log->end_at_us = now_us + END_US;
    log->end_query = (db_query_t){.statement = log->statements[END], .arena = log->arena, .key = "end", .done = end_done, .data = log};
    db_write(log->db, &log->end_query);
}

// ---- life ----

static void poll_now(uv_timer_t *timer)
{
    event_log_t *log = timer->data;
    number_tick(log);
    end_tick(log);
    event_upkeep_tick(&log->upkeep);
    if (log->audit != NULL)
        event_audit_tick(log->audit);
}

static void log_free(event_log_t *log)
{
    for (size_t i = 0; i < EVENT_LOG_STATEMENTS; i++)
        db_statement_destroy(&log->statements[i]);
    event_upkeep_deinit(&log->upkeep);
    event_audit_destroy(&log->audit);
    arena_destroy(&log->arena);
    free(log->source);
    free(log->heartbeat_topic);
    free(log);
}

static status_t relay_connect(event_log_t *log, uv_loop_t *loop, const event_log_options_t *options, metrics_t *metrics, problem_t *problem)
{
    // The lock is the service's, whichever database it lives in: its name is hashed by PostgreSQL itself. A plan that was made while a
    // table was small is kept while it grows, so none may scan one.
    char setup[192], name[96];
    int length = snprintf(setup, sizeof setup, "SET enable_seqscan = off; SELECT pg_advisory_lock(hashtextextended('pcn.relay.%s', 0))",
                          options->schema);
    snprintf(name, sizeof name, "pcn-%s relay", options->service);
    if (length < 0 || (size_t)length >= sizeof setup)
        return problem_set(problem, STATUS_INTERNAL, NULL, "Schema name too long");
    db_options_t relay = {.dsn = options->dsn,
                          .application_name = name,
                          .schema = options->schema,
                          .write_connections = 1,
                          .write_kind = "relay",
                          .setup_sql = setup,
                          .lock_timeout_ms = -1,
                          .statement_timeout_ms = -1};
    return db_new(loop, &relay, metrics, &log->db, problem);
}

static char *text_new(const char *format, const char *service)
{
    int size = snprintf(NULL, 0, format, service) + 1;
    char *text = malloc((size_t)size);
    if (text != NULL)
        (void)snprintf(text, (size_t)size, format, service);
    return text;
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
    log->source = text_new("/pcn/%s", options->service);
    log->heartbeat_topic = text_new("pcn.%s.heartbeat", options->service);
    if (!event_upkeep_init(&log->upkeep, options->partition, options->retention_days, metrics) || log->arena == NULL ||
        log->source == NULL || log->heartbeat_topic == NULL) {
        log_free(log);
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory");
    }
    status_t status = event_log_statements(log->statements, problem);
    if (status == STATUS_OK)
        status = relay_connect(log, loop, options, metrics, problem);
    if (status != STATUS_OK) {
        log_free(log);
        return status;
    }
    log->upkeep.db = log->db;
    log->upkeep.partitions = log->statements[PARTITIONS];
    log->upkeep.answers = log->statements[ANSWERS];
    uv_timer_init(loop, &log->timer);
    uv_timer_init(loop, &log->pause);
    log->timer.data = log->pause.data = log;
    uv_timer_start(&log->timer, poll_now, 0, POLL_MS);
    *out = log;
    const event_audit_options_t audit = {.service = options->service, .dsn = options->dsn, .schema = options->schema};
    return event_audit_new(loop, &audit, metrics, &log->audit, problem);
}

void event_log_stop(event_log_t *log)
{
    if (log->closing)
        return;
    log->closing = log->upkeep.closing = true;
    if (log->audit != NULL)
        event_audit_stop(log->audit);
    db_destroy(&log->db);
    uv_close((uv_handle_t *)&log->timer, NULL);
    uv_close((uv_handle_t *)&log->pause, NULL);
}

void event_log_destroy(event_log_t **log)
{
    if (*log == NULL)
        return;
    log_free(*log);
    *log = NULL;
}
