// A handler that does not fit its contract must stop the daemon at start, by the method's name.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/service/plan.h"
#include "pcn/registry/v1/registry.meta.h"

#define METHODS_MAX 64

static status_t decide(service_call_t *call)
{
    return problem_set(call->problem, STATUS_UNIMPLEMENTED, NULL, "never called");
}

static const db_stmt_t good_load = {"load", "SELECT code FROM organisation WHERE code = :header.request_id"};
static const db_stmt_t good_save = {
    "save", "changed AS (SELECT :call.key AS key FROM input i WHERE NOT EXISTS (SELECT FROM seen s WHERE s.n = i.n))"};

typedef struct fixture {
    service_handler_t handlers[METHODS_MAX + 1];
    db_stmt_t saves[METHODS_MAX];
    service_t service;
    problem_t problem;
    plan_t *plan;
} fixture_t;

// Every method of the registry's contract with a handler that fits.
static void fill(fixture_t *fixture)
{
    const pb_service_t *contract = &pcn__registry__v1__registry__service;
    *fixture = (fixture_t){.service = {.name = "registry", .contract = contract, .handlers = {fixture->handlers}}};
    assert_true(contract->method_count <= METHODS_MAX);
    for (unsigned i = 0; i < contract->method_count; i++) {
        service_handler_t *handler = &fixture->handlers[i];
        *handler = (service_handler_t){.method = contract->methods[i].short_name, .decide = decide};
        if ((contract->methods[i].flags & PB_CHANGES) != 0) {
            fixture->saves[i] = (db_stmt_t){contract->methods[i].short_name, good_save.sql};
            handler->save = &fixture->saves[i];
            handler->after = contract->methods[i].reply;
        }
    }
}

static service_handler_t *handler_of(fixture_t *fixture, const char *method)
{
    for (service_handler_t *handler = fixture->handlers; handler->method != NULL; handler++) {
        if (strcmp(handler->method, method) == 0)
            return handler;
    }
    fail_msg("no handler for %s", method);
    return NULL;
}

static void assert_refused(fixture_t *fixture, const char *name, const char *sentence)
{
    assert_int_not_equal(plan_new(&fixture->service, &fixture->plan, &fixture->problem), STATUS_OK);
    assert_null(fixture->plan);
    assert_non_null(strstr(fixture->problem.field, name));
    assert_non_null(strstr(fixture->problem.detail, sentence));
}

static void test_complete(void **state)
{
    (void)state;
    fixture_t fixture;
    fill(&fixture);
    handler_of(&fixture, "GetNetwork")->load = &good_load;
    handler_of(&fixture, "GetNetwork")->row = &pcn__registry__v1__network__type;
    assert_int_equal(plan_new(&fixture.service, &fixture.plan, &fixture.problem), STATUS_OK);
    const plan_method_t *read = plan_find(fixture.plan, "pcn.registry.v1.Registry/GetNetwork");
    assert_non_null(read);
    assert_non_null(read->load);
    assert_null(read->save);
    const plan_method_t *change = plan_find(fixture.plan, "pcn.registry.v1.Registry/CreateOrganisation");
    assert_non_null(change);
    const char *sql = db_statement_sql(change->save);
    const char *order[] = {"seen AS", "changed AS", "INSERT INTO idempotency", "INSERT INTO event_queue", "INSERT INTO audit_queue",
                           "verdict"};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        sql = strstr(sql, order[i]);
        assert_non_null(sql);
    }
    // Every service answers for its own log.
    assert_non_null(plan_find(fixture.plan, "pcn.events.v1.Events/Read"));
    assert_null(plan_find(fixture.plan, "pcn.registry.v1.Registry/Nothing"));
    plan_destroy(&fixture.plan);
    assert_null(fixture.plan);
}

static void test_missing_handler(void **state)
{
    (void)state;
    fixture_t fixture;
    fill(&fixture);
    // The last handler goes: the method that it stood for is named.
    unsigned last = pcn__registry__v1__registry__service.method_count - 1;
    const char *method = fixture.handlers[last].method;
    fixture.handlers[last].method = NULL;
    assert_refused(&fixture, method, "no handler");
}

