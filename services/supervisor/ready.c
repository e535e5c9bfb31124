#include "services/supervisor/ready.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "services/supervisor/process.h"

// What cannot notify is asked: often enough to be noticed at once, seldom enough to cost nothing.
enum { READY_CONNECT_MS = 20, READY_PROBE_MS = 50, READY_CONNECT_LIMIT_MS = 100 };

struct ready {
    const spec_program_t *program;
    ready_fn fn;
    void *data;
    uv_timer_t timer;
    uv_pipe_t pipe;
    bool has_pipe;
    bool done;
    int open_handles;
    int child_fd;
    pid_t probe;
    char text[16];
    size_t size;
};

static void finish(ready_t *ready)
{
    if (!ready->done) {
        ready->done = true;
        uv_timer_stop(&ready->timer);
        ready->fn(ready->data);
    }
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    (void)suggested;
    ready_t *ready = handle->data;
    *buf = uv_buf_init(ready->text + ready->size, (unsigned)(sizeof ready->text - 1 - ready->size));
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buf)
{
    (void)buf;
    ready_t *ready = stream->data;
    if (size < 0) {
        uv_read_stop(stream);
        return;
    }
    ready->size += (size_t)size;
    ready->text[ready->size] = '\0';
    if (strstr(ready->text, "ready\n") != NULL) {
        uv_read_stop(stream);
        finish(ready);
    }
}

// Local addresses answer at once, either way; the limit is for a backlog that is full.
static bool address_connects(const char *address)
{
    union {
        struct sockaddr any;
        struct sockaddr_un local;
        struct sockaddr_in inet;
    } place = {0};
    socklen_t size = 0;
    if (strncmp(address, "unix:", 5) == 0) {
        place.local.sun_family = AF_UNIX;
        int length = snprintf(place.local.sun_path, sizeof place.local.sun_path, "%s", address + 5);
        if (length < 0 || (size_t)length >= sizeof place.local.sun_path) {
            return false;
        }
        size = sizeof place.local;
    } else {
        char host[64];
        const char *colon = strrchr(address, ':');
        if (colon == NULL || (size_t)(colon - address) >= sizeof host) {
            return false;
        }
        snprintf(host, sizeof host, "%.*s", (int)(colon - address), address);
        place.inet.sin_family = AF_INET;
        place.inet.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
        if (inet_pton(AF_INET, host, &place.inet.sin_addr) != 1) {
            return false;
        }
        size = sizeof place.inet;
    }
    int fd = socket(place.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return false;
    }
    struct timeval limit = {.tv_usec = READY_CONNECT_LIMIT_MS * 1000};
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    bool connects = connect(fd, &place.any, size) == 0;
    close(fd);
    return connects;
}

static void probe_start(ready_t *ready)
{
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (null < 0) {
        return;
    }
    pid_t pid = process_start(&(process_spawn_t){.argv = ready->program->probe.items,
                                                 .environment = ready->program->environment.items,
                                                 .out_fd = null,
                                                 .ready_fd = -1,
                                                 .listen_fd = -1,
                                                 .death_signal = SIGKILL});
    close(null);
    ready->probe = pid > 0 ? pid : 0;
}

static void on_timer(uv_timer_t *timer)
{
    ready_t *ready = timer->data;
    switch (ready->program->ready) {
    case SPEC_READY_CONNECT:
        if (address_connects(ready->program->address)) {
            finish(ready);
        }
        break;
    case SPEC_READY_PROBE:
        if (ready->probe == 0) {
            probe_start(ready);
        }
        break;
    default:
        finish(ready);
        break;
    }
}

void ready_reap(ready_t *ready)
{
    int status = 0;
    if (ready->probe != 0 && waitpid(ready->probe, &status, WNOHANG) == ready->probe) {
        ready->probe = 0;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
            finish(ready);
        }
    }
}

ready_t *ready_new(uv_loop_t *loop, const spec_program_t *program, ready_fn fn, void *data)
{
    ready_t *ready = calloc(1, sizeof *ready);
    if (ready == NULL) {
        return NULL;
    }
    *ready = (ready_t){.program = program, .fn = fn, .data = data, .child_fd = -1};
    int ends[2] = {-1, -1};
    if (program->ready == SPEC_READY_FD) {
        if (pipe2(ends, O_CLOEXEC) != 0) {
            free(ready);
            return NULL;
        }
        ready->child_fd = ends[1];
        uv_pipe_init(loop, &ready->pipe, 0);
        ready->pipe.data = ready;
        ready->has_pipe = true;
        ready->open_handles++;
        uv_pipe_open(&ready->pipe, ends[0]);
    }
    uv_timer_init(loop, &ready->timer);
    ready->timer.data = ready;
    ready->open_handles++;
    return ready;
}

int ready_child_fd(const ready_t *ready)
{
    return ready->child_fd;
}

void ready_begin(ready_t *ready)
{
    if (ready->child_fd >= 0) {
        close(ready->child_fd);
        ready->child_fd = -1;
        uv_read_start((uv_stream_t *)&ready->pipe, on_alloc, on_read);
    } else if (ready->program->ready != SPEC_READY_EXIT) {
        bool probes = ready->program->ready == SPEC_READY_PROBE;
        uv_timer_start(&ready->timer, on_timer, 0, probes ? READY_PROBE_MS : READY_CONNECT_MS);
    }
}

static void on_close(uv_handle_t *handle)
{
    ready_t *ready = handle->data;
    if (--ready->open_handles == 0) {
        free(ready);
    }
}

void ready_close(ready_t **reference)
{
    ready_t *ready = *reference;
    if (ready == NULL) {
        return;
    }
    *reference = NULL;
    ready->done = true;
    if (ready->child_fd >= 0) {
        close(ready->child_fd);
    }
    if (ready->probe != 0) {
        kill(ready->probe, SIGKILL);
        (void)waitpid(ready->probe, NULL, 0);
    }
    if (ready->has_pipe) {
        uv_close((uv_handle_t *)&ready->pipe, on_close);
    }
    uv_close((uv_handle_t *)&ready->timer, on_close);
}
