// What stands around the declaration's CTEs, and what a declaration must have.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/service/follower_sql.h"

static const db_stmt_t good = {"copy_things", "kept AS (INSERT INTO thing (subject) SELECT n.subject FROM news n)"};

static void assert_order(const char *sql, const char *const *texts)
{
    for (; *texts != NULL; texts++) {
        const char *found = strstr(sql, *texts);
        if (found == NULL)
            fail_msg("%s is not there, or not in its place: %s", *texts, sql);
        sql = found;
    }
}

static void test_around_the_declaration(void **state)
{
    (void)state;
    const service_follower_t declared = {.source = "registry", .apply = &good};
    static const char *const apply[] = {
        "UPDATE follower SET sequence", "version = $",   "given AS MATERIALIZED",      "data::jsonb", "DISTINCT ON (subject)",
        "INSERT INTO follower_subject", "WHERE is_news", "kept AS (INSERT INTO thing", "AS moved",    NULL};
    static const char *const page[] = {"UPDATE follower SET version", "left_out", "data::jsonb", "WHERE NOT left_out", "ON CONFLICT",
                                       "kept AS (INSERT INTO thing",  "AS moved", NULL};
    static const char *const sweep[] = {
        "vanished AS", "DELETE FROM follower_subject", "NULL::jsonb AS data", "kept AS (INSERT INTO thing", "AS moved", NULL};
    db_statement_t *statements[FOLLOWER_STATEMENTS];
    problem_t problem = {0};
    assert_int_equal(follower_sql_new(&declared, statements, &problem), STATUS_OK);
    assert_order(db_statement_sql(statements[FOLLOWER_APPLY]), apply);
    assert_order(db_statement_sql(statements[FOLLOWER_PAGE]), page);
    assert_order(db_statement_sql(statements[FOLLOWER_SWEEP]), sweep);
    // The others do not touch the copy.
    assert_null(strstr(db_statement_sql(statements[FOLLOWER_LOAD]), "thing"));
    assert_null(strstr(db_statement_sql(statements[FOLLOWER_BEGIN]), "thing"));
    assert_null(strstr(db_statement_sql(statements[FOLLOWER_LETTER]), "thing"));
    // Named by the declaration, so that two followers of one daemon differ.
    for (size_t i = 0; i < FOLLOWER_STATEMENTS; i++) {
        assert_memory_equal(db_statement_name(statements[i]), "copy_things_", 12);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(db_statement_name(statements[i]), db_statement_name(statements[j]));
    }
    follower_sql_destroy(statements);
}

static void test_refused_declarations(void **state)
{
    (void)state;
    static const db_stmt_t blind = {"blind", "kept AS (INSERT INTO thing (subject) SELECT 'x')"};
    static const db_stmt_t unknown = {"unknown", "kept AS (INSERT INTO thing (subject) SELECT :step.nothing FROM news)"};
    static const db_stmt_t foreign = {"foreign", "kept AS (INSERT INTO thing (subject) SELECT :request.code FROM news)"};
    const service_follower_t without = {.source = "registry"};
    const service_follower_t blindly = {.source = "registry", .apply = &blind};
    const service_follower_t of_unknown = {.source = "registry", .apply = &unknown};
    const service_follower_t of_foreign = {.source = "registry", .apply = &foreign};
    db_statement_t *statements[FOLLOWER_STATEMENTS];
    problem_t problem = {0};
    assert_int_equal(follower_sql_new(&without, statements, &problem), STATUS_FAILED_PRECONDITION);
    assert_string_equal(problem.field, "registry");
    follower_sql_destroy(statements);
    assert_int_equal(follower_sql_new(&blindly, statements, &problem), STATUS_FAILED_PRECONDITION);
    follower_sql_destroy(statements);
    assert_int_equal(follower_sql_new(&of_unknown, statements, &problem), STATUS_INTERNAL);
    follower_sql_destroy(statements);
    assert_int_equal(follower_sql_new(&of_foreign, statements, &problem), STATUS_INTERNAL);
    follower_sql_destroy(statements);
}

static status_t refuse_second(void *data, const db_statement_t *statement)
{
    (void)statement;
    return ++*(unsigned *)data == 2 ? STATUS_ABORTED : STATUS_OK;
}

static void test_walk_ends_with_a_refusal(void **state)
{
    (void)state;
    const service_follower_t declared = {.source = "registry", .apply = &good};
    unsigned count = 0;
    problem_t problem = {0};
    assert_int_equal(follower_statements(&declared, refuse_second, &count, &problem), STATUS_ABORTED);
    assert_int_equal(count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_around_the_declaration),
        cmocka_unit_test(test_refused_declarations),
        cmocka_unit_test(test_walk_ends_with_a_refusal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
