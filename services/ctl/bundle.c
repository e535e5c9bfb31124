#include "services/ctl/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/id.h"

static status_t cannot(const bundle_t *bundle, problem_t *problem, const char *name, int error)
{
    return problem_set(problem, STATUS_UNAVAILABLE, NULL, "cannot write %s%s%s: %s", bundle->path, name[0] != '\0' ? "/" : "", name,
                       strerror(error));
}

status_t bundle_begin(bundle_t *bundle, const char *path, problem_t *problem)
{
    *bundle = (bundle_t){.path = path, .dir = -1, .fd = -1};
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        return cannot(bundle, problem, "", errno);
    bundle->dir = open(path, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
    return bundle->dir >= 0 ? STATUS_OK : cannot(bundle, problem, "", errno);
}

status_t bundle_open(bundle_t *bundle, const char *name, problem_t *problem)
{
    char id[ID_SIZE];
    bool fits = bundle->count < BUNDLE_FILES_MAX && strlen(name) < BUNDLE_NAME_SIZE && strchr(name, '/') == NULL;
    for (size_t i = 0; fits && i < bundle->count; i++)
        fits = strcmp(bundle->files[i].name, name) != 0;
    if (!fits)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "the server sends a file twice, or too many");
    bundle_file_t *file = &bundle->files[bundle->count];
    snprintf(file->name, sizeof file->name, "%s", name);
    id_make(clock_wall_us(), id);
    snprintf(file->beside, sizeof file->beside, ".export-%s", id);
    bundle->fd = openat(bundle->dir, file->beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (bundle->fd < 0)
        return cannot(bundle, problem, name, errno);
    bundle->count++;
    return STATUS_OK;
}

status_t bundle_add(bundle_t *bundle, const void *bytes, size_t size, problem_t *problem)
{
    const char *at = bytes;
    bundle->bytes += (int64_t)size;
    while (size > 0) {
        const ssize_t written = write(bundle->fd, at, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return cannot(bundle, problem, bundle->files[bundle->count - 1].name, errno);
        at += written;
        size -= (size_t)written;
    }
    return STATUS_OK;
}

status_t bundle_close(bundle_t *bundle, problem_t *problem)
{
    int error = fsync(bundle->fd) != 0 ? errno : 0;
    // A close may be where a full disk shows.
    if (close(bundle->fd) != 0 && error == 0)
        error = errno;
    bundle->fd = -1;
    return error == 0 ? STATUS_OK : cannot(bundle, problem, bundle->files[bundle->count - 1].name, error);
}

void bundle_clear(bundle_t *bundle)
{
    if (bundle->fd >= 0)
        close(bundle->fd);
    bundle->fd = -1;
    for (size_t i = 0; i < bundle->count; i++)
        unlinkat(bundle->dir, bundle->files[i].beside, 0);
    bundle->count = 0;
    bundle->bytes = 0;
}

status_t bundle_keep(bundle_t *bundle, problem_t *problem)
{
    for (size_t i = 0; i < bundle->count; i++) {
        // What was put in place before it is no longer beside, so that clearing up does not find it.
        if (renameat(bundle->dir, bundle->files[i].beside, bundle->dir, bundle->files[i].name) != 0)
            return cannot(bundle, problem, bundle->files[i].name, errno);
    }
    bundle->count = 0;
    return fsync(bundle->dir) == 0 ? STATUS_OK : cannot(bundle, problem, "", errno);
}

void bundle_end(bundle_t *bundle)
{
    if (bundle->dir < 0)
        return;
    bundle_clear(bundle);
    close(bundle->dir);
    bundle->dir = -1;
}
