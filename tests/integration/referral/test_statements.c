// Every statement that referral sends can be prepared against the schema that its migrations make.
#include <stdio.h>
#include <string.h>

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

// The gateway lets whoever lacks the scope come as far as the trail, for methods of which the contract says so.
static void audited_looks_say_so_in_the_contract(void **state)
{
    (void)state;
    const service_handler_t *handler;
    for (size_t n = 0; (handler = service_handler(&referral_service, n)) != NULL; n++) {
        const pb_method_t *method = NULL;
        for (unsigned i = 0; i < referral_service.contract->method_count && method == NULL; i++) {
            if (strcmp(referral_service.contract->methods[i].short_name, handler->method) == 0)
                method = &referral_service.contract->methods[i];
        }
        if (method == NULL) {
            fail_msg("%s is no method of the contract", handler->method);
            return;
        }
        if (method == NULL)
            return; // not reached, which the analyzer does not know
        const bool patients = method->path != NULL && strncmp(method->path, "/v1/patients/{id}", 17) == 0;
        if (((handler->flags & SERVICE_AUDITED) != 0 || patients) != ((method->flags & PB_AUDITED) != 0))
            fail_msg("%s: a look that is audited, and whatever has a patient in its path, is `audited: true` in the contract",
                     handler->method);
    }
}

// A function that takes its owner's part is called and never becomes part of the statement; as LANGUAGE sql it would be planned in each
// execution.
static void policies_call_what_keeps_its_plan(void **state)
{
    world_t *world = *state;
    static const char called[] =
        "FROM pg_depend d JOIN pg_proc p ON p.oid = d.refobjid JOIN pg_language l ON l.oid = p.prolang "
        "WHERE d.classid = 'pg_policy'::regclass AND d.refclassid = 'pg_proc'::regclass AND p.prosecdef AND l.lanname";
    char sql[512];
    (void)snprintf(sql, sizeof sql, "SELECT coalesce(string_agg(DISTINCT p.proname, ', '), 'none') %s = 'sql'", called);
    assert_string_equal(world_query(world, sql), "none");
    (void)snprintf(sql, sizeof sql, "SELECT count(DISTINCT p.oid) >= 5 %s = 'plpgsql'", called);
    assert_string_equal(world_query(world, sql), "t");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_are_prepared), cmocka_unit_test(audited_looks_say_so_in_the_contract),
                                       cmocka_unit_test(policies_call_what_keeps_its_plan)};
    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
