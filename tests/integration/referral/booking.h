// A service with slots, and what tests of appointments ask of it.
#ifndef PCN_TESTS_REFERRAL_BOOKING_H
#define PCN_TESTS_REFERRAL_BOOKING_H

#include "tests/integration/referral/patients.h"

#define BOOKING_SLOTS 6

typedef struct booking {
    char service[40];
    char schedule[40];             // every day from 09:00 on, six slots of ten minutes, in person
    char slots[BOOKING_SLOTS][40]; // of the schedule's last day but one
    char ada[40];                  // a patient of gp-a1
} booking_t;

// The world of referral with a service of gp-a1, its slots and a patient; the caller is gp-a1.
int booking_setup(void **state);
extern booking_t booking;
// The same world as at its beginning: for tests that share one.
int booking_afresh(void **state);
// A plan of that service for every day, six slots of ten minutes from the hour on; `rest` is further JSON of it. Its id.
void booking_plan(world_t *world, const char *channel, int hour, const char *rest, char id[40]);
// The slots of a schedule's last day but one, by beginning.
void booking_slots(world_t *world, const char *schedule, char slots[BOOKING_SLOTS][40]);
// The status of a slot.
const char *slot_state(world_t *world, const char *slot);

#endif
