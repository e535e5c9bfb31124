#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/gateway/harness.h"

#define WRITER "system-manager"
#define JSON "Content-Type: application/json\r\n"

static int start(void **state)
{
    *state = harness_new(0);
    return 0;
}

static int stop(void **state)
{
    harness_destroy((harness_t **)state);
    return 0;
}

static void reading(void **state)
{
    const harness_t *harness = *state;
    harness_reply_t reply;
    harness_call(harness, WRITER, "GET /v1/organisations/C82001",
                 "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n", "", &reply);
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.body, "{\"code\":\"C82001\",\"name\":\"Somewhere\",\"identifiers\":[],\"version\":3}");
    assert_string_equal(harness_header(&reply, "ETag"), "\"3\"");
    assert_string_equal(harness_header(&reply, "Content-Type"), "application/json");
    assert_null(harness_header(&reply, "Location"));
    assert_null(harness_header(&reply, "Idempotent-Replayed"));
    assert_string_equal(harness->seen.service, "registry");
    assert_string_equal(harness->seen.method, "pcn.registry.v1.Registry/GetOrganisation");
    assert_string_equal(harness->seen.subject, "tester");
    assert_string_equal(harness->seen.traceparent, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    assert_true(harness->seen.scopes > 0);
    harness_call(harness, WRITER, "HEAD /v1/organisations/C82001", "traceparent: nonsense\r\n", "", &reply);
    assert_int_equal(reply.status, 200);
    assert_string_equal(harness_header(&reply, "ETag"), "\"3\"");
    assert_string_equal(harness->seen.traceparent, "");
}

static void parameters_that_are_refused(void **state)
{
    static const struct {
        const char *line, *field;
    } cases[] = {
        {"GET /v1/organisations?colour=red", "colour"},
        {"GET /v1/organisations?kind=castle", "kind"},
        {"GET /v1/organisations?kind=NETWORK", "kind"},
        {"GET /v1/organisations?kind=network&kind=practice", "kind"},
        {"GET /v1/organisations?pageSize=0", "pageSize"},
        {"GET /v1/organisations?pageSize=1001", "pageSize"},
        {"GET /v1/organisations?pageSize=5x", "pageSize"},
        {"GET /v1/organisations?page_size=5", "page_size"},
        {"GET /v1/organisations?q=a%0Ab", "q"},
        {"GET /v1/organisations?q=%ff", "q"},
        {"GET /v1/organisations?parent=No+Code", "parent"},
        {"GET /v1/organisations/No%20Code", "code"},
        {"GET /v1/organisations/C82001?code=C82002", "code"},
        {"GET /v1/networks/pcn-rutland?asOf=2019-02-29", "asOf"},
        {"GET /v1/events/registry?service=other", "service"},
        {"GET /v1/events/registry?after=-1", "after"},
        {"GET /v1/events/registry?limit=1001", "limit"},
    };
    const harness_t *harness = *state;
    harness_reply_t reply;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char field[64];
        print_message("%s\n", cases[i].line);
        harness_call(harness, WRITER, cases[i].line, "", "", &reply);
        assert_int_equal(reply.status, 400);
        snprintf(field, sizeof(field), "\"field\":\"%s\"", cases[i].field);
        assert_true(harness_says(&reply, field));
    }
    assert_int_equal(harness->seen.calls, 0);
    harness_call(harness, WRITER, "GET /v1/organisations?kind=local-authority&pageSize=1000&q=a+b%C3%A9", "", "", &reply);
    assert_int_equal(reply.status, 200);
}

