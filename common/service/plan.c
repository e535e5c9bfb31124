#include "common/service/plan.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/pb/message.h"
#include "common/service/audit.h"
#include "common/service/events.h"
#include "common/service/followers.h"
#include "pcn/audit/v1/audit.meta.h"
#include "pcn/common/v1/envelope.meta.h"
#include "pcn/events/v1/events.meta.h"
#include "pcn/followers/v1/followers.meta.h"
#include "pcn/platform/v1/call.meta.h"

#define SQL_CAP (64u * 1024u)

#define SEEN_WHERE                                                                                                                         \
    "WHERE organisation = :call.organisation AND subject = :call.subject AND method = :call.method AND key = :call.idempotency_key"

// An entry of the audit trail, up to its verdict.
#define AUDIT_INSERT(resource)                                                                                                             \
    "INSERT INTO audit_queue (at, request_id, subject, organisation, origin, peer, method, resource, verdict) "                            \
    "SELECT :call.now::timestamptz, :header.request_id::uuid, :call.subject::text, :call.organisation::text, :call.origin::text, "         \
    "    :call.peer::text, :call.method::text, " resource ", "

// What stands around a handler's save: `input` has a row for each change, `seen` one for each of them that took place before. The answer
// goes in last and without ON CONFLICT: a refused change must leave no record, and a concurrent twin meets the primary key, is
// rolled back whole and finds the first one's answer. OFFSET 0 keeps the plan to lookups by key.
static const char save_head_one[] = "WITH input AS (:input), ";
static const char save_head_many[] = "WITH input AS (:inputs), ";
static const char save_seen[] = "seen AS MATERIALIZED (SELECT i.n, d.request_hash, d.answer, d.version FROM input i CROSS JOIN LATERAL "
                                "(SELECT request_hash, answer, version FROM idempotency " SEEN_WHERE " OFFSET 0) d), ";
#define REMEMBERED(reaches)                                                                                                                \
    ", remembered AS (INSERT INTO idempotency (organisation, subject, method, key, request_hash, answer, version, created_at, reaches) "   \
    "    SELECT :call.organisation::text, :call.subject::text, :call.method::text, :call.idempotency_key::text, :call.request_hash::bytea, "  \
    "        :call.answer::bytea, :call.answer_version::bigint, :call.now::timestamptz, " reaches                                          \
    "    FROM input i JOIN changed c ON c.key = :call.key), "
static const char save_remembered[] = REMEMBERED("false");
// By a policy such an answer is there for its own caller alone (0010_answers_reach.sql).
static const char save_remembered_reaching[] = REMEMBERED("true");
static const char save_tail[] =
    "queued AS (INSERT INTO event_queue (id, type, subject, version, time, traceparent, data) "
    "    SELECT :call.event.id::uuid, :call.event.type::text, :call.event.subject::text, :call.event.version::bigint, "
    "        :call.now::timestamptz, :header.traceparent::text, :call.event.data::text "
    "    FROM input i JOIN changed c ON c.key = :call.key WHERE :call.event.id::text IS NOT NULL), "
    "queued_many AS (INSERT INTO event_queue (id, type, subject, version, time, traceparent, data) "
    "    SELECT e.id, e.type, e.subject, e.version, :call.now::timestamptz, :header.traceparent::text, e.data "
    "    FROM input i JOIN changed c ON c.key = :call.key CROSS JOIN LATERAL unnest(:call.event_ids::uuid[], :call.event_types::text[], "
    "        :call.event_subjects::text[], :call.event_versions::bigint[], :call.event_data::text[]) "
    "        AS e (id, type, subject, version, data) WHERE :call.event.id::text IS NULL), "
    "audited AS (" AUDIT_INSERT(
        ":call.resource::text") "'done' FROM input i JOIN changed c ON c.key = :call.key) "
                                "SELECT CASE WHEN c.key IS NOT NULL THEN 'done' WHEN s.n IS NULL THEN 'moved' "
                                "            WHEN s.request_hash = :call.request_hash::bytea THEN 'replayed' ELSE 'mismatch' END AS "
                                "verdict, s.answer, s.version, i.n "
                                "FROM input i LEFT JOIN changed c ON c.key = :call.key LEFT JOIN seen s ON s.n = i.n ORDER BY i.n";

