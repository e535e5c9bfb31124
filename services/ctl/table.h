// A table of texts for a terminal: columns as wide as what is in them, none that are empty throughout. Where the line is too short those
// go first that say the same in every row, then wide ones are cut, then the last ones go; what is left out is named, with what it says in
// every row.
//
// Cells are borrowed and must live until it is printed.
#ifndef PCN_CTL_TABLE_H
#define PCN_CTL_TABLE_H

#include <stdio.h>

#include "common/base/buf.h"

typedef struct table_column {
    const char *name; // as the head shows it
    bool number;      // to the right
    bool kept;        // also where it is empty
} table_column_t;

typedef struct table {
    const table_column_t *columns;
    size_t column_count;
    const char **cells; // row by row; NULL and "" are blank
    size_t row_count, room;
} table_t;

void table_init(table_t *table, const table_column_t *columns, size_t count);
void table_deinit(table_t *table);
// The cells of a new row, all NULL. NULL without memory.
const char **table_add(table_t *table);
// `width` 0 is any. Appends the names of columns that were left out to `left_out`, with blanks between them.
void table_write(const table_t *table, size_t width, size_t indent, buf_t *out, buf_t *left_out);

#endif
