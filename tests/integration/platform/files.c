#include "tests/integration/platform/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROOM = 32 * 1024 * 1024 };

static FILE *open_file(const char *folder, const char *name, const char *mode)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, mode);
    if (file == NULL)
        fail_msg("cannot open %s", path);
    return file;
}

void files_begin(char path[FILES_PATH_SIZE])
{
    snprintf(path, FILES_PATH_SIZE, "/tmp/pcn-files-XXXXXX");
    assert_non_null(mkdtemp(path));
}

void files_end(const char *path)
{
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            assert_int_equal(unlinkat(dirfd(folder), entry->d_name, 0), 0);
    }
    closedir(folder);
    assert_int_equal(rmdir(path), 0);
}

void files_add(const char *folder, const char *name, const char *text)
{
    FILE *file = open_file(folder, name, "ae");
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

char *files_read(const char *folder, const char *name)
{
    char *text = malloc(ROOM);
    assert_non_null(text);
    FILE *file = open_file(folder, name, "re");
    const size_t size = fread(text, 1, ROOM - 1, file);
    assert_true(feof(file));
    text[size] = '\0';
    fclose(file);
    return text;
}

size_t files_same(const char *folder, const char *other)
{
    size_t counts[2] = {0};
    const char *const folders[] = {folder, other};
    for (size_t i = 0; i < 2; i++) {
        DIR *open = opendir(folders[i]);
        assert_non_null(open);
        for (const struct dirent *entry = readdir(open); entry != NULL; entry = readdir(open)) {
            if (entry->d_name[0] == '.')
                continue;
            counts[i]++;
            char *here = files_read(folder, entry->d_name), *there = files_read(other, entry->d_name);
            size_t at = 0, line = 1;
            for (; here[at] != '\0' && here[at] == there[at]; at++)
                line += here[at] == '\n';
            if (here[at] != there[at])
                fail_msg("%s differs on line %zu:\n%.300s\n%.300s", entry->d_name, line, here + at, there + at);
            free(here);
            free(there);
        }
        closedir(open);
    }
    assert_int_equal(counts[0], counts[1]);
    return counts[0];
}
