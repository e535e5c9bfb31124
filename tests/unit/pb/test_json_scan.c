#include "support.h"

#include "common/pb/json_scan.h"

static void assert_place(const char *text, bool at_key, const char *expected)
{
    char path[64];
    pb_json_locate(text, strlen(text), at_key, path, sizeof path);
    assert_string_equal(path, expected);
}

static void places_have_their_path(void **state)
{
    (void)state;
    assert_place("", false, "");
    assert_place("{", false, "");
    assert_place("{\"a\":", false, "a");
    assert_place("{\"a\":1,", false, "");
    assert_place("{\"a\":1,\"b\":{\"c\":[1,{\"d\":tru", false, "b.c[1].d");
    assert_place("{\"a\":[[],[{},{}", false, "a[1][1]");
    assert_place("{\"a\":{\"x\":1},\"b\": \"open", false, "b");
    assert_place("{\"a\":\"}],:{[\",\"b\\\"c\":", false, "b\\\"c");
    assert_place("[1,2", false, "[1]");
    assert_place("}}]]", false, "");
    assert_place("{\"a\":{\"\xff\":{\"b\":", false, "a.b"); // the depth is told before UTF-8 was checked
}

static void a_key_is_the_last_part(void **state)
{
    (void)state;
    assert_place("{\"a\":1,\"a\"", true, "a");
    assert_place("{\"o\":{\"a\":1,\"a\"", true, "o.a");
    assert_place("{\"o\":[{\"a\":1,\"a\"", true, "o[0].a");
}

static void what_does_not_fit_is_left_out(void **state)
{
    (void)state;
    char path[8];
    const char *text = "{\"abc\":{\"defg\":{\"h\":";
    pb_json_locate(text, strlen(text), false, path, sizeof path);
    assert_string_equal(path, "abc.h");
    pb_json_locate("{\"abcde\":[[[[", 13, false, path, sizeof path);
    assert_string_equal(path, "abcde");
}

static void depth_is_counted_outside_of_strings(void **state)
{
    (void)state;
    size_t offset = 0;
    const char *sixteen = "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]";
    assert_true(pb_json_shallow(sixteen, strlen(sixteen), &offset));
    const char *seventeen = "{\"a\":[[[[[[[[[[[[[[[[";
    assert_false(pb_json_shallow(seventeen, strlen(seventeen), &offset));
    assert_int_equal(offset, strlen(seventeen) - 1);
    const char *quoted = "\"[[[[[[[[[[[[[[[[[[[[\\\"[[[[[[[[[[[[\"";
    assert_true(pb_json_shallow(quoted, strlen(quoted), &offset));
    const char *wide = "[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[]]";
    assert_true(pb_json_shallow(wide, strlen(wide), &offset));
    // Closing what was not open buys no depth.
    const char *closed = "]]]]]]]]]][[[[[[[[[[[[[[[[[";
    assert_false(pb_json_shallow(closed, strlen(closed), &offset));
    assert_true(pb_json_shallow("\"\\", 2, &offset));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(places_have_their_path), cmocka_unit_test(a_key_is_the_last_part),
                                       cmocka_unit_test(what_does_not_fit_is_left_out),
                                       cmocka_unit_test(depth_is_counted_outside_of_strings)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
