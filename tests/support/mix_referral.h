// Referral's other operations for a load (load.h): patients are registered and referred, by practices; what was referred goes through
// triage to one of its ends, advice is asked and answered, and some of it becomes a referral. Which step is next is chosen from what was
// acknowledged, so that each answer is known beforehand: a step that its state allows is taken, one that it does not is refused, and of two
// that meet at the same thing at once each that was acknowledged made its version greater by one.
//
// What is written in them has the word MIX_REFERRAL_WORD, which may stand in no event and no log.
//
// A subject is an aggregate that changes: patients/{id}, referrals/{id}, advice-requests/{id}.
//
// Used by the load's thread; by others before and after it.
#ifndef PCN_TESTS_SUPPORT_MIX_REFERRAL_H
#define PCN_TESTS_SUPPORT_MIX_REFERRAL_H

#include "tests/support/simulator/booking_world.h"

#define MIX_REFERRAL_WORD "xanthelasma"

typedef struct mix_referral_options {
    scene_t *scene; // what is offered is there (demonstration_make)
    size_t practices;
    size_t first_person; // below PEOPLE_STRIDE: each practice's people from here on are this mix's to register
    size_t people;       // of a practice, at most
    int64_t booked_for_us;
} mix_referral_options_t;

typedef struct mix_referral mix_referral_t;

extern const load_operation_t mix_referral_all[];

// NULL where the scene has no practices, or a caller cannot sign in.
mix_referral_t *mix_referral_new(const mix_referral_options_t *options);
void mix_referral_destroy(mix_referral_t **mix);

// Name of the first verb that was never acknowledged, of referrals ("submit") and of requests for advice; NULL where each was.
const char *mix_referral_untried(const mix_referral_t *mix);
// How many steps were acknowledged.
size_t mix_referral_steps(const mix_referral_t *mix);
// The first answer that was wrong; "": none.
const char *mix_referral_first_wrong(const mix_referral_t *mix);

// After the load: everything that was acknowledged is there as it was, with as many steps in its history, at most `most` of each kind drawn
// by the seed. How many are not, with the first of them in `finding`.
size_t mix_referral_check(mix_referral_t *mix, size_t most, uint64_t seed, char *finding, size_t size);

#endif
