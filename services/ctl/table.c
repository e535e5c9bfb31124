#include "services/ctl/table.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "services/ctl/text.h"

enum { GAP = 2, NARROW_MIN = 24, COLUMNS_MAX = 128 };

void table_init(table_t *table, const table_column_t *columns, size_t count)
{
    *table = (table_t){.columns = columns, .column_count = count < COLUMNS_MAX ? count : COLUMNS_MAX};
}

void table_deinit(table_t *table)
{
    free(table->cells);
    table->cells = NULL;
}

const char **table_add(table_t *table)
{
    if (table->row_count == table->room) {
        const size_t room = table->room > 0 ? table->room * 2 : 64;
        const char **cells = reallocarray(table->cells, room * table->column_count, sizeof *cells);
        if (cells == NULL)
            return NULL;
        table->cells = cells;
        table->room = room;
    }
    const char **row = table->cells + table->row_count++ * table->column_count;
    memset(row, 0, table->column_count * sizeof *row);
    return row;
}

static const char *cell_at(const table_t *table, size_t row, size_t column)
{
    const char *text = table->cells[row * table->column_count + column];
    return text != NULL ? text : "";
}

// Columns of the line for each column of the table; 0 for one that is not shown.
static void measure(const table_t *table, size_t widths[])
{
    for (size_t i = 0; i < table->column_count; i++) {
        size_t widest = 0;
        for (size_t row = 0; row < table->row_count; row++) {
            const size_t width = text_width(cell_at(table, row, i));
            widest = width > widest ? width : widest;
        }
        const size_t head = text_width(table->columns[i].name);
        widths[i] = widest == 0 && !table->columns[i].kept && table->row_count > 0 ? 0 : widest > head ? widest : head;
    }
}

static size_t total_of(const size_t widths[], size_t count)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++)
        total += widths[i] > 0 ? widths[i] + GAP : 0;
    return total > 0 ? total - GAP : 0;
}

// The widest column gives a column of the line at a time; numbers never do, nor does the first, which tells the rows apart, if it need not.
static void narrow(const table_t *table, size_t widths[], size_t least, size_t room)
{
    while (total_of(widths, table->column_count) > room) {
        size_t widest = table->column_count;
        for (size_t i = least > 1 ? 1 : 0; i < table->column_count; i++) {
            const size_t head = text_width(table->columns[i].name);
            if (!table->columns[i].number && widths[i] > least && widths[i] > head &&
                (widest == table->column_count || widths[i] > widths[widest]))
                widest = i;
        }
        if (widest == table->column_count)
            return;
        widths[widest]--;
    }
}

// Whether all rows say the same in the column, so that one word of it says it all.
static bool is_constant(const table_t *table, size_t column)
{
    if (table->row_count < 2 || table->columns[column].kept)
        return false;
    for (size_t row = 1; row < table->row_count; row++) {
        if (strcmp(cell_at(table, row, column), cell_at(table, 0, column)) != 0)
            return false;
    }
    return true;
}

// What says nothing that differs goes first, then wide columns are cut, then the last ones go.
static void fit(const table_t *table, size_t widths[], size_t room)
{
    size_t natural[COLUMNS_MAX];
    for (size_t last = table->column_count; last-- > 0 && total_of(widths, table->column_count) > room;)
        widths[last] = is_constant(table, last) ? 0 : widths[last];
    memcpy(natural, widths, table->column_count * sizeof *widths);
    for (size_t last = table->column_count; last-- > 1;) {
        narrow(table, widths, NARROW_MIN, room);
        if (total_of(widths, table->column_count) <= room)
            return;
        // Without the last one, the others may be as wide as before.
        memcpy(widths, natural, last * sizeof *widths);
        natural[last] = widths[last] = 0;
    }
    narrow(table, widths, 1, room);
}

static void name_left_out(const table_t *table, size_t column, buf_t *out)
{
    buf_add_string(out, out->size > 0 ? " " : "");
    buf_add_string(out, table->columns[column].name);
    if (!is_constant(table, column))
        return;
    buf_add_string(out, " (");
    (void)text_add_cut(out, cell_at(table, 0, column), NARROW_MIN);
    buf_add_char(out, ')');
}

static void add_blanks(buf_t *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_add_char(out, ' ');
}

// A line without blanks at its end. `row` SIZE_MAX is the head.
static void add_line(const table_t *table, const size_t widths[], size_t row, size_t indent, buf_t *out)
{
    size_t start = indent, at = 0; // where the column begins, and where the line is
    for (size_t i = 0; i < table->column_count; i++) {
        if (widths[i] == 0)
            continue;
        const char *text = row == SIZE_MAX ? table->columns[i].name : cell_at(table, row, i);
        const size_t width = text_width(text);
        const size_t from = start + (table->columns[i].number && width < widths[i] ? widths[i] - width : 0);
        if (text[0] != '\0') {
            add_blanks(out, from - at);
            at = from + text_add_cut(out, text, widths[i]);
        }
        start += widths[i] + GAP;
    }
    buf_add_char(out, '\n');
}

void table_write(const table_t *table, size_t width, size_t indent, buf_t *out, buf_t *left_out)
{
    size_t widths[COLUMNS_MAX], natural[COLUMNS_MAX];
    measure(table, widths);
    memcpy(natural, widths, table->column_count * sizeof *widths);
    if (width > 0)
        fit(table, widths, width > indent ? width - indent : 1);
    for (size_t i = 0; i < table->column_count; i++) {
        if (widths[i] > 0 || natural[i] == 0)
            continue;
        name_left_out(table, i, left_out);
    }
    add_line(table, widths, SIZE_MAX, indent, out);
    for (size_t row = 0; row < table->row_count; row++)
        add_line(table, widths, row, indent, out);
}
