#include "common/service/jobs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/base/log.h"
#include "common/pb/message.h"
#include "common/rpc/server.h"
#include "pcn/platform/v1/call.pb-c.h"

#define LIST_ARENA_CAP (4u * 1024u * 1024u)
#define ARENAS_KEPT 4
#define CALL_TIMEOUT_US (30 * INT64_C(1000000))
#define DAY_US (24 * 3600 * INT64_C(1000000))
#define HOUR_US (3600 * INT64_C(1000000))
// A job that changes something each time that it looks, and is never done, waits for its next turn.
#define ROUNDS_MAX 100

typedef struct job {
    jobs_t *jobs;
    const plan_job_t *plan;
    uv_timer_t timer;
    bool running, beginning;
    // What is due, in an arena of its own.
    arena_t *arena;
    db_query_t query;
    Pcn__Platform__V1__Call call;
    char now[INSTANT_SIZE], today[DATE_SIZE];
    void **requests;
    size_t count, next;
    unsigned in_flight, rounds;
    uint64_t changed; // in this round
    counter_t *runs, *changes, *failures;
} job_t;

struct jobs {
    uv_loop_t *loop;
    exchange_host_t *host;
    arena_pool_t *arenas;
    char subject[80];
    bool ending;
    size_t count;
    job_t all[];
};

// A call of a job, in its own arena.
typedef struct own_call {
    job_t *job;
    arena_t *arena;
    rpc_call_t rpc;
    Pcn__Common__V1__RequestHeader header;
    Pcn__Common__V1__Principal principal;
    char id[ID_SIZE];
} own_call_t;

int64_t jobs_until_tomorrow_ms(int64_t now_us)
{
    const int32_t today = date_of_instant(now_us);
    // Midnight in London is midnight or 23 o'clock in UTC.
    int64_t at = (int64_t)(today + 1) * DAY_US - HOUR_US;
    if (date_of_instant(at) == today)
        at += HOUR_US;
    const int64_t left_ms = (at - now_us + 999) / 1000;
    return left_ms > 0 ? left_ms : 1;
}

static void go_on(job_t *job);
static void look(job_t *job);

static void on_time(uv_timer_t *timer)
{
    job_t *job = timer->data;
    job->runs->value++;
    job->rounds = 0;
    job->running = true;
    look(job);
}

static void rest(job_t *job)
{
    job->running = false;
    if (job->jobs->ending)
        return;
    int64_t wait_ms = (int64_t)job->plan->job->period_s * 1000;
    const int64_t midnight_ms = jobs_until_tomorrow_ms(clock_wall_us());
    uv_timer_start(&job->timer, on_time, (uint64_t)(midnight_ms < wait_ms ? midnight_ms : wait_ms), 0);
}

static void call_done(void *data, const problem_t *problem, bool changed)
{
    own_call_t *call = data;
    job_t *job = call->job;
    arena_t *arena = call->arena;
    if (problem->status != STATUS_OK) {
        job->failures->value++;
        log_warning("a job's call was refused", LOG_TEXT("job", job->plan->job->name), LOG_TEXT("status", status_name(problem->status)),
                    LOG_TEXT("field", problem->field), LOG_TEXT("detail", problem->detail));
    }
    job->changed += changed ? 1 : 0;
    job->changes->value += changed ? 1 : 0;
    job->in_flight--;
    arena_pool_give(job->jobs->arenas, &arena);
    go_on(job);
}

// False without memory.
static bool begin_call(job_t *job, const void *request)
{
    jobs_t *jobs = job->jobs;
    arena_t *arena = arena_pool_take(jobs->arenas);
    own_call_t *call = arena != NULL ? arena_zero(arena, sizeof *call) : NULL;
    uint8_t *body = NULL;
    size_t size = 0;
    if (call == NULL || !pb_pack(request, arena, &body, &size)) {
        if (arena != NULL)
            arena_pool_give(jobs->arenas, &arena);
        return false;
    }
    call->job = job;
    call->arena = arena;
    pcn__common__v1__request_header__init(&call->header);
    pcn__common__v1__principal__init(&call->principal);
    id_make(clock_wall_us(), call->id);
    call->principal.subject = jobs->subject;
    call->header.request_id = call->id;
    call->header.method = (char *)(uintptr_t)job->plan->method->method->name;
    call->header.principal = &call->principal;
    const int64_t now_us = clock_steady_us();
    call->rpc = (rpc_call_t){.arena = arena,
                             .header = &call->header,
                             .body = body,
                             .body_size = size,
                             .peer = jobs->host->plan->service->name,
                             .received_us = now_us,
                             .deadline_us = now_us + CALL_TIMEOUT_US};
    job->in_flight++;
    const exchange_own_t own = {.done = call_done, .data = call};
    exchange_serve_own(jobs->host, job->plan->method, &call->rpc, &own);
    return true;
}

