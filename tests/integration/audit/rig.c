#include "tests/integration/audit/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/db/session.h"
#include "common/event/log.h"
#include "services/registry/service.h"

#define TICK_MS 5

static void must(status_t status, const problem_t *problem)
{
    if (status != STATUS_OK)
        fail_msg("%s %s: %s", status_name(status), problem->field, problem->detail);
}

void rig_exec(rig_t *rig, const char *format, ...)
{
    char sql[4096];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(sql, sizeof sql, format, arguments);
    va_end(arguments);
    free(test_database_query(rig->database, sql));
}

static void migrate(rig_t *rig)
{
    problem_t problem = {0};
    db_session_t *owner = NULL;
    const db_migration_t *const sets[] = {event_migrations, registry_service.migrations, NULL};
    const db_migrate_options_t options = {.schema = "registry", .app_role = rig->app, .job_role = rig->job, .sets = sets};
    unsigned applied = 0;
    must(db_session_open(test_database_dsn(rig->database), "owner", "registry", &owner, &problem), &problem);
    must(db_migrate(owner, &options, &applied, &problem), &problem);
    db_session_close(&owner);
}

static void on_tick(uv_timer_t *timer)
{
    rig_t *rig = timer->data;
    event_audit_tick(rig->audit);
}

static void start_relay(rig_t *rig)
{
    problem_t problem = {0};
    char dsn[512];
    (void)snprintf(dsn, sizeof dsn, "%s options='-c role=%s'", test_database_dsn(rig->database), rig->job);
    const event_audit_options_t options = {.service = "registry", .dsn = dsn, .schema = "registry"};
    must(event_audit_new(&rig->loop, &options, rig->metrics, &rig->audit, &problem), &problem);
}

int rig_setup(void **state)
{
    rig_t *rig = calloc(1, sizeof *rig);
    assert_non_null(rig);
    rig->database = test_database_create();
    // Roles belong to the whole cluster.
    (void)snprintf(rig->app, sizeof rig->app, "audit_app_%ld", (long)getpid());
    (void)snprintf(rig->job, sizeof rig->job, "audit_job_%ld", (long)getpid());
    rig_exec(rig, "SET client_min_messages = warning; CREATE ROLE %s; CREATE ROLE %s; SET timezone = 'Europe/London'", rig->app, rig->job);
    migrate(rig);
    rig_exec(rig, "SET search_path = registry");
    assert_int_equal(uv_loop_init(&rig->loop), 0);
    rig->metrics = metrics_new();
    assert_non_null(rig->metrics);
    rig->place = metrics_gauge(rig->metrics, "pcn_audit_place", NULL, "");
    start_relay(rig);
    uv_timer_init(&rig->loop, &rig->timer);
    rig->timer.data = rig;
    uv_timer_start(&rig->timer, on_tick, TICK_MS, TICK_MS);
    *state = rig;
    return 0;
}

int rig_teardown(void **state)
{
    rig_t *rig = *state;
    event_audit_stop(rig->audit);
    uv_close((uv_handle_t *)&rig->timer, NULL);
    assert_int_equal(uv_run(&rig->loop, UV_RUN_DEFAULT), 0);
    event_audit_destroy(&rig->audit);
    assert_int_equal(uv_loop_close(&rig->loop), 0);
    metrics_destroy(&rig->metrics);
    test_database_drop_roles(rig->database, rig->app, rig->job);
    test_database_drop(&rig->database);
    free(rig);
    return 0;
}

int rig_reset(void **state)
{
    rig_t *rig = *state;
    rig_exec(rig, "TRUNCATE audit, audit_queue, idempotency, organisation CASCADE; "
                  "UPDATE audit_head SET place = 0, hash = decode(repeat('00', 32), 'hex')");
    rig->place->value = 0;
    return 0;
}

bool rig_may(rig_t *rig, const char *role, const char *sql)
{
    char set[128];
    (void)snprintf(set, sizeof set, "SET search_path = registry; SET ROLE %s", role);
    PGconn *connection = PQconnectdb(test_database_dsn(rig->database));
    PQclear(PQexec(connection, set));
    PGresult *result = PQexec(connection, sql);
    const ExecStatusType status = PQresultStatus(result);
    const bool done = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (!done && (state == NULL || strcmp(state, "42501") != 0))
        fail_msg("%s: %s", sql, PQerrorMessage(connection));
    PQclear(result);
    PQfinish(connection);
    return done;
}

