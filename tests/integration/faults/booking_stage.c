#include "tests/integration/faults/booking_stage.h"

#include <inttypes.h>

#include "common/base/clock.h"
#include "tests/support/simulator/people.h"

enum { SCENE_SEED = 2019, PRACTICES = 12, PEOPLE_PER_LOAD = 80, PEOPLE_LOOKED_FOR = 8, DAYS = 7, CHECKED = 400, PATH_ROOM = 256 };

// Each counts what must not be.
static const stage_wrong_t wrongs[] = {
    {"slots with two live bookings",
     "SELECT count(*) FROM (SELECT FROM appointment_slot WHERE live AND NOT overbooked GROUP BY slot HAVING count(*) > 1) s"},
    {"slots that are booked without a booking, or not booked with one",
     "SELECT count(*) FROM slot s WHERE (s.status = 'booked') <> EXISTS (SELECT FROM appointment_slot b WHERE b.slot = s.id AND b.live)"},
    {"appointments that are not what their last event says",
     "SELECT count(*) FROM appointment a LEFT JOIN event_latest l ON l.subject = 'appointments/' || a.id "
     "LEFT JOIN event e ON e.sequence = l.sequence WHERE (e.data::jsonb ->> 'status', (e.data::jsonb ->> 'version')::bigint, "
     "e.data::jsonb -> 'slots') IS DISTINCT FROM (a.status, a.version, to_jsonb(a.slots))"},
    {"events of appointments that are not there",
     "SELECT count(*) FROM event_latest l WHERE l.subject LIKE 'appointments/%' AND NOT EXISTS (SELECT FROM appointment a "
     "WHERE 'appointments/' || a.id = l.subject)"},
    {"looks at patients by somebody of whom no entry tells, among those who booked",
     "SELECT count(*) FROM appointment a WHERE NOT EXISTS (SELECT FROM audit u WHERE u.resource = 'patients/' || a.patient)"},
};

int booking_stage_start(void **state)
{
    booking_stage_t *booking = calloc(1, sizeof *booking);
    char issuer[PATH_ROOM];
    *state = booking;
    if (booking == NULL || !stage_open(&booking->stage, "referral"))
        return -1;
    snprintf(issuer, sizeof issuer, "%s/issuer", booking->stage.platform.state_dir);
    booking->made.today = date_of_instant(clock_wall_us());
    if (!scene_open(&booking->scene, booking->stage.platform.url, NULL, issuer, SCENE_SEED) || !scene_read(&booking->scene) ||
        !demonstration_make(&booking->made, &booking->scene)) {
        fprintf(stderr, "%s\n", booking->scene.problem);
        return -1;
    }
    return 0;
}

int booking_stage_stop(void **state)
{
    booking_stage_t *booking = *state;
    scene_clear(&booking->scene);
    stage_close(&booking->stage);
    free(booking);
    return 0;
}

void booking_stage_add_people(booking_stage_t *booking, size_t people)
{
    for (size_t i = 0; i < booking->scene.count; i++) {
        const scene_place_t *place = &booking->scene.places[i];
        for (size_t k = 0; place->owner == PLAN_PRACTICE && k < PEOPLE_LOOKED_FOR; k++) {
            const person_t person =
                person_make(booking->scene.seed, place->number * PEOPLE_STRIDE + booking->first_person + k, booking->made.today);
            table_add(&booking->stage.names, person.name, NULL);
        }
    }
    booking->first_person += people;
}

mix_booking_t *booking_stage_mix(booking_stage_t *booking)
{
    const mix_booking_options_t options = {.scene = &booking->scene,
                                           .seed = load_draw(&booking->stage.random, UINT64_MAX),
                                           .practices = PRACTICES,
                                           .first_person = booking->first_person,
                                           .first_day = booking->made.today,
                                           .days = DAYS};
    mix_booking_t *mix = mix_booking_new(&options);
    assert_non_null(mix);
    booking_stage_add_people(booking, PEOPLE_PER_LOAD);
    return mix;
}

void booking_stage_check(booking_stage_t *booking, load_t **load, mix_booking_t **mix, const char *what)
{
    char finding[SCENE_PROBLEM_SIZE / 2];
    const load_counts_t counts = load_stop(load, STAGE_READY_MS);
    printf("%s: %zu requests in %zu attempts, %zu of them repeats: %zu changes acknowledged, %zu refused, %zu unanswered, %zu wrong %s\n",
           what, counts.requests, counts.attempts, counts.repeats, counts.acknowledged, counts.refused, counts.unanswered, counts.stale,
           mix_booking_first_wrong(*mix));
    assert_int_equal(counts.unanswered, 0);
    assert_int_equal(counts.stale, 0);
    assert_true(mix_booking_count(*mix, DAY_book) > 0);
    stage_check(&booking->stage, what);
    stage_check_tables(&booking->stage, wrongs, sizeof wrongs / sizeof wrongs[0]);
    if (mix_booking_check(*mix, CHECKED, finding, sizeof finding) > 0)
        fail_msg("%s (seed %" PRIu64 ")", finding, booking->stage.seed);
    mix_booking_destroy(mix);
}
