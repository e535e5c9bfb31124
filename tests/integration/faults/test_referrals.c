// Cases 1 to 4 in the middle of a referral's transitions: people are referred, triaged, returned, booked and asked about while referral,
// its relay, the gateway and PostgreSQL are killed. No step that was acknowledged is lost, none is taken twice, and history, clocks, events
// and state say the same. And case 16: two hundred clients take a step with one key, while the service dies between two of theirs.
#include "tests/integration/faults/race.h"
#include "tests/integration/faults/referral_stage.h"
#include "tests/support/simulator/people.h"

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

// What the POST made, by its id; the body is taken.
static void post(const stage_t *stage, const char *token, const char *path, json_t *body, char id[SCENE_ID_SIZE])
{
    char *text = json_dumps(body, JSON_COMPACT);
    assert_non_null(text);
    http_answer_t made = stage_ask(stage, &(http_call_t){.method = "POST", .path = path, .token = token, .body = text}, 201);
    snprintf(id, SCENE_ID_SIZE, "%s", json_string_value(json_object_get(made.json, "id")));
    http_answer_clear(&made);
    free(text);
    json_decref(body);
}

// A draft for somebody who is registered with the first practice.
static void make_draft(booking_stage_t *booking, const char *clinician, char id[SCENE_ID_SIZE])
{
    const scene_place_t *practice = &booking->scene.places[0];
    const person_t person = person_make(booking->scene.seed, practice->number * PEOPLE_STRIDE + booking->first_person, booking->made.today);
    char patient[SCENE_ID_SIZE];
    assert_int_equal(practice->owner, PLAN_PRACTICE);
    booking_stage_add_people(booking, 1);
    post(&booking->stage, practice->token, "/v1/patients", person_registration(&person, practice->code, NULL), patient);
    post(&booking->stage, clinician, "/v1/referrals",
         json_pack("{s:s, s:s, s:s, s:s}", "patient", patient, "specialty", "dermatology", "priority", "routine", "reason",
                   "Of the " MIX_REFERRAL_WORD),
         id);
}

// Case 16: of each step two hundred clients get one answer, also where the service dies between two of theirs. The killer is referral's.
static void assert_one_key_takes_one_step(booking_stage_t *booking, killer_t *killer)
{
    static const struct {
        const char *verb, *body;
        bool desk;
        killer_point_t death; // NONE: nothing dies
    } steps[] = {{"submit", "{}", false, KILLER_NONE},
                 {"returnWithAdvice", "{\"reason\":\"More is to be said\"}", true, KILLER_DB_FLUSHED},
                 {"resubmit", "{\"reason\":\"It is said\"}", false, KILLER_NONE},
                 {"accept", "{}", true, KILLER_RPC_REPLY},
                 {"book", "{}", false, KILLER_DB_RESULT},
                 {"complete", "{}", true, KILLER_NONE}};
    enum { STEPS = sizeof steps / sizeof steps[0] };
    stage_t *stage = &booking->stage;
    char id[SCENE_ID_SIZE], subject[64], path[128], key[64];
    char *clinician = scene_token(&booking->scene, "practice-clinician", booking->scene.places[0].code);
    char *desk = scene_token(&booking->scene, "referral-triage", "ics-llr");
    assert_true(clinician != NULL && desk != NULL);
    make_draft(booking, clinician, id);
    snprintf(subject, sizeof subject, "referrals/%s", id);
    for (size_t i = 0; i < STEPS; i++) {
        const int64_t before = stage_mark(stage);
        const unsigned fired = killer_fired(killer);
        const bool dies = steps[i].death != KILLER_NONE;
        snprintf(path, sizeof path, "/v1/referrals/%s:%s", id, steps[i].verb);
        snprintf(key, sizeof key, "Idempotency-Key: %s-once", steps[i].verb);
        race_t race = race_of(stage, "POST", path, steps[i].body, (const char *const[]){key, NULL});
        race.call.token = steps[i].desk ? desk : clinician;
        race.repeats = dies;
        if (dies)
            killer_arm(killer, steps[i].death, 1);
        race_run(&race, 200, dies ? killer : NULL, fired);
        if (dies) {
            stage_kill(stage, "referral", 0);
            stage_await_ready(stage);
        }
        assert_int_equal(race_events_about(stage, before, subject), 1);
    }
    snprintf(path, sizeof path, "/v1/referrals/%s", id);
    http_answer_t answer = stage_ask(stage, &(http_call_t){.path = path, .token = clinician}, 200);
    assert_int_equal(json_integer_value(json_object_get(answer.json, "version")), 1 + STEPS);
    assert_int_equal(json_array_size(json_object_get(answer.json, "history")), 1 + STEPS);
    assert_int_equal(json_array_size(json_object_get(answer.json, "thread")), 2);
    http_answer_clear(&answer);
    stage_check(stage, "two hundred clients with one key for each step");
    free(clinician);
    free(desk);
}

static void killer_begin(stage_t *stage, killer_t *killer, const char *program)
{
    assert_true(killer_install(killer, &stage->platform, program));
    stage_await_ready(stage);
    stage_baseline(stage);
}

static void kill_at_points(booking_stage_t *booking, killer_t *killer, const char *program, const killer_point_t *points, size_t count,
                           unsigned kills, const char *what)
{
    mix_referral_t *mix = referral_stage_mix(booking);
    load_t *load = load_begin(booking, mix);
    stage_kill_at_points(&booking->stage, load, killer, program, points, count, kills);
    check(booking, &load, &mix, what);
}

// Its steps around COMMIT, and the relay between its commit and its publication; a subscriber that lives through it sees each event once.
static void test_referral_killed(void **state)
{
    static const killer_point_t points[] = {KILLER_DB_RESULT, KILLER_RPC_REPLY,    KILLER_DB_FLUSHED, KILLER_PUBLISH,
                                            KILLER_DB_SENT,   KILLER_RPC_RECEIVED, KILLER_ANY,        KILLER_PUBLISH};
    booking_stage_t *booking = *state;
    follower_t follower;
    killer_t killer;
    assert_true(follower_start(&follower, &booking->stage.platform, "referral", "follower-referrals", 0));
    killer_begin(&booking->stage, &killer, "referral");
    kill_at_points(booking, &killer, "referral", points, sizeof points / sizeof points[0], SERVICE_KILLS,
                   "referral killed in the middle of transitions");
    assert_one_key_takes_one_step(booking, &killer);
    stage_check_follower(&booking->stage, &follower, "referral killed in the middle of transitions");
    assert_true(follower_stop(&follower));
    killer_close(&killer);
}

static void test_gateway_killed(void **state)
{
    static const killer_point_t points[] = {KILLER_RPC_ANSWERED, KILLER_HTTP_ANSWER, KILLER_ANY};
    booking_stage_t *booking = *state;
    killer_t killer;
    killer_begin(&booking->stage, &killer, "gateway");
    kill_at_points(booking, &killer, "gateway", points, sizeof points / sizeof points[0], GATEWAY_KILLS,
                   "gateway killed after a transition was answered");
    killer_close(&killer);
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
