// A phase of the simulator's work: so many requests, each made from an errand, sent by many connections at once as a correct client does
// (load.h). What referral does not know yet, since it hears of the registry by events, is asked for again.
//
// One thread; the load's own thread calls the kind's functions while phase_run waits.
#ifndef PCN_TESTS_SUPPORT_SIMULATOR_PHASE_H
#define PCN_TESTS_SUPPORT_SIMULATOR_PHASE_H

#include "tests/support/load.h"
#include "tests/support/simulator/people.h"
#include "tests/support/simulator/scene.h"

// What is to be done about one thing.
typedef struct errand {
    scene_place_t *place;
    size_t service, plan;
    size_t person;          // index of people.h
    size_t count;           // in: how many are wanted; out: how many were found
    char id[SCENE_ID_SIZE]; // of the patient, or of the appointment
    char slot[SCENE_ID_SIZE];
} errand_t;

typedef struct phase_kind {
    const char *name;
    // Method, path, body and token of the request; false where it does not fit in.
    bool (*make)(void *context, errand_t *errand, load_request_t *request);
    // The 2xx. May be NULL.
    void (*done)(void *context, errand_t *errand, const load_answer_t *answer);
    // Further answers that are as good: it is so already. 0 ends them.
    long good[4];
    // A 404 means that referral has not heard of it yet: it is asked again for so long. 0: not at all.
    long patience_ms;
} phase_kind_t;

// Parts of a request. The body is taken; false where it is NULL or does not fit in.
bool phase_body(load_request_t *request, json_t *body);
// POST, and the one subject that it changes: by name, or with a slash at its end where the platform names it.
void phase_change(load_request_t *request, const char *path, const char *subject);
// The `id` of an answer; "" where it has none.
void phase_take_id(const load_answer_t *answer, char id[SCENE_ID_SIZE]);

// Every errand has a good answer. False with scene->problem set.
bool phase_run(scene_t *scene, const phase_kind_t *kind, void *context, errand_t *errands, size_t count);

#endif
