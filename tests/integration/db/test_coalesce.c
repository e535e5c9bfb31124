// Reads by one key that queue together are one execution.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/db/rig.h"

// The statement tells how many keys it was asked for.
#define GET                                                                                                                                \
    "SELECT number || '/' || cardinality(:request.code::text[]) AS answer, code"                                                           \
    " FROM item WHERE code = ANY(:request.code) ORDER BY number"

static void rows(rig_t *rig)
{
    free(test_database_query(rig->database, "INSERT INTO item SELECT 'p-' || i, i FROM generate_series(0, 99) AS i"));
}

static void test_duplicate_and_missing_keys(void **state)
{
    (void)state;
    rig_t rig;
    rig_init(&rig, &(db_options_t){.read_connections = 1});
    rows(&rig);
    db_statement_t *get = rig_statement(&rig, "get", GET, "request.code");
    rig_open(&rig);
    rig_wait_ready(&rig);
    static const char *const codes[] = {"p-7", "missing", "p-3", "p-7", "p-99", "p-7", "we\"ird\\{,}", "p-3", "", "NULL"};
    asked_t asked[10];
    for (int i = 0; i < 10; i++) {
        asked_init(&asked[i], get, codes[i], NO_NUMBER);
        if (i % 2 == 0)
            asked[i].query.key = NULL; // then it comes from the request
        db_read(rig.db, &asked[i].query);
    }
    rig_run(&rig);
    for (int i = 0; i < 10; i++) {
        bool there = strncmp(codes[i], "p-", 2) == 0;
        char expected[32] = "";
        if (there)
            snprintf(expected, sizeof(expected), "%s/7", codes[i] + 2); // seven distinct keys
        assert_int_equal(asked[i].answers, 1);
        assert_int_equal(asked[i].status, STATUS_OK);
        assert_int_equal(asked[i].rows, there ? 1 : 0);
        assert_string_equal(asked[i].first, expected);
        asked_deinit(&asked[i]);
    }
    rig_deinit(&rig);
}

static void test_one_alone(void **state)
{
    (void)state;
    rig_t rig;
    rig_init(&rig, &(db_options_t){.read_connections = 1});
    rows(&rig);
    db_statement_t *get = rig_statement(&rig, "get", GET, "request.code");
    rig_open(&rig);
    rig_wait_ready(&rig);
    asked_t asked;
    asked_init(&asked, get, "p-5", NO_NUMBER);
    db_read(rig.db, &asked.query);
    rig_run(&rig);
    assert_string_equal(asked.first, "5/1");
    asked_deinit(&asked);
    // Without a key there is nothing to find.
    asked_init(&asked, get, "", NO_NUMBER);
    asked.query.key = NULL;
    asked.request.code = NULL;
    db_read(rig.db, &asked.query);
    rig_run(&rig);
    assert_int_equal(asked.status, STATUS_OK);
    assert_int_equal(asked.rows, 0);
    asked_deinit(&asked);
    rig_deinit(&rig);
}

static void test_several_rows_a_key_keep_their_order(void **state)
{
    (void)state;
    rig_t rig;
    rig_init(&rig, &(db_options_t){.read_connections = 1});
    free(test_database_query(rig.database, "CREATE TABLE member (code text, practice int);"
                                           "INSERT INTO member SELECT 'n-' || i % 5, i FROM generate_series(0, 99) AS i"));
    db_statement_t *members = rig_statement(
        &rig, "members", "SELECT practice, code FROM member WHERE code = ANY(:request.code) ORDER BY practice DESC", "request.code");
    rig_open(&rig);
    rig_wait_ready(&rig);
    asked_t asked[5];
    for (int i = 0; i < 5; i++) {
        char code[16];
        snprintf(code, sizeof(code), "n-%d", i);
        asked_init(&asked[i], members, code, NO_NUMBER);
        db_read(rig.db, &asked[i].query);
    }
    rig_run(&rig);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(asked[i].rows, 20);
        assert_int_equal(atoi(asked[i].first), 95 + i);
        assert_int_equal(atoi(asked[i].last), i);
        asked_deinit(&asked[i]);
    }
    rig_deinit(&rig);
}

