#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/base/id.h"
#include "tests/unit/gateway/harness.h"

#define READER "subscriber"
#define WRITER "system-manager"

static int start(void **state)
{
    *state = harness_new(1);
    return 0;
}

static int stop(void **state)
{
    harness_destroy((harness_t **)state);
    return 0;
}

static void own_paths(void **state)
{
    static const struct {
        const char *line;
        int status;
    } cases[] = {
        {"GET /healthz", 200},
        {"HEAD /healthz", 200},
        {"GET /readyz", 200},
        {"POST /healthz", 405},
        {"DELETE /readyz", 405},
        {"GET /healthz?x=1", 400},
        {"GET /healthz/", 404},
        {"GET /metrics", 404},
        {"GET /", 404},
        {"GET /v2/organisations", 404},
        {"GET /v1", 401},
        {"GET /v1/organisations", 401},
        {"BREW /v1/organisations", 401},
        {"GET /V1/organisations", 404},
    };
    harness_t *harness = *state;
    harness_reply_t reply;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char request[256];
        snprintf(request, sizeof(request), "%s HTTP/1.1\r\nHost: h\r\n\r\n", cases[i].line);
        print_message("%s\n", cases[i].line);
        harness_exchange(harness, request, &reply);
        assert_int_equal(reply.status, cases[i].status);
        assert_string_equal(harness_header(&reply, "X-Content-Type-Options"), "nosniff");
        assert_string_equal(harness_header(&reply, "Cache-Control"), "no-store");
        assert_true(id_valid(harness_header(&reply, "X-Request-Id")));
        if (cases[i].status == 200 && cases[i].line[0] == 'G')
            assert_string_equal(reply.body, "{\"status\":\"ok\"}");
        if (cases[i].status == 405)
            assert_string_equal(harness_header(&reply, "Allow"), "GET, HEAD");
    }
    harness->unready = true;
    harness_exchange(harness, "GET /readyz HTTP/1.1\r\nHost: h\r\n\r\n", &reply);
    assert_int_equal(reply.status, 503);
    assert_string_equal(harness_header(&reply, "Retry-After"), "1");
    assert_true(harness_says(&reply, "registry does not answer"));
    harness_exchange(harness, "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n", &reply);
    assert_int_equal(reply.status, 200);
}

// Takes the request id out, which is all that may differ.
static void without_id(harness_reply_t *reply)
{
    char id[ID_SIZE];
    snprintf(id, sizeof(id), "%s", harness_header(reply, "X-Request-Id"));
    char *parts[] = {reply->head, reply->body};
    for (int i = 0; i < 2; i++) {
        for (char *at = strstr(parts[i], id); at != NULL; at = strstr(at, id))
            memset(at, 'x', ID_SIZE - 1);
    }
    char *date = strstr(reply->head, "Date: ");
    assert_non_null(date);
    memset(date, 'x', strcspn(date, "\r"));
}

static void all_refusals_are_alike(void **state)
{
    const harness_t *harness = *state;
    static harness_reply_t first, reply;
    char *good = harness_token(harness, WRITER), *expired = issuer_token(&harness->issuer, ISSUER_RSA, WRITER, 1000000000),
         *long_one = malloc(12000);
    char *none = strdup(good);
    strrchr(none, '.')[1] = '\0';
    memset(long_one, 'a', 11999);
    long_one[11999] = '\0';
    const char *const cases[] = {"Bearer ", "Bearer x", "Bearer a.b.c", "Basic YTpi", "", "Bearer  two", expired, none, good, long_one};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *request;
        // From the expired one on these are bare tokens; the good one lacks its scheme.
        bool bare = cases[i] == expired || cases[i] == none || cases[i] == long_one;
        assert_true(asprintf(&request, "GET /v1/organisations HTTP/1.1\r\nHost: h\r\nAuthorization: %s%s\r\n\r\n", bare ? "Bearer " : "",
                             cases[i]) > 0);
        harness_exchange(harness, request, &reply);
        assert_int_equal(reply.status, 401);
        assert_string_equal(harness_header(&reply, "WWW-Authenticate"), "Bearer");
        without_id(&reply);
        if (i == 0)
            first = reply;
        assert_string_equal(reply.head, first.head);
        assert_string_equal(reply.body, first.body);
        free(request);
    }
    free(good);
    free(expired);
    free(none);
    free(long_one);
    assert_int_equal(harness->seen.calls, 0);
}

