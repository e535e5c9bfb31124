// Where a request comes from: the client's network address, for the audit trail.
#ifndef PCN_GATEWAY_ORIGIN_H
#define PCN_GATEWAY_ORIGIN_H

#include <sys/socket.h>

#define ORIGIN_SIZE 48 // an IPv6 address as text

// The address in its usual form; empty where it is not known. Who connects over TCP is told by the connection itself. On the unix socket
// the edge stands in front, which puts the client's address into X-Forwarded-For in place of whatever the client wrote there: `forwarded`,
// NULL where it is not there exactly once. `peer` may be NULL.
void origin_find(const struct sockaddr *peer, const char *forwarded, char out[ORIGIN_SIZE]);

#endif
