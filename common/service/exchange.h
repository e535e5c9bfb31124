// One call on its way through a service: checked, loaded, decided, saved, answered. The state lives in the call's arena.
#ifndef PCN_SERVICE_EXCHANGE_H
#define PCN_SERVICE_EXCHANGE_H

#include "common/base/buf.h"
#include "common/db/pool.h"
#include "common/event/log.h"
#include "common/rpc/server.h"
#include "common/service/errands.h"
#include "common/service/figures.h"
#include "common/service/kept.h"
#include "common/service/plan.h"

// The peer that speaks for callers: every call of it names one.
#define EXCHANGE_SPEAKER "gateway"

// What exchanges need of their service. Borrowed; outlives them.
typedef struct exchange_host {
    const plan_t *plan;
    rpc_server_t *server;
    db_t *db;
    event_log_t *log;   // hinted after each commit; may be NULL in tests
    errands_t *errands; // may be NULL
    kept_t *kept;       // may be NULL
    figures_t *figures; // may be NULL
    buf_t scratch;      // for JSON on its way into the arena
    counter_t *replays, *conflicts, *kept_answers;
    counter_t *audit_refusals, *audit_failures;
    counter_t *shed; // refused before anything was done for them; may be NULL
    const void *settings; // of the service
    int32_t today;        // instead of the clock's date, to try out a day; 0 for the clock's
} exchange_host_t;

// The field's date.
int32_t exchange_today(const exchange_host_t *host, int64_t now_us);

// Takes the call over and answers it, at once or later.
void exchange_serve(exchange_host_t *host, rpc_call_t *call);

// A call that the service makes of itself: a method without a path, over the same way. `done` is called once, at once or later, and then
// nothing of the call is used any more: its arena may go. `changed`: something was saved.
typedef struct exchange_own {
    void (*done)(void *data, const problem_t *problem, bool changed);
    void *data;
} exchange_own_t;
void exchange_serve_own(exchange_host_t *host, const plan_method_t *method, rpc_call_t *call, const exchange_own_t *own);

#endif
