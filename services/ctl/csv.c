#include "services/ctl/csv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/id.h"

struct csv {
    char *text;           // fields, unquoted in place, each with its NUL
    const char **fields;  // row by row, the header first
    unsigned *lines;      // a row each, the header first
    size_t columns, rows; // `rows` with the header
    size_t field_room, line_room;
};

typedef struct reader {
    csv_t *csv;
    char *at, *end; // what is read
    char *out;      // where the next unquoted character goes; never beyond `at`
    unsigned line;
    size_t fields; // in all
    problem_t *problem;
} reader_t;

static status_t refuse(const reader_t *reader, unsigned line, const char *what)
{
    char field[32];
    snprintf(field, sizeof field, "line %u", line);
    return problem_set(reader->problem, STATUS_INVALID_ARGUMENT, field, "%s", what);
}

static status_t out_of_memory(const reader_t *reader)
{
    return problem_set(reader->problem, STATUS_RESOURCE_EXHAUSTED, NULL, "out of memory");
}

// Room for one more element, doubling.
static bool grow(void **array, size_t *room, size_t used, size_t size)
{
    if (used < *room)
        return true;
    size_t more = *room > 0 ? *room * 2 : 64;
    void *grown = reallocarray(*array, more, size);
    if (grown == NULL)
        return false;
    *array = grown;
    *room = more;
    return true;
}

static bool add_field(reader_t *reader, const char *field)
{
    csv_t *csv = reader->csv;
    if (!grow((void **)&csv->fields, &csv->field_room, reader->fields, sizeof *csv->fields))
        return false;
    csv->fields[reader->fields++] = field;
    return true;
}

// Behind the closing quote on success.
static status_t read_quoted(reader_t *reader)
{
    unsigned start = reader->line;
    reader->at++;
    while (reader->at < reader->end) {
        char c = *reader->at++;
        if (c == '"') {
            if (reader->at == reader->end || *reader->at != '"')
                return STATUS_OK;
            reader->at++;
        } else if (c == '\n') {
            reader->line++;
        }
        *reader->out++ = c;
    }
    return refuse(reader, start, "a quote is opened here and never closed");
}

static bool at_line_end(const reader_t *reader)
{
    return reader->at == reader->end || *reader->at == '\n' ||
           (*reader->at == '\r' && reader->at + 1 < reader->end && reader->at[1] == '\n');
}

static status_t read_plain(reader_t *reader)
{
    while (!at_line_end(reader) && *reader->at != ',') {
        if (*reader->at == '"')
            return refuse(reader, reader->line, "a quote stands inside a field that does not begin with one");
        *reader->out++ = *reader->at++;
    }
    return STATUS_OK;
}

// One field and what follows it. `more`: another field of the row comes.
static status_t read_field(reader_t *reader, bool *more)
{
    char *field = reader->out;
    bool quoted = !at_line_end(reader) && *reader->at == '"';
    status_t status = quoted ? read_quoted(reader) : read_plain(reader);
    if (status != STATUS_OK)
        return status;
    *more = reader->at < reader->end && *reader->at == ',';
    if (!*more && !at_line_end(reader))
        return refuse(reader, reader->line, "text follows the closing quote of a field");
    // The NUL may fall on the separator, so step over that first.
    if (*more) {
        reader->at++;
    } else if (reader->at < reader->end) {
        reader->at += *reader->at == '\r' ? 2 : 1;
        reader->line++;
    }
    *reader->out++ = '\0';
    return add_field(reader, field) ? STATUS_OK : out_of_memory(reader);
}

static status_t read_row(reader_t *reader)
{
    csv_t *csv = reader->csv;
    unsigned line = reader->line;
    size_t before = reader->fields;
    bool more = true;
    while (more) {
        status_t status = read_field(reader, &more);
        if (status != STATUS_OK)
            return status;
    }
    size_t count = reader->fields - before;
    if (csv->rows == 0)
        csv->columns = count;
    if (count != csv->columns) {
        char what[96];
        snprintf(what, sizeof what, "the row has %zu fields, the header %zu", count, csv->columns);
        return refuse(reader, line, what);
    }
    if (!grow((void **)&csv->lines, &csv->line_room, csv->rows, sizeof *csv->lines))
        return out_of_memory(reader);
    csv->lines[csv->rows++] = line;
    return STATUS_OK;
}

