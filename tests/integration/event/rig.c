#include "tests/integration/event/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/pb/message.h"
#include "common/service/events.h"
#include "pcn/common/v1/envelope.pb-c.h"
#include "pcn/events/v1/events.meta.h"
#include "pcn/platform/v1/call.meta.h"

#define ARENA_CAP ((size_t)64 * 1024 * 1024)
#define SETS_MAX 32
#define SCHEMA "log"

static void must(status_t status, const problem_t *problem)
{
    if (status != STATUS_OK)
        fail_msg("%s %s: %s", status_name(status), problem->field, problem->detail);
}

static void migrate(log_rig_t *rig, unsigned count)
{
    db_migration_t some[SETS_MAX] = {{0}};
    for (unsigned i = 0; event_migrations[i].sql != NULL && (count == 0 || i < count); i++) {
        assert_true(i < SETS_MAX - 1);
        some[i] = event_migrations[i];
    }
    const db_migration_t *const sets[] = {some, NULL};
    const db_migrate_options_t options = {.schema = SCHEMA, .app_role = rig->app, .job_role = rig->job, .sets = sets};
    db_session_t *owner = NULL;
    problem_t problem = {0};
    unsigned applied = 0;
    must(db_session_open(test_database_dsn(rig->database), "owner", SCHEMA, &owner, &problem), &problem);
    must(db_migrate(owner, &options, &applied, &problem), &problem);
    db_session_close(&owner);
}

static db_session_t *session_as(log_rig_t *rig, const char *role)
{
    db_session_t *session = NULL;
    problem_t problem = {0};
    char sql[96];
    must(db_session_open(test_database_dsn(rig->database), role, SCHEMA, &session, &problem), &problem);
    (void)snprintf(sql, sizeof sql, "SET ROLE %s; SET synchronous_commit = off", role);
    assert_int_equal(rig_sql_as(rig, session, sql), STATUS_OK);
    return session;
}

log_rig_t *rig_new(unsigned migrations)
{
    static const pb_service_t contract = {.name = "pcn.log.v1.Log", .comment = "Nothing of its own."};
    static const service_handler_t handlers[] = {{.method = NULL}};
    static const service_t service = {.name = SCHEMA, .contract = &contract, .handlers = {handlers}};
    log_rig_t *rig = calloc(1, sizeof *rig);
    problem_t problem = {0};
    assert_non_null(rig);
    rig->database = test_database_create();
    // Roles belong to the whole cluster.
    (void)snprintf(rig->app, sizeof rig->app, "log_app_%ld", (long)getpid());
    (void)snprintf(rig->job, sizeof rig->job, "log_job_%ld", (long)getpid());
    rig_sql(rig, "CREATE ROLE %s; CREATE ROLE %s; SET timezone = 'UTC'", rig->app, rig->job);
    migrate(rig, migrations);
    rig_sql(rig, "SET search_path = " SCHEMA);
    rig->app_session = session_as(rig, rig->app);
    rig->job_session = session_as(rig, rig->job);
    rig->arena = arena_new(ARENA_CAP);
    assert_non_null(rig->arena);
    must(plan_new(&service, &rig->plan, &problem), &problem);
    must(event_log_statements(rig->relay, &problem), &problem);
    return rig;
}

void rig_migrate(log_rig_t *rig)
{
    migrate(rig, 0);
}

void rig_destroy(log_rig_t **rig)
{
    log_rig_t *old = *rig;
    db_session_close(&old->app_session);
    db_session_close(&old->job_session);
    plan_destroy(&old->plan);
    for (size_t i = 0; i < EVENT_LOG_STATEMENTS; i++)
        db_statement_destroy(&old->relay[i]);
    arena_destroy(&old->arena);
    test_database_drop_roles(old->database, old->app, old->job);
    test_database_drop(&old->database);
    free(old);
    *rig = NULL;
}

int rig_setup(void **state)
{
    log_rig_t *rig = rig_new(0);
    Pcn__Platform__V1__Upkeep kept;
    assert_int_equal(rig_upkeep(rig, 1000000, 0, &kept), STATUS_OK);
    *state = rig;
    return 0;
}

int rig_teardown(void **state)
{
    rig_destroy((log_rig_t **)state);
    return 0;
}

long rig_sql(log_rig_t *rig, const char *format, ...)
{
    char sql[8192];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(sql, sizeof sql, format, arguments);
    va_end(arguments);
    return test_database_number(rig->database, sql);
}

status_t rig_sql_as(log_rig_t *rig, db_session_t *session, const char *sql)
{
    rig->problem = (problem_t){0};
    PGresult *result = db_session_exec(session, sql, &rig->problem);
    PQclear(result);
    return result != NULL ? STATUS_OK : rig->problem.status;
}

