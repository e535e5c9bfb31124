// Columns of a terminal, and what must not reach it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "services/ctl/text.h"

static void widths(void **state)
{
    (void)state;
    assert_int_equal(text_width(""), 0);
    assert_int_equal(text_width("Rutland"), 7);
    assert_int_equal(text_width("Café"), 4);
    // The same with a combining accent.
    assert_int_equal(text_width("Cafe\xCC\x81"), 4);
    assert_int_equal(text_width("東京"), 4);
    assert_int_equal(text_width("한국"), 4);
    assert_int_equal(text_width("👍"), 2);
    assert_int_equal(text_width("CH3 – Carillon"), 14);
    // Not UTF-8: a sign for each byte.
    assert_int_equal(text_width("a\xff\xfe"), 3);
    assert_int_equal(text_width("\xE2\x82"), 2);
}

static void assert_plain(const char *text, const char *expected)
{
    buf_t out;
    buf_init(&out, 1024);
    text_add_plain(&out, text);
    assert_string_equal(out.size > 0 ? out.data : "", expected);
    buf_deinit(&out);
}

static void nothing_steers_the_terminal(void **state)
{
    (void)state;
    assert_plain("a\x1b[2Jb", "a [2Jb");
    assert_plain("a\r\n\tb\x7f", "a   b ");
    assert_plain("a\xC2\x9B"
                 "31mb",
                 "a 31mb"); // CSI of eight bits
    assert_plain("a\xE2\x80\xAE"
                 "b",
                 "a b"); // right to left from here on
    assert_plain("a\xE2\x81\xA6"
                 "b",
                 "a b");
    assert_plain("a\xE2\x80\xA8"
                 "b",
                 "a b"); // a line's end
    assert_plain("a\xff", "a\xEF\xBF\xBD");
    assert_plain("Café – 東京", "Café – 東京");
}

static void assert_cut(const char *text, size_t width, const char *expected, size_t columns)
{
    buf_t out;
    buf_init(&out, 1024);
    assert_int_equal(text_add_cut(&out, text, width), columns);
    assert_string_equal(out.size > 0 ? out.data : "", expected);
    assert_int_equal(text_width(out.size > 0 ? out.data : ""), columns);
    buf_deinit(&out);
}

static void cut(void **state)
{
    (void)state;
    assert_cut("Rutland", 7, "Rutland", 7);
    assert_cut("Rutland", 6, "Rutla…", 6);
    assert_cut("Rutland", 1, "…", 1);
    assert_cut("Rutland", 0, "", 0);
    assert_cut("", 5, "", 0);
    // A sign of two columns is not halved.
    assert_cut("東京都", 6, "東京都", 6);
    assert_cut("東京都", 5, "東京…", 5);
    assert_cut("東京都", 4, "東…", 3);
    // An accent stays with its letter.
    assert_cut("Cafe\xCC\x81s", 5, "Cafe\xCC\x81s", 5);
    assert_cut("Cafe\xCC\x81sss", 5, "Cafe\xCC\x81…", 5);
}

static void assert_wrapped(const char *text, size_t indent, size_t at, size_t width, const char *expected)
{
    buf_t out;
    buf_init(&out, 1024);
    text_add_wrapped(&out, text, indent, at, width);
    assert_string_equal(out.data, expected);
    buf_deinit(&out);
}

static void wrapped(void **state)
{
    (void)state;
    assert_wrapped("one two three", 0, 0, 7, "one two\nthree\n");
    assert_wrapped("one two three", 2, 0, 7, "  one\n  two\n  three\n");
    assert_wrapped("one two three", 4, 4, 11, "one two\n    three\n");
    assert_wrapped("  one   two  ", 0, 0, 80, "one two\n");
    assert_wrapped("", 2, 0, 10, "\n");
    assert_wrapped("averylongwordindeed b", 1, 0, 5, " averylongwordindeed\n b\n");
    assert_wrapped("a\nb\x1b", 0, 0, 80, "a b \n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(widths), cmocka_unit_test(nothing_steers_the_terminal), cmocka_unit_test(cut),
                                       cmocka_unit_test(wrapped)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
