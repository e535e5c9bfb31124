// A daemon's private HTTP listener: GET /metrics, /healthz and /readyz, on a unix socket or a loopback address, for probes and the
// scraper of the same machine. Not a web server: three exact paths, requests up to 4 KiB, a few connections at a time, each closed
// after its answer and after a while in any case.
//
// On the loop's thread, with SIGPIPE ignored. Everything that it asks for must be quick.
#ifndef PCN_APP_LISTENER_H
#define PCN_APP_LISTENER_H

#include <uv.h>

#include "common/base/buf.h"
#include "common/base/status.h"

typedef struct listener listener_t;

typedef struct listener_spec {
    // A connection is closed after so long, answered or not.
    uint64_t timeout_ms;
    void *data;
    // Appends the text of /metrics.
    void (*metrics)(void *data, buf_t *out);
    // Whether /readyz is 200; the reason otherwise in the problem.
    bool (*ready)(void *data, problem_t *problem);
} listener_spec_t;

// `address` is [unix:]/path, 127.x.y.z:port, localhost:port or [::1]:port. A socket file that nobody listens on any more is replaced; the
// new one has mode 0600. INVALID_ARGUMENT for PCN_METRICS_LISTEN where the address is not one of these or is too long, ALREADY_EXISTS
// where somebody else listens, UNAVAILABLE where it cannot be bound.
MUST_CHECK status_t listener_new(uv_loop_t *loop, const char *address, const listener_spec_t *spec, listener_t **listener,
                                 problem_t *problem);
// Closes it and its connections and takes the socket file away; the memory goes when the loop has closed the last handle.
void listener_destroy(listener_t **listener);

#endif
