#include "services/gateway/origin.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

// An IPv4 client of an IPv6 socket is an IPv4 client.
static bool write_v6(const struct in6_addr *address, char out[ORIGIN_SIZE])
{
    if (IN6_IS_ADDR_V4MAPPED(address))
        return inet_ntop(AF_INET, address->s6_addr + 12, out, ORIGIN_SIZE) != NULL;
    return inet_ntop(AF_INET6, address, out, ORIGIN_SIZE) != NULL;
}

static bool write_literal(const char *text, char out[ORIGIN_SIZE])
{
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, text, &v4) == 1)
        return inet_ntop(AF_INET, &v4, out, ORIGIN_SIZE) != NULL;
    return inet_pton(AF_INET6, text, &v6) == 1 && write_v6(&v6, out);
}

void origin_find(const struct sockaddr *peer, const char *forwarded, char out[ORIGIN_SIZE])
{
    bool known = false;
    if (peer == NULL) {
        known = false;
    } else if (peer->sa_family == AF_INET) {
        known = inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)peer)->sin_addr, out, ORIGIN_SIZE) != NULL;
    } else if (peer->sa_family == AF_INET6) {
        known = write_v6(&((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr, out);
    } else if (peer->sa_family == AF_UNIX && forwarded != NULL) {
        known = write_literal(forwarded, out);
    }
    if (!known)
        out[0] = '\0';
}
