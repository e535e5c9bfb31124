// The world of referral's tests.
#ifndef PCN_TESTS_REFERRAL_WORLD_H
#define PCN_TESTS_REFERRAL_WORLD_H

#include "tests/support/world.h"

// With the copy of two systems: ics-a above ccg-a and la-a; pcn-a above gp-a1 and gp-a2, pcn-b above gp-b1 (both below ccg-a, pcn-a in
// la-a); provider-a and the voluntary vol-a below ics-a, ics-x above gp-x.
int world_setup(void **state);

// Text of the first column of the first row, by the cluster's own user; "" for none. Freed with the world.
const char *world_query(world_t *world, const char *sql);

#endif
