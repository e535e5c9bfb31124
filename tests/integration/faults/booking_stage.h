// A stage for booking: its log is referral's, its load a day of the simulator by chance (mix_booking.h), on services and slots that are
// made first. Beside the stage's invariants: one slot has one live booking, and what the tables hold is what the events said.
#ifndef PCN_TESTS_INTEGRATION_FAULTS_BOOKING_STAGE_H
#define PCN_TESTS_INTEGRATION_FAULTS_BOOKING_STAGE_H

#include "tests/integration/faults/stage.h"
#include "tests/support/mix_booking.h"
#include "tests/support/simulator/demonstration.h"

typedef struct booking_stage {
    stage_t stage;
    scene_t scene;
    demonstration_t made;
    size_t first_person; // of the next load: nobody is registered twice
} booking_stage_t;

// cmocka's group set-up and tear-down; *state is the booking stage.
int booking_stage_start(void **state);
int booking_stage_stop(void **state);

// The names of those whom the next load registers first, at whatever practice, may stand in no log; the load after it begins behind so
// many people of each practice.
void booking_stage_add_people(booking_stage_t *booking, size_t people);
// Never NULL. Practices: few, so that they meet at the same slots.
mix_booking_t *booking_stage_mix(booking_stage_t *booking);
// Stops the load and checks everything; frees the mix.
void booking_stage_check(booking_stage_t *booking, load_t **load, mix_booking_t **mix, const char *what);

#endif
