#include "services/supervisor/client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/clock.h"
#include "services/supervisor/control.h"
#include "services/supervisor/lock.h"
#include "services/supervisor/record.h"
#include "services/supervisor/sockets.h"

enum { CLIENT_ANSWER = 1024 * 1024, CLIENT_CHUNK = 4096 };

static int open_socket(const char *dir)
{
    struct sockaddr_un place = {.sun_family = AF_UNIX};
    problem_t problem = {0};
    if (control_path(dir, place.sun_path, sizeof place.sun_path, &problem) != STATUS_OK) {
        fprintf(stderr, "%s\n", problem.detail);
        return -1;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&place, sizeof place) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

// Prints whole lines as they come. 0 or 1 at the last line, -1 before.
static int lines_print(buf_t *text)
{
    char *line = text->data;
    char *end;
    int result = -1;
    while (result < 0 && line != NULL && (end = strchr(line, '\n')) != NULL) {
        *end = '\0';
        if (strcmp(line, "ok") == 0) {
            result = 0;
        } else if (strncmp(line, "failed: ", 8) == 0) {
            fprintf(stderr, "%s\n", line + 8);
            result = 1;
        } else {
            puts(line);
            fflush(stdout);
        }
        line = end + 1;
    }
    if (line != NULL && line != text->data) {
        text->size -= (size_t)(line - text->data);
        memmove(text->data, line, text->size + 1);
    }
    return result;
}

static int answer_print(int fd, int timeout_ms)
{
    buf_t text;
    buf_init(&text, CLIENT_ANSWER);
    int64_t deadline_us = clock_steady_us() + timeout_ms * INT64_C(1000);
    int result = -1;
    while (result < 0) {
        int64_t left_ms = (deadline_us - clock_steady_us()) / 1000;
        struct pollfd watch = {.fd = fd, .events = POLLIN};
        int ready = poll(&watch, 1, timeout_ms < 0 ? -1 : left_ms > 0 ? (int)left_ms : 0);
        if (ready < 0 && errno == EINTR) {
            continue;
        }
        if (ready == 0) {
            fprintf(stderr, "not ready after %d s\n", timeout_ms / 1000);
            result = 1;
            break;
        }
        char chunk[CLIENT_CHUNK];
        ssize_t size = read(fd, chunk, sizeof chunk);
        if (size <= 0) {
            result = 3;
            break;
        }
        buf_add(&text, chunk, (size_t)size);
        result = buf_ok(&text) ? lines_print(&text) : 3;
    }
    buf_deinit(&text);
    return result;
}

int client_ask(const char *dir, const char *line, int timeout_ms)
{
    int fd = open_socket(dir);
    if (fd < 0) {
        return 3;
    }
    size_t size = strlen(line);
    int result = 3;
    if (write(fd, line, size) == (ssize_t)size && write(fd, "\n", 1) == 1) {
        result = answer_print(fd, timeout_ms);
    }
    close(fd);
    return result;
}

int client_stop(const char *dir)
{
    record_t record;
    record_load(&record, dir);
    bool stopped = false;
    problem_t problem = {0};
    if (record_stop(&record, &stopped, &problem) != STATUS_OK) {
        fprintf(stderr, "%s\n", problem.detail);
        return 1;
    }
    record_remove(dir);
    // Where another supervisor has started since, they are its own.
    int lock = lock_take(dir);
    if (lock >= 0) {
        sockets_remove(dir);
        close(lock);
    }
    puts(stopped ? "stopped" : "not running");
    return 0;
}
