#include "common/service/follower.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/service/follower_internal.h"

#define TICK_MS 500
// While it is stopped, its row is read again every so many ticks: an operator may have decided.
#define TICKS_PER_LOOK 2
#define REST_MS 100
#define REST_MAX_MS 5000
#define LOCK_TIMEOUT_MS 1000
// A literal of a batch doubles at most, when every character of it is quoted.
#define ARENA_CAP (8u * 1024u * 1024u)

// ---- what comes next ----

// The batch that was filled is the next to be sent.
static void take_turn(follower_t *follower)
{
    if (follower->sending != NULL || !follower_batch_any(follower->filling))
        return;
    follower->sending = follower->filling;
    follower->filling = follower->sending == &follower->batches[0] ? &follower->batches[1] : &follower->batches[0];
    follower_batch_clear(follower->filling);
    follower->apart = false;
    follower->at = 0;
}

static void next_of_snapshot(follower_t *follower)
{
    source_open(follower);
    // Nothing of it counts before it has a number.
    if (follower->snapshot_place.epoch[0] != '\0' && !follower->begun) {
        step_start(follower, FOLLOWER_BEGIN);
        return;
    }
    if (!follower->begun)
        return;
    take_turn(follower);
    if (follower->sending != NULL)
        step_start(follower, FOLLOWER_PAGE);
    else if (follower->given)
        step_start(follower, FOLLOWER_SWEEP);
    source_resume(follower);
}

static void next_of_log(follower_t *follower)
{
    if (follower->place_gone) {
        source_close(follower);
        follower->sending = NULL;
        follower->snapshot_place = (event_place_t){0};
        follower->cursor.state = FOLLOWER_STATE(SNAPSHOT);
        source_open(follower);
        return;
    }
    source_open(follower);
    take_turn(follower);
    if (follower->sending != NULL)
        step_start(follower, FOLLOWER_APPLY);
    source_resume(follower);
}

static void next(follower_t *follower)
{
    if (follower->closing || follower->busy || follower->resting)
        return;
    if (follower->problem[0] != '\0')
        step_start(follower, FOLLOWER_LETTER);
    else if (follower->cursor.version == 0)
        step_start(follower, FOLLOWER_LOAD);
    else if (follower->cursor.state == FOLLOWER_STATE(SNAPSHOT))
        next_of_snapshot(follower);
    else if (follower->cursor.state == FOLLOWER_STATE(FOLLOWING))
        next_of_log(follower);
    else
        source_open(follower);
    meter_update(follower);
}

static void go_on(uv_timer_t *timer)
{
    follower_t *follower = timer->data;
    follower->resting = false;
    next(follower);
}

void follower_wake(follower_t *follower)
{
    if (!follower->closing && !follower->resting && !follower->busy)
        uv_timer_start(&follower->soon, go_on, 0, 0);
}

void follower_rest(follower_t *follower)
{
    unsigned rest_ms = REST_MS;
    for (unsigned i = 0; i < follower->failures && rest_ms < REST_MAX_MS; i++)
        rest_ms *= 2;
    follower->failures++;
    follower->meter.retries->value++;
    follower->resting = true;
    uv_timer_start(&follower->soon, go_on, rest_ms < REST_MAX_MS ? rest_ms : REST_MAX_MS, 0);
}

void follower_restart(follower_t *follower)
{
    source_close(follower);
    if (follower->busy) {
        follower->stale = true; // the batch under way is the database's as long as it is
        return;
    }
    follower->sending = NULL;
    follower->apart = false;
    follower->at = 0;
    follower->sweep_limit = FOLLOWER_SWEEP_RESOURCES;
    follower->problem[0] = '\0';
    follower->snapshot_place = (event_place_t){0};
    follower->cursor.version = 0;
    follower_wake(follower);
}

