// What the gateway's parts share: made by main (or a test) and handed to everything else. One loop, one thread.
#ifndef PCN_GATEWAY_GATEWAY_H
#define PCN_GATEWAY_GATEWAY_H

#include "common/base/arena.h"
#include "common/event/tail.h"
#include "common/rpc/client.h"
#include "services/gateway/config.h"
#include "services/gateway/route.h"
#include "services/gateway/verifier.h"

struct http;
struct stream_hub;
struct transfers;

// The way to the services; backends.c, or a test's stand-in.
typedef struct upstream {
    void *data;
    // False where the service is not there; else `done` of the request is called later, never from inside.
    bool (*call)(void *data, const char *service, rpc_request_t *request);
    // Whether every service can be asked; the reason otherwise in the problem.
    bool (*ready)(void *data, problem_t *problem);
    // Follows a service's log: the options lack only the way there. False where the service is not there.
    bool (*follow)(void *data, event_tail_options_t *options, void **tail);
    // Not from inside the tail.
    void (*unfollow)(void *data, void **tail);
} upstream_t;

typedef struct gateway {
    uv_loop_t *loop;
    const gateway_config_t *config;
    metrics_t *metrics;
    const pb_service_t *const *contract; // ended by NULL; NULL for all services that there are
    route_table_t *routes;
    route_metrics_t other; // requests without a route of the contract
    verifier_t *verifier;
    arena_pool_t *arenas;
    buf_t scratch; // JSON of the answer being written
    upstream_t upstream;
    struct http *http;
    struct stream_hub *streams;
    struct transfers *transfers;
    gauge_t *in_flight; // requests that wait for a service
    uint64_t open;      // requests from their first line to their answer's last byte
    bool draining;
} gateway_t;

// Routes, pools and figures; loop, configuration, metrics and upstream are there already. RESOURCE_EXHAUSTED or INTERNAL.
MUST_CHECK status_t gateway_init(gateway_t *gateway, problem_t *problem);
// After HTTP was destroyed.
void gateway_deinit(gateway_t *gateway);
// Whether it can serve.
bool gateway_ready(const gateway_t *gateway, problem_t *problem);

#endif
