#include "services/ctl/show.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "services/ctl/cell.h"
#include "services/ctl/command.h"
#include "services/ctl/contract.h"
#include "services/ctl/table.h"
#include "services/ctl/text.h"

enum { COLUMNS_MAX = 96, WIDTH_MAX = 4096, DEPTH_MAX = 32, SECTION_INDENT = 2 };
#define TEXT_CAP (256u * 1024u * 1024u)

void show_init(show_t *show, FILE *out, bool json, bool table, const char *columns)
{
    struct winsize size = {0};
    const bool terminal = isatty(fileno(out)) == 1;
    long long width = 0;
    if (terminal && ioctl(fileno(out), TIOCGWINSZ, &size) == 0)
        width = size.ws_col;
    const char *given = getenv("COLUMNS");
    if (width == 0 && given != NULL && !command_number(given, 20, WIDTH_MAX, &width))
        width = 0;
    *show = (show_t){.out = out, .width = (size_t)width, .columns = columns, .json = json || !(terminal || table || columns != NULL)};
}

static status_t cannot_write(problem_t *problem)
{
    return problem_set(problem, STATUS_UNAVAILABLE, NULL, "cannot write to standard output");
}

static status_t flush(const show_t *show, const buf_t *text, problem_t *problem)
{
    if (!buf_ok(text))
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "out of memory");
    return text->size == 0 || fwrite(text->data, 1, text->size, show->out) == text->size ? STATUS_OK : cannot_write(problem);
}

status_t show_json(const show_t *show, const json_t *json, problem_t *problem)
{
    return json_dumpf(json, show->out, JSON_COMPACT) == 0 && putc('\n', show->out) != EOF ? STATUS_OK : cannot_write(problem);
}

// ---- types ----

static bool is_list(const pb_type_t *type, unsigned index)
{
    return type->descriptor->fields[index].label == PROTOBUF_C_LABEL_REPEATED;
}

static bool is_message(const pb_type_t *type, unsigned index)
{
    return type->fields[index].type != NULL && !is_list(type, index);
}

// Messages of a list, which are a table of their own.
static bool is_rows(const pb_type_t *type, unsigned index)
{
    return is_list(type, index) && type->fields[index].type != NULL;
}

static bool is_number(const pb_type_t *type, unsigned index)
{
    switch (type->descriptor->fields[index].type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_BOOL:
        return false;
    default:
        return !is_list(type, index);
    }
}

// The list of its own kind in a type that holds itself; -1 where it does not.
static int branches_of(const pb_type_t *type)
{
    for (unsigned i = 0; i < type->descriptor->n_fields; i++) {
        if (is_list(type, i) && type->fields[i].type == type)
            return (int)i;
    }
    return -1;
}

static bool is_reply(const pb_type_t *type)
{
    const size_t size = strlen(type->name);
    return size > 5 && strcmp(type->name + size - 5, "Reply") == 0;
}

const pb_type_t *show_page_type(const pb_type_t *reply, unsigned *index)
{
    for (unsigned i = 0; is_reply(reply) && i < reply->descriptor->n_fields; i++) {
        if (!is_rows(reply, i))
            continue;
        *index = i;
        return reply->fields[i].type;
    }
    return NULL;
}

// ---- columns ----

static const char *head_of(const pb_type_t *type, unsigned index, arena_t *arena)
{
    char name[CONTRACT_NAME_SIZE];
    contract_kebab(type->descriptor->fields[index].name, name);
    char *copy = arena_string(arena, name);
    for (char *at = copy; at != NULL && *at != '\0'; at++)
        *at = *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at;
    return copy != NULL ? copy : "";
}

// Stands for all messages of a row.
#define MESSAGES UINT_MAX

typedef struct columns {
    table_column_t column[COLUMNS_MAX];
    unsigned field[COLUMNS_MAX];
    size_t count;
} columns_t;

static void add_column(columns_t *columns, const pb_type_t *type, unsigned index, bool kept, arena_t *arena)
{
    if (columns->count == COLUMNS_MAX)
        return;
    columns->column[columns->count] = (table_column_t){head_of(type, index, arena), is_number(type, index), kept};
    columns->field[columns->count++] = index;
}

// By kebab ("as-of") or JSON ("asOf"); -1 where the type has none of the name.
static int column_by_name(const pb_type_t *type, const char *name, size_t size)
{
    for (unsigned i = 0; i < type->descriptor->n_fields; i++) {
        char kebab[CONTRACT_NAME_SIZE];
        contract_kebab(type->descriptor->fields[i].name, kebab);
        if ((strlen(kebab) == size && strncasecmp(kebab, name, size) == 0) ||
            (strlen(type->fields[i].json) == size && strncasecmp(type->fields[i].json, name, size) == 0))
            return (int)i;
    }
    return -1;
}

