// Verbs about networks through the platform: their paths, keys, versions, and many callers who want the same practice.
#include <pthread.h>

#include "tests/integration/platform/rig.h"

#define RACERS 8

static void must(http_answer_t answer, long status)
{
    if (answer.status != status)
        fail_msg("%ld instead of %ld: %s", answer.status, status, answer.body);
    http_answer_clear(&answer);
}

static void create(const rig_t *rig, const char *code, const char *kind, const char *parent)
{
    char body[256];
    (void)snprintf(body, sizeof body, "{\"code\":\"%s\",\"name\":\"%s\",\"kind\":\"%s\",\"parent\":\"%s\"}", code, code, kind, parent);
    must(rig_ask(rig, rig->manager, "POST", "/v1/organisations", body, NULL, NULL), 201);
}

static void join(const rig_t *rig, const char *network, const char *practice)
{
    char path[128], body[128];
    (void)snprintf(path, sizeof path, "/v1/networks/%s/members", network);
    (void)snprintf(body, sizeof body, "{\"practice\":\"%s\",\"from\":\"2020-01-01\"}", practice);
    must(rig_ask(rig, rig->manager, "POST", path, body, NULL, NULL), 201);
}

static http_answer_t post(const rig_t *rig, const char *path, const char *body, const char *key, const char *match)
{
    return rig_ask(rig, rig->manager, "POST", path, body, key, match);
}

static void test_a_move_is_replayed(void **state)
{
    const rig_t *rig = *state;
    create(rig, "pcn-v1", "network", "ccg-elr");
    create(rig, "pcn-v2", "network", "ccg-elr");
    create(rig, "gp-v1", "practice", "ccg-elr");
    join(rig, "pcn-v1", "gp-v1");
    const char *const path = "/v1/networks/pcn-v1/members/gp-v1:move", *const body = "{\"network\":\"pcn-v2\",\"on\":\"2021-04-01\"}";
    rig_assert_problem(post(rig, path, "{\"network\":\"pcn-v2\"}", NULL, NULL), 400, "on");
    rig_assert_problem(post(rig, path, body, NULL, "\"77\""), 412, NULL);
    http_answer_t first = post(rig, path, body, "move-1", NULL), again = post(rig, path, body, "move-1", NULL);
    char value[64] = "";
    assert_int_equal(first.status, 200);
    assert_int_equal(again.status, 200);
    assert_true(http_header(&again, "Idempotent-Replayed", value, sizeof value));
    assert_string_equal(first.body, again.body);
    assert_true(http_header(&again, "ETag", value, sizeof value));
    assert_string_equal(value, "\"3\"");
    http_answer_clear(&first);
    http_answer_clear(&again);
    rig_assert_problem(post(rig, path, body, "move-2", NULL), 409, "practice");
    http_answer_t before = rig_get(rig, "/v1/networks/pcn-v2?asOf=2021-03-31"), then = rig_get(rig, "/v1/networks/pcn-v2?asOf=2021-04-01");
    assert_int_equal(json_array_size(json_object_get(before.json, "members")), 0);
    assert_int_equal(json_array_size(json_object_get(then.json, "members")), 1);
    http_answer_clear(&before);
    http_answer_clear(&then);
}