static bool skip_blank_line(reader_t *reader)
{
    if (!at_line_end(reader))
        return false;
    if (reader->at < reader->end) {
        reader->at += *reader->at == '\r' ? 2 : 1;
        reader->line++;
    }
    return true;
}

static status_t check_header(const reader_t *reader)
{
    const csv_t *csv = reader->csv;
    if (csv->rows == 0)
        return refuse(reader, 1, "there is no header");
    for (size_t i = 0; i < csv->columns; i++) {
        if (csv->fields[i][0] == '\0')
            return refuse(reader, csv->lines[0], "a column has no name");
        for (size_t j = 0; j < i; j++) {
            if (strcmp(csv->fields[i], csv->fields[j]) == 0)
                return refuse(reader, csv->lines[0], "two columns have the same name");
        }
    }
    return STATUS_OK;
}

static status_t read_text(reader_t *reader)
{
    status_t status = STATUS_OK;
    if (!utf8_valid(reader->at, (uint64_t)(reader->end - reader->at))) {
        // Which line it is: the first whose text alone is not valid either.
        for (char *line = reader->at; line < reader->end; reader->line++) {
            char *next = memchr(line, '\n', (size_t)(reader->end - line));
            next = next != NULL ? next + 1 : reader->end;
            if (!utf8_valid(line, (uint64_t)(next - line)))
                break;
            line = next;
        }
        return refuse(reader, reader->line, "the text is not UTF-8, or has a NUL");
    }
    while (status == STATUS_OK && reader->at < reader->end) {
        if (!skip_blank_line(reader))
            status = read_row(reader);
        if (status == STATUS_OK && reader->csv->rows == 1)
            status = check_header(reader);
    }
    return status == STATUS_OK ? check_header(reader) : status;
}

status_t csv_parse(const char *text, size_t size, csv_t **csv, problem_t *problem)
{
    static const char mark[] = "\xef\xbb\xbf";
    if (size >= sizeof mark - 1 && memcmp(text, mark, sizeof mark - 1) == 0) {
        text += sizeof mark - 1;
        size -= sizeof mark - 1;
    }
    reader_t reader = {.csv = calloc(1, sizeof **csv), .line = 1, .problem = problem};
    // Each field grows by its NUL where it has no separator behind it, which only the last one lacks.
    if (reader.csv == NULL || (reader.csv->text = calloc(1, size + 1)) == NULL) {
        free(reader.csv);
        return out_of_memory(&reader);
    }
    if (size > 0)
        memcpy(reader.csv->text, text, size);
    reader.at = reader.out = reader.csv->text;
    reader.end = reader.at + size;
    status_t status = read_text(&reader);
    if (status == STATUS_OK)
        *csv = reader.csv;
    else
        csv_destroy(&reader.csv);
    return status;
}

void csv_destroy(csv_t **csv)
{
    if (*csv == NULL)
        return;
    free((*csv)->text);
    free((*csv)->fields);
    free((*csv)->lines);
    free(*csv);
    *csv = NULL;
}

size_t csv_rows(const csv_t *csv)
{
    return csv->rows - 1;
}

unsigned csv_line(const csv_t *csv, size_t row)
{
    return csv->lines[row + 1];
}

int csv_column(const csv_t *csv, const char *name)
{
    for (size_t i = 0; i < csv->columns; i++) {
        if (strcmp(csv->fields[i], name) == 0)
            return (int)i;
    }
    return -1;
}

const char *csv_field(const csv_t *csv, size_t row, int column)
{
    return column < 0 ? "" : csv->fields[(row + 1) * csv->columns + (size_t)column];
}
