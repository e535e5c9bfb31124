// The ZAP handler (ZeroMQ RFC 27): libzmq asks it about every CURVE handshake of a server socket. A key is let in if a *.public file of the
// keys folder holds it; the file's name is the peer's. The folder is read at each handshake: handshakes are rare, and so neither a
// key added, removed nor replaced can be missed. Who is in already when its key goes is the matter of peers.h.
#ifndef PCN_RPC_ZAP_H
#define PCN_RPC_ZAP_H

#include "common/rpc/context.h"

#define RPC_ZAP_DOMAIN "pcn"

typedef struct rpc_zap rpc_zap_t;

// `metrics` gets pcn_zap_accepted_total and pcn_zap_refused_total.
MUST_CHECK status_t rpc_zap_new(rpc_context_t *context, const char *keys_dir, metrics_t *metrics, rpc_zap_t **zap, problem_t *problem);
void rpc_zap_destroy(rpc_zap_t **zap);
// libzmq's socket; NULL for none.
void *rpc_zap_socket(const rpc_zap_t *zap);

#endif
