#include "services/registry/rules_import.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/base/utf8.h"
#include "common/pb/json.h"
#include "common/pb/message.h"
#include "services/registry/rules_import_internal.h"

#define READING_TYPE (&pcn__registry__store__v1__import_reading__type)
#define PROBLEM_TYPE (&pcn__registry__store__v1__staged_problem__type)
#define FILE_TYPE (&pcn__registry__v1__import_file__type)
// What becomes of a piece of 64 KiB: usually ten times as much, and it goes out in an arena of 4 MiB.
#define STAGED_MAX (3u * 1024u * 1024u)
#define SCRATCH_MAX (4u * 1024u * 1024u)
#define REASON_SIZE 384
#define DAY_US (INT64_C(24) * 3600 * 1000000)

// Of a staged row. Kinds are constants; a path is in the arena.
typedef struct place {
    uint32_t file, line, row;
    const char *kind;
    char *path; // NULL of CSV
} place_t;

// ---- life ----

static bool take_files(import_t *import, const Pcn__Registry__Store__V1__LoadedImport *loaded)
{
    import->files = arena_alloc(import->arena, (IMPORT_FILES_MAX + 1) * sizeof *import->files);
    if (import->files == NULL || loaded->n_files > IMPORT_FILES_MAX)
        return false;
    // Copies: what was loaded stays as it was.
    for (size_t i = 0; i < loaded->n_files; i++) {
        import->files[i] = pb_new(FILE_TYPE, import->arena);
        if (import->files[i] == NULL)
            return false;
        pb_merge(FILE_TYPE, import->files[i], FILE_TYPE, loaded->files[i]);
    }
    import->file_count = loaded->n_files;
    return true;
}

bool import_take_up(import_t *import, const Pcn__Registry__Store__V1__LoadedImport *loaded, int32_t today, arena_t *arena)
{
    *import = (import_t){.arena = arena, .start = loaded->start, .rows = loaded->rows, .problem_count = loaded->problem_count};
    date_format(today, import->today);
    import->latest_us = (today + 2) * DAY_US;
    buf_init(&import->staged, STAGED_MAX);
    buf_init(&import->places, STAGED_MAX);
    if (loaded->problem_count < IMPORT_PROBLEMS_KEPT)
        import->room = (size_t)(IMPORT_PROBLEMS_KEPT - loaded->problem_count);
    import->problems = arena_alloc(arena, (import->room + 1) * sizeof *import->problems);
    import->scratch = arena_new(SCRATCH_MAX);
    if (import->problems == NULL || import->scratch == NULL || !take_files(import, loaded))
        return false;
    void *reading = NULL;
    if (loaded->reading.len == 0)
        reading = pb_new(READING_TYPE, arena);
    else if (pb_unpack(READING_TYPE, loaded->reading.data, loaded->reading.len, arena, &reading, NULL) != STATUS_OK)
        return false;
    import->reading = reading;
    return reading != NULL;
}

void import_end(import_t *import)
{
    arena_destroy(&import->scratch);
    buf_deinit(&import->staged);
    buf_deinit(&import->places);
}

// False without memory.
static bool give_rows(const import_t *import, Pcn__Registry__Store__V1__ImportPart *part)
{
    const size_t count = import->places.size / sizeof(place_t);
    if (count == 0)
        return true;
    part->staged = arena_copy(import->arena, import->staged.data, import->staged.size);
    part->staged_files = arena_alloc(import->arena, count * sizeof *part->staged_files);
    part->staged_lines = arena_alloc(import->arena, count * sizeof *part->staged_lines);
    part->staged_kinds = arena_alloc(import->arena, count * sizeof *part->staged_kinds);
    part->staged_places = arena_alloc(import->arena, count * sizeof *part->staged_places);
    part->staged_paths = arena_alloc(import->arena, count * sizeof *part->staged_paths);
    if (part->staged == NULL || part->staged_files == NULL || part->staged_lines == NULL || part->staged_kinds == NULL ||
        part->staged_places == NULL || part->staged_paths == NULL)
        return false;
    part->n_staged_files = part->n_staged_lines = part->n_staged_kinds = part->n_staged_places = part->n_staged_paths = count;
    for (size_t i = 0; i < count; i++) {
        place_t place;
        memcpy(&place, import->places.data + i * sizeof place, sizeof place);
        part->staged_files[i] = place.file;
        part->staged_lines[i] = place.line;
        part->staged_kinds[i] = (char *)(uintptr_t)place.kind;
        part->staged_places[i] = place.row;
        part->staged_paths[i] = place.path != NULL ? place.path : (char *)"";
    }
    return true;
}

