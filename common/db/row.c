// Rows as messages and text.
#include <string.h>

#include "common/base/log.h"
#include "common/db/internal.h"
#include "common/pb/message.h"

static int row_index(const db_rows_t *rows, int row)
{
    return rows->row != NULL ? rows->row[row] : row;
}

// The field of each column, or -1. NULL without memory.
static const int *columns_resolve(const db_rows_t *rows, const pb_type_t *type, arena_t *arena)
{
    db_columns_t *shared = rows->columns;
    if (shared != NULL && shared->type == type)
        return shared->fields;
    const bool keep = shared != NULL && shared->type == NULL;
    const int columns = PQnfields(rows->result);
    int *fields = keep ? shared->fields : arena_alloc(arena, ((size_t)columns + 1) * sizeof(*fields));
    for (int i = 0; fields != NULL && i < columns; i++)
        fields[i] = pb_field_by_name(type, PQfname(rows->result, i));
    if (keep)
        shared->type = type;
    return fields;
}

static status_t too_large(problem_t *problem)
{
    return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The answer is too large");
}

static status_t row_fill(const db_rows_t *rows, int at, const pb_type_t *type, const int *fields, arena_t *arena, void *message,
                         problem_t *problem)
{
    const int columns = PQnfields(rows->result);
    for (int i = 0; i < columns; i++) {
        if (fields[i] < 0 || PQgetisnull(rows->result, at, i))
            continue;
        problem_t defect;
        status_t status = pb_set_column(type, message, (unsigned)fields[i], PQgetvalue(rows->result, at, i),
                                        (size_t)PQgetlength(rows->result, at, i), arena, &defect);
        if (status == STATUS_RESOURCE_EXHAUSTED)
            return too_large(problem);
        if (status != STATUS_OK) {
            log_error("a column does not fit its field", LOG_TEXT("type", type->name), LOG_TEXT("column", PQfname(rows->result, i)),
                      LOG_TEXT("statement", rows->statement != NULL ? db_statement_name(rows->statement) : ""));
            return problem_set(problem, STATUS_INTERNAL, NULL, "Internal error");
        }
    }
    return STATUS_OK;
}

status_t db_rows_messages(const db_rows_t *rows, const pb_type_t *type, arena_t *arena, void ***messages, problem_t *problem)
{
    void **all = arena_alloc(arena, ((size_t)rows->count + 1) * sizeof(*all));
    const int *fields = rows->count > 0 ? columns_resolve(rows, type, arena) : NULL;
    *messages = all;
    if (all == NULL || (rows->count > 0 && fields == NULL))
        return too_large(problem);
    for (int i = 0; i < rows->count; i++) {
        all[i] = pb_new(type, arena);
        if (all[i] == NULL)
            return too_large(problem);
        status_t status = row_fill(rows, row_index(rows, i), type, fields, arena, all[i], problem);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

status_t db_row_message(const db_rows_t *rows, int row, const pb_type_t *type, arena_t *arena, void **message, problem_t *problem)
{
    const int *fields = columns_resolve(rows, type, arena);
    *message = pb_new(type, arena);
    if (*message == NULL || fields == NULL)
        return too_large(problem);
    return row_fill(rows, row_index(rows, row), type, fields, arena, *message, problem);
}

const char *db_row_text(const db_rows_t *rows, int row, const char *column)
{
    // Not PQfnumber, which folds case and unquotes.
    int at = row_index(rows, row);
    int columns = PQnfields(rows->result);
    for (int i = 0; i < columns; i++)
        if (strcmp(PQfname(rows->result, i), column) == 0)
            return PQgetisnull(rows->result, at, i) ? NULL : PQgetvalue(rows->result, at, i);
    return NULL;
}
