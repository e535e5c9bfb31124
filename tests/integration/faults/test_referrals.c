// Cases 1 to 4 in the middle of a referral's transitions: people are referred, triaged, returned, booked and asked about while referral,
// its relay, the gateway and PostgreSQL are killed. No step that was acknowledged is lost, none is taken twice, and history, clocks, events
// and state say the same.
#include "tests/integration/faults/referral_stage.h"

enum { CLIENTS = 24, SERVICE_KILLS = 8, GATEWAY_KILLS = 6, CHANGES_MOST = 400, ENOUGH = 1500, BACK_MS = 120000 };

static load_t *load_begin(booking_stage_t *booking, mix_referral_t *mix)
{
    return stage_load(&booking->stage, mix, mix_referral_all, CLIENTS, 0, NULL);
}

// Ends once so much was acknowledged that each verb was among it.
static void check(booking_stage_t *booking, load_t **load, mix_referral_t **mix, const char *what)
{
    assert_true(load_await(*load, ENOUGH, BACK_MS));
    referral_stage_check(booking, load, mix, true, what);
}

static void kill_at_points(booking_stage_t *booking, const char *program, const killer_point_t *points, size_t count, unsigned kills,
                           const char *what)
{
    stage_t *stage = &booking->stage;
    killer_t killer;
    assert_true(killer_install(&killer, &stage->platform, program));
    stage_await_ready(stage);
    stage_baseline(stage);
    mix_referral_t *mix = referral_stage_mix(booking);
    load_t *load = load_begin(booking, mix);
    stage_kill_at_points(stage, load, &killer, program, points, count, kills);
    check(booking, &load, &mix, what);
    killer_close(&killer);
}

// Its steps around COMMIT, and the relay between its commit and its publication; a subscriber that lives through it sees each event once.
static void test_referral_killed(void **state)
{
    static const killer_point_t points[] = {KILLER_DB_RESULT, KILLER_RPC_REPLY,    KILLER_DB_FLUSHED, KILLER_PUBLISH,
                                            KILLER_DB_SENT,   KILLER_RPC_RECEIVED, KILLER_ANY,        KILLER_PUBLISH};
    booking_stage_t *booking = *state;
    follower_t follower;
    assert_true(follower_start(&follower, &booking->stage.platform, "referral", "follower-referrals", 0));
    kill_at_points(booking, "referral", points, sizeof points / sizeof points[0], SERVICE_KILLS,
                   "referral killed in the middle of transitions");
    stage_check_follower(&booking->stage, &follower, "referral killed in the middle of transitions");
    assert_true(follower_stop(&follower));
}

static void test_gateway_killed(void **state)
{
    static const killer_point_t points[] = {KILLER_RPC_ANSWERED, KILLER_HTTP_ANSWER, KILLER_ANY};
    kill_at_points(*state, "gateway", points, sizeof points / sizeof points[0], GATEWAY_KILLS,
                   "gateway killed after a transition was answered");
}

static void test_database_ends(void **state)
{
    booking_stage_t *booking = *state;
    stage_t *stage = &booking->stage;
    static const int manners[] = {SIGQUIT, SIGKILL, SIGQUIT};
    mix_referral_t *mix = referral_stage_mix(booking);
    load_t *load = load_begin(booking, mix);
    for (size_t i = 0; i < sizeof manners / sizeof manners[0]; i++) {
        assert_true(load_await(load, load_count(load).acknowledged + 1 + (size_t)load_draw(&stage->random, CHANGES_MOST), BACK_MS));
        stage_kill(stage, "postgresql", manners[i]);
        printf("ready again in %ld ms\n", stage_await_ready(stage));
    }
    check(booking, &load, &mix, "PostgreSQL ended in the middle of transitions");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_referral_killed), cmocka_unit_test(test_gateway_killed),
                                       cmocka_unit_test(test_database_ends)};
    return cmocka_run_group_tests(tests, booking_stage_start, booking_stage_stop);
}
