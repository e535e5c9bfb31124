// Facts by day over HTTP: the day and the kind of a change, reads as of a day, closing, ends and corrections, history.
#include "tests/integration/platform/rig.h"

static void ask(const rig_t *rig, long status, const char *method, const char *path, const char *body, const char *match,
                http_answer_t *answer)
{
    *answer = rig_ask(rig, rig->manager, method, path, body, NULL, match);
    if (answer->status != status)
        fail_msg("%s %s: %ld %s", method, path, answer->status, answer->body);
}

static void create(const rig_t *rig, const char *code)
{
    char body[160];
    http_answer_t answer;
    (void)snprintf(body, sizeof body, "{\"code\":\"%s\",\"name\":\"Before\",\"kind\":\"federation\",\"parent\":\"ics-llr\"}", code);
    ask(rig, 201, "POST", "/v1/organisations", body, NULL, &answer);
    http_answer_clear(&answer);
}

static void changes_have_a_day(void **state)
{
    const rig_t *rig = *state;
    http_answer_t answer;
    char etag[32] = "";
    create(rig, "fed-days");
    const json_int_t before = rig_log_mark(rig);
    ask(rig, 200, "PATCH", "/v1/organisations/fed-days?effectiveFrom=2400-02-29", "{\"name\":\"After\",\"notes\":null}", "\"1\"", &answer);
    assert_string_equal(http_text(&answer, "name"), "Before");
    assert_string_equal(http_text(&answer, "factsTo"), "2400-02-28");
    const json_t *coming = json_array_get(json_object_get(answer.json, "coming"), 0);
    assert_string_equal(json_string_value(json_object_get(json_object_get(coming, "changes"), "name")), "After");
    assert_true(http_header(&answer, "ETag", etag, sizeof etag));
    assert_string_equal(etag, "\"2\"");
    http_answer_clear(&answer);
    rig_await_log(rig, before + 1);
    json_t *events = rig_events_after(rig, before);
    assert_int_equal(json_array_size(events), 1);
    assert_string_equal(json_string_value(json_object_get(json_array_get(events, 0), "type")), "pcn.registry.organisation.announced");
    json_decref(events);
    ask(rig, 200, "GET", "/v1/organisations/fed-days?asOf=2400-02-29", NULL, NULL, &answer);
    assert_string_equal(http_text(&answer, "name"), "After");
    assert_null(json_object_get(answer.json, "coming"));
    assert_true(http_header(&answer, "ETag", etag, sizeof etag));
    assert_string_equal(etag, "\"2\"");
    http_answer_clear(&answer);
    ask(rig, 200, "GET", "/v1/organisations?parent=ics-llr&kind=federation&asOf=2400-02-28&q=fed-days", NULL, NULL, &answer);
    assert_non_null(strstr(answer.body, "\"Before\""));
    http_answer_clear(&answer);
    // A correction at a day gone by.
    ask(rig, 200, "PATCH", "/v1/organisations/fed-days?effectiveFrom=2020-01-01&correction=true", "{\"name\":\"Always\"}", "\"2\"",
        &answer);
    assert_string_equal(http_text(&answer, "name"), "Always");
    http_answer_clear(&answer);
    ask(rig, 200, "GET", "/v1/organisations/fed-days/history", NULL, NULL, &answer);
    // Today and what is to come, each as it is and as it was thought to be: the wrong name was to be a former one.
    assert_int_equal(json_array_size(json_object_get(answer.json, "entries")), 4);
    http_answer_clear(&answer);
    rig_assert_problem(
        rig_ask(rig, rig->manager, "PATCH", "/v1/organisations/fed-days?effectiveFrom=2020-02-30", "{\"name\":\"X\"}", NULL, "\"3\""), 400,
        "effectiveFrom");
    rig_assert_problem(
        rig_ask(rig, rig->manager, "PATCH", "/v1/organisations/fed-days?correction=perhaps", "{\"name\":\"X\"}", NULL, "\"3\""), 400,
        "correction");
    rig_assert_problem(rig_ask(rig, rig->manager, "GET", "/v1/organisations/fed-days?asOf=yesterday", NULL, NULL, NULL), 400, "asOf");
    rig_assert_problem(rig_ask(rig, rig->manager, "GET", "/v1/organisations/fed-nobody/history", NULL, NULL, NULL), 404, "code");
}

