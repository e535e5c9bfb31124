#include "support.h"

#include "common/base/buf.h"

static void assert_json(const char *text, size_t size, const char *expected)
{
    buf_t buf;
    buf_init(&buf, 1024 * 1024);
    buf_add_json_string(&buf, text, size);
    assert_true(buf_ok(&buf));
    assert_string_equal(buf.data, expected);
    assert_int_equal(buf.size, strlen(expected));
    buf_deinit(&buf);
}

static void what_is_appended_is_there(void **state)
{
    (void)state;
    buf_t buf;
    buf_init(&buf, 10000);
    assert_null(buf.data);
    buf_add_string(&buf, "ab");
    buf_add_char(&buf, 'c');
    buf_add(&buf, "d\0e", 3);
    buf_add(&buf, NULL, 0);
    buf_printf(&buf, "%d-%s", 12, "x");
    assert_true(buf_ok(&buf));
    assert_int_equal(buf.size, 10);
    assert_memory_equal(buf.data, "abcd\0e12-x", 11);
    buf_clear(&buf);
    assert_int_equal(buf.size, 0);
    assert_string_equal(buf.data, "");
    buf_deinit(&buf);
    buf_deinit(&buf);
    buf_clear(&buf);
}

static void it_grows_and_stays_terminated(void **state)
{
    (void)state;
    buf_t buf;
    buf_init(&buf, 100000);
    for (size_t i = 0; i < 5000; i++) {
        buf_add_char(&buf, (char)('a' + i % 26));
        buf_printf(&buf, "%zu,", i);
        assert_int_equal(buf.data[buf.size], 0);
    }
    assert_true(buf_ok(&buf));
    assert_memory_equal(buf.data, "a0,b1,c2,", 9);
    assert_true(buf.room <= 100001);
    char long_text[2000];
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    buf_clear(&buf);
    buf_printf(&buf, "%s|%s", long_text, long_text);
    assert_int_equal(buf.size, 2 * 1999 + 1);
    buf_deinit(&buf);
}

static void the_cap_is_exact_and_a_failure_sticks(void **state)
{
    (void)state;
    buf_t buf;
    buf_init(&buf, 8);
    buf_add_string(&buf, "12345678");
    assert_true(buf_ok(&buf));
    buf_add_char(&buf, '9');
    assert_false(buf_ok(&buf));
    assert_string_equal(buf.data, "12345678");
    buf_add_string(&buf, "");
    assert_false(buf_ok(&buf));
    assert_null(buf_reserve(&buf, 0));
    buf_printf(&buf, "x");
    buf_add_json_string(&buf, "", 0);
    assert_int_equal(buf.size, 8);
    buf_clear(&buf);
    assert_true(buf_ok(&buf));
    // It fits the memory but not the cap.
    buf_printf(&buf, "%s", "123456789");
    assert_false(buf_ok(&buf));
    assert_int_equal(buf.size, 0);
    assert_string_equal(buf.data, "");
    buf_clear(&buf);
    buf_add_json_string(&buf, "1234567", 7);
    assert_false(buf_ok(&buf));
    buf_clear(&buf);
    buf_add_json_string(&buf, "123456", 6);
    assert_true(buf_ok(&buf));
    buf_clear(&buf);
    buf_add_json_string(&buf, "12\n56", 5);
    assert_true(buf_ok(&buf));
    assert_int_equal(buf.size, 8);
    buf_clear(&buf);
    buf_add_json_string(&buf, "12\n567", 6);
    assert_false(buf_ok(&buf));
    buf_deinit(&buf);
}

static void absurd_sizes_fail(void **state)
{
    (void)state;
    buf_t buf;
    buf_init(&buf, SIZE_MAX);
    assert_null(buf_reserve(&buf, SIZE_MAX));
    buf_clear(&buf);
    assert_null(buf_reserve(&buf, SIZE_MAX / 2));
    assert_null(buf.data);
    buf_clear(&buf);
    buf_add_string(&buf, "x");
    assert_true(buf_ok(&buf));
    buf_deinit(&buf);
    buf_init(&buf, 0);
    buf_add_char(&buf, 'x');
    assert_false(buf_ok(&buf));
    buf_deinit(&buf);
}

static void room_is_reserved_for_the_caller(void **state)
{
    (void)state;
    buf_t buf;
    buf_init(&buf, 1000);
    buf_add_string(&buf, "<");
    char *room = buf_reserve(&buf, 500);
    assert_non_null(room);
    memset(room, '=', 500);
    buf.size += 500;
    assert_int_equal(buf.data[501], 0);
    buf_add_string(&buf, ">");
    assert_int_equal(strlen(buf.data), 502);
    assert_null(buf_reserve(&buf, 499));
    buf_deinit(&buf);
}

static void json_strings_are_escaped(void **state)
{
    (void)state;
    assert_json("", 0, "\"\"");
    assert_json(NULL, 0, "\"\"");
    assert_json("plain text, rather long; 1234567890", 35, "\"plain text, rather long; 1234567890\"");
    assert_json("a\"b\\c/d", 7, "\"a\\\"b\\\\c/d\"");
    assert_json("\b\f\n\r\t\x01\x1F\x7F", 8, "\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7F\"");
    assert_json("a\0b", 3, "\"a\\u0000b\"");
    assert_json("Caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80!", 15, "\"Caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80!\"");
}

static void bytes_that_are_not_utf8_are_replaced(void **state)
{
    (void)state;
    assert_json("a\xFF"
                "b",
                3,
                "\"a\xEF\xBF\xBD"
                "b\"");
    assert_json("\xC3", 1, "\"\xEF\xBF\xBD\"");
    assert_json("\xED\xA0\x80", 3, "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
    assert_json("\xC0\x80 long enough to be scanned by eights", 38, "\"\xEF\xBF\xBD\xEF\xBF\xBD long enough to be scanned by eights\"");
}

// One special character at each place of a text, so that no alignment of the fast scan misses it.
static void specials_are_found_at_every_place(void **state)
{
    (void)state;
    const struct {
        char special;
        const char *escaped;
    } cases[] = {{'"', "\\\""}, {'\\', "\\\\"}, {'\n', "\\n"}, {'\0', "\\u0000"}, {'\x1f', "\\u001f"}, {(char)0x80, "\xEF\xBF\xBD"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t place = 0; place < 33; place++) {
            char text[33];
            char expected[64] = "\"";
            memset(text, ' ', sizeof text);
            text[place] = cases[i].special;
            for (size_t k = 0; k < sizeof text; k++) {
                strcat(expected, k == place ? cases[i].escaped : " ");
            }
            strcat(expected, "\"");
            assert_json(text, sizeof text, expected);
        }
    }
    // All that needs no escape stands as it is, in words of eight too.
    for (int c = 0x20; c < 0x80; c++) {
        if (c == '"' || c == '\\') {
            continue;
        }
        char text[16], expected[19] = "\"";
        memset(text, c, sizeof text);
        memset(expected + 1, c, sizeof text);
        expected[17] = '"';
        assert_json(text, sizeof text, expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_appended_is_there),
        cmocka_unit_test(it_grows_and_stays_terminated),
        cmocka_unit_test(the_cap_is_exact_and_a_failure_sticks),
        cmocka_unit_test(absurd_sizes_fail),
        cmocka_unit_test(room_is_reserved_for_the_caller),
        cmocka_unit_test(json_strings_are_escaped),
        cmocka_unit_test(bytes_that_are_not_utf8_are_replaced),
        cmocka_unit_test(specials_are_found_at_every_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
