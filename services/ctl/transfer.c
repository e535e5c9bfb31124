#include "services/ctl/transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "services/ctl/file.h"

// ---- there ----

static const char *type_of(const char *name)
{
    const char *dot = strrchr(name, '.');
    if (dot != NULL && strcmp(dot, ".csv") == 0)
        return "text/csv";
    return dot != NULL && strcmp(dot, ".json") == 0 ? "application/json" : "application/octet-stream";
}

static status_t open_part(const char *path, http_part_t *part, problem_t *problem)
{
    struct stat found;
    const char *slash = strrchr(path, '/');
    // A pipe would be waited for.
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return problem_set(problem, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_UNAVAILABLE, NULL, "cannot open %s: %s", path,
                           strerror(errno));
    *part = (http_part_t){.name = slash != NULL ? slash + 1 : path, .type = type_of(path), .fd = fd};
    if (fstat(fd, &found) != 0 || !S_ISREG(found.st_mode))
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "%s is no file", path);
    part->size = found.st_size;
    return STATUS_OK;
}

static bool keep_on(void *stream, int64_t bytes)
{
    (void)stream, (void)bytes;
    return true;
}

status_t transfer_upload(http_t *http, const http_request_t *question, const char *const *files, size_t count, int64_t patience_us,
                         buf_t *reply, problem_t *problem)
{
    status_t status = STATUS_OK;
    http_part_t *parts = calloc(count > 0 ? count : 1, sizeof *parts);
    if (parts == NULL)
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "out of memory");
    for (size_t i = 0; i < count; i++)
        parts[i].fd = -1;
    for (size_t i = 0; status == STATUS_OK && i < count; i++)
        status = open_part(files[i], &parts[i], problem);
    if (status == STATUS_OK) {
        http_request_t request = *question;
        request.parts = parts;
        request.part_count = count;
        request.moved = keep_on;
        status = ask_text(http, &request, patience_us, reply, problem);
    }
    for (size_t i = 0; i < count; i++) {
        if (parts[i].fd >= 0)
            close(parts[i].fd);
    }
    free(parts);
    return status;
}

// ---- and back ----

typedef struct download {
    const char *path; // NULL: standard output
    char beside[FILE_PATH_SIZE];
    int fd;
    int error; // of writing
} download_t;

static status_t begin(void *stream, problem_t *problem)
{
    const download_t *download = stream;
    if (download->error != 0)
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "cannot write: %s", strerror(download->error));
    // Each attempt begins at the beginning.
    if (download->path != NULL && (ftruncate(download->fd, 0) != 0 || lseek(download->fd, 0, SEEK_SET) != 0))
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "cannot write beside %s: %s", download->path, strerror(errno));
    return STATUS_OK;
}

static bool take(void *stream, const void *bytes, size_t size)
{
    download_t *download = stream;
    for (const char *at = bytes; size > 0;) {
        const ssize_t written = write(download->fd, at, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            download->error = errno;
            return false;
        }
        at += written;
        size -= (size_t)written;
    }
    return true;
}

static status_t open_download(download_t *download, problem_t *problem)
{
    if (download->path == NULL) {
        download->fd = STDOUT_FILENO;
        return isatty(STDOUT_FILENO) == 1
                   ? problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "a file is nothing for a terminal: --output FILE, or into a pipe")
                   : STATUS_OK;
    }
    const int size = snprintf(download->beside, sizeof download->beside, "%s.XXXXXX", download->path);
    if (size < 0 || (size_t)size >= sizeof download->beside)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "the path is too long");
    download->fd = mkostemp(download->beside, O_CLOEXEC);
    return download->fd >= 0
               ? STATUS_OK
               : problem_set(problem, STATUS_UNAVAILABLE, NULL, "cannot write beside %s: %s", download->path, strerror(errno));
}

static status_t keep(const download_t *download, problem_t *problem)
{
    const mode_t mask = umask(0);
    umask(mask);
    if (fchmod(download->fd, 0666 & ~mask) == 0 && fsync(download->fd) == 0 && rename(download->beside, download->path) == 0)
        return STATUS_OK;
    return problem_set(problem, STATUS_UNAVAILABLE, NULL, "cannot write %s: %s", download->path, strerror(errno));
}

status_t transfer_download(http_t *http, const http_request_t *question, const char *path, int64_t patience_us, problem_t *problem)
{
    download_t download = {.path = path != NULL && strcmp(path, "-") != 0 ? path : NULL, .fd = -1};
    status_t status = open_download(&download, problem);
    if (status == STATUS_OK) {
        http_request_t request = *question;
        request.take = take;
        request.stream = &download;
        status = ask_for(http, &request, begin, download.path != NULL ? patience_us : 0, NULL, NULL, NULL, problem);
    }
    if (status != STATUS_OK && download.error != 0)
        status = problem_set(problem, STATUS_UNAVAILABLE, NULL, "cannot write: %s", strerror(download.error));
    if (status == STATUS_OK && download.path != NULL)
        status = keep(&download, problem);
    if (download.path != NULL && download.fd >= 0) {
        close(download.fd);
        if (status != STATUS_OK)
            unlink(download.beside);
    }
    return status;
}
