#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/service/kept.h"

static const pb_method_t checks = {.short_name = "GetChecks"}, coverage = {.short_name = "GetCoverage"};

static int setup(void **state)
{
    *state = kept_new();
    return *state == NULL;
}

static int teardown(void **state)
{
    kept_destroy((kept_t **)state);
    assert_null(*state);
    return 0;
}

static kept_key_t key_of(const pb_method_t *method, int32_t today, unsigned request)
{
    kept_key_t key = {.method = method, .today = today};
    memcpy(key.request, &request, sizeof request);
    return key;
}

static void assert_kept(kept_t *kept, const kept_key_t *key, const char *place, const char *text)
{
    kept_answer_t answer;
    assert_true(kept_find(kept, key, place, &answer));
    assert_int_equal(answer.size, strlen(text));
    assert_memory_equal(answer.bytes, text, answer.size);
}

static void assert_not_kept(kept_t *kept, const kept_key_t *key, const char *place)
{
    kept_answer_t answer;
    assert_false(kept_find(kept, key, place, &answer));
}

static void an_answer_is_of_its_place(void **state)
{
    const kept_key_t key = key_of(&checks, 1, 7);
    assert_not_kept(*state, &key, "e/1");
    kept_put(*state, &key, "e/1", "first", 5);
    assert_kept(*state, &key, "e/1", "first");
    assert_not_kept(*state, &key, "e/2");
    assert_not_kept(*state, &key, "e/");
    kept_put(*state, &key, "e/2", "second", 6);
    assert_kept(*state, &key, "e/2", "second");
    assert_not_kept(*state, &key, "e/1");
    kept_put(*state, &key, "e/3", "", 0);
    assert_kept(*state, &key, "e/3", "");
}

static void an_answer_is_of_its_question(void **state)
{
    const kept_key_t key = key_of(&checks, 1, 7);
    const kept_key_t others[] = {key_of(&coverage, 1, 7), key_of(&checks, 2, 7), key_of(&checks, 1, 8)};
    kept_put(*state, &key, "e/1", "one", 3);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_not_kept(*state, &others[i], "e/1");
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        kept_put(*state, &others[i], "e/1", "another", 7);
    assert_kept(*state, &key, "e/1", "one");
}

static void the_last_ones_are_kept(void **state)
{
    const kept_key_t first = key_of(&checks, 1, 0), second = key_of(&checks, 1, 1);
    kept_put(*state, &first, "e/1", "first", 5);
    for (unsigned i = 1; i < KEPT_MAX; i++) {
        const kept_key_t key = key_of(&checks, 1, i);
        kept_put(*state, &key, "e/1", "x", 1);
    }
    assert_kept(*state, &first, "e/1", "first"); // asked for again
    const kept_key_t further = key_of(&coverage, 1, 0);
    kept_put(*state, &further, "e/1", "y", 1);
    assert_kept(*state, &first, "e/1", "first");
    assert_kept(*state, &further, "e/1", "y");
    assert_not_kept(*state, &second, "e/1");
}

static void long_answers_take_the_room_of_others(void **state)
{
    char *text = malloc(KEPT_ANSWER_MAX + 1);
    assert_non_null(text);
    memset(text, 'a', KEPT_ANSWER_MAX + 1);
    const unsigned count = KEPT_BYTES_MAX / KEPT_ANSWER_MAX;
    for (unsigned i = 0; i <= count; i++) {
        const kept_key_t key = key_of(&checks, 1, i);
        kept_put(*state, &key, "e/1", text, KEPT_ANSWER_MAX);
    }
    for (unsigned i = 0; i <= count; i++) {
        const kept_key_t key = key_of(&checks, 1, i);
        kept_answer_t answer;
        assert_int_equal(kept_find(*state, &key, "e/1", &answer), i > 0);
        assert_true(i == 0 || answer.size == KEPT_ANSWER_MAX);
    }
    // One that is too long is not kept, nor the one before it.
    const kept_key_t key = key_of(&checks, 1, 1);
    kept_put(*state, &key, "e/2", text, KEPT_ANSWER_MAX + 1);
    assert_not_kept(*state, &key, "e/2");
    assert_not_kept(*state, &key, "e/1");
    char place[KEPT_PLACE_SIZE + 1];
    memset(place, 'p', sizeof place - 1);
    place[sizeof place - 1] = '\0';
    kept_put(*state, &key, place, "x", 1);
    assert_not_kept(*state, &key, place);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_answer_is_of_its_place, setup, teardown),
        cmocka_unit_test_setup_teardown(an_answer_is_of_its_question, setup, teardown),
        cmocka_unit_test_setup_teardown(the_last_ones_are_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(long_answers_take_the_room_of_others, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
