#include "common/service/exchange_internal.h"

#include <string.h>

#include "common/base/id.h"
#include "common/pb/json.h"
#include "common/pb/message.h"
#include "pcn/platform/v1/call.meta.h"

// How often load and decide run again for a version that moved on, and after a constraint's refusal.
#define ATTEMPTS_MAX 8
#define REFUSALS_MAX 2

// ---- what took place before ----

// What the first row of a save or a look says; NULL (and an answer) where it cannot be read.
static const Pcn__Platform__V1__Verdict *verdict_of(exchange_t *exchange, const db_rows_t *rows)
{
    void *verdict = NULL;
    problem_t problem = {0};
    if (rows->count == 0) {
        exchange_refuse_with(exchange, STATUS_INTERNAL, NULL, "A save gave no verdict");
        return NULL;
    }
    if (db_row_message(rows, 0, &pcn__platform__v1__verdict__type, exchange->rpc->arena, &verdict, &problem) != STATUS_OK) {
        exchange_refuse(exchange, &problem);
        return NULL;
    }
    return verdict;
}

static void answer_earlier(exchange_t *exchange, const Pcn__Platform__V1__Verdict *verdict)
{
    if (strcmp(verdict->verdict, "mismatch") == 0) {
        (void)problem_set(&exchange->problem, STATUS_FAILED_PRECONDITION, "Idempotency-Key", "The key was used for another request");
        exchange_decline(exchange);
        return;
    }
    exchange->host->replays->value++;
    exchange_answer_bytes(exchange, verdict->answer.data, verdict->answer.len, verdict->has_version, verdict->version, true);
}

static void seen_done(db_query_t *query, const db_rows_t *rows, const problem_t *problem)
{
    exchange_t *exchange = query->data;
    if (problem->status != STATUS_OK) {
        exchange_refuse(exchange, problem);
        return;
    }
    if (rows->count > 0) {
        const Pcn__Platform__V1__Verdict *verdict = verdict_of(exchange, rows);
        if (verdict != NULL)
            answer_earlier(exchange, verdict);
    } else if (exchange->call.unchanged) {
        exchange_answer(exchange);
    } else {
        exchange_decline(exchange);
    }
}

void exchange_look_for_earlier(exchange_t *exchange)
{
    exchange_run(exchange, exchange->host->plan->seen, false, NULL, seen_done);
}

// ---- save ----

// False without memory.
static bool add_event(exchange_t *exchange, const service_event_t *event, Pcn__Platform__V1__QueuedEvent *queued)
{
    arena_t *arena = exchange->rpc->arena;
    buf_t *scratch = &exchange->host->scratch;
    char id[ID_SIZE];
    id_make(exchange->call.now_us, id);
    buf_clear(scratch);
    pb_json_write(event->data_type, event->data, scratch);
    pcn__platform__v1__queued_event__init(queued);
    queued->id = arena_string(arena, id);
    queued->type = (char *)event->type;
    queued->subject = (char *)event->subject;
    queued->has_version = 1;
    queued->version = event->version;
    queued->data = buf_ok(scratch) ? arena_copy(arena, scratch->data, scratch->size) : NULL;
    return queued->id != NULL && queued->data != NULL;
}

static bool add_events(exchange_t *exchange)
{
    service_call_t *call = &exchange->call;
    Pcn__Platform__V1__Call *statement = &exchange->statement;
    arena_t *arena = exchange->rpc->arena;
    const size_t count = call->event_count;
    Pcn__Platform__V1__QueuedEvent *events = arena_alloc(arena, (count + 1) * sizeof *events);
    char **texts = arena_alloc(arena, (4 * count + 1) * sizeof *texts);
    int64_t *versions = arena_alloc(arena, (count + 1) * sizeof *versions);
    if (events == NULL || texts == NULL || versions == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!add_event(exchange, &call->events[i], &events[i]))
            return false;
        texts[i] = events[i].id;
        texts[count + i] = events[i].type;
        texts[2 * count + i] = events[i].subject;
        texts[3 * count + i] = events[i].data;
        versions[i] = events[i].version;
    }
    statement->event = count == 1 ? events : NULL;
    statement->event_ids = texts;
    statement->event_types = texts + count;
    statement->event_subjects = texts + 2 * count;
    statement->event_data = texts + 3 * count;
    statement->event_versions = versions;
    const size_t listed = count == 1 ? 0 : count;
    statement->n_event_ids = statement->n_event_types = statement->n_event_subjects = listed;
    statement->n_event_data = statement->n_event_versions = listed;
    return true;
}

