#include "support.h"

#include "common/pb/param.h"

static status_t set(const pb_type_t *type, void *message, const char *name, const char *text, arena_t *arena, problem_t *problem)
{
    return pb_set_column(type, message, field_of(type, name), text, text == NULL ? 0 : strlen(text), arena, problem);
}

static void assert_column(const pb_type_t *type, const char *name, const char *text, const char *expected, void **state)
{
    void *message = pb_new(type, *state);
    problem_t problem;
    if (set(type, message, name, text, *state, &problem) != STATUS_OK)
        fail_msg("%s: %s: %s", text, problem.field, problem.detail);
    assert_json(type, message, expected);
}

static void assert_misfit(const char *name, const char *text, void **state)
{
    void *message = pb_new(&sample_type, *state);
    problem_t problem;
    assert_int_equal(set(&sample_type, message, name, text, *state, &problem), STATUS_INTERNAL);
    assert_int_equal(problem.status, STATUS_INTERNAL);
    assert_true(strncmp(problem.field, name, strlen(name)) == 0);
    assert_json(&sample_type, message, "{}");
}

static void scalars_are_read(void **state)
{
    assert_column(&sample_type, "i32", "-5", "{\"i32\":-5}", state);
    assert_column(&sample_type, "u32", "4294967295", "{\"u32\":4294967295}", state);
    assert_column(&sample_type, "i64", "-9223372036854775808", "{\"i64\":-9223372036854775808}", state);
    assert_column(&sample_type, "wide", "1.5", "{\"wide\":1.5}", state);
    assert_column(&sample_type, "real", "0.5", "{\"real\":0.5}", state);
    assert_column(&sample_type, "flag", "t", "{\"flag\":true}", state);
    assert_column(&sample_type, "flag", "f", "{\"flag\":false}", state);
    assert_column(&sample_type, "colour", "dark-blue", "{\"colour\":\"dark-blue\"}", state);
    assert_column(&sample_type, "text", "", "{\"text\":\"\"}", state);
    assert_column(&sample_type, "text", "tëxt", "{\"text\":\"tëxt\"}", state);
    assert_column(&sample_type, "blob", "\\xff00", "{\"blob\":\"/wA=\"}", state);
    assert_column(&sample_type, "json", "{\"a\": 1}", "{\"json\":{\"a\": 1}}", state);
    assert_column(&sample_type, "i32", NULL, "{}", state);
}

static void null_takes_a_value_away(void **state)
{
    void *message = read_json(&sample_type, "{\"i32\":1,\"text\":\"a\",\"numbers\":[1]}", PB_JSON_TRUSTED, *state);
    assert_int_equal(set(&sample_type, message, "i32", NULL, *state, NULL), STATUS_OK);
    assert_int_equal(set(&sample_type, message, "text", NULL, *state, NULL), STATUS_OK);
    assert_int_equal(set(&sample_type, message, "numbers", NULL, *state, NULL), STATUS_OK);
    assert_json(&sample_type, message, "{}");
}

