// The long run: random, seeded faults of random programs under the mixed load, with a live subscriber, and all invariants every minute and
// at the end. `./pcn test chaos --minutes N [--seed S]` runs it; a short one is among the tests, so that it cannot rot.
//
// A seed gives the same faults in the same order; when they meet the load is the machine's.
#include <inttypes.h>
#include <time.h>

#include "common/base/clock.h"
#include "tests/integration/faults/stage.h"

enum {
    CLIENTS = 24,
    RATE = 600,
    SECOND_US = 1000000,
    ROUND_SECONDS = 60,
    DEFAULT_SECONDS = 20,
    BETWEEN_ACKNOWLEDGED = 600, // changes that are answered between two faults, at most
    BETWEEN_MS = 5000,
    PASSES_MOST = 500,
    POINT_MS = 120000,
    STOPPED_MS = 2500
};

typedef enum manner { MANNER_KILL, MANNER_QUIT, MANNER_STOP, MANNER_POINT, MANNER_TOGETHER } manner_t;

typedef struct fault {
    unsigned weight;
    const char *program;
    manner_t manner;
} fault_t;

static const fault_t faults[] = {
    {5, "registry", MANNER_POINT},  {3, "registry", MANNER_KILL},   {2, "registry", MANNER_STOP},
    {4, "gateway", MANNER_POINT},   {2, "gateway", MANNER_KILL},    {2, "gateway", MANNER_STOP},
    {1, "postgresql", MANNER_KILL}, {2, "postgresql", MANNER_QUIT}, {1, "haproxy", MANNER_KILL},
    {1, "haproxy", MANNER_STOP},    {2, "subscriber", MANNER_STOP}, {1, "registry and gateway", MANNER_TOGETHER},
};

typedef struct chaos {
    stage_t *stage;
    killer_t registry, gateway;
    follower_t follower;
    size_t fault_count;
} chaos_t;

static int64_t chaos_seconds(void)
{
    const char *text = getenv("PCN_TEST_SECONDS");
    const int64_t seconds = text != NULL ? strtoll(text, NULL, 10) : DEFAULT_SECONDS;
    return seconds > 0 ? seconds : DEFAULT_SECONDS;
}

static void pause_ms(uint64_t ms)
{
    const struct timespec pause = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    (void)nanosleep(&pause, NULL);
}

// Stands still for a while, as under a debugger or on a machine that swaps: how long is the fault.
static void stop_for_a_while(chaos_t *chaos, const char *program)
{
    const bool subscriber = strcmp(program, "subscriber") == 0;
    const pid_t pid = subscriber ? chaos->follower.pid : platform_pid(&chaos->stage->platform, program);
    const uint64_t ms = 50 + load_draw(&chaos->stage->random, STOPPED_MS);
    assert_true(pid > 1);
    assert_int_equal(kill(pid, SIGSTOP), 0);
    pause_ms(ms);
    assert_int_equal(kill(pid, SIGCONT), 0);
    printf("  %s stood still for %" PRIu64 " ms\n", program, ms);
}

static void kill_at_a_point(chaos_t *chaos, const char *program)
{
    static const killer_point_t of_registry[] = {KILLER_ANY,     KILLER_RPC_RECEIVED, KILLER_RPC_REPLY, KILLER_DB_SENT,
                                                 KILLER_PUBLISH, KILLER_DB_FLUSHED,   KILLER_DB_RESULT};
    static const killer_point_t of_gateway[] = {KILLER_ANY, KILLER_RPC_ANSWERED, KILLER_HTTP_ANSWER};
    load_random_t *random = &chaos->stage->random;
    const bool registry = strcmp(program, "registry") == 0;
    killer_t *killer = registry ? &chaos->registry : &chaos->gateway;
    const killer_point_t point = registry ? of_registry[load_draw(random, sizeof of_registry / sizeof of_registry[0])]
                                          : of_gateway[load_draw(random, sizeof of_gateway / sizeof of_gateway[0])];
    const int64_t pass = 1 + (int64_t)load_draw(random, PASSES_MOST);
    const unsigned fired = killer_fired(killer);
    killer_arm(killer, point, pass);
    if (!killer_await(killer, fired + 1, POINT_MS))
        fail_msg("%s does not come to pass %" PRId64 " of \"%s\"", program, pass, killer_point_name(point));
    stage_kill(chaos->stage, program, 0);
    printf("  %s killed: %s, pass %" PRId64 "\n", program, killer_point_name(point), pass);
}

