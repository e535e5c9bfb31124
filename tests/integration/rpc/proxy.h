// Somebody in the middle who has the keys of both sides: to the gateway's clients he is the service, to the service the gateway. He passes
// every call and every reply on, but each by itself, out of order, some twice or three times, and some long after anybody waits for them.
//
// In the loop of the test, one thread.
#ifndef PCN_TESTS_RPC_PROXY_H
#define PCN_TESTS_RPC_PROXY_H

#include "tests/integration/rpc/daemon.h"

typedef struct proxy proxy_t;

typedef struct proxy_counts {
    unsigned calls, replies; // that came
    unsigned repeated;       // passed on once more
    unsigned late;           // passed on after more than a second
    unsigned overtaken;      // passed on after one that came later
} proxy_counts_t;

proxy_t *proxy_new(uv_loop_t *loop, metrics_t *metrics, const daemon_t *daemon, const char *endpoint, chance_t chance);
void proxy_destroy(proxy_t **proxy);
const proxy_counts_t *proxy_counts(const proxy_t *proxy);
// What it still holds back.
unsigned proxy_held(const proxy_t *proxy);
// For a proxy that only repeats and reorders, without long delays.
void proxy_set_late(proxy_t *proxy, bool late);

#endif
