// The socket that HTTP is served on: a unix socket of ours, or a port of the loopback. Anything that the network could reach is refused:
// the edge stands in front, always.
#ifndef PCN_GATEWAY_LISTEN_H
#define PCN_GATEWAY_LISTEN_H

#include "common/base/status.h"

#define LISTEN_PATH_SIZE 108 // sockaddr_un's

typedef struct listen {
    int fd;                      // -1 for none
    char path[LISTEN_PATH_SIZE]; // of a unix socket; else empty
    uint64_t inode;
} listen_t;

// "unix:PATH", "127.0.0.1:PORT" or "[::1]:PORT". A socket file that nobody listens on is replaced. INVALID_ARGUMENT for an address that
// is malformed or not of the loopback, UNAVAILABLE where it cannot be had.
MUST_CHECK status_t listen_open(const char *address, listen_t *listen, problem_t *problem);
// Takes over a unix socket that listens already: whoever opened it keeps it open while the gateway restarts, so that connections wait in
// it. Its file is not ours to remove. INVALID_ARGUMENT for a descriptor that is something else.
MUST_CHECK status_t listen_inherit(int fd, listen_t *listen, problem_t *problem);
// Closes it and removes the socket file, if it still is this one's.
void listen_close(listen_t *listen);

#endif
