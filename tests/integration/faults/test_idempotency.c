// Case 16: two hundred clients with one key at the same moment: one effect, two hundred times the same answer.
#include "tests/integration/faults/race.h"

static void test_one_creation(void **state)
{
    stage_t *stage = *state;
    const int64_t before = stage_mark(stage);
    race_t race = race_of(stage, "POST", "/v1/organisations",
                          "{\"code\":\"one-key\",\"name\":\"One\",\"kind\":\"federation\",\"parent\":\"ics-llr\"}",
                          (const char *const[]){"Idempotency-Key: one-key", NULL});
    race_run(&race, 201, NULL, 0);
    assert_int_equal(race_events_about(stage, before, "organisations/one-key"), 1);
}

static void test_one_change(void **state)
{
    stage_t *stage = *state;
    const int64_t before = stage_mark(stage);
    race_t race = race_of(stage, "PATCH", "/v1/organisations/one-key", "{\"notes\":\"once\"}",
                          (const char *const[]){"Idempotency-Key: one-change", "If-Match: \"1\"", NULL});
    race_run(&race, 200, NULL, 0);
    assert_int_equal(race_events_about(stage, before, "organisations/one-key"), 1);
}

// The registry dies while they wait, right after the one of them has taken effect or just before.
static void test_one_creation_and_a_death(void **state)
{
    stage_t *stage = *state;
    killer_t killer;
    static const killer_point_t points[] = {KILLER_RPC_REPLY, KILLER_DB_RESULT, KILLER_DB_FLUSHED};
    assert_true(killer_install(&killer, &stage->platform, "registry"));
    stage_await_ready(stage);
    stage_baseline(stage);
    for (unsigned i = 0; i < sizeof points / sizeof points[0]; i++) {
        char body[160], key[64], subject[64];
        const int64_t before = stage_mark(stage);
        const unsigned fired = killer_fired(&killer);
        snprintf(subject, sizeof subject, "organisations/death-%u", i);
        snprintf(body, sizeof body, "{\"code\":\"death-%u\",\"name\":\"Death\",\"kind\":\"federation\",\"parent\":\"ics-llr\"}", i);
        snprintf(key, sizeof key, "Idempotency-Key: death-%u", i);
        race_t race = race_of(stage, "POST", "/v1/organisations", body, (const char *const[]){key, NULL});
        race.repeats = true;
        killer_arm(&killer, points[i], 1);
        race_run(&race, 201, &killer, fired);
        stage_kill(stage, "registry", 0);
        stage_await_ready(stage);
        assert_int_equal(race_events_about(stage, before, subject), 1);
    }
    stage_check(stage, "one key, two hundred clients and a death");
    killer_close(&killer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_one_creation), cmocka_unit_test(test_one_change),
                                       cmocka_unit_test(test_one_creation_and_a_death)};
    return cmocka_run_group_tests(tests, stage_start, stage_stop);
}