void rig_write(rig_t *rig, int count)
{
    char sql[1024];
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO audit_queue (at, request_id, subject, organisation, origin, peer, method, resource, verdict) "
                   "SELECT '2026-11-25 09:30:00+00'::timestamptz + i * interval '1001 microseconds', gen_random_uuid(), "
                   "    (ARRAY['manager@ics-llr', 'Zo\xc3\xab \xc3\x85ngstr\xc3\xb6m', '\xe6\x82\xa3\xe8\x80\x85', '']) [1 + i %% 4], "
                   "    CASE WHEN i %% 3 = 0 THEN '' ELSE 'ics-llr,pcn-rutland' END, CASE WHEN i %% 5 > 0 THEN '203.0.113.7' END, "
                   "    CASE WHEN i %% 7 > 0 THEN 'gateway' END, 'pcn.registry.v1.Registry/CreateOrganisation', 'organisations/gp-' || i, "
                   "    CASE WHEN i %% 6 = 0 THEN 'refused: PERMISSION_DENIED' ELSE 'done' END FROM generate_series(1, %d) i",
                   count);
    assert_true(rig_may(rig, rig->app, sql));
    event_audit_hint(rig->audit);
}

void rig_chain(rig_t *rig, int64_t place)
{
    const int64_t end_us = clock_steady_us() + INT64_C(60000000);
    while (rig->place->value < place || test_database_number(rig->database, "SELECT count(*) FROM audit_queue") > 0) {
        if (clock_steady_us() > end_us)
            fail_msg("the trail is at %lld, not %lld", (long long)rig->place->value, (long long)place);
        (void)uv_run(&rig->loop, UV_RUN_ONCE);
    }
}

static void hear(void *data, const char *sentence)
{
    rig_t *rig = data;
    assert_true(rig->faults < RIG_SAID);
    (void)snprintf(rig->said[rig->faults++], sizeof rig->said[0], "%s", sentence);
}

static char *text_at(const PGresult *result, int row, const char *column)
{
    const int index = PQfnumber(result, column);
    assert_true(index >= 0);
    return PQgetisnull(result, row, index) ? NULL : PQgetvalue(result, row, index);
}

unsigned rig_prove(rig_t *rig, const char *kept)
{
    problem_t problem = {0};
    db_session_t *session = NULL;
    trail_t trail;
    trail_place_t place;
    assert_true(kept == NULL || trail_place_parse(kept, &place));
    rig->faults = 0;
    trail_init(&trail, hear, rig, kept != NULL ? &place : NULL);
    must(db_session_open(test_database_dsn(rig->database), "proof", "registry", &session, &problem), &problem);
    PGresult *result = db_session_exec(
        session,
        "SELECT place, replace(to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), ' ', 'T') || 'Z' AS at, request_id, subject, "
        "organisation, origin, peer, method, resource, verdict, encode(hash, 'hex') AS hash FROM audit ORDER BY place",
        &problem);
    assert_non_null(result);
    for (int i = 0; i < PQntuples(result); i++) {
        Pcn__Audit__V1__Entry entry = PCN__AUDIT__V1__ENTRY__INIT;
        entry.has_place = 1;
        entry.place = strtoll(text_at(result, i, "place"), NULL, 10);
        entry.at = text_at(result, i, "at");
        entry.request_id = text_at(result, i, "request_id");
        entry.subject = text_at(result, i, "subject");
        entry.organisation = text_at(result, i, "organisation");
        entry.origin = text_at(result, i, "origin");
        entry.peer = text_at(result, i, "peer");
        entry.method = text_at(result, i, "method");
        entry.resource = text_at(result, i, "resource");
        entry.verdict = text_at(result, i, "verdict");
        entry.hash = text_at(result, i, "hash");
        must(trail_add(&trail, &entry, &problem), &problem);
    }
    PQclear(result);
    result = db_session_exec(session, "SELECT place, encode(hash, 'hex') AS hash FROM audit_head", &problem);
    assert_non_null(result);
    assert_int_equal(PQntuples(result), 1);
    trail_end(&trail, strtoll(text_at(result, 0, "place"), NULL, 10), text_at(result, 0, "hash"));
    PQclear(result);
    db_session_close(&session);
    trail_deinit(&trail);
    return rig->faults;
}
