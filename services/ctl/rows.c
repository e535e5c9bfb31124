#include "services/ctl/rows.h"

#include <stdlib.h>
#include <string.h>

#include "services/ctl/table.h"

enum { CELL_SIZE = 64, COLUMNS_MAX = 16, OUT_CAP = 16 * 1024 * 1024 };

static const char *cell_of(const json_t *row, const char *key, char out[CELL_SIZE])
{
    const json_t *value = json_object_get(row, key);
    if (json_is_string(value))
        return json_string_value(value);
    out[0] = '\0';
    if (json_is_true(value))
        snprintf(out, CELL_SIZE, "*");
    else if (json_is_integer(value) && strcmp(key, "memory") == 0)
        snprintf(out, CELL_SIZE, "%.1f MiB", (double)json_integer_value(value) / (1024 * 1024));
    else if (json_is_integer(value))
        snprintf(out, CELL_SIZE, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        snprintf(out, CELL_SIZE, "%.1f", json_real_value(value));
    return out;
}

void rows_add(const show_t *show, const json_t *rows, const rows_column_t *columns, size_t count, buf_t *out)
{
    table_t table;
    table_column_t heads[COLUMNS_MAX];
    buf_t left_out;
    size_t i;
    const json_t *row;
    char(*texts)[CELL_SIZE] = calloc(json_array_size(rows) * count + 1, sizeof *texts);
    for (i = 0; i < count && i < COLUMNS_MAX; i++)
        heads[i] = (table_column_t){columns[i].head, columns[i].number, columns[i].kept};
    buf_init(&left_out, OUT_CAP);
    table_init(&table, heads, i);
    bool ok = texts != NULL;
    json_array_foreach(rows, i, row)
    {
        const char **cells = ok ? table_add(&table) : NULL;
        ok = cells != NULL;
        for (size_t column = 0; ok && column < table.column_count; column++)
            cells[column] = cell_of(row, columns[column].key, texts[i * count + column]);
    }
    if (ok && table.row_count > 0)
        table_write(&table, show->width, 0, out, &left_out);
    out->failed |= !ok;
    table_deinit(&table);
    buf_deinit(&left_out);
    free(texts);
}

status_t rows_show(const show_t *show, const json_t *rows, const rows_column_t *columns, size_t count, problem_t *problem)
{
    buf_t out;
    status_t status = STATUS_OK;
    for (size_t i = 0; show->json && status == STATUS_OK && i < json_array_size(rows); i++)
        status = show_json(show, json_array_get(rows, i), problem);
    if (show->json)
        return status;
    buf_init(&out, OUT_CAP);
    rows_add(show, rows, columns, count, &out);
    if (!buf_ok(&out) || (out.size > 0 && fwrite(out.data, 1, out.size, show->out) != out.size))
        status = problem_set(problem, STATUS_UNAVAILABLE, NULL, "cannot write to standard output");
    buf_deinit(&out);
    return status;
}
