// Decisions about followers and dead letters, without a database.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/pb/message.h"
#include "common/service/followers.h"
#include "pcn/followers/v1/followers.meta.h"

typedef Pcn__Followers__V1__DeadLetter letter_t;
#define STATE(name) PCN__FOLLOWERS__V1__DEAD_LETTER_STATE__DEAD_LETTER_STATE_##name
#define ROWS_MAX 4

typedef struct fixture {
    arena_t *arena;
    letter_t letters[ROWS_MAX];
    void *rows[ROWS_MAX];
    Pcn__Common__V1__RequestHeader header;
    Pcn__Common__V1__Principal principal;
    problem_t problem;
    service_call_t call;
} fixture_t;

static int setup(void **state)
{
    static char ids[ROWS_MAX][40] = {"0190b2a0-0000-7000-8000-000000000004", "0190b2a0-0000-7000-8000-000000000003",
                                     "0190b2a0-0000-7000-8000-000000000002", "0190b2a0-0000-7000-8000-000000000001"};
    fixture_t *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    fixture->arena = arena_new(8u * 1024u * 1024u);
    assert_non_null(fixture->arena);
    for (size_t i = 0; i < ROWS_MAX; i++) {
        pcn__followers__v1__dead_letter__init(&fixture->letters[i]);
        fixture->letters[i].id = ids[i];
        fixture->letters[i].has_state = 1;
        fixture->letters[i].state = STATE(OPEN);
        fixture->letters[i].data = (char *)"{\"version\":1}";
        fixture->rows[i] = &fixture->letters[i];
    }
    pcn__common__v1__request_header__init(&fixture->header);
    pcn__common__v1__principal__init(&fixture->principal);
    fixture->principal.subject = (char *)"operator";
    fixture->header.principal = &fixture->principal;
    fixture->call = (service_call_t){.header = &fixture->header,
                                     .rows = fixture->rows,
                                     .now = "2026-11-26T01:00:00.000000Z",
                                     .arena = fixture->arena,
                                     .problem = &fixture->problem};
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    fixture_t *fixture = *state;
    arena_destroy(&fixture->arena);
    free(fixture);
    return 0;
}

static status_t decide(fixture_t *fixture, const char *method, const void *request, size_t rows)
{
    fixture->call.request = request;
    fixture->call.row_count = rows;
    for (const service_handler_t *handler = followers_handlers; handler->method != NULL; handler++) {
        if (strcmp(handler->method, method) == 0)
            return handler->decide(&fixture->call);
    }
    fail_msg("no handler for %s", method);
    return STATUS_UNIMPLEMENTED;
}

static const Pcn__Followers__V1__ListDeadLettersReply *list(fixture_t *fixture, uint32_t size, size_t rows)
{
    Pcn__Followers__V1__ListDeadLettersRequest request = PCN__FOLLOWERS__V1__LIST_DEAD_LETTERS_REQUEST__INIT;
    request.has_page_size = size > 0;
    request.page_size = size;
    assert_int_equal(decide(fixture, "ListDeadLetters", &request, rows), STATUS_OK);
    return fixture->call.reply;
}

static void test_followers(void **state)
{
    fixture_t *fixture = *state;
    Pcn__Followers__V1__ListFollowersRequest request = PCN__FOLLOWERS__V1__LIST_FOLLOWERS_REQUEST__INIT;
    assert_int_equal(decide(fixture, "ListFollowers", &request, 0), STATUS_OK);
    assert_int_equal(((Pcn__Followers__V1__ListFollowersReply *)fixture->call.reply)->n_followers, 0);
    assert_int_equal(decide(fixture, "ListFollowers", &request, 2), STATUS_OK);
    assert_int_equal(((Pcn__Followers__V1__ListFollowersReply *)fixture->call.reply)->n_followers, 2);
}

static void test_pages(void **state)
{
    fixture_t *fixture = *state;
    const Pcn__Followers__V1__ListDeadLettersReply *reply = list(fixture, 0, 0);
    assert_int_equal(reply->n_dead_letters, 0);
    assert_null(reply->next_page_token);
    // One more than the page is there: the token is the last that is shown.
    reply = list(fixture, 2, 3);
    assert_int_equal(reply->n_dead_letters, 2);
    assert_string_equal(reply->next_page_token, fixture->letters[1].id);
    reply = list(fixture, 2, 2);
    assert_int_equal(reply->n_dead_letters, 2);
    assert_null(reply->next_page_token);
}

