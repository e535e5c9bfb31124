#include "tests/support/simulator/demonstration_people.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "tests/support/simulator/demonstration_referrals.h"
#include "tests/support/simulator/phase.h"

#define SYSTEM "ics-llr"

enum {
    PATIENTS = 15,
    BOOKINGS = 3, // of a practice's next working day
    REGISTERED_SPAN = 3000,
    CANCELLED_ONE_OF = 8,
    CONSULTING_ONE_OF = 4,
    PRACTICES_MAX = PEOPLE_MAX / PEOPLE_STRIDE
};

typedef char patient_id_t[SCENE_ID_SIZE];

typedef struct people {
    demonstration_t *demonstration;
    scene_t *scene;
    char *finder;      // token of somebody who finds whomever a practice of the system has
    patient_id_t *ids; // by practice and patient; "": not known here
    errand_t *errands;
    size_t count;
    int32_t day; // that has appointments
} people_t;

static person_t person_of(const people_t *people, size_t index)
{
    return person_make(people->scene->seed, index, PEOPLE_BORN_BY);
}

static patient_id_t *id_of(const people_t *people, const scene_place_t *practice, size_t person)
{
    return &people->ids[practice->number * PATIENTS + person % PEOPLE_STRIDE];
}

// ---- patients ----

static bool make_find(void *context, errand_t *errand, load_request_t *request)
{
    const people_t *people = context;
    request->method = "POST";
    request->token = people->finder;
    snprintf(request->path, sizeof request->path, "/v1/patients:find");
    return phase_body(request, json_pack("{s:s}", "nhsNumber", person_of(people, errand->person).nhs_number));
}

static void on_find(void *context, errand_t *errand, const load_answer_t *answer)
{
    json_t *body = json_loadb(answer->body, answer->size, 0, NULL);
    const json_t *patient = json_array_get(json_object_get(body, "patients"), 0);
    const char *id = json_string_value(json_object_get(patient, "id"));
    errand->count = id != NULL;
    snprintf(*id_of(context, errand->place, errand->person), SCENE_ID_SIZE, "%s", id != NULL ? id : "");
    json_decref(body);
}

static bool make_patient(void *context, errand_t *errand, load_request_t *request)
{
    const people_t *people = context;
    const person_t person = person_of(people, errand->person);
    load_random_t random = {.state = people->scene->seed + errand->person};
    char from[DATE_SIZE];
    // Since some day, but not before birth.
    int32_t born = 0, since = PEOPLE_BORN_BY - (int32_t)load_draw(&random, REGISTERED_SPAN);
    if (date_parse(person.birth_date, &born) && since < born)
        since = born;
    date_format(since, from);
    phase_change(request, "/v1/patients", "patients/");
    request->token = errand->place->token;
    return phase_body(request, person_registration(&person, errand->place->code, from));
}

static void on_patient(void *context, errand_t *errand, const load_answer_t *answer)
{
    if (answer->status == 201)
        phase_take_id(answer, *id_of(context, errand->place, errand->person));
}

// ---- appointments ----

static bool make_day_look(void *context, errand_t *errand, load_request_t *request)
{
    const people_t *people = context;
    char day[DATE_SIZE];
    date_format(people->day, day);
    request->method = "GET";
    request->token = errand->place->token;
    snprintf(request->path, sizeof request->path, "/v1/appointments?organisation=%s&day=%s&pageSize=%d", errand->place->code, day,
             BOOKINGS);
    return true;
}

static void on_day_look(void *context, errand_t *errand, const load_answer_t *answer)
{
    (void)context;
    json_t *body = json_loadb(answer->body, answer->size, 0, NULL);
    errand->count = json_array_size(json_object_get(body, "appointments"));
    json_decref(body);
}

// Where the patient is seen: the practice, or the hub of its network.
static const scene_place_t *performer(const people_t *people, const errand_t *errand)
{
    const scene_place_t *hub = errand->plan > 0 ? scene_find(people->scene, errand->place->network) : NULL;
    return hub != NULL ? hub : errand->place;
}

static bool make_slot_look(void *context, errand_t *errand, load_request_t *request)
{
    const people_t *people = context;
    char day[DATE_SIZE];
    date_format(people->day, day);
    request->method = "GET";
    request->token = errand->place->token;
    snprintf(request->path, sizeof request->path, "/v1/slots?organisation=%s&kind=%s&from=%s&to=%s&pageSize=10",
             performer(people, errand)->code, errand->plan > 0 ? "extended-access" : "core", day, day);
    return true;
}

