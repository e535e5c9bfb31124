#include "tests/support/simulator/plans.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/load.h"

#define COUNT_OF(list) (sizeof(list) / sizeof *(list))
#define SOURCE "Simulator: made up for a demonstration"

enum {
    PLANS_MAX = 6,
    OPENINGS_MAX = 3,
    WEEKDAYS = 7,
    // Of a demonstration's places, in millionths of a degree: a rectangle that Leicestershire and Rutland lie in.
    SOUTH = 52450000,
    NORTH = 52800000,
    WEST = -1450000,
    EAST = -650000
};

// Bits of weekdays, Monday first.
enum { MON = 1, TUE = 2, WED = 4, THU = 8, FRI = 16, SAT = 32, SUN = 64, WORKING = 31 };

static const char *const weekdays[WEEKDAYS] = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};

typedef struct opening {
    unsigned days; // 0 ends a list
    const char *from, *to;
} opening_t;

// What the size of the list scales.
typedef enum scale { SCALE_NONE, SCALE_111, SCALE_EXTENDED_HOURS, SCALE_EXTENDED_ACCESS } scale_t;
typedef enum seen_by { SEEN_BY_ALL, SEEN_BY_OWN, SEEN_ON_THE_DAY, SEEN_BY_111 } seen_by_t;

typedef struct plan {
    const char *name;
    const char *kind;
    const char *channel;
    unsigned minutes;
    opening_t sessions[OPENINGS_MAX];
    scale_t scale;
    seen_by_t seen_by;
} plan_t;

typedef struct service_row {
    const char *kind;
    const char *name;
    const char *specialty; // NULL: none
    const char *const *channels;
    opening_t hours[OPENINGS_MAX];
    unsigned places;              // capacity; 0: none is said
    unsigned lacking_of, lacking; // of so many offerers the one with that remainder has none; 0: everybody has one
    plan_t plans[PLANS_MAX];
} service_row_t;

static const char *const every_channel[] = {"in-person", "telephone", "video", "online-message", NULL};
static const char *const in_person[] = {"in-person", NULL};
static const char *const by_telephone[] = {"in-person", "telephone", NULL};

static const service_row_t practice_services[] = {
    {.kind = "general-practice",
     .name = "General practice",
     .channels = every_channel,
     .hours = {{WORKING, "08:00", "18:30"}},
     .plans = {{"Surgery", "core", "in-person", 20, {{WORKING, "08:30", "09:10"}}, SCALE_NONE, SEEN_BY_ALL},
               {"Telephone", "core", "telephone", 15, {{WORKING, "10:00", "10:15"}}, SCALE_NONE, SEEN_BY_ALL},
               {"Video", "video", "video", 20, {{WORKING, "11:00", "11:20"}}, SCALE_NONE, SEEN_BY_ALL},
               {"On the day", "urgent", "in-person", 20, {{WORKING, "11:30", "11:50"}}, SCALE_NONE, SEEN_ON_THE_DAY},
               {"NHS 111", "reserved-111", "in-person", 15, {{WORKING, "12:00", "12:15"}}, SCALE_111, SEEN_BY_111},
               {"Extended hours", "extended-hours", "in-person", 30, {{0}}, SCALE_EXTENDED_HOURS, SEEN_BY_OWN}}},
};

static const service_row_t network_services[] = {
    {.kind = "extended-access-hub",
     .name = "Extended access hub",
     .channels = by_telephone,
     .hours = {{WORKING, "18:30", "20:00"}, {SAT | SUN, "09:00", "12:00"}},
     .plans = {{"Evenings and weekends",
                "extended-access",
                "in-person",
                30,
                {{WORKING, "18:30", "20:00"}, {SAT | SUN, "09:00", "12:00"}},
                SCALE_EXTENDED_ACCESS,
                SEEN_BY_OWN}}},
    {.kind = "first-contact-physiotherapy",
     .name = "Physiotherapist",
     .specialty = "physiotherapy",
     .channels = by_telephone,
     .hours = {{TUE | THU, "09:00", "12:30"}},
     .plans = {{"Physiotherapy", "physiotherapy", "in-person", 30, {{TUE | THU, "09:00", "12:00"}}, SCALE_NONE, SEEN_BY_OWN}}},
    {.kind = "specialist-clinic",
     .name = "Clinical pharmacist",
     .specialty = "medicines review",
     .channels = by_telephone,
     .hours = {{MON | WED, "13:00", "16:00"}},
     .plans = {{"Medicines review", "pharmacist", "telephone", 30, {{MON | WED, "13:00", "15:00"}}, SCALE_NONE, SEEN_BY_OWN}}},
    {.kind = "diagnostic-hub",
     .name = "Diagnostic hub",
     .specialty = "diagnostics",
     .channels = in_person,
     .hours = {{FRI, "09:00", "17:00"}},
     .lacking_of = 6,
     .lacking = 4,
     .plans = {{"Diagnostics", "diagnostics", "in-person", 30, {{FRI, "09:00", "12:00"}}, SCALE_NONE, SEEN_BY_OWN}}},
    {.kind = "community-pharmacy",
     .name = "Pharmacy, minor ailments",
     .channels = by_telephone,
     .hours = {{WORKING | SAT, "09:00", "18:00"}},
     .lacking_of = 5,
     .lacking = 2},
    {.kind = "voluntary-service", .name = "Walking group", .channels = in_person, .hours = {{SAT, "10:00", "12:00"}}, .places = 20},
};

