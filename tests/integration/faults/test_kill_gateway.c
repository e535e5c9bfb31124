// Case 3: the gateway dies after the service replied and before the caller has the answer. The repeated request gives the first answer.
#include "tests/integration/faults/stage.h"

enum { CLIENTS = 16, KILLS = 16, PASSES_MOST = 120, KILL_MS = 120000, BACK_MS = 120000, RESTARTS = 6, SINGLE = 4 };

static killer_t killer;

static const killer_point_t points[] = {KILLER_RPC_ANSWERED, KILLER_HTTP_ANSWER};

static void gateway_socket(const stage_t *stage, char path[192])
{
    snprintf(path, 192, "%s/run/gateway.http", stage->platform.state_dir);
}

static void test_install(void **state)
{
    stage_t *stage = *state;
    assert_true(killer_install(&killer, &stage->platform, "gateway"));
    stage_await_ready(stage);
    stage_baseline(stage);
}

// One request, seen from both sides of the fault.
static void test_the_repeat_gives_the_first_answer(void **state)
{
    stage_t *stage = *state;
    char socket[192];
    gateway_socket(stage, socket);
    for (unsigned i = 0; i < SINGLE; i++) {
        char body[160], key[64], value[64];
        const char *const headers[] = {key, NULL};
        const unsigned fired = killer_fired(&killer);
        snprintf(body, sizeof body, "{\"code\":\"single-%u\",\"name\":\"Single\",\"kind\":\"voluntary\",\"parent\":\"ics-llr\"}", i);
        snprintf(key, sizeof key, "Idempotency-Key: single-%u", i);
        // At the gateway's own socket: the edge would ask again by itself.
        const http_call_t call = {.method = "POST",
                                  .url = "http://gateway",
                                  .socket = socket,
                                  .path = "/v1/organisations",
                                  .token = stage->manager,
                                  .body = body,
                                  .headers = headers};
        http_answer_t answer;
        killer_arm(&killer, points[i % 2], 1);
        assert_false(http_send(&call, &answer));
        http_answer_clear(&answer);
        assert_int_equal(killer_fired(&killer), fired + 1);
        stage_kill(stage, "gateway", 0);
        stage_await_ready(stage);
        assert_true(http_send(&call, &answer));
        assert_int_equal(answer.status, 201);
        // It took place the first time: this is the answer that was lost.
        assert_true(http_header(&answer, "Idempotent-Replayed", value, sizeof value));
        assert_true(http_header(&answer, "ETag", value, sizeof value));
        assert_string_equal(value, "\"1\"");
        http_answer_t again;
        assert_true(http_send(&call, &again));
        assert_int_equal(again.status, 201);
        assert_string_equal(again.body, answer.body);
        http_answer_clear(&answer);
        http_answer_clear(&again);
    }
}

static void kill_under_load(stage_t *stage, const char *prefix, const char *socket, const char *what)
{
    mix_registry_t world;
    mix_registry_init(&world, prefix, 0);
    load_t *load = stage_load(stage, &world, mix_registry_all, CLIENTS, 0, socket);
    for (unsigned i = 0; i < KILLS; i++) {
        const size_t acknowledged = load_count(load).acknowledged;
        const unsigned fired = killer_fired(&killer);
        killer_arm(&killer, i % 4 == 3 ? KILLER_ANY : points[i % 2], 1 + (int64_t)load_draw(&stage->random, PASSES_MOST));
        assert_true(killer_await(&killer, fired + 1, KILL_MS));
        stage_kill(stage, "gateway", 0);
        assert_true(load_await(load, acknowledged + CLIENTS, BACK_MS));
    }
    stage_load_stop(&load, what);
    stage_check(stage, what);
    mix_registry_clear(&world);
}

static void test_behind_the_edge(void **state)
{
    kill_under_load(*state, "edge", NULL, "gateway killed behind the edge");
}

static void test_at_its_own_socket(void **state)
{
    stage_t *stage = *state;
    char socket[192];
    gateway_socket(stage, socket);
    kill_under_load(stage, "socket", socket, "gateway killed at its own socket");
}

// A planned restart is nobody's loss: the socket outlives the gateway, and who connects meanwhile waits in it.
static void test_restarted_as_planned(void **state)
{
    stage_t *stage = *state;
    char command[320];
    mix_registry_t world;
    mix_registry_init(&world, "planned", 0);
    snprintf(command, sizeof command, "'%s/bin/pcn-supervisor' restart '%s' gateway", stage->platform.state_dir, stage->platform.state_dir);
    load_t *load = stage_load(stage, &world, mix_registry_all, CLIENTS / 4, 0, NULL);
    for (unsigned i = 0; i < RESTARTS; i++) {
        assert_true(load_await(load, load_count(load).acknowledged + 1 + (size_t)load_draw(&stage->random, 100), BACK_MS));
        assert_int_equal(system(command), 0);
    }
    const load_counts_t counts = stage_load_stop(&load, "gateway restarted as planned");
    assert_int_equal(counts.repeats, 0);
    stage_baseline(stage);
    stage_check(stage, "gateway restarted as planned");
    killer_close(&killer);
    mix_registry_clear(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_install), cmocka_unit_test(test_the_repeat_gives_the_first_answer),
                                       cmocka_unit_test(test_behind_the_edge), cmocka_unit_test(test_at_its_own_socket),
                                       cmocka_unit_test(test_restarted_as_planned)};
    return cmocka_run_group_tests(tests, stage_start, stage_stop);
}