static void closing_is_a_verb(void **state)
{
    const rig_t *rig = *state;
    http_answer_t answer;
    create(rig, "fed-old");
    create(rig, "fed-new");
    const json_int_t before = rig_log_mark(rig);
    ask(rig, 200, "POST", "/v1/organisations/fed-old:close", "{\"on\":\"2025-04-01\",\"successors\":[\"fed-new\"]}", NULL, &answer);
    assert_string_equal(http_text(&answer, "status"), "closed");
    http_answer_clear(&answer);
    rig_await_log(rig, before + 2);
    json_t *events = rig_events_after(rig, before);
    assert_int_equal(rig_events_about(events, "organisations/fed-old"), 1);
    assert_int_equal(rig_events_about(events, "organisations/fed-new"), 1);
    json_decref(events);
    ask(rig, 200, "GET", "/v1/organisations/fed-old?asOf=2025-03-31", NULL, NULL, &answer);
    assert_string_equal(http_text(&answer, "status"), "active");
    assert_null(json_object_get(answer.json, "successors"));
    http_answer_clear(&answer);
    ask(rig, 200, "GET", "/v1/organisations/fed-new", NULL, NULL, &answer);
    assert_non_null(strstr(answer.body, "\"predecessors\":[\"fed-old\"]"));
    http_answer_clear(&answer);
    rig_assert_problem(rig_ask(rig, rig->manager, "POST", "/v1/organisations/fed-old:close", "{\"on\":\"2025-05-01\"}", NULL, NULL), 409,
                       "code");
    rig_assert_problem(rig_ask(rig, rig->manager, "POST", "/v1/organisations/ccg-elr:close", "{\"on\":\"2030-05-01\"}", NULL, NULL), 422,
                       "code");
    rig_assert_problem(rig_ask(rig, rig->manager, "POST", "/v1/organisations/fed-new:close", "{}", NULL, NULL), 400, "on");
    rig_assert_problem(rig_ask(rig, rig->manager, "PATCH", "/v1/organisations/fed-new",
                               "{\"status\":\"closed\",\"closedOn\":\"2025-04-01\"}", NULL, "\"2\""),
                       422, "status");
}

#define PRACTICE "/v1/organisations/gp-elr-empingham"
#define NETWORK "/v1/networks/pcn-rutland"

static json_int_t version_in(const http_answer_t *answer)
{
    char etag[32];
    assert_true(http_header(answer, "ETag", etag, sizeof etag));
    return strtoll(etag + 1, NULL, 10);
}

