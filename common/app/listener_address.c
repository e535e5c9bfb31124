#include "common/app/listener_address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char variable[] = "PCN_METRICS_LISTEN";

static status_t refuse(problem_t *problem, const char *detail)
{
    return problem_set(problem, STATUS_INVALID_ARGUMENT, variable, "%s %s", variable, detail);
}

static status_t parse_unix(const char *path, listener_address_t *address, problem_t *problem)
{
    struct sockaddr_un *name = (struct sockaddr_un *)&address->socket;
    const size_t size = strlen(path) + 1;
    if (size > sizeof name->sun_path) {
        return refuse(problem, "is too long for a unix socket: shorten it, or the path of the state folder");
    }
    name->sun_family = AF_UNIX;
    memcpy(name->sun_path, path, size);
    memcpy(address->path, path, size);
    address->size = sizeof *name;
    return STATUS_OK;
}

static status_t parse_tcp(const char *text, listener_address_t *address, problem_t *problem)
{
    const char *colon = strrchr(text, ':');
    char host[64];
    if (colon == NULL || (size_t)(colon - text) >= sizeof host || strlen(colon + 1) > 5 ||
        strspn(colon + 1, "0123456789") != strlen(colon + 1)) {
        return refuse(problem, "must be a path or a loopback address with a port");
    }
    memcpy(host, text, (size_t)(colon - text));
    host[colon - text] = '\0';
    unsigned long port = strtoul(colon + 1, NULL, 10);
    if (port < 1 || port > 65535) {
        return refuse(problem, "needs a port from 1 to 65535");
    }
    if (strcmp(host, "[::1]") == 0) {
        struct sockaddr_in6 *name = (struct sockaddr_in6 *)&address->socket;
        *name = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port), .sin6_addr = in6addr_loopback};
        address->size = sizeof *name;
        return STATUS_OK;
    }
    struct sockaddr_in *name = (struct sockaddr_in *)&address->socket;
    name->sin_family = AF_INET;
    name->sin_port = htons((uint16_t)port);
    address->size = sizeof *name;
    const char *number = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
    // What is seen there is not for other machines.
    if (inet_pton(AF_INET, number, &name->sin_addr) != 1 || ntohl(name->sin_addr.s_addr) >> 24 != IN_LOOPBACKNET) {
        return refuse(problem, "must be a path or a loopback address with a port");
    }
    return STATUS_OK;
}

status_t listener_address_parse(const char *text, listener_address_t *address, problem_t *problem)
{
    memset(address, 0, sizeof *address);
    if (strncmp(text, "unix:", 5) == 0 && text[5] != '\0') {
        return parse_unix(text + 5, address, problem);
    }
    return strchr(text, '/') != NULL ? parse_unix(text, address, problem) : parse_tcp(text, address, problem);
}

// Whether a socket file is there that nobody listens on. ALREADY_EXISTS where somebody does, or it is no socket.
static status_t remove_stale(const listener_address_t *address, problem_t *problem)
{
    struct stat found;
    if (lstat(address->path, &found) != 0) {
        return STATUS_OK;
    }
    if (!S_ISSOCK(found.st_mode)) {
        return problem_set(problem, STATUS_ALREADY_EXISTS, variable, "%s: there is a file that is not a socket", address->path);
    }
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0) {
        return problem_set(problem, STATUS_UNAVAILABLE, variable, "no socket: %s", strerror(errno));
    }
    bool refused = connect(probe, (const struct sockaddr *)&address->socket, address->size) != 0 && errno == ECONNREFUSED;
    close(probe);
    if (!refused) {
        return problem_set(problem, STATUS_ALREADY_EXISTS, variable, "%s: another daemon listens there; a replica needs its own",
                           address->path);
    }
    unlink(address->path);
    return STATUS_OK;
}

status_t listener_address_bind(const listener_address_t *address, int *fd, problem_t *problem)
{
    bool local = address->path[0] != '\0';
    status_t status = local ? remove_stale(address, problem) : STATUS_OK;
    if (status != STATUS_OK) {
        return status;
    }
    int made = socket(address->socket.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int yes = 1;
    // Linux gives the file the mode of the unbound socket: at no moment is it open to others.
    if (made < 0 || (local && fchmod(made, 0600) != 0) || (!local && setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0) ||
        bind(made, (const struct sockaddr *)&address->socket, address->size) != 0) {
        int error = errno;
        if (made >= 0) {
            close(made);
        }
        return problem_set(problem, error == EADDRINUSE ? STATUS_ALREADY_EXISTS : STATUS_UNAVAILABLE, variable,
                           "the listener for metrics cannot be bound: %s", strerror(error));
    }
    *fd = made;
    return STATUS_OK;
}
