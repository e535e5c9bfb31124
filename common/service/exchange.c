#include "common/service/exchange_internal.h"

#include <string.h>

#include "common/base/log.h"
#include "common/pb/message.h"

// Longer than anybody waits in the queue: whoever comes back then finds another one.
#define SHED_RETRY_MS 2000

bool service_may(const service_call_t *call, const char *scope)
{
    const Pcn__Common__V1__Principal *principal = call->header->principal;
    for (size_t i = 0; principal != NULL && i < principal->n_scopes; i++) {
        if (strcmp(principal->scopes[i], scope) == 0)
            return true;
    }
    return false;
}

bool service_event(service_call_t *call, const char *type, const char *subject, int64_t version, const pb_type_t *data_type,
                   const void *data)
{
    if (call->event_count == SERVICE_EVENTS_MAX)
        return problem_set(call->problem, STATUS_RESOURCE_EXHAUSTED, NULL, "Too many changes at once"), false;
    call->events[call->event_count++] =
        (service_event_t){.type = type, .subject = subject, .version = version, .data_type = data_type, .data = data};
    return true;
}

// ---- answers ----

void exchange_refuse(exchange_t *exchange, const problem_t *problem)
{
    if (problem->status == STATUS_INTERNAL)
        log_error("call failed", LOG_TEXT("method", exchange->method->method->short_name), LOG_TEXT("detail", problem->detail));
    if (exchange->own.done != NULL) {
        const problem_t copy = *problem; // which may be in the arena
        exchange->own.done(exchange->own.data, &copy, false);
        return;
    }
    rpc_refuse(exchange->host->server, exchange->rpc, problem);
}

void exchange_refuse_with(exchange_t *exchange, status_t status, const char *field, const char *sentence)
{
    problem_t problem = {0};
    (void)problem_set(&problem, status, field, "%s", sentence);
    exchange_refuse(exchange, &problem);
}

void exchange_out_of_memory(exchange_t *exchange)
{
    exchange_refuse_with(exchange, STATUS_RESOURCE_EXHAUSTED, NULL, "The request takes more memory than one may have");
}

void exchange_answer_bytes(exchange_t *exchange, const void *bytes, size_t size, bool has_version, int64_t version, bool replayed)
{
    if (exchange->own.done != NULL) {
        static const problem_t ok = {.status = STATUS_OK};
        exchange->own.done(exchange->own.data, &ok, exchange->saved);
        return;
    }
    Pcn__Common__V1__ReplyHeader reply = PCN__COMMON__V1__REPLY_HEADER__INIT;
    reply.has_version = has_version && version > 0;
    reply.version = version;
    reply.has_replayed = replayed;
    reply.replayed = replayed;
    rpc_reply(exchange->host->server, exchange->rpc, &reply, bytes, size);
}

void exchange_answer(exchange_t *exchange)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    if (exchange->call.reply == NULL)
        exchange_refuse_with(exchange, STATUS_INTERNAL, NULL, "The handler gave no reply");
    else if (!pb_pack(exchange->call.reply, exchange->rpc->arena, &bytes, &size))
        exchange_out_of_memory(exchange);
    else {
        exchange_keep(exchange, bytes, size);
        exchange_answer_bytes(exchange, bytes, size, true, exchange->call.version, false);
    }
}

// ---- steps ----

void exchange_run(exchange_t *exchange, const db_statement_t *statement, bool write, const char *key,
                  void (*done)(db_query_t *, const db_rows_t *, const problem_t *))
{
    db_query_t *query = &exchange->query;
    *query = (db_query_t){.statement = statement,
                          .arena = exchange->rpc->arena,
                          .key = key,
                          .slow = !write && (exchange->method->handler->flags & SERVICE_SLOW) != 0,
                          .deadline_us = exchange->rpc->deadline_us,
                          .done = done,
                          .data = exchange};
    const plan_method_t *method = exchange->method;
    if ((method->handler->flags & SERVICE_REACHES) != 0 &&
        (statement == method->load || statement == method->save || statement == exchange->host->plan->seen))
        query->before = exchange->host->plan->tell;
    query->roots[PLAN_ROOT_REQUEST] = exchange->call.request;
    query->roots[PLAN_ROOT_HEADER] = exchange->call.header;
    query->roots[PLAN_ROOT_CALL] = &exchange->statement;
    query->roots[PLAN_ROOT_PREPARED] = exchange->call.prepared;
    query->roots[PLAN_ROOT_ROW] = exchange->call.row_count > 0 ? exchange->call.rows[0] : NULL;
    query->roots[PLAN_ROOT_AFTER] = exchange->call.after;
    if (write)
        db_write(exchange->host->db, query);
    else
        db_read(exchange->host->db, query);
}