static const db_stmt_t seen = {
    "seen", "SELECT CASE WHEN request_hash = :call.request_hash::bytea THEN 'replayed' ELSE 'mismatch' END AS verdict, answer, version "
            "FROM idempotency " SEEN_WHERE};

// Many at once are one execution. An entry for each resource that it was about.
static const db_stmt_t audit = {
    "audit", "WITH input AS (:inputs), audited AS (" AUDIT_INSERT(
                 "r.resource") ":call.verdict::text FROM input i CROSS JOIN LATERAL "
                               "unnest(coalesce(nullif(:call.about::text[], '{}'), ARRAY[:call.resource::text])) AS r (resource)) "
                               "SELECT i.n FROM input i ORDER BY i.n"};

static const db_stmt_t tell = {
    "tell",
    "SELECT set_config('pcn.organisations', coalesce(:call.organisation::text, ''), true), "
    "set_config('pcn.subject', coalesce(:call.subject::text, ''), true), "
    "set_config('pcn.own', coalesce(:call.own::boolean, false)::text, true), set_config('pcn.request', :header.request_id::text, true)"};

// What every service serves besides its own contract.
static const struct {
    const pb_service_t *contract;
    const service_handler_t *handlers[2];
} platform[] = {
    {&pcn__events__v1__events__service, {events_handlers}},
    {&pcn__followers__v1__followers__service, {followers_handlers}},
    {&pcn__audit__v1__audit__service, {audit_handlers}},
};

#define PLATFORM_COUNT (sizeof platform / sizeof *platform)

static const pb_type_t *row_type(const service_handler_t *handler)
{
    return handler->row != NULL ? handler->row : &pcn__platform__v1__verdict__type;
}

static const pb_type_t *prepared_type(const service_handler_t *handler)
{
    return handler->prepared != NULL ? handler->prepared : &pcn__platform__v1__verdict__type;
}

static status_t refuse(problem_t *problem, const char *method, const char *what)
{
    return problem_set(problem, STATUS_FAILED_PRECONDITION, method, "%s", what);
}

static status_t compile_save(plan_method_t *method, const db_root_t *roots, problem_t *problem)
{
    const db_stmt_t *save = method->handler->save;
    if (strstr(save->sql, "changed AS") == NULL || strstr(save->sql, "AS key") == NULL || strstr(save->sql, "seen") == NULL)
        return refuse(problem, method->method->name, "A save must define `changed` with its `key` and guard it by `seen`");
    const bool gathers = (method->handler->flags & SERVICE_GATHERS) != 0;
    buf_t sql;
    buf_init(&sql, SQL_CAP);
    buf_add_string(&sql, gathers ? save_head_many : save_head_one);
    buf_add_string(&sql, save_seen);
    buf_add_string(&sql, save->sql);
    buf_add_string(&sql, (method->handler->flags & SERVICE_REACHES) != 0 ? save_remembered_reaching : save_remembered);
    buf_add_string(&sql, save_tail);
    status_t status = buf_ok(&sql) ? db_statement_new(save->name, sql.data, roots, PLAN_ROOTS, NULL, &method->save, problem)
                                   : problem_set(problem, STATUS_INTERNAL, method->method->name, "The statement is too long");
    buf_deinit(&sql);
    return status;
}

static bool asks_told(const db_stmt_t *statement)
{
    return statement == NULL || strstr(statement->sql, "told(:header.request_id") != NULL;
}

