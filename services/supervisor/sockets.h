// Sockets below run/: those that outlive the runs of a program, and those of programs that ended, for who ends by itself does not always
// take its file away.
#ifndef PCN_SUPERVISOR_SOCKETS_H
#define PCN_SUPERVISOR_SOCKETS_H

#include "common/base/status.h"

// A socket that listens at the path, in place of one that stands there; only this user may connect. Close-on-exec, non-blocking.
// UNAVAILABLE where it cannot be had. The caller closes it.
MUST_CHECK status_t sockets_listen(const char *path, int *fd, problem_t *problem);
// Removes every socket file of dir/run. Only for the holder of the lock while nothing runs.
void sockets_remove(const char *dir);

#endif
