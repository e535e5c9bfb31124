// What tests of the errand that applies imports share: rows that are put in by hand, and steps of the errand.
#ifndef PCN_TESTS_REGISTRY_STAGED_H
#define PCN_TESTS_REGISTRY_STAGED_H

#include "services/registry/errand_import.h"
#include "tests/integration/registry/world.h"

#define STAGED_JOB "01890000-0000-7000-8000-000000000001"
#define ROWS(...)                                                                                                                          \
    (const char *[])                                                                                                                       \
    {                                                                                                                                      \
        __VA_ARGS__, NULL                                                                                                                  \
    }
#define NEW_NETWORK "organisations|{'code':'new-pcn','name':'New','kind':'network','parent':'ccg-a'}"
#define NEW_PRACTICE "organisations|{'code':'new-gp','name':'New','kind':'practice','parent':'ccg-a'}"

typedef struct staged_runner {
    errand_step_t step;
    problem_t problem;
    atomic_bool ending;
} staged_runner_t;

void staged_must(status_t status, const problem_t *problem);
// As the application's role.
db_session_t *staged_open_session(world_t *world);
void staged_runner_open(staged_runner_t *runner, world_t *world);
void staged_runner_close(staged_runner_t *runner);
status_t staged_run_step(staged_runner_t *runner);
// A step that has something to do.
void staged_work(world_t *world);

void staged_sql(world_t *world, const char *text);
long staged_number(world_t *world, const char *text);
void staged_assert_text(world_t *world, const char *query, const char *expected);

// An import that waits. Rows are "kind|{json with ' for \"}", ended by NULL; the nth stands on line n + 1 of the one file.
void staged_stage(world_t *world, const char *id, bool dry_run, const char *const *rows);
// Rows in which there is nothing wrong.
void staged_assert_imported(world_t *world, const char *const *rows);
// Rows with just these problems: "line field: reason; …". Nothing of them is applied, nor would an organisation "new…" be there.
void staged_assert_refused(world_t *world, const char *const *rows, const char *expected);

#endif
