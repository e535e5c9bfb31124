// Inside of this folder: how many of a server's calls in flight are whose, so that one key cannot take the room of the others. By row of
// the permissions and by key. One loop, one thread.
#ifndef PCN_RPC_SHARE_H
#define PCN_RPC_SHARE_H

#include "common/rpc/server.h"

typedef struct rpc_share {
    char key[RPC_NAME_SIZE];
    size_t row;
    unsigned in_flight;
    struct rpc_share *next;
} rpc_share_t;

typedef struct rpc_shares {
    const rpc_permission_t *rows;
    rpc_share_t *first; // one for each key and row that ever called
} rpc_shares_t;

void rpc_shares_init(rpc_shares_t *shares, const rpc_permission_t *rows);
void rpc_shares_deinit(rpc_shares_t *shares);
// Room for one more call; NULL where there is none, for this key or for all of the row.
rpc_share_t *rpc_shares_take(rpc_shares_t *shares, size_t row, const char *key);
// Gives it back; NULL for none.
void rpc_share_give(rpc_share_t *share);

#endif