static void test_mixed_with_others_and_an_error(void **state)
{
    (void)state;
    rig_t rig;
    rig_init(&rig, &(db_options_t){.read_connections = 1});
    rows(&rig);
    db_statement_t *get = rig_statement(&rig, "get", "SELECT number, code FROM item WHERE code = ANY(:request.code)", "request.code");
    db_statement_t *divide = rig_statement(&rig, "divide", "SELECT 1 / :request.stated_population::int", NULL);
    rig_open(&rig);
    rig_wait_ready(&rig);
    asked_t asked[40];
    for (int i = 0; i < 40; i++) {
        char code[16];
        snprintf(code, sizeof(code), "p-%d", i);
        asked_init(&asked[i], i % 4 == 0 ? divide : get, code, i % 8 == 0 ? 0 : 1);
        db_read(rig.db, &asked[i].query);
    }
    rig_run(&rig);
    for (int i = 0; i < 40; i++) {
        assert_int_equal(asked[i].answers, 1);
        assert_int_equal(asked[i].status, i % 8 == 0 ? STATUS_INTERNAL : STATUS_OK);
        if (i % 4 != 0)
            assert_int_equal(atoi(asked[i].first), i);
        asked_deinit(&asked[i]);
    }
    rig_deinit(&rig);
}

static void test_a_result_without_the_column(void **state)
{
    (void)state;
    rig_t rig;
    rig_init(&rig, &(db_options_t){.read_connections = 1});
    rows(&rig);
    db_statement_t *get = rig_statement(&rig, "get", "SELECT number FROM item WHERE code = ANY(:request.code)", "request.code");
    rig_open(&rig);
    rig_wait_ready(&rig);
    asked_t asked[2];
    for (int i = 0; i < 2; i++) {
        asked_init(&asked[i], get, "p-1", NO_NUMBER);
        db_read(rig.db, &asked[i].query);
    }
    rig_run(&rig);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(asked[i].answers, 1);
        assert_int_equal(asked[i].status, STATUS_INTERNAL);
        asked_deinit(&asked[i]);
    }
    rig_deinit(&rig);
}

// As of a day beside plain lookups: who says more than its key asks alone, in any order and number, and gets its own rows.
static void test_further_parameters(void **state)
{
    (void)state;
    rig_t rig;
    rig_init(&rig, &(db_options_t){.lookup_connections = 1, .read_connections = 1});
    rows(&rig);
    db_statement_t *get = rig_statement(&rig, "get",
                                        "SELECT number || '/' || cardinality(:request.code::text[]) || '/' || "
                                        "coalesce(:request.stated_population::text, '-') AS answer, code FROM item "
                                        "WHERE (:request.stated_population::int IS NULL OR number < :request.stated_population::int) "
                                        "AND code = ANY(:request.code) ORDER BY number",
                                        "request.code");
    rig_open(&rig);
    rig_wait_ready(&rig);
    asked_t asked[40];
    for (int turn = 0; turn < 3; turn++) {
        int plain = 0;
        for (int i = 0; i < 40; i++) {
            // The first of a batch is once a plain one and once another; the last turn has no plain one.
            const bool alone = turn == 2 || i % 4 == turn;
            char code[16];
            snprintf(code, sizeof(code), "p-%d", i);
            asked_init(&asked[i], get, code, alone ? 20 : NO_NUMBER);
            if (i % 3 == 0)
                asked[i].query.key = NULL;
            plain += alone ? 0 : 1;
            db_read(rig.db, &asked[i].query);
        }
        rig_run(&rig);
        for (int i = 0; i < 40; i++) {
            const bool alone = turn == 2 || i % 4 == turn;
            char expected[32] = "";
            if (!alone)
                snprintf(expected, sizeof(expected), "%d/%d/-", i, plain);
            else if (i < 20)
                snprintf(expected, sizeof(expected), "%d/1/20", i);
            assert_int_equal(asked[i].answers, 1);
            assert_int_equal(asked[i].status, STATUS_OK);
            assert_int_equal(asked[i].rows, alone && i >= 20 ? 0 : 1);
            assert_string_equal(asked[i].first, expected);
            asked_deinit(&asked[i]);
        }
    }
    rig_deinit(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_duplicate_and_missing_keys),          cmocka_unit_test(test_one_alone),
        cmocka_unit_test(test_several_rows_a_key_keep_their_order), cmocka_unit_test(test_mixed_with_others_and_an_error),
        cmocka_unit_test(test_a_result_without_the_column),         cmocka_unit_test(test_further_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
