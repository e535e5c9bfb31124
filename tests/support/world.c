#include "tests/support/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/event/log.h"
#include "common/pb/json.h"
#include "common/pb/message.h"
#include "common/service/resource.h"
#include "pcn/common/v1/envelope.meta.h"
#include "pcn/platform/v1/call.meta.h"

#define ARENA_CAP ((size_t)16 * 1024 * 1024)
#define JSON_CAP ((size_t)4 * 1024 * 1024)
#define TRIES 3
#define DAY_US (INT64_C(86400) * 1000000)

typedef struct run {
    world_t *world;
    const plan_method_t *method;
    service_call_t call;
    Pcn__Common__V1__RequestHeader header;
    Pcn__Common__V1__Principal principal;
    Pcn__Platform__V1__Call statement;
    char now[INSTANT_SIZE], id[ID_SIZE];
    const char *meanwhile;
} run_t;

static void must(status_t status, const problem_t *problem)
{
    if (status != STATUS_OK)
        fail_msg("%s %s: %s", status_name(status), problem->field, problem->detail);
}

static void exec(db_session_t *session, const char *sql)
{
    problem_t problem = {0};
    PGresult *result = db_session_exec(session, sql, &problem);
    if (result == NULL)
        fail_msg("%s: %s", sql, problem.detail);
    PQclear(result);
}

static void migrate(world_t *world)
{
    problem_t problem = {0};
    db_session_t *owner = NULL;
    const db_migration_t *const sets[] = {event_migrations, world->service->migrations, NULL};
    const db_migrate_options_t options = {.schema = world->service->name, .app_role = world->app, .job_role = world->job, .sets = sets};
    unsigned applied = 0;
    must(db_session_open(test_database_dsn(world->database), "owner", world->service->name, &owner, &problem), &problem);
    must(db_migrate(owner, &options, &applied, &problem), &problem);
    assert_true(applied >= 4);
    must(db_migrate_check(owner, &options, &problem), &problem);
    db_session_close(&owner);
}

int world_open(void **state, const service_t *service)
{
    world_t *world = calloc(1, sizeof *world);
    assert_non_null(world);
    world->service = service;
    problem_t problem = {0};
    world->database = test_database_create();
    // Roles belong to the whole cluster.
    (void)snprintf(world->app, sizeof world->app, "%s_app_%ld", service->name, (long)getpid());
    (void)snprintf(world->job, sizeof world->job, "%s_job_%ld", service->name, (long)getpid());
    char sql[256];
    (void)snprintf(sql, sizeof sql, "CREATE ROLE %s; CREATE ROLE %s; SET timezone = 'UTC'", world->app, world->job);
    free(test_database_query(world->database, sql));
    migrate(world);
    (void)snprintf(sql, sizeof sql, "SET search_path = %s", service->name);
    free(test_database_query(world->database, sql));
    must(db_session_open(test_database_dsn(world->database), service->name, service->name, &world->session, &problem), &problem);
    (void)snprintf(sql, sizeof sql, "SET ROLE %s", world->app);
    exec(world->session, sql);
    must(plan_new(service, &world->plan, &problem), &problem);
    world->arena = arena_new(ARENA_CAP);
    assert_non_null(world->arena);
    world->unlimited = true;
    world->today = "2026-11-25";
    *state = world;
    return 0;
}

int world_teardown(void **state)
{
    world_t *world = *state;
    db_session_close(&world->session);
    plan_destroy(&world->plan);
    arena_destroy(&world->arena);
    test_database_drop_roles(world->database, world->app, world->job);
    test_database_drop(&world->database);
    free(world);
    return 0;
}

// ---- one call ----

