#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/gateway/stream_id.h"

static void encode(const void *bytes, size_t size, char *text)
{
    base64url_encode(bytes, size, text);
}

static bool reads(const void *bytes, size_t size)
{
    static stream_place_t places[STREAM_SERVICES_MAX];
    static char text[2 * STREAM_ID_SIZE];
    size_t count;
    encode(bytes, size, text);
    return stream_id_read(text, strlen(text), places, &count);
}

static void there_and_back(void **state)
{
    const int64_t sequences[] = {0, 1, 127, 128, 16383, 16384, INT64_C(1) << 32, INT64_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++) {
        stream_place_t given[] = {{"registry", stream_epoch("an-epoch"), sequences[i]}, {"referral", 0, INT64_MAX - sequences[i]}};
        stream_place_t read[STREAM_SERVICES_MAX];
        char text[STREAM_ID_SIZE];
        size_t count, size = stream_id_write(given, 2, text);
        assert_int_equal(size, strlen(text));
        assert_true(stream_id_read(text, size, read, &count));
        assert_int_equal(count, 2);
        for (size_t j = 0; j < 2; j++) {
            assert_string_equal(read[j].service, given[j].service);
            assert_int_equal(read[j].epoch, given[j].epoch);
            assert_int_equal(read[j].sequence, given[j].sequence);
        }
        // Cut anywhere it is none, nor with one character more.
        for (size_t cut = 0; cut < size; cut++) {
            bool whole = stream_id_read(text, cut, read, &count);
            assert_true(!whole || count == 1); // where it is cut behind the first place, that is an id of one service
        }
        text[size] = 'A';
        assert_false(stream_id_read(text, size + 1, read, &count));
    }
}

static void the_largest(void **state)
{
    stream_place_t given[STREAM_SERVICES_MAX], read[STREAM_SERVICES_MAX];
    char text[STREAM_ID_SIZE];
    size_t count;
    (void)state;
    for (size_t i = 0; i < STREAM_SERVICES_MAX; i++) {
        memset(given[i].service, 'a', STREAM_NAME_SIZE - 1);
        given[i].service[STREAM_NAME_SIZE - 1] = '\0';
        given[i].service[i] = 'b';
        given[i].epoch = UINT32_MAX;
        given[i].sequence = INT64_MAX;
    }
    assert_int_equal(stream_id_write(given, STREAM_SERVICES_MAX, text), STREAM_ID_SIZE - 1);
    assert_true(stream_id_read(text, STREAM_ID_SIZE - 1, read, &count));
    assert_int_equal(count, STREAM_SERVICES_MAX);
}

static void refusals(void **state)
{
    static const char good[] = "\1\3abc\0\0\0\0\5";
    stream_place_t places[STREAM_SERVICES_MAX];
    size_t count;
    (void)state;
    assert_true(reads(good, sizeof(good) - 1));
    assert_false(reads("", 0));
    assert_false(reads("\1", 1));                                                     // nothing in it
    assert_false(reads("\2\3abc\0\0\0\0\5", 10));                                     // another version
    assert_false(reads("\1\0\0\0\0\0\5", 7));                                         // a service without a name
    assert_false(reads("\1\3aBc\0\0\0\0\5", 10));                                     // no name of a service
    assert_false(reads("\1\377abc\0\0\0\0\5", 10));                                   // longer than what is there
    assert_false(reads("\1\3abc\0\0\0\0\205\0", 11));                                 // a second text of 5
    assert_false(reads("\1\3abc\0\0\0\0\205", 10));                                   // a place that does not end
    assert_false(reads("\1\3abc\0\0\0\0\377\377\377\377\377\377\377\377\377\1", 19)); // beyond 2^63
    assert_false(reads("\1\3abc\0\0\0\0\5\3abc\0\0\0\0\5", 19));                      // twice
    assert_false(stream_id_read("not base64 at all!", 18, places, &count));
    assert_false(stream_id_read("AQ==", 4, places, &count));
    unsigned char many[1 + (STREAM_SERVICES_MAX + 1) * 8] = {1};
    for (size_t i = 0; i <= STREAM_SERVICES_MAX; i++) {
        unsigned char *at = many + 1 + i * 8;
        memcpy(at, (unsigned char[]){2, (unsigned char)('a' + i % 26), (unsigned char)('a' + i / 26), 0, 0, 0, 0, 1}, 8);
    }
    assert_true(reads(many, sizeof(many) - 8));
    assert_false(reads(many, sizeof(many)));
}

static void epochs(void **state)
{
    (void)state;
    assert_int_equal(stream_epoch(""), 2166136261u);
    assert_int_equal(stream_epoch("a"), 0xe40c292cu); // FNV-1a's own example
    assert_int_not_equal(stream_epoch("d8e7939a-f74a-4823-89ec-9d13b44f192b"), stream_epoch("d8e7939a-f74a-4823-89ec-9d13b44f192c"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(there_and_back), cmocka_unit_test(the_largest), cmocka_unit_test(refusals),
                                       cmocka_unit_test(epochs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
