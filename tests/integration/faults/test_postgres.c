// Case 4: PostgreSQL ends at once, told to (immediate) or killed, under load. It is ready again by itself, and nothing acknowledged is
// lost.
#include "tests/integration/faults/stage.h"

enum { CLIENTS = 16, ANSWERS_BETWEEN = 300, BACK_MS = 120000 };

static void end_under_load(stage_t *stage, const char *prefix, int number, unsigned times, const char *what)
{
    mix_registry_t world;
    mix_registry_init(&world, prefix, 0);
    load_t *load = stage_load(stage, &world, mix_registry_all, CLIENTS, 0, NULL);
    for (unsigned i = 0; i < times; i++) {
        const size_t more = 1 + (size_t)load_draw(&stage->random, ANSWERS_BETWEEN);
        assert_true(load_await(load, load_count(load).acknowledged + more, BACK_MS));
        stage_kill(stage, "postgresql", number);
        const size_t acknowledged = load_count(load).acknowledged;
        printf("ready again in %ld ms\n", stage_await_ready(stage));
        assert_true(load_await(load, acknowledged + CLIENTS + 1, BACK_MS));
    }
    stage_load_stop(&load, what);
    stage_check(stage, what);
    mix_registry_clear(&world);
}

// SIGQUIT is what pg_ctl -m immediate sends.
static void test_immediate_stop(void **state)
{
    end_under_load(*state, "immediate", SIGQUIT, 3, "postgresql stopped at once");
}

static void test_killed(void **state)
{
    end_under_load(*state, "powercut", SIGKILL, 2, "postgresql killed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_immediate_stop), cmocka_unit_test(test_killed)};
    return cmocka_run_group_tests(tests, stage_start, stage_stop);
}
