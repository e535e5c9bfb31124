// Referrals of the demonstration's patients: three at each practice, that lie in every state which the triage desk, the practice and the
// provider bring them to.
#ifndef PCN_TESTS_SUPPORT_SIMULATOR_DEMONSTRATION_REFERRALS_H
#define PCN_TESTS_SUPPORT_SIMULATOR_DEMONSTRATION_REFERRALS_H

#include "tests/support/simulator/phase.h"

// Of each practice.
#define DEMONSTRATION_REFERRALS 3

// Each errand is a patient of its place, whose id it has, and gets a referral. False with scene->problem set.
bool demonstration_referrals(scene_t *scene, int32_t today, errand_t *errands, size_t count);

#endif
