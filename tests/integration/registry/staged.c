#include "tests/integration/registry/staged.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"

void staged_must(status_t status, const problem_t *problem)
{
    if (status != STATUS_OK)
        fail_msg("%s %s: %s", status_name(status), problem->field, problem->detail);
}

db_session_t *staged_open_session(world_t *world)
{
    problem_t problem = {0};
    db_session_t *session;
    char sql[256];
    staged_must(db_session_open(test_database_dsn(world->database), "errand", "registry", &session, &problem), &problem);
    (void)snprintf(sql, sizeof sql, "SET ROLE %s; SET plan_cache_mode = auto", world->app);
    PGresult *result = db_session_exec(session, sql, &problem);
    assert_non_null(result);
    PQclear(result);
    return session;
}

void staged_runner_open(staged_runner_t *runner, world_t *world)
{
    memset(runner, 0, sizeof *runner);
    atomic_init(&runner->ending, false);
    runner->step =
        (errand_step_t){.session = staged_open_session(world), .aside = staged_open_session(world), .arena = arena_new(64 << 20)};
    runner->step.ending = &runner->ending;
    runner->step.problem = &runner->problem;
    (void)snprintf(runner->step.today, sizeof runner->step.today, "%s", world->today);
    assert_non_null(runner->step.arena);
}

void staged_runner_close(staged_runner_t *runner)
{
    db_session_close(&runner->step.session);
    db_session_close(&runner->step.aside);
    arena_destroy(&runner->step.arena);
}

status_t staged_run_step(staged_runner_t *runner)
{
    runner->problem = (problem_t){0};
    runner->step.did = runner->step.more = false;
    runner->step.now_us = clock_wall_us();
    instant_format(runner->step.now_us, runner->step.now);
    arena_reset(runner->step.arena);
    return errand_import(&runner->step);
}

void staged_work(world_t *world)
{
    staged_runner_t runner;
    staged_runner_open(&runner, world);
    staged_must(staged_run_step(&runner), &runner.problem);
    assert_true(runner.step.did && runner.step.more);
    staged_runner_close(&runner);
}

void staged_sql(world_t *world, const char *text)
{
    free(test_database_query(world->database, text));
}

long staged_number(world_t *world, const char *text)
{
    return test_database_number(world->database, text);
}

void staged_assert_text(world_t *world, const char *query, const char *expected)
{
    char *found = test_database_query(world->database, query);
    if (found == NULL || strcmp(found, expected) != 0)
        fail_msg("%s: %s", query, found != NULL ? found : "(nothing)");
    free(found);
}

void staged_stage(world_t *world, const char *id, bool dry_run, const char *const *rows)
{
    char text[4096];
    (void)snprintf(
        text, sizeof text,
        "DELETE FROM import_row; DELETE FROM import; INSERT INTO import (id, state, dry_run, start, files, created_at, received_at) "
        "VALUES ('%s', 'waiting', %s, '2019-07-01', '[{\"name\":\"rows.csv\"}]', clock_timestamp(), now())",
        id, dry_run ? "true" : "false");
    staged_sql(world, text);
    for (int line = 2; *rows != NULL; rows++, line++) {
        const char *bar = strchr(*rows, '|');
        assert_non_null(bar);
        char json[2048];
        (void)snprintf(json, sizeof json, "%s", bar + 1);
        for (char *c = json; *c != '\0'; c++)
            *c = *c == '\'' ? '"' : *c;
        (void)snprintf(text, sizeof text, "INSERT INTO import_row VALUES ('%s', 1, %d, '%.*s', '%s', %d)", id, line, (int)(bar - *rows),
                       *rows, json, line - 1);
        staged_sql(world, text);
    }
}

#define ROWS(...)                                                                                                                          \
    (const char *[])                                                                                                                       \
    {                                                                                                                                      \
        __VA_ARGS__, NULL                                                                                                                  \
    }

void staged_assert_imported(world_t *world, const char *const *rows)
{
    staged_stage(world, STAGED_JOB, false, rows);
    staged_work(world);
    char *problem = test_database_query(world->database, "SELECT string_agg(line || ' ' || coalesce(field, '-') || ': ' || reason, '; ') "
                                                         "FROM import_problem");
    if (problem != NULL && *problem != '\0')
        fail_msg("%s", problem);
    free(problem);
    staged_assert_text(world, "SELECT state FROM import", "succeeded");
}

void staged_assert_refused(world_t *world, const char *const *rows, const char *expected)
{
    const long events = staged_number(world, "SELECT count(*) FROM event_queue");
    staged_stage(world, STAGED_JOB, false, rows);
    staged_work(world);
    staged_assert_text(world,
                       "SELECT string_agg(line || ' ' || coalesce(field, '-') || ': ' || reason, '; ' ORDER BY line, field, reason) "
                       "FROM import_problem",
                       expected);
    staged_assert_text(world, "SELECT state FROM import", "failed");
    assert_true(staged_number(world, "SELECT problem_count FROM import") > 0);
    assert_int_equal(staged_number(world, "SELECT count(*) FROM event_queue"), events);
    assert_int_equal(staged_number(world, "SELECT count(*) FROM organisation WHERE code LIKE 'new%'"), 0);
}
