#include "support.h"

#include "common/pb/bytes.h"

static void assert_base64(const char *bytes, size_t size, const char *expected)
{
    ProtobufCBinaryData data = {.len = size, .data = (uint8_t *)(uintptr_t)bytes};
    buf_t out;
    buf_init(&out, 1024);
    pb_base64_write(&data, &out);
    buf_add_char(&out, '\0');
    assert_string_equal(out.data, expected);
    uint8_t back[64];
    size_t back_size = 99;
    assert_true(pb_base64_read(expected, strlen(expected), back, &back_size));
    assert_int_equal(back_size, size);
    if (size > 0)
        assert_memory_equal(back, bytes, size);
    buf_deinit(&out);
}

static void base64_goes_both_ways(void **state)
{
    (void)state;
    // RFC 4648, section 10.
    assert_base64("", 0, "");
    assert_base64("f", 1, "Zg==");
    assert_base64("fo", 2, "Zm8=");
    assert_base64("foo", 3, "Zm9v");
    assert_base64("foob", 4, "Zm9vYg==");
    assert_base64("\xff\xef\xbe", 3, "/+++");
}

static void base64_is_read_strictly(void **state)
{
    (void)state;
    static const char *const bad[] = {"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Z===", "====", "Zg==Zg==", "Zm9-", "Zm 9", "Zg=v"};
    uint8_t out[16];
    size_t size;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(pb_base64_read(bad[i], strlen(bad[i]), out, &size));
}

static void hex_goes_both_ways(void **state)
{
    (void)state;
    uint8_t bytes[] = {0x00, 0x0a, 0xff}, back[8];
    ProtobufCBinaryData data = {.len = sizeof bytes, .data = bytes};
    char out[16];
    size_t size = pb_hex_write(&data, out);
    assert_int_equal(size, 8);
    assert_memory_equal(out, "\\x000aff", 8);
    assert_true(pb_hex_read("\\x000AfF", 8, back, &size));
    assert_int_equal(size, 3);
    assert_memory_equal(back, bytes, 3);
    assert_true(pb_hex_read("\\x", 2, back, &size));
    assert_int_equal(size, 0);
    assert_false(pb_hex_read("\\x0", 3, back, &size));
    assert_false(pb_hex_read("\\x0g", 4, back, &size));
    assert_false(pb_hex_read("0a0b", 4, back, &size));
    assert_false(pb_hex_read("", 0, back, &size));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(base64_goes_both_ways), cmocka_unit_test(base64_is_read_strictly),
                                       cmocka_unit_test(hex_goes_both_ways)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
