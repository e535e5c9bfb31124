// Runs a service's jobs (service_job_t): asks what is due, makes each row a call of the service itself, waits for them, looks again as long
// as something changes. The time is exchange_today's, so what a job does on a day can be tried out.
//
// One loop, one thread.
#ifndef PCN_SERVICE_JOBS_H
#define PCN_SERVICE_JOBS_H

#include <uv.h>

#include "common/service/exchange.h"

typedef struct jobs jobs_t;

// Each job of the plan runs at once, as soon as the database is there. `host` is borrowed and outlives the jobs. `metrics` gets
// pcn_job_runs_total, pcn_job_changes_total and pcn_job_failures_total by job.
MUST_CHECK status_t jobs_new(uv_loop_t *loop, exchange_host_t *host, metrics_t *metrics, jobs_t **jobs, problem_t *problem);
// Nothing new begins.
void jobs_drain(jobs_t *jobs);
// No call of a job is under way: what draining waits for.
bool jobs_idle(const jobs_t *jobs);
// Closes its handles. What is under way is still answered, by the database's end at the latest; jobs_destroy comes after the loop.
void jobs_stop(jobs_t *jobs);
void jobs_destroy(jobs_t **jobs);

// Milliseconds until the field's date changes, from an instant; at least 1.
int64_t jobs_until_tomorrow_ms(int64_t now_us);

#endif
