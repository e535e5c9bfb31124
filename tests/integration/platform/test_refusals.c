// Bad input of every kind, through the edge: the right status, the field named, nothing written.
#include "tests/integration/platform/rig.h"

#define DEEP "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}}}}}}}}}}"

static void test_bodies(void **state)
{
    const rig_t *rig = *state;
    static const struct {
        const char *body;
        long status;
        const char *field;
    } cases[] = {
        {"{\"code\":\"bad\"", 400, NULL},                                                             // broken
        {"", 400, NULL},                                                                             // missing
        {"[]", 400, NULL},                                                                           // no object
        {DEEP, 400, NULL},                                                                           // deep
        {"{\"code\":\"bad\",\"code\":\"worse\"}", 400, "code"},                                      // doubled
        {"{\"code\":\"bad\",\"name\":\"\xff\",\"kind\":\"trust\"}", 400, "name"},                    // not UTF-8
        {"{\"code\":\"bad\",\"name\":5,\"kind\":\"trust\"}", 400, "name"},                           // wrong type
        {"{\"code\":\"bad\",\"name\":\"n\",\"kind\":\"trust\",\"colour\":1}", 400, "colour"},        // unknown key
        {"{\"code\":\"bad\",\"name\":\"n\",\"kind\":\"castle\"}", 400, "kind"},                      // unknown enum value
        {"{\"code\":\"bad\",\"kind\":\"trust\"}", 400, "name"},                                      // required
        {"{\"code\":\"Bad One\",\"name\":\"n\",\"kind\":\"trust\"}", 400, "code"},                   // format
        {"{\"code\":\"bad\",\"name\":\"a\\nb\",\"kind\":\"trust\"}", 400, "name"},                   // more than a line
        {"{\"code\":\"bad\",\"name\":\"n\",\"kind\":\"trust\",\"statedPopulation\":-1}", 400, "statedPopulation"},   // range
        {"{\"code\":\"bad\",\"name\":\"n\",\"kind\":\"trust\",\"statedPopulation\":1.5}", 400, "statedPopulation"},  // fraction
        {"{\"code\":\"bad\",\"name\":\"n\",\"kind\":\"trust\",\"statedPopulation\":99999999999999999999}", 400, "statedPopulation"},
        {"{\"code\":\"bad\",\"name\":\"n\",\"kind\":\"trust\",\"openedOn\":\"2019-02-30\"}", 400, "openedOn"},       // no such day
        {"{\"code\":\"bad\",\"name\":\"n\",\"kind\":\"trust\",\"version\":7}", 400, "version"},                      // not the caller's
        {"{\"code\":\"bad\",\"name\":\"n\",\"kind\":\"trust\",\"identifiers\":[{\"system\":\"x\",\"value\":\"1\"},{\"system\":\"x\"}]}", 400,
         "identifiers[1].value"},
        {"{\"code\":\"bad\",\"name\":null,\"kind\":\"trust\"}", 400, "name"},
        {"{\"code\":\"bad\",\"name\":\"n\",\"kind\":\"trust\",\"parent\":\"nobody\"}", 422, "parent"},
        {"{\"code\":\"bad\",\"name\":\"n\",\"kind\":\"trust\",\"openedOn\":\"2020-01-01\",\"closedOn\":\"2019-01-01\"}", 400, "closedOn"},
    };
    const json_int_t before = rig_log_mark(rig);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        http_answer_t answer = rig_ask(rig, rig->manager, "POST", "/v1/organisations", cases[i].body, NULL, NULL);
        if (answer.status != cases[i].status)
            fail_msg("%s: %ld %s", cases[i].body, answer.status, answer.body);
        rig_assert_problem(answer, cases[i].status, cases[i].field);
    }
    assert_int_equal(rig_log_mark(rig), before + 1);
    rig_assert_problem(rig_ask(rig, rig->manager, "GET", "/v1/organisations/bad", NULL, NULL, NULL), 404, NULL);
}