static const service_row_t provider_services[] = {
    {.kind = "crisis-response",
     .name = "Crisis response",
     .channels = by_telephone,
     .hours = {{WORKING | SAT | SUN, "00:00", "24:00"}},
     .places = 12},
};

static const struct {
    const service_row_t *rows;
    size_t count;
} services[] = {
    [PLAN_PRACTICE] = {practice_services, COUNT_OF(practice_services)},
    [PLAN_NETWORK] = {network_services, COUNT_OF(network_services)},
    [PLAN_PROVIDER] = {provider_services, COUNT_OF(provider_services)},
};

static const service_row_t *row_of(plan_owner_t owner, size_t service)
{
    assert(service < services[owner].count);
    return &services[owner].rows[service];
}

size_t plan_service_count(plan_owner_t owner)
{
    return services[owner].count;
}

const char *plan_service_kind(plan_owner_t owner, size_t service)
{
    return row_of(owner, service)->kind;
}

bool plan_service_lacks(const plan_offerer_t *offerer, size_t service)
{
    const service_row_t *row = row_of(offerer->owner, service);
    return row->lacking_of > 0 && offerer->number % row->lacking_of == row->lacking;
}

uint64_t plan_slots_111(uint64_t list_size)
{
    return list_size < 3000 ? 1 : list_size / 3000;
}

uint64_t plan_extended_minutes(uint64_t list_size)
{
    // Thirty minutes per 1,000, to the nearest quarter of an hour.
    const uint64_t quarters = (2 * list_size + 500) / 1000;
    return quarters < 2 ? 30 : 15 * quarters;
}

// ---- services ----

static json_t *openings_json(const opening_t *openings)
{
    json_t *list = json_array();
    for (size_t i = 0; i < OPENINGS_MAX && openings[i].days != 0; i++) {
        for (size_t day = 0; day < WEEKDAYS; day++) {
            if (openings[i].days & (1U << day))
                json_array_append_new(
                    list, json_pack("{s:s, s:s, s:s}", "weekday", weekdays[day], "from", openings[i].from, "to", openings[i].to));
        }
    }
    return list;
}

static json_t *channels_json(const char *const *channels)
{
    json_t *list = json_array();
    for (; *channels != NULL; channels++)
        json_array_append_new(list, json_string(*channels));
    return list;
}

static json_t *degrees(load_random_t *random, int64_t least, int64_t most)
{
    const int64_t millionths = least + (int64_t)load_draw(random, (uint64_t)(most - least));
    return json_sprintf("%.6f", (double)millionths / 1e6);
}

json_t *plan_service(const plan_offerer_t *offerer, size_t service, uint64_t seed)
{
    const service_row_t *row = row_of(offerer->owner, service);
    load_random_t random = {.state = seed ^ (offerer->number << 8) ^ ((uint64_t)offerer->owner << 4) ^ service};
    json_t *latitude = degrees(&random, SOUTH, NORTH), *longitude = degrees(&random, WEST, EAST);
    json_t *body = json_pack("{s:o, s:s, s:s, s:o, s:{s:o}, s:[s], s:{s:o, s:o, s:b}, s:s, s:b}", "name",
                             json_sprintf("%s: %s", offerer->name, row->name), "kind", row->kind, "provider", offerer->code, "channels",
                             channels_json(row->channels), "hours", "weekly", openings_json(row->hours), "areas", offerer->code, "location",
                             "latitude", latitude, "longitude", longitude, "synthetic", 1, "source", SOURCE, "synthetic", 1);
    if (row->specialty != NULL)
        json_object_set_new(body, "specialty", json_string(row->specialty));
    if (row->places > 0)
        json_object_set_new(body, "capacity",
                            json_pack("{s:i, s:i}", "places", (int)row->places, "free", (int)load_draw(&random, row->places + 1)));
    return body;
}

// ---- plans ----

size_t plan_count(plan_owner_t owner, size_t service)
{
    size_t count = 0;
    while (count < PLANS_MAX && row_of(owner, service)->plans[count].name != NULL)
        count++;
    return count;
}

