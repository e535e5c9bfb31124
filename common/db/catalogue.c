#include <stdlib.h>

#include "common/db/pool_internal.h"

static unsigned hash(const db_statement_t *statement, unsigned room)
{
    uint64_t bits = (uint64_t)(uintptr_t)statement * UINT64_C(0x9E3779B97F4A7C15);
    return (unsigned)(bits >> 32) & (room - 1);
}

static void index_add(db_catalogue_t *catalogue, unsigned number)
{
    unsigned at = hash(catalogue->known[number].statement, catalogue->index_room);
    while (catalogue->index[at] != 0)
        at = (at + 1) & (catalogue->index_room - 1);
    catalogue->index[at] = number + 1;
}

// The index stays at most half full.
static bool grow(db_catalogue_t *catalogue)
{
    unsigned room = catalogue->room != 0 ? 2 * catalogue->room : 32;
    db_known_t *known = realloc(catalogue->known, room * sizeof(*known));
    if (known == NULL)
        return false;
    catalogue->known = known;
    unsigned *index = calloc(2 * (size_t)room, sizeof(*index));
    if (index == NULL)
        return false;
    free(catalogue->index);
    catalogue->index = index;
    catalogue->index_room = 2 * room;
    catalogue->room = room;
    for (unsigned i = 0; i < catalogue->count; i++)
        index_add(catalogue, i);
    return true;
}

int catalogue_number(db_catalogue_t *catalogue, const db_statement_t *statement)
{
    if (catalogue->index_room > 0) {
        unsigned at = hash(statement, catalogue->index_room);
        for (; catalogue->index[at] != 0; at = (at + 1) & (catalogue->index_room - 1))
            if (catalogue->known[catalogue->index[at] - 1].statement == statement)
                return (int)catalogue->index[at] - 1;
    }
    if (catalogue->count == catalogue->room && !grow(catalogue))
        return -1;
    unsigned number = catalogue->count++;
    catalogue->known[number] = (db_known_t){.statement = statement};
    index_add(catalogue, number);
    return (int)number;
}

void catalogue_deinit(db_catalogue_t *catalogue)
{
    free(catalogue->known);
    free(catalogue->index);
    *catalogue = (db_catalogue_t){0};
}
