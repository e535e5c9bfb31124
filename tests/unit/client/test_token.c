#include "common/client/token.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <string.h>

#define EPOCH "0190b2a0-1111-7000-8000-000000000001"

static void comes_back_as_it_was(void **state)
{
    (void)state;
    const client_token_t tokens[] = {
        {"registry", CLIENT_PHASE_LOG, {0, ""}},
        {"registry", CLIENT_PHASE_LOG, {1, EPOCH}},
        {"registry", CLIENT_PHASE_LOG, {INT64_MAX, EPOCH}},
        {"registry", CLIENT_PHASE_LOG, {EVENT_PLACE_END, ""}},
        {"finance", CLIENT_PHASE_SNAPSHOT, {77, EPOCH}},
        {"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk", CLIENT_PHASE_SNAPSHOT, {INT64_MAX, EPOCH "abc"}},
    };
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
        char text[CLIENT_TOKEN_SIZE];
        client_token_t token;
        problem_t problem;
        client_token_write(&tokens[i], text);
        assert_true(strlen(text) < sizeof text);
        assert_int_equal(strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."), strlen(text));
        assert_int_equal(client_token_read(text, &token, &problem), STATUS_OK);
        assert_string_equal(token.service, tokens[i].service);
        assert_int_equal(token.phase, tokens[i].phase);
        assert_int_equal(token.place.sequence, tokens[i].place.sequence);
        assert_string_equal(token.place.epoch, tokens[i].place.epoch);
    }
}

static void refuse(const char *text)
{
    client_token_t token;
    problem_t problem;
    assert_int_equal(client_token_read(text, &token, &problem), STATUS_INVALID_ARGUMENT);
    assert_string_equal(problem.field, "token");
    assert_true(problem.detail[0] != '\0');
}

static void refuses_others(void **state)
{
    (void)state;
    client_token_t token = {"registry", CLIENT_PHASE_LOG, {4711, EPOCH}};
    char text[CLIENT_TOKEN_SIZE];
    char wrong[CLIENT_TOKEN_SIZE + 4];
    client_token_write(&token, text);
    refuse("");
    refuse("pcn1.");
    refuse("pcn2.abcd");
    refuse("4711");
    refuse("pcn1.AAAAAAAAAAAA");
    for (size_t i = 0; i < strlen(text); i++) { // each character counts, and so does each that is cut off
        memcpy(wrong, text, sizeof text);
        wrong[i] = wrong[i] == 'A' ? 'B' : 'A';
        refuse(wrong);
        memcpy(wrong, text, sizeof text);
        wrong[i] = '\0';
        refuse(wrong);
    }
    memcpy(wrong, text, sizeof text);
    memcpy(wrong + strlen(text), "A", 2);
    refuse(wrong);
    char large[4096];
    memset(large, 'A', sizeof large - 1);
    memcpy(large, "pcn1.", 5);
    large[sizeof large - 1] = '\0';
    refuse(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(comes_back_as_it_was), cmocka_unit_test(refuses_others)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