static void save_done(db_query_t *query, const db_rows_t *rows, const problem_t *problem)
{
    exchange_t *exchange = query->data;
    switch (problem->status) {
    case STATUS_OK:
        break;
    case STATUS_ALREADY_EXISTS:
    case STATUS_FAILED_PRECONDITION:
    case STATUS_INVALID_ARGUMENT:
        // A constraint: a race that decide did not see, or a twin with the same key. A second look tells them apart; what it does not
        // explain is told as the database said it.
        if (++exchange->refusals >= REFUSALS_MAX || exchange->method->load == NULL) {
            exchange->problem = *problem;
            exchange_look_for_earlier(exchange);
        } else {
            exchange_load(exchange);
        }
        return;
    default:
        exchange_refuse(exchange, problem);
        return;
    }
    const Pcn__Platform__V1__Verdict *verdict = verdict_of(exchange, rows);
    if (verdict == NULL)
        return;
    if (strcmp(verdict->verdict, "done") == 0) {
        const ProtobufCBinaryData *bytes = &exchange->statement.answer;
        if (exchange->host->log != NULL)
            event_log_hint(exchange->host->log);
        if ((exchange->method->handler->flags & SERVICE_HINTS_ERRANDS) != 0)
            errands_hint(exchange->host->errands);
        figures_observe(exchange->host->figures, &exchange->call.observed);
        exchange->saved = true;
        exchange_answer_bytes(exchange, bytes->data, bytes->len, true, exchange->call.version, false);
    } else if (strcmp(verdict->verdict, "moved") != 0) {
        answer_earlier(exchange, verdict);
    } else if (exchange->attempts >= ATTEMPTS_MAX || exchange->method->load == NULL) {
        (void)problem_set(&exchange->problem, STATUS_ABORTED, NULL, "It was changed by others at the same time; read it and try again");
        exchange_decline(exchange);
    } else {
        exchange->host->conflicts->value++;
        exchange_load(exchange);
    }
}

void exchange_save(exchange_t *exchange)
{
    Pcn__Platform__V1__Call *statement = &exchange->statement;
    exchange->attempts++;
    if (exchange->call.reply == NULL || exchange->call.after == NULL || exchange->call.key == NULL) {
        exchange_refuse_with(exchange, STATUS_INTERNAL, NULL, "The handler decided on a change without saying which");
        return;
    }
    statement->has_answer = 1;
    statement->has_answer_version = exchange->call.version > 0;
    statement->answer_version = exchange->call.version;
    statement->key = (char *)exchange->call.key;
    statement->resource = resource_path(exchange->method->method, exchange->call.request, exchange->call.key, exchange->rpc->arena);
    // Without a path what the change is about is what its event is about.
    if (exchange->method->method->path == NULL && exchange->call.event_count > 0)
        statement->resource = (char *)(uintptr_t)exchange->call.events[0].subject;
    if (exchange->call.about_count > 0)
        statement->resource = exchange->call.about[0];
    if (statement->resource == NULL ||
        !pb_pack(exchange->call.reply, exchange->rpc->arena, &statement->answer.data, &statement->answer.len) || !add_events(exchange)) {
        exchange_out_of_memory(exchange);
        return;
    }
    exchange_run(exchange, exchange->method->save, true, exchange->call.key, save_done);
}