static void choose_columns(const show_t *show, const pb_type_t *type, columns_t *columns, arena_t *arena)
{
    for (const char *at = show->columns; at != NULL;) {
        const size_t size = strcspn(at, ",");
        const int index = column_by_name(type, at, size);
        if (index >= 0)
            add_column(columns, type, (unsigned)index, !show->defaults, arena);
        at = at[size] == ',' ? at + size + 1 : NULL;
    }
    if (columns->count > 0)
        return;
    const int branches = branches_of(type);
    unsigned messages = 0;
    for (unsigned i = 0; i < type->descriptor->n_fields; i++)
        messages += is_message(type, i);
    bool told = messages < 2;
    for (unsigned i = 0; i < type->descriptor->n_fields; i++) {
        if ((int)i == branches)
            continue;
        if (messages < 2 || !is_message(type, i)) {
            add_column(columns, type, i, false, arena);
        } else if (!told && columns->count < COLUMNS_MAX) {
            columns->column[columns->count] = (table_column_t){"WHAT", false, false};
            columns->field[columns->count++] = MESSAGES;
            told = true;
        }
    }
}

status_t show_check(const show_t *show, const pb_type_t *reply, problem_t *problem)
{
    unsigned index;
    const pb_type_t *type = show_page_type(reply, &index);
    if (show->columns == NULL)
        return STATUS_OK;
    if (type == NULL)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "--columns", "the answer is no list");
    for (const char *at = show->columns; at != NULL;) {
        const size_t size = strcspn(at, ",");
        if (column_by_name(type, at, size) < 0)
            return problem_set(problem, STATUS_INVALID_ARGUMENT, "--columns", "\"%.*s\" is no column", (int)size, at);
        at = at[size] == ',' ? at + size + 1 : NULL;
    }
    return STATUS_OK;
}

// ---- tables ----

static bool add_row(const show_t *show, table_t *table, const columns_t *columns, const pb_type_t *type, const json_t *row, unsigned depth,
                    arena_t *arena)
{
    const int branches = branches_of(type);
    const char **cells = table_add(table);
    if (cells == NULL)
        return false;
    for (size_t i = 0; i < columns->count; i++) {
        const char *cell = columns->field[i] == MESSAGES ? cell_of_messages(type, row, arena)
                                                         : cell_of(json_object_get(row, type->fields[columns->field[i]].json), arena);
        if (show->width > 0)
            cell = cell_shorten(cell, arena);
        if (i == 0 && depth > 0) {
            const char *deeper = arena_printf(arena, "%*s%s", (int)(2 * depth), "", cell);
            cell = deeper != NULL ? deeper : cell;
        }
        cells[i] = cell;
    }
    const json_t *below = branches >= 0 && depth < DEPTH_MAX ? json_object_get(row, type->fields[branches].json) : NULL;
    for (size_t i = 0; i < json_array_size(below); i++) {
        if (!add_row(show, table, columns, type, json_array_get(below, i), depth + 1, arena))
            return false;
    }
    return true;
}

static void note_left_out(buf_t *left_out, size_t indent, buf_t *out)
{
    if (left_out->size > 0)
        buf_printf(out, "%*s… without %s: --columns or --json shows them\n", (int)indent, "", left_out->data);
}

// `rows` is an array of the type's objects, or one.
static void write_table(const show_t *show, const pb_type_t *type, const json_t *rows, size_t indent, arena_t *arena, buf_t *out)
{
    columns_t columns = {.count = 0};
    table_t table;
    buf_t left_out;
    buf_init(&left_out, TEXT_CAP);
    choose_columns(show, type, &columns, arena);
    table_init(&table, columns.column, columns.count);
    bool ok = true;
    if (json_is_object(rows))
        ok = add_row(show, &table, &columns, type, rows, 0, arena);
    for (size_t i = 0; ok && i < json_array_size(rows); i++)
        ok = add_row(show, &table, &columns, type, json_array_get(rows, i), 0, arena);
    if (table.row_count > 0 && ok)
        table_write(&table, show->width, indent, out, &left_out);
    note_left_out(&left_out, indent, out);
    out->failed |= !ok;
    table_deinit(&table);
    buf_deinit(&left_out);
}

// ---- a resource ----

typedef struct record {
    const char *name[COLUMNS_MAX], *value[COLUMNS_MAX];
    size_t count, widest;
    // Lists of messages come after the fields.
    const pb_type_t *rows_type[COLUMNS_MAX];
    const json_t *rows[COLUMNS_MAX];
    const char *rows_name[COLUMNS_MAX];
    size_t rows_count;
} record_t;

