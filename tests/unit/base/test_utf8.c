#include "support.h"

#include "common/base/utf8.h"

static size_t sequence(const char *text)
{
    return utf8_sequence((const unsigned char *)text, strlen(text));
}

static void sequences_are_measured(void **state)
{
    (void)state;
    assert_int_equal(sequence("a"), 1);
    assert_int_equal(sequence("\xC2\x80"), 2);
    assert_int_equal(sequence("\xE2\x82\xAC rest"), 3);
    assert_int_equal(sequence("\xEE\x80\x80"), 3);
    assert_int_equal(sequence("\xF0\x90\x80\x80"), 4);
    assert_int_equal(sequence("\xF4\x8F\xBF\xBF"), 4);
    assert_int_equal(utf8_sequence((const unsigned char *)"", 1), 1);
    assert_int_equal(utf8_sequence((const unsigned char *)"x", 0), 0);
}

static void malformed_sequences_are_none(void **state)
{
    (void)state;
    const char *const bad[] = {
        "\x80",             // a continuation alone
        "\xC0\x80",         // overlong
        "\xC1\xBF",         // overlong
        "\xE0\x9F\xBF",     // overlong
        "\xF0\x8F\xBF\xBF", // overlong
        "\xED\xA0\x80",     // a surrogate
        "\xF4\x90\x80\x80", // beyond U+10FFFF
        "\xF5\x80\x80\x80",
        "\xFF",
        "\xC3",
        "\xE2\x82",
        "\xF0\x9F\x98", // cut short
        "\xC3(",
        "\xE2\x82(",
        "\xF0\x9F\x98(",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(sequence(bad[i]), 0);
    }
}

static void copies_end_at_a_whole_character(void **state)
{
    (void)state;
    char out[6];
    utf8_copy(out, sizeof out, "abc");
    assert_string_equal(out, "abc");
    utf8_copy(out, sizeof out, "abcdefgh");
    assert_string_equal(out, "abcde");
    utf8_copy(out, sizeof out, "abcd\xE2\x82\xAC");
    assert_string_equal(out, "abcd");
    utf8_copy(out, sizeof out,
              "ab\xE2\x82\xAC"
              "z");
    assert_string_equal(out, "ab\xE2\x82\xAC");
    // Where it is no UTF-8 at all the cut is where it must be.
    utf8_copy(out, sizeof out, "\x80\x80\x80\x80\x80\x80\x80");
    assert_int_equal(strlen(out), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sequences_are_measured),
        cmocka_unit_test(malformed_sequences_are_none),
        cmocka_unit_test(copies_end_at_a_whole_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
