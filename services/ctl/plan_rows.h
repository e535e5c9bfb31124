// Rows of the data set's files as calls of a plan: the half of a plan that knows columns. For plan.c alone.
#ifndef PCN_CTL_PLAN_ROWS_H
#define PCN_CTL_PLAN_ROWS_H

#include "services/ctl/plan.h"

typedef struct row {
    const csv_t *csv;
    size_t index;
    report_file_t *file;
    unsigned line;
} row_t;

const char *plan_start(const plan_t *plan);
// Day of a network's list size, for its sub-groups, whose file has none.
json_t *plan_as_of(plan_t *plan);
// NULL where the plan has no such organisation.
plan_call_t *plan_organisation(plan_t *plan, const char *code);
// Takes the content. False without memory.
MUST_CHECK bool plan_push(plan_t *plan, plan_kind_t kind, const row_t *row, const char *code, json_t *content);

#endif
