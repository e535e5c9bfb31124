// Errands in a loop: what a step gets, when the next one comes, what becomes of one that fails, and how they end.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "common/service/errands.h"
#include "tests/support/postgres.h"

#define LIMIT_MS 20000

// What the steps saw, in the worker; the loop looks at it only once they have ended.
typedef struct seen {
    atomic_uint steps;
    unsigned failing; // steps that fail before one is good
    bool sleeps;
    bool different; // aside is another session
    long timeout;
    char today[DATE_SIZE];
} seen_t;

// Steps have no other argument: one test at a time fills it.
static seen_t seen;

typedef struct bed {
    uv_loop_t loop;
    test_database_t *database;
    metrics_t *metrics;
    errands_t *errands;
    uv_timer_t watch, limit;
    unsigned until; // steps
    bool idle;
} bed_t;

static long number(db_session_t *session, const char *sql, problem_t *problem)
{
    PGresult *result = db_session_exec(session, sql, problem);
    if (result == NULL)
        return -1;
    const long value = strtol(PQgetvalue(result, 0, 0), NULL, 10);
    PQclear(result);
    return value;
}

static status_t step(errand_step_t *step)
{
    const unsigned before = atomic_fetch_add(&seen.steps, 1);
    if (before < seen.failing) {
        // Ends the session itself, as a server's restart would.
        (void)number(step->session, "SELECT pg_terminate_backend(pg_backend_pid())", step->problem);
        return step->problem->status;
    }
    if (seen.sleeps)
        return number(step->session, "SELECT 1 FROM pg_sleep(600)", step->problem) < 0 ? step->problem->status : STATUS_OK;
    const long own = number(step->session, "SELECT pg_backend_pid()", step->problem);
    seen.different = own > 0 && own != number(step->aside, "SELECT pg_backend_pid()", step->problem);
    seen.timeout = number(step->session, "SELECT setting FROM pg_settings WHERE name = 'statement_timeout'", step->problem);
    memcpy(seen.today, step->today, sizeof seen.today);
    step->did = before == seen.failing;
    step->more = before < seen.failing + 2;
    return STATUS_OK;
}

static const service_errand_t declared[] = {{.name = "test", .step = step, .period_s = 3600}, {.name = NULL}};

static void on_limit(uv_timer_t *timer)
{
    (void)timer;
    fail_msg("it took too long");
}

static void on_watch(uv_timer_t *timer)
{
    bed_t *bed = timer->data;
    if (atomic_load(&seen.steps) < bed->until || (bed->idle && !errands_idle(bed->errands)))
        return;
    uv_timer_stop(timer);
    uv_stop(&bed->loop);
}

// Until so many steps have begun and, if `idle`, none runs.
static void await(bed_t *bed, unsigned steps, bool idle)
{
    bed->until = steps;
    bed->idle = idle;
    uv_timer_start(&bed->watch, on_watch, 0, 2);
    uv_run(&bed->loop, UV_RUN_DEFAULT);
}

static int setup(void **state)
{
    bed_t *bed = calloc(1, sizeof *bed);
    assert_non_null(bed);
    problem_t problem = {0};
    memset(&seen, 0, sizeof seen);
    assert_int_equal(uv_loop_init(&bed->loop), 0);
    bed->database = test_database_create();
    free(test_database_query(bed->database, "CREATE SCHEMA errand"));
    bed->metrics = metrics_new();
    *state = bed;
    uv_timer_init(&bed->loop, &bed->watch);
    uv_timer_init(&bed->loop, &bed->limit);
    bed->watch.data = bed;
    uv_timer_start(&bed->limit, on_limit, LIMIT_MS, 0);
    return problem.status == STATUS_OK ? 0 : 1;
}

static void begin(bed_t *bed)
{
    problem_t problem = {0};
    const errands_options_t options = {.service = "errand", .dsn = test_database_dsn(bed->database), .errands = declared, .today = 20000};
    assert_int_equal(errands_new(&bed->loop, &options, bed->metrics, &bed->errands, &problem), STATUS_OK);
}

static int teardown(void **state)
{
    bed_t *bed = *state;
    errands_stop(bed->errands);
    uv_close((uv_handle_t *)&bed->watch, NULL);
    uv_close((uv_handle_t *)&bed->limit, NULL);
    uv_run(&bed->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&bed->loop), 0);
    errands_destroy(&bed->errands);
    metrics_destroy(&bed->metrics);
    test_database_drop(&bed->database);
    free(bed);
    return 0;
}

static uint64_t counted(bed_t *bed, const char *name)
{
    return metrics_counter(bed->metrics, name, "errand=\"test\"", "")->value;
}

static void test_steps_follow_each_other(void **state)
{
    bed_t *bed = *state;
    begin(bed);
    await(bed, 3, true);
    assert_true(seen.different);
    assert_int_equal(seen.timeout, 0);
    assert_string_equal(seen.today, "2024-10-04");
    assert_int_equal(counted(bed, "pcn_errand_runs_total"), 3);
    assert_int_equal(counted(bed, "pcn_errand_done_total"), 1);
    assert_int_equal(counted(bed, "pcn_errand_failures_total"), 0);
    // Nothing more to do: only a hint brings the next one.
    errands_hint(bed->errands);
    await(bed, 4, true);
    assert_int_equal(counted(bed, "pcn_errand_runs_total"), 4);
    errands_hint(NULL);
}

static void test_lost_sessions_are_opened_again(void **state)
{
    bed_t *bed = *state;
    seen.failing = 2;
    begin(bed);
    await(bed, 5, true);
    assert_int_equal(counted(bed, "pcn_errand_failures_total"), 2);
    assert_int_equal(counted(bed, "pcn_errand_done_total"), 1);
}

static void test_drain_cancels_what_runs(void **state)
{
    bed_t *bed = *state;
    seen.sleeps = true;
    begin(bed);
    await(bed, 1, false);
    assert_false(errands_idle(bed->errands));
    errands_drain(bed->errands);
    await(bed, 1, true);
    errands_hint(bed->errands);
    assert_true(errands_idle(bed->errands));
    // That is no failure of the errand's.
    assert_int_equal(counted(bed, "pcn_errand_failures_total"), 0);
    assert_int_equal(atomic_load(&seen.steps), 1);
}

// Without a drain before, as where the daemon's start failed half way.
static void test_stop_cancels_too(void **state)
{
    bed_t *bed = *state;
    seen.sleeps = true;
    begin(bed);
    await(bed, 1, false);
    assert_false(errands_idle(bed->errands));
}

static void test_none(void **state)
{
    bed_t *bed = *state;
    problem_t problem = {0};
    const errands_options_t options = {.service = "errand", .dsn = test_database_dsn(bed->database)};
    assert_int_equal(errands_new(&bed->loop, &options, bed->metrics, &bed->errands, &problem), STATUS_OK);
    assert_true(errands_idle(bed->errands));
    errands_hint(bed->errands);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_steps_follow_each_other, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lost_sessions_are_opened_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_drain_cancels_what_runs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stop_cancels_too, setup, teardown),
        cmocka_unit_test_setup_teardown(test_none, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
