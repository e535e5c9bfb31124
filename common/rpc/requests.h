// A list of requests in flight, each in at most one list.
#ifndef PCN_RPC_REQUESTS_H
#define PCN_RPC_REQUESTS_H

#include "common/rpc/client.h"

typedef struct rpc_requests {
    rpc_request_t *first, *last;
    unsigned count;
} rpc_requests_t;

static inline void requests_add(rpc_requests_t *list, rpc_request_t *request)
{
    request->list = list;
    request->next = NULL;
    request->previous = list->last;
    if (list->last != NULL) {
        list->last->next = request;
    } else {
        list->first = request;
    }
    list->last = request;
    list->count++;
}

static inline void requests_remove(rpc_request_t *request)
{
    rpc_requests_t *list = request->list;
    if (list == NULL) {
        return;
    }
    if (request->previous != NULL) {
        request->previous->next = request->next;
    } else {
        list->first = request->next;
    }
    if (request->next != NULL) {
        request->next->previous = request->previous;
    } else {
        list->last = request->previous;
    }
    list->count--;
    request->list = NULL;
    request->next = NULL;
    request->previous = NULL;
}

#endif