static void test_handler_without_method(void **state)
{
    (void)state;
    fixture_t fixture;
    fill(&fixture);
    fixture.handlers[pcn__registry__v1__registry__service.method_count].method = "Invented";
    assert_refused(&fixture, "Invented", "no such method");
}

static void test_reading_and_changing(void **state)
{
    (void)state;
    fixture_t fixture;
    fill(&fixture);
    handler_of(&fixture, "GetNetwork")->save = &good_save;
    assert_refused(&fixture, "GetNetwork", "reading method");
    fill(&fixture);
    handler_of(&fixture, "AddMember")->save = NULL;
    assert_refused(&fixture, "AddMember", "needs a save");
    fill(&fixture);
    handler_of(&fixture, "AddMember")->after = NULL;
    assert_refused(&fixture, "AddMember", "lacks");
    fill(&fixture);
    handler_of(&fixture, "AddMember")->decide = NULL;
    assert_refused(&fixture, "AddMember", "lacks");
    fill(&fixture);
    handler_of(&fixture, "AddMember")->flags = SERVICE_AUDITED;
    assert_refused(&fixture, "AddMember", "Every change is audited");
    fill(&fixture);
    handler_of(&fixture, "GetNetwork")->flags = SERVICE_AUDITED;
    assert_int_equal(plan_new(&fixture.service, &fixture.plan, &fixture.problem), STATUS_OK);
    plan_destroy(&fixture.plan);
}

static void test_reach_that_asks_nobody(void **state)
{
    (void)state;
    static const db_stmt_t asks = {"asks", "SELECT 'pcn-a' AS code WHERE told(:header.request_id::text)"};
    fixture_t fixture;
    fill(&fixture);
    handler_of(&fixture, "GetNetwork")->flags = SERVICE_REACHES;
    handler_of(&fixture, "GetNetwork")->load = &good_load;
    handler_of(&fixture, "GetNetwork")->row = &pcn__registry__v1__network__type;
    assert_refused(&fixture, "GetNetwork", "told");
    handler_of(&fixture, "GetNetwork")->load = &asks;
    assert_int_equal(plan_new(&fixture.service, &fixture.plan, &fixture.problem), STATUS_OK);
    plan_destroy(&fixture.plan);
    fill(&fixture);
    handler_of(&fixture, "AddMember")->flags = SERVICE_REACHES | SERVICE_GATHERS;
    assert_refused(&fixture, "AddMember", "shares no execution");
}

static void test_kept_answers(void **state)
{
    (void)state;
    fixture_t fixture;
    fill(&fixture);
    handler_of(&fixture, "AddMember")->flags = SERVICE_KEPT;
    assert_refused(&fixture, "AddMember", "SERVICE_KEPT is for reads");
    fill(&fixture);
    handler_of(&fixture, "GetChecks")->flags = SERVICE_KEPT;
    assert_refused(&fixture, "GetChecks", "SERVICE_KEPT is for reads"); // without a load
    fill(&fixture);
    *handler_of(&fixture, "GetChecks") = (service_handler_t){.method = "GetChecks",
                                                             .decide = decide,
                                                             .load = &good_load,
                                                             .row = fixture.service.contract->methods[0].reply,
                                                             .flags = SERVICE_KEPT};
    static const db_stmt_t place = {"place", "SELECT 'here' AS place"};
    fixture.service.place = &place;
    assert_int_equal(plan_new(&fixture.service, &fixture.plan, &fixture.problem), STATUS_OK);
    assert_non_null(fixture.plan->place);
    plan_destroy(&fixture.plan);
    handler_of(&fixture, "GetChecks")->flags = SERVICE_KEPT | SERVICE_AUDITED;
    assert_refused(&fixture, "GetChecks", "SERVICE_KEPT is for reads");
    fill(&fixture);
    static const db_stmt_t twin = {"load", "SELECT 'here' AS place"};
    fixture.service.place = &twin;
    *handler_of(&fixture, "GetChecks") =
        (service_handler_t){.method = "GetChecks", .decide = decide, .load = &good_load, .row = fixture.service.contract->methods[0].reply};
    assert_refused(&fixture, "GetChecks", "has the name");
}

