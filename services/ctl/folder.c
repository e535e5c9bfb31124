#include "services/ctl/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/pb/type.h"
#include "pcn/registry/v1/files.meta.h"

// Members of RegistryFiles with higher numbers are read and never written.
enum { EXPORTED_MAX = 14, STEM_SIZE = 64 };

// The name without `end`, where it has that and something before it.
static bool stem_of(const char *name, const char *end, char stem[STEM_SIZE])
{
    const size_t size = strlen(name), end_size = strlen(end);
    if (size <= end_size || size - end_size >= STEM_SIZE || strcmp(name + size - end_size, end) != 0)
        return false;
    memcpy(stem, name, size - end_size);
    stem[size - end_size] = '\0';
    return true;
}

static bool is_document(const char *name)
{
    const size_t size = strlen(name);
    return name[0] != '.' && size > 5 && strcmp(name + size - 5, ".json") == 0;
}

bool folder_takes(const char *name, bool exported)
{
    char stem[STEM_SIZE];
    const pb_type_t *files = &pcn__registry__v1__registry_files__type;
    if (!exported && is_document(name))
        return true;
    const int index = stem_of(name, ".csv", stem) ? pb_field_by_name(files, stem) : -1;
    return index >= 0 && (!exported || files->descriptor->fields[index].id <= EXPORTED_MAX);
}

static status_t cannot_read(problem_t *problem, const char *path, const char *name, int error)
{
    return problem_set(problem, error == ENOENT ? STATUS_NOT_FOUND : STATUS_UNAVAILABLE, NULL, "cannot read %s%s%s: %s", path,
                       name[0] != '\0' ? "/" : "", name, strerror(error));
}

static status_t out_of_memory(problem_t *problem)
{
    return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "out of memory");
}

// Room for one more of each kind.
static bool grow(folder_t *folder)
{
    http_part_t *parts = reallocarray(folder->parts, folder->part_count + 1, sizeof *parts);
    if (parts != NULL)
        folder->parts = parts;
    struct timespec *changed = reallocarray(folder->changed, folder->part_count + 1, sizeof *changed);
    if (changed != NULL)
        folder->changed = changed;
    char **ignored = reallocarray(folder->ignored, folder->ignored_count + 1, sizeof *ignored);
    if (ignored != NULL)
        folder->ignored = ignored;
    return parts != NULL && changed != NULL && ignored != NULL;
}

static status_t add_part(folder_t *folder, int dir, const char *name, problem_t *problem)
{
    struct stat found;
    // A pipe would be waited for.
    const int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &found) != 0) {
        const int error = errno;
        if (fd >= 0)
            close(fd);
        return cannot_read(problem, folder->path, name, error);
    }
    char *copy = strdup(name);
    if (copy == NULL || !S_ISREG(found.st_mode)) {
        free(copy);
        close(fd);
        return copy == NULL ? out_of_memory(problem)
                            : problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "%s/%s is no file", folder->path, name);
    }
    http_part_t *part = &folder->parts[folder->part_count];
    folder->changed[folder->part_count++] = found.st_mtim;
    part->name = copy;
    part->type = is_document(name) ? "application/json" : "text/csv";
    part->fd = fd;
    part->size = found.st_size;
    part->at = 0;
    folder->bytes += found.st_size;
    return STATUS_OK;
}

static status_t add_entry(folder_t *folder, int dir, const char *name, problem_t *problem)
{
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return STATUS_OK;
    if (!grow(folder))
        return out_of_memory(problem);
    if (folder_takes(name, false))
        return add_part(folder, dir, name, problem);
    folder->ignored[folder->ignored_count] = strdup(name);
    return folder->ignored[folder->ignored_count++] != NULL ? STATUS_OK : out_of_memory(problem);
}

status_t folder_open(const char *path, folder_t *folder, problem_t *problem)
{
    struct dirent **entries = NULL;
    *folder = (folder_t){.path = path};
    const int dir = open(path, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
    const int count = dir >= 0 ? scandirat(dir, ".", &entries, NULL, alphasort) : -1;
    if (count < 0) {
        const int error = errno;
        if (dir >= 0)
            close(dir);
        return cannot_read(problem, path, "", error);
    }
    status_t status = STATUS_OK;
    for (int i = 0; i < count; i++) {
        if (status == STATUS_OK)
            status = add_entry(folder, dir, entries[i]->d_name, problem);
        free(entries[i]);
    }
    free(entries);
    close(dir);
    if (status == STATUS_OK && folder->part_count == 0)
        status = problem_set(problem, STATUS_NOT_FOUND, NULL, "%s has none of the files that can be imported", path);
    return status;
}

status_t folder_unchanged(const folder_t *folder, problem_t *problem)
{
    for (size_t i = 0; i < folder->part_count; i++) {
        struct stat found;
        const http_part_t *part = &folder->parts[i];
        const struct timespec *changed = &folder->changed[i];
        if (fstat(part->fd, &found) != 0)
            return cannot_read(problem, folder->path, part->name, errno);
        if (found.st_size != part->size || found.st_mtim.tv_sec != changed->tv_sec || found.st_mtim.tv_nsec != changed->tv_nsec)
            return problem_set(problem, STATUS_ABORTED, NULL, "%s/%s has changed while it was sent: import it again", folder->path,
                               part->name);
    }
    return STATUS_OK;
}

void folder_close(folder_t *folder)
{
    for (size_t i = 0; i < folder->part_count; i++) {
        close(folder->parts[i].fd);
        free((char *)(uintptr_t)folder->parts[i].name);
    }
    for (size_t i = 0; i < folder->ignored_count; i++)
        free(folder->ignored[i]);
    free(folder->parts);
    free(folder->ignored);
    free(folder->changed);
    *folder = (folder_t){.path = folder->path};
}
