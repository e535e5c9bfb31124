#include "tests/integration/db/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const db_root_t ROOTS[] = {{"request", &pcn__registry__v1__organisation__type}};

void rig_init(rig_t *rig, const db_options_t *options)
{
    memset(rig, 0, sizeof(*rig));
    rig->database = test_database_create();
    free(test_database_query(rig->database, "CREATE TABLE owner (code text PRIMARY KEY);"
                                            "INSERT INTO owner VALUES ('known');"
                                            "CREATE TABLE item (code text PRIMARY KEY,"
                                            " number bigint CONSTRAINT item_number_sign CHECK (number >= 0),"
                                            " owner text CONSTRAINT item_owner_fkey REFERENCES owner DEFERRABLE INITIALLY DEFERRED,"
                                            " xid xid8 NOT NULL DEFAULT pg_current_xact_id())"));
    assert_int_equal(uv_loop_init(&rig->loop), 0);
    rig->metrics = metrics_new();
    assert_non_null(rig->metrics);
    rig->options = *options;
    rig->options.dsn = test_database_dsn(rig->database);
    if (rig->options.application_name == NULL)
        rig->options.application_name = "pool";
}

void rig_open(rig_t *rig)
{
    problem_t problem;
    assert_int_equal(db_new(&rig->loop, &rig->options, rig->metrics, &rig->db, &problem), STATUS_OK);
}

void rig_wait_ready(rig_t *rig)
{
    RIG_UNTIL(rig, db_ready(rig->db));
}

void rig_close(rig_t *rig)
{
    db_destroy(&rig->db);
    assert_null(rig->db);
    assert_int_equal(uv_run(&rig->loop, UV_RUN_DEFAULT), 0);
}

void rig_deinit(rig_t *rig)
{
    if (rig->db != NULL)
        rig_close(rig);
    assert_int_equal(uv_loop_close(&rig->loop), 0); // no handle is left
    metrics_destroy(&rig->metrics);
    for (unsigned i = 0; i < rig->statement_count; i++)
        db_statement_destroy(&rig->statements[i]);
    test_database_drop(&rig->database);
}

db_statement_t *rig_statement(rig_t *rig, const char *name, const char *sql, const char *coalesce)
{
    problem_t problem;
    assert_true(rig->statement_count < RIG_STATEMENTS);
    db_statement_t **statement = &rig->statements[rig->statement_count];
    if (db_statement_new(name, sql, ROOTS, 1, coalesce, statement, &problem) != STATUS_OK)
        fail_msg("%s: %s", problem.field, problem.detail);
    rig->statement_count++;
    return *statement;
}

db_statement_t *rig_insert(rig_t *rig)
{
    return rig_statement(rig, "insert_item",
                         "INSERT INTO item (code, number, owner) VALUES (:request.code, :request.stated_population, :request.parent)"
                         " RETURNING code",
                         NULL);
}

static void on_tick(uv_timer_t *timer)
{
    (void)timer;
}

void rig_turn(rig_t *rig)
{
    uv_timer_t timer;
    uv_timer_init(&rig->loop, &timer);
    uv_timer_start(&timer, on_tick, 5, 0);
    uv_run(&rig->loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&rig->loop, UV_RUN_NOWAIT);
}

void rig_run(rig_t *rig)
{
    RIG_UNTIL(rig, db_idle(rig->db));
}

static void on_done(db_query_t *query, const db_rows_t *rows, const problem_t *problem)
{
    asked_t *asked = query->data;
    asked->answers++;
    asked->status = problem->status;
    asked->problem = *problem;
    asked->answered_us = clock_steady_us();
    if (asked->order != NULL)
        asked->place = ++*asked->order;
    assert_non_null(rows);
    assert_ptr_equal(rows->statement, query->statement);
    asked->rows = rows->count;
    if (rows->constraint != NULL)
        snprintf(asked->constraint, sizeof(asked->constraint), "%s", rows->constraint);
    if (problem->status == STATUS_OK && rows->count > 0) {
        const char *column = PQfname(rows->result, 0);
        const char *first = db_row_text(rows, 0, column);
        const char *last = db_row_text(rows, rows->count - 1, column);
        snprintf(asked->first, sizeof(asked->first), "%s", first != NULL ? first : "NULL");
        snprintf(asked->last, sizeof(asked->last), "%s", last != NULL ? last : "NULL");
    }
}

void asked_init(asked_t *asked, const db_statement_t *statement, const char *code, int64_t number)
{
    Pcn__Registry__V1__Organisation empty = PCN__REGISTRY__V1__ORGANISATION__INIT;
    memset(asked, 0, sizeof(*asked));
    asked->request = empty;
    asked->arena = arena_new(65536);
    assert_non_null(asked->arena);
    snprintf(asked->code, sizeof(asked->code), "%s", code);
    asked->request.code = asked->code;
    asked->request.has_stated_population = number != NO_NUMBER;
    asked->request.stated_population = number;
    asked->query = (db_query_t){
        .statement = statement,
        .roots = {&asked->request},
        .arena = asked->arena,
        .key = asked->code,
        .done = on_done,
        .data = asked,
    };
}

void asked_deinit(asked_t *asked)
{
    arena_destroy(&asked->arena);
}

asked_t *asked_many(size_t count)
{
    asked_t *many = calloc(count, sizeof(*many));
    assert_non_null(many);
    return many;
}

void asked_free(asked_t *asked, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (asked[i].arena != NULL)
            asked_deinit(&asked[i]);
    free(asked);
}
