// Uploads and downloads that are open: how many there may be, so that their memory is bounded, and how long one may take, so that a place
// is not held by a client that sends or takes a byte now and then. Whoever says nothing at all libmicrohttpd lets go.
//
// One loop, one thread; belongs to the gateway.
#ifndef PCN_GATEWAY_TRANSFERS_H
#define PCN_GATEWAY_TRANSFERS_H

#include "services/gateway/request.h"

typedef struct transfers transfers_t;

typedef enum transfer_kind { TRANSFER_UPLOAD, TRANSFER_DOWNLOAD, TRANSFER_KINDS } transfer_kind_t;

typedef struct transfer {
    transfers_t *among; // NULL outside of it
    struct transfer *next, *previous;
    transfer_kind_t kind;
    request_t *request;
    int64_t until_us;
    // Its time is over: the connection is to end.
    void (*expire)(struct transfer *transfer);
} transfer_t;

// NULL without memory.
transfers_t *transfers_new(gateway_t *gateway);
// After HTTP's connections have ended. The loop must run on until a handle is closed.
void transfers_stop(transfers_t *transfers);
void transfers_destroy(transfers_t **transfers);

// UNAVAILABLE where there are as many as there may be.
MUST_CHECK status_t transfers_enter(transfers_t *transfers, transfer_t *transfer, problem_t *problem);
// Also for one that is outside.
void transfers_leave(transfer_t *transfer);
void transfers_count_bytes(const transfer_t *transfer, size_t bytes);
// Ends the transfer's connection: libmicrohttpd finds it closed.
void transfer_break(const transfer_t *transfer);

#endif
