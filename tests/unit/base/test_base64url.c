#include "support.h"

#include "common/base/base64url.h"

// RFC 4648 section 10 without the padding, and where this alphabet is another than base64's.
static void good_texts(void **state)
{
    static const struct {
        const char *text, *bytes;
    } cases[] = {{"", ""},           {"Zg", "f"},          {"Zm8", "fo"},          {"Zm9v", "foo"},
                 {"Zm9vYg", "foob"}, {"Zm9vYmE", "fooba"}, {"Zm9vYmFy", "foobar"}, {"-_-_", "\xfb\xff\xbf"}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[BASE64URL_SIZE(6)];
        base64url_encode(cases[i].bytes, strlen(cases[i].bytes), text);
        assert_string_equal(text, cases[i].text);
        assert_int_equal(strlen(text) + 1, BASE64URL_SIZE(strlen(cases[i].bytes)));
        unsigned char out[16];
        size_t size = 99;
        assert_true(base64url_decode(cases[i].text, strlen(cases[i].text), out, sizeof(out), &size));
        assert_int_equal(size, strlen(cases[i].bytes));
        assert_memory_equal(out, cases[i].bytes, size);
    }
}

static void bad_texts(void **state)
{
    // Padding, the other alphabet, blanks, a single digit, bits left over.
    static const char *const cases[] = {"Zg==", "Zm8=", "+/+/", "Zm 9v", "Zm9v\n", "Z", "Zm9vY", "Zh", "Zm9", "=", "Zm.v", "Z\xc3\xa9v"};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        unsigned char out[16];
        size_t size;
        print_message("%s\n", cases[i]);
        assert_false(base64url_decode(cases[i], strlen(cases[i]), out, sizeof(out), &size));
    }
}

static void no_more_than_there_is_room(void **state)
{
    unsigned char out[3] = {1, 1, 7};
    size_t size;
    (void)state;
    assert_false(base64url_decode("Zm9v", 4, out, 2, &size));
    assert_int_equal(out[2], 7);
    assert_true(base64url_decode("Zm9v", 4, out, 3, &size));
}

static void every_byte_comes_back(void **state)
{
    unsigned char bytes[256], out[256];
    char text[BASE64URL_SIZE(sizeof(bytes))];
    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)i;
    for (size_t size = 0; size <= sizeof(bytes); size++) {
        size_t got = 0;
        base64url_encode(bytes, size, text);
        assert_true(base64url_decode(text, strlen(text), out, sizeof(out), &got));
        assert_int_equal(got, size);
        assert_memory_equal(out, bytes, size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_texts),
        cmocka_unit_test(bad_texts),
        cmocka_unit_test(no_more_than_there_is_room),
        cmocka_unit_test(every_byte_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
