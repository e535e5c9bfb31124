// Reading an import: bytes of its files, cut anywhere, become rows that are well-formed by themselves and problems of those that are not.
// Pure: what is unfinished is carried from piece to piece in an ImportReading.
#ifndef PCN_REGISTRY_RULES_IMPORT_H
#define PCN_REGISTRY_RULES_IMPORT_H

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/clock.h"
#include "common/base/status.h"
#include "pcn/registry/store/v1/imports.meta.h"

#define IMPORT_FILES_MAX 64
#define IMPORT_BYTES_MAX (INT64_C(64) * 1024 * 1024)
#define IMPORT_PIECE_MAX (64u * 1024u)
#define IMPORT_PROBLEMS_KEPT 1000
// Bytes of one row, its line end aside.
#define IMPORT_ROW_MAX (60u * 1024u)
#define IMPORT_COLUMNS_MAX 256
#define IMPORT_SEPARATOR '\x1e'

typedef Pcn__Registry__Store__V1__ImportReading import_reading_t;
typedef Pcn__Registry__Store__V1__StagedProblem staged_problem_t;
typedef Pcn__Registry__V1__ImportFile import_file_t;

typedef struct import {
    arena_t *arena;    // of what goes out
    arena_t *scratch;  // of one row, emptied after it
    const char *start; // first day of what names none
    char today[DATE_SIZE];
    int64_t latest_us; // nothing was recorded from then on
    import_reading_t *reading;
    import_file_t **files; // in the order of sending; room for all
    size_t file_count;
    int64_t rows;                // of all files
    int64_t problem_count;       // also those that are not kept
    staged_problem_t **problems; // found now; room for all that may still be kept
    size_t found, room;
    buf_t staged; // JSON of the rows that were read now, IMPORT_SEPARATOR between them
    buf_t places; // where each of them stands
    bool failed;  // without memory
} import_t;

// Takes up the import where its last piece left it. False without memory, or where the reading is not ours. In any case import_end gives
// back what was taken; what goes out lives as long as the arena.
MUST_CHECK bool import_take_up(import_t *import, const Pcn__Registry__Store__V1__LoadedImport *loaded, int32_t today, arena_t *arena);
void import_end(import_t *import);

// Bytes of a file: of the one that is being read, or of another, which ends that one. FAILED_PRECONDITION names `file` or `data` of more
// than an import may have; RESOURCE_EXHAUSTED where what becomes of them takes more memory than a piece may.
MUST_CHECK status_t import_read(import_t *import, const char *file, const uint8_t *bytes, size_t size, problem_t *problem);
// Nothing follows.
MUST_CHECK status_t import_finish(import_t *import, problem_t *problem);
// What was read goes out: rows, problems, files, counts and the reading, all in the arena. False without memory.
MUST_CHECK bool import_close(import_t *import, Pcn__Registry__Store__V1__ImportPart *part);

#endif
