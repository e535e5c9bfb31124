#include "support.h"

#include <sys/wait.h>
#include <unistd.h>

#include "common/base/id.h"

static void an_id_holds_its_time_and_version(void **state)
{
    (void)state;
    char id[ID_SIZE];
    // The example of RFC 9562, appendix A.6: 2022-02-22T19:22:22Z.
    id_make(INT64_C(1645557742000000), id);
    assert_memory_equal(id, "017f22e2-79b0-7", 15);
    assert_int_equal(strlen(id), 36);
    assert_true(id_valid(id));
    assert_non_null(strchr("89ab", id[19]));
    id_make(-5, id);
    assert_memory_equal(id, "00000000-0000-7", 15);
}

static void ids_ascend(void **state)
{
    (void)state;
    char previous[ID_SIZE], id[ID_SIZE];
    id_make(INT64_C(1700000000000000), previous);
    for (int i = 0; i < 20000; i++) {
        // The same instant often, then forward by microseconds, and now and then a little back.
        int64_t us = INT64_C(1700000000000000) + i / 50 - (i % 100 == 0 ? 500 : 0);
        id_make(us, id);
        assert_true(strcmp(previous, id) < 0);
        memcpy(previous, id, sizeof previous);
    }
}

static void a_clock_set_back_far_starts_anew(void **state)
{
    (void)state;
    char id[ID_SIZE];
    id_make(INT64_C(1800000000000000), id);
    id_make(INT64_C(1645557742000000), id);
    assert_memory_equal(id, "017f22e2-79b0-7", 15);
}

static void a_forked_child_makes_other_ids(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    char mine[ID_SIZE], theirs[ID_SIZE];
    id_make(INT64_C(1900000000000000), mine);
    pid_t child = fork();
    if (child == 0) {
        id_make(INT64_C(1900000001000000), theirs);
        _exit(write(ends[1], theirs, ID_SIZE) == ID_SIZE ? 0 : 1);
    }
    id_make(INT64_C(1900000001000000), mine);
    assert_int_equal(read(ends[0], theirs, ID_SIZE), ID_SIZE);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    // The same stamp, other random bits.
    assert_memory_equal(mine, theirs, 18);
    assert_string_not_equal(mine + 19, theirs + 19);
    close(ends[0]);
    close(ends[1]);
}

static void any_uuid_is_valid(void **state)
{
    (void)state;
    assert_true(id_valid("00000000-0000-0000-0000-000000000000"));
    assert_true(id_valid("017F22E2-79b0-7cc3-98C4-dc0c0c07398f"));
    const char *const bad[] = {"",
                               "017f22e2",
                               "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
                               "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0",
                               "017f22e279b07cc398c4dc0c0c07398f",
                               "017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
                               "017f22e2079b0-7cc3-98c4-dc0c0c07398f",
                               "{17f22e2-79b0-7cc3-98c4-dc0c0c07398}",
                               "017f22e2-79b0-7cc3-98c4-dc0c0c07398\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(id_valid(bad[i]));
    }
}

static void codes_are_slugs_or_ods_codes(void **state)
{
    (void)state;
    char longest[66];
    memset(longest, 'a', 64);
    longest[64] = '\0';
    const char *const good[] = {"ab", "a-", "pcn-north-west-leicestershire", "9x", "C82001", "QK1", "ABCDEFGHIJKL", longest, "123"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(code_valid(good[i]));
    }
    char too_long[66];
    memset(too_long, 'a', 65);
    too_long[65] = '\0';
    const char *const bad[] = {"",        "a",   "-ab",   "aB",          "AB",     "ABCDEFGHIJKLM", "C82-001",
                               "c82_001", "a b", "pcn/x", "caf\xC3\xA9", too_long, "ab\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(code_valid(bad[i]));
    }
}

static void utf8_is_checked_to_the_last_byte(void **state)
{
    (void)state;
    assert_true(utf8_valid("", 0));
    assert_true(utf8_valid(NULL, 0));
    assert_true(utf8_valid("Caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80 and more", 23));
    assert_false(utf8_valid("a\0b", 3));
    assert_false(utf8_valid("\xC3\xA9", 1));
    assert_false(utf8_valid("\xED\xB0\x80", 3));
    // A bad byte at each place, so that the scan by eights misses none.
    for (size_t place = 0; place < 33; place++) {
        char text[33];
        memset(text, 'x', sizeof text);
        assert_true(utf8_valid(text, sizeof text));
        text[place] = '\0';
        assert_false(utf8_valid(text, sizeof text));
        text[place] = (char)0xFE;
        assert_false(utf8_valid(text, sizeof text));
        text[place] = (char)0x80;
        assert_false(utf8_valid(text, sizeof text));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_holds_its_time_and_version),
        cmocka_unit_test(ids_ascend),
        cmocka_unit_test(a_clock_set_back_far_starts_anew),
        cmocka_unit_test(a_forked_child_makes_other_ids),
        cmocka_unit_test(any_uuid_is_valid),
        cmocka_unit_test(codes_are_slugs_or_ods_codes),
        cmocka_unit_test(utf8_is_checked_to_the_last_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
