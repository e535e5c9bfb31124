// Imports read as the daemon reads them, piece by piece with nothing kept in between but what is stored, and what they come to as text:
// staged rows, then problems, then files.
#ifndef PCN_TESTS_REGISTRY_IMPORT_SUPPORT_H
#define PCN_TESTS_REGISTRY_IMPORT_SUPPORT_H

#include <stdio.h>
#include <stdlib.h>

#include "services/registry/rules_import.h"
#include "tests/unit/registry/support.h"

#define IMPORT_TODAY "2026-11-25"
#define IMPORT_ARENA_CAP ((size_t)4 * 1024 * 1024)
#define IMPORT_TEXT_CAP ((size_t)64 * 1024 * 1024)

typedef struct import_state {
    Pcn__Registry__Store__V1__LoadedImport loaded;
    arena_t *kept; // of what is stored
    buf_t rows, problems;
    status_t status;
    problem_t problem;
} import_state_t;

static inline void state_begin(import_state_t *state)
{
    memset(state, 0, sizeof *state);
    pcn__registry__store__v1__loaded_import__init(&state->loaded);
    state->loaded.start = (char *)"2019-07-01";
    state->kept = arena_new(IMPORT_TEXT_CAP);
    assert_non_null(state->kept);
    buf_init(&state->rows, IMPORT_TEXT_CAP);
    buf_init(&state->problems, IMPORT_TEXT_CAP);
}

static inline void state_end(import_state_t *state)
{
    arena_destroy(&state->kept);
    buf_deinit(&state->rows);
    buf_deinit(&state->problems);
}

static inline void state_store(import_state_t *state, import_t *import)
{
    Pcn__Registry__Store__V1__ImportPart part = PCN__REGISTRY__STORE__V1__IMPORT_PART__INIT;
    assert_true(import_close(import, &part));
    const ProtobufCBinaryData reading = part.reading;
    state->loaded.reading.len = reading.len;
    state->loaded.reading.data = (uint8_t *)arena_copy(state->kept, reading.len > 0 ? (const char *)reading.data : "", reading.len);
    state->loaded.n_files = part.n_files;
    state->loaded.files = arena_alloc(state->kept, (part.n_files + 1) * sizeof *state->loaded.files);
    assert_true(state->loaded.reading.data != NULL && state->loaded.files != NULL);
    for (size_t i = 0; i < part.n_files; i++) {
        state->loaded.files[i] = pb_new(&pcn__registry__v1__import_file__type, state->kept);
        assert_non_null(state->loaded.files[i]);
        *state->loaded.files[i] = *part.files[i];
        state->loaded.files[i]->name = arena_string(state->kept, part.files[i]->name);
    }
    state->loaded.rows = part.rows;
    state->loaded.problem_count = part.problem_count;
    const char *row = part.staged;
    for (size_t i = 0; i < part.n_staged_files; i++) {
        assert_non_null(row);
        const size_t size = strcspn(row, (const char[]){IMPORT_SEPARATOR, '\0'});
        buf_printf(&state->rows, "%u,%u,\"%s\",%.*s\n", part.staged_files[i], part.staged_lines[i], part.staged_kinds[i], (int)size, row);
        row = row[size] != '\0' ? row + size + 1 : NULL;
    }
    assert_null(row);
    for (size_t i = 0; i < import->found; i++) {
        const staged_problem_t *problem = import->problems[i];
        buf_printf(&state->problems, "%u:%u %s: %s\n", problem->file, problem->line, problem->field != NULL ? problem->field : "-",
                   problem->reason);
    }
}

// A piece of the file, or, without one, the end.
static inline status_t state_piece(import_state_t *state, const char *file, const void *bytes, size_t size)
{
    import_t import;
    int32_t today;
    arena_t *arena = arena_new(IMPORT_ARENA_CAP);
    assert_non_null(arena);
    assert_true(date_parse(IMPORT_TODAY, &today));
    assert_true(import_take_up(&import, &state->loaded, today, arena));
    state->problem = (problem_t){0};
    if (file != NULL) {
        // A copy of exactly this size, so that reading beyond it is seen.
        uint8_t *copy = malloc(size + (size == 0));
        assert_non_null(copy);
        memcpy(copy, bytes, size);
        state->status = import_read(&import, file, copy, size, &state->problem);
        if (state->status == STATUS_OK)
            state_store(state, &import);
        free(copy);
    } else {
        state->status = import_finish(&import, &state->problem);
        if (state->status == STATUS_OK)
            state_store(state, &import);
    }
    import_end(&import);
    arena_destroy(&arena);
    return state->status;
}

static inline char *state_text(import_state_t *state, arena_t *arena)
{
    buf_t out;
    buf_init(&out, IMPORT_TEXT_CAP);
    buf_add(&out, state->rows.data != NULL ? state->rows.data : "", state->rows.size);
    buf_add(&out, state->problems.data != NULL ? state->problems.data : "", state->problems.size);
    for (size_t i = 0; i < state->loaded.n_files; i++)
        buf_printf(&out, "%s %lld\n", state->loaded.files[i]->name, (long long)state->loaded.files[i]->rows);
    char *made = arena_copy(arena, out.data != NULL ? out.data : "", out.size);
    assert_non_null(made);
    buf_deinit(&out);
    return made;
}

// What one file comes to; `cut` bytes a piece, 0 for all at once.
static inline char *import_bytes(arena_t *arena, const char *file, const void *bytes, size_t size, size_t cut)
{
    import_state_t state;
    state_begin(&state);
    const size_t step = cut == 0 || cut > IMPORT_PIECE_MAX ? IMPORT_PIECE_MAX : cut;
    size_t at = 0;
    do {
        const size_t piece = size - at < step ? size - at : step;
        assert_int_equal(state_piece(&state, file, (const char *)bytes + at, piece), STATUS_OK);
        at += piece;
    } while (at < size);
    assert_int_equal(state_piece(&state, NULL, NULL, 0), STATUS_OK);
    char *made = state_text(&state, arena);
    state_end(&state);
    return made;
}

// The same cut once, after `first` bytes.
static inline char *import_halves(arena_t *arena, const char *file, const void *bytes, size_t size, size_t first)
{
    import_state_t state;
    state_begin(&state);
    assert_int_equal(state_piece(&state, file, bytes, first), STATUS_OK);
    assert_int_equal(state_piece(&state, file, (const char *)bytes + first, size - first), STATUS_OK);
    assert_int_equal(state_piece(&state, NULL, NULL, 0), STATUS_OK);
    char *made = state_text(&state, arena);
    state_end(&state);
    return made;
}

// Wherever it is cut it comes to the same.
static inline void assert_import_bytes(arena_t *arena, const char *file, const void *bytes, size_t size, const char *expected)
{
    assert_string_equal(import_bytes(arena, file, bytes, size, 0), expected);
    for (size_t first = 0; first <= size; first++)
        assert_string_equal(import_halves(arena, file, bytes, size, first), expected);
    assert_string_equal(import_bytes(arena, file, bytes, size, 1), expected);
    assert_string_equal(import_bytes(arena, file, bytes, size, 7), expected);
}

#define assert_import(arena, file, text, expected) assert_import_bytes(arena, file, text, sizeof(text) - 1, expected)

#endif