const char *plan_name(plan_owner_t owner, size_t service, size_t plan)
{
    return row_of(owner, service)->plans[plan].name;
}

static void add_session(json_t *sessions, size_t day, const char *from, const char *to, unsigned minutes, unsigned parallel)
{
    json_array_append_new(sessions, json_pack("{s:s, s:s, s:s, s:i, s:i}", "weekday", weekdays[day], "from", from, "to", to, "minutes",
                                              (int)minutes, "parallel", (int)parallel));
}

static json_t *sessions_json(const opening_t *openings, unsigned minutes, unsigned parallel)
{
    json_t *sessions = json_array();
    for (size_t i = 0; i < OPENINGS_MAX && openings[i].days != 0; i++) {
        for (size_t day = 0; day < WEEKDAYS; day++) {
            if (openings[i].days & (1U << day))
                add_session(sessions, day, openings[i].from, openings[i].to, minutes, parallel);
        }
    }
    return sessions;
}

// Half hours on evenings from 18:30 on, then on Saturday morning: as many as the week asks for. One practice in nine gives one less.
static json_t *extended_hours(const plan_offerer_t *offerer, unsigned minutes)
{
    enum { EVENINGS = 4, LANES_MAX = 100 };
    uint64_t slots = (plan_extended_minutes(offerer->list_size) + minutes - 1) / minutes;
    if (slots > 1 && offerer->number % 9 == 4)
        slots--;
    json_t *sessions = json_array();
    for (size_t evening = 0; evening < EVENINGS; evening++) {
        const uint64_t lanes = slots / EVENINGS + (evening < slots % EVENINGS);
        if (lanes > 0)
            add_session(sessions, evening, "18:30", "19:00", minutes, lanes < LANES_MAX ? (unsigned)lanes : LANES_MAX);
    }
    return sessions;
}

// So many rows side by side that thirty minutes a week come to each 1,000 patients.
static unsigned access_lanes(const plan_t *plan, uint64_t list_size)
{
    enum { WEEK_MINUTES = 5 * 90 + 2 * 180 };
    (void)plan;
    const uint64_t minutes = list_size * 30 / 1000;
    return minutes > WEEK_MINUTES ? (unsigned)((minutes + WEEK_MINUTES - 1) / WEEK_MINUTES) : 1;
}

static json_t *sessions_of(const plan_offerer_t *offerer, const plan_t *plan)
{
    switch (plan->scale) {
    case SCALE_111:
        return sessions_json(plan->sessions, plan->minutes, (unsigned)plan_slots_111(offerer->list_size));
    case SCALE_EXTENDED_HOURS:
        return extended_hours(offerer, plan->minutes);
    case SCALE_EXTENDED_ACCESS:
        return sessions_json(plan->sessions, plan->minutes, access_lanes(plan, offerer->list_size));
    case SCALE_NONE:
        break;
    }
    return sessions_json(plan->sessions, plan->minutes, 1);
}

static json_t *restrictions_of(const plan_offerer_t *offerer, seen_by_t seen_by)
{
    switch (seen_by) {
    case SEEN_BY_OWN:
        return json_pack("{s:[s]}", "organisations", offerer->code);
    case SEEN_ON_THE_DAY:
        return json_pack("{s:i}", "windowDays", 0);
    case SEEN_BY_111:
        return json_pack("{s:[s]}", "organisationTypes", "urgent-care");
    case SEEN_BY_ALL:
        break;
    }
    return NULL;
}

json_t *plan_template(const plan_offerer_t *offerer, size_t service, size_t plan, const char *id, const char *from)
{
    assert(plan < plan_count(offerer->owner, service));
    const plan_t *row = &row_of(offerer->owner, service)->plans[plan];
    json_t *body = json_pack("{s:s, s:s, s:s, s:s, s:o, s:s, s:b}", "service", id, "name", row->name, "kind", row->kind, "channel",
                             row->channel, "sessions", sessions_of(offerer, row), "validFrom", from, "synthetic", 1);
    json_t *restrictions = restrictions_of(offerer, row->seen_by);
    if (restrictions != NULL)
        json_object_set_new(body, "restrictions", restrictions);
    return body;
}

json_t *plan_more(const char *id, const char *from, const char *to, size_t wanted, size_t days)
{
    static const opening_t afternoon[OPENINGS_MAX] = {{WORKING, "14:00", "14:10"}};
    const unsigned lanes = (unsigned)((wanted + days - 1) / days);
    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:s, s:s, s:b}", "service", id, "name", "Further appointments", "kind", "core", "channel",
                     "telephone", "sessions", sessions_json(afternoon, 10, lanes), "validFrom", from, "validTo", to, "synthetic", 1);
}
