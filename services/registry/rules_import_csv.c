// CSV by RFC 4180, taken apart by a machine that goes on after any byte: what a record is does not depend on where the pieces were cut.
#include <string.h>

#include "common/base/id.h"
#include "common/pb/message.h"
#include "services/registry/rules_import_internal.h"

#define BOM "\xEF\xBB\xBF"
#define BOM_SIZE 3
#define NAME_SHOWN 60

typedef enum csv_state {
    AT_CELL, // before a cell's first byte
    IN_CELL, // without quotes
    IN_QUOTES,
    AT_QUOTE,      // after a quote within quotes: one of two, or the cell's end
    AT_RETURN,     // after a cell's end in quotes and a carriage return
    QUOTE_IN_CELL, // broken; goes on to the line's end
    TEXT_AFTER_QUOTES,
} csv_state_t;

typedef struct csv_scan {
    csv_state_t state;
    uint32_t lines; // line feeds passed
    bool ended;
} csv_scan_t;

static csv_state_t next_state(csv_state_t state, char c)
{
    switch (state) {
    case AT_CELL:
    case IN_CELL:
        if (c == '"')
            return state == AT_CELL ? IN_QUOTES : QUOTE_IN_CELL;
        return c == ',' ? AT_CELL : IN_CELL;
    case IN_QUOTES:
        return c == '"' ? AT_QUOTE : IN_QUOTES;
    case AT_QUOTE:
        if (c == '"')
            return IN_QUOTES;
        if (c == ',')
            return AT_CELL;
        return c == '\r' ? AT_RETURN : TEXT_AFTER_QUOTES;
    case AT_RETURN:
        return TEXT_AFTER_QUOTES;
    default:
        return state;
    }
}

// Goes on to the record's end, at most `size` bytes; returns how many, its line feed included.
static size_t scan_record(csv_scan_t *scan, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\n') {
            scan->lines++;
            if (scan->state != IN_QUOTES) {
                scan->ended = true;
                return i + 1;
            }
        } else {
            scan->state = next_state(scan->state, text[i]);
        }
    }
    return size;
}

// Takes a record that is whole apart in place. Returns how many cells it has; `cells` has room for IMPORT_COLUMNS_MAX of them.
static size_t split(char *record, size_t size, char **cells)
{
    size_t count = 0;
    char *at = record;
    const char *end = record + size;
    for (;;) {
        char *out = at, *cell = at;
        if (at < end && *at == '"') {
            // A line end within a cell is one of text, whatever the file's own are.
            for (at++; at < end && !(at[0] == '"' && at[1] != '"'); at += *at == '"' ? 2 : 1) {
                if (!(at[0] == '\r' && at[1] == '\n'))
                    *out++ = *at;
            }
            at++; // its last quote
        } else {
            while (at < end && *at != ',')
                at++;
            out = at;
        }
        const bool more = at < end;
        *out = '\0';
        if (count < IMPORT_COLUMNS_MAX)
            cells[count] = cell;
        count++;
        if (!more)
            return count;
        at++; // the comma
    }
}

// ---- the header ----

static void give_up(import_t *import)
{
    import->reading->has_given_up = import->reading->given_up = 1;
}

static bool field_before(const int *fields, size_t count, int field)
{
    for (size_t i = 0; i < count; i++) {
        if (fields[i] == field)
            return true;
    }
    return false;
}

// Notes columns that there are not, or twice. False where rows cannot be read.
static bool check_columns(import_t *import, const import_source_t *source, const int *fields)
{
    bool readable = true;
    for (size_t i = 0; i < source->column_count; i++) {
        const char *name = source->columns[i];
        if (fields[i] >= 0 && field_before(fields, i, fields[i])) {
            import_note(import, source->line, name, "The column is there twice");
            readable = false;
        } else if (fields[i] < 0 && !import_data_set(source->number)) {
            if (name[0] == '\0')
                import_note(import, source->line, NULL, "Column %zu has no name", i + 1);
            else
                import_note(import, source->line, name, "There is no such column");
        }
    }
    return readable;
}

