#include "common/service/errands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"

#define ARENA_CAP ((size_t)64 * 1024 * 1024)
#define RETRY_MS 1000
#define CANCEL_MS 100
// A server's own limits on a role or database, which are for requests. Plans are made for the rows that are there.
#define SETTINGS "SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET plan_cache_mode = auto"

typedef struct errand {
    errands_t *all;
    const service_errand_t *declared;
    uv_timer_t timer;
    uv_work_t work;
    bool running, hinted;
    counter_t *runs, *done, *failures;
    // The step's own while it runs, the loop's otherwise.
    errand_step_t step;
    problem_t problem;
    status_t status;
    // Shared: the loop cancels what the worker's connection runs.
    uv_mutex_t mutex;
    PGcancel *cancel;
} errand_t;

struct errands {
    uv_loop_t *loop;
    errands_options_t options;
    char application_name[80];
    atomic_bool ending;
    uv_timer_t cancelling;
    bool cancels, closed;
    size_t count;
    errand_t each[];
};

// ---- on a worker thread ----

static void set_cancel(errand_t *errand, PGcancel *cancel)
{
    uv_mutex_lock(&errand->mutex);
    PGcancel *before = errand->cancel;
    errand->cancel = cancel;
    uv_mutex_unlock(&errand->mutex);
    PQfreeCancel(before);
}

static void disconnect(errand_t *errand)
{
    set_cancel(errand, NULL);
    db_session_close(&errand->step.session);
    db_session_close(&errand->step.aside);
}

static status_t open_session(errand_t *errand, db_session_t **session)
{
    const errands_t *all = errand->all;
    status_t status = db_session_open(all->options.dsn, all->application_name, all->options.service, session, &errand->problem);
    if (status != STATUS_OK)
        return status;
    PGresult *result = db_session_exec(*session, SETTINGS, &errand->problem);
    status = result != NULL ? STATUS_OK : errand->problem.status;
    PQclear(result);
    return status;
}

static status_t connect_both(errand_t *errand)
{
    if (errand->step.session != NULL)
        return STATUS_OK;
    status_t status = open_session(errand, &errand->step.session);
    if (status == STATUS_OK)
        status = open_session(errand, &errand->step.aside);
    if (status == STATUS_OK)
        set_cancel(errand, db_session_cancel(errand->step.session));
    return status;
}

static void run(uv_work_t *work)
{
    errand_t *errand = work->data;
    errand->status = connect_both(errand);
    if (errand->status == STATUS_OK && !atomic_load(&errand->all->ending))
        errand->status = errand->declared->step(&errand->step);
    // Whatever was open is given up with the connection: the next step begins on clean ground.
    if (errand->status != STATUS_OK || db_session_in_transaction(errand->step.session))
        disconnect(errand);
}

// ---- in the loop ----

static void begin(errand_t *errand);

static void on_time(uv_timer_t *timer)
{
    begin(timer->data);
}

static void after(uv_work_t *work, int canceled)
{
    errand_t *errand = work->data;
    errands_t *all = errand->all;
    errand->running = false;
    if (canceled != 0)
        return;
    errand->done->value += errand->step.did ? 1 : 0;
    if (errand->step.did && all->options.log != NULL && !all->closed)
        event_log_hint(all->options.log);
    const bool ending = atomic_load(&all->ending);
    if (errand->status != STATUS_OK && !ending) {
        errand->failures->value++;
        log_warning("an errand failed and is tried again", LOG_TEXT("errand", errand->declared->name),
                    LOG_TEXT("status", status_name(errand->status)), LOG_TEXT("detail", errand->problem.detail));
    }
    if (ending || all->closed)
        return;
    uint64_t wait_ms = (uint64_t)errand->declared->period_s * 1000;
    if (errand->status != STATUS_OK)
        wait_ms = RETRY_MS;
    else if (errand->step.more || errand->hinted)
        wait_ms = 0;
    uv_timer_start(&errand->timer, on_time, wait_ms, 0);
}

static void begin(errand_t *errand)
{
    errands_t *all = errand->all;
    if (errand->running || atomic_load(&all->ending))
        return;
    errand_step_t *step = &errand->step;
    errand->problem = (problem_t){0};
    errand->hinted = false;
    step->did = step->more = false;
    step->problem = &errand->problem;
    step->now_us = clock_wall_us();
    instant_format(step->now_us, step->now);
    date_format(all->options.today != 0 ? all->options.today : date_of_instant(step->now_us), step->today);
    arena_reset(step->arena);
    if (uv_queue_work(all->loop, &errand->work, run, after) != 0) {
        errand->failures->value++;
        uv_timer_start(&errand->timer, on_time, RETRY_MS, 0);
        return;
    }
    errand->running = true;
    errand->runs->value++;
}

