// Writes of one statement that go out together are one execution over arrays: PostgreSQL starts, checks and ends a statement once for all
// of them, which is most of what a small one costs.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

#include "common/base/log.h"
#include "common/db/pool_internal.h"

#define ARRAYS_MAX (16u * 1024u * 1024u)
#define TEXT_OID 25

static void add_int32(buf_t *out, int32_t number)
{
    uint32_t wire = htonl((uint32_t)number);
    buf_add(out, &wire, sizeof(wire));
}

static bool all_null(int param, int count, const char *const *(*row)(void *data, int i), void *data)
{
    for (int i = 0; i < count; i++)
        if (row(data, i)[param] != NULL)
            return false;
    return true;
}

// One dimension, whose items may be NULL (array_recv in PostgreSQL's array functions).
static void add_array(int param, int count, const char *const *(*row)(void *data, int i), void *data, buf_t *out)
{
    add_int32(out, 1);
    add_int32(out, 1);
    add_int32(out, TEXT_OID);
    add_int32(out, count);
    add_int32(out, 1);
    for (int i = 0; i < count; i++) {
        const char *text = row(data, i)[param];
        if (text == NULL) {
            add_int32(out, -1);
            continue;
        }
        size_t size = strlen(text);
        add_int32(out, (int32_t)size);
        buf_add(out, text, size);
    }
}

bool gather_arrays(int param_count, int count, const char *const *(*row)(void *data, int i), void *data, buf_t *out, db_arrays_t *arrays)
{
    size_t starts[DB_PARAMS_MAX + 1];
    buf_init(out, ARRAYS_MAX);
    // unnest() of NULL has no rows and is filled up to the longest with NULLs, for less than unpacking an array of them. One stays an array
    // whatever it holds, since it says how many rows there are.
    int longest = 0;
    while (longest < param_count - 1 && all_null(longest, count, row, data))
        longest++;
    for (int param = 0; param < param_count; param++) {
        starts[param] = out->size;
        if (param == longest || !all_null(param, count, row, data))
            add_array(param, count, row, data, out);
    }
    starts[param_count] = out->size;
    if (!buf_ok(out))
        return false;
    for (int param = 0; param < param_count; param++) {
        arrays->values[param] = starts[param + 1] > starts[param] ? out->data + starts[param] : NULL;
        arrays->lengths[param] = (int)(starts[param + 1] - starts[param]);
        arrays->formats[param] = 1;
    }
    return true;
}

static const char *const *slot_row(void *data, int i)
{
    const char *const *const *rows = data;
    return rows[i];
}

bool gather_send(db_link_t *link, const db_slot_t *slot)
{
    const db_statement_t *statement = link->db->catalogue.known[slot->number].statement;
    const char *const **rows = link->db->rows;
    int count = 0;
    for (db_query_t *query = slot->first; query != NULL; query = query->next) {
        rows[count++] = query->values;
        query->place = count;
    }
    buf_t out;
    db_arrays_t arrays;
    bool sent =
        gather_arrays(statement->param_count, count, slot_row, rows, &out, &arrays) &&
        PQsendQueryPrepared(link->pg, statement->name, statement->param_count, arrays.values, arrays.lengths, arrays.formats, 0) == 1;
    buf_deinit(&out);
    return sent;
}

bool gather_takes(const db_slot_t *slot, const db_query_t *query)
{
    return query->key != NULL && slot->last->key != NULL && strcmp(slot->last->key, query->key) != 0;
}

// The row that is the query's; rows come in the order of n, none is missing where the statement is right.
static int row_of(const PGresult *result, int column, int place)
{
    char text[16];
    snprintf(text, sizeof(text), "%d", place);
    if (place <= PQntuples(result) && strcmp(PQgetvalue(result, place - 1, column), text) == 0)
        return place - 1;
    return -1;
}

void gather_answer(db_t *db, db_slot_t *slot)
{
    static const problem_t ok = {.status = STATUS_OK};
    const db_statement_t *statement = db->catalogue.known[slot->number].statement;
    int column = PQfnumber(slot->result, "n");
    db_columns_t columns = {.fields = malloc(((size_t)PQnfields(slot->result) + 1) * sizeof(*columns.fields))};
    db_query_t *query = slot->first;
    slot->first = NULL;
    while (query != NULL) {
        db_query_t *next = query->next;
        int row = column >= 0 ? row_of(slot->result, column, query->place) : -1;
        if (row >= 0) {
            db_rows_t own = {.result = slot->result, .row = &row, .count = 1, .statement = statement};
            own.columns = columns.fields != NULL ? &columns : NULL;
            db_answer(db, query, &own, &ok);
        } else {
            log_error("a gathering statement lacks a row", LOG_TEXT("statement", statement->name), LOG_NUMBER("n", query->place));
            db_answer_status(db, query, STATUS_INTERNAL, "Internal error", 0);
        }
        query = next;
    }
    free(columns.fields);
}
