// What practices, networks and the urgent care provider offer in the simulator: services, and the weekly plans that make their slots. One
// table, scaled by list size; what comes of it are bodies for POST /v1/services and POST /v1/schedule-templates. All of it is marked
// synthetic.
#ifndef PCN_TESTS_SUPPORT_SIMULATOR_PLANS_H
#define PCN_TESTS_SUPPORT_SIMULATOR_PLANS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum plan_owner { PLAN_PRACTICE, PLAN_NETWORK, PLAN_PROVIDER } plan_owner_t;

// Who offers, and to how many patients.
typedef struct plan_offerer {
    plan_owner_t owner;
    const char *code;
    const char *name;
    uint64_t list_size;
    size_t number; // draws where it stands, and what little differs between practices
} plan_offerer_t;

// Services of an owner by number, 0 to plan_service_count - 1. A new object.
size_t plan_service_count(plan_owner_t owner);
json_t *plan_service(const plan_offerer_t *offerer, size_t service, uint64_t seed);
const char *plan_service_kind(plan_owner_t owner, size_t service);
// A few lack one of them, so that what an offer lacks has something to show.
bool plan_service_lacks(const plan_offerer_t *offerer, size_t service);

// Plans of a service by number. A new object; `id` is the service's, `from` its first day.
size_t plan_count(plan_owner_t owner, size_t service);
json_t *plan_template(const plan_offerer_t *offerer, size_t service, size_t plan, const char *id, const char *from);
const char *plan_name(plan_owner_t owner, size_t service, size_t plan);

// A plan of further unrestricted slots on the days from the first to the last (no weekends), so that `wanted` at least are there in `days`
// of them.
json_t *plan_more(const char *id, const char *from, const char *to, size_t wanted, size_t days);

// Rules of the field that scale a plan: slots a day for NHS 111, and minutes of extended hours a week.
uint64_t plan_slots_111(uint64_t list_size);
uint64_t plan_extended_minutes(uint64_t list_size);

#endif
