#include "services/supervisor/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CAPTURE_FILE_SIZE = 10 * 1024 * 1024, CAPTURE_OLDER = 5, CAPTURE_CHUNK = 64 * 1024 };

struct capture {
    uv_pipe_t pipe;
    char path[PATH_MAX];
    char chunk[CAPTURE_CHUNK];
    int write_fd;
    int file;
    off_t size;
    bool torn; // the last line in the file lost its end
};

static void file_open(capture_t *capture)
{
    capture->file = open(capture->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    struct stat info;
    capture->size = capture->file >= 0 && fstat(capture->file, &info) == 0 ? info.st_size : 0;
}

// A file that cannot be renamed is gone on with: too large a log is better than none.
static void file_rotate(capture_t *capture)
{
    char from[PATH_MAX + 16];
    char to[PATH_MAX + 16];
    for (int i = CAPTURE_OLDER; i > 0; i--) {
        snprintf(to, sizeof to, "%s.%d", capture->path, i);
        if (i > 1) {
            snprintf(from, sizeof from, "%s.%d", capture->path, i - 1);
        } else {
            snprintf(from, sizeof from, "%s", capture->path);
        }
        (void)rename(from, to);
    }
    close(capture->file);
    file_open(capture);
}

static void file_write(capture_t *capture, const char *bytes, size_t size)
{
    if (capture->file < 0) {
        file_open(capture);
    }
    if (capture->file >= 0 && capture->size >= CAPTURE_FILE_SIZE) {
        file_rotate(capture);
    }
    if (capture->file < 0) {
        return;
    }
    if (capture->torn && write(capture->file, "\n", 1) == 1) {
        capture->size++;
        capture->torn = false;
    }
    while (size > 0 && !capture->torn) {
        ssize_t written = write(capture->file, bytes, size);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            capture->torn = true;
            return;
        }
        capture->size += written;
        bytes += written;
        size -= (size_t)written;
    }
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    (void)suggested;
    capture_t *capture = handle->data;
    *buf = uv_buf_init(capture->chunk, sizeof capture->chunk);
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buf)
{
    if (size > 0) {
        file_write(stream->data, buf->base, (size_t)size);
    }
}

status_t capture_new(uv_loop_t *loop, const char *dir, const char *name, capture_t **out, problem_t *problem)
{
    *out = NULL;
    capture_t *capture = calloc(1, sizeof *capture);
    if (capture == NULL) {
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "no memory");
    }
    int length = snprintf(capture->path, sizeof capture->path, "%s/%s.log", dir, name);
    int ends[2];
    if (length < 0 || (size_t)length >= sizeof capture->path || pipe2(ends, O_CLOEXEC) != 0) {
        free(capture);
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "no pipe for the log of %s", name);
    }
    if (uv_pipe_init(loop, &capture->pipe, 0) != 0 || uv_pipe_open(&capture->pipe, ends[0]) != 0) {
        close(ends[0]);
        close(ends[1]);
        free(capture);
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "no pipe for the log of %s", name);
    }
    capture->write_fd = ends[1];
    capture->pipe.data = capture;
    file_open(capture);
    uv_read_start((uv_stream_t *)&capture->pipe, on_alloc, on_read);
    *out = capture;
    return STATUS_OK;
}

int capture_fd(const capture_t *capture)
{
    return capture->write_fd;
}

static void on_close(uv_handle_t *handle)
{
    free(handle->data);
}

void capture_close(capture_t **reference)
{
    capture_t *capture = *reference;
    if (capture == NULL) {
        return;
    }
    *reference = NULL;
    uv_os_fd_t fd;
    if (uv_fileno((uv_handle_t *)&capture->pipe, &fd) == 0) {
        ssize_t size;
        while ((size = read(fd, capture->chunk, sizeof capture->chunk)) > 0) {
            file_write(capture, capture->chunk, (size_t)size);
        }
    }
    close(capture->write_fd);
    if (capture->file >= 0) {
        close(capture->file);
    }
    uv_close((uv_handle_t *)&capture->pipe, on_close);
}
