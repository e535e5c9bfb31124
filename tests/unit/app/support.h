// A small HTTP client for the private listener, and a daemon in a child process.
#ifndef PCN_TESTS_APP_SUPPORT_H
#define PCN_TESTS_APP_SUPPORT_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { WAIT_MS = 60000, STEP_MS = 5 };

static inline void pause_ms(long ms)
{
    struct timespec span = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&span, NULL);
}

// Connected, or -1.
static inline int client_connect(const char *path)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    assert_true(strlen(path) < sizeof name.sun_path);
    strcpy(name.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    if (connect(fd, (const struct sockaddr *)&name, sizeof name) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

// Waits until somebody listens.
static inline int client_wait(const char *path)
{
    for (int waited = 0; waited < WAIT_MS; waited += STEP_MS) {
        int fd = client_connect(path);
        if (fd >= 0) {
            return fd;
        }
        pause_ms(STEP_MS);
    }
    fail_msg("nobody listens at %s", path);
    return -1;
}

// What comes until the other side closes, or that time passed.
static inline const char *client_read(int fd)
{
    static char text[256 * 1024];
    size_t size = 0;
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    while (size < sizeof text - 1 && poll(&wait, 1, WAIT_MS) == 1) {
        ssize_t count = read(fd, text + size, sizeof text - 1 - size);
        if (count <= 0) {
            break;
        }
        size += (size_t)count;
    }
    text[size] = '\0';
    close(fd);
    return text;
}

static inline const char *client_ask(int fd, const char *request, size_t size)
{
    assert_int_equal(send(fd, request, size, MSG_NOSIGNAL), size);
    return client_read(fd);
}

static inline const char *client_get(const char *socket_path, const char *path)
{
    char request[256];
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: local\r\n\r\n", path);
    return client_ask(client_wait(socket_path), request, strlen(request));
}

static inline void assert_begins(const char *text, const char *expected)
{
    if (strncmp(text, expected, strlen(expected)) != 0) {
        fail_msg("%s does not begin with %s", text, expected);
    }
}

static inline void assert_holds(const char *text, const char *expected)
{
    if (strstr(text, expected) == NULL) {
        fail_msg("%s does not hold %s", text, expected);
    }
}

#endif
