// Services that answer crises, and cases of who takes calls of NHS 111.
#ifndef PCN_TESTS_REFERRAL_CASES_H
#define PCN_TESTS_REFERRAL_CASES_H

#include "tests/integration/referral/booking.h"

// Open at every hour.
#define ALWAYS                                                                                                                             \
    "\"hours\":{\"bankHolidays\":true,\"weekly\":[{\"weekday\":\"monday\",\"from\":\"00:00\",\"to\":\"24:00\"},{\"weekday\":\"tuesday\","  \
    "\"from\":\"00:00\",\"to\":\"24:00\"},{\"weekday\":\"wednesday\",\"from\":\"00:00\",\"to\":\"24:00\"},{\"weekday\":\"thursday\","      \
    "\"from\":\"00:00\",\"to\":\"24:00\"},{\"weekday\":\"friday\",\"from\":\"00:00\",\"to\":\"24:00\"},{\"weekday\":\"saturday\","         \
    "\"from\":\"00:00\",\"to\":\"24:00\"},{\"weekday\":\"sunday\",\"from\":\"00:00\",\"to\":\"24:00\"}]}"

// Two teams that answer crises: of provider-a, and of pcn-b, which is farther and promises to come within an hour.
extern char crisis[40], far_crisis[40];
// The last case that was opened.
extern char case_id[40];

// The world of booking with these services. gp-x takes calls and has nothing to do with the patient.
int cases_setup(void **state);
// The same world as at its beginning, with gp-x as the caller.
int cases_afresh(void **state);
// A service of any provider.
void add_service(world_t *world, char to[40], const char *name, const char *rest);
// A case of the patient of gp-a1, by a handler of gp-x; `rest` is further JSON of it.
void open_case(world_t *world, const char *rest);
// A step that says nothing but the case.
void step(world_t *world, const char *method);

#endif
