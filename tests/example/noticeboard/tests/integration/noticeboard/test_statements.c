// Every statement that the noticeboard sends can be prepared against the schema that its migrations make, by the role that sends it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/db/session.h"
#include "common/event/log.h"
#include "services/noticeboard/service.h"
#include "tests/support/postgres.h"

typedef struct visit {
    db_session_t *session;
    unsigned count;
} visit_t;

static void must(status_t status, const problem_t *problem)
{
    if (status != STATUS_OK)
        fail_msg("%s %s: %s", status_name(status), problem->field, problem->detail);
}

static status_t prepare(void *data, const db_statement_t *statement)
{
    visit_t *visit = data;
    problem_t problem = {0};
    visit->count++;
    must(db_session_prepare(visit->session, statement, &problem), &problem);
    return STATUS_OK;
}

static void all_are_prepared(void **state)
{
    (void)state;
    test_database_t *database = test_database_create();
    problem_t problem = {0};
    char app[40], job[40], sql[200];
    (void)snprintf(app, sizeof app, "noticeboard_app_%ld", (long)getpid());
    (void)snprintf(job, sizeof job, "noticeboard_job_%ld", (long)getpid());
    (void)snprintf(sql, sizeof sql, "CREATE ROLE %s; CREATE ROLE %s", app, job);
    free(test_database_query(database, sql));
    db_session_t *owner = NULL;
    visit_t visit = {0};
    const db_migration_t *const sets[] = {event_migrations, noticeboard_service.migrations, NULL};
    const db_migrate_options_t options = {.schema = "noticeboard", .app_role = app, .job_role = job, .sets = sets};
    unsigned applied = 0;
    must(db_session_open(test_database_dsn(database), "owner", "noticeboard", &owner, &problem), &problem);
    must(db_migrate(owner, &options, &applied, &problem), &problem);
    db_session_close(&owner);
    must(db_session_open(test_database_dsn(database), "test", "noticeboard", &visit.session, &problem), &problem);
    (void)snprintf(sql, sizeof sql, "SET ROLE %s", app);
    PGresult *result = db_session_exec(visit.session, sql, &problem);
    assert_non_null(result);
    PQclear(result);
    must(service_statements(&noticeboard_service, prepare, &visit, &problem), &problem);
    assert_true(visit.count >= 6);
    db_session_close(&visit.session);
    test_database_drop_roles(database, app, job);
    test_database_drop(&database);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_are_prepared)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