static bool check_missing(import_t *import, const import_source_t *source, const int *fields)
{
    bool complete = true;
    for (unsigned i = 0; i < source->type->descriptor->n_fields; i++) {
        if (import_required(source->number, source->type, i) && !field_before(fields, source->column_count, (int)i)) {
            const char *name = source->type->descriptor->fields[i].name;
            import_note(import, source->line, name, "The column is missing");
            complete = false;
        }
    }
    return complete;
}

static void take_fields(const import_source_t *source, int *fields)
{
    for (size_t i = 0; i < source->column_count; i++)
        fields[i] = import_column_field(source, source->columns[i]);
}

static void read_header(import_t *import, char **cells, size_t count)
{
    import_reading_t *reading = import->reading;
    import_source_t source = import_source_of(reading->member);
    int fields[IMPORT_COLUMNS_MAX];
    source.line = reading->line;
    if (count > IMPORT_COLUMNS_MAX) {
        import_note(import, source.line, NULL, "Has %zu columns; %d at most", count, IMPORT_COLUMNS_MAX);
        give_up(import);
        return;
    }
    if (count == 1 && strpbrk(cells[0], ";\t") != NULL) {
        import_note(import, source.line, NULL, "Columns are separated by commas");
        give_up(import);
        return;
    }
    reading->columns = arena_alloc(import->arena, count * sizeof *reading->columns);
    for (size_t i = 0; reading->columns != NULL && i < count; i++) {
        reading->columns[i] = arena_string(import->arena, cells[i]);
        if (reading->columns[i] == NULL)
            reading->columns = NULL;
    }
    if (reading->columns == NULL) {
        import->failed = true;
        return;
    }
    reading->n_columns = count;
    source.columns = reading->columns;
    source.column_count = count;
    take_fields(&source, fields);
    const bool once = check_columns(import, &source, fields);
    if (!check_missing(import, &source, fields) || !once)
        give_up(import);
}

// ---- rows ----

static bool is_header(const import_source_t *source, char *const *cells)
{
    for (size_t i = 0; i < source->column_count; i++) {
        if (strcmp(cells[i], source->columns[i]) != 0)
            return false;
    }
    return true;
}

static void read_cells(import_t *import, const import_source_t *source, char *const *cells)
{
    void *message = pb_new(source->type, import->scratch);
    uint64_t refused = 0;
    if (message == NULL) {
        import->failed = true;
        return;
    }
    for (size_t i = 0; i < source->column_count; i++) {
        if (source->fields[i] >= 0 && cells[i][0] != '\0' && !import_set_cell(import, source, i, cells[i], message))
            refused |= UINT64_C(1) << source->fields[i];
    }
    if (import_validate(import, source, message, refused) && refused == 0)
        import_row(import, source, message);
}

static void read_row(import_t *import, const int *fields, char **cells, size_t count)
{
    const import_reading_t *reading = import->reading;
    import_source_t source = import_source_of(reading->member);
    source.line = reading->line;
    source.columns = reading->columns;
    source.column_count = reading->n_columns;
    source.fields = fields;
    import_count_row(import);
    if (count != source.column_count)
        import_note(import, source.line, NULL, "Has %zu cell%s; the header has %zu", count, count == 1 ? "" : "s", source.column_count);
    else if (is_header(&source, cells))
        import_note(import, source.line, NULL, "The header is there again: was the file sent twice?");
    else
        read_cells(import, &source, cells);
}

// What is wrong with the record's text; NULL where nothing is.
static const char *flaw_of(const csv_scan_t *scan, const char *text, size_t size)
{
    if (size >= 2 && (memcmp(text, "\xFF\xFE", 2) == 0 || memcmp(text, "\xFE\xFF", 2) == 0))
        return "Is UTF-16, not UTF-8";
    if (memchr(text, '\0', size) != NULL)
        return "Holds the character U+0000";
    if (!utf8_valid(text, size))
        return "Is not UTF-8";
    switch (scan->state) {
    case IN_QUOTES:
        return "A quote that opens is never closed";
    case QUOTE_IN_CELL:
        return "A quote stands within a cell that has none around it";
    case TEXT_AFTER_QUOTES:
    case AT_RETURN: // without a line feed, it ends the file: that is a line end as well
        return scan->state == AT_RETURN ? NULL : "Text follows the quote that closes a cell";
    default:
        return NULL;
    }
}

