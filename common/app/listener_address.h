// Binding the private listener's socket.
#ifndef PCN_APP_LISTENER_ADDRESS_H
#define PCN_APP_LISTENER_ADDRESS_H

#include <sys/socket.h>
#include <sys/un.h>

#include "common/base/status.h"

typedef struct listener_address {
    struct sockaddr_storage socket;
    socklen_t size;
    // Of a unix socket; empty otherwise.
    char path[sizeof((struct sockaddr_un *)NULL)->sun_path];
} listener_address_t;

// See listener_new for what an address is.
MUST_CHECK status_t listener_address_parse(const char *text, listener_address_t *address, problem_t *problem);
// A bound, non-blocking socket that is not yet listening; a stale socket file is replaced.
MUST_CHECK status_t listener_address_bind(const listener_address_t *address, int *fd, problem_t *problem);

#endif
