// One call on its way through a service: checked, loaded, decided, saved, answered. The state lives in the call's arena.
#ifndef PCN_SERVICE_EXCHANGE_H
#define PCN_SERVICE_EXCHANGE_H

#include "common/base/buf.h"
#include "common/db/pool.h"
#include "common/event/log.h"
#include "common/rpc/server.h"
#include "common/service/plan.h"

// The peer that speaks for callers: every call of it names one.
#define EXCHANGE_SPEAKER "gateway"

// What exchanges need of their service. Borrowed; outlives them.
typedef struct exchange_host {
    const plan_t *plan;
    rpc_server_t *server;
    db_t *db;
    event_log_t *log; // hinted after each commit; may be NULL in tests
    buf_t scratch;    // for JSON on its way into the arena
    counter_t *replays, *conflicts;
    counter_t *audit_refusals, *audit_failures;
} exchange_host_t;

// Takes the call over and answers it, at once or later.
void exchange_serve(exchange_host_t *host, rpc_call_t *call);

#endif