static void read_record(import_t *import, const int *fields, const csv_scan_t *scan, const char *text, size_t size)
{
    const bool header = import->reading->n_columns == 0;
    if (size > 0 && text[size - 1] == '\n')
        size--;
    if (size > 0 && text[size - 1] == '\r')
        size--;
    if (size == 0)
        return;
    const char *flaw = flaw_of(scan, text, size);
    // No name of a column holds one: the whole file is one record then.
    if (header && flaw == NULL && memchr(text, '\r', size) != NULL)
        flaw = "Lines must end in a line feed, not in a carriage return alone";
    if (flaw != NULL) {
        import_note(import, import->reading->line, NULL, "%s", flaw);
        if (header)
            give_up(import);
        else
            import_count_row(import);
        return;
    }
    char *cells[IMPORT_COLUMNS_MAX];
    char *record = arena_copy(import->scratch, text, size);
    if (record == NULL) {
        import->failed = true;
        return;
    }
    const size_t count = split(record, size, cells);
    if (header)
        read_header(import, cells, count);
    else
        read_row(import, fields, cells, count);
    arena_reset(import->scratch);
}

// A row that is not kept: its problem is noted where it gets too long, and its end is looked for.
static size_t skip(import_t *import, const char *text, size_t size)
{
    import_reading_t *reading = import->reading;
    csv_scan_t scan = {.state = (csv_state_t)reading->scan};
    const size_t length = scan_record(&scan, text, size);
    reading->line += scan.lines;
    reading->has_skipping = reading->has_scan = 1;
    reading->skipping = !scan.ended;
    reading->scan = scan.state;
    return length;
}

static void too_long(import_t *import, const csv_scan_t *scan)
{
    import_reading_t *reading = import->reading;
    const bool quoted = scan->state == IN_QUOTES || scan->state == AT_QUOTE;
    import_note(import, reading->line, NULL, "Is longer than %u KiB%s", IMPORT_ROW_MAX / 1024,
                quoted ? ": is a quote that opens never closed?" : "");
    if (reading->n_columns == 0)
        give_up(import);
    else
        import_count_row(import);
    reading->line += scan->lines;
    reading->has_skipping = reading->has_scan = 1;
    reading->skipping = 1;
    reading->scan = scan->state;
}

// Whether the file begins with a byte order mark, which is no part of the header. `undecided` where more must come to tell.
static size_t mark_size(const import_reading_t *reading, const char *text, size_t size, bool *undecided)
{
    *undecided = false;
    if (reading->line != 1 || reading->n_columns > 0)
        return 0;
    const size_t known = size < BOM_SIZE ? size : BOM_SIZE;
    const bool like_one = memcmp(text, BOM, known) == 0;
    *undecided = like_one && known < BOM_SIZE;
    return like_one && known == BOM_SIZE ? BOM_SIZE : 0;
}

void import_read_csv(import_t *import, const char *text, size_t size, bool last)
{
    import_reading_t *reading = import->reading;
    int fields[IMPORT_COLUMNS_MAX];
    size_t known = 0, at = 0;
    while (at < size && !reading->given_up && !import->failed) {
        if (reading->skipping) {
            at += skip(import, text + at, size - at);
            continue;
        }
        if (known == 0 && reading->n_columns > 0) {
            import_source_t source = import_source_of(reading->member);
            source.columns = reading->columns;
            source.column_count = known = reading->n_columns;
            take_fields(&source, fields);
        }
        bool undecided;
        const size_t mark = mark_size(reading, text + at, size - at, &undecided);
        if (undecided && !last)
            break;
        csv_scan_t scan = {.state = AT_CELL};
        const size_t left = size - at - mark;
        const size_t length = scan_record(&scan, text + at + mark, left < IMPORT_ROW_MAX + 1 ? left : IMPORT_ROW_MAX + 1);
        if (!scan.ended && length > IMPORT_ROW_MAX) {
            too_long(import, &scan);
        } else if (scan.ended || last) {
            read_record(import, fields, &scan, text + at + mark, length);
            reading->line += scan.lines;
        } else {
            break;
        }
        at += mark + length;
    }
    if (last && reading->n_columns == 0 && !reading->given_up)
        import_note(import, 1, NULL, "The file is empty: it has no header");
    import_keep(import, text + at, size - at);
}
