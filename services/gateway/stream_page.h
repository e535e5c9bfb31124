// A page of a service's log, read for one stream that the ring cannot serve. It is asked for in the name of the stream's caller and lives
// in an arena of its own, since a stream may end before the answer comes.
#ifndef PCN_GATEWAY_STREAM_PAGE_H
#define PCN_GATEWAY_STREAM_PAGE_H

#include "common/base/id.h"
#include "pcn/events/v1/events.pb-c.h"
#include "services/gateway/gateway.h"

typedef struct stream_page {
    gateway_t *gateway;
    principal_t *principal;
    arena_t *arena;
    rpc_request_t call;
    char request_id[ID_SIZE];
    void (*done)(void *data); // NULL once nobody waits
    void *data;
    bool answered;
    problem_t problem;                       // of an answered one; status OK: `reply` is there
    const Pcn__Events__V1__ReadReply *reply; // in the arena
    size_t at;                               // the event that is next
} stream_page_t;

typedef struct stream_page_options {
    const char *service;
    int64_t after;
    const char *type; // NULL for all
    principal_t *principal;
    const char *request_id; // of the stream's request
    void (*done)(void *data);
    void *data;
} stream_page_options_t;

// Asks; `done` comes later, never from inside. NULL where the service is not there or memory is short.
stream_page_t *stream_page_read(gateway_t *gateway, const stream_page_options_t *options);
// No `done` after it. *page becomes NULL.
void stream_page_release(stream_page_t **page);

#endif
