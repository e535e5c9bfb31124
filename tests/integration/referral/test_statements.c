// Every statement that referral sends can be prepared against the schema that its migrations make.
#include "services/referral/service.h"
#include "tests/integration/referral/world.h"

typedef struct visit {
    world_t *world;
    unsigned count;
} visit_t;

static status_t prepare(void *data, const db_statement_t *statement)
{
    visit_t *visit = data;
    problem_t problem = {0};
    visit->count++;
    if (db_session_prepare(visit->world->session, statement, &problem) != STATUS_OK)
        fail_msg("%s: %s", db_statement_name(statement), problem.detail);
    return STATUS_OK;
}

static void all_are_prepared(void **state)
{
    visit_t visit = {.world = *state};
    problem_t problem = {0};
    assert_int_equal(service_statements(&referral_service, prepare, &visit, &problem), STATUS_OK);
    assert_true(visit.count >= 14);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_are_prepared)};
    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
