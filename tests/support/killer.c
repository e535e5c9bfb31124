#include "tests/support/killer.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"

enum { PATH_ROOM = 256, LOOK_MS = 1 };

static bool command_run(const char *command)
{
    const int status = system(command);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    fprintf(stderr, "killer: failed: %s\n", command);
    return false;
}

// In the folder that the instance's user may enter; the daemon writes to it, so that user must be let to.
static bool file_make(killer_t *killer, char path[PATH_ROOM])
{
    snprintf(path, PATH_ROOM, "%s/run/killer.%s", killer->platform->state_dir, killer->daemon);
    const int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const bool good = fd >= 0 && fchmod(fd, 0666) == 0 && ftruncate(fd, sizeof *killer->file) == 0;
    void *memory = good ? mmap(NULL, sizeof *killer->file, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (fd >= 0)
        close(fd);
    if (memory == MAP_FAILED)
        return false;
    killer->file = memory;
    return true;
}

// The script takes the program's place in one step, as the file is in use. Each daemon has a library of its own: one that is mapped is not
// to be written over.
static bool script_install(const killer_t *killer, const char *control)
{
    char bin[PATH_ROOM], script[2 * PATH_ROOM], command[8 * PATH_ROOM];
    snprintf(bin, sizeof bin, "%s/bin", killer->platform->state_dir);
    snprintf(command, sizeof command, "cp '%s' '%s/killer.%s.so' && chmod 755 '%s/killer.%s.so' && cp -p '%s/pcn-%s' '%s/pcn-%s.real'",
             PCN_TEST_KILLER_LIBRARY, bin, killer->daemon, bin, killer->daemon, bin, killer->daemon, bin, killer->daemon);
    if (!command_run(command))
        return false;
    snprintf(script, sizeof script, "%s/.killer.%s", bin, killer->daemon);
    FILE *file = fopen(script, "we");
    if (file == NULL)
        return false;
    fprintf(file,
            "#!/bin/sh\n"
            "export %s='%s' LD_PRELOAD='%s/killer.%s.so' ASAN_OPTIONS=verify_asan_link_order=0\n"
            "exec '%s/pcn-%s.real' \"$@\"\n",
            KILLER_ENV, control, bin, killer->daemon, bin, killer->daemon);
    snprintf(command, sizeof command, "%s/pcn-%s", bin, killer->daemon);
    return fchmod(fileno(file), 0755) == 0 && fclose(file) == 0 && rename(script, command) == 0;
}

bool killer_install(killer_t *killer, const platform_t *platform, const char *daemon)
{
    char control[PATH_ROOM], command[4 * PATH_ROOM];
    *killer = (killer_t){.platform = platform};
    snprintf(killer->daemon, sizeof killer->daemon, "%s", daemon);
    if (!file_make(killer, control) || !script_install(killer, control)) {
        fprintf(stderr, "killer: cannot be installed for %s\n", daemon);
        return false;
    }
    snprintf(command, sizeof command, "'%s/bin/pcn-supervisor' restart '%s' '%s' >/dev/null", platform->state_dir, platform->state_dir,
             daemon);
    return command_run(command);
}

void killer_arm(killer_t *killer, killer_point_t point, int64_t count)
{
    atomic_store(&killer->file->point, KILLER_NONE);
    atomic_store(&killer->file->countdown, count);
    atomic_store(&killer->file->point, (uint32_t)point);
}

void killer_disarm(killer_t *killer)
{
    atomic_store(&killer->file->point, KILLER_NONE);
}

unsigned killer_fired(const killer_t *killer)
{
    return atomic_load(&killer->file->fired);
}

uint64_t killer_calls(const killer_t *killer, killer_point_t point)
{
    return atomic_load(&killer->file->calls[point]);
}

bool killer_await(const killer_t *killer, unsigned fired, long limit_ms)
{
    const int64_t until_us = clock_steady_us() + limit_ms * INT64_C(1000);
    // A killed process sends no event to one that is not its parent.
    while (killer_fired(killer) < fired && clock_steady_us() < until_us)
        (void)poll(NULL, 0, LOOK_MS);
    return killer_fired(killer) >= fired;
}

const char *killer_point_name(killer_point_t point)
{
    static const char *const names[KILLER_POINTS] = {
        [KILLER_NONE] = "none",
        [KILLER_ANY] = "any",
        [KILLER_RPC_RECEIVED] = "request received",
        [KILLER_RPC_REPLY] = "before the reply",
        [KILLER_RPC_ANSWERED] = "reply received",
        [KILLER_DB_SENT] = "batch closed",
        [KILLER_DB_FLUSHED] = "batch sent",
        [KILLER_DB_RESULT] = "result read",
        [KILLER_PUBLISH] = "before publication",
        [KILLER_HTTP_ANSWER] = "before the answer",
    };
    return names[point];
}

void killer_close(killer_t *killer)
{
    if (killer->file != NULL)
        munmap(killer->file, sizeof *killer->file);
    *killer = (killer_t){0};
}
