// A service's own figures among the daemon's metrics: gauges of what is recorded, read again and again, and durations of changes that were
// committed (service_figure_t).
//
// One loop, one thread.
#ifndef PCN_SERVICE_FIGURES_H
#define PCN_SERVICE_FIGURES_H

#include <uv.h>

#include "common/base/metrics.h"
#include "common/db/pool.h"
#include "common/service/plan.h"

typedef struct figures figures_t;

// Reads the gauges at once and every few seconds, where the service has some. `plan`, `db` and `metrics` are borrowed and outlive it.
// `metrics` gets pcn_figures_failures_total where there are gauges.
MUST_CHECK status_t figures_new(uv_loop_t *loop, const plan_t *plan, db_t *db, metrics_t *metrics, figures_t **figures, problem_t *problem);
// Counts what a committed change came to; one without a name is none. `figures` may be NULL.
void figures_observe(figures_t *figures, const service_observation_t *observed);
// Sets the gauges by rows of pcn.platform.v1.Figure; such as the service does not declare are left out.
void figures_set(figures_t *figures, void *const *rows, size_t count);
// Closes its handle. figures_destroy comes after the loop.
void figures_stop(figures_t *figures);
void figures_destroy(figures_t **figures);

#endif