// The patient's number among the practice's chooses among the slots, so that nobody wants another's.
static void on_slot_look(void *context, errand_t *errand, const load_answer_t *answer)
{
    (void)context;
    json_t *body = json_loadb(answer->body, answer->size, 0, NULL);
    const json_t *slots = json_object_get(body, "slots");
    const size_t number = errand->plan > 0 ? errand->place->number : errand->service;
    const json_t *slot = json_array_size(slots) > 0 ? json_array_get(slots, number % json_array_size(slots)) : NULL;
    const char *id = json_string_value(json_object_get(slot, "id"));
    snprintf(errand->slot, sizeof errand->slot, "%s", id != NULL ? id : "");
    json_decref(body);
}

static bool make_appointment(void *context, errand_t *errand, load_request_t *request)
{
    static const char *const words[] = {"Knee pain for two weeks", "Cough, mostly at night", "Blood pressure to be checked",
                                        "Repeat prescription",     "Rash on both arms",      "Results of a blood test"};
    phase_change(request, "/v1/appointments", "appointments/");
    request->token = errand->place->token;
    return phase_body(request,
                      json_pack("{s:[s], s:s, s:s}", "slots", errand->slot, "patient", *id_of(context, errand->place, errand->person),
                                "description", words[errand->person % (sizeof words / sizeof *words)]));
}

static void on_appointment(void *context, errand_t *errand, const load_answer_t *answer)
{
    people_t *people = context;
    phase_take_id(answer, errand->id);
    people->demonstration->appointments += errand->id[0] != '\0' && answer->status == 201;
    if (answer->status != 201)
        errand->id[0] = '\0';
}

static bool make_cancellation(void *context, errand_t *errand, load_request_t *request)
{
    char path[LOAD_PATH_SIZE], subject[LOAD_SUBJECT_SIZE];
    (void)context;
    snprintf(path, sizeof path, "/v1/appointments/%s:cancel", errand->id);
    snprintf(subject, sizeof subject, "appointments/%s", errand->id);
    phase_change(request, path, subject);
    request->token = errand->place->token;
    return phase_body(request, json_pack("{s:s, s:s}", "by", "patient", "reason", "The patient is better"));
}

static bool make_consultation(void *context, errand_t *errand, load_request_t *request)
{
    phase_change(request, "/v1/online-consultations", "online-consultations/");
    request->token = errand->place->token;
    return phase_body(request,
                      json_pack("{s:s, s:s, s:[{s:s, s:s}, {s:s, s:s}]}", "patient", *id_of(context, errand->place, errand->person),
                                "service", errand->place->services[0].id, "answers", "question", "symptom", "answer",
                                "A cough, mostly at night", "question", "since", "answer", "Two weeks"));
}

static const phase_kind_t find_kind = {.name = "patients that are there", .make = make_find, .done = on_find};
// 409 and 422: the number is on record, whatever became of it.
static const phase_kind_t patient_kind = {
    .name = "patients", .make = make_patient, .done = on_patient, .good = {409, 422}, .patience_ms = 60000};
static const phase_kind_t day_look = {.name = "appointments that are there", .make = make_day_look, .done = on_day_look};
static const phase_kind_t slot_look = {.name = "slots to book", .make = make_slot_look, .done = on_slot_look};
// 404, 409 and 422: somebody was faster, or the patient is not the practice's any more.
static const phase_kind_t appointment_kind = {
    .name = "appointments", .make = make_appointment, .done = on_appointment, .good = {404, 409, 422}};
static const phase_kind_t cancellation_kind = {.name = "cancellations", .make = make_cancellation, .good = {404, 409}};
static const phase_kind_t consultation_kind = {.name = "online consultations", .make = make_consultation, .good = {404, 409, 422}};

// ---- the steps ----

static bool run(people_t *people, const phase_kind_t *kind)
{
    return phase_run(people->scene, kind, people, people->errands, people->count);
}

static errand_t *add(people_t *people, scene_place_t *practice, size_t person)
{
    errand_t *errand = &people->errands[people->count++];
    *errand = (errand_t){.place = practice, .person = practice->number * PEOPLE_STRIDE + person};
    return errand;
}

// The practices, or those of them for which an errand found nothing.
static void add_everybody(people_t *people, bool *of, size_t from, size_t to)
{
    people->count = 0;
    for (size_t i = 0; i < people->scene->count; i++) {
        scene_place_t *place = &people->scene->places[i];
        if (place->owner != PLAN_PRACTICE || place->number >= PRACTICES_MAX || (of != NULL && !of[place->number]))
            continue;
        for (size_t person = from; person < to; person++)
            add(people, place, person);
    }
}

static void keep(people_t *people, bool (*wanted)(const people_t *people, const errand_t *errand))
{
    size_t kept = 0;
    for (size_t i = 0; i < people->count; i++) {
        if (wanted(people, &people->errands[i]))
            people->errands[kept++] = people->errands[i];
    }
    people->count = kept;
}

static bool is_missing(const people_t *people, const errand_t *errand)
{
    (void)people;
    return errand->count == 0;
}