static PGresult *ask(run_t *run, const db_statement_t *statement, problem_t *problem)
{
    const void *const roots[PLAN_ROOTS] = {
        [PLAN_ROOT_REQUEST] = run->call.request, [PLAN_ROOT_HEADER] = &run->header,
        [PLAN_ROOT_CALL] = &run->statement,      [PLAN_ROOT_ROW] = run->call.row_count > 0 ? run->call.rows[0] : NULL,
        [PLAN_ROOT_AFTER] = run->call.after,     [PLAN_ROOT_PREPARED] = run->call.prepared,
    };
    const bool reaches = (run->method->handler->flags & SERVICE_REACHES) != 0;
    if (!reaches || statement == run->world->plan->audit)
        return db_session_run(run->world->session, statement, roots, run->world->arena, problem);
    exec(run->world->session, "BEGIN");
    PQclear(db_session_run(run->world->session, run->world->plan->tell, roots, run->world->arena, problem));
    PGresult *result = db_session_run(run->world->session, statement, roots, run->world->arena, problem);
    exec(run->world->session, result != NULL ? "COMMIT" : "ROLLBACK");
    return result;
}

static void load(run_t *run)
{
    problem_t problem = {0};
    const db_statement_t *statement = plan_load(run->method, run->call.request);
    PGresult *result = ask(run, statement, &problem);
    if (result == NULL)
        fail_msg("load of %s: %s", run->method->method->short_name, problem.detail);
    const int count = PQntuples(result);
    void **rows = arena_alloc(run->world->arena, ((size_t)count + 1) * sizeof *rows);
    assert_non_null(rows);
    const db_rows_t all = {.result = result, .count = count, .statement = statement};
    for (int i = 0; i < count; i++)
        must(db_row_message(&all, i, run->method->handler->row, run->world->arena, &rows[i], &problem), &problem);
    PQclear(result);
    run->call.rows = rows;
    run->call.row_count = (size_t)count;
    run->world->loads++;
}

static const char *json_of(world_t *world, const pb_type_t *type, const void *message)
{
    buf_t json;
    buf_init(&json, JSON_CAP);
    pb_json_write(type, message, &json);
    assert_true(buf_ok(&json));
    const char *text = arena_copy(world->arena, json.data, json.size);
    buf_deinit(&json);
    assert_non_null(text);
    return text;
}

static void fill_events(run_t *run)
{
    Pcn__Platform__V1__Call *statement = &run->statement;
    const size_t count = run->call.event_count;
    arena_t *arena = run->world->arena;
    char **texts = arena_alloc(arena, (4 * count + 1) * sizeof *texts);
    statement->event_versions = arena_alloc(arena, (count + 1) * sizeof *statement->event_versions);
    assert_true(texts != NULL && statement->event_versions != NULL);
    statement->event_ids = texts;
    statement->event_types = texts + count;
    statement->event_subjects = texts + 2 * count;
    statement->event_data = texts + 3 * count;
    statement->n_event_ids = statement->n_event_types = statement->n_event_subjects = statement->n_event_data =
        statement->n_event_versions = count;
    for (size_t i = 0; i < count; i++) {
        const service_event_t *event = &run->call.events[i];
        char id[ID_SIZE];
        id_make(run->call.now_us, id);
        statement->event_ids[i] = arena_string(arena, id);
        statement->event_types[i] = (char *)event->type;
        statement->event_subjects[i] = (char *)event->subject;
        statement->event_data[i] = (char *)json_of(run->world, event->data_type, event->data);
        statement->event_versions[i] = event->version;
    }
    statement->event = NULL;
    if (count != 1)
        return;
    // As the platform does: one stands by itself.
    Pcn__Platform__V1__QueuedEvent *only = arena_alloc(arena, sizeof *only);
    assert_non_null(only);
    pcn__platform__v1__queued_event__init(only);
    only->id = statement->event_ids[0];
    only->type = statement->event_types[0];
    only->subject = statement->event_subjects[0];
    only->has_version = 1;
    only->version = statement->event_versions[0];
    only->data = statement->event_data[0];
    statement->event = only;
    statement->n_event_ids = statement->n_event_types = statement->n_event_subjects = statement->n_event_data =
        statement->n_event_versions = 0;
}

