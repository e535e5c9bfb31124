// Small files, read whole and written so that nobody ever sees half of one.
#ifndef PCN_CTL_FILE_H
#define PCN_CTL_FILE_H

#include <sys/types.h>

#include "common/base/buf.h"
#include "common/base/status.h"

#define FILE_PATH_SIZE 4096

// "<dir>/<name>"; INVALID_ARGUMENT where it does not fit.
MUST_CHECK status_t file_path(const char *dir, const char *name, char path[FILE_PATH_SIZE], problem_t *problem);
// Appends the file's content. NOT_FOUND where there is none, else UNAVAILABLE; RESOURCE_EXHAUSTED beyond the buffer's cap.
MUST_CHECK status_t file_read(const char *path, buf_t *content, problem_t *problem);
// Puts a file there, or in place of the one that is there.
MUST_CHECK status_t file_replace(const char *path, mode_t mode, const void *bytes, size_t size, problem_t *problem);
// ALREADY_EXISTS where there is one: of two that race, one wins and the other learns of it.
MUST_CHECK status_t file_create(const char *path, mode_t mode, const void *bytes, size_t size, problem_t *problem);

#endif
