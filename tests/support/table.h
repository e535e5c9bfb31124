// A set of texts, each with a number: text → 0, 1, 2 … in the order in which they came. One thread.
#ifndef PCN_TESTS_SUPPORT_TABLE_H
#define PCN_TESTS_SUPPORT_TABLE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct table {
    char **texts;
    size_t count, room;
    size_t *slots; // index + 1; 0: free
    size_t slot_count;
} table_t;

#define TABLE_NONE ((size_t)-1)

// A table is all zero before its first text. Without memory the test ends.
size_t table_find(const table_t *table, const char *text); // TABLE_NONE where it is not there
// Its number; *fresh says whether it is new (may be NULL).
size_t table_add(table_t *table, const char *text, bool *fresh);
void table_clear(table_t *table);

#endif
