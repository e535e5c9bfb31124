#include "tests/integration/referral/patients.h"

#include <stdio.h>
#include <string.h>

void keep_id(const world_t *world, char id[40])
{
    const char *found = world->reply != NULL ? strstr(world->reply, "\"id\":\"") : NULL;
    assert_non_null(found);
    (void)snprintf(id, 40, "%.36s", found + 6);
}

void assert_registered(world_t *world, const char *practice, const char *number, const char *name, char id[40])
{
    const char *before = world->organisation;
    world->organisation = practice;
    assert_call(world, "CreatePatient", "{\"patient\":{\"nhsNumber\":\"%s\",\"name\":\"%s\",\"birthDate\":\"1956-03-14\"}}", number, name);
    world->organisation = before;
    keep_id(world, id);
}

const char *registrations_of(world_t *world, const char *id)
{
    char sql[300];
    (void)snprintf(sql, sizeof sql,
                   "SELECT string_agg(practice || ' ' || from_on || ' ' || coalesce(to_on::text, '-'), ', ' ORDER BY number) "
                   "FROM registration WHERE patient = '%s'",
                   id);
    return world_query(world, sql);
}

// A statement of the application: its first value, or what it was refused with.
static const char *assert_run(world_t *world, const char *sql, bool refused)
{
    problem_t problem = {0};
    PGresult *result = db_session_exec(world->session, sql, &problem);
    if ((result == NULL) != refused)
        fail_msg("%s: %s", sql, refused ? "was not refused" : problem.detail);
    const char *text = result == NULL ? db_session_sqlstate(world->session) : PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "";
    const char *kept = arena_string(world->arena, text);
    PQclear(result);
    assert_non_null(kept);
    return kept;
}

const char *asked_untold(world_t *world, const char *sql)
{
    return assert_run(world, sql, false);
}

static void assert_told(world_t *world, const char *organisations, const char *subject, const char *request)
{
    char sql[400];
    (void)assert_run(world, "BEGIN", false);
    (void)snprintf(sql, sizeof sql,
                   "SELECT set_config('pcn.organisations', '%s', true), set_config('pcn.subject', '%s', true), "
                   "set_config('pcn.own', 'false', true), set_config('pcn.request', '%s', true)",
                   organisations, subject, request);
    (void)assert_run(world, sql, false);
}

const char *asked_as(world_t *world, const char *organisations, const char *subject, const char *request, const char *sql)
{
    assert_told(world, organisations, subject, request);
    const char *text = assert_run(world, sql, false);
    (void)assert_run(world, "ROLLBACK", false);
    return text;
}

const char *refused_as(world_t *world, const char *organisations, const char *subject, const char *request, const char *sql)
{
    assert_told(world, organisations, subject, request);
    const char *state = assert_run(world, sql, true);
    (void)assert_run(world, "ROLLBACK", false);
    return state;
}
