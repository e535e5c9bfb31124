// A value of an answer as the text of a table's cell. Texts live in the arena; what there is no memory for is empty.
#ifndef PCN_CTL_CELL_H
#define PCN_CTL_CELL_H

#include <jansson.h>

#include "common/base/arena.h"
#include "common/pb/type.h"

// A list's items with commas between them, or semicolons where there are commas in them; messages as JSON. NULL and null are empty.
const char *cell_of(const json_t *value, arena_t *arena);
// Of a row that has one or another of several messages: "member: practice gp-a, from 2026-04-01".
const char *cell_of_messages(const pb_type_t *type, const json_t *row, arena_t *arena);
// A time to the second, for short lines: the JSON has all of it.
const char *cell_shorten(const char *cell, arena_t *arena);

#endif
