// Patients for referral's tests.
#ifndef PCN_TESTS_REFERRAL_PATIENTS_H
#define PCN_TESTS_REFERRAL_PATIENTS_H

#include "tests/integration/referral/world.h"

// Numbers of the tests' series, with their check digits.
#define NUMBER_ADA "9996000028"
#define NUMBER_BEN "9996000036"
#define NUMBER_CYD "9996000044"

// The `id` of the last reply.
void keep_id(const world_t *world, char id[40]);
// Registers somebody born on 1956-03-14 with a practice, called by it; afterwards the caller is who it was before.
void assert_registered(world_t *world, const char *practice, const char *number, const char *name, char id[40]);
// The record's registrations: "gp-a1 2026-11-25 -, …".
const char *registrations_of(world_t *world, const char *id);
// The first column of the first row as the application's role, without having been told who asks; "" for none.
const char *asked_untold(world_t *world, const char *sql);
// The same, told of a caller and that the request is `request`. One transaction, which is taken back.
const char *asked_as(world_t *world, const char *organisations, const char *subject, const char *request, const char *sql);
// The same where the database must refuse: its SQLSTATE.
const char *refused_as(world_t *world, const char *organisations, const char *subject, const char *request, const char *sql);

#endif
