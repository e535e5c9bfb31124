#include "support.h"

static void assert_refused_bytes(const pb_type_t *type, const char *text, size_t size, pb_json_mode_t mode, const char *field,
                                 const char *detail, arena_t *arena)
{
    void *message = arena;
    char **clear = NULL;
    size_t count = 0;
    problem_t problem = {0};
    assert_int_equal(pb_json_read(type, text, size, mode, arena, &message, &clear, &count, &problem), STATUS_INVALID_ARGUMENT);
    assert_int_equal(problem.status, STATUS_INVALID_ARGUMENT);
    assert_null(message);
    assert_string_equal(problem.field, field);
    if (strstr(problem.detail, detail) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", problem.detail, detail);
    assert_int_equal(pb_json_read(type, text, size, mode, arena, &message, &clear, &count, NULL), STATUS_INVALID_ARGUMENT);
}

static void assert_refused(const pb_type_t *type, const char *text, const char *field, const char *detail, void **state)
{
    assert_refused_bytes(type, text, strlen(text), PB_JSON_REQUEST, field, detail, *state);
}

static void every_type_is_read(void **state)
{
    const char *text =
        "{\"i32\":-2147483648,\"s32\":2147483647,\"x32\":0,\"i64\":-9223372036854775808,\"s64\":9223372036854775807,\"x64\":1,"
        "\"u32\":4294967295,\"f32\":7,\"u64\":9223372036854775807,\"f64\":2,\"real\":0.5,\"wide\":1.25,\"flag\":false,"
        "\"colour\":\"dark-blue\",\"text\":\"a\\\"b\",\"blob\":\"/wA=\",\"nested\":{\"flag\":true},\"numbers\":[1,-2],"
        "\"wides\":[1.5],\"flags\":[true,false],\"colours\":[\"red\"],\"texts\":[\"\",\"ü\"],\"blobs\":[\"\",\"Zg==\"],"
        "\"nesteds\":[{},{\"i32\":1}],\"fixes\":[3],\"json\":{\"b\":[1,null,\"x\"],\"a\":1.5},\"at\":\"soon\",\"day\":\"\"}";
    assert_json(&sample_type, read_json(&sample_type, text, PB_JSON_REQUEST, *state), text);
    assert_json(&sample_type, read_json(&sample_type, " { } ", PB_JSON_REQUEST, *state), "{}");
    assert_json(&sample_type, read_json(&sample_type, "{\"numbers\":[],\"wide\":3,\"json\":\"x\"}", PB_JSON_REQUEST, *state),
                "{\"wide\":3,\"json\":\"x\"}");
}

static void broken_json_is_placed(void **state)
{
    assert_refused(ORGANISATION, "", "", "empty", state);
    assert_refused(ORGANISATION, "{\"code\":\"a\",", "", "ends too early (line 1, column", state);
    assert_refused(ORGANISATION, "{\"code\":\n  nope}", "code", "not JSON (line 2, column", state);
    assert_refused(ORGANISATION, "{\"identifiers\":[{\"value\":\"x\" \"y\"}]}", "identifiers[0].value", "not JSON", state);
    assert_refused(ORGANISATION, "{code:1}", "", "not JSON", state);
    assert_refused(ORGANISATION, "{\"code\":\"a\"} x", "", "follows the end", state);
    assert_refused(ORGANISATION, "{\"code\":\"a\"}{}", "", "follows the end", state);
    assert_refused(ORGANISATION, "{\"name\":\"\\ud800\"}", "name", "not JSON", state);
    assert_refused(ORGANISATION, "{\"name\":\"a\nb\"}", "name", "not JSON", state);
    assert_refused(ORGANISATION, "{'code':1}", "", "not JSON", state);
    assert_refused(ORGANISATION, "\xef\xbb\xbf{}", "", "not JSON", state);
}

static void the_top_must_be_an_object(void **state)
{
    assert_refused(ORGANISATION, "[]", "", "JSON object", state);
    assert_refused(ORGANISATION, "null", "", "JSON object", state);
    assert_refused(ORGANISATION, "\"code\"", "", "JSON object", state);
    assert_refused(ORGANISATION, "1", "", "JSON object", state);
}

static void deep_json_is_refused_by_place(void **state)
{
    assert_refused(ORGANISATION, "{\"code\":[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]}", "code[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]",
                   "deeper than 16", state);
    // A thousand levels are refused before anything is built.
    char deep[2048];
    memset(deep, '[', sizeof deep);
    assert_refused_bytes(ORGANISATION, deep, sizeof deep, PB_JSON_TRUSTED, "[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]",
                         "deeper than 16", *state);
}

static void a_key_twice_is_refused_by_name(void **state)
{
    assert_refused(ORGANISATION, "{\"code\":\"a\",\"code\":\"b\"}", "code", "twice", state);
    assert_refused(ORGANISATION,
                   "{\"code\":\"a\",\"a key that is longer than jansson tells\":1,\"a key that is longer than jansson tells\":2}",
                   "a key that is longer than jansson tells", "twice", state);
    assert_refused(ORGANISATION, "{\"identifiers\":[{},{\"value\":\"a\",\"value\"  :\"b\"}]}", "identifiers[1].value", "twice", state);
}

static void text_must_be_utf8_without_nul(void **state)
{
    assert_refused(ORGANISATION, "{\"name\":\"a\xff\"}", "name", "not UTF-8", state);
    assert_refused(ORGANISATION, "{\"identifiers\":[{\"value\":\"\xc0\xaf\"}]}", "identifiers[0].value", "not UTF-8", state);
    assert_refused(ORGANISATION, "{\"name\":\"\xed\xa0\x80\"}", "name", "not UTF-8", state);
    assert_refused(ORGANISATION, "{\"name\":\"a\\u0000b\"}", "name", "U+0000", state);
    assert_refused(ORGANISATION, "{\"na\\u0000me\":\"a\"}", "", "U+0000", state);
    assert_refused_bytes(ORGANISATION, "{\"name\":\"a\0b\"}", 14, PB_JSON_REQUEST, "name", "", *state);
    assert_refused_bytes(ORGANISATION, "{}\0", 3, PB_JSON_REQUEST, "", "", *state);
}

static void unknown_keys_name_themselves(void **state)
{
    assert_refused(ORGANISATION, "{\"nme\":\"a\"}", "nme", "no such field", state);
    assert_refused(ORGANISATION, "{\"opened_on\":\"2019-07-01\"}", "opened_on", "no such field", state);
    assert_refused(ORGANISATION, "{\"\":1}", "", "no such field", state);
    assert_refused(ORGANISATION, "{\"identifiers\":[{\"system\":\"s\"},{\"x\":1}]}", "identifiers[1].x", "no such field", state);
}

static void wrong_types_say_what_was_expected(void **state)
{
    assert_refused(ORGANISATION, "{\"name\":1}", "name", "text", state);
    assert_refused(ORGANISATION, "{\"name\":[\"a\"]}", "name", "text", state);
    assert_refused(ORGANISATION, "{\"formerNames\":\"a\"}", "formerNames", "array", state);
    assert_refused(ORGANISATION, "{\"formerNames\":[\"a\",2]}", "formerNames[1]", "text", state);
    assert_refused(ORGANISATION, "{\"formerNames\":[null]}", "formerNames[0]", "null", state);
    assert_refused(ORGANISATION, "{\"identifiers\":[{\"system\":true}]}", "identifiers[0].system", "text", state);
    assert_refused(ORGANISATION, "{\"identifiers\":[[]]}", "identifiers[0]", "object", state);
    assert_refused(ORGANISATION, "{\"identifiers\":{}}", "identifiers", "array", state);
    assert_refused(ORGANISATION, "{\"statedPopulation\":\"5\"}", "statedPopulation", "number", state);
    assert_refused(&sample_type, "{\"flag\":1}", "flag", "true or false", state);
    assert_refused(&sample_type, "{\"flag\":\"true\"}", "flag", "true or false", state);
    assert_refused(&sample_type, "{\"wide\":\"1\"}", "wide", "number", state);
    assert_refused(&sample_type, "{\"blob\":\"?\"}", "blob", "base64", state);
    assert_refused(&sample_type, "{\"blob\":1}", "blob", "base64", state);
    assert_refused(&sample_type, "{\"nested\":{\"nested\":{\"nested\":1}}}", "nested.nested.nested", "object", state);
    assert_refused(ORGANISATION, "{\"name\":null}", "name", "null", state);
    assert_refused(ORGANISATION, "{\"identifiers\":[{\"from\":null}]}", "identifiers[0].from", "null", state);
}

static void enum_values_are_names_of_the_contract(void **state)
{
    assert_refused(ORGANISATION, "{\"status\":\"open\"}", "status", "one of proposed, active, closed", state);
    assert_refused(ORGANISATION, "{\"status\":\"\"}", "status", "one of", state);
    assert_refused(ORGANISATION, "{\"status\":\"unspecified\"}", "status", "one of", state);
    assert_refused(ORGANISATION, "{\"status\":\"ACTIVE\"}", "status", "one of", state);
    assert_refused(ORGANISATION, "{\"status\":2}", "status", "one of", state);
    assert_refused(ORGANISATION, "{\"kind\":\"surgery\"}", "kind", "one of ics, ccg", state);
    assert_refused(&sample_type, "{\"colours\":[\"red\",\"green\"]}", "colours[1]", "one of red, dark-blue", state);
}

static void integers_are_whole_and_within_their_type(void **state)
{
    assert_refused(ORGANISATION, "{\"statedPopulation\":1.5}", "statedPopulation", "whole number", state);
    assert_refused(ORGANISATION, "{\"statedPopulation\":1.0}", "statedPopulation", "whole number", state);
    assert_refused(ORGANISATION, "{\"statedPopulation\":1e3}", "statedPopulation", "whole number", state);
    assert_refused(ORGANISATION, "{\"statedPopulation\":9223372036854775808}", "statedPopulation", "out of range", state);
    assert_refused(&sample_type, "{\"nested\":{\"numbers\":[1,99999999999999999999]}}", "nested.numbers[1]", "out of range", state);
    assert_refused(&sample_type, "{\"wide\":1e999}", "wide", "out of range", state);
    assert_refused(&sample_type, "{\"real\":1e39}", "real", "out of range", state);
    assert_json(&sample_type, read_json(&sample_type, "{\"wide\":-0.0}", PB_JSON_REQUEST, *state), "{\"wide\":0}");
    assert_refused(&sample_type, "{\"i32\":2147483648}", "i32", "between -2147483648 and 2147483647", state);
    assert_refused(&sample_type, "{\"u32\":-1}", "u32", "between 0 and 4294967295", state);
    assert_refused(&sample_type, "{\"u64\":-1}", "u64", "between 0", state);
    assert_refused(&sample_type, "{\"i32\":01}", "i32", "not JSON", state);
}

static void output_only_fields_are_refused_but_for_our_own_text(void **state)
{
    assert_refused(ORGANISATION, "{\"version\":3}", "version", "set by the service", state);
    assert_refused_bytes(ORGANISATION, "{\"version\":null}", 16, PB_JSON_PATCH, "version", "set by the service", *state);
    assert_json(ORGANISATION, read_json(ORGANISATION, "{\"version\":3}", PB_JSON_TRUSTED, *state), "{\"identifiers\":[],\"version\":3}");
}

static void a_patch_collects_what_is_taken_away(void **state)
{
    const char *text = "{\"name\":\"B\",\"closedOn\":null,\"statedPopulation\":null,\"formerNames\":[]}";
    void *message;
    char **clear;
    size_t count;
    assert_int_equal(pb_json_read(ORGANISATION, text, strlen(text), PB_JSON_PATCH, *state, &message, &clear, &count, NULL), STATUS_OK);
    assert_json(ORGANISATION, message, "{\"name\":\"B\",\"identifiers\":[]}");
    assert_int_equal(count, 3);
    assert_string_equal(clear[0], "closed_on");
    assert_string_equal(clear[1], "stated_population");
    assert_string_equal(clear[2], "former_names");

    assert_int_equal(pb_json_read(ORGANISATION, "{}", 2, PB_JSON_PATCH, *state, &message, &clear, &count, NULL), STATUS_OK);
    assert_int_equal(count, 0);
    const char *kept[] = {"{\"name\":null}", "{\"code\":null}", "{\"kind\":null}"}, *names[] = {"name", "code", "kind"};
    for (int i = 0; i < 3; i++)
        assert_refused_bytes(ORGANISATION, kept[i], strlen(kept[i]), PB_JSON_PATCH, names[i], "required", *state);
    // What is nested is replaced whole.
    const char *nested = "{\"identifiers\":[{\"system\":\"s\",\"from\":null}]}";
    assert_refused_bytes(ORGANISATION, nested, strlen(nested), PB_JSON_PATCH, "identifiers[0].from", "null", *state);
    assert_refused_bytes(ORGANISATION, "{\"nope\":null}", 13, PB_JSON_PATCH, "nope", "no such field", *state);
}

static void our_own_text_may_hold_more(void **state)
{
    void *message = read_json(ORGANISATION,
                              "{\"code\":\"c\",\"more\":{\"x\":[1]},\"name\":null,\"identifiers\":[{\"value\":\"v\",\"id\":7,\"to\":null}],"
                              "\"createdAt\":\"2019-07-01T10:00:00.5+01:00\"}",
                              PB_JSON_TRUSTED, *state);
    assert_json(ORGANISATION, message,
                "{\"code\":\"c\",\"identifiers\":[{\"value\":\"v\"}],\"createdAt\":\"2019-07-01T09:00:00.500000Z\"}");
    assert_refused_bytes(ORGANISATION, "{\"createdAt\":\"x\"}", 17, PB_JSON_TRUSTED, "createdAt", "instant", *state);
    assert_refused_bytes(ORGANISATION, "{\"kind\":\"x\"}", 12, PB_JSON_TRUSTED, "kind", "one of", *state);
}

static void one_field_is_read_from_a_json_column(void **state)
{
    Pcn__Registry__V1__Organisation *message = pb_new(ORGANISATION, *state);
    unsigned index = field_of(ORGANISATION, "identifiers");
    assert_int_equal(pb_json_read_field(ORGANISATION, message, index, "[{\"value\":\"v\"}]", 15, *state, NULL), STATUS_OK);
    assert_json(ORGANISATION, message, "{\"identifiers\":[{\"value\":\"v\"}]}");
    problem_t problem;
    assert_int_equal(pb_json_read_field(ORGANISATION, message, index, "[{\"value\":1}]", 13, *state, &problem), STATUS_INVALID_ARGUMENT);
    assert_string_equal(problem.field, "identifiers[0].value");
    assert_int_equal(pb_json_read_field(ORGANISATION, message, index, "[{]", 3, *state, &problem), STATUS_INVALID_ARGUMENT);
    assert_string_equal(problem.field, "identifiers[0]");
}

static void the_arenas_cap_is_another_answer(void **state)
{
    (void)state;
    const char *text = "{\"name\":\"a longer name\",\"formerNames\":[\"a\",\"b\"],\"identifiers\":[{\"value\":\"v\"}],\"closedOn\":null}";
    bool read = false;
    for (size_t cap = 16; cap < 4096; cap += 16) {
        arena_t *arena = arena_new(cap);
        void *message;
        char **clear;
        size_t count;
        problem_t problem;
        status_t status = pb_json_read(ORGANISATION, text, strlen(text), PB_JSON_PATCH, arena, &message, &clear, &count, &problem);
        assert_true(status == STATUS_OK || status == STATUS_RESOURCE_EXHAUSTED);
        assert_true(status == STATUS_OK || !read); // once there is room it stays
        read = status == STATUS_OK;
        arena_destroy(&arena);
    }
    assert_true(read);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(every_type_is_read),
                                       TEST(broken_json_is_placed),
                                       TEST(the_top_must_be_an_object),
                                       TEST(deep_json_is_refused_by_place),
                                       TEST(a_key_twice_is_refused_by_name),
                                       TEST(text_must_be_utf8_without_nul),
                                       TEST(unknown_keys_name_themselves),
                                       TEST(wrong_types_say_what_was_expected),
                                       TEST(enum_values_are_names_of_the_contract),
                                       TEST(integers_are_whole_and_within_their_type),
                                       TEST(output_only_fields_are_refused_but_for_our_own_text),
                                       TEST(a_patch_collects_what_is_taken_away),
                                       TEST(our_own_text_may_hold_more),
                                       TEST(one_field_is_read_from_a_json_column),
                                       TEST(the_arenas_cap_is_another_answer)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