static void decide(exchange_t *exchange)
{
    service_call_t *call = &exchange->call;
    exchange->problem = (problem_t){0};
    call->event_count = 0;
    call->unchanged = false;
    call->after = call->reply = NULL;
    call->version = 0;
    call->key = NULL;
    call->about = NULL;
    call->about_count = 0;
    call->withheld = false;
    call->observed = (service_observation_t){0};
    status_t status = exchange->method->handler->decide(call);
    const bool changes = exchange->method->save != NULL;
    if (status != STATUS_OK) {
        exchange->problem.status = status;
        if (changes)
            exchange_look_for_earlier(exchange);
        else
            exchange_decline(exchange);
    } else if (!changes) {
        exchange_show(exchange);
    } else if (call->unchanged) {
        exchange_look_for_earlier(exchange);
    } else {
        exchange_save(exchange);
    }
}

static void load_done(db_query_t *query, const db_rows_t *rows, const problem_t *problem)
{
    exchange_t *exchange = query->data;
    if (problem->status != STATUS_OK) {
        exchange_refuse(exchange, problem);
        return;
    }
    void **messages = NULL;
    problem_t defect = {0};
    if (db_rows_messages(rows, exchange->method->handler->row, exchange->rpc->arena, &messages, &defect) != STATUS_OK) {
        exchange_refuse(exchange, &defect);
        return;
    }
    exchange->call.rows = messages;
    exchange->call.row_count = (size_t)rows->count;
    decide(exchange);
}

// The text of a coalesced read's key: the field that the handler named.
static const char *coalesce_key(const exchange_t *exchange)
{
    const char *path = exchange->method->handler->coalesce;
    if (path == NULL || strncmp(path, "request.", 8) != 0)
        return NULL;
    const int index = pb_field_by_name(exchange->method->method->request, path + 8);
    if (index < 0)
        return NULL;
    const ProtobufCFieldDescriptor *field = &exchange->method->method->request->descriptor->fields[index];
    return *(char *const *)((const char *)exchange->call.request + field->offset);
}

void exchange_load(exchange_t *exchange)
{
    exchange_run(exchange, plan_load(exchange->method, exchange->call.request), false, coalesce_key(exchange), load_done);
}

// ---- beginning ----

static bool join_organisations(exchange_t *exchange)
{
    const Pcn__Common__V1__Principal *principal = exchange->call.header->principal;
    exchange->statement.organisation = (char *)"";
    exchange->statement.subject = principal != NULL && principal->subject != NULL ? principal->subject : (char *)"";
    for (size_t i = 0; principal != NULL && i < principal->n_organisations; i++) {
        exchange->statement.organisation =
            i == 0 ? principal->organisations[0]
                   : arena_printf(exchange->rpc->arena, "%s,%s", exchange->statement.organisation, principal->organisations[i]);
        if (exchange->statement.organisation == NULL)
            return false;
    }
    return true;
}

static bool prepare(exchange_t *exchange)
{
    service_call_t *call = &exchange->call;
    rpc_call_t *rpc = exchange->rpc;
    call->method = exchange->method->method;
    call->header = rpc->header;
    call->arena = rpc->arena;
    call->problem = &exchange->problem;
    call->settings = exchange->host->settings;
    call->now_us = clock_wall_us();
    call->today = exchange_today(exchange->host, call->now_us);
    instant_format(call->now_us, exchange->now);
    date_format(call->today, exchange->today);
    call->now = exchange->now;
    pcn__platform__v1__call__init(&exchange->statement);
    exchange->statement.now = exchange->now;
    exchange->statement.today = exchange->today;
    exchange->statement.method = (char *)exchange->method->method->name;
    exchange->statement.peer = (char *)rpc->peer;
    exchange->statement.has_own = exchange->statement.own = exchange->own.done != NULL;
    // Only who speaks for others knows where they are.
    if (rpc->header->principal != NULL && strcmp(rpc->peer, EXCHANGE_SPEAKER) == 0)
        exchange->statement.origin = rpc->header->origin;
    if (exchange->method->save == NULL)
        return true;
    call->events = arena_alloc(rpc->arena, SERVICE_EVENTS_MAX * sizeof *call->events);
    SHA256(rpc->body, rpc->body_size, exchange->hash);
    exchange->statement.has_request_hash = 1;
    exchange->statement.request_hash = (ProtobufCBinaryData){.len = sizeof exchange->hash, .data = exchange->hash};
    exchange->statement.idempotency_key = rpc->header->idempotency_key != NULL ? rpc->header->idempotency_key : rpc->header->request_id;
    return call->events != NULL;
}

// Scopes are a principal's. A peer that calls for itself has none: the server let it through because its row of the permissions says so.
static status_t authorise(const exchange_t *exchange, problem_t *problem)
{
    const pb_method_t *method = exchange->method->method;
    if (exchange->own.done != NULL)
        return STATUS_OK;
    if (method->path == NULL && method->part_of == NULL)
        return problem_set(problem, STATUS_PERMISSION_DENIED, NULL, "Only the service itself calls this");
    if (exchange->call.header->principal == NULL) {
        if (strcmp(exchange->rpc->peer, EXCHANGE_SPEAKER) == 0)
            return problem_set(problem, STATUS_PERMISSION_DENIED, NULL, "The call names no caller");
        return STATUS_OK;
    }
    if (method->scope != NULL && !service_may(&exchange->call, method->scope))
        return problem_set(problem, STATUS_PERMISSION_DENIED, NULL, "The token lacks the scope %s", method->scope);
    return STATUS_OK;
}

