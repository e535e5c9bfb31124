// From flags to a request: every type that a field may have, lists, nested messages, bodies, and what is refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/ctl/arguments.h"
#include "tests/unit/pb/sample.h"

static const pb_method_t body_call = {.name = "pcn.sample.v1.Samples/Make",
                                      .short_name = "Make",
                                      .request = &sample_type,
                                      .reply = &sample_type,
                                      .verb = "POST",
                                      .path = "/v1/samples/{day}:make",
                                      .body = "*",
                                      .flags = PB_CHANGES};
static const pb_method_t query_call = {.name = "pcn.sample.v1.Samples/Find",
                                       .short_name = "Find",
                                       .request = &sample_type,
                                       .reply = &sample_type,
                                       .verb = "GET",
                                       .path = "/v1/samples/{day}"};

typedef struct fixture {
    arguments_t arguments;
    arena_t *arena;
    buf_t out;
    problem_t problem;
} fixture_t;

static void begin(fixture_t *fixture, const pb_method_t *method)
{
    fixture->arena = arena_new(1024 * 1024);
    fixture->problem = (problem_t){0};
    buf_init(&fixture->out, 65536);
    assert_int_equal(arguments_init(&fixture->arguments, method, &fixture->problem), STATUS_OK);
}

static void end(fixture_t *fixture)
{
    arguments_deinit(&fixture->arguments);
    arena_destroy(&fixture->arena);
    buf_deinit(&fixture->out);
}

static status_t set(fixture_t *fixture, const char *name, const char *value)
{
    flag_t flag;
    if (!flag_find(fixture->arguments.method, name, strlen(name), &flag))
        fail_msg("no flag --%s", name);
    return arguments_set(&fixture->arguments, &flag, value, &fixture->problem);
}

static void must_set(fixture_t *fixture, const char *name, const char *value)
{
    if (set(fixture, name, value) != STATUS_OK)
        fail_msg("--%s %s: %s: %s", name, value != NULL ? value : "", fixture->problem.field, fixture->problem.detail);
}

static void assert_check(fixture_t *fixture)
{
    if (arguments_check(&fixture->arguments, fixture->arena, &fixture->problem) != STATUS_OK)
        fail_msg("%s: %s", fixture->problem.field, fixture->problem.detail);
}

static void assert_refused(fixture_t *fixture, const char *field)
{
    assert_int_equal(arguments_check(&fixture->arguments, fixture->arena, &fixture->problem), STATUS_INVALID_ARGUMENT);
    assert_string_equal(fixture->problem.field, field);
}

static void assert_body(fixture_t *fixture, const char *expected)
{
    buf_clear(&fixture->out);
    assert_true(arguments_body_text(&fixture->arguments, &fixture->out));
    assert_true(buf_ok(&fixture->out));
    assert_string_equal(fixture->out.data, expected);
}

static void assert_target(fixture_t *fixture, const char *expected)
{
    buf_clear(&fixture->out);
    assert_int_equal(arguments_target(&fixture->arguments, &fixture->out, &fixture->problem), STATUS_OK);
    assert_string_equal(fixture->out.data, expected);
}

// One flag, and the body that comes of it; NULL where the value is refused already.
static void one(const char *name, const char *value, const char *body)
{
    fixture_t fixture;
    begin(&fixture, &body_call);
    if (body == NULL) {
        assert_int_equal(set(&fixture, name, value), STATUS_INVALID_ARGUMENT);
        assert_string_equal(fixture.problem.field + 2, name);
    } else {
        must_set(&fixture, name, value);
        assert_check(&fixture);
        assert_body(&fixture, body);
    }
    end(&fixture);
}

// One flag that is a value, but none that the contract takes.
static void against_the_contract(const char *name, const char *value, const char *field)
{
    fixture_t fixture;
    begin(&fixture, &body_call);
    must_set(&fixture, name, value);
    assert_refused(&fixture, field);
    end(&fixture);
}

static void integers(void **state)
{
    (void)state;
    static const char *const names[] = {"i32", "s32", "x32", "i64", "x64", "u32", "f32", "u64", "f64"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char body[64];
        snprintf(body, sizeof body, "{\"%s\":17}", names[i]);
        one(names[i], "17", body);
        one(names[i], "", NULL);
        one(names[i], "-", NULL);
        one(names[i], "1.5", NULL);
        one(names[i], "0x11", NULL);
        one(names[i], " 1", NULL);
        one(names[i], "+1", NULL);
        one(names[i], "seventeen", NULL);
        one(names[i], "9223372036854775808", NULL);
        one(names[i], NULL, NULL);
    }
    one("i64", "-5", "{\"i64\":-5}");
    one("s64", "-9223372036854775808", "{\"s64\":-9223372036854775808}");
    one("i32", "2147483647", "{\"i32\":2147483647}");
    against_the_contract("i32", "2147483648", "--i32");
    against_the_contract("u32", "-1", "--u32");
    against_the_contract("u64", "-1", "--u64");
    against_the_contract("i64", "-6", "--i64");
    against_the_contract("s64", "1", "--s64");
}