static status_t compile(plan_method_t *method, problem_t *problem)
{
    const service_handler_t *handler = method->handler;
    const bool changes = (method->method->flags & PB_CHANGES) != 0;
    if (changes != (handler->save != NULL))
        return refuse(problem, method->method->name, changes ? "A changing method needs a save" : "A reading method has a save");
    if (handler->decide == NULL || (handler->save != NULL && handler->after == NULL) || (handler->load != NULL && handler->row == NULL) ||
        (handler->prepare != NULL) != (handler->prepared != NULL))
        return refuse(problem, method->method->name, "The handler lacks a function or a type");
    if (handler->load_alone != NULL &&
        (handler->load == NULL || handler->coalesce == NULL || strncmp(handler->coalesce, "request.", strlen("request.")) != 0))
        return refuse(problem, method->method->name, "A load for a key alone stands beside one that coalesces by it");
    if (!changes && (method->method->flags & PB_AUDITED) != 0 && (handler->flags & SERVICE_AUDITED) == 0)
        return refuse(problem, method->method->name, "A look that the contract calls audited has a handler that is SERVICE_AUDITED");
    if (changes && (handler->flags & SERVICE_AUDITED) != 0)
        return refuse(problem, method->method->name, "Every change is audited; SERVICE_AUDITED is for reads");
    if ((handler->load_other != NULL) != (handler->asks_other != NULL) || (handler->load_other != NULL && handler->load == NULL) ||
        (handler->load_other != NULL && handler->coalesce != NULL))
        return refuse(problem, method->method->name, "Another load stands beside one that does not coalesce, with who asks for it");
    if ((changes || handler->coalesce != NULL) && (handler->flags & SERVICE_SLOW) != 0)
        return refuse(problem, method->method->name, "SERVICE_SLOW is for reads that do not coalesce");
    if ((handler->flags & SERVICE_REACHES) != 0 && (handler->coalesce != NULL || (handler->flags & SERVICE_GATHERS) != 0))
        return refuse(problem, method->method->name, "What reaches by row-level security shares no execution");
    if ((handler->flags & SERVICE_REACHES) != 0 &&
        (!asks_told(handler->load) || !asks_told(handler->load_other) || !asks_told(handler->save)))
        return refuse(problem, method->method->name, "What reaches by row-level security says told(:header.request_id)");
    if ((changes || handler->coalesce != NULL || handler->load == NULL || (handler->flags & SERVICE_AUDITED) != 0) &&
        (handler->flags & SERVICE_KEPT) != 0)
        return refuse(problem, method->method->name, "SERVICE_KEPT is for reads that neither coalesce nor are audited");
    const db_root_t roots[PLAN_ROOTS] = {
        [PLAN_ROOT_REQUEST] = {"request", method->method->request},
        [PLAN_ROOT_HEADER] = {"header", &pcn__common__v1__request_header__type},
        [PLAN_ROOT_CALL] = {"call", &pcn__platform__v1__call__type},
        [PLAN_ROOT_PREPARED] = {"prepared", prepared_type(handler)},
        [PLAN_ROOT_ROW] = {"row", row_type(handler)},
        [PLAN_ROOT_AFTER] = {"after", handler->after != NULL ? handler->after : method->method->reply},
    };
    status_t status = STATUS_OK;
    if (handler->load != NULL)
        status = db_statement_new(handler->load->name, handler->load->sql, roots, PLAN_ROOT_ROW, handler->coalesce, &method->load, problem);
    if (status == STATUS_OK && handler->load_alone != NULL)
        status = db_statement_new(handler->load_alone->name, handler->load_alone->sql, roots, PLAN_ROOT_ROW, handler->coalesce,
                                  &method->load_alone, problem);
    if (status == STATUS_OK && handler->load_other != NULL)
        status =
            db_statement_new(handler->load_other->name, handler->load_other->sql, roots, PLAN_ROOT_ROW, NULL, &method->load_other, problem);
    if (status == STATUS_OK && handler->save != NULL)
        status = compile_save(method, roots, problem);
    return status;
}

// By tables, the last of which is followed by NULL.
static const service_handler_t *handler_at(const service_handler_t *const *tables, size_t index)
{
    for (; *tables != NULL; tables++) {
        for (const service_handler_t *handler = *tables; handler->method != NULL; handler++) {
            if (index-- == 0)
                return handler;
        }
    }
    return NULL;
}

const service_handler_t *service_handler(const service_t *service, size_t index)
{
    return handler_at(service->handlers, index);
}

