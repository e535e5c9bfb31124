// An answer for eyes, by its descriptor: a page as a table, a resource as its fields with a table for each list in it, what holds itself as
// a tree. For programs there is the JSON, as the platform sent it.
#ifndef PCN_CTL_SHOW_H
#define PCN_CTL_SHOW_H

#include <jansson.h>
#include <stdio.h>

#include "common/base/arena.h"
#include "common/base/status.h"
#include "common/pb/type.h"

typedef struct show {
    FILE *out;
    size_t width;        // of the terminal; 0 for any
    const char *columns; // "code,name,as-of": these, in this order; NULL for all that have something in them
    bool defaults;       // the columns are the command's own choice: those that say nothing may be left out
    bool json;           // instead of all this
} show_t;

// Where output goes: `json` and `table` as they were asked for; else a table for a terminal and JSON for a pipe. COLUMNS of the environment
// is the width where it is no terminal.
void show_init(show_t *show, FILE *out, bool json, bool table, const char *columns);

// The list that a page is made of: NULL where the type is no page but a resource. *index is its field.
const pb_type_t *show_page_type(const pb_type_t *reply, unsigned *index);
// INVALID_ARGUMENT where a column is none of the rows'.
MUST_CHECK status_t show_check(const show_t *show, const pb_type_t *reply, problem_t *problem);

// Writes a whole answer. UNAVAILABLE where it cannot be written.
MUST_CHECK status_t show_reply(const show_t *show, const pb_type_t *type, const json_t *reply, problem_t *problem);
// Writes a list of rows as a table, or each as a line of JSON.
MUST_CHECK status_t show_rows(const show_t *show, const pb_type_t *type, const json_t *rows, problem_t *problem);
// One row or answer as a line of JSON.
MUST_CHECK status_t show_json(const show_t *show, const json_t *json, problem_t *problem);

#endif
