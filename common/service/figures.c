#include "common/service/figures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "pcn/platform/v1/call.meta.h"

#define PERIOD_MS 5000
#define READ_TIMEOUT_US (5 * INT64_C(1000000))
#define ARENA_CAP (1024u * 1024u)
#define LABELS_SIZE 160

struct figures {
    const plan_t *plan;
    db_t *db;
    metrics_t *metrics;
    uv_timer_t timer;
    arena_t *arena;
    db_query_t query;
    Pcn__Platform__V1__Call call;
    char now[INSTANT_SIZE];
    counter_t *failures;
    bool reads, ending;
};

static const service_figure_t *declared(const service_figure_t *list, const char *name)
{
    for (; list != NULL && list->name != NULL; list++) {
        if (strcmp(list->name, name) == 0)
            return list;
    }
    return NULL;
}

// `disposition="crisis-response"`; false where the value is none that may stand there.
static bool labels_of(const service_figure_t *figure, const char *value, char labels[LABELS_SIZE])
{
    if (value == NULL || strpbrk(value, "\"\\\n") != NULL)
        return false;
    const int size = snprintf(labels, LABELS_SIZE, "%s=\"%s\"", figure->label, value);
    return size > 0 && size < LABELS_SIZE;
}

void figures_observe(figures_t *figures, const service_observation_t *observed)
{
    char labels[LABELS_SIZE];
    const service_figure_t *figure =
        figures != NULL && observed->name != NULL ? declared(figures->plan->service->durations, observed->name) : NULL;
    if (figure != NULL && labels_of(figure, observed->label, labels))
        histogram_add(metrics_durations(figures->metrics, figure->name, labels, figure->help), observed->duration_us);
}

void figures_set(figures_t *figures, void *const *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char labels[LABELS_SIZE];
        const Pcn__Platform__V1__Figure *row = rows[i];
        const service_figure_t *figure = row->name != NULL ? declared(figures->plan->service->figures, row->name) : NULL;
        if (figure != NULL && labels_of(figure, row->label, labels))
            metrics_gauge(figures->metrics, figure->name, labels, figure->help)->value = row->value;
    }
}

static void on_time(uv_timer_t *timer);

static void read_done(db_query_t *query, const db_rows_t *rows, const problem_t *problem)
{
    figures_t *figures = query->data;
    problem_t found = *problem;
    void **messages = NULL;
    if (found.status == STATUS_OK)
        found.status = db_rows_messages(rows, &pcn__platform__v1__figure__type, figures->arena, &messages, &found);
    if (found.status == STATUS_OK && messages != NULL) {
        figures_set(figures, messages, (size_t)rows->count);
    } else if (!figures->ending) {
        figures->failures->value++;
        log_warning("the service's figures cannot be read", LOG_TEXT("status", status_name(found.status)),
                    LOG_TEXT("detail", found.detail));
    }
    if (!figures->ending)
        uv_timer_start(&figures->timer, on_time, PERIOD_MS, 0);
}

static void on_time(uv_timer_t *timer)
{
    figures_t *figures = timer->data;
    arena_reset(figures->arena);
    pcn__platform__v1__call__init(&figures->call);
    instant_format(clock_wall_us(), figures->now);
    figures->call.now = figures->now;
    figures->query = (db_query_t){.statement = figures->plan->figures,
                                  .arena = figures->arena,
                                  .deadline_us = clock_steady_us() + READ_TIMEOUT_US,
                                  .done = read_done,
                                  .data = figures};
    figures->query.roots[PLAN_ROOT_CALL] = &figures->call;
    db_read(figures->db, &figures->query);
}

status_t figures_new(uv_loop_t *loop, const plan_t *plan, db_t *db, metrics_t *metrics, figures_t **out, problem_t *problem)
{
    *out = NULL;
    figures_t *figures = calloc(1, sizeof *figures);
    if (figures == NULL || (figures->arena = arena_new(ARENA_CAP)) == NULL) {
        free(figures);
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory");
    }
    figures->plan = plan;
    figures->db = db;
    figures->metrics = metrics;
    figures->reads = plan->figures != NULL;
    if (figures->reads) {
        figures->failures =
            metrics_counter(metrics, "pcn_figures_failures_total", NULL, "Times that the service's own figures could not be read.");
        uv_timer_init(loop, &figures->timer);
        figures->timer.data = figures;
        uv_timer_start(&figures->timer, on_time, 0, 0);
    }
    *out = figures;
    return STATUS_OK;
}

void figures_stop(figures_t *figures)
{
    figures->ending = true;
    if (figures->reads)
        uv_close((uv_handle_t *)&figures->timer, NULL);
}

void figures_destroy(figures_t **figures)
{
    if (*figures == NULL)
        return;
    arena_destroy(&(*figures)->arena);
    free(*figures);
    *figures = NULL;
}
