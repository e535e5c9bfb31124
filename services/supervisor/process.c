#include "services/supervisor/process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PROCESS_READY_FD = 3, PROCESS_LISTEN_FD = 4, PROCESS_FREE_FD = 10 };

static void child_say(const char *path)
{
    char text[512];
    int length = snprintf(text, sizeof text, "cannot run %s: %s\n", path, strerror(errno));
    if (length > 0) {
        (void)!write(STDERR_FILENO, text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
    }
}

// Between fork and exec: only what is safe there (one thread, so malloc's lock is free, yet nothing allocates).
static void child_run(const process_spawn_t *spawn, char *const *environment, pid_t parent)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, spawn->death_signal);
    if (getppid() != parent) {
        _exit(126);
    }
    sigset_t none;
    sigemptyset(&none);
    for (int number = 1; number < NSIG; number++) {
        signal(number, SIG_DFL);
    }
    sigprocmask(SIG_SETMASK, &none, NULL);
    int null = open("/dev/null", O_RDONLY);
    // Moved out of the way first: a source may stand where a target belongs.
    int out = fcntl(spawn->out_fd, F_DUPFD, PROCESS_FREE_FD);
    int ready = spawn->ready_fd >= 0 ? fcntl(spawn->ready_fd, F_DUPFD, PROCESS_FREE_FD) : -1;
    int socket = spawn->listen_fd >= 0 ? fcntl(spawn->listen_fd, F_DUPFD, PROCESS_FREE_FD) : -1;
    dup2(null, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    close_range(STDERR_FILENO + 1, PROCESS_FREE_FD - 1, 0);
    if (ready >= 0) {
        dup2(ready, PROCESS_READY_FD);
    }
    if (socket >= 0) {
        dup2(socket, PROCESS_LISTEN_FD);
    }
    close_range(PROCESS_FREE_FD, ~0U, 0);
    execve(spawn->argv[0], spawn->argv, environment);
    child_say(spawn->argv[0]);
    _exit(127);
}

pid_t process_start(const process_spawn_t *spawn)
{
    size_t count = 0;
    while (spawn->environment != NULL && spawn->environment[count] != NULL) {
        count++;
    }
    char **environment = calloc(count + 3, sizeof *environment);
    if (environment == NULL) {
        return -1;
    }
    if (count > 0) {
        memcpy(environment, spawn->environment, count * sizeof *environment);
    }
    char notice[] = "PCN_READY_FD=3", socket[] = "PCN_LISTEN_FD=4";
    if (spawn->ready_fd >= 0) {
        environment[count++] = notice;
    }
    if (spawn->listen_fd >= 0) {
        environment[count++] = socket;
    }
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        child_run(spawn, environment, parent);
    }
    free(environment);
    return pid;
}

uint64_t process_start_time(pid_t pid)
{
    char path[64];
    char text[1024];
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return 0;
    }
    ssize_t size = read(fd, text, sizeof text - 1);
    close(fd);
    if (size <= 0) {
        return 0;
    }
    text[size] = '\0';
    // The name may hold anything, spaces and brackets too: what follows it begins after the last bracket, with the state, field 3.
    const char *place = strrchr(text, ')');
    if (place == NULL || place[1] != ' ' || place[2] == 'Z' || place[2] == 'X') {
        return 0;
    }
    place += 2;
    for (int field = 3; field < 22 && place != NULL; field++) {
        place = strchr(place + 1, ' ');
    }
    return place != NULL ? strtoull(place, NULL, 10) : 0;
}