static void reals(void **state)
{
    (void)state;
    one("wide", "0.5", "{\"wide\":0.5}");
    one("wide", "-1e3", "{\"wide\":-1000.0}");
    one("real", "2", "{\"real\":2.0}");
    one("wide", "nan", NULL);
    one("wide", "inf", NULL);
    one("wide", "1e999", NULL);
    one("wide", "0x1p3", NULL);
    one("wide", "", NULL);
    one("wide", NULL, NULL);
    against_the_contract("real", "1e300", "--real");
}

static void bools(void **state)
{
    (void)state;
    one("flag", NULL, "{\"flag\":true}");
    one("flag", "true", "{\"flag\":true}");
    one("flag", "false", "{\"flag\":false}");
    one("flag", "yes", NULL);
    one("flag", "", NULL);
    one("flag", "TRUE", NULL);
}

static void texts(void **state)
{
    (void)state;
    one("colour", "dark-blue", "{\"colour\":\"dark-blue\"}");
    against_the_contract("colour", "DARK_BLUE", "--colour");
    against_the_contract("colour", "unspecified", "--colour");
    against_the_contract("colour", "", "--colour");
    one("text", "äö", "{\"text\":\"äö\"}");
    against_the_contract("text", "a", "--text");
    against_the_contract("text", "aaaaa", "--text");
    against_the_contract("text", "a b", "--text");
    one("text", "\xff", NULL);
    one("text", NULL, NULL);
    one("day", "2019-07-01", "{}");
    one("at", "2019-07-01T09:30:00Z", "{\"at\":\"2019-07-01T09:30:00Z\"}");
    against_the_contract("at", "2019-07-01", "--at");
    against_the_contract("day", "2019-02-30", "--day");
    one("blob", "aGVsbG8=", "{\"blob\":\"aGVsbG8=\"}");
    against_the_contract("blob", "hello", "--blob");
    one("json", "{\"a\": [1, null]}", "{\"json\":{\"a\":[1,null]}}");
    one("json", "3", "{\"json\":3}");
    one("json", "{", NULL);
    // A value that looks like an option is a value.
    one("texts", "--name", "{\"texts\":[\"--name\"]}");
}

static void lists(void **state)
{
    (void)state;
    fixture_t fixture;
    begin(&fixture, &body_call);
    must_set(&fixture, "numbers", "1");
    must_set(&fixture, "texts", "a");
    must_set(&fixture, "numbers", "2");
    must_set(&fixture, "texts", "");
    must_set(&fixture, "colours", "red");
    must_set(&fixture, "flags", NULL);
    must_set(&fixture, "flags", "false");
    must_set(&fixture, "wides", "0.25");
    must_set(&fixture, "fixes", "7");
    must_set(&fixture, "blobs", "");
    assert_check(&fixture);
    assert_body(&fixture,
                "{\"numbers\":[1,2],\"texts\":[\"a\",\"\"],\"colours\":[\"red\"],\"flags\":[true,false],\"wides\":[0.25],\"fixes\":[7],"
                "\"blobs\":[\"\"]}");
    must_set(&fixture, "numbers", "3");
    must_set(&fixture, "numbers", "4");
    assert_refused(&fixture, "--numbers");
    end(&fixture);
    begin(&fixture, &body_call);
    must_set(&fixture, "i32", "1");
    assert_int_equal(set(&fixture, "i32", "1"), STATUS_INVALID_ARGUMENT);
    assert_string_equal(fixture.problem.field, "--i32");
    assert_string_equal(fixture.problem.detail, "Is given twice");
    end(&fixture);
}