void rig_write(log_rig_t *rig, const char *subject, const char *type, int64_t version, const char *data, int days)
{
    char sql[4096];
    const int size = snprintf(sql, sizeof sql,
                              "INSERT INTO event_queue (id, type, subject, version, time, traceparent, data) VALUES (gen_random_uuid(), "
                              "'%s', '%s', %lld, now() - interval '%d days', NULL, '%s')",
                              type, subject, (long long)version, days, data);
    assert_in_range(size, 1, sizeof sql - 1);
    if (rig_sql_as(rig, rig->app_session, sql) != STATUS_OK)
        fail_msg("%s: %s", sql, rig->problem.detail);
}

static const db_statement_t *relay_statement(log_rig_t *rig, const char *name)
{
    for (size_t i = 0; rig->relay[i] != NULL; i++) {
        if (strcmp(db_statement_name(rig->relay[i]), name) == 0)
            return rig->relay[i];
    }
    fail_msg("The relay has no statement %s", name);
    return NULL;
}

static int number(log_rig_t *rig)
{
    const void *const roots[] = {NULL};
    rig->problem = (problem_t){0};
    PGresult *result = db_session_run(rig->job_session, relay_statement(rig, "number_events"), roots, rig->arena, &rig->problem);
    const int count = result != NULL ? PQntuples(result) : -1;
    PQclear(result);
    return count;
}

int rig_number(log_rig_t *rig)
{
    const int count = number(rig);
    must(count < 0 ? rig->problem.status : STATUS_OK, &rig->problem);
    return count;
}

status_t rig_number_status(log_rig_t *rig)
{
    return number(rig) < 0 ? rig->problem.status : STATUS_OK;
}

status_t rig_upkeep(log_rig_t *rig, int64_t partition, int64_t days, Pcn__Platform__V1__Upkeep *kept)
{
    Pcn__Platform__V1__Upkeep asked = PCN__PLATFORM__V1__UPKEEP__INIT;
    const void *const roots[] = {&asked};
    void *row = NULL;
    asked.has_partition = asked.has_days = 1;
    asked.partition = partition;
    asked.days = days;
    arena_reset(rig->arena);
    rig->problem = (problem_t){0};
    PGresult *result = db_session_run(rig->job_session, relay_statement(rig, "keep_partitions"), roots, rig->arena, &rig->problem);
    if (result == NULL)
        return rig->problem.status;
    const db_rows_t rows = {.result = result, .count = PQntuples(result)};
    assert_int_equal(rows.count, 1);
    must(db_row_message(&rows, 0, &pcn__platform__v1__upkeep__type, rig->arena, &row, &rig->problem), &rig->problem);
    PQclear(result);
    *kept = *(Pcn__Platform__V1__Upkeep *)row;
    return STATUS_OK;
}

static void load(log_rig_t *rig, const plan_method_t *method, service_call_t *call)
{
    const void *const roots[PLAN_ROOTS] = {[PLAN_ROOT_REQUEST] = call->request, [PLAN_ROOT_PREPARED] = call->prepared};
    PGresult *result = db_session_run(rig->app_session, method->load, roots, rig->arena, &rig->problem);
    if (result == NULL)
        fail_msg("load: %s", rig->problem.detail);
    const db_rows_t rows = {.result = result, .count = PQntuples(result), .statement = method->load};
    void **messages = arena_alloc(rig->arena, ((size_t)rows.count + 1) * sizeof *messages);
    assert_non_null(messages);
    for (int i = 0; i < rows.count; i++)
        must(db_row_message(&rows, i, method->handler->row, rig->arena, &messages[i], &rig->problem), &rig->problem);
    PQclear(result);
    call->rows = messages;
    call->row_count = (size_t)rows.count;
}

status_t rig_call(log_rig_t *rig, const char *name, const void *request, void **reply)
{
    char full[64];
    (void)snprintf(full, sizeof full, "pcn.events.v1.Events/%s", name);
    const plan_method_t *method = plan_find(rig->plan, full);
    assert_non_null(method);
    arena_reset(rig->arena);
    rig->problem = (problem_t){0};
    Pcn__Common__V1__RequestHeader header = PCN__COMMON__V1__REQUEST_HEADER__INIT;
    service_call_t call = {
        .method = method->method, .header = &header, .request = request, .arena = rig->arena, .problem = &rig->problem, .now = ""};
    *reply = NULL;
    status_t status = pb_validate_request(method->method, request, &rig->problem);
    if (status == STATUS_OK && method->handler->prepare != NULL)
        status = method->handler->prepare(&call);
    if (status != STATUS_OK)
        return status;
    load(rig, method, &call);
    status = method->handler->decide(&call);
    *reply = status == STATUS_OK ? call.reply : NULL;
    return status;
}
