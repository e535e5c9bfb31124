// Migrations: fresh, repeated, grown, changed, newer, failing, and two at once.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/db/migrate.h"
#include "tests/integration/db/rig.h"

#define SCHEMA "od\"d"

static const db_migration_t PLATFORM[] = {
    {1, "0001_event", "CREATE TABLE event (id int); -- :schema\nGRANT SELECT ON event TO :app, :job;"},
    {0, NULL, NULL},
};
static const db_migration_t SERVICE[] = {
    {1000, "1000_item",
     "CREATE TABLE :schema.item (code text DEFAULT ':schema', at interval DEFAULT '00:01'::interval);"
     "INSERT INTO item VALUES (DEFAULT)"},
    {1001, "1001_more", "ALTER TABLE item ADD COLUMN number int DEFAULT cardinality((ARRAY[1, 2])[1:1])"},
    {0, NULL, NULL},
};
static const db_migration_t FIRST_ONLY[] = {
    {1000, "1000_item",
     "CREATE TABLE :schema.item (code text DEFAULT ':schema', at interval DEFAULT '00:01'::interval);"
     "INSERT INTO item VALUES (DEFAULT)"},
    {0, NULL, NULL},
};
static const db_migration_t CHANGED[] = {
    {1000, "1000_item", "CREATE TABLE item (other text)"},
    {1001, "1001_more", "SELECT 1"},
    {0, NULL, NULL},
};

static const db_migration_t *const ALL[] = {PLATFORM, SERVICE, NULL};
static const db_migration_t *const OLDER[] = {PLATFORM, FIRST_ONLY, NULL};
static const db_migration_t *const OTHER[] = {PLATFORM, CHANGED, NULL};

static db_session_t *open_session(test_database_t *database)
{
    db_session_t *session;
    problem_t problem;
    assert_int_equal(db_session_open(test_database_dsn(database), "migrate", NULL, &session, &problem), STATUS_OK);
    return session;
}

static db_migrate_options_t with(const db_migration_t *const *sets)
{
    return (db_migrate_options_t){.schema = SCHEMA, .sets = sets};
}

static void test_fresh_repeated_grown(void **state)
{
    (void)state;
    test_database_t *database = test_database_create();
    db_session_t *session = open_session(database);
    db_migrate_options_t older = with(OLDER);
    db_migrate_options_t all = with(ALL);
    problem_t problem = {0};
    unsigned applied;
    assert_int_equal(db_migrate_check(session, &all, &problem), STATUS_FAILED_PRECONDITION);
    assert_int_equal(db_migrate(session, &older, &applied, &problem), STATUS_OK);
    assert_int_equal(applied, 2);
    assert_int_equal(db_migrate_check(session, &older, &problem), STATUS_OK);
    assert_int_equal(db_migrate_check(session, &all, &problem), STATUS_FAILED_PRECONDITION);
    assert_int_equal(db_migrate(session, &all, &applied, &problem), STATUS_OK);
    assert_int_equal(applied, 1);
    assert_int_equal(db_migrate(session, &all, &applied, &problem), STATUS_OK);
    assert_int_equal(applied, 0);
    assert_int_equal(db_migrate_check(session, &all, &problem), STATUS_OK);
    char *code = test_database_query(database, "SELECT code FROM \"od\"\"d\".item");
    assert_string_equal(code, ":schema"); // quoted, so left alone
    free(code);
    char *log = test_database_query(database, "SELECT string_agg(number || ' ' || name || ' ' || length(sha256), ',' ORDER BY number)"
                                              " FROM \"od\"\"d\".migration WHERE applied_at <= now()");
    assert_string_equal(log, "1 0001_event 64,1000 1000_item 64,1001 1001_more 64");
    free(log);
    assert_int_equal(test_database_number(database, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = "
                                                    "(SELECT oid FROM pg_database WHERE datname = current_database())"),
                     0);
    db_session_close(&session);
    test_database_drop(&database);
}

static void test_changed_and_newer(void **state)
{
    (void)state;
    test_database_t *database = test_database_create();
    db_session_t *session = open_session(database);
    db_migrate_options_t all = with(ALL);
    db_migrate_options_t other = with(OTHER);
    db_migrate_options_t older = with(OLDER);
    problem_t problem = {0};
    unsigned applied;
    assert_int_equal(db_migrate(session, &all, &applied, &problem), STATUS_OK);
    assert_int_equal(db_migrate(session, &other, &applied, &problem), STATUS_FAILED_PRECONDITION);
    assert_string_equal(problem.field, "1000_item");
    assert_int_equal(db_migrate_check(session, &other, &problem), STATUS_FAILED_PRECONDITION);
    assert_int_equal(db_migrate(session, &older, &applied, &problem), STATUS_FAILED_PRECONDITION);
    assert_string_equal(problem.field, "1001");
    assert_int_equal(applied, 0);
    assert_int_equal(db_migrate_check(session, &older, &problem), STATUS_FAILED_PRECONDITION);
    assert_int_equal(test_database_number(database, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = "
                                                    "(SELECT oid FROM pg_database WHERE datname = current_database())"),
                     0);
    db_session_close(&session);
    test_database_drop(&database);
}