// A page that its bytes have ended may have more behind it.
static void test_page_full_of_data(void **state)
{
    fixture_t *fixture = *state;
    char *data = calloc(1, 400001);
    assert_non_null(data);
    memset(data, '1', 400000);
    fixture->letters[0].data = fixture->letters[1].data = data;
    const Pcn__Followers__V1__ListDeadLettersReply *reply = list(fixture, 50, 2);
    assert_int_equal(reply->n_dead_letters, 2);
    assert_string_equal(reply->next_page_token, fixture->letters[1].id);
    free(data);
}

static void test_foreign_token(void **state)
{
    fixture_t *fixture = *state;
    static const char *const tokens[] = {"", "x", "0190b2a0-0000-7000-8000-00000000000", "0190b2a0-0000-7000-8000-0000000000011"};
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
        Pcn__Followers__V1__ListDeadLettersRequest request = PCN__FOLLOWERS__V1__LIST_DEAD_LETTERS_REQUEST__INIT;
        request.page_token = (char *)(uintptr_t)tokens[i];
        assert_int_equal(decide(fixture, "ListDeadLetters", &request, 0), STATUS_INVALID_ARGUMENT);
        assert_string_equal(fixture->problem.field, "pageToken");
    }
}

// What is not JSON is shown as a text, so that the answer is JSON.
static void test_data_that_is_not_json(void **state)
{
    fixture_t *fixture = *state;
    fixture->letters[0].data = (char *)"{\"a\":";
    fixture->letters[1].data = (char *)"\"\n";
    fixture->letters[2].data = NULL;
    (void)list(fixture, 50, 4);
    assert_string_equal(fixture->letters[0].data, "\"{\\\"a\\\":\"");
    assert_string_equal(fixture->letters[1].data, "\"\\\"\\n\"");
    assert_null(fixture->letters[2].data);
    assert_string_equal(fixture->letters[3].data, "{\"version\":1}");
}

static void test_decisions(void **state)
{
    fixture_t *fixture = *state;
    static const struct {
        const char *method;
        int state;
    } decisions[] = {{"SkipDeadLetter", STATE(SKIPPED)}, {"RetryDeadLetter", STATE(RETRIED)}};
    Pcn__Followers__V1__DecideDeadLetterRequest request = PCN__FOLLOWERS__V1__DECIDE_DEAD_LETTER_REQUEST__INIT;
    request.id = (char *)"0190B2A0-0000-7000-8000-000000000004"; // as the caller writes it
    request.reason = (char *)"known";
    for (size_t i = 0; i < sizeof decisions / sizeof *decisions; i++) {
        assert_int_equal(decide(fixture, decisions[i].method, &request, 0), STATUS_NOT_FOUND);
        assert_int_equal(decide(fixture, decisions[i].method, &request, 1), STATUS_OK);
        const letter_t *reply = fixture->call.reply;
        assert_int_equal(reply->state, decisions[i].state);
        assert_string_equal(reply->decided_by, "operator");
        assert_string_equal(reply->decided_at, fixture->call.now);
        assert_string_equal(reply->reason, "known");
        assert_ptr_equal(fixture->call.after, reply);
        assert_string_equal(fixture->call.key, fixture->letters[0].id);
        assert_int_equal(fixture->call.event_count, 0);
        // The row is as it was loaded.
        assert_int_equal(fixture->letters[0].state, STATE(OPEN));
    }
    fixture->letters[0].state = STATE(SKIPPED);
    fixture->letters[0].decided_by = (char *)"another";
    assert_int_equal(decide(fixture, "RetryDeadLetter", &request, 1), STATUS_FAILED_PRECONDITION);
    assert_string_equal(fixture->problem.detail, "It was skipped already, by another");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_followers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pages, setup, teardown),
        cmocka_unit_test_setup_teardown(test_page_full_of_data, setup, teardown),
        cmocka_unit_test_setup_teardown(test_foreign_token, setup, teardown),
        cmocka_unit_test_setup_teardown(test_data_that_is_not_json, setup, teardown),
        cmocka_unit_test_setup_teardown(test_decisions, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
