// Changing something through the platform: keys, versions, events, reach, and what many callers at once may not break.
#include <pthread.h>

#include "tests/integration/platform/rig.h"

#define BODY(code, name) "{\"code\":\"" code "\",\"name\":\"" name "\",\"kind\":\"federation\",\"parent\":\"ics-llr\"}"

static void test_create_is_replayed_by_its_key(void **state)
{
    const rig_t *rig = *state;
    const json_int_t before = rig_log_mark(rig);
    http_answer_t first = rig_ask(rig, rig->manager, "POST", "/v1/organisations", BODY("fed-a", "A"), "key-a", NULL);
    http_answer_t again = rig_ask(rig, rig->manager, "POST", "/v1/organisations", BODY("fed-a", "A"), "key-a", NULL);
    char value[64] = "";
    assert_int_equal(first.status, 201);
    assert_false(http_header(&first, "Idempotent-Replayed", value, sizeof value));
    assert_true(http_header(&first, "Location", value, sizeof value));
    assert_string_equal(value, "/v1/organisations/fed-a");
    assert_true(http_header(&first, "ETag", value, sizeof value));
    assert_string_equal(value, "\"1\"");
    assert_int_equal(again.status, 201);
    assert_true(http_header(&again, "Idempotent-Replayed", value, sizeof value));
    assert_string_equal(value, "true");
    assert_true(http_header(&again, "ETag", value, sizeof value));
    assert_string_equal(value, "\"1\"");
    assert_string_equal(first.body, again.body);
    http_answer_clear(&first);
    http_answer_clear(&again);
    rig_assert_problem(rig_ask(rig, rig->manager, "POST", "/v1/organisations", BODY("fed-a", "B"), "key-a", NULL), 422, "Idempotency-Key");
    rig_assert_problem(rig_ask(rig, rig->manager, "POST", "/v1/organisations", BODY("fed-a", "A"), "key-b", NULL), 409, "code");
    rig_await_log(rig, before + 1);
    json_t *events = rig_events_after(rig, before);
    assert_int_equal(json_array_size(events), 1);
    const json_t *event = json_array_get(events, 0);
    assert_string_equal(json_string_value(json_object_get(event, "type")), "pcn.registry.organisation.created");
    assert_string_equal(json_string_value(json_object_get(event, "subject")), "organisations/fed-a");
    assert_string_equal(json_string_value(json_object_get(event, "specversion")), "1.0");
    assert_int_equal(json_integer_value(json_object_get(json_object_get(event, "data"), "version")), 1);
    json_decref(events);
}

// A refused change leaves no record: the same key serves the corrected request.
static void test_refusal_keeps_no_record(void **state)
{
    const rig_t *rig = *state;
    const char *wrong = "{\"code\":\"fed-r\",\"name\":\"R\",\"kind\":\"federation\",\"parent\":\"nobody\"}";
    rig_assert_problem(rig_ask(rig, rig->manager, "POST", "/v1/organisations", wrong, "key-r", NULL), 422, "parent");
    http_answer_t right = rig_ask(rig, rig->manager, "POST", "/v1/organisations", BODY("fed-r", "R"), "key-r", NULL);
    assert_int_equal(right.status, 201);
    http_answer_clear(&right);
}