static void routes_and_scopes(void **state)
{
    static const struct {
        const char *role, *line;
        int status;
    } cases[] = {
        {READER, "GET /v1/organisations", 200},
        {READER, "HEAD /v1/organisations", 200},
        {READER, "GET /v1/organisations/C82001", 200},
        {READER, "GET /v1/nothing", 404},
        {READER, "GET /v1/organisations/", 404},
        {READER, "GET /v1/organisations/C82001/", 404},
        {READER, "GET /v1/organisations/C82001:accept", 404},
        {READER, "DELETE /v1/organisations/C82001", 405},
        {READER, "PUT /v1/organisations", 405},
        {READER, "BREW /v1/organisations", 405},
        {READER, "POST /v1/organisations", 403},
        {READER, "GET /v1/checks", 403},
        {"nobody", "GET /v1/organisations", 403},
        {READER, "GET /v1/events/registry", 200},
        {READER, "GET /v1/events/finances", 404},
        {READER, "GET /v1/events/events", 404},
        {"link-worker", "GET /v1/events/registry", 403},
    };
    const harness_t *harness = *state;
    harness_reply_t reply;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        print_message("%s %s\n", cases[i].role, cases[i].line);
        harness_call(harness, cases[i].role, cases[i].line, "", "", &reply);
        assert_int_equal(reply.status, cases[i].status);
        if (cases[i].status >= 400 && strncmp(cases[i].line, "HEAD", 4) != 0)
            assert_string_equal(harness_header(&reply, "Content-Type"), "application/problem+json");
    }
    harness_call(harness, READER, "PUT /v1/organisations", "", "", &reply);
    assert_string_equal(harness_header(&reply, "Allow"), "GET, HEAD, POST");
    harness_call(harness, READER, "DELETE /v1/organisations/C82001", "", "", &reply);
    assert_string_equal(harness_header(&reply, "Allow"), "GET, HEAD, PATCH");
}

#define PATIENT "0198c0de-0000-7000-8000-000000000000"

// Who lacks the scope for what must be accounted for is refused by the service, whose trail tells of it; and is told no more than
// elsewhere.
static void who_lacks_a_scope_is_accounted_for(void **state)
{
    harness_t *harness = *state;
    harness_reply_t reply, plain;
    harness_call(harness, READER, "GET /v1/checks", "", "", &plain);
    assert_int_equal(harness->seen.calls, 0);
    // The stand-in answers it: even then nothing of it gets out.
    harness_call(harness, READER, "GET /v1/patients/" PATIENT, "", "", &reply);
    assert_int_equal(reply.status, 403);
    assert_int_equal(harness->seen.calls, 1);
    assert_string_equal(harness->seen.method, "pcn.referral.v1.Referral/GetPatient");
    assert_null(harness_header(&reply, "ETag"));
    without_id(&reply);
    without_id(&plain);
    assert_string_equal(reply.body, plain.body);
    harness_call(harness, READER, "POST /v1/patients:find", "Content-Type: application/json\r\n", "{\"nhsNumber\":\"9996000028\"}", &reply);
    assert_int_equal(reply.status, 403);
    assert_string_equal(harness->seen.method, "pcn.referral.v1.Referral/FindPatients");
    harness_call(harness, READER, "POST /v1/patients/" PATIENT ":recordDeath", "Content-Type: application/json\r\n",
                 "{\"on\":\"2026-11-25\"}", &reply);
    assert_int_equal(reply.status, 403);
    assert_int_equal(harness->seen.calls, 3);
    // What cannot be read is about nobody, and what is wrong with it is not told.
    static const char *const lines[] = {"GET /v1/patients/nobody", ("GET /v1/patients/" PATIENT "?unknown=1"), "POST /v1/patients:find",
                                        ("PATCH /v1/patients/" PATIENT)};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        harness_call(harness, READER, lines[i], "", "", &reply);
        assert_int_equal(reply.status, 403);
        without_id(&reply);
        assert_string_equal(reply.body, plain.body);
    }
    assert_int_equal(harness->seen.calls, 3);
    // A refusal that no trail can tell of is none yet.
    harness->absent = true;
    harness_call(harness, READER, "GET /v1/patients/" PATIENT, "", "", &reply);
    assert_int_equal(reply.status, 503);
    harness->absent = false;
}