static void test_unguarded_save(void **state)
{
    (void)state;
    static const db_stmt_t without_changed = {"a", "other AS (SELECT '' AS key WHERE NOT EXISTS (SELECT FROM seen))"};
    static const db_stmt_t without_seen = {"b", "changed AS (SELECT '' AS key)"};
    static const db_stmt_t without_key = {"c", "changed AS (SELECT 1 WHERE NOT EXISTS (SELECT FROM seen))"};
    fixture_t fixture;
    fill(&fixture);
    handler_of(&fixture, "AddMember")->save = &without_key;
    assert_refused(&fixture, "AddMember", "`key`");
    fill(&fixture);
    handler_of(&fixture, "AddMember")->save = &without_changed;
    assert_refused(&fixture, "AddMember", "`changed`");
    fill(&fixture);
    handler_of(&fixture, "AddMember")->save = &without_seen;
    assert_refused(&fixture, "AddMember", "`seen`");
}

static void test_two_statements_of_one_name(void **state)
{
    (void)state;
    fixture_t fixture;
    fill(&fixture);
    handler_of(&fixture, "CreateOrganisation")->save = &good_save;
    handler_of(&fixture, "UpdateOrganisation")->save = &good_save;
    assert_refused(&fixture, "UpdateOrganisation", "Another statement has the name");
    // A read of the service's own that has the name of one of the platform's.
    static const db_stmt_t taken = {"read_events", "SELECT code FROM organisation"};
    fill(&fixture);
    handler_of(&fixture, "GetNetwork")->load = &taken;
    handler_of(&fixture, "GetNetwork")->row = &pcn__registry__v1__network__type;
    assert_refused(&fixture, "Events/Read", "Another statement has the name");
}

static void test_a_key_alone(void **state)
{
    (void)state;
    static const db_stmt_t by_day = {"by_day",
                                     "SELECT code FROM organisation WHERE code = ANY (:request.code::text[]) AND :request.as_of::date > "
                                     "opened_on"};
    static const db_stmt_t now = {"now", "SELECT code FROM organisation WHERE code = ANY (:request.code::text[])"};
    fixture_t fixture;
    fill(&fixture);
    service_handler_t *handler = handler_of(&fixture, "GetOrganisation");
    handler->row = &pcn__registry__v1__organisation__type;
    handler->load = &by_day;
    handler->coalesce = "request.code";
    assert_int_equal(plan_new(&fixture.service, &fixture.plan, &fixture.problem), STATUS_OK);
    Pcn__Registry__V1__GetOrganisationRequest request = PCN__REGISTRY__V1__GET_ORGANISATION_REQUEST__INIT;
    request.code = (char *)"pcn-rutland";
    const plan_method_t *method = plan_find(fixture.plan, "pcn.registry.v1.Registry/GetOrganisation");
    assert_string_equal(db_statement_name(plan_load(method, &request)), "by_day");
    plan_destroy(&fixture.plan);

    handler->load_alone = &now;
    assert_int_equal(plan_new(&fixture.service, &fixture.plan, &fixture.problem), STATUS_OK);
    method = plan_find(fixture.plan, "pcn.registry.v1.Registry/GetOrganisation");
    assert_string_equal(db_statement_name(plan_load(method, &request)), "now");
    request.as_of = (char *)"2026-11-26";
    assert_string_equal(db_statement_name(plan_load(method, &request)), "by_day");
    plan_destroy(&fixture.plan);

    handler->load_alone = &by_day;
    assert_refused(&fixture, "GetOrganisation", "Another statement has the name");
    handler->load_alone = &now;
    handler->coalesce = NULL;
    assert_refused(&fixture, "GetOrganisation", "A load for a key alone");
}

static bool asks_history(const void *request)
{
    return ((const Pcn__Registry__V1__GetOrganisationRequest *)request)->as_of != NULL;
}

