// Facts by day over HTTP: the day and the kind of a change, reads as of a day, closing, history.
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(changes_have_a_day), cmocka_unit_test(closing_is_a_verb)};
    return cmocka_run_group_tests(tests, rig_start, rig_stop);
}
