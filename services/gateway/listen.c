#include "services/gateway/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 1024
#define FIELD "PCN_GATEWAY_HTTP_LISTEN"

static status_t failed(listen_t *listen, problem_t *problem, const char *what)
{
    int error = errno;
    if (listen->fd >= 0)
        close(listen->fd);
    *listen = (listen_t){.fd = -1};
    return problem_set(problem, STATUS_UNAVAILABLE, FIELD, "%s: %s", what, strerror(error));
}

// Whether somebody accepts there.
static bool answered(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool taken = fd >= 0 && (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 || errno == EAGAIN);
    if (fd >= 0)
        close(fd);
    return taken;
}

static status_t open_unix(const char *path, listen_t *listen_, problem_t *problem)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat found;
    size_t size = strlen(path);
    if (path[0] != '/' || size >= sizeof(address.sun_path))
        return problem_set(problem, STATUS_INVALID_ARGUMENT, FIELD, "A socket's path begins with a slash and has at most %zu bytes",
                           sizeof(address.sun_path) - 1);
    memcpy(address.sun_path, path, size + 1);
    if (lstat(path, &found) == 0) {
        if (!S_ISSOCK(found.st_mode))
            return problem_set(problem, STATUS_UNAVAILABLE, FIELD, "The path is taken by something that is no socket");
        if (answered(&address))
            return problem_set(problem, STATUS_UNAVAILABLE, FIELD, "Another gateway listens there");
        unlink(path);
    }
    listen_->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    // The mode is set before anybody can connect: a socket that does not listen yet refuses.
    if (listen_->fd < 0 || bind(listen_->fd, (const struct sockaddr *)&address, sizeof(address)) != 0 || chmod(path, 0660) != 0 ||
        stat(path, &found) != 0 || listen(listen_->fd, BACKLOG) != 0)
        return failed(listen_, problem, "The socket cannot be had");
    memcpy(listen_->path, path, size + 1);
    listen_->inode = (uint64_t)found.st_ino;
    return STATUS_OK;
}

// The address family, 0 for what is malformed or can be reached from elsewhere.
static sa_family_t parse_loopback(const char *text, struct sockaddr_storage *out, socklen_t *size)
{
    char host[64];
    const char *colon = strrchr(text, ':');
    size_t length = colon != NULL ? (size_t)(colon - text) : 0;
    size_t digits = colon != NULL ? strspn(colon + 1, "0123456789") : 0;
    if (length == 0 || length >= sizeof(host) || digits == 0 || digits > 5 || colon[1 + digits] != '\0')
        return 0;
    unsigned long port = strtoul(colon + 1, NULL, 10);
    if (port == 0 || port > 65535)
        return 0;
    memcpy(host, text, length);
    host[length] = '\0';
    struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)out;
    if (inet_pton(AF_INET, host, &v4->sin_addr) == 1 && (ntohl(v4->sin_addr.s_addr) >> 24) == 127) {
        v4->sin_port = htons((uint16_t)port);
        *size = sizeof(*v4);
        return v4->sin_family = AF_INET;
    }
    if (strcmp(host, "[::1]") == 0) {
        v6->sin6_addr = (struct in6_addr)IN6ADDR_LOOPBACK_INIT;
        v6->sin6_port = htons((uint16_t)port);
        *size = sizeof(*v6);
        return v6->sin6_family = AF_INET6;
    }
    return 0;
}

static status_t open_loopback(const char *text, listen_t *listen_, problem_t *problem)
{
    struct sockaddr_storage address = {0};
    socklen_t size;
    int on = 1;
    sa_family_t family = parse_loopback(text, &address, &size);
    if (family == 0)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, FIELD, "Must be unix:PATH or a port of the loopback, like 127.0.0.1:8081");
    listen_->fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listen_->fd < 0 || setsockopt(listen_->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        setsockopt(listen_->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 ||
        bind(listen_->fd, (const struct sockaddr *)&address, size) != 0 || listen(listen_->fd, BACKLOG) != 0)
        return failed(listen_, problem, "The port cannot be had");
    return STATUS_OK;
}

status_t listen_open(const char *address, listen_t *listen, problem_t *problem)
{
    *listen = (listen_t){.fd = -1};
    if (strncmp(address, "unix:", 5) == 0)
        return open_unix(address + 5, listen, problem);
    return open_loopback(address, listen, problem);
}

status_t listen_inherit(int fd, listen_t *listen, problem_t *problem)
{
    int domain = 0, listens = 0;
    socklen_t size = sizeof(int);
    *listen = (listen_t){.fd = -1};
    if (fd <= STDERR_FILENO || getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0 || domain != AF_UNIX ||
        getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || listens == 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ||
        fcntl(fd, F_SETFL, O_NONBLOCK) != 0)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "PCN_LISTEN_FD", "Must be the descriptor of a unix socket that listens");
    listen->fd = fd;
    return STATUS_OK;
}

void listen_close(listen_t *listen)
{
    struct stat found;
    if (listen->fd >= 0)
        close(listen->fd);
    if (listen->path[0] != '\0' && lstat(listen->path, &found) == 0 && (uint64_t)found.st_ino == listen->inode)
        unlink(listen->path);
    *listen = (listen_t){.fd = -1};
}
