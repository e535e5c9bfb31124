#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "common/db/internal.h"

// The parameters of the text, joined by commas.
static void expect(const char *sql, const char *names)
{
    char found[256] = "";
    const char *at = sql;
    const char *name;
    size_t size;
    while (sql_next_parameter(&at, &name, &size)) {
        assert_true(strlen(found) + size + 2 < sizeof(found));
        if (found[0] != '\0')
            strcat(found, ",");
        strncat(found, name, size);
    }
    assert_string_equal(found, names);
    assert_int_equal(*at, '\0');
}

static void test_plain(void **state)
{
    (void)state;
    expect("", "");
    expect("SELECT 1", "");
    expect("SELECT :a.b", "a.b");
    expect("SELECT :a.b_c.d2, (:x.y)", "a.b_c.d2,x.y");
    expect(":a.b", "a.b");
    expect("WHERE c=:a.b AND d=:a.b;", "a.b,a.b");
    expect("SELECT :a.b. ", "a.b");
}

static void test_what_looks_like_one(void **state)
{
    (void)state;
    expect("SELECT a::text, :r.b::int, '{}'::text[]", "r.b");
    expect("SELECT a[1:2], b[ 1 : 3 ]", "");
    expect("x := 1", "");
    expect("SELECT a:", "");
    expect("SELECT a :_b", "");
}

static void test_quotes(void **state)
{
    (void)state;
    expect("SELECT ':a.b', :c.d", "c.d");
    expect("SELECT 'it''s :a.b', :c.d", "c.d");
    expect("SELECT 'x\\', :c.d", "c.d");
    expect("SELECT E'x\\' :a.b', :c.d", "c.d");
    expect("SELECT e'\\\\', :c.d", "c.d");
    expect("SELECT typE'x\\', :c.d", "c.d");
    expect("SELECT \"a:b.c\"\":d.e\", :c.d", "c.d");
    expect("SELECT 'open :a.b", "");
    expect("SELECT \"open :a.b", "");
    expect("SELECT E'open\\", "");
}

static void test_dollars(void **state)
{
    (void)state;
    expect("SELECT $$ :a.b $$, :c.d", "c.d");
    expect("SELECT $f$ $$ :a.b $g$ $f$, :c.d", "c.d");
    expect("SELECT $1, :c.d, $2", "c.d");
    expect("SELECT a$b, :c.d, a$b", "c.d");
    expect("SELECT $$ open :a.b", "");
    expect("SELECT $", "");
}

static void test_comments(void **state)
{
    (void)state;
    expect("SELECT 1 -- :a.b\n, :c.d", "c.d");
    expect("SELECT 1 -- it's\n, :c.d", "c.d");
    expect("SELECT 1 /* :a.b ' */, :c.d", "c.d");
    expect("SELECT 1 /* /* :a.b */ :e.f */, :c.d", "c.d");
    expect("SELECT 1 - 2 / :c.d", "c.d");
    expect("SELECT 1 /* open :a.b", "");
    expect("SELECT 1 -- open :a.b", "");
}

static void test_identifier(void **state)
{
    (void)state;
    buf_t out;
    buf_init(&out, 100);
    sql_add_identifier(&out, "reg\"istry");
    assert_string_equal(out.data, "\"reg\"\"istry\"");
    buf_deinit(&out);
}

static void test_array(void **state)
{
    (void)state;
    buf_t out;
    buf_init(&out, 100);
    array_open(&out);
    array_close(&out);
    assert_string_equal(out.data, "{}");
    buf_clear(&out);
    array_open(&out);
    array_add(&out, "a");
    array_add(&out, "");
    array_add(&out, "b\"c\\d,{NULL}");
    array_close(&out);
    assert_string_equal(out.data, "{\"a\",\"\",\"b\\\"c\\\\d,{NULL}\"}");
    buf_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),    cmocka_unit_test(test_what_looks_like_one),
        cmocka_unit_test(test_quotes),   cmocka_unit_test(test_dollars),
        cmocka_unit_test(test_comments), cmocka_unit_test(test_identifier),
        cmocka_unit_test(test_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
