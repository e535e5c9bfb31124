// Every statement that a service with a follower sends can be prepared against the schema that its migrations make, by the application's
// role.
#include <stdio.h>

#include "common/db/session.h"
#include "tests/integration/follower/copy.h"
#include "tests/integration/follower/rig.h"

typedef struct visit {
    db_session_t *session;
    unsigned count;
} visit_t;

static status_t prepare(void *data, const db_statement_t *statement)
{
    visit_t *visit = data;
    problem_t problem = {0};
    visit->count++;
    if (db_session_prepare(visit->session, statement, &problem) != STATUS_OK)
        fail_msg("%s: %s", db_statement_name(statement), problem.detail);
    return STATUS_OK;
}

static void all_are_prepared(void **state)
{
    rig_t *rig = *state;
    visit_t visit = {0};
    problem_t problem = {0};
    char dsn[1200];
    rig_start_copy(rig); // it migrates
    snprintf(dsn, sizeof dsn, "%s user=%s password=%s", test_database_dsn(rig->database), rig->app, rig->app);
    assert_int_equal(db_session_open(dsn, "test", "copy", &visit.session, &problem), STATUS_OK);
    for (const service_follower_t *follower = copy_service.followers; follower->source != NULL; follower++)
        assert_int_equal(follower_statements(follower, prepare, &visit, &problem), STATUS_OK);
    assert_int_equal(visit.count, 6);
    assert_int_equal(service_statements(&copy_service, prepare, &visit, &problem), STATUS_OK);
    assert_true(visit.count > 12);
    db_session_close(&visit.session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_are_prepared)};
    return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
