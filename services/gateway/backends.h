// An RPC client for each service of the contract. A service whose key is not there yet is looked for again on a timer, so that the
// gateway starts before what it leads to.
#ifndef PCN_GATEWAY_BACKENDS_H
#define PCN_GATEWAY_BACKENDS_H

#include "services/gateway/gateway.h"

typedef struct backends backends_t;

// Makes the gateway's own key where it is missing. UNAVAILABLE where keys cannot be had.
MUST_CHECK status_t backends_new(app_t *app, backends_t **backends, problem_t *problem);
upstream_t backends_upstream(backends_t *backends);
// After streams were stopped, for they follow services. Open calls are answered UNAVAILABLE. The loop must run on until the handle is closed.
void backends_destroy(backends_t **backends);

#endif
