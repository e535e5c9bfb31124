// A temporary state folder with run/ and log/ for the supervisor's tests.
#ifndef PCN_TESTS_UNIT_SUPERVISOR_FOLDER_H
#define PCN_TESTS_UNIT_SUPERVISOR_FOLDER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct folder {
    char path[64];
    char text[4096];
} folder_t;

static inline int folder_make(folder_t *folder)
{
    char path[128];
    snprintf(folder->path, sizeof folder->path, "/tmp/pcn-supervisor-XXXXXX");
    if (mkdtemp(folder->path) == NULL) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/run", folder->path);
    if (mkdir(path, 0700) != 0) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/log", folder->path);
    return mkdir(path, 0700);
}

static inline void folder_remove(const folder_t *folder)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder->path);
    if (system(command) != 0) {
        fputs("a temporary folder stays\n", stderr);
    }
}

// cmocka's set-up and tear-down where the state is a folder.
static inline int folder_set_up(void **state)
{
    folder_t *folder = calloc(1, sizeof *folder);
    *state = folder;
    return folder != NULL ? folder_make(folder) : -1;
}

static inline int folder_tear_down(void **state)
{
    folder_remove(*state);
    free(*state);
    return 0;
}

// Writes a file of the folder and gives its path, good until the next call.
static inline const char *folder_write(folder_t *folder, const char *name, const char *text)
{
    static char path[160];
    snprintf(path, sizeof path, "%s/%s", folder->path, name);
    FILE *file = fopen(path, "we");
    if (file != NULL) {
        fputs(text, file);
        fclose(file);
    }
    return path;
}

// What a file holds, at most its first 4 KiB; empty where there is none.
static inline const char *folder_read(folder_t *folder, const char *name)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", folder->path, name);
    FILE *file = fopen(path, "re");
    size_t size = file != NULL ? fread(folder->text, 1, sizeof folder->text - 1, file) : 0;
    if (file != NULL) {
        fclose(file);
    }
    folder->text[size] = '\0';
    return folder->text;
}

#endif