// The verdict; NULL with the world's problem where the database refused.
static const char *save(run_t *run)
{
    run->statement.has_answer = run->statement.has_answer_version = 1;
    run->statement.answer_version = run->call.version;
    run->statement.key = (char *)run->call.key;
    run->statement.resource = resource_path(run->method->method, run->call.request, run->call.key, run->world->arena);
    if (run->call.about_count > 0)
        run->statement.resource = run->call.about[0];
    run->statement.peer = (char *)"gateway";
    assert_true(run->call.reply != NULL && run->call.after != NULL && run->call.key != NULL);
    assert_true(pb_pack(run->call.reply, run->world->arena, &run->statement.answer.data, &run->statement.answer.len));
    fill_events(run);
    if (run->meanwhile != NULL)
        free(test_database_query(run->world->database, run->meanwhile));
    run->meanwhile = NULL;
    PGresult *result = ask(run, run->method->save, &run->world->problem);
    if (result == NULL)
        return NULL;
    assert_int_equal(PQntuples(result), 1);
    const char *verdict = arena_string(run->world->arena, PQgetvalue(result, 0, 0));
    PQclear(result);
    return verdict;
}

static void prepare(run_t *run, const char *name, const char *request)
{
    world_t *world = run->world;
    problem_t problem = {0};
    char method[128];
    (void)snprintf(method, sizeof method, "%s/%s", world->service->contract->name, name);
    run->method = plan_find(world->plan, method);
    if (run->method == NULL)
        fail_msg("There is no method %s", name);
    void *message = NULL;
    must(
        pb_json_read(run->method->method->request, request, strlen(request), PB_JSON_TRUSTED, world->arena, &message, NULL, NULL, &problem),
        &problem);
    pcn__common__v1__request_header__init(&run->header);
    pcn__common__v1__principal__init(&run->principal);
    pcn__platform__v1__call__init(&run->statement);
    run->principal.subject = (char *)(world->subject != NULL ? world->subject : "tester");
    run->principal.organisations = (char **)&world->organisation;
    run->principal.n_organisations = world->organisation != NULL && !world->own;
    run->statement.has_own = run->statement.own = world->own;
    run->principal.scopes = arena_alloc(world->arena, (WORLD_SCOPES_MAX + 1) * sizeof *run->principal.scopes);
    assert_non_null(run->principal.scopes);
    for (size_t i = 0; i < WORLD_SCOPES_MAX && world->scopes[i] != NULL; i++)
        run->principal.scopes[run->principal.n_scopes++] = (char *)(uintptr_t)world->scopes[i];
    if (world->unlimited)
        run->principal.scopes[run->principal.n_scopes++] = arena_printf(world->arena, "%s.any", world->service->name);
    int32_t today;
    assert_true(date_parse(world->today, &today));
    const int64_t now = world->noon ? (int64_t)today * DAY_US + DAY_US / 2 : clock_wall_us();
    id_make(clock_wall_us(), run->id);
    instant_format(now, run->now);
    run->header.principal = &run->principal;
    run->header.request_id = run->id;
    run->header.has_expected_version = world->expected_version > 0;
    run->header.expected_version = world->expected_version;
    run->call = (service_call_t){.method = run->method->method,
                                 .header = &run->header,
                                 .request = message,
                                 .now_us = now,
                                 .now = run->now,
                                 .settings = world->settings,
                                 .arena = world->arena,
                                 .problem = &world->problem};
    run->call.today = today;
    run->call.events = arena_alloc(world->arena, SERVICE_EVENTS_MAX * sizeof *run->call.events);
    assert_non_null(run->call.events);
    run->statement.now = run->now;
    run->statement.today = (char *)world->today;
    run->statement.subject = run->principal.subject;
    run->statement.organisation = (char *)(world->organisation != NULL && !world->own ? world->organisation : "");
    run->statement.method = (char *)run->method->method->name;
    run->statement.idempotency_key = world->key != NULL ? (char *)world->key : run->id;
    run->statement.has_request_hash = 1;
    run->statement.request_hash = (ProtobufCBinaryData){.len = strlen(request), .data = (uint8_t *)(uintptr_t)request};
}

