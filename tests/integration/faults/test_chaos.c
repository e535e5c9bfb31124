// The long run: random, seeded faults of random programs under load, by turns that of the registry, a day of booking, and
// referrals with their advice, with a live subscriber to each log, and all invariants every minute and at the end. `./pcn test chaos
// --minutes N [--seed S]` runs it; a short one is among the tests, so that it cannot rot.
//
// A seed gives the same faults in the same order; when they meet the load is the machine's.
#include <inttypes.h>
#include <time.h>

#include "common/base/clock.h"
#include "tests/integration/faults/referral_stage.h"

enum {
    CLIENTS = 24,
    RATE = 600,
    SECOND_US = 1000000,
    ROUND_SECONDS_MOST = 60,
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
    const char *program; // "service": the one whose load runs
    manner_t manner;
} fault_t;

static const fault_t faults[] = {
    {5, "service", MANNER_POINT}, {3, "service", MANNER_KILL}, {2, "service", MANNER_STOP},    {4, "gateway", MANNER_POINT},
    {2, "gateway", MANNER_KILL},  {2, "gateway", MANNER_STOP}, {1, "postgresql", MANNER_KILL}, {2, "postgresql", MANNER_QUIT},
    {1, "haproxy", MANNER_KILL},  {1, "haproxy", MANNER_STOP}, {2, "subscriber", MANNER_STOP}, {1, "service and gateway", MANNER_TOGETHER},
};

// A service under load: what it was asked, by whom it is killed and followed, and what the last check found.
typedef struct side {
    const char *service;
    journal_t *journal;
    killer_t killer;
    follower_t follower;
    invariants_t report;
} side_t;

enum { SIDE_REGISTRY, SIDE_REFERRAL, SIDES };
enum { TURN_REGISTRY, TURN_BOOKING, TURN_REFERRALS, TURNS };

typedef struct chaos {
    booking_stage_t *booking;
    stage_t *stage;
    side_t sides[SIDES], *side;
    killer_t gateway;
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
    const pid_t pid = subscriber ? chaos->side->follower.pid : platform_pid(&chaos->stage->platform, program);
    const uint64_t ms = 50 + load_draw(&chaos->stage->random, STOPPED_MS);
    assert_true(pid > 1);
    assert_int_equal(kill(pid, SIGSTOP), 0);
    pause_ms(ms);
    assert_int_equal(kill(pid, SIGCONT), 0);
    printf("  %s stood still for %" PRIu64 " ms\n", program, ms);
}

static void kill_at_a_point(chaos_t *chaos, const char *program)
{
    static const killer_point_t of_service[] = {KILLER_ANY,     KILLER_RPC_RECEIVED, KILLER_RPC_REPLY, KILLER_DB_SENT,
                                                KILLER_PUBLISH, KILLER_DB_FLUSHED,   KILLER_DB_RESULT};
    static const killer_point_t of_gateway[] = {KILLER_ANY, KILLER_RPC_ANSWERED, KILLER_HTTP_ANSWER};
    load_random_t *random = &chaos->stage->random;
    const bool gateway = strcmp(program, "gateway") == 0;
    killer_t *killer = gateway ? &chaos->gateway : &chaos->side->killer;
    const killer_point_t point = gateway ? of_gateway[load_draw(random, sizeof of_gateway / sizeof of_gateway[0])]
                                         : of_service[load_draw(random, sizeof of_service / sizeof of_service[0])];
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
    const char *program = strcmp(fault->program, "service") == 0 ? chaos->side->service : fault->program;
    switch (fault->manner) {
    case MANNER_POINT:
        kill_at_a_point(chaos, program);
        break;
    case MANNER_STOP:
        stop_for_a_while(chaos, program);
        break;
    case MANNER_KILL:
        stage_kill(chaos->stage, program, SIGKILL);
        printf("  %s killed\n", program);
        break;
    case MANNER_QUIT:
        stage_kill(chaos->stage, program, SIGQUIT);
        printf("  %s stopped at once\n", program);
        break;
    case MANNER_TOGETHER:
        stage_kill(chaos->stage, "gateway", SIGKILL);
        stage_kill(chaos->stage, chaos->side->service, SIGKILL);
        printf("  %s and gateway killed\n", chaos->side->service);
        break;
    }
}

static void faults_until(chaos_t *chaos, load_t *load, int64_t until_us)
{
    do {
        const size_t more = 1 + (size_t)load_draw(&chaos->stage->random, BETWEEN_ACKNOWLEDGED);
        (void)load_await(load, load_count(load).acknowledged + more, BETWEEN_MS);
        fault_do(chaos);
        (void)stage_await_ready(chaos->stage);
    } while (clock_steady_us() < until_us);
}

