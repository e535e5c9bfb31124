// Plans and slots of an own day and status, beside what the contract would make.
#ifndef PCN_TESTS_REFERRAL_PLANS_H
#define PCN_TESTS_REFERRAL_PLANS_H

#include "tests/integration/referral/world.h"

// The service of all plans, of gp-a1.
#define PLANS_SERVICE "00000000-0000-7000-8000-000000000001"

void plans_sql(world_t *world, const char *sql);
void plans_begin(world_t *world);
// A plan of the kind, under a number.
void plans_add(world_t *world, int number, const char *organisation, const char *kind);
// A slot of the plan at a time of Europe/London; its id, which lives until sixteen more are made.
const char *plans_slot(world_t *world, int number, const char *at, int minutes, const char *status);

#endif