// A call of what every service has names the one that is meant, and whoever is led to the wrong one by its configuration must not take this
// one's log for that one's.
static status_t check_service(const exchange_t *exchange, const void *request, problem_t *problem)
{
    const pb_method_t *method = exchange->method->method;
    const int index = method->service_from != NULL ? pb_field_by_name(method->request, method->service_from) : -1;
    if (index < 0)
        return STATUS_OK;
    const ProtobufCFieldDescriptor *field = &method->request->descriptor->fields[index];
    const char *meant = *(char *const *)(const void *)((const char *)request + field->offset);
    if (meant != NULL && strcmp(meant, exchange->host->plan->service->name) == 0)
        return STATUS_OK;
    return problem_set(problem, STATUS_NOT_FOUND, method->request->fields[index].json, "This is %s, not %s",
                       exchange->host->plan->service->name, meant != NULL ? meant : "another");
}

static status_t read_request(exchange_t *exchange, problem_t *problem)
{
    const pb_method_t *method = exchange->method->method;
    void *request = NULL;
    status_t status = pb_unpack(method->request, exchange->rpc->body, exchange->rpc->body_size, exchange->rpc->arena, &request, problem);
    if (status == STATUS_OK)
        status = pb_validate_request(method, request, problem);
    if (status == STATUS_OK)
        status = check_service(exchange, request, problem);
    exchange->call.request = status == STATUS_OK ? request : NULL;
    return status;
}

static status_t prepare_request(exchange_t *exchange, problem_t *problem)
{
    status_t status = read_request(exchange, problem);
    if (status == STATUS_OK && exchange->method->handler->prepare != NULL) {
        status = exchange->method->handler->prepare(&exchange->call);
        *problem = exchange->problem;
    }
    return status;
}

int32_t exchange_today(const exchange_host_t *host, int64_t now_us)
{
    return host->today != 0 ? host->today : date_of_instant(now_us);
}

static void begin(exchange_t *exchange)
{
    const plan_method_t *method = exchange->method;
    problem_t problem = {0};
    if (!prepare(exchange) || !join_organisations(exchange)) {
        exchange_out_of_memory(exchange);
        return;
    }
    // The right, then the contract's rules: a caller without the right learns nothing from them. The audit trail still tells what it asked
    // for, where that can be read.
    if (authorise(exchange, &exchange->problem) != STATUS_OK) {
        (void)read_request(exchange, &problem);
        exchange_decline(exchange);
        return;
    }
    if (prepare_request(exchange, &problem) != STATUS_OK) {
        exchange_refuse(exchange, &problem);
        return;
    }
    if (method->load != NULL && (method->handler->flags & SERVICE_OPTIMISTIC) == 0)
        exchange_look(exchange);
    else
        decide(exchange);
}

// Beyond what the database gets done in time everything that is taken in makes all others late, until nobody is answered any more: so it is
// refused at once, before it costs anything. Reads that coalesce never queue for long. Jobs of the service itself are few.
static bool crowded(const exchange_host_t *host, const plan_method_t *method)
{
    const unsigned flags = method->handler->flags;
    const bool writes = method->save != NULL || (flags & SERVICE_AUDITED) != 0;
    const bool reads = method->load != NULL && method->handler->coalesce == NULL && (flags & SERVICE_SLOW) == 0;
    return (writes && db_crowded(host->db, true)) || (reads && db_crowded(host->db, false));
}

static void shed(exchange_host_t *host, rpc_call_t *rpc)
{
    problem_t problem = {0};
    (void)problem_set(&problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The service has too much to do");
    problem.retry_after_ms = SHED_RETRY_MS;
    if (host->shed != NULL)
        host->shed->value++;
    rpc_refuse(host->server, rpc, &problem);
}

void exchange_serve(exchange_host_t *host, rpc_call_t *rpc)
{
    problem_t problem = {0};
    const plan_method_t *method = plan_find(host->plan, rpc->header->method);
    exchange_t *exchange = arena_zero(rpc->arena, sizeof *exchange);
    if (method == NULL || exchange == NULL) {
        (void)problem_set(&problem, method == NULL ? STATUS_UNIMPLEMENTED : STATUS_RESOURCE_EXHAUSTED, NULL,
                          method == NULL ? "The service has no such method" : "No memory");
        rpc_refuse(host->server, rpc, &problem);
        return;
    }
    if (crowded(host, method)) {
        shed(host, rpc);
        return;
    }
    exchange->host = host;
    exchange->rpc = rpc;
    exchange->method = method;
    begin(exchange);
}

void exchange_serve_own(exchange_host_t *host, const plan_method_t *method, rpc_call_t *rpc, const exchange_own_t *own)
{
    exchange_t *exchange = arena_zero(rpc->arena, sizeof *exchange);
    if (exchange == NULL) {
        problem_t problem = {0};
        (void)problem_set(&problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory");
        own->done(own->data, &problem, false);
        return;
    }
    exchange->host = host;
    exchange->rpc = rpc;
    exchange->method = method;
    exchange->own = *own;
    begin(exchange);
}
