// Calls on the copy as the gateway makes them, each over a connection of its own: the daemon goes and comes between them.
#ifndef PCN_TESTS_FOLLOWER_PEER_H
#define PCN_TESTS_FOLLOWER_PEER_H

#include "common/rpc/client.h"

typedef struct peer {
    const char *folder; // of the instance
    uv_loop_t loop;
    metrics_t *metrics;
    rpc_context_t *context;
    rpc_client_t *client;
    arena_t *arena; // of the last call
    problem_t problem;
    const char *scope; // of the caller
    const char *key;   // Idempotency-Key of the next call; NULL for none
    bool replayed;
    char *reply; // JSON of the last call that went well
} peer_t;

void peer_init(peer_t *peer, const char *folder);
void peer_deinit(peer_t *peer);
// Calls a method of Followers with a request in JSON.
status_t peer_call(peer_t *peer, const char *method, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