// The last one of each practice says whether all of them were registered once; where not, each is looked for, unless nobody is there at
// all.
static bool register_patients(people_t *people)
{
    bool missing[PRACTICES_MAX] = {false};
    size_t practices;
    add_everybody(people, NULL, PATIENTS - 1, PATIENTS);
    practices = people->count;
    if (!run(people, &find_kind))
        return false;
    keep(people, is_missing);
    for (size_t i = 0; i < people->count; i++)
        missing[people->errands[i].place->number] = true;
    const bool fresh = people->count == practices;
    add_everybody(people, missing, 0, PATIENTS);
    if (!fresh) {
        if (!run(people, &find_kind))
            return false;
        keep(people, is_missing);
    }
    people->demonstration->patients = people->count;
    return run(people, &patient_kind);
}

static bool is_known(const people_t *people, const errand_t *errand)
{
    return (*id_of(people, errand->place, errand->person))[0] != '\0';
}

static bool is_unknown(const people_t *people, const errand_t *errand)
{
    return !is_known(people, errand);
}

static bool has_slot(const people_t *people, const errand_t *errand)
{
    return errand->slot[0] != '\0' && is_known(people, errand);
}

static bool is_cancelled(const people_t *people, const errand_t *errand)
{
    (void)people;
    return errand->id[0] != '\0' && (errand->person / PEOPLE_STRIDE + errand->service) % CANCELLED_ONE_OF == 0;
}

// Who is booked on a day: other people on other days. The third of a practice goes to the hub of its network.
static void add_bookings(people_t *people, const bool *lacking)
{
    people->count = 0;
    for (size_t i = 0; i < people->scene->count; i++) {
        scene_place_t *place = &people->scene->places[i];
        if (place->owner != PLAN_PRACTICE || place->number >= PRACTICES_MAX || !lacking[place->number])
            continue;
        for (size_t n = 0; n < BOOKINGS; n++) {
            errand_t *errand = add(people, place, ((size_t)people->day * BOOKINGS + n) % PATIENTS);
            errand->service = n;
            errand->plan = n + 1 == BOOKINGS;
        }
    }
}

static bool find_unknown(people_t *people, const bool *lacking)
{
    add_bookings(people, lacking);
    keep(people, is_unknown);
    if (!run(people, &find_kind))
        return false;
    add_bookings(people, lacking);
    return true;
}

static bool book(people_t *people)
{
    bool lacking[PRACTICES_MAX] = {false};
    add_everybody(people, NULL, 0, 1);
    if (!run(people, &day_look))
        return false;
    keep(people, is_missing);
    for (size_t i = 0; i < people->count; i++)
        lacking[people->errands[i].place->number] = true;
    if (people->count == 0)
        return true;
    if (!find_unknown(people, lacking) || !run(people, &slot_look))
        return false;
    keep(people, has_slot);
    if (!run(people, &appointment_kind))
        return false;
    keep(people, is_cancelled);
    return run(people, &cancellation_kind);
}

static bool is_consulting(const people_t *people, const errand_t *errand)
{
    return errand->place->number % CONSULTING_ONE_OF == 0 && is_known(people, errand);
}

static bool consult(people_t *people)
{
    add_everybody(people, NULL, 0, 1);
    keep(people, is_consulting);
    return run(people, &consultation_kind);
}

// Referrals of the first patients of each practice.
static bool refer(people_t *people)
{
    add_everybody(people, NULL, 0, DEMONSTRATION_REFERRALS);
    keep(people, is_known);
    for (size_t i = 0; i < people->count; i++) {
        errand_t *errand = &people->errands[i];
        errand->service = errand->person % PEOPLE_STRIDE;
        snprintf(errand->id, sizeof errand->id, "%s", *id_of(people, errand->place, errand->person));
    }
    return demonstration_referrals(people->scene, people->demonstration->today, people->errands, people->count);
}

static int32_t next_working_day(int32_t day)
{
    do
        day++;
    while (weekday_of_date(day) >= 5);
    return day;
}

bool demonstration_people(demonstration_t *demonstration, scene_t *scene)
{
    people_t people = {.demonstration = demonstration, .scene = scene, .day = next_working_day(demonstration->today)};
    people.finder = scene_token(scene, "practice-reception", SYSTEM);
    people.ids = calloc((size_t)PRACTICES_MAX * PATIENTS, sizeof *people.ids);
    people.errands = calloc((size_t)PRACTICES_MAX * PATIENTS, sizeof *people.errands);
    bool good = people.finder != NULL && people.ids != NULL && people.errands != NULL;
    if (!good && scene->problem[0] == '\0')
        (void)scene_fail(scene, "no memory");
    good = good && register_patients(&people);
    // There is no list of all who consult or are referred, so that it is done once, with the patients.
    if (good && demonstration->patients > 0)
        good = consult(&people) && refer(&people);
    good = good && book(&people);
    free(people.finder);
    free(people.ids);
    free(people.errands);
    return good;
}
