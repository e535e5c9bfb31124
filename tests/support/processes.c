#include "tests/support/processes.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// As the kernel counts it; -1 where the process is gone.
static long memory_of(pid_t pid)
{
    char path[64];
    long pages = -1;
    snprintf(path, sizeof path, "/proc/%ld/statm", (long)pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return -1;
    if (fscanf(file, "%*d %ld", &pages) != 1)
        pages = -1;
    fclose(file);
    return pages >= 0 ? pages * (sysconf(_SC_PAGESIZE) / 1024) : -1;
}

static long descriptors_of(pid_t pid)
{
    char path[64];
    long count = 0;
    snprintf(path, sizeof path, "/proc/%ld/fd", (long)pid);
    DIR *folder = opendir(path);
    if (folder == NULL)
        return -1;
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count - 2;
}

static bool is_ours(pid_t pid)
{
    char path[64], name[32] = "";
    snprintf(path, sizeof path, "/proc/%ld/comm", (long)pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    const bool ours = fgets(name, sizeof name, file) != NULL && strncmp(name, "pcn-", 4) == 0;
    fclose(file);
    return ours;
}

bool processes_look(const platform_t *platform, processes_t *processes)
{
    char *output = NULL, *rest = NULL;
    *processes = (processes_t){0};
    if (platform_command(platform, "status", &output) < 0)
        return false;
    for (char *line = strtok_r(output, "\n", &rest); line != NULL && processes->count < PROCESSES_MAX; line = strtok_r(NULL, "\n", &rest)) {
        process_t found = {0};
        char pid[16], state[16];
        if (sscanf(line, "%31s %15s %15s %u", found.name, pid, state, &found.restarts) != 4)
            continue;
        found.pid = (pid_t)strtol(pid, NULL, 10);
        if (found.pid > 0) {
            found.ours = is_ours(found.pid);
            found.memory_kib = memory_of(found.pid);
            found.descriptors = descriptors_of(found.pid);
        }
        processes->of[processes->count++] = found;
    }
    free(output);
    return processes->count > 0;
}

const process_t *processes_find(const processes_t *processes, const char *name)
{
    for (size_t i = 0; i < processes->count; i++) {
        if (strcmp(processes->of[i].name, name) == 0)
            return &processes->of[i];
    }
    return NULL;
}
