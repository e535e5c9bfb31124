// Reads by one key that queue together are one execution over an array of keys; the rows are told apart afterwards.
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/db/pool_internal.h"

#define ARRAY_MAX (1024u * 1024u)

static int key_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *coalesce_key(const db_query_t *query)
{
    return query->values[query->statement->coalesce_param];
}

bool coalesce_takes(const db_query_t *query)
{
    for (int i = 0; i < query->value_count; i++)
        if (i != query->statement->coalesce_param && query->values[i] != NULL)
            return false;
    return true;
}

// The array of the slot's distinct keys. False without memory.
static bool coalesce_array(const db_slot_t *slot, buf_t *out)
{
    size_t count = 0;
    for (const db_query_t *query = slot->first; query != NULL; query = query->next)
        count++;
    const char **keys = malloc((count + 1) * sizeof(*keys));
    if (keys == NULL)
        return false;
    count = 0;
    for (const db_query_t *query = slot->first; query != NULL; query = query->next)
        if (coalesce_key(query) != NULL)
            keys[count++] = coalesce_key(query);
    qsort(keys, count, sizeof(*keys), key_compare);
    buf_init(out, ARRAY_MAX);
    array_open(out);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || strcmp(keys[i], keys[i - 1]) != 0)
            array_add(out, keys[i]);
    array_close(out);
    free(keys);
    return buf_ok(out);
}

bool coalesce_send(db_link_t *link, const db_slot_t *slot)
{
    const db_statement_t *statement = link->db->catalogue.known[slot->number].statement;
    const char *values[DB_PARAMS_MAX];
    buf_t array;
    bool sent = false;
    // Those that share it have nothing but their key.
    memcpy(values, slot->first->values, (size_t)statement->param_count * sizeof(*values));
    buf_init(&array, 0);
    if (coalesce_array(slot, &array)) {
        values[statement->coalesce_param] = array.data;
        sent = PQsendQueryPrepared(link->pg, statement->name, statement->param_count, values, NULL, NULL, 0) == 1;
    }
    buf_deinit(&array);
    return sent;
}

typedef struct keyed_row {
    const char *key;
    int row;
} keyed_row_t;

// By key, and within a key as they came.
static int row_compare(const void *a, const void *b)
{
    const keyed_row_t *left = a;
    const keyed_row_t *right = b;
    int order = strcmp(left->key, right->key);
    return order != 0 ? order : (left->row > right->row) - (left->row < right->row);
}

static int column_find(const PGresult *result, const char *name)
{
    for (int i = 0; i < PQnfields(result); i++)
        if (strcmp(PQfname(result, i), name) == 0)
            return i;
    return -1;
}

// The first row whose key is not below.
static int lower_bound(const keyed_row_t *rows, int count, const char *key)
{
    int low = 0;
    while (count > 0) {
        int half = count / 2;
        if (strcmp(rows[low + half].key, key) < 0) {
            low += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return low;
}

static void refuse_all(db_t *db, db_slot_t *slot, status_t status, const char *detail)
{
    db_query_t *query = slot->first;
    slot->first = NULL;
    while (query != NULL) {
        db_query_t *next = query->next;
        db_answer_status(db, query, status, detail, 0);
        query = next;
    }
}

void coalesce_answer(db_t *db, db_slot_t *slot)
{
    static const problem_t ok = {.status = STATUS_OK};
    const db_statement_t *statement = db->catalogue.known[slot->number].statement;
    const PGresult *result = slot->result;
    int column = column_find(result, statement->coalesce_column);
    if (column < 0) {
        log_error("a coalesced read lacks its column", LOG_TEXT("statement", statement->name),
                  LOG_TEXT("column", statement->coalesce_column));
        refuse_all(db, slot, STATUS_INTERNAL, "Internal error");
        return;
    }
    int count = PQntuples(result);
    keyed_row_t *rows = malloc(((size_t)count + 1) * sizeof(*rows));
    int *order = malloc(((size_t)count + 1) * sizeof(*order));
    db_columns_t columns = {.fields = malloc(((size_t)PQnfields(result) + 1) * sizeof(*columns.fields))};
    if (rows == NULL || order == NULL || columns.fields == NULL) {
        free(columns.fields);
        free(rows);
        free(order);
        refuse_all(db, slot, STATUS_RESOURCE_EXHAUSTED, "The service is out of memory");
        return;
    }
    for (int i = 0; i < count; i++)
        rows[i] = (keyed_row_t){PQgetvalue(result, i, column), i};
    qsort(rows, (size_t)count, sizeof(*rows), row_compare);
    for (int i = 0; i < count; i++)
        order[i] = rows[i].row;
    db_query_t *query = slot->first;
    slot->first = NULL;
    while (query != NULL) {
        db_query_t *next = query->next;
        const char *key = coalesce_key(query);
        int from = key != NULL ? lower_bound(rows, count, key) : count;
        int to = from;
        while (to < count && strcmp(rows[to].key, key) == 0)
            to++;
        db_rows_t own = {.result = result, .row = order + from, .count = to - from, .statement = statement, .columns = &columns};
        db_answer(db, query, &own, &ok);
        query = next;
    }
    free(rows);
    free(order);
    free(columns.fields);
}
