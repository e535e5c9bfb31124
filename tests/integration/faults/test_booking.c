// Cases 1 to 4 and 29 for booking: a day's work goes on while referral, its relay, the gateway and PostgreSQL are killed. No booking that
// was acknowledged is lost, none is doubled, and what was repeated under its key took effect once.
#include "tests/integration/faults/booking_stage.h"

#include "common/base/clock.h"

enum {
    CLIENTS = 24,
    KILLS = 8,
    PASSES_MOST = 400,
    ANSWERS_BETWEEN = 20,
    KILL_MS = 120000,
    BACK_MS = 120000,
    OVERLOAD_CLIENTS = 32,
    OVERLOAD_CHANGES = 400
};

static load_t *load_begin(booking_stage_t *booking, mix_booking_t *mix, const char *socket)
{
    return stage_load(&booking->stage, mix, mix_booking_all, CLIENTS, 0, socket);
}

// Under load, a program dies at each of the points in turn.
static void kill_at_points(booking_stage_t *booking, const char *program, const killer_point_t *points, size_t count, const char *what)
{
    stage_t *stage = &booking->stage;
    killer_t killer;
    assert_true(killer_install(&killer, &stage->platform, program));
    stage_await_ready(stage);
    stage_baseline(stage);
    mix_booking_t *mix = booking_stage_mix(booking);
    load_t *load = load_begin(booking, mix, NULL);
    for (unsigned i = 0; i < KILLS; i++) {
        const killer_point_t point = points[i % count];
        const int64_t pass = 1 + (int64_t)load_draw(&stage->random, PASSES_MOST);
        const size_t acknowledged = load_count(load).acknowledged;
        killer_arm(&killer, point, pass);
        if (!killer_await(&killer, i + 1, KILL_MS))
            fail_msg("pass %lld of %s was not reached", (long long)pass, killer_point_name(point));
        stage_kill(stage, program, 0);
        if (!load_await(load, acknowledged + ANSWERS_BETWEEN, BACK_MS))
            fail_msg("nothing is acknowledged after kill %u (%s, pass %lld)", i + 1, killer_point_name(point), (long long)pass);
    }
    booking_stage_check(booking, &load, &mix, what);
    killer_close(&killer);
}

// Its steps around COMMIT, and the relay between its commit and its publication; a subscriber that lives through it sees each event once.
static void test_referral_killed(void **state)
{
    static const killer_point_t points[] = {KILLER_DB_RESULT, KILLER_RPC_REPLY,    KILLER_DB_FLUSHED, KILLER_PUBLISH,
                                            KILLER_DB_SENT,   KILLER_RPC_RECEIVED, KILLER_ANY,        KILLER_PUBLISH};
    booking_stage_t *booking = *state;
    follower_t follower;
    assert_true(follower_start(&follower, &booking->stage.platform, "referral", "follower-booking", 0));
    kill_at_points(booking, "referral", points, sizeof points / sizeof points[0], "referral killed between two steps");
    stage_check_follower(&booking->stage, &follower, "referral killed between two steps");
    assert_true(follower_stop(&follower));
}

static void test_gateway_killed(void **state)
{
    static const killer_point_t points[] = {KILLER_RPC_ANSWERED, KILLER_HTTP_ANSWER, KILLER_ANY};
    kill_at_points(*state, "gateway", points, sizeof points / sizeof points[0], "gateway killed after the service answered");
}

static void test_database_ends(void **state)
{
    booking_stage_t *booking = *state;
    stage_t *stage = &booking->stage;
    static const int manners[] = {SIGQUIT, SIGKILL, SIGQUIT};
    mix_booking_t *mix = booking_stage_mix(booking);
    load_t *load = load_begin(booking, mix, NULL);
    for (size_t i = 0; i < sizeof manners / sizeof manners[0]; i++) {
        assert_true(load_await(load, load_count(load).acknowledged + 1 + (size_t)load_draw(&stage->random, PASSES_MOST), BACK_MS));
        stage_kill(stage, "postgresql", manners[i]);
        printf("ready again in %ld ms\n", stage_await_ready(stage));
    }
    assert_true(load_await(load, load_count(load).acknowledged + ANSWERS_BETWEEN, BACK_MS));
    booking_stage_check(booking, &load, &mix, "PostgreSQL ended under a day of booking");
}

// Changes that are acknowledged in a second.
static double goodput(booking_stage_t *booking, unsigned clients, size_t changes, const char *what)
{
    mix_booking_t *mix = booking_stage_mix(booking);
    load_t *load = stage_load(&booking->stage, mix, mix_booking_all, clients, 0, NULL);
    // The first ones search and register.
    assert_true(load_await(load, changes / 4, BACK_MS));
    const size_t before = load_count(load).acknowledged;
    const int64_t begin_us = clock_steady_us();
    assert_true(load_await(load, before + changes, BACK_MS));
    const double rate = (double)(load_count(load).acknowledged - before) * 1e6 / (double)(clock_steady_us() - begin_us);
    booking_stage_check(booking, &load, &mix, what);
    printf("%s: %.0f changes a second by %u clients\n", what, rate, clients);
    return rate;
}

// Ten times as many who all want something at once get done about what the few do, and each is answered; afterwards the few go on as
// before. The bound is wide: they all share the machine with those who ask, and free slots get fewer.
static void test_overload(void **state)
{
    booking_stage_t *booking = *state;
    stage_await_ready(&booking->stage);
    const double few = goodput(booking, OVERLOAD_CLIENTS, OVERLOAD_CHANGES, "as many as it can serve");
    const double many = goodput(booking, 10 * OVERLOAD_CLIENTS, 2 * OVERLOAD_CHANGES, "ten times as many");
    (void)goodput(booking, OVERLOAD_CLIENTS, OVERLOAD_CHANGES / 4, "as many as before");
    assert_true(many > few / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_referral_killed), cmocka_unit_test(test_gateway_killed),
                                       cmocka_unit_test(test_database_ends), cmocka_unit_test(test_overload)};
    return cmocka_run_group_tests(tests, booking_stage_start, booking_stage_stop);
}