static void bodies_that_are_refused(void **state)
{
    static const struct {
        const char *body, *field;
    } cases[] = {
        {"{", NULL},
        {"[]", NULL},
        {"null", NULL},
        {"{}", "code"},
        {"{\"code\":\"a-code\",\"kind\":\"network\"}", "name"},
        {"{\"code\":\"a-code\",\"name\":\"N\",\"kind\":\"castle\"}", "kind"},
        {"{\"code\":\"a-code\",\"name\":\"N\",\"kind\":\"network\",\"colour\":1}", "colour"},
        {"{\"code\":\"a-code\",\"name\":\"N\",\"kind\":\"network\",\"name\":\"M\"}", NULL},
        {"{\"code\":\"a-code\",\"name\":7,\"kind\":\"network\"}", "name"},
        {"{\"code\":\"a-code\",\"name\":null,\"kind\":\"network\"}", "name"},
        {"{\"code\":\"a-code\",\"name\":\"\xff\",\"kind\":\"network\"}", NULL},
        {"{\"code\":\"a-code\",\"name\":\"N\",\"kind\":\"network\",\"version\":4}", "version"},
        {"{\"code\":\"a-code\",\"name\":\"N\",\"kind\":\"network\",\"statedPopulation\":1.5}", "statedPopulation"},
        {"{\"code\":\"No Code\",\"name\":\"N\",\"kind\":\"network\"}", "code"},
        {"{\"code\":\"a-code\",\"name\":\"N\",\"kind\":\"network\",\"identifiers\":[{\"system\":\"s\",\"value\":\"v\",\"from\":\"x\"}]}",
         "identifiers[0].from"},
        {"{\"organisation\":{\"code\":\"a-code\"}}", "organisation"},
    };
    const harness_t *harness = *state;
    harness_reply_t reply;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char field[64];
        harness_call(harness, WRITER, "POST /v1/organisations", JSON, cases[i].body, &reply);
        print_message("%s -> %s\n", cases[i].body, reply.body);
        assert_int_equal(reply.status, 400);
        snprintf(field, sizeof(field), "\"field\":\"%s\"", cases[i].field != NULL ? cases[i].field : "");
        assert_true(cases[i].field == NULL || harness_says(&reply, field));
    }
    assert_int_equal(harness->seen.calls, 0);
}

static void creating(void **state)
{
    static const char body[] = "{\"code\":\"a-code\",\"name\":\"N\",\"kind\":\"local-system\"}";
    const harness_t *harness = *state;
    harness_reply_t reply;
    harness_call(harness, WRITER, "POST /v1/organisations", JSON "Idempotency-Key: my key\r\n", body, &reply);
    assert_int_equal(reply.status, 201);
    assert_string_equal(harness_header(&reply, "Location"), "/v1/organisations/a-code");
    assert_string_equal(harness_header(&reply, "ETag"), "\"1\"");
    assert_null(harness_header(&reply, "Idempotent-Replayed"));
    assert_string_equal(harness->seen.idempotency_key, "my key");
    assert_int_equal(harness->seen.expected_version, 0);
    harness_call(harness, WRITER, "POST /v1/organisations", JSON "Idempotency-Key: again\r\n", body, &reply);
    assert_int_equal(reply.status, 201);
    assert_string_equal(harness_header(&reply, "Idempotent-Replayed"), "true");
    harness_call(harness, WRITER, "POST /v1/organisations", JSON, body, &reply);
    assert_string_equal(harness->seen.idempotency_key, "");
    unsigned calls = harness->seen.calls;
    harness_call(harness, WRITER, "POST /v1/organisations", JSON "Idempotency-Key: \xc3\xa9\r\n", body, &reply);
    assert_int_equal(reply.status, 400);
    assert_true(harness_says(&reply, "\"field\":\"Idempotency-Key\""));
    assert_int_equal(harness->seen.calls, calls);
    harness_call(harness, WRITER, "POST /v1/networks/pcn-rutland/members", JSON, "{\"practice\":\"C82001\",\"from\":\"2019-07-01\"}",
                 &reply);
    assert_int_equal(reply.status, 201);
    assert_string_equal(harness_header(&reply, "Location"), "/v1/networks/pcn-rutland");
}

