#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "services/ctl/base64url.h"

// RFC 4648 section 10, without the padding.
static void test_vectors(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {{"", ""},           {"f", "Zg"},          {"fo", "Zm8"},         {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char out[BASE64URL_SIZE(6)];
        base64url_encode(pairs[i][0], strlen(pairs[i][0]), out);
        assert_string_equal(out, pairs[i][1]);
        assert_int_equal(strlen(out) + 1, BASE64URL_SIZE(strlen(pairs[i][0])));
    }
}

static void test_alphabet_is_safe_in_urls(void **state)
{
    (void)state;
    static const unsigned char bytes[] = {0xfb, 0xff, 0xbf};
    char out[BASE64URL_SIZE(sizeof bytes)];
    base64url_encode(bytes, sizeof bytes, out);
    assert_string_equal(out, "-_-_");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors), cmocka_unit_test(test_alphabet_is_safe_in_urls)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
