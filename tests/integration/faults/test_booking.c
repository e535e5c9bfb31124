// Cases 1 to 4 for booking: a day's work goes on while referral, its relay, the gateway and PostgreSQL are killed. No booking that
// was acknowledged is lost, none is doubled, and what was repeated under its key took effect once.
#include "tests/integration/faults/booking_stage.h"

enum { CLIENTS = 24, KILLS = 8, CHANGES_MOST = 400, ANSWERS_AFTER = 20, BACK_MS = 120000 };

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
    stage_kill_at_points(stage, load, &killer, program, points, count, KILLS);
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
        assert_true(load_await(load, load_count(load).acknowledged + 1 + (size_t)load_draw(&stage->random, CHANGES_MOST), BACK_MS));
        stage_kill(stage, "postgresql", manners[i]);
        printf("ready again in %ld ms\n", stage_await_ready(stage));
    }
    assert_true(load_await(load, load_count(load).acknowledged + ANSWERS_AFTER, BACK_MS));
    booking_stage_check(booking, &load, &mix, "PostgreSQL ended under a day of booking");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_referral_killed), cmocka_unit_test(test_gateway_killed),
                                       cmocka_unit_test(test_database_ends)};
    return cmocka_run_group_tests(tests, booking_stage_start, booking_stage_stop);
}
