#include <stdlib.h>
#include <string.h>

#include "common/pb/json_scan.h"
#include "common/pb/json_value.h"
#include "common/pb/message.h"

#define PATH_SIZE 128

// jansson's reasons in our words, with the field that the place of the error belongs to.
static status_t explain(const json_error_t *error, const char *text, size_t size, problem_t *problem)
{
    char path[PATH_SIZE];
    enum json_error_code code = json_error_code(error);
    size_t offset = error->position > 0 && (size_t)error->position < size ? (size_t)error->position : size;
    // A key that occurs twice ends where jansson noticed it.
    pb_json_locate(text, offset, code == json_error_duplicate_key, path, sizeof path);
    switch (code) {
    case json_error_out_of_memory:
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The text needs more memory than there is");
    case json_error_duplicate_key:
        return problem_set(problem, STATUS_INVALID_ARGUMENT, path, "The key occurs twice (line %d, column %d)", error->line, error->column);
    case json_error_invalid_utf8:
        return problem_set(problem, STATUS_INVALID_ARGUMENT, path, "The text is not UTF-8 (line %d, column %d)", error->line,
                           error->column);
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return problem_set(problem, STATUS_INVALID_ARGUMENT, path, "The character U+0000 is not allowed (line %d, column %d)", error->line,
                           error->column);
    case json_error_numeric_overflow:
        return problem_set(problem, STATUS_INVALID_ARGUMENT, path, "The number is out of range (line %d, column %d)", error->line,
                           error->column);
    case json_error_premature_end_of_input:
        return problem_set(problem, STATUS_INVALID_ARGUMENT, path, "The JSON ends too early (line %d, column %d)", error->line,
                           error->column);
    case json_error_end_of_input_expected:
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "Something follows the end of the JSON (line %d, column %d)",
                           error->line, error->column);
    default:
        return problem_set(problem, STATUS_INVALID_ARGUMENT, path, "This is not JSON (line %d, column %d)", error->line, error->column);
    }
}

static status_t parse(const char *text, size_t size, json_t **json, problem_t *problem)
{
    size_t offset;
    if (size == 0)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "The JSON is empty");
    if (!pb_json_shallow(text, size, &offset)) {
        char path[PATH_SIZE];
        pb_json_locate(text, offset, false, path, sizeof path);
        return problem_set(problem, STATUS_INVALID_ARGUMENT, path, "The JSON is nested deeper than %d", PB_JSON_DEPTH_MAX);
    }
    json_error_t error = {0};
    *json = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    return *json != NULL ? STATUS_OK : explain(&error, text, size, problem);
}

status_t pb_json_read(const pb_type_t *type, const char *text, size_t size, pb_json_mode_t mode, arena_t *arena, void **message,
                      char ***clear, size_t *clear_count, problem_t *problem)
{
    *message = NULL;
    json_t *json = NULL;
    status_t status = parse(text, size, &json, problem);
    if (status != STATUS_OK)
        return status;
    json_reader_t reader = {.mode = mode, .arena = arena, .problem = problem};
    void *out = pb_new(type, arena);
    if (out == NULL)
        status = problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The text needs more memory than a request may use");
    else if (!json_is_object(json))
        status = problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "Must be a JSON object");
    else
        status = json_read_object(&reader, type, json, out, true);
    json_decref(json);
    if (status != STATUS_OK)
        return status;
    *message = out;
    if (clear != NULL)
        *clear = reader.clear;
    if (clear_count != NULL)
        *clear_count = reader.clear_count;
    return STATUS_OK;
}

status_t pb_json_read_field(const pb_type_t *type, void *message, unsigned index, const char *text, size_t size, arena_t *arena,
                            problem_t *problem)
{
    json_t *json = NULL;
    status_t status = parse(text, size, &json, problem);
    if (status == STATUS_OK) {
        json_reader_t reader = {.mode = PB_JSON_TRUSTED, .arena = arena, .problem = problem};
        if (!json_is_null(json))
            status = json_read_member(&reader, type, index, json, message);
        json_decref(json);
    }
    if (status != STATUS_OK)
        problem_prefix(problem, type->fields[index].json);
    return status;
}
