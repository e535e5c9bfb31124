// What a client knows of booking while it books: whom it registered, which slots it saw, what it holds, and each appointment with the last
// version that was acknowledged. By it the next request is chosen, and an answer that cannot be is told from one that can: two live
// bookings of one slot, a read that is older than what was acknowledged.
//
// One thread. Without memory the test ends. Rows are not moved or freed before the world is.
#ifndef PCN_TESTS_SUPPORT_SIMULATOR_BOOKING_WORLD_H
#define PCN_TESTS_SUPPORT_SIMULATOR_BOOKING_WORLD_H

#include "tests/support/load.h"
#include "tests/support/simulator/scene.h"
#include "tests/support/table.h"

// Whose slots, and who may book them.
typedef enum booking_reach {
    BOOKING_OWN, // of the practice, for its own patients
    BOOKING_HUB, // of the network's hub, by a member for its patients
    BOOKING_111, // reserved for urgent care, for whom it has opened a case
    BOOKING_REACHES
} booking_reach_t;

typedef struct booking_row booking_row_t;

typedef struct patient_row {
    char id[SCENE_ID_SIZE];
    size_t person; // index of people.h
    scene_place_t *practice;
    bool has_case; // urgent care sees them
} patient_row_t;

typedef struct slot_row {
    char id[SCENE_ID_SIZE];
    scene_place_t *performer;
    booking_reach_t reach;
    booking_row_t *live; // acknowledged, and not given up since
    bool taken;          // by somebody else, or nobody knows
} slot_row_t;

typedef enum booking_state { BOOKING_ASKED, BOOKING_BOOKED, BOOKING_ARRIVED, BOOKING_OVER, BOOKING_UNSURE } booking_state_t;

struct booking_row {
    char id[SCENE_ID_SIZE];
    int64_t version; // acknowledged
    booking_state_t state;
    bool busy; // a change is on its way
    patient_row_t *patient;
    slot_row_t *slot;
    const char *token; // of who booked
};

typedef struct hold_row {
    char id[SCENE_ID_SIZE];
    slot_row_t *slot;
    patient_row_t *patient;
    bool used;
} hold_row_t;

typedef struct consultation_row {
    char id[SCENE_ID_SIZE];
    patient_row_t *patient;
    unsigned step; // requested, triaged, answered, closed
    bool busy;
} consultation_row_t;

typedef struct row_list {
    void **rows;
    size_t count, room;
} row_list_t;

// A new row, zeroed.
void *row_add(row_list_t *list, size_t size);
// One by chance; NULL where there is none.
void *row_draw(const row_list_t *list, load_random_t *random);
void row_list_clear(row_list_t *list);

typedef struct booking_world {
    scene_t *scene;
    scene_place_t **practices;
    size_t practice_count;
    scene_place_t *urgent_care;
    size_t *next_person; // by practice
    row_list_t patients, bookings, holds, consultations;
    patient_row_t *unknown; // somebody who was registered before, by whatever id
    row_list_t slots[BOOKING_REACHES];
    table_t slot_ids;
    row_list_t slots_by_id; // by number in slot_ids
} booking_world_t;

// The practices of the scene, at most so many (0: all), chosen evenly; the persons that are registered begin with that of each practice's.
void booking_world_open(booking_world_t *world, scene_t *scene, size_t practices, size_t first_person);
void booking_world_clear(booking_world_t *world);

// A slot that was seen free.
slot_row_t *booking_world_saw(booking_world_t *world, const char *id, scene_place_t *performer, booking_reach_t reach);
// A patient of the practice, or of a practice of the network; NULL where a few draws find none.
patient_row_t *booking_world_patient(booking_world_t *world, load_random_t *random, const scene_place_t *of);
// A slot to book: free as far as is known, or, where `contested`, one that is booked.
slot_row_t *booking_world_slot(booking_world_t *world, load_random_t *random, booking_reach_t reach, bool contested);
// A live appointment that nothing is on its way about; state BOOKING_BOOKED or BOOKING_ARRIVED.
booking_row_t *booking_world_booking(booking_world_t *world, load_random_t *random, booking_state_t state);
// Whether urgent care, or a practice, may book it for the patient.
bool booking_world_fits(const patient_row_t *patient, const slot_row_t *slot);

#endif
