#include "services/ctl/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

status_t file_path(const char *dir, const char *name, char path[FILE_PATH_SIZE], problem_t *problem)
{
    int size = snprintf(path, FILE_PATH_SIZE, "%s/%s", dir, name);
    if (size < 0 || size >= FILE_PATH_SIZE)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "a path is longer than %d characters", FILE_PATH_SIZE - 1);
    return STATUS_OK;
}

static status_t cannot(problem_t *problem, const char *what, const char *path, int error)
{
    return problem_set(problem, error == ENOENT ? STATUS_NOT_FOUND : STATUS_UNAVAILABLE, NULL, "cannot %s %s: %s", what, path,
                       strerror(error));
}

static status_t read_all(int fd, const char *path, buf_t *content, problem_t *problem)
{
    enum { PIECE = 16384 };
    for (;;) {
        char piece[PIECE];
        ssize_t size = read(fd, piece, sizeof piece);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return cannot(problem, "read", path, errno);
        if (size == 0)
            return STATUS_OK;
        buf_add(content, piece, (size_t)size);
        if (!buf_ok(content))
            return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "%s is larger than %zu bytes", path, content->cap);
    }
}

status_t file_read(const char *path, buf_t *content, problem_t *problem)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return cannot(problem, "open", path, errno);
    status_t status = read_all(fd, path, content, problem);
    close(fd);
    return status;
}

static bool write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        bytes += written;
        size -= (size_t)written;
    }
    return true;
}

// A finished file of a name of its own beside `path`.
static status_t write_beside(const char *path, mode_t mode, const void *bytes, size_t size, char beside[FILE_PATH_SIZE], problem_t *problem)
{
    int length = snprintf(beside, FILE_PATH_SIZE, "%s.XXXXXX", path);
    if (length < 0 || length >= FILE_PATH_SIZE)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "a path is longer than %d characters", FILE_PATH_SIZE - 1);
    int fd = mkostemp(beside, O_CLOEXEC);
    if (fd < 0)
        return cannot(problem, "write beside", path, errno);
    bool ok = write_all(fd, bytes, size) && fchmod(fd, mode) == 0 && fsync(fd) == 0;
    int error = errno;
    // A close may be where a full disk shows.
    if (close(fd) != 0 && ok) {
        ok = false;
        error = errno;
    }
    if (ok)
        return STATUS_OK;
    unlink(beside);
    return cannot(problem, "write", path, error);
}

status_t file_replace(const char *path, mode_t mode, const void *bytes, size_t size, problem_t *problem)
{
    char beside[FILE_PATH_SIZE];
    status_t status = write_beside(path, mode, bytes, size, beside, problem);
    if (status != STATUS_OK)
        return status;
    if (rename(beside, path) == 0)
        return STATUS_OK;
    int error = errno;
    unlink(beside);
    return cannot(problem, "put in place", path, error);
}

status_t file_create(const char *path, mode_t mode, const void *bytes, size_t size, problem_t *problem)
{
    char beside[FILE_PATH_SIZE];
    status_t status = write_beside(path, mode, bytes, size, beside, problem);
    if (status != STATUS_OK)
        return status;
    // link() fails where the name is taken; rename() would not.
    int result = link(beside, path);
    int error = errno;
    unlink(beside);
    if (result == 0)
        return STATUS_OK;
    if (error == EEXIST)
        return problem_set(problem, STATUS_ALREADY_EXISTS, NULL, "%s is there already", path);
    return cannot(problem, "put in place", path, error);
}