static void patching(void **state)
{
    static const struct {
        const char *headers, *body;
        int status;
        const char *says;
    } cases[] = {
        {"", "{\"name\":\"N\"}", 428, "\"field\":\"If-Match\""},
        {"If-Match: *\r\n", "{\"name\":\"N\"}", 400, "\"field\":\"If-Match\""},
        {"If-Match: W/\"3\"\r\n", "{\"name\":\"N\"}", 400, "\"field\":\"If-Match\""},
        {"If-Match: \"2\"\r\n", "{\"name\":\"N\"}", 412, "Precondition failed"},
        {"If-Match: \"3\"\r\n", "{\"name\":\"N\"}", 200, "\"name\":\"N\""},
        {"If-Match: \"3\"\r\n", "{\"name\":\"N\",\"notes\":null,\"openedOn\":null}", 200, "\"formerNames\":[\"notes\",\"opened_on\"]"},
        {"If-Match: \"3\"\r\n", "{\"name\":null}", 400, "\"field\":\"name\""},
        {"If-Match: \"3\"\r\n", "{\"code\":\"other\"}", 400, "\"field\":\"code\""},
        {"If-Match: \"3\"\r\n", "{\"version\":9}", 400, "\"field\":\"version\""},
        {"If-Match: \"3\"\r\n", "{\"clear\":[\"name\"]}", 400, "\"field\":\"clear\""},
    };
    const harness_t *harness = *state;
    harness_reply_t reply;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char headers[160];
        snprintf(headers, sizeof(headers), "Content-Type: application/merge-patch+json\r\n%s", cases[i].headers);
        harness_call(harness, WRITER, "PATCH /v1/organisations/C82001", headers, cases[i].body, &reply);
        print_message("%s %s -> %s\n", cases[i].headers, cases[i].body, reply.body);
        assert_int_equal(reply.status, cases[i].status);
        assert_true(harness_says(&reply, cases[i].says));
        if (reply.status == 200)
            assert_string_equal(harness_header(&reply, "ETag"), "\"4\"");
    }
    assert_int_equal(harness->seen.expected_version, 3);
}

static void refusals_of_the_service(void **state)
{
    static const struct {
        const char *code;
        int status;
        const char *retry_after;
        bool own_words;
    } cases[] = {
        {"missing", 404, NULL, true}, {"inside", 500, NULL, false}, {"away", 503, "1", true},     {"busy", 429, "2", true},
        {"late", 504, NULL, true},    {"pruned", 410, NULL, true},  {"broken", 500, NULL, false},
    };
    const harness_t *harness = *state;
    harness_reply_t reply;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char line[64];
        snprintf(line, sizeof(line), "GET /v1/organisations/%s", cases[i].code);
        harness_call(harness, WRITER, line, "", "", &reply);
        print_message("%s -> %s\n", line, reply.body);
        assert_int_equal(reply.status, cases[i].status);
        assert_int_equal(harness_says(&reply, "the service's own words"), cases[i].own_words);
        const char *retry = harness_header(&reply, "Retry-After");
        assert_int_equal(retry != NULL, cases[i].retry_after != NULL);
        if (retry != NULL)
            assert_string_equal(retry, cases[i].retry_after);
        assert_null(harness_header(&reply, "ETag"));
    }
}

static void events_go_to_the_service_of_the_path(void **state)
{
    const harness_t *harness = *state;
    harness_reply_t reply;
    harness_call(harness, WRITER, "GET /v1/events/registry?after=7&limit=5", "", "", &reply);
    assert_int_equal(reply.status, 200);
    assert_string_equal(harness->seen.service, "registry");
    assert_true(harness_says(&reply, "\"next\":7"));
    assert_null(harness_header(&reply, "ETag"));
}

static void the_edge_says_where_a_client_is(void **state)
{
    const harness_t *harness = *state;
    harness_reply_t reply;
    harness_call(harness, WRITER, "GET /v1/organisations/C82001", "X-Forwarded-For: 203.0.113.7\r\n", "", &reply);
    assert_string_equal(harness->seen.origin, "203.0.113.7");
    harness_call(harness, WRITER, "GET /v1/organisations/C82001", "", "", &reply);
    assert_string_equal(harness->seen.origin, "");
    // Twice is none: the edge sends one.
    harness_call(harness, WRITER, "GET /v1/organisations/C82001", "X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-For: 203.0.113.8\r\n", "",
                 &reply);
    assert_int_equal(reply.status, 200);
    assert_string_equal(harness->seen.origin, "");
    harness_call(harness, WRITER, "GET /v1/organisations/C82001", "X-Forwarded-For: me\r\n", "", &reply);
    assert_int_equal(reply.status, 200);
    assert_string_equal(harness->seen.origin, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reading, start, stop),
        cmocka_unit_test_setup_teardown(parameters_that_are_refused, start, stop),
        cmocka_unit_test_setup_teardown(bodies_that_are_refused, start, stop),
        cmocka_unit_test_setup_teardown(creating, start, stop),
        cmocka_unit_test_setup_teardown(patching, start, stop),
        cmocka_unit_test_setup_teardown(refusals_of_the_service, start, stop),
        cmocka_unit_test_setup_teardown(the_edge_says_where_a_client_is, start, stop),
        cmocka_unit_test_setup_teardown(events_go_to_the_service_of_the_path, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
