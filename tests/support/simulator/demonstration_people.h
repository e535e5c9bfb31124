// The patients of the demonstration, and what they have booked: made-up people of people.h at each practice, appointments on the next
// working day, some of them at the network's hub and some cancelled, online consultations and referrals. Repeatable like the rest: who was registered
// once is left alone, wherever he went, and a day that has its appointments gets no more.
#ifndef PCN_TESTS_SUPPORT_SIMULATOR_DEMONSTRATION_PEOPLE_H
#define PCN_TESTS_SUPPORT_SIMULATOR_DEMONSTRATION_PEOPLE_H

#include "tests/support/simulator/demonstration.h"

bool demonstration_people(demonstration_t *demonstration, scene_t *scene);

#endif
