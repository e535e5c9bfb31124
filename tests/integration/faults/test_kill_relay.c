// Case 2: the relay dies between its commit and its publication. A live subscriber misses nothing, also where nothing is published after
// it.
#include "tests/integration/faults/stage.h"

enum { CLIENTS = 16, KILLS = 12, PASSES_MOST = 150, LAST_KILLS = 4, KILL_MS = 120000, BACK_MS = 120000, FOLLOWS_MS = 120000 };

static killer_t killer;

static void test_before_publication_under_load(void **state)
{
    stage_t *stage = *state;
    mix_registry_t world;
    follower_t follower;
    mix_registry_init(&world, "relay", 0);
    assert_true(killer_install(&killer, &stage->platform, "registry"));
    stage_await_ready(stage);
    stage_baseline(stage);
    assert_true(follower_start(&follower, &stage->platform, "registry", "follower-relay", 0));
    load_t *load = stage_load(stage, &world, mix_registry_all, CLIENTS, 0, NULL);
    for (unsigned i = 0; i < KILLS; i++) {
        const size_t acknowledged = load_count(load).acknowledged;
        killer_arm(&killer, KILLER_PUBLISH, 1 + (int64_t)load_draw(&stage->random, PASSES_MOST));
        assert_true(killer_await(&killer, i + 1, KILL_MS));
        stage_kill(stage, "registry", 0);
        assert_true(load_await(load, acknowledged + 1, BACK_MS));
    }
    stage_load_stop(&load, "relay killed before publication");
    stage_check(stage, "relay killed before publication");
    stage_check_follower(stage, &follower, "relay killed before publication");
    assert_true(follower_stop(&follower));
    mix_registry_clear(&world);
}

// The last event of an idle platform: nothing that is published later shows the gap.
static void test_nothing_is_published_afterwards(void **state)
{
    stage_t *stage = *state;
    follower_t follower;
    const int64_t begin = stage_mark(stage);
    const unsigned fired = killer_fired(&killer);
    assert_true(follower_start(&follower, &stage->platform, "registry", "follower-last", begin));
    for (unsigned i = 0; i < LAST_KILLS; i++) {
        char body[160], key[64];
        const char *const headers[] = {key, NULL};
        snprintf(body, sizeof body, "{\"code\":\"last-%u\",\"name\":\"Last\",\"kind\":\"voluntary\",\"parent\":\"ics-llr\"}", i);
        snprintf(key, sizeof key, "Idempotency-Key: last-%u", i);
        // It is there and live before the fault.
        assert_true(follower_await(&follower, begin + i, FOLLOWS_MS));
        killer_arm(&killer, KILLER_PUBLISH, 1);
        http_answer_t made =
            stage_ask(stage, &(http_call_t){.method = "POST", .path = "/v1/organisations", .body = body, .headers = headers}, 201);
        http_answer_clear(&made);
        assert_true(killer_await(&killer, fired + i + 1, KILL_MS));
        stage_kill(stage, "registry", 0);
        if (!follower_await(&follower, begin + i + 1, FOLLOWS_MS))
            fail_msg("the last event before kill %u does not come", i + 1);
    }
    assert_int_equal(atomic_load(&follower.seen->events), LAST_KILLS);
    assert_int_equal(atomic_load(&follower.seen->gaps) + atomic_load(&follower.seen->doubles), 0);
    assert_true(follower_stop(&follower));
    stage_check(stage, "nothing published afterwards");
    killer_close(&killer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_before_publication_under_load),
                                       cmocka_unit_test(test_nothing_is_published_afterwards)};
    return cmocka_run_group_tests(tests, stage_start, stage_stop);
}
