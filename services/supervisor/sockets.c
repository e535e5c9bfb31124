#include "services/supervisor/sockets.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

// As many may wait as the kernel allows: they do while a program is away.
enum { SOCKETS_BACKLOG = 4096 };

status_t sockets_listen(const char *path, int *fd, problem_t *problem)
{
    struct sockaddr_un place = {.sun_family = AF_UNIX};
    struct stat found;
    int length = snprintf(place.sun_path, sizeof place.sun_path, "%s", path);
    *fd = -1;
    if (length < 0 || (size_t)length >= sizeof place.sun_path) {
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "listen", "%s is too long for a socket", path);
    }
    // The lock is ours and nothing of the last supervisor runs: what stands there is left over.
    if (lstat(path, &found) == 0 && S_ISSOCK(found.st_mode)) {
        (void)unlink(path);
    }
    int made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    // Linux gives the file the mode of the unbound socket: at no moment is it open to others.
    if (made < 0 || fchmod(made, 0600) != 0 || bind(made, (const struct sockaddr *)&place, sizeof place) != 0 ||
        listen(made, SOCKETS_BACKLOG) != 0) {
        int error = errno;
        if (made >= 0) {
            close(made);
        }
        return problem_set(problem, STATUS_UNAVAILABLE, "listen", "cannot listen at %s: %s", path, strerror(error));
    }
    *fd = made;
    return STATUS_OK;
}

void sockets_remove(const char *dir)
{
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/run", dir);
    DIR *folder = length > 0 && (size_t)length < sizeof path ? opendir(path) : NULL;
    struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        struct stat found;
        if (fstatat(dirfd(folder), entry->d_name, &found, AT_SYMLINK_NOFOLLOW) == 0 && S_ISSOCK(found.st_mode)) {
            (void)unlinkat(dirfd(folder), entry->d_name, 0);
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
}
