// What the files of mix_referral share: courses of states and verbs, what was acknowledged of each, and one deed for one request.
#ifndef PCN_TESTS_SUPPORT_MIX_REFERRAL_INTERNAL_H
#define PCN_TESTS_SUPPORT_MIX_REFERRAL_INTERNAL_H

#include "common/base/clock.h"
#include "tests/support/mix_referral.h"

#define FINDING_SIZE 256
#define REFERENCE_ROOM 16
#define COUNT_OF(list) (sizeof(list) / sizeof *(list))

enum { DRAWS = 16, VERBS_MOST = 12, STATES_MOST = 16 };

// ---- what may follow on what, as the interface says it ----

enum { DRAFT, TRIAGE, ACCEPTED, DEFERRED, BOOKED, COMPLETED, RETURNED, REJECTED, REDIRECTED, CANCELLED };
enum { ASKED, REVIEWED, UNCLEAR, CONVERTED, ENDED };

typedef enum side { SIDE_PRACTICE, SIDE_DESK } side_t;

typedef struct verb {
    const char *name;
    unsigned from; // bits of states
    size_t to;
    side_t side;
    const char *field; // what is to be said in it; NULL: nothing
    unsigned weight;
} verb_t;

typedef struct course {
    const char *resource;
    const char *states[STATES_MOST];
    verb_t verbs[VERBS_MOST]; // ends with name NULL
    const char *record;       // member with one entry for each step
} course_t;

// Of referrals, and of requests for advice.
extern const course_t mix_referrals, mix_requests;

// ---- the world ----

typedef struct person_row {
    char id[SCENE_ID_SIZE];
    size_t practice; // number among those of the mix
    size_t person;
} person_row_t;

// A referral, or a request for advice.
typedef struct course_row {
    char id[SCENE_ID_SIZE]; // "": not acknowledged yet
    char reference[REFERENCE_ROOM];
    const course_t *course;
    const char *clinician;
    size_t state;    // of the greatest version that was acknowledged
    int64_t version; // and that version
    int64_t changes; // acknowledged
    size_t records;  // steps of its history, or messages of its thread
    unsigned flights;
    bool meeting; // since nothing was on its way, two were at once
} course_row_t;

typedef enum kind { KIND_REGISTER, KIND_REFER, KIND_STEP, KIND_AMEND, KIND_LOOK, KIND_ASK, KIND_TALK, KINDS } kind_t;

typedef struct deed {
    kind_t kind;
    person_row_t *person;
    course_row_t *row;
    const verb_t *verb;
    bool refusable; // its state did not allow it
} deed_t;

struct mix_referral {
    booking_world_t world;
    mix_referral_options_t options;
    char **clinicians; // by practice
    char *desk;
    char booked_for[INSTANT_SIZE];
    row_list_t people, referrals, requests;
    size_t counts[2][VERBS_MOST]; // of referrals, of requests
    size_t steps, wrong;
    char first_wrong[FINDING_SIZE];
};

typedef bool make_deed_t(mix_referral_t *mix, load_random_t *random, load_request_t *request, deed_t *deed);
make_deed_t mix_referral_make_step, mix_referral_make_talk, mix_referral_make_amendment;
// One change at a time is taken or not as its state says; of two that meet, the later one may be refused.
bool mix_referral_on_step(mix_referral_t *mix, const deed_t *deed, const load_answer_t *answer);

// Notes a wrong answer; false.
bool mix_referral_wrong(mix_referral_t *mix, const char *format, ...) __attribute__((format(printf, 2, 3)));
// One that nothing is on its way about; now and then one that something is. NULL where a few draws find none.
course_row_t *mix_referral_draw(const row_list_t *list, load_random_t *random);
// STATES_MOST where it is none.
size_t mix_referral_state(const course_t *course, const char *text);
// The answer's version, state and reference; false where they cannot be.
bool mix_referral_take(mix_referral_t *mix, course_row_t *row, int64_t version, const json_t *body);

#endif