static void on_tick(uv_timer_t *timer)
{
    follower_t *follower = timer->data;
    // Who waits for the lock has nothing to hear.
    if (follower->cursor.version > 0)
        source_connect(follower);
    const bool stopped = follower->cursor.version > 0 && follower->cursor.state == FOLLOWER_STATE(STOPPED);
    if (stopped && ++follower->ticks % TICKS_PER_LOOK == 0 && !follower->busy && !follower->resting)
        step_start(follower, FOLLOWER_LOAD);
    else
        follower_wake(follower);
    meter_update(follower);
}

// ---- life ----

static void follower_free(follower_t *follower)
{
    follower_sql_destroy(follower->statements);
    follower_batch_deinit(&follower->batches[0]);
    follower_batch_deinit(&follower->batches[1]);
    arena_destroy(&follower->arena);
    free(follower);
}

static status_t connect_database(follower_t *follower, const follower_options_t *options, problem_t *problem)
{
    char setup[200], name[96];
    int length = snprintf(setup, sizeof setup, "SELECT pg_advisory_lock(hashtextextended('pcn.follower.%s.%s', 0))", options->schema,
                          options->declared->source);
    snprintf(name, sizeof name, "pcn-%s follower of %s", options->service, options->declared->source);
    if (length < 0 || (size_t)length >= sizeof setup)
        return problem_set(problem, STATUS_INTERNAL, NULL, "Schema name too long");
    const db_options_t database = {.dsn = options->dsn,
                                   .application_name = name,
                                   .schema = options->schema,
                                   .write_connections = 1,
                                   .write_kind = "follower",
                                   .setup_sql = setup,
                                   .lock_timeout_ms = LOCK_TIMEOUT_MS};
    return db_new(follower->loop, &database, follower->metrics, &follower->db, problem);
}

status_t follower_new(uv_loop_t *loop, const follower_options_t *options, metrics_t *metrics, follower_t **out, problem_t *problem)
{
    *out = NULL;
    follower_t *follower = calloc(1, sizeof *follower);
    if (follower == NULL)
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory");
    follower->declared = options->declared;
    follower->service = options->service;
    follower->rpc_endpoints = options->rpc_endpoints;
    follower->pub_endpoints = options->pub_endpoints;
    follower->context = options->context;
    follower->loop = loop;
    follower->metrics = metrics;
    follower->sweep_limit = FOLLOWER_SWEEP_RESOURCES;
    follower->filling = &follower->batches[0];
    follower->arena = arena_new(ARENA_CAP);
    const bool memory = follower_batch_init(&follower->batches[0]) && follower_batch_init(&follower->batches[1]) && follower->arena != NULL;
    const int length = snprintf(follower->keys_dir, sizeof follower->keys_dir, "%s", options->keys_dir);
    status_t status = STATUS_OK;
    if (!memory)
        status = problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory");
    else if (length < 0 || (size_t)length >= sizeof follower->keys_dir)
        status = problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "The path of the keys is too long");
    if (status == STATUS_OK)
        status = follower_sql_new(options->declared, follower->statements, problem);
    if (status == STATUS_OK)
        status = connect_database(follower, options, problem);
    if (status != STATUS_OK) {
        follower_free(follower);
        return status;
    }
    meter_init(follower);
    uv_timer_init(loop, &follower->soon);
    uv_timer_init(loop, &follower->tick);
    follower->soon.data = follower->tick.data = follower;
    uv_timer_start(&follower->tick, on_tick, TICK_MS, TICK_MS);
    // Answered when the lock is there: then it is this replica's turn.
    step_start(follower, FOLLOWER_LOAD);
    *out = follower;
    return STATUS_OK;
}

void follower_stop(follower_t *follower)
{
    if (follower->closing)
        return;
    follower->closing = true;
    source_close(follower);
    if (follower->client != NULL)
        rpc_client_destroy(&follower->client);
    db_destroy(&follower->db);
    uv_close((uv_handle_t *)&follower->soon, NULL);
    uv_close((uv_handle_t *)&follower->tick, NULL);
}

void follower_destroy(follower_t **follower)
{
    if (*follower == NULL)
        return;
    follower_free(*follower);
    *follower = NULL;
}
