#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "services/gateway/base64url.h"

static void good_texts(void **state)
{
    static const struct {
        const char *text, *bytes;
    } cases[] = {{"", ""}, {"Zg", "f"}, {"Zm8", "fo"}, {"Zm9v", "foo"}, {"Zm9vYg", "foob"}, {"-_-_", "\xfb\xff\xbf"}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_texts),
        cmocka_unit_test(bad_texts),
        cmocka_unit_test(no_more_than_there_is_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
