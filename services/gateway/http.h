// libmicrohttpd driven by our own loop: its epoll descriptor is watched, its timeout is a timer, and it runs once in a turn of the loop
// after whatever woke it, so that requests answered together are written together. Its own threads stall under load, and waiting
// on the descriptor alone misses resumed connections for seconds.
//
// One loop, one thread. The listening socket belongs to this.
#ifndef PCN_GATEWAY_HTTP_H
#define PCN_GATEWAY_HTTP_H

#include "services/gateway/gateway.h"
#include "services/gateway/listen.h"

typedef struct http http_t;

// Serves `gateway` on the socket, which it takes over (closed on failure too). UNAVAILABLE where libmicrohttpd does not start.
MUST_CHECK status_t http_new(gateway_t *gateway, listen_t *listen, http_t **http, problem_t *problem);
// A connection was resumed: run in this turn of the loop.
void http_wake(http_t *http);
// No new connections; requests on those that are there are answered, and closed. Streams end.
void http_drain(http_t *http);
// Ends all connections. No request may wait for a service any more. The loop must run on until the handles are closed.
void http_destroy(http_t **http);

#endif
