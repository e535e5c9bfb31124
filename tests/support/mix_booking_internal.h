// What the files of mix_booking share: one deed is one request, made by its kind and taken back with its answer.
#ifndef PCN_TESTS_SUPPORT_MIX_BOOKING_INTERNAL_H
#define PCN_TESTS_SUPPORT_MIX_BOOKING_INTERNAL_H

#include "tests/support/mix_booking.h"
#include "tests/support/simulator/people.h"
#include "tests/support/simulator/phase.h"

#define FINDING_SIZE 256

struct mix_booking {
    booking_world_t world;
    mix_booking_options_t options;
    day_act_t *acts;
    size_t next_act;
    int64_t begun_us;
    size_t counts[DAY_KINDS];
    size_t wrong;
    char first_wrong[FINDING_SIZE];
};

// One request, from its making to its answer.
typedef struct deed {
    day_kind_t kind;
    scene_place_t *practice; // whose people do it
    size_t practice_number;
    patient_row_t *patient;
    slot_row_t *slot;
    booking_row_t *booking;
    hold_row_t *hold;
    consultation_row_t *consultation;
    booking_reach_t reach;
    bool unclear; // while it was asked, another request about the same slot was on its way
} deed_t;

// Whether a request could be made; nothing has changed where it could not.
typedef bool make_deed_t(mix_booking_t *mix, load_random_t *random, load_request_t *request, deed_t *deed);
// Whether the answer can be right.
typedef bool on_deed_t(mix_booking_t *mix, deed_t *deed, const load_answer_t *answer);

make_deed_t mix_make_register_patient, mix_make_find_patient, mix_make_open_case, mix_make_search, mix_make_hold, mix_make_book,
    mix_make_book_held, mix_make_cancel, mix_make_reschedule, mix_make_amend, mix_make_arrive, mix_make_complete, mix_make_miss,
    mix_make_read, mix_make_consult, mix_make_go_on_consulting;
on_deed_t mix_on_register_patient, mix_on_find_patient, mix_on_open_case, mix_on_search, mix_on_hold, mix_on_book, mix_on_cancel,
    mix_on_reschedule, mix_on_amend, mix_on_arrive, mix_on_end, mix_on_consultation;

// Notes a wrong answer; false.
bool mix_wrong(mix_booking_t *mix, const char *format, ...) __attribute__((format(printf, 2, 3)));
void mix_set_read(load_request_t *request, const char *token);
// A verb of one aggregate; the body is taken.
bool mix_set_verb(load_request_t *request, const char *resource, const char *id, const char *verb, const char *token, json_t *body);
person_t mix_person(const mix_booking_t *mix, size_t index);
// The deed's appointment has the slot. A slot that has a live one, about which nothing is on its way, has no second one.
bool mix_take_slot(mix_booking_t *mix, const deed_t *deed, slot_row_t *slot);
// A 409: it is somebody's, and what is offered instead is something else.
bool mix_on_taken(mix_booking_t *mix, slot_row_t *slot, const load_answer_t *answer);

#endif
