// Rows that a command made up itself, as JSON objects: a table, or a line of JSON each.
#ifndef PCN_CTL_ROWS_H
#define PCN_CTL_ROWS_H

#include <jansson.h>

#include "common/base/buf.h"
#include "services/ctl/show.h"

typedef struct rows_column {
    const char *head, *key;
    bool number;
    bool kept; // also where it is empty throughout
} rows_column_t;

// Appends the rows as a table, nothing where there are none. What is true is "*", "memory" is told in MiB.
void rows_add(const show_t *show, const json_t *rows, const rows_column_t *columns, size_t count, buf_t *out);
// Writes them as `show` says.
MUST_CHECK status_t rows_show(const show_t *show, const json_t *rows, const rows_column_t *columns, size_t count, problem_t *problem);

#endif