bool import_close(import_t *import, Pcn__Registry__Store__V1__ImportPart *part)
{
    part->files = import->files;
    part->n_files = import->file_count;
    part->has_rows = part->has_problem_count = part->has_reading = 1;
    part->rows = import->rows;
    part->problem_count = import->problem_count;
    part->problems = import->problems;
    part->n_problems = import->found;
    return !import->failed && buf_ok(&import->staged) && buf_ok(&import->places) && give_rows(import, part) &&
           pb_pack(import->reading, import->arena, &part->reading.data, &part->reading.len);
}

// ---- what comes of it ----

static void add_problem(import_t *import, uint32_t line, const char *field, const char *reason)
{
    import->problem_count++;
    if (import->found == import->room)
        return;
    staged_problem_t *problem = pb_new(PROBLEM_TYPE, import->arena);
    if (problem != NULL) {
        problem->has_file = problem->has_line = 1;
        problem->file = (uint32_t)import->file_count;
        problem->line = line;
        problem->field = field != NULL && field[0] != '\0' ? arena_string(import->arena, field) : NULL;
        problem->reason = arena_string(import->arena, reason);
    }
    if (problem == NULL || problem->reason == NULL)
        import->failed = true;
    else
        import->problems[import->found++] = problem;
}

void import_note(import_t *import, uint32_t line, const char *field, const char *format, ...)
{
    char reason[REASON_SIZE], whole[REASON_SIZE + 4];
    va_list arguments;
    va_start(arguments, format);
    const int size = vsnprintf(whole, sizeof whole, format, arguments);
    va_end(arguments);
    if (size < 0)
        whole[0] = '\0';
    utf8_copy(reason, sizeof reason, whole);
    add_problem(import, line, field, reason);
}

// "closedOn" is the column closed_on, or whatever the header calls it; "identifiers[0].to" goes on after its first name as it is. In a JSON
// document it is the member of a row of a list: organisations[2].closedOn.
static void name_in_file(const import_source_t *source, const char *path, char out[IMPORT_FIELD_SIZE])
{
    const size_t size = strcspn(path, ".[");
    const int index = source->columns != NULL ? pb_field_by_json(source->type, path, size) : -1;
    const char *name = index >= 0 ? source->type->descriptor->fields[index].name : NULL;
    for (size_t i = 0; index >= 0 && i < source->column_count; i++) {
        if (source->fields[i] == index)
            name = source->columns[i];
    }
    char whole[2 * IMPORT_FIELD_SIZE];
    if (source->columns == NULL)
        (void)snprintf(whole, sizeof whole, "%s[%u]%s%s", source->list, source->index, path[0] != '\0' ? "." : "", path);
    else
        (void)snprintf(whole, sizeof whole, "%s%s", name != NULL ? name : "", name != NULL ? path + size : path);
    utf8_copy(out, IMPORT_FIELD_SIZE, whole);
}

void import_note_field(import_t *import, const import_source_t *source, const char *path, const char *detail)
{
    char field[IMPORT_FIELD_SIZE];
    name_in_file(source, path, field);
    import_note(import, source->line, field, "%s", detail);
}

void import_note_row(import_t *import, const import_source_t *source, const char *detail)
{
    import_note_field(import, source, "", detail);
}

void import_add_row(import_t *import, const import_source_t *source, const char *kind, const pb_type_t *type, const void *message)
{
    place_t place = {.file = (uint32_t)import->file_count, .line = source->line, .row = (uint32_t)import->rows, .kind = kind};
    if (source->columns == NULL && (place.path = arena_printf(import->arena, "%s[%u]", source->list, source->index)) == NULL)
        import->failed = true;
    if (import->places.size > 0)
        buf_add_char(&import->staged, IMPORT_SEPARATOR);
    pb_json_write(type, message, &import->staged);
    buf_add(&import->places, &place, sizeof place);
}

void import_count_row(import_t *import)
{
    import->files[import->file_count - 1]->rows++;
    import->rows++;
}

// ---- files ----

