// XPUB for change events, and the hint by which replicas wake the relay. It drops what a slow subscriber does not take: it is the fast
// path, the log is the truth. What subscribers may ask of it is bounded (audience.h): who asks for more loses its connection.
#ifndef PCN_RPC_PUBLISHER_H
#define PCN_RPC_PUBLISHER_H

#include "common/rpc/context.h"

typedef struct rpc_publisher rpc_publisher_t;

MUST_CHECK status_t rpc_publisher_new(rpc_context_t *context, const char *const *endpoints, rpc_publisher_t **publisher,
                                      problem_t *problem);
void rpc_publisher_destroy(rpc_publisher_t **publisher);
// Two frames: [topic][bytes].
void rpc_publish(rpc_publisher_t *publisher, const char *topic, const void *bytes, size_t size);

#endif