static void collect(record_t *record, const pb_type_t *type, const json_t *object, const char *prefix, arena_t *arena)
{
    for (unsigned i = 0; i < type->descriptor->n_fields; i++) {
        const json_t *value = json_object_get(object, type->fields[i].json);
        const char *name = arena_printf(arena, "%s%s%s", prefix, prefix[0] != '\0' ? "." : "", type->fields[i].json);
        // Where a page goes on is the program's business.
        if (strcmp(type->descriptor->fields[i].name, "next_page_token") == 0)
            continue;
        if (value == NULL || name == NULL || (json_is_array(value) && json_array_size(value) == 0))
            continue;
        if (is_rows(type, i) && record->rows_count < COLUMNS_MAX) {
            record->rows_type[record->rows_count] = type->fields[i].type;
            record->rows_name[record->rows_count] = name;
            record->rows[record->rows_count++] = value;
        } else if (type->fields[i].type != NULL && json_is_object(value)) {
            collect(record, type->fields[i].type, value, name, arena);
        } else if (record->count < COLUMNS_MAX) {
            const size_t width = text_width(name);
            record->name[record->count] = name;
            record->value[record->count++] = cell_of(value, arena);
            record->widest = width > record->widest ? width : record->widest;
        }
    }
}

static void write_fields(const record_t *record, size_t width, buf_t *out)
{
    const size_t indent = record->widest + 2;
    for (size_t i = 0; i < record->count; i++) {
        buf_printf(out, "%s%*s", record->name[i], (int)(indent - text_width(record->name[i])), "");
        text_add_wrapped(out, record->value[i], indent, indent, width > indent + 20 ? width : SIZE_MAX);
    }
}

static void write_record(const show_t *show, const pb_type_t *type, const json_t *object, arena_t *arena, buf_t *out)
{
    record_t record = {.count = 0};
    const show_t all = {.out = show->out, .width = show->width};
    collect(&record, type, object, "", arena);
    write_fields(&record, show->width, out);
    for (size_t i = 0; i < record.rows_count; i++) {
        buf_printf(out, "%s%s (%zu)\n", out->size > 0 ? "\n" : "", record.rows_name[i], json_array_size(record.rows[i]));
        write_table(&all, record.rows_type[i], record.rows[i], SECTION_INDENT, arena, out);
    }
}

// A page: its rows, further lists under their names, then what it says of itself.
static void write_page(const show_t *show, const pb_type_t *type, unsigned index, const json_t *reply, arena_t *arena, buf_t *out)
{
    record_t record = {.count = 0};
    const json_t *rows = json_object_get(reply, type->fields[index].json);
    collect(&record, type, reply, "", arena);
    if (json_array_size(rows) > 0)
        write_table(show, type->fields[index].type, rows, 0, arena, out);
    else
        buf_add_string(out, "nothing\n");
    const show_t all = {.out = show->out, .width = show->width};
    for (size_t i = 0; i < record.rows_count; i++) {
        if (record.rows[i] == rows)
            continue;
        buf_printf(out, "\n%s (%zu)\n", record.rows_name[i], json_array_size(record.rows[i]));
        write_table(&all, record.rows_type[i], record.rows[i], SECTION_INDENT, arena, out);
    }
    if (record.count > 0)
        buf_add_char(out, '\n');
    write_fields(&record, show->width, out);
}

static status_t write_whole(const show_t *show, const pb_type_t *type, const json_t *json, bool rows, problem_t *problem)
{
    unsigned index;
    buf_t out;
    arena_t *arena = arena_new(TEXT_CAP);
    if (arena == NULL)
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "out of memory");
    buf_init(&out, TEXT_CAP);
    if (rows || branches_of(type) >= 0)
        write_table(show, type, json, 0, arena, &out);
    else if (show_page_type(type, &index) != NULL)
        write_page(show, type, index, json, arena, &out);
    else
        write_record(show, type, json, arena, &out);
    const status_t status = flush(show, &out, problem);
    buf_deinit(&out);
    arena_destroy(&arena);
    return status;
}

status_t show_reply(const show_t *show, const pb_type_t *type, const json_t *reply, problem_t *problem)
{
    return show->json ? show_json(show, reply, problem) : write_whole(show, type, reply, false, problem);
}

status_t show_rows(const show_t *show, const pb_type_t *type, const json_t *rows, problem_t *problem)
{
    status_t status = STATUS_OK;
    for (size_t i = 0; show->json && status == STATUS_OK && i < json_array_size(rows); i++)
        status = show_json(show, json_array_get(rows, i), problem);
    if (show->json || json_array_size(rows) == 0)
        return status;
    return write_whole(show, type, rows, true, problem);
}
