// Booking's operations for a load (load.h): patients are registered and found, slots searched, held and booked, by practices, at the hubs
// of their networks and by urgent care; appointments are moved, amended, cancelled and kept; patients consult online. What each may do next
// is chosen from what was acknowledged (booking_world.h), so nothing is asked that a correct client would not ask: what is refused lost a
// race, came too early, or wanted a slot that was known to be booked, one booking in twelve.
//
// Either by chance, or a day of day.h act by act, as fast as `speed` says. A subject is the one aggregate that changes: patients/{id},
// appointments/{id}, holds/{id}, urgent-cases/{id}, online-consultations/{id}.
//
// Used by the load's thread; by others before and after it.
#ifndef PCN_TESTS_SUPPORT_MIX_BOOKING_H
#define PCN_TESTS_SUPPORT_MIX_BOOKING_H

#include "tests/support/simulator/booking_world.h"
#include "tests/support/simulator/day.h"

typedef struct mix_booking_options {
    // What is offered is there (demonstration_make). Its seed makes the people; one platform has one.
    scene_t *scene;
    uint64_t seed;       // of what is drawn
    size_t practices;    // at most so many; 0: all
    size_t first_person; // below PEOPLE_STRIDE: each practice's people from here on are this mix's to register
    int32_t first_day;   // days since 1970: slots are looked for on it and on the days after it
    unsigned days;       // 1 to 14
    size_t acts;         // of a day; 0: by chance
    double speed;        // seconds of the day in a second; 0: as fast as it is answered
} mix_booking_options_t;

typedef struct mix_booking mix_booking_t;

// By chance, and a day's acts; requests_max of the load is then options.acts.
extern const load_operation_t mix_booking_all[];
extern const load_operation_t mix_booking_day[];

// NULL without memory, or where the scene has no practices.
mix_booking_t *mix_booking_new(const mix_booking_options_t *options);
void mix_booking_destroy(mix_booking_t **mix);

// Acknowledged, by kind; and what was answered wrongly, with the first of it ("": none).
size_t mix_booking_count(const mix_booking_t *mix, day_kind_t kind);
const char *mix_booking_first_wrong(const mix_booking_t *mix);

// After the load: each live appointment that was acknowledged is there as it was, at most `most` of them drawn by the seed, and no two have
// a slot. How many are not, with the first of them in `finding`.
size_t mix_booking_check(mix_booking_t *mix, size_t most, char *finding, size_t size);

#endif