static void media_types(void **state)
{
    static const char body[] = "{\"code\":\"a-code\",\"name\":\"N\",\"kind\":\"local-system\"}";
    static const struct {
        const char *line, *headers, *body;
        int status;
    } cases[] = {
        {"POST /v1/organisations", "Content-Type: application/json\r\n", body, 201},
        {"POST /v1/organisations", "", body, 415},
        {"POST /v1/organisations", "Content-Type: text/plain\r\n", body, 415},
        {"POST /v1/organisations", "Content-Type: application/merge-patch+json\r\n", body, 415},
        {"POST /v1/organisations", "Content-Type: application/json\r\nContent-Encoding: gzip\r\n", body, 415},
        {"POST /v1/organisations", "Content-Type: application/json\r\nContent-Encoding: identity\r\n", body, 201},
        {"POST /v1/organisations", "Content-Type: application/json\r\nContent-Type: application/json\r\n", body, 415},
        {"POST /v1/organisations", "Content-Type: application/json\r\n", "", 400},
        {"GET /v1/organisations", "Content-Type: application/json\r\n", "{}", 400},
        {"GET /v1/organisations", "Accept: text/html\r\n", "", 406},
        {"GET /v1/organisations", "Accept: text/html, */*;q=0.1\r\n", "", 200},
    };
    const harness_t *harness = *state;
    harness_reply_t reply;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        print_message("%s %s\n", cases[i].line, cases[i].headers);
        harness_call(harness, WRITER, cases[i].line, cases[i].headers, cases[i].body, &reply);
        assert_int_equal(reply.status, cases[i].status);
    }
}

static void request_ids(void **state)
{
    const harness_t *harness = *state;
    harness_reply_t reply;
    harness_call(harness, READER, "GET /v1/organisations/C82001", "X-Request-Id: 018f0000-0000-7000-8000-00000000abcd\r\n", "", &reply);
    assert_string_equal(harness_header(&reply, "X-Request-Id"), "018f0000-0000-7000-8000-00000000abcd");
    assert_string_equal(harness->seen.request_id, "018f0000-0000-7000-8000-00000000abcd");
    harness_call(harness, READER, "GET /v1/organisations/C82001", "X-Request-Id: not one\r\n", "", &reply);
    assert_true(id_valid(harness_header(&reply, "X-Request-Id")));
    assert_string_equal(harness->seen.request_id, harness_header(&reply, "X-Request-Id"));
    harness_call(harness, READER, "GET /v1/nothing", "X-Request-Id: 018f0000-0000-7000-8000-00000000abcd\r\n", "", &reply);
    assert_true(harness_says(&reply, "\"requestId\":\"018f0000-0000-7000-8000-00000000abcd\""));
}

// With room for one request in flight the second is refused at once, and the first still gets its answer.
static void too_many(void **state)
{
    harness_t *harness = *state;
    harness_reply_t reply;
    char *token = harness_token(harness, READER), *request;
    assert_true(asprintf(&request, "GET /v1/organisations/slow HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %s\r\n\r\n", token) > 0);
    int slow = harness_connect(harness);
    harness_send_text(slow, request);
    // Only once it waits is the next refused; until then the next may be served.
    do
        harness_call(harness, READER, "GET /v1/organisations/C82001", "", "", &reply);
    while (reply.status == 200);
    assert_int_equal(reply.status, 503);
    assert_string_equal(harness_header(&reply, "Retry-After"), "1");
    assert_true(harness_says(&reply, "\"retryAfterSeconds\":1"));
    harness_release(harness);
    harness_receive(slow, false, &reply);
    assert_int_equal(reply.status, 404);
    harness_call(harness, READER, "GET /v1/organisations/C82001", "", "", &reply);
    assert_int_equal(reply.status, 200);
    close(slow);
    free(request);
    free(token);
}

static void service_not_there(void **state)
{
    harness_t *harness = *state;
    harness_reply_t reply;
    harness->absent = true;
    harness_call(harness, READER, "GET /v1/organisations/C82001", "", "", &reply);
    assert_int_equal(reply.status, 503);
    assert_non_null(harness_header(&reply, "Retry-After"));
    harness->absent = false;
    harness_call(harness, READER, "GET /v1/organisations/C82001", "", "", &reply);
    assert_int_equal(reply.status, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(own_paths, start, stop),
        cmocka_unit_test_setup_teardown(all_refusals_are_alike, start, stop),
        cmocka_unit_test_setup_teardown(routes_and_scopes, start, stop),
        cmocka_unit_test_setup_teardown(who_lacks_a_scope_is_accounted_for, start, stop),
        cmocka_unit_test_setup_teardown(media_types, start, stop),
        cmocka_unit_test_setup_teardown(request_ids, start, stop),
        cmocka_unit_test_setup_teardown(too_many, start, stop),
        cmocka_unit_test_setup_teardown(service_not_there, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
