// Reads a ustar archive (POSIX 1003.1) that comes in pieces of any size, and hands its files on. Regular files alone, and a name alone:
// what an archive could lead out of a folder with (paths, links, devices, further headers) is refused, not looked into.
#ifndef PCN_CTL_ARCHIVE_H
#define PCN_CTL_ARCHIVE_H

#include "common/base/status.h"

#define ARCHIVE_BLOCK_SIZE 512
#define ARCHIVE_NAME_SIZE 101

// Each file in order: opened, given its bytes, closed. What they return other than OK ends the reading.
typedef struct archive_sink {
    status_t (*open)(void *data, const char *name, problem_t *problem);
    status_t (*add)(void *data, const void *bytes, size_t size, problem_t *problem);
    status_t (*close)(void *data, problem_t *problem);
} archive_sink_t;

typedef struct archive {
    const archive_sink_t *sink;
    void *data;
    unsigned char block[ARCHIVE_BLOCK_SIZE]; // a header in the making
    size_t filled;
    int64_t left;   // bytes of the file that are to come
    size_t padding; // and of its last block behind them
    unsigned zeros; // blocks of zeros so far: two are the end
} archive_t;

void archive_init(archive_t *archive, const archive_sink_t *sink, void *data);
// INVALID_ARGUMENT for what is no such archive.
MUST_CHECK status_t archive_add(archive_t *archive, const void *bytes, size_t size, problem_t *problem);
// Nothing more comes. INVALID_ARGUMENT where it ends too early.
MUST_CHECK status_t archive_finish(const archive_t *archive, problem_t *problem);

#endif