static void times_take_the_contracts_form(void **state)
{
    assert_column(&sample_type, "at", "2019-07-01 09:00:00.123+00", "{\"at\":\"2019-07-01T09:00:00.123000Z\"}", state);
    assert_column(&sample_type, "at", "2019-07-01 09:00:00+00", "{\"at\":\"2019-07-01T09:00:00.000000Z\"}", state);
    assert_column(&sample_type, "at", "2019-07-01 10:00:00.5+01", "{\"at\":\"2019-07-01T09:00:00.500000Z\"}", state);
    assert_column(&sample_type, "at", "2019-07-01 14:30:00.123456+05:30", "{\"at\":\"2019-07-01T09:00:00.123456Z\"}", state);
    assert_column(&sample_type, "at", "2019-07-01 02:00:00-07", "{\"at\":\"2019-07-01T09:00:00.000000Z\"}", state);
    assert_column(&sample_type, "at", "2019-07-01T09:00:00Z", "{\"at\":\"2019-07-01T09:00:00.000000Z\"}", state);
    assert_column(&sample_type, "day", "2019-07-01", "{\"day\":\"2019-07-01\"}", state);
    static const char *const bad[] = {"",
                                      "2019-07-01",
                                      "2019-07-01 09:00:00",
                                      "infinity",
                                      "2019-07-01 09:00:00+00 BC",
                                      "-infinity",
                                      "2019-13-01 09:00:00+00",
                                      "2019-07-01 09:00:00+00:00:01",
                                      "now"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_misfit("at", bad[i], state);
    assert_misfit("day", "infinity", state);
    assert_misfit("day", "2019-02-30", state);
}

static void array_literals_are_read(void **state)
{
    assert_column(&sample_type, "numbers", "{}", "{}", state);
    assert_column(&sample_type, "numbers", "{1,-2,3}", "{\"numbers\":[1,-2,3]}", state);
    assert_column(&sample_type, "flags", "{t,f}", "{\"flags\":[true,false]}", state);
    assert_column(&sample_type, "wides", "{0.5,2}", "{\"wides\":[0.5,2]}", state);
    assert_column(&sample_type, "colours", "{red,dark-blue}", "{\"colours\":[\"red\",\"dark-blue\"]}", state);
    assert_column(&sample_type, "texts", "{a,\"\",\"NULL\",\"x,y\",\"{}\",\"q\\\"q\",\"b\\\\b\",b c}",
                  "{\"texts\":[\"a\",\"\",\"NULL\",\"x,y\",\"{}\",\"q\\\"q\",\"b\\\\b\",\"b c\"]}", state);
    assert_column(&sample_type, "blobs", "{\"\\\\xff00\"}", "{\"blobs\":[\"/wA=\"]}", state);
    assert_column(&sample_type, "texts", "[\"a\",\"b,c\"]", "{\"texts\":[\"a\",\"b,c\"]}", state);
    static const char *const bad[] = {"",       "{",    "}",     "a",        "{a",    "a}",        "{,}",   "{a,}",      "{,a}",
                                      "{NULL}", "{\"}", "{\"a}", "{\"a\"b}", "{a\"}", "{{a},{b}}", "{a}b}", "{\"a\\\"}", "[\"a\",null]"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_misfit("texts", bad[i], state);
    assert_misfit("numbers", "{1,x}", state);
    assert_misfit("colours", "{red,green}", state);
}

static void messages_are_read_from_json(void **state)
{
    assert_column(&sample_type, "nested", "{\"i32\": 1, \"unknown\": 2, \"text\": null}", "{\"nested\":{\"i32\":1}}", state);
    assert_column(&sample_type, "nesteds", "[{\"i32\":1},{}]", "{\"nesteds\":[{\"i32\":1},{}]}", state);
    assert_column(&sample_type, "nesteds", "[]", "{}", state);
    assert_column(&sample_type, "nested", "null", "{}", state);
    assert_column(ORGANISATION, "identifiers", "[{\"system\":\"s\",\"value\":\"v\"}]",
                  "{\"identifiers\":[{\"system\":\"s\",\"value\":\"v\"}]}", state);
    assert_misfit("nested", "[]", state);
    assert_misfit("nested", "{\"i32\":\"1\"}", state);
    assert_misfit("nesteds", "{}", state);
    assert_misfit("nesteds", "[{", state);
}

static void what_does_not_fit_is_our_defect(void **state)
{
    assert_misfit("i32", "", state);
    assert_misfit("i32", "1.0", state);
    assert_misfit("i32", "2147483648", state);
    assert_misfit("u32", "-1", state);
    assert_misfit("wide", "", state);
    assert_misfit("wide", "x", state);
    assert_misfit("flag", "true", state);
    assert_misfit("colour", "green", state);
    assert_misfit("colour", "", state);
    assert_misfit("blob", "ff", state);
}

// Every parameter that a message gives comes back as the same column.
static void parameters_come_back_as_columns(void **state)
{
    arena_t *arena = *state;
    const char *text =
        "{\"i32\":-1,\"s64\":5,\"u32\":7,\"wide\":0.1,\"flag\":true,\"colour\":\"red\",\"text\":\"a,\\\"}\",\"blob\":\"/wA=\","
        "\"nested\":{\"i32\":2},\"numbers\":[1,2],\"flags\":[true],\"colours\":[\"red\"],\"texts\":[\"\",\"{\\\\\\\"\",\"NULL\"],"
        "\"blobs\":[\"/wA=\"],\"nesteds\":[{\"text\":\"x\"}],\"json\":[1],\"day\":\"2019-07-01\"}";
    void *from = read_json(&sample_type, text, PB_JSON_TRUSTED, arena), *to = pb_new(&sample_type, arena);
    for (unsigned i = 0; i < SAMPLE_FIELDS; i++) {
        pb_path_t path;
        const char *param;
        size_t size;
        assert_true(pb_path_resolve(&sample_type, sample_type.descriptor->fields[i].name, &path));
        assert_int_equal(pb_param(&path, from, arena, &param, &size), STATUS_OK);
        assert_int_equal(pb_set_column(&sample_type, to, i, param, size, arena, NULL), STATUS_OK);
    }
    buf_t expected;
    buf_init(&expected, 4096);
    pb_json_write(&sample_type, from, &expected);
    assert_json(&sample_type, to, expected.data);
    buf_deinit(&expected);
}

static void the_cap_is_another_answer(void **state)
{
    void *message = pb_new(&sample_type, *state);
    static const char *const columns[][2] = {{"text", "longer than eight"},
                                             {"texts", "{longer,than,eight}"},
                                             {"nested", "{\"i32\":1}"},
                                             {"blob", "\\x00112233445566778899aabbccddeeff00112233"}};
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        arena_t *small = arena_new(8);
        assert_int_equal(set(&sample_type, message, columns[i][0], columns[i][1], small, NULL), STATUS_RESOURCE_EXHAUSTED);
        arena_destroy(&small);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(scalars_are_read),
                                       TEST(null_takes_a_value_away),
                                       TEST(times_take_the_contracts_form),
                                       TEST(array_literals_are_read),
                                       TEST(messages_are_read_from_json),
                                       TEST(what_does_not_fit_is_our_defect),
                                       TEST(parameters_come_back_as_columns),
                                       TEST(the_cap_is_another_answer)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
