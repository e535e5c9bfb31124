// A stage for referrals and advice, on booking's (booking_stage.h): people are referred, triaged, returned and booked (mix_referral.h).
// Beside the stage's invariants: each acknowledged step is in the history once, what the tables hold is what the events said, clocks were
// started and stopped as the steps say, and no event has a word of what was written.
#ifndef PCN_TESTS_INTEGRATION_FAULTS_REFERRAL_STAGE_H
#define PCN_TESTS_INTEGRATION_FAULTS_REFERRAL_STAGE_H

#include "tests/integration/faults/booking_stage.h"
#include "tests/support/mix_referral.h"

// Never NULL.
mix_referral_t *referral_stage_mix(booking_stage_t *booking);
// Stops the load and checks everything; frees the mix. `whole`: each verb must have been acknowledged.
void referral_stage_check(booking_stage_t *booking, load_t **load, mix_referral_t **mix, bool whole, const char *what);

#endif
