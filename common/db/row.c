// Rows as messages and text.
#include <string.h>

#include "common/base/log.h"
#include "common/db/internal.h"
#include "common/pb/message.h"

static int row_index(const db_rows_t *rows, int row)
{
    return rows->row != NULL ? rows->row[row] : row;
}

status_t db_row_message(const db_rows_t *rows, int row, const pb_type_t *type, arena_t *arena, void **message, problem_t *problem)
{
    *message = pb_new(type, arena);
    if (*message == NULL)
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The answer is too large");
    int at = row_index(rows, row);
    int columns = PQnfields(rows->result);
    for (int i = 0; i < columns; i++) {
        int field = pb_field_by_name(type, PQfname(rows->result, i));
        if (field < 0 || PQgetisnull(rows->result, at, i))
            continue;
        problem_t defect;
        status_t status = pb_set_column(type, *message, (unsigned)field, PQgetvalue(rows->result, at, i),
                                        (size_t)PQgetlength(rows->result, at, i), arena, &defect);
        if (status == STATUS_RESOURCE_EXHAUSTED)
            return problem_set(problem, status, NULL, "The answer is too large");
        if (status != STATUS_OK) {
            log_error("a column does not fit its field", LOG_TEXT("type", type->name), LOG_TEXT("column", PQfname(rows->result, i)),
                      LOG_TEXT("statement", rows->statement != NULL ? db_statement_name(rows->statement) : ""));
            return problem_set(problem, STATUS_INTERNAL, NULL, "Internal error");
        }
    }
    return STATUS_OK;
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