void errands_hint(errands_t *errands)
{
    if (errands == NULL || errands->closed)
        return;
    for (size_t i = 0; i < errands->count; i++) {
        errand_t *errand = &errands->each[i];
        errand->hinted = true;
        if (!errand->running && !atomic_load(&errands->ending))
            uv_timer_start(&errand->timer, on_time, 0, 0);
    }
}

// ---- life ----

static status_t errand_init(errands_t *all, errand_t *errand, const service_errand_t *declared, metrics_t *metrics)
{
    char labels[96];
    (void)snprintf(labels, sizeof labels, "errand=\"%s\"", declared->name);
    errand->all = all;
    errand->declared = declared;
    errand->work.data = errand;
    errand->step.ending = &all->ending;
    errand->step.arena = arena_new(ARENA_CAP);
    errand->runs = metrics_counter(metrics, "pcn_errand_runs_total", labels, "Times that an errand looked for something to do.");
    errand->done = metrics_counter(metrics, "pcn_errand_done_total", labels, "Times that an errand changed something.");
    errand->failures = metrics_counter(metrics, "pcn_errand_failures_total", labels, "Steps of an errand that failed.");
    return errand->step.arena != NULL ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
}

static void free_all(errands_t *errands, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        disconnect(&errands->each[i]);
        arena_destroy(&errands->each[i].step.arena);
        uv_mutex_destroy(&errands->each[i].mutex);
    }
    free(errands);
}

status_t errands_new(uv_loop_t *loop, const errands_options_t *options, metrics_t *metrics, errands_t **out, problem_t *problem)
{
    size_t count = 0;
    while (options->errands != NULL && options->errands[count].name != NULL)
        count++;
    *out = NULL;
    errands_t *all = calloc(1, sizeof *all + count * sizeof(errand_t));
    if (all == NULL)
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory");
    all->loop = loop;
    all->options = *options;
    all->count = count;
    atomic_init(&all->ending, false);
    (void)snprintf(all->application_name, sizeof all->application_name, "pcn-%s errands", options->service);
    for (size_t i = 0; i < count; i++) {
        const bool locked = uv_mutex_init(&all->each[i].mutex) == 0;
        if (!locked || errand_init(all, &all->each[i], &options->errands[i], metrics) != STATUS_OK) {
            free_all(all, locked ? i + 1 : i);
            return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory");
        }
    }
    uv_timer_init(loop, &all->cancelling);
    all->cancelling.data = all;
    for (size_t i = 0; i < count; i++) {
        uv_timer_init(loop, &all->each[i].timer);
        all->each[i].timer.data = &all->each[i];
        uv_timer_start(&all->each[i].timer, on_time, 0, 0);
    }
    *out = all;
    return STATUS_OK;
}

// A statement may begin just after the cancellation of the one before, so it is said until nothing runs.
static void cancel_running(uv_timer_t *timer)
{
    errands_t *all = timer->data;
    for (size_t i = 0; i < all->count; i++) {
        errand_t *errand = &all->each[i];
        if (!errand->running)
            continue;
        char reason[256];
        uv_mutex_lock(&errand->mutex);
        if (errand->cancel != NULL)
            (void)PQcancel(errand->cancel, reason, sizeof reason);
        uv_mutex_unlock(&errand->mutex);
    }
    if (errands_idle(all)) {
        uv_timer_stop(timer);
        if (all->closed && !uv_is_closing((uv_handle_t *)timer))
            uv_close((uv_handle_t *)timer, NULL);
    }
}

void errands_drain(errands_t *errands)
{
    if (errands->cancels)
        return;
    errands->cancels = true;
    atomic_store(&errands->ending, true);
    for (size_t i = 0; i < errands->count; i++)
        uv_timer_stop(&errands->each[i].timer);
    uv_timer_start(&errands->cancelling, cancel_running, 0, CANCEL_MS);
}

bool errands_idle(const errands_t *errands)
{
    for (size_t i = 0; i < errands->count; i++) {
        if (errands->each[i].running)
            return false;
    }
    return true;
}

void errands_stop(errands_t *errands)
{
    errands_drain(errands);
    errands->closed = true;
    for (size_t i = 0; i < errands->count; i++)
        uv_close((uv_handle_t *)&errands->each[i].timer, NULL);
    // The timer of cancelling closes itself once nothing runs.
    uv_timer_start(&errands->cancelling, cancel_running, 0, CANCEL_MS);
}

void errands_destroy(errands_t **errands)
{
    if (*errands == NULL)
        return;
    free_all(*errands, (*errands)->count);
    *errands = NULL;
}
