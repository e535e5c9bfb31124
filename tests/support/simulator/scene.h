// A platform as the simulator finds it: its practices, networks and urgent care provider, what they offer already, and the callers who
// speak for them. Read over HTTP by the calls that anybody has; tokens are of the instance's development issuer, which no production has.
//
// One thread; the strings belong to the scene.
#ifndef PCN_TESTS_SUPPORT_SIMULATOR_SCENE_H
#define PCN_TESTS_SUPPORT_SIMULATOR_SCENE_H

#include "services/ctl/issuer.h"
#include "tests/support/http.h"
#include "tests/support/simulator/plans.h"

#define SCENE_CODE_SIZE 65
#define SCENE_ID_SIZE 37
#define SCENE_SERVICES_MAX 8
#define SCENE_PLANS_MAX 8
#define SCENE_PROBLEM_SIZE 512

// A service that an offerer has, or is to have.
typedef struct scene_service {
    char id[SCENE_ID_SIZE]; // "": it is not there
    bool planned[SCENE_PLANS_MAX];
} scene_service_t;

typedef struct scene_place {
    plan_owner_t owner;
    char code[SCENE_CODE_SIZE];
    char network[SCENE_CODE_SIZE]; // of a practice; "": none
    char *name;
    size_t number; // among those of its kind, by code
    uint64_t list_size;
    char list_day[11];     // of a network's list size; of a practice, that of its network
    bool sized;            // a synthetic size of the practice is on record
    char *token;           // of a practice's reception, of a network's manager, of urgent care
    char generated_to[11]; // its plans' slots are there up to this day at least; "": of none of them
    scene_service_t services[SCENE_SERVICES_MAX];
} scene_place_t;

typedef struct scene {
    const char *url, *socket; // borrowed; socket may be NULL
    uint64_t seed;
    issuer_t *issuer;
    char *manager; // token of a system-manager of the system
    scene_place_t *places;
    size_t count, room;
    char problem[SCENE_PROBLEM_SIZE]; // why something failed
} scene_t;

// Callers sign in with the issuer of `issuer_dir`. False with `problem` set; scene_clear all the same.
bool scene_open(scene_t *scene, const char *url, const char *socket, const char *issuer_dir, uint64_t seed);
// Practices, networks and provider, with their list sizes and what they offer.
bool scene_read(scene_t *scene);
// Anew, only what they offer.
bool scene_read_offers(scene_t *scene);
void scene_clear(scene_t *scene);

// NULL where there is none.
scene_place_t *scene_find(const scene_t *scene, const char *code);
// GET with a token, a 200 with JSON; NULL with `problem` set. The caller releases it.
json_t *scene_get(scene_t *scene, const char *token, const char *path);
// A token that lives for a day; NULL with `problem` set. The caller frees it.
char *scene_token(scene_t *scene, const char *roles, const char *organisation);
bool scene_fail(scene_t *scene, const char *format, ...) __attribute__((format(printf, 2, 3)));
plan_offerer_t scene_offerer(const scene_place_t *place);

#endif
