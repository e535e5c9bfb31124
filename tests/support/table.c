#include "tests/support/table.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *require(void *memory)
{
    if (memory == NULL) {
        fprintf(stderr, "table: no memory\n");
        abort();
    }
    return memory;
}

// The slot that has the text, or the free one where it would be.
static size_t slot_of(const table_t *table, const char *text)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (const char *at = text; *at != '\0'; at++)
        hash = (hash ^ (unsigned char)*at) * UINT64_C(1099511628211);
    size_t slot = (size_t)hash & (table->slot_count - 1);
    while (table->slots[slot] != 0 && strcmp(table->texts[table->slots[slot] - 1], text) != 0)
        slot = (slot + 1) & (table->slot_count - 1);
    return slot;
}

static void grow(table_t *table)
{
    free(table->slots);
    table->slot_count = table->slot_count > 0 ? 2 * table->slot_count : 1024;
    table->slots = require(calloc(table->slot_count, sizeof *table->slots));
    for (size_t i = 0; i < table->count; i++)
        table->slots[slot_of(table, table->texts[i])] = i + 1;
    table->room = table->slot_count / 2;
    table->texts = require(realloc(table->texts, table->room * sizeof *table->texts));
}

size_t table_find(const table_t *table, const char *text)
{
    if (table->slot_count == 0)
        return TABLE_NONE;
    const size_t index = table->slots[slot_of(table, text)];
    return index > 0 ? index - 1 : TABLE_NONE;
}

size_t table_add(table_t *table, const char *text, bool *fresh)
{
    if (table->count == table->room)
        grow(table);
    const size_t slot = slot_of(table, text);
    const bool is_new = table->slots[slot] == 0;
    if (is_new) {
        table->texts[table->count++] = require(strdup(text));
        table->slots[slot] = table->count;
    }
    if (fresh != NULL)
        *fresh = is_new;
    return table->slots[slot] - 1;
}

void table_clear(table_t *table)
{
    for (size_t i = 0; i < table->count; i++)
        free(table->texts[i]);
    free(table->texts);
    free(table->slots);
    *table = (table_t){0};
}
