// Files that come to a folder together: each is written under a name of its own that begins with a dot, and when all are whole they get
// theirs. Until then whoever looks sees what was there before.
#ifndef PCN_CTL_BUNDLE_H
#define PCN_CTL_BUNDLE_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/status.h"

enum { BUNDLE_FILES_MAX = 64, BUNDLE_NAME_SIZE = 104, BUNDLE_BESIDE_SIZE = 112 };

typedef struct bundle_file {
    char name[BUNDLE_NAME_SIZE], beside[BUNDLE_BESIDE_SIZE];
} bundle_file_t;

typedef struct bundle {
    const char *path;
    int dir; // -1: not open
    int fd;  // of the file that is being written; -1 between files
    size_t count;
    int64_t bytes;
    bundle_file_t files[BUNDLE_FILES_MAX];
} bundle_t;

// Makes the folder where it is not there; those above it must be.
MUST_CHECK status_t bundle_begin(bundle_t *bundle, const char *path, problem_t *problem);
// The name is one without slashes, and not there already in this bundle: INVALID_ARGUMENT.
MUST_CHECK status_t bundle_open(bundle_t *bundle, const char *name, problem_t *problem);
MUST_CHECK status_t bundle_add(bundle_t *bundle, const void *bytes, size_t size, problem_t *problem);
MUST_CHECK status_t bundle_close(bundle_t *bundle, problem_t *problem);
// Takes away what was written so far; the bundle is empty and can be filled anew.
void bundle_clear(bundle_t *bundle);
// Puts all in place.
MUST_CHECK status_t bundle_keep(bundle_t *bundle, problem_t *problem);
// What was not kept is gone.
void bundle_end(bundle_t *bundle);

#endif
