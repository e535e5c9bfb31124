#include "tests/integration/platform/rig.h"

#include "common/base/clock.h"

#define SHOWS_WITHIN_US 60000000
#define MARK_WITHIN_US 60000000

int rig_start(void **state)
{
    rig_t *rig = calloc(1, sizeof *rig);
    *state = rig;
    if (rig == NULL || !platform_start(&rig->platform))
        return -1;
    rig->manager = platform_token(&rig->platform, "system-manager", "ics-llr");
    return rig->manager != NULL ? 0 : -1;
}

int rig_stop(void **state)
{
    rig_t *rig = *state;
    platform_stop(&rig->platform);
    free(rig->manager);
    free(rig);
    return 0;
}

http_answer_t rig_ask(const rig_t *rig, const char *token, const char *method, const char *path, const char *body, const char *key,
                      const char *match)
{
    char key_header[256], match_header[64];
    const char *headers[3] = {NULL};
    size_t count = 0;
    if (key != NULL) {
        snprintf(key_header, sizeof key_header, "Idempotency-Key: %s", key);
        headers[count++] = key_header;
    }
    if (match != NULL) {
        snprintf(match_header, sizeof match_header, "If-Match: %s", match);
        headers[count++] = match_header;
    }
    http_answer_t answer;
    const http_call_t call = {.method = method, .url = rig->platform.url, .path = path, .token = token, .body = body, .headers = headers};
    assert_true(http_send(&call, &answer));
    return answer;
}

http_answer_t rig_get(const rig_t *rig, const char *path)
{
    http_answer_t answer = rig_ask(rig, rig->manager, "GET", path, NULL, NULL, NULL);
    if (answer.status != 200)
        fail_msg("GET %s: %ld %s", path, answer.status, answer.body);
    assert_non_null(answer.json);
    return answer;
}

json_int_t rig_number(const http_answer_t *answer, const char *path)
{
    char part[128];
    const json_t *at = answer->json;
    for (const char *from = path; from != NULL && at != NULL;) {
        const char *dot = strchr(from, '.');
        snprintf(part, sizeof part, "%.*s", dot != NULL ? (int)(dot - from) : (int)strlen(from), from);
        at = json_object_get(at, part);
        from = dot != NULL ? dot + 1 : NULL;
    }
    if (!json_is_integer(at))
        fail_msg("no number %s in %s", path, answer->body);
    return json_integer_value(at);
}

void rig_assert_problem(http_answer_t answer, long status, const char *field)
{
    char type[64] = "";
    if (answer.status != status)
        fail_msg("%ld instead of %ld: %s", answer.status, status, answer.body);
    assert_true(http_header(&answer, "Content-Type", type, sizeof type));
    assert_string_equal(type, "application/problem+json");
    assert_int_equal(rig_number(&answer, "status"), status);
    assert_non_null(http_text(&answer, "title"));
    assert_non_null(http_text(&answer, "requestId"));
    if (field != NULL) {
        const char *named = http_text(&answer, "field");
        if (named == NULL || strcmp(named, field) != 0)
            fail_msg("field %s is not named in %s", field, answer.body);
    }
    http_answer_clear(&answer);
}

json_t *rig_events_after(const rig_t *rig, json_int_t after)
{
    json_t *all = json_array();
    for (json_int_t next = after, max = INT64_MAX; next < max;) {
        char path[96];
        snprintf(path, sizeof path, "/v1/events/registry?after=%lld&limit=1000", (long long)next);
        http_answer_t page = rig_get(rig, path);
        size_t i;
        json_t *event;
        json_array_foreach(json_object_get(page.json, "events"), i, event)
        {
            assert_int_equal(json_integer_value(json_object_get(event, "sequence")), ++next);
            json_array_append(all, event);
        }
        assert_int_equal(rig_number(&page, "next"), next);
        max = rig_number(&page, "max");
        http_answer_clear(&page);
    }
    return all;
}

size_t rig_events_about(const json_t *events, const char *subject)
{
    size_t i, count = 0;
    const json_t *event;
    json_array_foreach(events, i, event)
    {
        count += strcmp(json_string_value(json_object_get(event, "subject")), subject) == 0;
    }
    return count;
}

static json_int_t log_end(const rig_t *rig)
{
    http_answer_t page = rig_get(rig, "/v1/events/registry?limit=1");
    const json_int_t max = rig_number(&page, "max");
    http_answer_clear(&page);
    return max;
}

void rig_await_log(const rig_t *rig, json_int_t place)
{
    const int64_t until = clock_steady_us() + SHOWS_WITHIN_US;
    while (log_end(rig) < place) {
        if (clock_steady_us() > until)
            fail_msg("the log does not reach %lld in time", (long long)place);
    }
}

json_int_t rig_log_mark(const rig_t *rig)
{
    char body[128], subject[64];
    const json_int_t end = log_end(rig);
    const int64_t until = clock_steady_us() + MARK_WITHIN_US;
    snprintf(subject, sizeof subject, "organisations/mark-%lld", (long long)end);
    snprintf(body, sizeof body, "{\"code\":\"mark-%lld\",\"name\":\"Mark\",\"kind\":\"voluntary\",\"parent\":\"ics-llr\"}", (long long)end);
    http_answer_t made = rig_ask(rig, rig->manager, "POST", "/v1/organisations", body, subject, NULL);
    assert_int_equal(made.status, 201);
    http_answer_clear(&made);
    json_int_t place = 0;
    while (place == 0) {
        size_t i;
        const json_t *event;
        json_t *events = rig_events_after(rig, end);
        json_array_foreach(events, i, event)
        {
            if (strcmp(json_string_value(json_object_get(event, "subject")), subject) == 0)
                place = json_integer_value(json_object_get(event, "sequence"));
        }
        json_decref(events);
        if (place == 0 && clock_steady_us() > until)
            fail_msg("%s does not come into the log in time", subject);
    }
    return place;
}