static void test_all_paths(void **state)
{
    const rig_t *rig = *state;
    must(post(rig, "/v1/networks/pcn-v2/members/gp-v1:correct", "{\"from\":\"2021-04-01\",\"newFrom\":\"2021-05-01\"}", NULL, NULL), 200);
    must(post(rig, "/v1/networks/pcn-v2/members/gp-v1:leave", "{\"on\":\"2022-04-01\"}", NULL, NULL), 200);
    must(post(rig, "/v1/networks/pcn-v2/directors", "{\"name\":\"Dr Example\",\"from\":\"2024-01-01\"}", NULL, NULL), 201);
    must(post(rig, "/v1/networks/pcn-v2/directors:correct", "{\"name\":\"Dr Example\",\"from\":\"2024-01-01\",\"never\":true}", NULL, NULL),
         200);
    must(post(rig, "/v1/networks/pcn-v2/waivers", "{\"from\":\"2024-01-01\",\"reason\":\"Rural\"}", NULL, NULL), 201);
    const char *const size = "{\"kind\":\"registered\",\"count\":1,\"asOf\":\"2024-01-01\",\"source\":\"a test\"}";
    must(post(rig, "/v1/organisations/pcn-v2/list-sizes", size, NULL, NULL), 201);
    rig_assert_problem(post(rig, "/v1/organisations/pcn-v2/list-sizes", size, NULL, NULL), 409, "asOf");
    must(post(rig, "/v1/organisations/pcn-v2/list-sizes?correction=true",
              "{\"kind\":\"registered\",\"count\":2,\"asOf\":\"2024-01-01\",\"source\":\"a test\"}", NULL, NULL),
         201);
    must(post(rig, "/v1/organisations/pcn-v2:split",
              "{\"on\":\"2025-04-01\",\"into\":[{\"code\":\"pcn-v3\",\"name\":\"Three\"},{\"code\":\"pcn-v4\",\"name\":\"Four\"}]}", NULL,
              NULL),
         200);
    http_answer_t merged = post(rig, "/v1/organisations/pcn-v3:merge", "{\"into\":\"pcn-v4\",\"on\":\"2026-04-01\"}", NULL, NULL);
    assert_int_equal(merged.status, 200);
    assert_string_equal(http_text(&merged, "status"), "closed");
    http_answer_clear(&merged);
    rig_assert_problem(post(rig, "/v1/organisations/pcn-v3:merge", "{\"into\":\"pcn-v4\",\"on\":\"2026-04-01\"}", NULL, NULL), 409, "code");
}

typedef struct racer {
    const rig_t *rig;
    unsigned number;
    long status;
} racer_t;

static void *race(void *argument)
{
    racer_t *racer = argument;
    char body[128];
    (void)snprintf(body, sizeof body, "{\"network\":\"pcn-r%u\",\"on\":\"2026-01-01\"}", racer->number);
    http_answer_t answer = post(racer->rig, "/v1/networks/pcn-r/members/gp-r:move", body, NULL, NULL);
    racer->status = answer.status;
    http_answer_clear(&answer);
    return NULL;
}

static void test_moves_race(void **state)
{
    const rig_t *rig = *state;
    create(rig, "pcn-r", "network", "ccg-elr");
    create(rig, "gp-r", "practice", "ccg-elr");
    join(rig, "pcn-r", "gp-r");
    racer_t racers[RACERS];
    pthread_t threads[RACERS];
    for (unsigned i = 0; i < RACERS; i++) {
        char code[16];
        (void)snprintf(code, sizeof code, "pcn-r%u", i);
        create(rig, code, "network", "ccg-elr");
        racers[i] = (racer_t){.rig = rig, .number = i};
    }
    const json_int_t before = rig_log_mark(rig);
    for (unsigned i = 0; i < RACERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    unsigned won = 0, winner = 0;
    for (unsigned i = 0; i < RACERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        if (racers[i].status == 200) {
            won++;
            winner = i;
        } else {
            assert_int_equal(racers[i].status, 409);
        }
    }
    assert_int_equal(won, 1);
    for (unsigned i = 0; i < RACERS; i++) {
        char path[64];
        (void)snprintf(path, sizeof path, "/v1/networks/pcn-r%u", i);
        http_answer_t network = rig_get(rig, path);
        assert_int_equal(json_array_size(json_object_get(network.json, "members")), i == winner);
        http_answer_clear(&network);
    }
    http_answer_t practice = rig_get(rig, "/v1/organisations/gp-r?asOf=2025-12-31"), now = rig_get(rig, "/v1/organisations/gp-r");
    char parent[16];
    (void)snprintf(parent, sizeof parent, "pcn-r%u", winner);
    assert_string_equal(http_text(&practice, "parent"), "pcn-r");
    assert_string_equal(http_text(&now, "parent"), parent);
    http_answer_clear(&practice);
    http_answer_clear(&now);
    // One event for each of the three.
    rig_await_log(rig, before + 3);
    json_t *events = rig_events_after(rig, before);
    assert_int_equal(json_array_size(events), 3);
    assert_int_equal(rig_events_about(events, "organisations/gp-r"), 1);
    assert_int_equal(rig_events_about(events, "organisations/pcn-r"), 1);
    json_decref(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_move_is_replayed),
        cmocka_unit_test(test_all_paths),
        cmocka_unit_test(test_moves_race),
    };
    return cmocka_run_group_tests(tests, rig_start, rig_stop);
}
