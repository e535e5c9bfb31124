// Rows of a real result as messages.
#include <stdlib.h>
#include <string.h>

#include "common/db/session.h"
#include "tests/integration/db/rig.h"

static void test_message_and_text(void **state)
{
    (void)state;
    test_database_t *database = test_database_create();
    db_session_t *session;
    problem_t problem = {0};
    assert_int_equal(db_session_open(test_database_dsn(database), "row", NULL, &session, &problem), STATUS_OK);
    PGresult *result = db_session_exec(session,
                                       "SELECT 'a' AS code, 'A' AS name, 'network' AS kind, 5 AS stated_population,"
                                       " date '2019-07-01' AS opened_on,"
                                       " timestamptz '2019-07-01 09:00:00.5+01' AS created_at, ARRAY['x, y', 'z\"'] AS former_names,"
                                       " '[{\"system\":\"s\",\"value\":\"v\"}]'::jsonb AS identifiers, NULL::text AS notes, 1 AS no_field"
                                       " UNION ALL SELECT 'b', NULL, 'practice', NULL, NULL, NULL, NULL, NULL, NULL, NULL"
                                       " UNION ALL SELECT 'c', NULL, 'nonsense', NULL, NULL, NULL, NULL, NULL, NULL, NULL ORDER BY code",
                                       &problem);
    assert_non_null(result);
    arena_t *arena = arena_new(100000);
    int order[] = {1, 0, 2};
    db_rows_t rows = {.result = result, .row = order, .count = 3};
    void *message;
    assert_int_equal(db_row_message(&rows, 1, &pcn__registry__v1__organisation__type, arena, &message, &problem), STATUS_OK);
    Pcn__Registry__V1__Organisation *organisation = message;
    assert_string_equal(organisation->code, "a");
    assert_string_equal(organisation->name, "A");
    assert_int_equal(organisation->kind, PCN__REGISTRY__V1__ORGANISATION_KIND__ORGANISATION_KIND_NETWORK);
    assert_int_equal(organisation->stated_population, 5);
    assert_string_equal(organisation->opened_on, "2019-07-01");
    assert_string_equal(organisation->created_at, "2019-07-01T08:00:00.500000Z");
    assert_int_equal(organisation->n_former_names, 2);
    assert_string_equal(organisation->former_names[0], "x, y");
    assert_string_equal(organisation->former_names[1], "z\"");
    assert_int_equal(organisation->n_identifiers, 1);
    assert_string_equal(organisation->identifiers[0]->value, "v");
    assert_null(organisation->notes);
    assert_int_equal(db_row_message(&rows, 0, &pcn__registry__v1__organisation__type, arena, &message, &problem), STATUS_OK);
    organisation = message;
    assert_string_equal(organisation->code, "b");
    assert_null(organisation->name);
    assert_false(organisation->has_stated_population);
    assert_int_equal(db_row_message(&rows, 2, &pcn__registry__v1__organisation__type, arena, &message, &problem), STATUS_INTERNAL);
    assert_string_equal(db_row_text(&rows, 0, "code"), "b");
    assert_string_equal(db_row_text(&rows, 1, "no_field"), "1");
    assert_null(db_row_text(&rows, 0, "name"));
    assert_null(db_row_text(&rows, 0, "Code"));
    arena_t *small = arena_new(16);
    assert_int_equal(db_row_message(&rows, 1, &pcn__registry__v1__organisation__type, small, &message, &problem),
                     STATUS_RESOURCE_EXHAUSTED);
    arena_destroy(&small);
    arena_destroy(&arena);
    PQclear(result);
    db_session_close(&session);
    test_database_drop(&database);
}

// The columns of a result that several queries share are found once, by one type of message; another type finds its own.
static void test_shared_columns(void **state)
{
    (void)state;
    test_database_t *database = test_database_create();
    db_session_t *session;
    problem_t problem = {0};
    assert_int_equal(db_session_open(test_database_dsn(database), "row", NULL, &session, &problem), STATUS_OK);
    PGresult *result =
        db_session_exec(session, "SELECT 'A' AS name, 'a' AS code, 'v' AS value UNION ALL SELECT 'B', 'b', 'w' ORDER BY code", &problem);
    assert_non_null(result);
    arena_t *arena = arena_new(100000);
    int found[3] = {99, 99, 99}, first = 0, second = 1;
    db_columns_t columns = {.fields = found};
    db_rows_t one = {.result = result, .row = &first, .count = 1, .columns = &columns};
    db_rows_t other = {.result = result, .row = &second, .count = 1, .columns = &columns};
    void *message, **messages;
    assert_int_equal(db_row_message(&one, 0, &pcn__registry__v1__organisation__type, arena, &message, &problem), STATUS_OK);
    assert_string_equal(((Pcn__Registry__V1__Organisation *)message)->code, "a");
    assert_ptr_equal(columns.type, &pcn__registry__v1__organisation__type);
    assert_int_equal(found[2], -1);
    assert_int_equal(db_rows_messages(&other, &pcn__registry__v1__identifier__type, arena, &messages, &problem), STATUS_OK);
    assert_string_equal(((Pcn__Registry__V1__Identifier *)messages[0])->value, "w");
    assert_ptr_equal(columns.type, &pcn__registry__v1__organisation__type);
    assert_int_equal(db_rows_messages(&other, &pcn__registry__v1__organisation__type, arena, &messages, &problem), STATUS_OK);
    assert_string_equal(((Pcn__Registry__V1__Organisation *)messages[0])->code, "b");
    assert_string_equal(((Pcn__Registry__V1__Organisation *)messages[0])->name, "B");
    arena_destroy(&arena);
    PQclear(result);
    db_session_close(&session);
    test_database_drop(&database);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_message_and_text), cmocka_unit_test(test_shared_columns)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