static void test_targets(void **state)
{
    const rig_t *rig = *state;
    static const struct {
        const char *method, *path;
        long status;
        const char *field;
    } cases[] = {
        {"GET", "/v1/organisations?colour=red", 400, "colour"},
        {"GET", "/v1/organisations?kind=castle", 400, "kind"},
        {"GET", "/v1/organisations?pageSize=0", 400, "pageSize"},
        {"GET", "/v1/organisations?pageSize=1001", 400, "pageSize"},
        {"GET", "/v1/organisations?pageSize=many", 400, "pageSize"},
        {"GET", "/v1/organisations?pageToken=invented", 400, "pageToken"},
        {"GET", "/v1/organisations?kind=ccg&kind=ics", 400, "kind"},
        {"GET", "/v1/networks/pcn-rutland?asOf=yesterday", 400, "asOf"},
        {"GET", "/v1/organisations/Not%20A%20Code", 400, "code"},
        {"GET", "/v1/organisations/nobody", 404, NULL},
        {"GET", "/v1/nothing", 404, NULL},
        {"DELETE", "/v1/organisations/pcn-rutland", 405, NULL},
        {"GET", "/v1/events/nothing", 404, NULL},
        {"GET", "/v1/events/registry?limit=1001", 400, "limit"},
        {"GET", "/v1/events/registry?after=-1", 400, "after"},
        {"GET", "/v1/events/registry?after=999999", 410, "after"},
        {"GET", "/v1/events/registry?epoch=another", 410, "epoch"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        http_answer_t answer = rig_ask(rig, rig->manager, cases[i].method, cases[i].path, NULL, NULL, NULL);
        if (answer.status != cases[i].status)
            fail_msg("%s %s: %ld %s", cases[i].method, cases[i].path, answer.status, answer.body);
        rig_assert_problem(answer, cases[i].status, cases[i].field);
    }
}

static void test_large_body(void **state)
{
    const rig_t *rig = *state;
    const size_t size = 300 * 1024;
    char *body = malloc(size + 1);
    assert_non_null(body);
    memset(body, ' ', size);
    body[size] = '\0';
    rig_assert_problem(rig_ask(rig, rig->manager, "POST", "/v1/organisations", body, NULL, NULL), 413, NULL);
    free(body);
}

static void test_media_types(void **state)
{
    const rig_t *rig = *state;
    http_answer_t answer;
    const char *const form[] = {"Content-Type: application/x-www-form-urlencoded", NULL};
    http_call_t call = {.method = "POST", .url = rig->platform.url, .path = "/v1/organisations", .token = rig->manager, .body = "code=bad",
                        .headers = form};
    assert_true(http_send(&call, &answer));
    rig_assert_problem(answer, 415, NULL);
    const char *const xml[] = {"Accept: application/xml", NULL};
    call = (http_call_t){.url = rig->platform.url, .path = "/v1/organisations", .token = rig->manager, .headers = xml};
    assert_true(http_send(&call, &answer));
    rig_assert_problem(answer, 406, NULL);
}

// Whatever is wrong with a token, the answer is the same but for the request's id.
static void test_tokens(void **state)
{
    const rig_t *rig = *state;
    char flipped[4096], truncated[4096];
    snprintf(flipped, sizeof flipped, "%s", rig->manager);
    char *signature = strrchr(flipped, '.') + 5;
    *signature = *signature == 'A' ? 'B' : 'A';
    snprintf(truncated, sizeof truncated, "%.*s", (int)(strlen(rig->manager) - 10), rig->manager);
    const char *const tokens[] = {NULL, "x", "a.b.c", flipped, truncated, "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0."};
    char *first = NULL;
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        http_answer_t answer = rig_ask(rig, tokens[i], "GET", "/v1/organisations/pcn-rutland", NULL, NULL, NULL);
        assert_int_equal(answer.status, 401);
        assert_int_equal(json_object_del(answer.json, "requestId"), 0);
        char *text = json_dumps(answer.json, JSON_SORT_KEYS);
        if (first == NULL)
            first = text;
        else {
            assert_string_equal(text, first);
            free(text);
        }
        http_answer_clear(&answer);
    }
    free(first);
}

// One log line stays one, whatever is sent, and no token shows in it.
static void test_logs_keep_quiet(void **state)
{
    const rig_t *rig = *state;
    char command[256];
    snprintf(command, sizeof command, "logs gateway");
    char *output = NULL;
    assert_int_equal(platform_command(&rig->platform, command, &output), 0);
    assert_non_null(output);
    assert_null(strstr(output, rig->manager));
    free(output);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bodies), cmocka_unit_test(test_targets), cmocka_unit_test(test_large_body),
        cmocka_unit_test(test_media_types), cmocka_unit_test(test_tokens), cmocka_unit_test(test_logs_keep_quiet),
    };
    return cmocka_run_group_tests(tests, rig_start, rig_stop);
}
