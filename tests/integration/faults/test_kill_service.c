// Case 1: the registry is killed at random places around COMMIT, under load. Nothing that was acknowledged is lost, and what was repeated
// under its key took effect once.
#include "tests/integration/faults/stage.h"

enum { CLIENTS = 24, KILLS = 24, PASSES_MOST = 400, KILL_MS = 120000, ANSWERS_BETWEEN = 20, BACK_MS = 120000 };

// A place to die at, in turn: each of the steps of a change, and any of them.
static const killer_point_t points[] = {KILLER_ANY,     KILLER_DB_RESULT,    KILLER_RPC_REPLY, KILLER_DB_FLUSHED,
                                        KILLER_DB_SENT, KILLER_RPC_RECEIVED, KILLER_PUBLISH,   KILLER_DB_RESULT};

static void test_killed_between_two_steps(void **state)
{
    stage_t *stage = *state;
    killer_t killer;
    mix_registry_t world;
    mix_registry_init(&world, "service", 0);
    assert_true(killer_install(&killer, &stage->platform, "registry"));
    stage_await_ready(stage);
    stage_baseline(stage);
    load_t *load = stage_load(stage, &world, mix_registry_all, CLIENTS, 0, NULL);
    for (unsigned i = 0; i < KILLS; i++) {
        const killer_point_t point = points[i % (sizeof points / sizeof points[0])];
        const int64_t pass = 1 + (int64_t)load_draw(&stage->random, PASSES_MOST);
        const size_t acknowledged = load_count(load).acknowledged;
        killer_arm(&killer, point, pass);
        if (!killer_await(&killer, i + 1, KILL_MS))
            fail_msg("pass %lld of %s was not reached", (long long)pass, killer_point_name(point));
        stage_kill(stage, "registry", 0);
        // It is back, and answers.
        if (!load_await(load, acknowledged + ANSWERS_BETWEEN, BACK_MS))
            fail_msg("nothing is acknowledged after kill %u (%s, pass %lld)", i + 1, killer_point_name(point), (long long)pass);
    }
    stage_load_stop(&load, "registry killed between two steps");
    stage_check(stage, "registry killed between two steps");
    killer_close(&killer);
    mix_registry_clear(&world);
}

// From outside, in step with nothing.
static void test_killed_from_outside(void **state)
{
    stage_t *stage = *state;
    mix_registry_t world;
    mix_registry_init(&world, "outside", 0);
    load_t *load = stage_load(stage, &world, mix_registry_all, CLIENTS, 0, NULL);
    for (unsigned i = 0; i < KILLS / 4; i++) {
        const size_t more = 1 + (size_t)load_draw(&stage->random, PASSES_MOST);
        assert_true(load_await(load, load_count(load).acknowledged + more, BACK_MS));
        stage_kill(stage, "registry", SIGKILL);
    }
    stage_load_stop(&load, "registry killed from outside");
    stage_check(stage, "registry killed from outside");
    mix_registry_clear(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_killed_between_two_steps), cmocka_unit_test(test_killed_from_outside)};
    return cmocka_run_group_tests(tests, stage_start, stage_stop);
}