static const service_handler_t *handler_of(const service_handler_t *const *tables, const char *method)
{
    const service_handler_t *handler;
    size_t index = 0;
    do
        handler = handler_at(tables, index++);
    while (handler != NULL && strcmp(handler->method, method) != 0);
    return handler;
}

static status_t add_methods(plan_t *plan, const pb_service_t *contract, const service_handler_t *const *tables, problem_t *problem)
{
    const service_handler_t *handler;
    for (size_t n = 0; (handler = handler_at(tables, n)) != NULL; n++) {
        bool known = false;
        for (unsigned i = 0; i < contract->method_count; i++)
            known = known || strcmp(contract->methods[i].short_name, handler->method) == 0;
        if (!known)
            return refuse(problem, handler->method, "The contract has no such method");
    }
    for (unsigned i = 0; i < contract->method_count; i++) {
        plan_method_t *method = &plan->methods[plan->method_count++];
        method->method = &contract->methods[i];
        method->handler = handler_of(tables, method->method->short_name);
        if (method->handler == NULL)
            return refuse(problem, method->method->name, "The method has no handler");
        status_t status = compile(method, problem);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static const plan_method_t *method_of_job(const plan_t *plan, const service_job_t *job)
{
    for (size_t i = 0; i < plan->method_count; i++) {
        if (strcmp(plan->methods[i].method->short_name, job->method) == 0 && plan->methods[i].method->path == NULL)
            return &plan->methods[i];
    }
    return NULL;
}

// Once the methods are where they stay.
static status_t add_jobs(plan_t *plan, problem_t *problem)
{
    const db_root_t roots[] = {{"request", &pcn__platform__v1__verdict__type},
                               {"header", &pcn__common__v1__request_header__type},
                               {"call", &pcn__platform__v1__call__type}};
    const service_job_t *jobs = plan->service->jobs;
    size_t count = 0;
    while (jobs != NULL && jobs[count].name != NULL)
        count++;
    plan->jobs = calloc(count + 1, sizeof *plan->jobs);
    if (plan->jobs == NULL)
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory");
    for (size_t i = 0; i < count; i++) {
        plan_job_t *job = &plan->jobs[plan->job_count++];
        *job = (plan_job_t){.job = &jobs[i], .method = method_of_job(plan, &jobs[i])};
        if (job->method == NULL || job->method->save == NULL || jobs[i].period_s == 0 || jobs[i].at_once == 0)
            return refuse(problem, jobs[i].name, "A job has a changing method without a path, a period, and how many run at once");
        status_t status = db_statement_new(jobs[i].due->name, jobs[i].due->sql, roots, PLAN_ROOT_PREPARED, NULL, &job->due, problem);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

// Connections prepare a statement under its name: two of one name would be one to them.
static status_t check_names(const plan_t *plan, problem_t *problem)
{
    const db_statement_t *made[4 * 256];
    size_t count = 0;
    made[count++] = plan->seen;
    made[count++] = plan->audit;
    made[count++] = plan->tell;
    if (plan->place != NULL)
        made[count++] = plan->place;
    if (plan->figures != NULL)
        made[count++] = plan->figures;
    for (size_t i = 0; i < plan->method_count && count + 4 <= sizeof made / sizeof *made; i++) {
        const db_statement_t *own[] = {plan->methods[i].load, plan->methods[i].load_alone, plan->methods[i].load_other,
                                       plan->methods[i].save};
        for (size_t k = 0; k < sizeof own / sizeof *own; k++) {
            for (size_t j = 0; own[k] != NULL && j < count; j++) {
                if (strcmp(db_statement_name(own[k]), db_statement_name(made[j])) == 0)
                    return refuse(problem, plan->methods[i].method->name, "Another statement has the name of one of its statements");
            }
            if (own[k] != NULL)
                made[count++] = own[k];
        }
    }
    return STATUS_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const plan_method_t *)a)->method->name, ((const plan_method_t *)b)->method->name);
}

status_t plan_new(const service_t *service, plan_t **out, problem_t *problem)
{
    *out = NULL;
    plan_t *plan = calloc(1, sizeof *plan);
    size_t count = service->contract->method_count;
    for (size_t i = 0; i < PLATFORM_COUNT; i++)
        count += platform[i].contract->method_count;
    if (plan != NULL)
        plan->methods = calloc(count, sizeof *plan->methods);
    if (plan == NULL || plan->methods == NULL) {
        free(plan);
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory");
    }
    plan->service = service;
    const db_root_t roots[] = {{"request", &pcn__platform__v1__verdict__type},
                               {"header", &pcn__common__v1__request_header__type},
                               {"call", &pcn__platform__v1__call__type}};
    status_t status = add_methods(plan, service->contract, service->handlers, problem);
    for (size_t i = 0; status == STATUS_OK && i < PLATFORM_COUNT; i++)
        status = add_methods(plan, platform[i].contract, platform[i].handlers, problem);
    if (status == STATUS_OK)
        status = db_statement_new(seen.name, seen.sql, roots, PLAN_ROOT_PREPARED, NULL, &plan->seen, problem);
    if (status == STATUS_OK)
        status = db_statement_new(audit.name, audit.sql, roots, sizeof roots / sizeof *roots, NULL, &plan->audit, problem);
    if (status == STATUS_OK && service->place != NULL)
        status = db_statement_new(service->place->name, service->place->sql, NULL, 0, NULL, &plan->place, problem);
    if (status == STATUS_OK && service->read_figures != NULL)
        status = db_statement_new(service->read_figures->name, service->read_figures->sql, roots, PLAN_ROOT_PREPARED, NULL, &plan->figures,
                                  problem);
    if (status == STATUS_OK)
        status = db_statement_new(tell.name, tell.sql, roots, sizeof roots / sizeof *roots, NULL, &plan->tell, problem);
    if (status == STATUS_OK)
        status = check_names(plan, problem);
    qsort(plan->methods, plan->method_count, sizeof *plan->methods, by_name);
    if (status == STATUS_OK)
        status = add_jobs(plan, problem);
    if (status != STATUS_OK) {
        plan_destroy(&plan);
        return status;
    }
    *out = plan;
    return STATUS_OK;
}

void plan_destroy(plan_t **plan)
{
    if (*plan == NULL)
        return;
    for (size_t i = 0; i < (*plan)->method_count; i++) {
        db_statement_destroy(&(*plan)->methods[i].load);
        db_statement_destroy(&(*plan)->methods[i].load_alone);
        db_statement_destroy(&(*plan)->methods[i].load_other);
        db_statement_destroy(&(*plan)->methods[i].save);
    }
    for (size_t i = 0; i < (*plan)->job_count; i++)
        db_statement_destroy(&(*plan)->jobs[i].due);
    free((*plan)->jobs);
    db_statement_destroy(&(*plan)->seen);
    db_statement_destroy(&(*plan)->place);
    db_statement_destroy(&(*plan)->figures);
    db_statement_destroy(&(*plan)->audit);
    db_statement_destroy(&(*plan)->tell);
    free((*plan)->methods);
    free(*plan);
    *plan = NULL;
}

static bool says_the_key_alone(const plan_method_t *method, const void *request)
{
    const pb_type_t *type = method->method->request;
    const int key = pb_field_by_name(type, method->handler->coalesce + strlen("request."));
    for (unsigned i = 0; i < type->descriptor->n_fields; i++) {
        if ((int)i != key && pb_has(type, request, i))
            return false;
    }
    return true;
}

const db_statement_t *plan_load(const plan_method_t *method, const void *request)
{
    if (method->load_other != NULL && method->handler->asks_other(request))
        return method->load_other;
    return method->load_alone != NULL && says_the_key_alone(method, request) ? method->load_alone : method->load;
}

static int name_of(const void *name, const void *method)
{
    return strcmp(name, ((const plan_method_t *)method)->method->name);
}

const plan_method_t *plan_find(const plan_t *plan, const char *name)
{
    return bsearch(name, plan->methods, plan->method_count, sizeof *plan->methods, name_of);
}
