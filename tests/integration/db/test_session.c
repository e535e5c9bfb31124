// The connection that waits.
#include <stdlib.h>
#include <string.h>

#include "common/db/session.h"
#include "tests/integration/db/rig.h"

static const db_root_t ROOTS[] = {{"request", &pcn__registry__v1__organisation__type}};

static db_statement_t *make(const char *sql)
{
    db_statement_t *statement;
    problem_t problem;
    assert_int_equal(db_statement_new("test", sql, ROOTS, 1, NULL, &statement, &problem), STATUS_OK);
    return statement;
}

static db_session_t *open_session(test_database_t *database, const char *schema)
{
    db_session_t *session;
    problem_t problem;
    assert_int_equal(db_session_open(test_database_dsn(database), "session", schema, &session, &problem), STATUS_OK);
    return session;
}

static void test_exec(void **state)
{
    (void)state;
    test_database_t *database = test_database_create();
    db_session_t *session = open_session(database, "registry");
    problem_t problem = {0};
    PGresult *result =
        db_session_exec(session, "SELECT 1; SELECT current_setting('search_path') || current_setting('application_name')", &problem);
    assert_non_null(result);
    assert_string_equal(PQgetvalue(result, 0, 0), "registry, pcn_extensionssession");
    PQclear(result);
    assert_null(db_session_exec(session, "SELECT 1; SELECT * FROM nowhere", &problem));
    assert_int_equal(problem.status, STATUS_INTERNAL);
    assert_null(strstr(problem.detail, "nowhere"));
    result = db_session_exec(session, "", &problem);
    assert_non_null(result);
    PQclear(result);
    free(test_database_query(database, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'session' "
                                       "AND datname = current_database()"));
    assert_null(db_session_exec(session, "SELECT 1", &problem));
    assert_int_equal(problem.status, STATUS_UNAVAILABLE);
    db_session_close(&session);
    assert_null(session);
    db_session_close(&session);
    test_database_drop(&database);
}

static void test_run(void **state)
{
    (void)state;
    test_database_t *database = test_database_create();
    db_session_t *session = open_session(database, NULL);
    arena_t *arena = arena_new(10000);
    db_statement_t *statement = make("SELECT :request.code || '!', :request.stated_population + 1, :request.name::text");
    Pcn__Registry__V1__Organisation organisation = PCN__REGISTRY__V1__ORGANISATION__INIT;
    organisation.code = (char *)"a'b";
    organisation.has_stated_population = true;
    organisation.stated_population = 41;
    const void *roots[] = {&organisation};
    problem_t problem = {0};
    PGresult *result = db_session_run(session, statement, roots, arena, &problem);
    assert_non_null(result);
    assert_string_equal(PQgetvalue(result, 0, 0), "a'b!");
    assert_string_equal(PQgetvalue(result, 0, 1), "42");
    assert_true(PQgetisnull(result, 0, 2));
    PQclear(result);
    db_statement_destroy(&statement);
    arena_destroy(&arena);
    db_session_close(&session);
    test_database_drop(&database);
}

static void test_prepare(void **state)
{
    (void)state;
    test_database_t *database = test_database_create();
    db_session_t *session = open_session(database, NULL);
    db_statement_t *good = make("SELECT 1 WHERE 'a' = :request.code");
    db_statement_t *bad = make("SELECT missing FROM pg_class WHERE relname = :request.code");
    problem_t problem = {0};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(db_session_prepare(session, good, &problem), STATUS_OK);
        assert_int_equal(db_session_prepare(session, bad, &problem), STATUS_INTERNAL);
        assert_non_null(strstr(problem.detail, "test: 42703"));
        assert_non_null(strstr(problem.detail, "missing"));
    }
    db_statement_destroy(&good);
    db_statement_destroy(&bad);
    db_session_close(&session);
    test_database_drop(&database);
}

static void test_open_fails(void **state)
{
    (void)state;
    db_session_t *session;
    problem_t problem = {0};
    assert_int_equal(db_session_open("host", "x", NULL, &session, &problem), STATUS_INVALID_ARGUMENT);
    assert_null(session);
    assert_int_equal(db_session_open("host=/nonexistent", "x", NULL, &session, &problem), STATUS_UNAVAILABLE);
    assert_null(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exec),
        cmocka_unit_test(test_run),
        cmocka_unit_test(test_prepare),
        cmocka_unit_test(test_open_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
