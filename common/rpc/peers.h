// Who was let in, and whether they still may be here. The keys folder is watched from the first one on: when a name no longer stands for
// the key under which somebody came (its .public file was removed or replaced), all bindings of the context send their peers away, and
// who still may comes back in.
//
// The folder's watch can miss what happens (a network file system, no watches left), so the files are also looked at every few seconds. A
// file that was only written anew with the same key is no revocation. One loop, one thread.
#ifndef PCN_RPC_PEERS_H
#define PCN_RPC_PEERS_H

#include "common/rpc/context.h"

typedef struct rpc_peers rpc_peers_t;

// `metrics` gets pcn_zap_revoked_total.
MUST_CHECK status_t rpc_peers_new(rpc_context_t *context, const char *keys_dir, metrics_t *metrics, rpc_peers_t **peers,
                                  problem_t *problem);
void rpc_peers_destroy(rpc_peers_t **peers);
// Looks the key (Z85) up on the allow list and remembers its owner. False for one who is not on it, or who could not be remembered.
MUST_CHECK bool rpc_peers_admit(rpc_peers_t *peers, const char key[RPC_KEY_SIZE], char name[RPC_NAME_SIZE]);

#endif
