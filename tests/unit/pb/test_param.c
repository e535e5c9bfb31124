#include "support.h"

#include "common/pb/param.h"

static status_t param(const pb_type_t *type, const void *message, const char *name, arena_t *arena, const char **text)
{
    pb_path_t path;
    size_t size;
    assert_true(pb_path_resolve(type, name, &path));
    status_t status = pb_param(&path, message, arena, text, &size);
    assert_int_equal(size, *text == NULL ? 0 : strlen(*text));
    return status;
}

static void assert_param(const char *json, const char *name, const char *expected, void **state)
{
    void *message = read_json(&sample_type, json, PB_JSON_TRUSTED, *state);
    const char *text = "?";
    assert_int_equal(param(&sample_type, message, name, *state, &text), STATUS_OK);
    if (expected == NULL)
        assert_null(text);
    else
        assert_string_equal(text, expected);
}

static void scalars_are_texts(void **state)
{
    assert_param("{\"i32\":-2147483648}", "i32", "-2147483648", state);
    assert_param("{\"i64\":9223372036854775807}", "i64", "9223372036854775807", state);
    assert_param("{\"u32\":0}", "u32", "0", state);
    assert_param("{\"wide\":0.5}", "wide", "0.5", state);
    assert_param("{\"real\":0.5}", "real", "0.5", state);
    assert_param("{\"flag\":true}", "flag", "t", state);
    assert_param("{\"flag\":false}", "flag", "f", state);
    assert_param("{\"colour\":\"dark-blue\"}", "colour", "dark-blue", state);
    assert_param("{\"text\":\"a'b\\\\\"}", "text", "a'b\\", state);
    assert_param("{\"text\":\"\"}", "text", "", state);
    assert_param("{\"blob\":\"/wA=\"}", "blob", "\\xff00", state);
    assert_param("{\"blob\":\"\"}", "blob", "\\x", state);
    assert_param("{\"json\":{\"a\":1}}", "json", "{\"a\":1}", state);
}

static void what_is_unset_is_null(void **state)
{
    for (unsigned i = 0; i < SAMPLE_FIELDS; i++)
        assert_param("{}", sample_type.descriptor->fields[i].name, NULL, state);
    assert_param("{}", "nested.nested.i32", NULL, state);
    assert_param("{\"nested\":{}}", "nested.nested.i32", NULL, state);
    assert_param("{\"nested\":{\"nested\":{\"i32\":4}}}", "nested.nested.i32", "4", state);
    const char *text;
    assert_int_equal(param(&sample_type, NULL, "i32", *state, &text), STATUS_OK);
    assert_null(text);
}

static void lists_are_array_literals(void **state)
{
    assert_param("{\"numbers\":[1,-2,3]}", "numbers", "{1,-2,3}", state);
    assert_param("{\"flags\":[true,false]}", "flags", "{t,f}", state);
    assert_param("{\"wides\":[0.5]}", "wides", "{0.5}", state);
    assert_param("{\"texts\":[\"a\",\"\",\"NULL\",\"x,y\",\"{}\",\"q\\\"q\",\"b\\\\b\",\" \"]}", "texts",
                 "{\"a\",\"\",\"NULL\",\"x,y\",\"{}\",\"q\\\"q\",\"b\\\\b\",\" \"}", state);
    assert_param("{\"blobs\":[\"/wA=\",\"\"]}", "blobs", "{\"\\\\xff00\",\"\\\\x\"}", state);
    assert_param("{\"colours\":[\"red\",\"dark-blue\"]}", "colours", "{\"red\",\"dark-blue\"}", state);
}

static void messages_are_json(void **state)
{
    assert_param("{\"nested\":{\"text\":\"a\\\"\"}}", "nested", "{\"text\":\"a\\\"\"}", state);
    assert_param("{\"nesteds\":[{\"i32\":1},{}]}", "nesteds", "[{\"i32\":1},{}]", state);
}

static void an_enums_zero_is_null_and_an_unknown_number_an_error(void **state)
{
    sample_t *s = pb_new(&sample_type, *state);
    const char *text;
    s->has_colour = 1;
    assert_int_equal(param(&sample_type, s, "colour", *state, &text), STATUS_OK);
    assert_null(text);
    s->colour = (sample_colour_t)3;
    assert_int_equal(param(&sample_type, s, "colour", *state, &text), STATUS_INVALID_ARGUMENT);
    assert_null(text);
    s->n_colours = 2;
    s->colours = (sample_colour_t[]){COLOUR_UNSPECIFIED, COLOUR_RED};
    assert_int_equal(param(&sample_type, s, "colours", *state, &text), STATUS_OK);
    assert_string_equal(text, "{NULL,\"red\"}");
    s->colours[1] = (sample_colour_t)3;
    assert_int_equal(param(&sample_type, s, "colours", *state, &text), STATUS_INVALID_ARGUMENT);
}

static void strings_are_not_copied(void **state)
{
    sample_t *s = pb_new(&sample_type, *state);
    s->text = (char[]){"shared"};
    const char *text;
    size_t before = arena_used(*state);
    assert_int_equal(param(&sample_type, s, "text", *state, &text), STATUS_OK);
    assert_ptr_equal(text, s->text);
    assert_int_equal(arena_used(*state), before);
}

static void the_cap_is_another_answer(void **state)
{
    void *message = read_json(&sample_type,
                              "{\"i64\":1234567890123456,\"texts\":[\"aaaaaaaaaaaaaaaa\"],\"nested\":{\"text\":\"aaaaaaaaaaaaaaaa\"},"
                              "\"blob\":\"Zm9vYmFyZm9vYmFy\",\"wide\":0.1}",
                              PB_JSON_TRUSTED, *state);
    static const char *const names[] = {"i64", "texts", "nested", "blob", "wide"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        arena_t *small = arena_new(8);
        const char *text;
        assert_int_equal(param(&sample_type, message, names[i], small, &text), STATUS_RESOURCE_EXHAUSTED);
        arena_destroy(&small);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(scalars_are_texts),
                                       TEST(what_is_unset_is_null),
                                       TEST(lists_are_array_literals),
                                       TEST(messages_are_json),
                                       TEST(an_enums_zero_is_null_and_an_unknown_number_an_error),
                                       TEST(strings_are_not_copied),
                                       TEST(the_cap_is_another_answer)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