// What the daemon enters beside changes, of methods about patients: looks, and what was refused.
static status_t enter(run_t *run, status_t status)
{
    const bool look = (run->method->handler->flags & SERVICE_AUDITED) != 0;
    if (!look && (status == STATUS_OK || (run->method->handler->flags & SERVICE_REACHES) == 0))
        return status;
    const status_t told = status == STATUS_OK && run->call.withheld ? STATUS_NOT_FOUND : status;
    problem_t problem = {0};
    run->statement.verdict = told == STATUS_OK ? (char *)"done" : arena_printf(run->world->arena, "refused: %s", status_name(told));
    run->statement.resource = resource_path(run->method->method, run->call.request, run->call.key, run->world->arena);
    run->statement.about = run->call.about;
    run->statement.n_about = run->call.about_count;
    run->statement.peer = (char *)"gateway";
    PGresult *result = ask(run, run->world->plan->audit, &problem);
    if (result == NULL)
        fail_msg("audit of %s: %s", run->method->method->short_name, problem.detail);
    PQclear(result);
    return status;
}

static status_t go(run_t *run)
{
    world_t *world = run->world;
    world->reply = world->verdict = NULL;
    world->loads = 0;
    if (run->method->handler->prepare != NULL) {
        world->problem = (problem_t){0};
        const status_t prepared = run->method->handler->prepare(&run->call);
        if (prepared != STATUS_OK)
            return world->problem.status = prepared;
    }
    if (run->method->load != NULL && (run->method->handler->flags & SERVICE_OPTIMISTIC) == 0)
        load(run);
    for (int i = 0; i < TRIES; i++) {
        world->problem = (problem_t){0};
        run->call.event_count = 0;
        run->call.unchanged = false;
        run->call.about = NULL;
        run->call.about_count = 0;
        run->call.withheld = false;
        const status_t status = run->method->handler->decide(&run->call);
        if (status != STATUS_OK)
            return world->problem.status = enter(run, status);
        const bool saves = run->method->save != NULL && !run->call.unchanged;
        world->verdict = saves ? save(run) : NULL;
        if (saves && world->verdict == NULL) {
            // A constraint was in the way: a second look says why, or else the database's own words hold.
            if (i > 0 || run->method->load == NULL)
                return world->problem.status;
            load(run);
            continue;
        }
        if (!saves || strcmp(world->verdict, "moved") != 0) {
            world->version = run->call.version;
            world->reply = json_of(world, run->method->method->reply, run->call.reply);
            return enter(run, STATUS_OK);
        }
        load(run);
    }
    return world->problem.status = STATUS_ABORTED;
}

status_t world_race(world_t *world, const char *meanwhile, const char *method, const char *request)
{
    run_t *run = calloc(1, sizeof *run);
    assert_non_null(run);
    run->world = world;
    run->meanwhile = meanwhile;
    prepare(run, method, request);
    const status_t status = go(run);
    free(run);
    return status;
}

status_t world_call(world_t *world, const char *method, const char *format, ...)
{
    char request[16 * 1024];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(request, sizeof request, format, arguments);
    va_end(arguments);
    arena_reset(world->arena);
    return world_race(world, NULL, method, request);
}

void assert_reply_has(const world_t *world, const char *text)
{
    if (world->reply == NULL || strstr(world->reply, text) == NULL)
        fail_msg("%s is not in %s", text, world->reply != NULL ? world->reply : "(no reply)");
}

void assert_reply_lacks(const world_t *world, const char *text)
{
    if (world->reply == NULL || strstr(world->reply, text) != NULL)
        fail_msg("%s is in %s", text, world->reply != NULL ? world->reply : "(no reply)");
}
