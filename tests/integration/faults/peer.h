// One enrolled key over ZeroMQ: asks the registry's log and waits for the reply. One thread.
#ifndef PCN_TESTS_INTEGRATION_FAULTS_PEER_H
#define PCN_TESTS_INTEGRATION_FAULTS_PEER_H

#include "common/rpc/client.h"
#include "pcn/events/v1/events.pb-c.h"
#include "tests/support/platform.h"

typedef struct peer {
    uv_loop_t loop;
    metrics_t *metrics;
    rpc_context_t *context;
    rpc_client_t *client;
} peer_t;

// What came of the last call; its memory is in `arena`, which peer_reply_clear gives back.
typedef struct peer_reply {
    problem_t problem;
    void *message; // NULL unless the status is OK
    arena_t *arena;
} peer_reply_t;

// Enrols the key `name`, or takes one that is there. Fails the test where it cannot.
void peer_open(peer_t *peer, const platform_t *platform, const char *name);
void peer_close(peer_t *peer);
status_t peer_read(peer_t *peer, int64_t after, uint32_t limit, const char *epoch, peer_reply_t *reply);
status_t peer_snapshot(peer_t *peer, uint32_t page_size, const char *page_token, peer_reply_t *reply);
void peer_reply_clear(peer_reply_t *reply);

#endif