// Ends and corrections of what stands beside an organisation: paths, versions, keys and fields of refusals.
static void what_stands_beside_ends_and_is_corrected(void **state)
{
    const rig_t *rig = *state;
    http_answer_t answer;
    ask(rig, 201, "POST", PRACTICE "/systems", "{\"system\":\"EMIS Web\",\"from\":\"2020-01-01\"}", NULL, &answer);
    const json_int_t version = version_in(&answer);
    http_answer_clear(&answer);
    rig_assert_problem(rig_ask(rig, rig->manager, "POST", PRACTICE "/systems:end", "{\"on\":\"2021-01-01\"}", NULL, "\"1\""), 412, NULL);
    rig_assert_problem(rig_ask(rig, rig->manager, "POST", PRACTICE "/systems:end", "{}", NULL, NULL), 400, "on");
    for (int repeat = 0; repeat < 2; repeat++) {
        answer = rig_ask(rig, rig->manager, "POST", PRACTICE "/systems:end", "{\"on\":\"2021-01-01\"}", "end-of-emis", NULL);
        assert_int_equal(answer.status, 200);
        assert_non_null(strstr(answer.body, "\"to\":\"2020-12-31\""));
        assert_int_equal(version_in(&answer), version + 1);
        http_answer_clear(&answer);
    }
    rig_assert_problem(rig_ask(rig, rig->manager, "POST", PRACTICE "/systems:end", "{\"on\":\"2021-01-01\"}", NULL, NULL), 409, "on");
    ask(rig, 200, "POST", PRACTICE "/systems:correct", "{\"from\":\"2020-01-01\",\"newSystem\":\"SystmOne\"}", NULL, &answer);
    assert_non_null(strstr(answer.body, "{\"systems\":[{\"practice\":\"gp-elr-empingham\",\"system\":\"SystmOne\""));
    http_answer_clear(&answer);
    ask(rig, 201, "POST", PRACTICE "/facts", "{\"fact\":\"rooms\",\"qualifier\":\"eq\",\"value\":\"3\",\"source\":\"a plan\"}", NULL,
        &answer);
    http_answer_clear(&answer);
    ask(rig, 200, "POST", PRACTICE "/facts:correct", "{\"fact\":\"rooms\",\"qualifier\":\"eq\",\"source\":\"a plan\",\"newValue\":\"4\"}",
        NULL, &answer);
    assert_non_null(strstr(answer.body, "\"value\":\"4\""));
    http_answer_clear(&answer);
    rig_assert_problem(
        rig_ask(rig, rig->manager, "POST", PRACTICE "/alignments:end", "{\"service\":\"team-x\",\"on\":\"2021-01-01\"}", NULL, NULL), 409,
        "service");
    rig_assert_problem(rig_ask(rig, rig->manager, "POST", PRACTICE "/alignments:correct",
                               "{\"service\":\"team-x\",\"from\":\"2021-01-01\",\"never\":true}", NULL, NULL),
                       404, "from");
    ask(rig, 201, "POST", NETWORK "/waivers", "{\"from\":\"2020-01-01\",\"reason\":\"Rural\"}", NULL, &answer);
    http_answer_clear(&answer);
    ask(rig, 200, "POST", NETWORK "/waivers:end", "{\"on\":\"2021-01-01\"}", NULL, &answer);
    assert_string_equal(http_text(&answer, "code"), "pcn-rutland");
    http_answer_clear(&answer);
    ask(rig, 200, "POST", NETWORK "/waivers:correct", "{\"from\":\"2020-01-01\",\"never\":true}", NULL, &answer);
    http_answer_clear(&answer);
}

static void histories_are_read_page_by_page(void **state)
{
    const rig_t *rig = *state;
    http_answer_t answer = rig_get(rig, PRACTICE "/history");
    const size_t whole = json_array_size(json_object_get(answer.json, "entries"));
    assert_true(whole >= 5);
    assert_non_null(strstr(answer.body, "\"network\":\"pcn-rutland\""));
    assert_non_null(strstr(answer.body, "\"supersededAt\""));
    http_answer_clear(&answer);
    char path[700] = PRACTICE "/history?pageSize=2";
    size_t read = 0;
    for (bool more = true; more;) {
        answer = rig_get(rig, path);
        read += json_array_size(json_object_get(answer.json, "entries"));
        more = json_object_get(answer.json, "nextPageToken") != NULL;
        if (more)
            (void)snprintf(path, sizeof path, PRACTICE "/history?pageSize=2&pageToken=%s", http_text(&answer, "nextPageToken"));
        http_answer_clear(&answer);
    }
    assert_int_equal(read, whole);
    rig_assert_problem(rig_ask(rig, rig->manager, "GET", PRACTICE "/history?pageSize=0", NULL, NULL, NULL), 400, "pageSize");
    rig_assert_problem(rig_ask(rig, rig->manager, "GET", PRACTICE "/history?pageToken=x", NULL, NULL, NULL), 400, "pageToken");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(changes_have_a_day), cmocka_unit_test(closing_is_a_verb),
                                       cmocka_unit_test(what_stands_beside_ends_and_is_corrected),
                                       cmocka_unit_test(histories_are_read_page_by_page)};
    return cmocka_run_group_tests(tests, rig_start, rig_stop);
}
