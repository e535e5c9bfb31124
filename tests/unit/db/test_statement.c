#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include "common/db/internal.h"
#include "pcn/common/v1/envelope.meta.h"
#include "pcn/common/v1/envelope.pb-c.h"
#include "pcn/registry/v1/registry.meta.h"
#include "pcn/registry/v1/registry.pb-c.h"

static const db_root_t ROOTS[] = {
    {"request", &pcn__registry__v1__organisation__type},
    {"header", &pcn__common__v1__request_header__type},
};

static db_statement_t *make(const char *sql, const char *coalesce)
{
    db_statement_t *statement;
    problem_t problem;
    if (db_statement_new("test", sql, ROOTS, 2, coalesce, &statement, &problem) != STATUS_OK)
        fail_msg("%s: %s", problem.field, problem.detail);
    return statement;
}

static void refused(const char *sql, const char *coalesce, const char *field)
{
    db_statement_t *statement;
    problem_t problem = {0};
    assert_int_equal(db_statement_new("test", sql, ROOTS, 2, coalesce, &statement, &problem), STATUS_INTERNAL);
    assert_null(statement);
    assert_string_equal(problem.field, field);
}

static void test_numbers(void **state)
{
    (void)state;
    db_statement_t *statement =
        make("SELECT :request.code, :request.name::text, :request.code, ':request.name', :header.principal.subject", NULL);
    assert_string_equal(db_statement_sql(statement), "SELECT $1, $2::text, $1, ':request.name', $3");
    assert_string_equal(db_statement_name(statement), "test");
    assert_int_equal(statement->param_count, 3);
    db_statement_destroy(&statement);
    assert_null(statement);
    db_statement_destroy(&statement);
    statement = make("SELECT 1", NULL);
    assert_string_equal(db_statement_sql(statement), "SELECT 1");
    db_statement_destroy(&statement);
}

static void test_unknown(void **state)
{
    (void)state;
    refused("SELECT :request.nothing", NULL, "request.nothing");
    refused("SELECT :request.code.more", NULL, "request.code.more");
    refused("SELECT :nobody.code", NULL, "nobody.code");
    refused("SELECT :request", NULL, "request");
    refused("SELECT :req.code", NULL, "req.code");
}

static void test_too_many(void **state)
{
    (void)state;
    buf_t sql;
    buf_init(&sql, 100000);
    static const char *const names[] = {"code", "name", "kind", "level", "parent", "place", "status", "opened_on", "closed_on", "source"};
    for (int i = 0; i < 200; i++)
        buf_printf(&sql, ", :request.%s", names[i % 10]);
    db_statement_t *statement = make(sql.data, NULL); // the same ones count once
    assert_int_equal(statement->param_count, 10);
    db_statement_destroy(&statement);
    buf_deinit(&sql);
    db_root_t roots[DB_ROOTS_MAX + 1];
    for (int i = 0; i <= DB_ROOTS_MAX; i++)
        roots[i] = ROOTS[0];
    problem_t problem;
    assert_int_equal(db_statement_new("test", "SELECT 1", roots, DB_ROOTS_MAX + 1, NULL, &statement, &problem), STATUS_INTERNAL);
}

static void test_coalesce(void **state)
{
    (void)state;
    db_statement_t *statement = make("SELECT code FROM t WHERE code = ANY(:request.code)", "request.code");
    assert_string_equal(statement->coalesce_column, "code");
    db_statement_destroy(&statement);
    statement = make("SELECT code FROM t WHERE name = :request.name AND code = ANY(:request.code)", "request.code");
    assert_string_equal(statement->coalesce_column, "code");
    assert_int_equal(statement->coalesce_param, 1);
    db_statement_destroy(&statement);
    refused("SELECT code FROM t WHERE name = :request.name", "request.code", "request.code");
    refused("SELECT code FROM t WHERE code = ANY(:request.code)", "request.name", "request.name");
    refused("SELECT 1", "request.code", "request.code");
    refused("SELECT 1 = ANY(:request.former_names)", "request.former_names", "request.former_names");
    refused("SELECT 1 = ANY(:header.principal)", "header.principal", "header.principal");
}

static void test_bind(void **state)
{
    (void)state;
    arena_t *arena = arena_new(100000);
    db_statement_t *statement = make("SELECT :request.code, :request.notes, :header.principal.subject, :request.stated_population", NULL);
    Pcn__Registry__V1__Organisation organisation = PCN__REGISTRY__V1__ORGANISATION__INIT;
    organisation.code = (char *)"pcn-rutland";
    organisation.has_stated_population = true;
    organisation.stated_population = 41000;
    const void *roots[] = {&organisation, NULL};
    const char *values[DB_PARAMS_MAX];
    problem_t problem;
    assert_int_equal(db_statement_bind(statement, roots, arena, values, &problem), STATUS_OK);
    assert_string_equal(values[0], "pcn-rutland");
    assert_null(values[1]);
    assert_null(values[2]);
    assert_string_equal(values[3], "41000");
    db_statement_destroy(&statement);
    arena_destroy(&arena);
}

static void test_bind_refuses_what_has_no_name(void **state)
{
    (void)state;
    arena_t *arena = arena_new(100000);
    db_statement_t *statement = make("SELECT :request.kind", NULL);
    Pcn__Registry__V1__Organisation organisation = PCN__REGISTRY__V1__ORGANISATION__INIT;
    organisation.has_kind = true;
    organisation.kind = (Pcn__Registry__V1__OrganisationKind)999;
    const void *roots[] = {&organisation, NULL};
    const char *values[DB_PARAMS_MAX];
    problem_t problem;
    assert_int_equal(db_statement_bind(statement, roots, arena, values, &problem), STATUS_INVALID_ARGUMENT);
    assert_string_equal(problem.field, "kind");
    db_statement_destroy(&statement);
    arena_destroy(&arena);
}

static void test_bind_of_a_coalesced_read(void **state)
{
    (void)state;
    arena_t *arena = arena_new(100000);
    db_statement_t *statement = make("SELECT code FROM t WHERE code = ANY(:request.code)", "request.code");
    Pcn__Registry__V1__Organisation organisation = PCN__REGISTRY__V1__ORGANISATION__INIT;
    organisation.code = (char *)"a\"b";
    const void *roots[] = {&organisation, NULL};
    const char *values[DB_PARAMS_MAX];
    problem_t problem;
    assert_int_equal(db_statement_bind(statement, roots, arena, values, &problem), STATUS_OK);
    assert_string_equal(values[0], "{\"a\\\"b\"}");
    organisation.code = NULL;
    assert_int_equal(db_statement_bind(statement, roots, arena, values, &problem), STATUS_OK);
    assert_string_equal(values[0], "{}");
    db_statement_destroy(&statement);
    statement = make("SELECT code FROM t WHERE name = :request.name AND code = ANY(:request.code)", "request.code");
    organisation.code = (char *)"a";
    organisation.name = (char *)"A";
    assert_int_equal(db_statement_bind(statement, roots, arena, values, &problem), STATUS_OK);
    assert_string_equal(values[0], "A");
    assert_string_equal(values[1], "{\"a\"}");
    db_statement_destroy(&statement);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_coalesce),
        cmocka_unit_test(test_bind),
        cmocka_unit_test(test_bind_refuses_what_has_no_name),
        cmocka_unit_test(test_bind_of_a_coalesced_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
