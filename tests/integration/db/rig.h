// What the pool's tests stand on: a database, a loop, a pool, and queries that remember their answers.
#ifndef PCN_TESTS_INTEGRATION_DB_RIG_H
#define PCN_TESTS_INTEGRATION_DB_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/db/pool.h"
#include "pcn/registry/v1/registry.meta.h"
#include "pcn/registry/v1/registry.pb-c.h"
#include "tests/support/postgres.h"

#define RIG_STATEMENTS 8

typedef struct rig {
    test_database_t *database;
    uv_loop_t loop;
    metrics_t *metrics;
    db_t *db;
    db_options_t options;
    db_statement_t *statements[RIG_STATEMENTS];
    unsigned statement_count;
} rig_t;

// One query with the root "request", an Organisation, and what became of it.
typedef struct asked {
    db_query_t query;
    Pcn__Registry__V1__Organisation request;
    arena_t *arena;
    char code[64];
    unsigned answers;
    status_t status;
    problem_t problem;
    int rows;
    char first[64]; // first column of the first row
    char last[64];  // first column of the last row
    char constraint[64];
    int64_t answered_us;
    unsigned *order; // counts answers over several queries; may be NULL
    unsigned place;
} asked_t;

// A database with the table item(code primary key, number with constraint item_number_sign, owner with the deferred constraint
// item_owner_fkey, xid of the transaction that wrote it). `options` without dsn; then rig_open.
void rig_init(rig_t *rig, const db_options_t *options);
void rig_open(rig_t *rig);
void rig_wait_ready(rig_t *rig);
void rig_close(rig_t *rig);
void rig_deinit(rig_t *rig);
db_statement_t *rig_statement(rig_t *rig, const char *name, const char *sql, const char *coalesce);
// Insert of (code, number, owner), as the tests use it most.
db_statement_t *rig_insert(rig_t *rig);
// Runs the loop until nothing is pending.
void rig_run(rig_t *rig);
// Runs the loop until it is so; the limit is there for a hang alone.
#define RIG_UNTIL(rig, condition)                                                                                                          \
    do {                                                                                                                                   \
        int64_t rig_end = clock_steady_us() + 60000000;                                                                                    \
        while (!(condition)) {                                                                                                             \
            assert_true(clock_steady_us() < rig_end);                                                                                      \
            rig_turn(rig);                                                                                                                 \
        }                                                                                                                                  \
    } while (0)
// One turn of the loop, at most a few milliseconds.
void rig_turn(rig_t *rig);

// Fills a query; NO_NUMBER leaves the number unset. The key is the code.
void asked_init(asked_t *asked, const db_statement_t *statement, const char *code, int64_t number);
void asked_deinit(asked_t *asked);
asked_t *asked_many(size_t count);
void asked_free(asked_t *asked, size_t count);

#define NO_NUMBER INT64_MIN

#endif
