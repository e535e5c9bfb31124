// Requests by the time at which they are to be looked at: a binary heap that knows each one's place, so that an answered one leaves
// at once.
#ifndef PCN_RPC_DUE_H
#define PCN_RPC_DUE_H

#include "common/rpc/client.h"

typedef struct rpc_due {
    rpc_request_t **heap;
    unsigned count;
    unsigned room;
} rpc_due_t;

// False without memory. Never grows later.
MUST_CHECK bool rpc_due_init(rpc_due_t *due, unsigned room);
void rpc_due_deinit(rpc_due_t *due);
// request->due_us is set. There must be room.
void rpc_due_add(rpc_due_t *due, rpc_request_t *request);
void rpc_due_remove(rpc_due_t *due, rpc_request_t *request);
// The earliest one, or NULL.
rpc_request_t *rpc_due_first(const rpc_due_t *due);

#endif