static void refused(db_session_t *session, const db_migration_t *set, status_t status, const char *field)
{
    const db_migration_t *const sets[] = {PLATFORM, set, NULL};
    db_migrate_options_t options = with(sets);
    problem_t problem = {0};
    unsigned applied;
    assert_int_equal(db_migrate(session, &options, &applied, &problem), status);
    assert_string_equal(problem.field, field);
}

static void test_failing_ones_leave_nothing(void **state)
{
    (void)state;
    test_database_t *database = test_database_create();
    db_session_t *session = open_session(database);
    static const db_migration_t broken[] = {{1000, "1000_broken", "CREATE TABLE half (x int); SELECT * FROM nowhere"}, {0, NULL, NULL}};
    static const db_migration_t ends[] = {{1000, "1000_ends", "CREATE TABLE ends (x int); COMMIT"}, {0, NULL, NULL}};
    static const db_migration_t unordered[] = {{1001, "1001_b", "SELECT 1"}, {1000, "1000_a", "SELECT 1"}, {0, NULL, NULL}};
    static const db_migration_t later[] = {{1002, "1002_later", "SELECT 1"}, {0, NULL, NULL}};
    static const db_migration_t between[] = {{1001, "1001_between", "SELECT 1"}, {1002, "1002_later", "SELECT 1"}, {0, NULL, NULL}};
    refused(session, broken, STATUS_INTERNAL, "1000_broken");
    assert_int_equal(test_database_number(database, "SELECT count(*) FROM pg_class WHERE relname = 'half'"), 0);
    assert_int_equal(test_database_number(database, "SELECT count(*) FROM \"od\"\"d\".migration"), 1); // the one before stays
    refused(session, ends, STATUS_INTERNAL, "1000_ends");
    assert_int_equal(test_database_number(database, "SELECT count(*) FROM \"od\"\"d\".migration"), 1);
    refused(session, unordered, STATUS_INTERNAL, "1000_a");
    refused(session, later, STATUS_OK, "");
    refused(session, between, STATUS_FAILED_PRECONDITION, "1002_later");
    db_session_close(&session);
    test_database_drop(&database);
}

static void test_roles(void **state)
{
    (void)state;
    test_database_t *database = test_database_create();
    db_session_t *session = open_session(database);
    // Roles are the cluster's, so that this test's have a name of their own and are dropped again.
    char *name = test_database_query(database, "SELECT current_database()");
    char app[80], job[80], sql[512];
    snprintf(app, sizeof(app), "%s \"app\"", name);
    snprintf(job, sizeof(job), "%s_job", name);
    snprintf(sql, sizeof(sql), "CREATE ROLE \"%s \"\"app\"\"\" LOGIN; CREATE ROLE %s LOGIN", name, job);
    free(test_database_query(database, sql));
    db_migrate_options_t options = {.schema = "registry", .app_role = app, .job_role = job, .sets = ALL};
    problem_t problem = {0};
    unsigned applied;
    if (db_migrate(session, &options, &applied, &problem) != STATUS_OK)
        fail_msg("%s", problem.detail);
    snprintf(sql, sizeof(sql), "SET ROLE \"%s \"\"app\"\"\"", name);
    free(test_database_query(database, sql));
    assert_int_equal(test_database_number(database, "SELECT count(*) FROM registry.migration"), 3);
    assert_int_equal(test_database_number(database, "SELECT count(*) FROM registry.event"), 0);
    assert_int_equal(test_database_number(database, "SELECT has_table_privilege('registry.migration', 'INSERT')::int"), 0);
    snprintf(sql, sizeof(sql), "RESET ROLE; DROP SCHEMA registry CASCADE; DROP ROLE \"%s \"\"app\"\"\"; DROP ROLE %s", name, job);
    free(test_database_query(database, sql));
    free(name);
    db_session_close(&session);
    test_database_drop(&database);
}

static void *migrate_thread(void *data)
{
    db_session_t *session = open_session(data);
    db_migrate_options_t all = with(ALL);
    problem_t problem = {0};
    unsigned applied;
    status_t status = db_migrate(session, &all, &applied, &problem);
    db_session_close(&session);
    return (void *)(uintptr_t)(status == STATUS_OK ? applied + 1 : 0);
}

static void test_two_at_once(void **state)
{
    (void)state;
    test_database_t *database = test_database_create();
    pthread_t threads[4];
    uintptr_t sum = 0;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, migrate_thread, database), 0);
    for (int i = 0; i < 4; i++) {
        void *result;
        pthread_join(threads[i], &result);
        assert_true((uintptr_t)result > 0);
        sum += (uintptr_t)result - 1;
    }
    assert_int_equal(sum, 3);
    test_database_drop(&database);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fresh_repeated_grown),
        cmocka_unit_test(test_changed_and_newer),
        cmocka_unit_test(test_failing_ones_leave_nothing),
        cmocka_unit_test(test_roles),
        cmocka_unit_test(test_two_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