static void fault_do(chaos_t *chaos)
{
    unsigned sum = 0;
    const fault_t *fault = faults;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        sum += faults[i].weight;
    for (uint64_t drawn = load_draw(&chaos->stage->random, sum); drawn >= fault->weight; fault++)
        drawn -= fault->weight;
    chaos->fault_count++;
    switch (fault->manner) {
    case MANNER_POINT:
        kill_at_a_point(chaos, fault->program);
        break;
    case MANNER_STOP:
        stop_for_a_while(chaos, fault->program);
        break;
    case MANNER_KILL:
        stage_kill(chaos->stage, fault->program, SIGKILL);
        printf("  %s killed\n", fault->program);
        break;
    case MANNER_QUIT:
        stage_kill(chaos->stage, fault->program, SIGQUIT);
        printf("  %s stopped at once\n", fault->program);
        break;
    case MANNER_TOGETHER:
        stage_kill(chaos->stage, "gateway", SIGKILL);
        stage_kill(chaos->stage, "registry", SIGKILL);
        printf("  registry and gateway killed\n");
        break;
    }
}

static void round_run(chaos_t *chaos, unsigned number, int64_t until_us)
{
    stage_t *stage = chaos->stage;
    mix_registry_t world;
    char prefix[MIX_PREFIX_SIZE], what[64];
    snprintf(prefix, sizeof prefix, "chaos%u", number);
    snprintf(what, sizeof what, "minute %u", number);
    mix_registry_init(&world, prefix, 0);
    load_t *load = stage_load(stage, &world, mix_registry_all, CLIENTS, RATE, NULL);
    do {
        const size_t more = 1 + (size_t)load_draw(&stage->random, BETWEEN_ACKNOWLEDGED);
        (void)load_await(load, load_count(load).acknowledged + more, BETWEEN_MS);
        fault_do(chaos);
        (void)stage_await_ready(stage);
    } while (clock_steady_us() < until_us);
    stage_load_stop(&load, what);
    stage_check(stage, what);
    stage_check_follower(stage, &chaos->follower, what);
    mix_registry_clear(&world);
}

static void test_chaos(void **state)
{
    chaos_t chaos = {.stage = *state};
    stage_t *stage = chaos.stage;
    const int64_t end_us = clock_steady_us() + chaos_seconds() * SECOND_US;
    assert_true(follower_start(&chaos.follower, &stage->platform, "registry", "follower-chaos", 0));
    assert_true(killer_install(&chaos.registry, &stage->platform, "registry"));
    assert_true(killer_install(&chaos.gateway, &stage->platform, "gateway"));
    stage_await_ready(stage);
    stage_baseline(stage);
    unsigned number = 0;
    for (int64_t now_us = clock_steady_us(); now_us < end_us; now_us = clock_steady_us()) {
        const int64_t round_us = now_us + (int64_t)ROUND_SECONDS * SECOND_US;
        round_run(&chaos, ++number, round_us < end_us ? round_us : end_us);
    }
    // The last check was of everything from the beginning.
    printf("chaos: %zu acknowledged, %zu killed, %zu lost, %zu doubled; %zu faults, seed %" PRIu64 "\n", stage->report.acknowledged,
           stage->report.killed, stage->report.lost, stage->report.doubled, chaos.fault_count, stage->seed);
    assert_true(follower_stop(&chaos.follower));
    killer_close(&chaos.registry);
    killer_close(&chaos.gateway);
}

int main(int argument_count, char **arguments)
{
    for (int i = 1; i + 1 < argument_count; i += 2) {
        const bool seconds = strcmp(arguments[i], "--seconds") == 0;
        if (!seconds && strcmp(arguments[i], "--seed") != 0) {
            fprintf(stderr, "usage: %s [--seconds N] [--seed S]\n", arguments[0]);
            return 2;
        }
        setenv(seconds ? "PCN_TEST_SECONDS" : "PCN_TEST_SEED", arguments[i + 1], 1);
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_chaos)};
    return cmocka_run_group_tests(tests, stage_start, stage_stop);
}
