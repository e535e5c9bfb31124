#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/support/replay.h"

// One event whose id is its own.
static void add(replay_t *replay, int64_t sequence, const char *subject, int64_t version)
{
    char id[32];
    snprintf(id, sizeof id, "id-%zu", replay->count);
    replay_add(replay, sequence, id, subject, version, NULL, NULL);
}

static void test_whole_log(void **state)
{
    (void)state;
    replay_t replay;
    replay_init(&replay, 0);
    add(&replay, 1, "a", 1);
    add(&replay, 2, "b", 1);
    add(&replay, 3, "a", 2);
    assert_int_equal(replay.gaps + replay.doubles, 0);
    assert_int_equal(replay.place, 3);
    assert_int_equal(replay_state(&replay, "a")->version, 2);
    assert_int_equal(replay_state(&replay, "a")->sequence, 3);
    assert_null(replay_state(&replay, "c"));
    replay_clear(&replay);
}

static void test_gap_of_places(void **state)
{
    (void)state;
    replay_t replay;
    replay_init(&replay, 0);
    add(&replay, 1, "a", 1);
    add(&replay, 3, "b", 1);
    assert_int_equal(replay.gaps, 1);
    assert_int_equal(replay.doubles, 0);
    assert_true(replay.first[0] != '\0');
    replay_clear(&replay);
    // The beginning may be missing as well.
    replay_init(&replay, 0);
    add(&replay, 2, "a", 1);
    assert_int_equal(replay.gaps, 1);
    replay_clear(&replay);
}

static void test_place_again(void **state)
{
    (void)state;
    replay_t replay;
    replay_init(&replay, 0);
    add(&replay, 1, "a", 1);
    add(&replay, 1, "b", 1);
    assert_int_equal(replay.doubles, 1);
    assert_int_equal(replay.gaps, 0);
    replay_clear(&replay);
}

static void test_id_again(void **state)
{
    (void)state;
    replay_t replay;
    replay_init(&replay, 0);
    replay_add(&replay, 1, "same", "a", 1, NULL, NULL);
    replay_add(&replay, 2, "same", "b", 1, NULL, NULL);
    assert_int_equal(replay.doubles, 1);
    replay_clear(&replay);
}

static void test_versions_of_a_subject(void **state)
{
    (void)state;
    replay_t replay;
    replay_init(&replay, 0);
    add(&replay, 1, "a", 1);
    add(&replay, 2, "a", 3);
    assert_int_equal(replay.gaps, 1);
    add(&replay, 3, "a", 3);
    assert_int_equal(replay.doubles, 1);
    add(&replay, 4, "b", 2); // a log from 0 has every first version
    assert_int_equal(replay.gaps, 2);
    replay_clear(&replay);
    replay_init(&replay, 10);
    add(&replay, 11, "b", 5);
    add(&replay, 12, "b", 6);
    assert_int_equal(replay.gaps + replay.doubles, 0);
    add(&replay, 13, "b", 8);
    assert_int_equal(replay.gaps, 1);
    replay_clear(&replay);
}

static void test_digest_tells_logs_apart(void **state)
{
    (void)state;
    const uint64_t one = replay_digest(replay_digest(0, 1, "a"), 2, "b");
    assert_true(one == replay_digest(replay_digest(0, 1, "a"), 2, "b"));
    assert_true(one != replay_digest(replay_digest(0, 2, "b"), 1, "a"));
    assert_true(one != replay_digest(replay_digest(0, 1, "a"), 2, "c"));
    replay_t replay;
    replay_init(&replay, 0);
    replay_add(&replay, 1, "a", "s", 1, NULL, NULL);
    replay_add(&replay, 2, "b", "s", 2, NULL, NULL);
    assert_true(replay.digest == one);
    replay_clear(&replay);
}

static void test_keeps_the_newest_data(void **state)
{
    (void)state;
    replay_t replay;
    replay_init(&replay, 0);
    replay.keep_data = true;
    json_t *first = json_pack("{s:s}", "name", "first"), *second = json_pack("{s:s}", "name", "second");
    replay_add(&replay, 1, "1", "a", 1, NULL, first);
    replay_add(&replay, 2, "2", "a", 2, NULL, second);
    replay_add(&replay, 3, "3", "a", 1, NULL, first);
    json_decref(first);
    json_decref(second);
    assert_string_equal(json_string_value(json_object_get(replay_state(&replay, "a")->data, "name")), "second");
    replay_clear(&replay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_whole_log),
                                       cmocka_unit_test(test_gap_of_places),
                                       cmocka_unit_test(test_place_again),
                                       cmocka_unit_test(test_id_again),
                                       cmocka_unit_test(test_versions_of_a_subject),
                                       cmocka_unit_test(test_digest_tells_logs_apart),
                                       cmocka_unit_test(test_keeps_the_newest_data)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
