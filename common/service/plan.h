// A handler's declaration made ready to run: its statements resolved against the types of the contract, the platform's CTEs put around its
// save. Made once at start; a handler that does not fit its contract stops the daemon there.
#ifndef PCN_SERVICE_PLAN_H
#define PCN_SERVICE_PLAN_H

#include "common/service/service.h"

// Roots of every statement, in this order; a load knows those before the row, the look for an earlier answer those before `prepared`.
enum { PLAN_ROOT_REQUEST, PLAN_ROOT_HEADER, PLAN_ROOT_CALL, PLAN_ROOT_PREPARED, PLAN_ROOT_ROW, PLAN_ROOT_AFTER, PLAN_ROOTS };

typedef struct plan_method {
    const pb_method_t *method;
    const service_handler_t *handler;
    db_statement_t *load;       // NULL where there is nothing to load
    db_statement_t *load_alone; // or NULL
    db_statement_t *load_other; // or NULL
    db_statement_t *save;       // NULL for a read
} plan_method_t;

typedef struct plan_job {
    const service_job_t *job;
    const plan_method_t *method;
    db_statement_t *due; // only the root `call`
} plan_job_t;

typedef struct plan {
    const service_t *service;
    plan_method_t *methods; // sorted by name
    size_t method_count;
    plan_job_t *jobs;
    size_t job_count;
    db_statement_t *seen;    // looks for an earlier answer
    db_statement_t *place;   // or NULL
    db_statement_t *figures; // or NULL; only the root `call`
    db_statement_t *audit;   // writes entries of the audit trail that no save carries
    db_statement_t *tell;    // says who asks, before what reaches by row-level security
} plan_t;

// FAILED_PRECONDITION names the method as the problem's field: one without a handler, a handler without a method, a reading method with a
// save, a changing one without, a save without `changed` or `seen`, a changing one that is SERVICE_AUDITED (it is anyway), one whose answer
// is kept though it changes, coalesces or must be accounted for, a load for a key alone without `load` or the key, another load beside none
// or one that coalesces, one that is SERVICE_REACHES whose statements do not ask `told`, or that shares executions; a job by its name,
// whose method is not there, has a path or changes nothing.
MUST_CHECK status_t plan_new(const service_t *service, plan_t **plan, problem_t *problem);
void plan_destroy(plan_t **plan);
// The load that this request needs.
const db_statement_t *plan_load(const plan_method_t *method, const void *request);
// NULL where the service has no such method.
const plan_method_t *plan_find(const plan_t *plan, const char *name);

#endif