static void messages(void **state)
{
    (void)state;
    fixture_t fixture;
    begin(&fixture, &body_call);
    must_set(&fixture, "nested.i32", "1");
    must_set(&fixture, "nested.nested.text", "aa");
    assert_int_equal(set(&fixture, "nested.i32", "2"), STATUS_INVALID_ARGUMENT);
    // A new item begins where a field is given again.
    must_set(&fixture, "nesteds.text", "aa");
    must_set(&fixture, "nesteds.texts", "x");
    must_set(&fixture, "nesteds.texts", "y");
    must_set(&fixture, "nesteds.text", "bb");
    must_set(&fixture, "nesteds.nesteds.i32", "1");
    must_set(&fixture, "nesteds.nesteds.i32", "2");
    must_set(&fixture, "nesteds", "{\"i64\": 3}");
    must_set(&fixture, "nesteds.i64", "4");
    assert_check(&fixture);
    assert_body(&fixture, "{\"nested\":{\"i32\":1,\"nested\":{\"text\":\"aa\"}},\"nesteds\":[{\"text\":\"aa\",\"texts\":[\"x\",\"y\"]},"
                          "{\"text\":\"bb\",\"nesteds\":[{\"i32\":1},{\"i32\":2}]},{\"i64\":3},{\"i64\":4}]}");
    end(&fixture);
    begin(&fixture, &body_call);
    must_set(&fixture, "nested", "{\"colour\": \"green\"}");
    assert_refused(&fixture, "--nested.colour");
    assert_int_equal(set(&fixture, "nested.i32", "1"), STATUS_OK);
    assert_int_equal(set(&fixture, "nested", "{}"), STATUS_INVALID_ARGUMENT);
    end(&fixture);
    begin(&fixture, &body_call);
    must_set(&fixture, "nesteds", "[{\"i32\": 1}, {\"i32\": 2}]");
    assert_check(&fixture);
    assert_body(&fixture, "{\"nesteds\":[{\"i32\":1},{\"i32\":2}]}");
    end(&fixture);
    one("nested", "i32=1", NULL);
    one("nested", NULL, NULL);
    against_the_contract("nested", "[]", "--nested");
    against_the_contract("nested", "{\"colors\": 1}", "nested.colors");
}

static void paths_and_queries(void **state)
{
    (void)state;
    fixture_t fixture;
    begin(&fixture, &query_call);
    assert_int_equal(arguments_target(&fixture.arguments, &fixture.out, &fixture.problem), STATUS_INVALID_ARGUMENT);
    assert_string_equal(fixture.problem.detail, "--day is missing");
    must_set(&fixture, "day", "a b/ü?");
    must_set(&fixture, "texts", "x&y");
    must_set(&fixture, "texts", "z");
    must_set(&fixture, "flag", NULL);
    must_set(&fixture, "i64", "-3");
    must_set(&fixture, "colour", "dark-blue");
    must_set(&fixture, "wide", "0.1");
    assert_target(&fixture, "/v1/samples/a%20b%2F%C3%BC%3F?i64=-3&wide=0.10000000000000001&flag=true&colour=dark-blue&texts=x%26y&texts=z");
    assert_false(arguments_body_text(&fixture.arguments, &fixture.out));
    end(&fixture);
    // A message is nothing for a query.
    flag_t flag;
    assert_false(flag_find(&query_call, "nested", 6, &flag));
    assert_false(flag_find(&query_call, "nested.i32", 10, &flag));
    begin(&fixture, &body_call);
    must_set(&fixture, "day", "2019-07-01");
    must_set(&fixture, "i32", "1");
    assert_target(&fixture, "/v1/samples/2019-07-01:make");
    assert_body(&fixture, "{\"i32\":1}");
    end(&fixture);
    begin(&fixture, &body_call);
    must_set(&fixture, "day", "");
    assert_int_equal(arguments_target(&fixture.arguments, &fixture.out, &fixture.problem), STATUS_INVALID_ARGUMENT);
    end(&fixture);
}

static void whole_bodies(void **state)
{
    (void)state;
    static const char text[] = "{\"i32\": 1, \"day\": \"2019-07-01\"}";
    fixture_t fixture;
    begin(&fixture, &body_call);
    assert_int_equal(arguments_body(&fixture.arguments, text, strlen(text), &fixture.problem), STATUS_OK);
    must_set(&fixture, "i64", "2");
    assert_int_equal(set(&fixture, "i32", "2"), STATUS_INVALID_ARGUMENT);
    assert_check(&fixture);
    assert_target(&fixture, "/v1/samples/2019-07-01:make");
    assert_body(&fixture, "{\"i32\":1,\"i64\":2}");
    end(&fixture);
    static const char *const broken[] = {"", "{", "[]", "3", "{\"a\":1,\"a\":2}", "{\"a\":1} x", "\xff"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        begin(&fixture, &body_call);
        assert_int_equal(arguments_body(&fixture.arguments, broken[i], strlen(broken[i]), &fixture.problem), STATUS_INVALID_ARGUMENT);
        assert_string_equal(fixture.problem.field, "--json-body");
        end(&fixture);
    }
    begin(&fixture, &body_call);
    assert_int_equal(arguments_body(&fixture.arguments, "{\"colors\":1}", 12, &fixture.problem), STATUS_OK);
    assert_refused(&fixture, "colors");
    end(&fixture);
    begin(&fixture, &query_call);
    assert_int_equal(arguments_body(&fixture.arguments, "{}", 2, &fixture.problem), STATUS_INVALID_ARGUMENT);
    end(&fixture);
}

