// A database of a test's own, in the cluster that PCN_TEST_DATABASE_URL names (ctest's fixture `postgres`).
#ifndef PCN_TESTS_SUPPORT_POSTGRES_H
#define PCN_TESTS_SUPPORT_POSTGRES_H

typedef struct test_database test_database_t;

// An empty database under a name that nobody else has. Ends the test binary with a message where there is no cluster.
test_database_t *test_database_create(void);
// How to reach it, as superuser; valid until it is dropped.
const char *test_database_dsn(const test_database_t *database);
// Runs SQL there and returns the first value of the last result (NULL for none), to be freed; ends the test binary where it fails.
char *test_database_query(test_database_t *database, const char *sql);
// The first value as a number; -1 for none.
long test_database_number(test_database_t *database, const char *sql);
// Drops two roles that a test made, with what they own and were granted.
void test_database_drop_roles(test_database_t *database, const char *app, const char *job);
// Also with sessions still in it.
void test_database_drop(test_database_t **database);

#endif
