// Figures of calls by method and status. Series are found by the contract's method, never by a peer's text: a name that the contract does
// not know counts under "other", so that nobody can grow the list.
#ifndef PCN_RPC_METER_H
#define PCN_RPC_METER_H

#include "common/base/metrics.h"
#include "common/pb/type.h"

typedef struct rpc_meter rpc_meter_t;

// <prefix>_requests_total{<label>method,status} and <prefix>_seconds{<label>method}; `label` is "" or ends with a comma. NULL without
// memory.
rpc_meter_t *rpc_meter_new(metrics_t *metrics, const char *prefix, const char *label);
void rpc_meter_destroy(rpc_meter_t **meter);
// `method` may be NULL or not of the contract.
void rpc_meter_add(rpc_meter_t *meter, const pb_method_t *method, status_t status, int64_t us);

#endif