static void patches(void **state)
{
    (void)state;
    const pb_method_t *update = contract_find("registry", "update-organisation");
    fixture_t fixture;
    begin(&fixture, update);
    must_set(&fixture, "code", "pcn-rutland");
    must_set(&fixture, "name", "Rutland");
    must_set(&fixture, "effective-from", "2026-04-01");
    assert_int_equal(arguments_clear(&fixture.arguments, "notes", &fixture.problem), STATUS_OK);
    assert_int_equal(arguments_clear(&fixture.arguments, "former-names", &fixture.problem), STATUS_OK);
    assert_check(&fixture);
    assert_target(&fixture, "/v1/organisations/pcn-rutland?effectiveFrom=2026-04-01");
    assert_body(&fixture, "{\"name\":\"Rutland\",\"notes\":null,\"formerNames\":null}");
    // What is given cannot go too, nor what must stay, nor what is none.
    assert_int_equal(arguments_clear(&fixture.arguments, "name", &fixture.problem), STATUS_INVALID_ARGUMENT);
    assert_int_equal(arguments_clear(&fixture.arguments, "notes", &fixture.problem), STATUS_INVALID_ARGUMENT);
    assert_int_equal(set(&fixture, "notes", "x"), STATUS_INVALID_ARGUMENT);
    assert_int_equal(arguments_clear(&fixture.arguments, "colour", &fixture.problem), STATUS_INVALID_ARGUMENT);
    assert_int_equal(arguments_clear(&fixture.arguments, "correction", &fixture.problem), STATUS_INVALID_ARGUMENT);
    assert_int_equal(arguments_clear(&fixture.arguments, "identifiers.system", &fixture.problem), STATUS_INVALID_ARGUMENT);
    assert_int_equal(arguments_clear(&fixture.arguments, "version", &fixture.problem), STATUS_INVALID_ARGUMENT);
    assert_int_equal(arguments_clear(&fixture.arguments, "kind", &fixture.problem), STATUS_OK);
    assert_int_not_equal(arguments_check(&fixture.arguments, fixture.arena, &fixture.problem), STATUS_OK);
    end(&fixture);
    begin(&fixture, update);
    static const char text[] = "{\"notes\": null, \"name\": \"N\"}";
    assert_int_equal(arguments_body(&fixture.arguments, text, strlen(text), &fixture.problem), STATUS_OK);
    must_set(&fixture, "code", "pcn-rutland");
    assert_check(&fixture);
    assert_body(&fixture, "{\"notes\":null,\"name\":\"N\"}");
    must_set(&fixture, "organisation.code", "pcn-other");
    assert_int_not_equal(arguments_check(&fixture.arguments, fixture.arena, &fixture.problem), STATUS_OK);
    end(&fixture);
    // What is no patch takes nothing away.
    begin(&fixture, contract_find("registry", "create-organisation"));
    assert_int_equal(arguments_clear(&fixture.arguments, "notes", &fixture.problem), STATUS_INVALID_ARGUMENT);
    end(&fixture);
}

static void bodies_beside_a_path(void **state)
{
    (void)state;
    fixture_t fixture;
    begin(&fixture, contract_find("registry", "add-list-size"));
    must_set(&fixture, "code", "pcn-rutland");
    must_set(&fixture, "kind", "registered");
    must_set(&fixture, "count", "39920");
    must_set(&fixture, "list-size.as-of", "2026-04-01");
    assert_refused(&fixture, "--source");
    must_set(&fixture, "source", "a letter");
    must_set(&fixture, "correction", NULL);
    assert_check(&fixture);
    assert_target(&fixture, "/v1/organisations/pcn-rutland/list-sizes?correction=true");
    assert_body(&fixture, "{\"kind\":\"registered\",\"count\":39920,\"asOf\":\"2026-04-01\",\"source\":\"a letter\"}");
    end(&fixture);
    // A body of nothing is one all the same.
    begin(&fixture, contract_find("registry", "cancel-job"));
    must_set(&fixture, "id", "0190b2a0-0000-7000-8000-000000000001");
    assert_check(&fixture);
    assert_body(&fixture, "{}");
    end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers),
        cmocka_unit_test(reals),
        cmocka_unit_test(bools),
        cmocka_unit_test(texts),
        cmocka_unit_test(lists),
        cmocka_unit_test(messages),
        cmocka_unit_test(paths_and_queries),
        cmocka_unit_test(whole_bodies),
        cmocka_unit_test(patches),
        cmocka_unit_test(bodies_beside_a_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