const char *import_join(import_t *import, const uint8_t *bytes, size_t size, size_t *joined)
{
    const ProtobufCBinaryData rest = import->reading->rest;
    *joined = rest.len + size;
    char *text = arena_alloc(import->arena, *joined + 1);
    if (text == NULL) {
        import->failed = true;
        return NULL;
    }
    if (rest.len > 0)
        memcpy(text, rest.data, rest.len);
    if (size > 0)
        memcpy(text + rest.len, bytes, size);
    text[*joined] = '\0';
    return text;
}

void import_keep(import_t *import, const char *text, size_t size)
{
    if (import->reading->given_up)
        size = 0;
    import->reading->has_rest = size > 0;
    // The text lives as long as the reading.
    import->reading->rest = (ProtobufCBinaryData){.len = size, .data = (uint8_t *)(uintptr_t)text};
}

static void take_in(import_t *import, const uint8_t *bytes, size_t size, bool last)
{
    size_t joined;
    if (import->file_count == 0 || import->reading->given_up)
        return;
    const char *text = import_join(import, bytes, size, &joined);
    if (text == NULL)
        return;
    if (import->reading->json)
        import_read_json(import, text, joined, last);
    else
        import_read_csv(import, text, joined, last);
}

static bool ends_with(const char *text, const char *end)
{
    const size_t size = strlen(text), end_size = strlen(end);
    return size > end_size && strcmp(text + size - end_size, end) == 0;
}

// What the file is by its name, which stands last in `files`.
static void recognise(import_t *import, const char *name)
{
    // A folder before it says nothing (RFC 7578, 4.2).
    const char *folder = strrchr(name, '/');
    import_reading_t *reading = import->reading;
    for (size_t i = 0; i + 1 < import->file_count; i++) {
        if (strcmp(import->files[i]->name, name) == 0) {
            reading->has_given_up = reading->given_up = 1;
            import_note(import, 0, NULL, "Was sent already");
            return;
        }
    }
    reading->has_json = 1;
    reading->json = ends_with(name, ".json");
    if (reading->json)
        return;
    if (folder != NULL)
        name = folder + 1;
    char member[IMPORT_FIELD_SIZE];
    const size_t size = ends_with(name, ".csv") ? strlen(name) - strlen(".csv") : 0;
    (void)snprintf(member, sizeof member, "%.*s", (int)size, name);
    const int index = size < sizeof member ? pb_field_by_name(FILES_TYPE, member) : -1;
    reading->has_member = index >= 0;
    if (index >= 0) {
        reading->member = (uint32_t)index;
        return;
    }
    reading->has_given_up = reading->given_up = 1;
    import_note(import, 0, NULL, "Is no file of the registry, such as organisations.csv, nor a document (.json)");
}

static status_t begin_file(import_t *import, const char *name, problem_t *problem)
{
    if (import->file_count == IMPORT_FILES_MAX)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "file", "An import has at most %d files", IMPORT_FILES_MAX);
    import_file_t *file = pb_new(FILE_TYPE, import->arena);
    import_reading_t *reading = pb_new(READING_TYPE, import->arena);
    if (file == NULL || reading == NULL || (file->name = arena_string(import->arena, name)) == NULL)
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory");
    file->has_bytes = file->has_rows = 1;
    import->files[import->file_count++] = file;
    reading->has_line = 1;
    reading->line = 1;
    import->reading = reading;
    recognise(import, name);
    return STATUS_OK;
}

static status_t end(const import_t *import, problem_t *problem)
{
    if (import->failed || !buf_ok(&import->staged) || !buf_ok(&import->places))
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "What is in the piece takes more memory than one may have");
    return STATUS_OK;
}

status_t import_read(import_t *import, const char *file, const uint8_t *bytes, size_t size, problem_t *problem)
{
    int64_t total = (int64_t)size;
    for (size_t i = 0; i < import->file_count; i++)
        total += import->files[i]->bytes;
    if (total > IMPORT_BYTES_MAX)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "data", "An import has at most 64 MiB");
    if (import->file_count == 0 || strcmp(import->files[import->file_count - 1]->name, file) != 0) {
        take_in(import, NULL, 0, true);
        status_t status = begin_file(import, file, problem);
        if (status != STATUS_OK)
            return status;
    }
    import->files[import->file_count - 1]->bytes += (int64_t)size;
    take_in(import, bytes, size, false);
    return end(import, problem);
}

status_t import_finish(import_t *import, problem_t *problem)
{
    if (import->file_count == 0)
        import_note(import, 0, NULL, "No file was sent");
    take_in(import, NULL, 0, true);
    return end(import, problem);
}
