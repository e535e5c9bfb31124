// CSV after RFC 4180: quoted fields may hold commas, doubled quotes and line ends; LF or CRLF; a byte order mark is skipped; blank lines
// are no rows. The first row names the columns. What does not fit is refused with its line, never guessed at.
//
// The csv_t owns its text; fields live as long as it does.
#ifndef PCN_CTL_CSV_H
#define PCN_CTL_CSV_H

#include <stddef.h>

#include "common/base/status.h"

typedef struct csv csv_t;

// INVALID_ARGUMENT with "line N" as field: an open quote, a quote inside an unquoted field, text after a closing quote, a row with more
// or fewer fields than the header, a doubled or empty column name, a NUL byte, not UTF-8, no header.
MUST_CHECK status_t csv_parse(const char *text, size_t size, csv_t **csv, problem_t *problem);
void csv_destroy(csv_t **csv);

// Rows behind the header.
size_t csv_rows(const csv_t *csv);
// The line (from 1) that a row begins on.
unsigned csv_line(const csv_t *csv, size_t row);
// -1 where there is no such column.
int csv_column(const csv_t *csv, const char *name);
// A field of a row; "" where `column` is -1.
const char *csv_field(const csv_t *csv, size_t row, int column);

#endif