// Begins what may run beside what does; once all of the round is answered, looks again or rests. A call that is answered while it begins
// leads back here.
static void go_on(job_t *job)
{
    if (job->beginning)
        return;
    job->beginning = true;
    while (!job->jobs->ending && job->in_flight < job->plan->job->at_once && job->next < job->count) {
        const void *request = job->requests[job->next++];
        if (!begin_call(job, request)) {
            job->failures->value++;
            job->next = job->count;
        }
    }
    job->beginning = false;
    if (job->in_flight > 0)
        return;
    if (job->changed > 0)
        log_info("a job has changed something", LOG_TEXT("job", job->plan->job->name), LOG_TEXT("today", job->today),
                 LOG_NUMBER("changes", (int64_t)job->changed));
    if (job->changed > 0 && !job->jobs->ending && ++job->rounds < ROUNDS_MAX)
        look(job);
    else
        rest(job);
}

static void due_done(db_query_t *query, const db_rows_t *rows, const problem_t *problem)
{
    job_t *job = query->data;
    problem_t found = *problem;
    job->count = job->next = 0;
    job->changed = 0;
    if (found.status == STATUS_OK) {
        found.status = db_rows_messages(rows, job->plan->method->method->request, job->arena, &job->requests, &found);
        job->count = (size_t)rows->count < SERVICE_JOB_ROWS ? (size_t)rows->count : SERVICE_JOB_ROWS;
    }
    if (found.status != STATUS_OK) {
        job->count = 0;
        if (!job->jobs->ending) {
            job->failures->value++;
            log_warning("what a job has to do cannot be read", LOG_TEXT("job", job->plan->job->name),
                        LOG_TEXT("status", status_name(found.status)), LOG_TEXT("detail", found.detail));
        }
    }
    go_on(job);
}

static void look(job_t *job)
{
    exchange_host_t *host = job->jobs->host;
    const int64_t now_us = clock_wall_us();
    arena_reset(job->arena);
    pcn__platform__v1__call__init(&job->call);
    instant_format(now_us, job->now);
    date_format(exchange_today(host, now_us), job->today);
    job->call.now = job->now;
    job->call.today = job->today;
    job->query = (db_query_t){.statement = job->plan->due,
                              .arena = job->arena,
                              .deadline_us = clock_steady_us() + CALL_TIMEOUT_US,
                              .done = due_done,
                              .data = job};
    job->query.roots[PLAN_ROOT_CALL] = &job->call;
    db_read(host->db, &job->query);
}

// ---- life ----

static status_t job_init(jobs_t *jobs, job_t *job, const plan_job_t *plan, metrics_t *metrics, problem_t *problem)
{
    char labels[96];
    (void)snprintf(labels, sizeof labels, "job=\"%s\"", plan->job->name);
    job->jobs = jobs;
    job->plan = plan;
    job->arena = arena_new(LIST_ARENA_CAP);
    job->runs = metrics_counter(metrics, "pcn_job_runs_total", labels, "Times that a job began.");
    job->changes = metrics_counter(metrics, "pcn_job_changes_total", labels, "Changes that a job made.");
    job->failures =
        metrics_counter(metrics, "pcn_job_failures_total", labels, "Calls of a job that were refused, and lists that could not be read.");
    return job->arena != NULL ? STATUS_OK : problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory");
}

status_t jobs_new(uv_loop_t *loop, exchange_host_t *host, metrics_t *metrics, jobs_t **out, problem_t *problem)
{
    const size_t count = host->plan->job_count;
    *out = NULL;
    jobs_t *jobs = calloc(1, sizeof *jobs + count * sizeof(job_t));
    if (jobs == NULL)
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory");
    jobs->loop = loop;
    jobs->host = host;
    jobs->count = count;
    jobs->arenas = arena_pool_new(RPC_ARENA_CAP, ARENAS_KEPT);
    (void)snprintf(jobs->subject, sizeof jobs->subject, "pcn-%s", host->plan->service->name);
    status_t status = jobs->arenas != NULL ? STATUS_OK : problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory");
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        status = job_init(jobs, &jobs->all[i], &host->plan->jobs[i], metrics, problem);
    if (status != STATUS_OK) {
        jobs_destroy(&jobs);
        return status;
    }
    for (size_t i = 0; i < count; i++) {
        uv_timer_init(loop, &jobs->all[i].timer);
        jobs->all[i].timer.data = &jobs->all[i];
        uv_timer_start(&jobs->all[i].timer, on_time, 0, 0);
    }
    *out = jobs;
    return STATUS_OK;
}

void jobs_drain(jobs_t *jobs)
{
    jobs->ending = true;
    for (size_t i = 0; i < jobs->count; i++)
        uv_timer_stop(&jobs->all[i].timer);
}

bool jobs_idle(const jobs_t *jobs)
{
    for (size_t i = 0; i < jobs->count; i++) {
        if (jobs->all[i].running)
            return false;
    }
    return true;
}

void jobs_stop(jobs_t *jobs)
{
    jobs_drain(jobs);
    for (size_t i = 0; i < jobs->count; i++)
        uv_close((uv_handle_t *)&jobs->all[i].timer, NULL);
}

void jobs_destroy(jobs_t **jobs)
{
    if (*jobs == NULL)
        return;
    for (size_t i = 0; i < (*jobs)->count; i++)
        arena_destroy(&(*jobs)->all[i].arena);
    if ((*jobs)->arenas != NULL)
        arena_pool_destroy(&(*jobs)->arenas);
    free(*jobs);
    *jobs = NULL;
}
