#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/gateway/guard.h"

static void add(guard_t *guard, const char *name, const char *value)
{
    guard_add(guard, name, strlen(name), value, strlen(value));
}

static void framing(void **state)
{
    static const struct {
        const char *version, *headers[6];
        bool good;
    } cases[] = {
        {"HTTP/1.1", {"Host", "h"}, true},
        {"HTTP/1.1", {"host", "h", "content-length", "5"}, true},
        {"HTTP/1.1", {"Host", "h", "Transfer-Encoding", "chunked"}, true},
        {"HTTP/1.1", {"Host", "h", "Transfer-Encoding", "Chunked"}, true},
        {"HTTP/1.0", {NULL}, true},
        {"HTTP/1.1", {NULL}, false},
        {"HTTP/1.1", {"Host", "h", "HOST", "h"}, false},
        {"HTTP/1.0", {"Host", "h", "HOST", "h"}, false},
        {"HTTP/2.0", {"Host", "h"}, false},
        {"HTTP/0.9", {"Host", "h"}, false},
        {"HTTP/1.1", {"Host", "h", "Content-Length", "5", "Content-Length", "5"}, false},
        {"HTTP/1.1", {"Host", "h", "Content-Length", "5", "Transfer-Encoding", "chunked"}, false},
        {"HTTP/1.1", {"Host", "h", "Transfer-Encoding", "chunked", "Transfer-Encoding", "chunked"}, false},
        {"HTTP/1.1", {"Host", "h", "Transfer-Encoding", "gzip, chunked"}, false},
        {"HTTP/1.1", {"Host", "h", "Transfer-Encoding", "xchunked"}, false},
        {"HTTP/1.1", {"Host", "h", "Transfer-Encoding", ""}, false},
        {"HTTP/1.0", {"Host", "h", "Transfer-Encoding", "chunked"}, false},
        {"HTTP/1.1", {"Host", "h", "Content-Length", "+5"}, false},
        {"HTTP/1.1", {"Host", "h", "Content-Length", "-5"}, false},
        {"HTTP/1.1", {"Host", "h", "Content-Length", "5, 5"}, false},
        {"HTTP/1.1", {"Host", "h", "Content-Length", "0x5"}, false},
        {"HTTP/1.1", {"Host", "h", "Content-Length", ""}, false},
        {"HTTP/1.1", {"Host", "h", "Content-Length", "99999999999999999999"}, false},
        {"HTTP/1.1", {"Host", "h", "Content-Length ", "5"}, false},
        {"HTTP/1.1", {"Host", "h", "X Y", "5"}, false},
        {"HTTP/1.1", {"Host", "h", "X", "a\rb"}, false},
        {"HTTP/1.1", {"Host", "h", "X", "a\x01"}, false},
        {"HTTP/1.1", {"Host", "h", "X\xc3\xa9", "a"}, false},
        {"HTTP/1.1", {"Host", "h", "X", "a\tb caf\xc3\xa9"}, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        guard_t guard = {0};
        for (int at = 0; at < 6 && cases[i].headers[at] != NULL; at += 2)
            add(&guard, cases[i].headers[at], cases[i].headers[at + 1]);
        print_message("case %zu\n", i);
        assert_int_equal(guard_framing(&guard, cases[i].version) == NULL, cases[i].good);
    }
}

static void lengths(void **state)
{
    guard_t guard = {0};
    (void)state;
    add(&guard, "Host", "h");
    add(&guard, "Content-Length", "9223372036854775807");
    assert_null(guard_framing(&guard, "HTTP/1.1"));
    assert_int_equal(guard.length, INT64_MAX);
    assert_false(guard.chunked);
}

static void accepting(void **state)
{
    static const struct {
        const char *accept;
        bool good;
    } cases[] = {
        {"*/*", true}, {"", true}, {"application/json", true}, {"Application/JSON", true}, {"application/*", true},
        {"text/html, application/json;q=0.9", true}, {"text/html,*/*;q=0.1", true}, {"application/json ; charset=utf-8", true},
        {"application/json;q=0.001", true}, {"text/html", false}, {"text/html, image/*", false}, {"application/json;q=0", false},
        {"application/json;q=0.000", false}, {"application/json; q=0, */*", false}, {"*/*;q=0", false}, {"*/*, application/json;q=0",
            false},
        {"application/jsonx", false}, {"application/pdf", false}, {",,", false}, {"*/*;q=0, application/json", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        guard_t guard = {0};
        add(&guard, "Accept", cases[i].accept);
        print_message("%s\n", cases[i].accept);
        assert_int_equal(guard_accepts_json(&guard), cases[i].good);
    }
    guard_t none = {0};
    assert_true(guard_accepts_json(&none));
}

static void content_types(void **state)
{
    static const struct {
        const char *type, *coding;
        bool plain, patch;
    } cases[] = {
        {"application/json", NULL, true, true},
        {"application/json; charset=utf-8", NULL, true, true},
        {"application/json;charset=UTF-8", NULL, true, true},
        {"application/json;charset=\"utf-8\"", NULL, true, true},
        {"application/json;", NULL, true, true},
        {"APPLICATION/JSON", "identity", true, true},
        {"application/merge-patch+json", NULL, false, true},
        {"application/json; charset=latin1", NULL, false, false},
        {"application/json; boundary=x", NULL, false, false},
        {"application/json", "gzip", false, false},
        {"application/json", "", false, false},
        {"application/jsonx", NULL, false, false},
        {"text/json", NULL, false, false},
        {"text/plain", NULL, false, false},
        {"", NULL, false, false},
        {NULL, NULL, false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        guard_t guard = {0};
        if (cases[i].type != NULL)
            add(&guard, "Content-Type", cases[i].type);
        if (cases[i].coding != NULL)
            add(&guard, "Content-Encoding", cases[i].coding);
        print_message("case %zu\n", i);
        assert_int_equal(guard_body_is_json(&guard, false), cases[i].plain);
        assert_int_equal(guard_body_is_json(&guard, true), cases[i].patch);
    }
    guard_t twice = {0};
    add(&twice, "Content-Type", "application/json");
    add(&twice, "Content-Type", "application/json");
    assert_false(guard_body_is_json(&twice, false));
}

static void bearers(void **state)
{
    guard_t guard = {0};
    (void)state;
    assert_null(guard_bearer(&guard));
    add(&guard, "Authorization", "bearer abc");
    assert_string_equal(guard_bearer(&guard), "abc");
    add(&guard, "authorization", "Bearer abc");
    assert_null(guard_bearer(&guard));
    guard = (guard_t){0};
    add(&guard, "Authorization", "Basic abc");
    assert_null(guard_bearer(&guard));
    guard = (guard_t){0};
    add(&guard, "Authorization", "Bearer");
    assert_null(guard_bearer(&guard));
}

static void if_match(void **state)
{
    static const struct {
        const char *value;
        int64_t version; // 0: refused
    } cases[] = {
        {"\"3\"", 3}, {"\"9223372036854775807\"", INT64_MAX}, {"\"9223372036854775808\"", 0}, {"\"0\"", 0}, {"\"03\"", 0}, {"3", 0},
        {"W/\"3\"", 0}, {"*", 0}, {"\"3\", \"4\"", 0}, {"\"\"", 0}, {"\"", 0}, {"", 0}, {"\"-3\"", 0}, {"\"3", 0}, {"\"3x\"", 0},
        {"\" 3\"", 0}, {"\"99999999999999999999999\"", 0},
    };
    problem_t problem;
    int64_t version;
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        guard_t guard = {0};
        add(&guard, "If-Match", cases[i].value);
        print_message("%s\n", cases[i].value);
        assert_int_equal(guard_if_match(&guard, &version, &problem), cases[i].version > 0 ? STATUS_OK : STATUS_INVALID_ARGUMENT);
        assert_true(version == cases[i].version);
        if (version == 0)
            assert_string_equal(problem.field, "If-Match");
    }
    guard_t guard = {0};
    assert_int_equal(guard_if_match(&guard, &version, &problem), STATUS_OK);
    add(&guard, "If-Match", "\"1\"");
    add(&guard, "If-Match", "\"1\"");
    assert_int_equal(guard_if_match(&guard, &version, &problem), STATUS_INVALID_ARGUMENT);
}

static void idempotency_keys(void **state)
{
    char text[130];
    const char *key;
    problem_t problem;
    guard_t guard = {0};
    (void)state;
    assert_int_equal(guard_idempotency_key(&guard, &key, &problem), STATUS_OK);
    assert_null(key);
    memset(text, 'k', sizeof(text));
    text[128] = '\0';
    add(&guard, "Idempotency-Key", text);
    assert_int_equal(guard_idempotency_key(&guard, &key, &problem), STATUS_OK);
    assert_string_equal(key, text);
    text[128] = 'k';
    text[129] = '\0';
    const char *const bad[] = {"", text, "caf\xc3\xa9", "a\tb"};
    for (size_t i = 0; i < 4; i++) {
        guard = (guard_t){0};
        add(&guard, "Idempotency-Key", bad[i]);
        assert_int_equal(guard_idempotency_key(&guard, &key, &problem), STATUS_INVALID_ARGUMENT);
        assert_string_equal(problem.field, "Idempotency-Key");
        assert_null(key);
    }
}

static void traces(void **state)
{
    static const struct {
        const char *value;
        bool good;
    } cases[] = {
        {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true},
        {"01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false},
        {"00-4BF92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false},
        {"00-00000000000000000000000000000000-00f067aa0ba902b7-01", false},
        {"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false},
        {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0", false},
        {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x", false},
        {"00x4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false},
        {"", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        guard_t guard = {0};
        add(&guard, "traceparent", cases[i].value);
        assert_int_equal(guard_traceparent(&guard) != NULL, cases[i].good);
    }
}

// Every byte at every place of a value of every length: values are looked at eight bytes at a time.
static void test_every_byte_of_a_value(void **state)
{
    (void)state;
    for (size_t size = 1; size <= 20; size++) {
        for (size_t at = 0; at < size; at++) {
            for (int byte = 0; byte < 256; byte++) {
                char value[21];
                guard_t guard = {0};
                memset(value, '~', sizeof(value));
                value[size] = '\0';
                value[at] = (char)byte;
                guard_add(&guard, "accept", 6, value, size);
                const bool control = (byte < 0x20 && byte != '\t') || byte == 0x7f;
                assert_int_equal(guard.malformed, control);
            }
        }
    }
    // What follows a tab within the same eight bytes is looked at as well.
    guard_t guard = {0};
    guard_add(&guard, "accept", 6, "\ta\1bcdefgh", 10);
    assert_true(guard.malformed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_byte_of_a_value),
        cmocka_unit_test(framing),  cmocka_unit_test(lengths),          cmocka_unit_test(accepting), cmocka_unit_test(content_types),
            cmocka_unit_test(bearers),
        cmocka_unit_test(if_match), cmocka_unit_test(idempotency_keys), cmocka_unit_test(traces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