static void test_versions(void **state)
{
    const rig_t *rig = *state;
    http_answer_t made = rig_ask(rig, rig->manager, "POST", "/v1/organisations", BODY("fed-v", "V"), NULL, NULL);
    assert_int_equal(made.status, 201);
    http_answer_clear(&made);
    const char *path = "/v1/organisations/fed-v";
    const char *patch = "{\"name\":\"W\",\"notes\":\"changed\"}";
    rig_assert_problem(rig_ask(rig, rig->manager, "PATCH", path, patch, NULL, NULL), 428, "If-Match");
    rig_assert_problem(rig_ask(rig, rig->manager, "PATCH", path, patch, NULL, "\"2\""), 412, NULL);
    http_answer_t changed = rig_ask(rig, rig->manager, "PATCH", path, patch, NULL, "\"1\"");
    assert_int_equal(changed.status, 200);
    assert_int_equal(rig_number(&changed, "version"), 2);
    assert_string_equal(http_text(&changed, "name"), "W");
    assert_string_equal(http_text(&changed, "kind"), "federation");
    http_answer_clear(&changed);
    rig_assert_problem(rig_ask(rig, rig->manager, "PATCH", path, patch, NULL, "\"1\""), 412, NULL);
    // A null takes away; what is not named stays.
    http_answer_t cleared = rig_ask(rig, rig->manager, "PATCH", path, "{\"notes\":null}", NULL, "\"2\"");
    assert_int_equal(cleared.status, 200);
    assert_null(json_object_get(cleared.json, "notes"));
    assert_string_equal(http_text(&cleared, "name"), "W");
    http_answer_clear(&cleared);
    rig_assert_problem(rig_ask(rig, rig->manager, "PATCH", path, "{\"code\":\"other\"}", NULL, "\"3\""), 400, "code");
    rig_assert_problem(rig_ask(rig, rig->manager, "PATCH", path, "{\"name\":null}", NULL, "\"3\""), 400, "name");
}

static void test_membership(void **state)
{
    const rig_t *rig = *state;
    const char *members = "/v1/networks/pcn-rutland/members";
    http_answer_t made = rig_ask(rig, rig->manager, "POST", "/v1/organisations",
                                 "{\"code\":\"gp-elr-new\",\"name\":\"New\",\"kind\":\"practice\",\"parent\":\"pcn-rutland\"}", NULL, NULL);
    assert_int_equal(made.status, 201);
    http_answer_clear(&made);
    rig_assert_problem(rig_ask(rig, rig->manager, "POST", members, "{\"practice\":\"gp-nobody\",\"from\":\"2020-01-01\"}", NULL, NULL), 422,
                       "practice");
    rig_assert_problem(rig_ask(rig, rig->manager, "POST", members, "{\"practice\":\"ccg-elr\",\"from\":\"2020-01-01\"}", NULL, NULL), 422,
                       "practice");
    rig_assert_problem(rig_ask(rig, rig->manager, "POST", members,
                               "{\"practice\":\"gp-elr-new\",\"from\":\"2020-01-01\",\"to\":\"2019-01-01\"}", NULL, NULL),
                       400, "to");
    http_answer_t joined = rig_ask(rig, rig->manager, "POST", members, "{\"practice\":\"gp-elr-new\",\"from\":\"2020-01-01\"}", NULL, NULL);
    if (joined.status != 201)
        fail_msg("%ld %s", joined.status, joined.body);
    http_answer_clear(&joined);
    // In one core network at a time, in this one or another.
    rig_assert_problem(rig_ask(rig, rig->manager, "POST", members, "{\"practice\":\"gp-elr-new\",\"from\":\"2021-01-01\"}", NULL, NULL),
                       409, "practice");
    rig_assert_problem(rig_ask(rig, rig->manager, "POST", "/v1/networks/pcn-fosseway/members",
                               "{\"practice\":\"gp-elr-new\",\"from\":\"2021-01-01\"}", NULL, NULL),
                       409, "practice");
    rig_assert_problem(rig_ask(rig, rig->manager, "GET", "/v1/networks/ccg-elr", NULL, NULL, NULL), 404, NULL);
}

static void test_reach_and_scope(void **state)
{
    const rig_t *rig = *state;
    char *rutland = platform_token(&rig->platform, "network-manager", "pcn-rutland");
    char *practice = platform_token(&rig->platform, "practice-reception", "gp-elr-county");
    assert_non_null(rutland);
    assert_non_null(practice);
    const char *director = "{\"name\":\"Dr Example\",\"from\":\"2024-01-01\"}";
    http_answer_t own = rig_ask(rig, rutland, "POST", "/v1/networks/pcn-rutland/directors", director, NULL, NULL);
    assert_int_equal(own.status, 201);
    http_answer_clear(&own);
    // Another's network answers as if it were not there; a role without the scope is told so.
    rig_assert_problem(rig_ask(rig, rutland, "POST", "/v1/networks/pcn-fosseway/directors", director, NULL, NULL), 404, NULL);
    rig_assert_problem(rig_ask(rig, practice, "POST", "/v1/networks/pcn-rutland/directors", director, NULL, NULL), 403, NULL);
    rig_assert_problem(rig_ask(rig, practice, "GET", "/v1/events/registry", NULL, NULL, NULL), 403, NULL);
    http_answer_t read = rig_ask(rig, practice, "GET", "/v1/networks/pcn-fosseway", NULL, NULL, NULL);
    assert_int_equal(read.status, 200);
    http_answer_clear(&read);
    free(rutland);
    free(practice);
}