static void registry_round(chaos_t *chaos, unsigned number, const char *what, int64_t until_us)
{
    mix_registry_t world;
    char prefix[MIX_PREFIX_SIZE];
    snprintf(prefix, sizeof prefix, "chaos%u", number);
    mix_registry_init(&world, prefix, 0);
    load_t *load = stage_load(chaos->stage, &world, mix_registry_all, CLIENTS, RATE, NULL);
    faults_until(chaos, load, until_us);
    stage_load_stop(&load, what);
    stage_check(chaos->stage, what);
    mix_registry_clear(&world);
}

static void booking_round(chaos_t *chaos, const char *what, int64_t until_us)
{
    mix_booking_t *mix = booking_stage_mix(chaos->booking);
    load_t *load = stage_load(chaos->stage, mix, mix_booking_all, CLIENTS, RATE, NULL);
    faults_until(chaos, load, until_us);
    booking_stage_check(chaos->booking, &load, &mix, what);
}

static void referral_round(chaos_t *chaos, const char *what, int64_t until_us)
{
    mix_referral_t *mix = referral_stage_mix(chaos->booking);
    load_t *load = stage_load(chaos->stage, mix, mix_referral_all, CLIENTS, RATE, NULL);
    faults_until(chaos, load, until_us);
    referral_stage_check(chaos->booking, &load, &mix, false, what);
}

static void round_run(chaos_t *chaos, unsigned number, int64_t until_us)
{
    char what[64];
    static const char *const turns[TURNS] = {"the registry", "booking", "referrals"};
    const unsigned turn = number % TURNS;
    side_t *side = chaos->side = &chaos->sides[turn == TURN_REGISTRY ? SIDE_REGISTRY : SIDE_REFERRAL];
    snprintf(what, sizeof what, "round %u, %s", number, turns[turn]);
    chaos->stage->service = side->service;
    chaos->stage->journal = side->journal;
    if (turn == TURN_REGISTRY)
        registry_round(chaos, number, what, until_us);
    else if (turn == TURN_BOOKING)
        booking_round(chaos, what, until_us);
    else
        referral_round(chaos, what, until_us);
    stage_check_follower(chaos->stage, &side->follower, what);
    side->report = chaos->stage->report;
}

// The stage has booking's journal already.
static void sides_open(chaos_t *chaos)
{
    stage_t *stage = chaos->stage;
    char path[128];
    snprintf(path, sizeof path, "%s/registry.jsonl", stage->platform.folder);
    chaos->sides[SIDE_REGISTRY] = (side_t){.service = "registry", .journal = journal_new(path, (uint64_t)clock_wall_us())};
    chaos->sides[SIDE_REFERRAL] = (side_t){.service = "referral", .journal = stage->journal};
    assert_non_null(chaos->sides[SIDE_REGISTRY].journal);
    for (side_t *side = chaos->sides; side < chaos->sides + SIDES; side++) {
        char name[64];
        snprintf(name, sizeof name, "follower-%s", side->service);
        assert_true(follower_start(&side->follower, &stage->platform, side->service, name, 0));
        assert_true(killer_install(&side->killer, &stage->platform, side->service));
    }
    assert_true(killer_install(&chaos->gateway, &stage->platform, "gateway"));
}

static void sides_close(chaos_t *chaos)
{
    for (side_t *side = chaos->sides; side < chaos->sides + SIDES; side++) {
        assert_true(follower_stop(&side->follower));
        killer_close(&side->killer);
    }
    killer_close(&chaos->gateway);
    journal_destroy(&chaos->sides[SIDE_REGISTRY].journal);
    chaos->stage->journal = chaos->sides[SIDE_REFERRAL].journal;
}

static void test_chaos(void **state)
{
    booking_stage_t *booking = *state;
    stage_t *stage = &booking->stage;
    chaos_t chaos = {.booking = booking, .stage = stage};
    const int64_t seconds = chaos_seconds(), end_us = clock_steady_us() + seconds * SECOND_US;
    const int64_t round_us = SECOND_US * (seconds / TURNS < ROUND_SECONDS_MOST ? seconds / TURNS : ROUND_SECONDS_MOST);
    sides_open(&chaos);
    stage_await_ready(stage);
    stage_baseline(stage);
    // Each turn at least once: checks take their time too.
    for (unsigned number = 0; number < TURNS || clock_steady_us() < end_us; number++)
        round_run(&chaos, number, clock_steady_us() + round_us);
    // The last check of each was of everything from the beginning.
    for (side_t *side = chaos.sides; side < chaos.sides + SIDES; side++)
        printf("chaos, %s: %zu acknowledged, %zu killed, %zu lost, %zu doubled\n", side->service, side->report.acknowledged,
               side->report.killed, side->report.lost, side->report.doubled);
    printf("%zu faults, seed %" PRIu64 "\n", chaos.fault_count, stage->seed);
    sides_close(&chaos);
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
    return cmocka_run_group_tests(tests, booking_stage_start, booking_stage_stop);
}
