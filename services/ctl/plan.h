// What an import is going to ask of the registry: rows of the data set become calls, in stages, so that parents are there before their
// children. Pure: no file is opened and nothing is sent.
//
// The plan owns its calls and copies what it takes of a file; files belong to the report. One thread.
#ifndef PCN_CTL_PLAN_H
#define PCN_CTL_PLAN_H

#include <jansson.h>

#include "services/ctl/csv.h"
#include "services/ctl/report.h"

typedef enum plan_kind { PLAN_ORGANISATION, PLAN_MEMBER, PLAN_DIRECTOR, PLAN_LIST_SIZE } plan_kind_t;

#define PLAN_KEY_SIZE 48

typedef struct plan_call {
    plan_kind_t kind;
    unsigned stage; // from 0; all of a stage may go before any of the next, and in any order
    size_t order;   // in which it was planned, within its stage
    report_file_t *file;
    unsigned line;
    char *code;              // the organisation or network that the call changes
    json_t *content;         // the body
    char *path;              // after the server's address: "/v1/networks/pcn-rutland/members"
    char *body;              // of the content, the same bytes every time
    char *look;              // where to see what is there when the answer is "already exists"
    char key[PLAN_KEY_SIZE]; // Idempotency-Key, the same for the same call every time
} plan_call_t;

typedef struct plan plan_t;

// `start` is the first day of memberships and directors, for which the data set has none. NULL without memory.
plan_t *plan_new(const char *start);
void plan_destroy(plan_t **plan);

// The files that a plan is made from, in the order in which plan_add wants those of one folder.
typedef enum plan_table { PLAN_ORGANISATIONS, PLAN_NETWORKS, PLAN_SUB_GROUPS, PLAN_PRACTICES, PLAN_TABLES } plan_table_t;
const char *plan_table_file(plan_table_t table);

// What is wrong with a row is reported and the row left out; a missing column leaves out the file. RESOURCE_EXHAUSTED without memory.
MUST_CHECK status_t plan_add(plan_t *plan, plan_table_t table, const csv_t *csv, report_file_t *file, problem_t *problem);
// Once, after the last file: stages, order, bodies and keys.
MUST_CHECK status_t plan_finish(plan_t *plan, problem_t *problem);

size_t plan_count(const plan_t *plan);
// In order of stages.
const plan_call_t *plan_call(const plan_t *plan, size_t index);

#endif
