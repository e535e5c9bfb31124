// Folders of files for tests of imports and exports. Each ends the test where something cannot be had.
#ifndef PCN_TESTS_INTEGRATION_PLATFORM_FILES_H
#define PCN_TESTS_INTEGRATION_PLATFORM_FILES_H

#include <stddef.h>

#define FILES_PATH_SIZE 128

// An empty folder of the test's own.
void files_begin(char path[FILES_PATH_SIZE]);
void files_end(const char *path);
// Appends to a file of the folder.
void files_add(const char *folder, const char *name, const char *text);
// The whole of a file, to be freed.
char *files_read(const char *folder, const char *name);
// How many files the folders have, which must have the same ones, byte for byte.
size_t files_same(const char *folder, const char *other);

#endif