// ---- many at once ----

#define CALLERS 20
#define ROUNDS 10

typedef struct caller {
    const rig_t *rig;
    unsigned number;
    bool same_key;
    unsigned created, conflicts, replayed, others;
} caller_t;

static void *call_many(void *argument)
{
    caller_t *caller = argument;
    for (unsigned round = 0; round < ROUNDS; round++) {
        char body[160], key[64], header[96], value[16];
        snprintf(body, sizeof body, "{\"code\":\"fed-race-%d-%u\",\"name\":\"Race\",\"kind\":\"federation\",\"parent\":\"ics-llr\"}",
                 caller->same_key, round);
        snprintf(key, sizeof key, caller->same_key ? "race-%u" : "race-%u-of-%u", round, caller->number);
        snprintf(header, sizeof header, "Idempotency-Key: %s", key);
        const char *const headers[] = {header, NULL};
        http_answer_t answer;
        const http_call_t call = {.method = "POST",
                                  .url = caller->rig->platform.url,
                                  .path = "/v1/organisations",
                                  .token = caller->rig->manager,
                                  .body = body,
                                  .headers = headers};
        if (!http_send(&call, &answer) || (answer.status != 201 && answer.status != 409))
            caller->others++;
        else if (answer.status == 409)
            caller->conflicts++;
        else if (http_header(&answer, "Idempotent-Replayed", value, sizeof value))
            caller->replayed++;
        else
            caller->created++;
        http_answer_clear(&answer);
    }
    return NULL;
}

static caller_t race(const rig_t *rig, bool same_key)
{
    caller_t callers[CALLERS], sum = {0};
    pthread_t threads[CALLERS];
    for (unsigned i = 0; i < CALLERS; i++) {
        callers[i] = (caller_t){.rig = rig, .number = i, .same_key = same_key};
        assert_int_equal(pthread_create(&threads[i], NULL, call_many, &callers[i]), 0);
    }
    for (unsigned i = 0; i < CALLERS; i++) {
        pthread_join(threads[i], NULL);
        sum.created += callers[i].created;
        sum.conflicts += callers[i].conflicts;
        sum.replayed += callers[i].replayed;
        sum.others += callers[i].others;
    }
    return sum;
}

static void test_one_key_one_effect(void **state)
{
    const rig_t *rig = *state;
    const json_int_t before = rig_log_mark(rig);
    const caller_t sum = race(rig, true);
    assert_int_equal(sum.others, 0);
    assert_int_equal(sum.conflicts, 0);
    assert_int_equal(sum.created, ROUNDS);
    assert_int_equal(sum.replayed, ROUNDS * (CALLERS - 1));
    assert_int_equal(rig_log_mark(rig), before + ROUNDS + 1);
}

static void test_one_code_one_winner(void **state)
{
    const rig_t *rig = *state;
    const json_int_t before = rig_log_mark(rig);
    const caller_t sum = race(rig, false);
    assert_int_equal(sum.others, 0);
    assert_int_equal(sum.created, ROUNDS);
    assert_int_equal(sum.conflicts, ROUNDS * (CALLERS - 1));
    assert_int_equal(rig_log_mark(rig), before + ROUNDS + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create_is_replayed_by_its_key),
        cmocka_unit_test(test_refusal_keeps_no_record),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_membership),
        cmocka_unit_test(test_reach_and_scope),
        cmocka_unit_test(test_one_key_one_effect),
        cmocka_unit_test(test_one_code_one_winner),
    };
    return cmocka_run_group_tests(tests, rig_start, rig_stop);
}