static void test_another_load(void **state)
{
    (void)state;
    static const db_stmt_t plain = {"plain", "SELECT code FROM organisation WHERE code = :request.code"};
    static const db_stmt_t history = {"history", "SELECT code FROM organisation WHERE code = :request.code AND opened_on < :request.as_of"};
    fixture_t fixture;
    fill(&fixture);
    service_handler_t *handler = handler_of(&fixture, "GetOrganisation");
    handler->row = &pcn__registry__v1__organisation__type;
    handler->load = &plain;
    handler->load_other = &history;
    handler->asks_other = asks_history;
    assert_int_equal(plan_new(&fixture.service, &fixture.plan, &fixture.problem), STATUS_OK);
    const plan_method_t *method = plan_find(fixture.plan, "pcn.registry.v1.Registry/GetOrganisation");
    Pcn__Registry__V1__GetOrganisationRequest request = PCN__REGISTRY__V1__GET_ORGANISATION_REQUEST__INIT;
    request.code = (char *)"pcn-rutland";
    assert_string_equal(db_statement_name(plan_load(method, &request)), "plain");
    request.as_of = (char *)"2026-11-26";
    assert_string_equal(db_statement_name(plan_load(method, &request)), "history");
    plan_destroy(&fixture.plan);

    handler->load_other = &plain;
    assert_refused(&fixture, "GetOrganisation", "Another statement has the name");
    handler->load_other = &history;
    handler->asks_other = NULL;
    assert_refused(&fixture, "GetOrganisation", "Another load stands beside");
    handler->asks_other = asks_history;
    handler->coalesce = "request.code";
    assert_refused(&fixture, "GetOrganisation", "Another load stands beside");
    handler->coalesce = NULL;
    handler->load = NULL;
    assert_refused(&fixture, "GetOrganisation", "Another load stands beside");
}

static void test_unknown_parameter(void **state)
{
    (void)state;
    static const db_stmt_t bad_field = {"a", "SELECT :request.colour"};
    // A load comes before there is anything after.
    static const db_stmt_t bad_root = {"b", "SELECT :after.code"};
    fixture_t fixture;
    fill(&fixture);
    handler_of(&fixture, "GetNetwork")->row = &pcn__registry__v1__network__type;
    handler_of(&fixture, "GetNetwork")->load = &bad_field;
    assert_refused(&fixture, "request.colour", "");
    fill(&fixture);
    handler_of(&fixture, "GetNetwork")->row = &pcn__registry__v1__network__type;
    handler_of(&fixture, "GetNetwork")->load = &bad_root;
    assert_refused(&fixture, "after.code", "");
}

static void test_jobs(void **state)
{
    (void)state;
    static const db_stmt_t due = {"due", "SELECT code FROM organisation_coming WHERE from_on <= :call.today::date"};
    static const db_stmt_t bad_root = {"bad_due", "SELECT :row.code"};
    service_job_t jobs[] = {{.name = "day", .due = &due, .method = "ComeIntoForce", .period_s = 60, .at_once = 4}, {.name = NULL}};
    fixture_t fixture;
    fill(&fixture);
    fixture.service.jobs = jobs;
    assert_int_equal(plan_new(&fixture.service, &fixture.plan, &fixture.problem), STATUS_OK);
    assert_int_equal(fixture.plan->job_count, 1);
    assert_ptr_equal(fixture.plan->jobs[0].method, plan_find(fixture.plan, "pcn.registry.v1.Registry/ComeIntoForce"));
    assert_non_null(fixture.plan->jobs[0].due);
    plan_destroy(&fixture.plan);
    // What others may call is no job's, nor is what is not there or changes nothing.
    static const char *const methods[] = {"UpdateOrganisation", "GetOrganisation", "Invented"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        jobs[0].method = methods[i];
        assert_refused(&fixture, "day", "A job has");
    }
    jobs[0].method = "ComeIntoForce";
    jobs[0].at_once = 0;
    assert_refused(&fixture, "day", "A job has");
    jobs[0].at_once = 1;
    jobs[0].period_s = 0;
    assert_refused(&fixture, "day", "A job has");
    jobs[0].period_s = 1;
    jobs[0].due = &bad_root;
    assert_refused(&fixture, "row.code", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_complete),
        cmocka_unit_test(test_missing_handler),
        cmocka_unit_test(test_handler_without_method),
        cmocka_unit_test(test_reading_and_changing),
        cmocka_unit_test(test_reach_that_asks_nobody),
        cmocka_unit_test(test_kept_answers),
        cmocka_unit_test(test_unguarded_save),
        cmocka_unit_test(test_a_key_alone),
        cmocka_unit_test(test_another_load),
        cmocka_unit_test(test_unknown_parameter),
        cmocka_unit_test(test_jobs),
        cmocka_unit_test(test_two_statements_of_one_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
