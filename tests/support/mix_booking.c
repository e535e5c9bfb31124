#include "tests/support/mix_booking.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "tests/support/simulator/people.h"
#include "tests/support/simulator/phase.h"

enum { BORN_BY = 20270, CONTESTED_ONE_OF = 12, HUB_PERCENT = 20, URGENT_PERCENT = 10, FINDING_SIZE = 256, PAGE = 60 };

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

static bool wrong(mix_booking_t *mix, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool wrong(mix_booking_t *mix, const char *format, ...)
{
    if (mix->wrong++ == 0) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(mix->first_wrong, sizeof mix->first_wrong, format, arguments);
        va_end(arguments);
    }
    return false;
}

static void set_read(load_request_t *request, const char *token)
{
    request->method = "GET";
    request->token = token;
}

// A verb of one aggregate, with a body.
static bool set_verb(load_request_t *request, const char *resource, const char *id, const char *verb, const char *token, json_t *body)
{
    char path[LOAD_PATH_SIZE], subject[LOAD_SUBJECT_SIZE];
    snprintf(path, sizeof path, "/v1/%s/%s:%s", resource, id, verb);
    snprintf(subject, sizeof subject, "%s/%s", resource, id);
    phase_change(request, path, subject);
    request->token = token;
    return phase_body(request, body);
}

static person_t person_of(const mix_booking_t *mix, size_t index)
{
    return person_make(mix->world.scene->seed, index, BORN_BY);
}

// ---- patients ----

static bool make_register_patient(mix_booking_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    size_t *next = &mix->world.next_person[deed->practice_number];
    (void)random;
    if (*next >= PEOPLE_STRIDE || (deed->practice->number + 1) * PEOPLE_STRIDE > PEOPLE_MAX)
        return false;
    patient_row_t *patient = row_add(&mix->world.patients, sizeof *patient);
    patient->practice = deed->practice;
    patient->person = deed->practice->number * PEOPLE_STRIDE + (*next)++;
    deed->patient = patient;
    const person_t person = person_of(mix, patient->person);
    phase_change(request, "/v1/patients", "patients/");
    request->token = deed->practice->token;
    return phase_body(request, person_registration(&person, deed->practice->code, NULL));
}

static bool on_register_patient(mix_booking_t *mix, deed_t *deed, const load_answer_t *answer)
{
    (void)mix;
    if (answer->status == 201)
        phase_take_id(answer, deed->patient->id);
    return true;
}

static bool make_find_patient(mix_booking_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    deed->patient = booking_world_patient(&mix->world, random, NULL);
    if (deed->patient == NULL)
        return false;
    request->method = "POST";
    request->token = deed->patient->practice->token;
    snprintf(request->path, sizeof request->path, "/v1/patients:find");
    return phase_body(request, json_pack("{s:s}", "nhsNumber", person_of(mix, deed->patient->person).nhs_number));
}

static bool on_find_patient(mix_booking_t *mix, deed_t *deed, const load_answer_t *answer)
{
    if (answer->status == 0)
        return true;
    json_t *body = json_loadb(answer->body, answer->size, 0, NULL);
    const char *id = json_string_value(json_object_get(json_array_get(json_object_get(body, "patients"), 0), "id"));
    const bool good = answer->status == 200 && id != NULL && strcmp(id, deed->patient->id) == 0;
    json_decref(body);
    return good || wrong(mix, "patient %s was registered and is not found: %ld", deed->patient->id, answer->status);
}

static bool make_open_case(mix_booking_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    deed->patient = mix->world.urgent_care != NULL ? booking_world_patient(&mix->world, random, NULL) : NULL;
    if (deed->patient == NULL || deed->patient->has_case)
        return false;
    const person_t person = person_of(mix, deed->patient->person);
    phase_change(request, "/v1/urgent-cases", "urgent-cases/");
    request->token = mix->world.urgent_care->token;
    return phase_body(request,
                      json_pack("{s:s, s:s, s:s}", "nhsNumber", person.nhs_number, "birthDate", person.birth_date, "need", "chest-pain"));
}

static bool on_open_case(mix_booking_t *mix, deed_t *deed, const load_answer_t *answer)
{
    (void)mix;
    deed->patient->has_case = deed->patient->has_case || answer->status == 201;
    return true;
}

// ---- slots ----

static booking_reach_t draw_reach(load_random_t *random)
{
    const uint64_t percent = load_draw(random, 100);
    return percent < HUB_PERCENT ? BOOKING_HUB : percent < HUB_PERCENT + URGENT_PERCENT ? BOOKING_111 : BOOKING_OWN;
}

static scene_place_t *performer_of(const mix_booking_t *mix, scene_place_t *practice, booking_reach_t reach)
{
    return reach == BOOKING_HUB ? scene_find(mix->world.scene, practice->network) : practice;
}

static bool make_search(mix_booking_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    static const char *const kinds[] = {[BOOKING_OWN] = "", [BOOKING_HUB] = "&kind=extended-access", [BOOKING_111] = "&kind=reserved-111"};
    char from[DATE_SIZE], to[DATE_SIZE];
    deed->reach = draw_reach(random);
    const scene_place_t *performer = performer_of(mix, deed->practice, deed->reach);
    if (performer == NULL || (deed->reach == BOOKING_111 && mix->world.urgent_care == NULL))
        return false;
    // A week's days by chance, so that not everybody wants the same slots.
    const int32_t day = mix->options.first_day + (int32_t)load_draw(random, mix->options.days);
    date_format(day, from);
    date_format(mix->options.first_day + (int32_t)mix->options.days - 1, to);
    set_read(request, deed->reach == BOOKING_111 ? mix->world.urgent_care->token : deed->practice->token);
    snprintf(request->path, sizeof request->path, "/v1/slots?organisation=%s&from=%s&to=%s&pageSize=%d%s", performer->code, from, to, PAGE,
             kinds[deed->reach]);
    return true;
}

static bool on_search(mix_booking_t *mix, deed_t *deed, const load_answer_t *answer)
{
    scene_place_t *performer = performer_of(mix, deed->practice, deed->reach);
    json_t *body = json_loadb(answer->body, answer->size, 0, NULL);
    size_t i;
    const json_t *row;
    bool good = true;
    json_array_foreach(json_object_get(body, "slots"), i, row)
    {
        const char *id = json_string_value(json_object_get(row, "id")), *status = json_string_value(json_object_get(row, "status"));
        if (id == NULL || status == NULL || strcmp(status, "free") != 0)
            good = wrong(mix, "a search shows a slot that is not free");
        else
            (void)booking_world_saw(&mix->world, id, performer, deed->reach);
    }
    json_decref(body);
    return good;
}

// A slot and a patient for whom the caller may book it.
static bool choose(mix_booking_t *mix, load_random_t *random, deed_t *deed, booking_reach_t reach)
{
    deed->slot = booking_world_slot(&mix->world, random, reach, load_draw(random, CONTESTED_ONE_OF) == 0);
    if (deed->slot != NULL)
        deed->patient = booking_world_patient(&mix->world, random, reach == BOOKING_111 ? NULL : deed->slot->performer);
    return deed->slot != NULL && deed->patient != NULL && booking_world_fits(deed->patient, deed->slot);
}

static const char *booker_of(const mix_booking_t *mix, const deed_t *deed)
{
    return deed->slot->reach == BOOKING_111 ? mix->world.urgent_care->token : deed->patient->practice->token;
}

static bool make_hold(mix_booking_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    char path[LOAD_PATH_SIZE];
    if (!choose(mix, random, deed, BOOKING_OWN))
        return false;
    deed->hold = row_add(&mix->world.holds, sizeof *deed->hold);
    deed->hold->slot = deed->slot;
    deed->hold->patient = deed->patient;
    deed->hold->used = true; // until it is there
    snprintf(path, sizeof path, "/v1/slots/%s:hold", deed->slot->id);
    phase_change(request, path, "holds/");
    request->token = booker_of(mix, deed);
    return phase_body(request, json_pack("{s:i}", "minutes", 30));
}

// What a 409 offers instead is something else.
static bool check_alternatives(mix_booking_t *mix, const slot_row_t *slot, const load_answer_t *answer)
{
    json_t *body = json_loadb(answer->body, answer->size, 0, NULL);
    size_t i;
    const json_t *row;
    bool good = true;
    json_array_foreach(json_object_get(body, "alternatives"), i, row)
    {
        const char *id = json_string_value(json_object_get(row, "id")), *status = json_string_value(json_object_get(row, "status"));
        if (id == NULL || strcmp(id, slot->id) == 0 || status == NULL || strcmp(status, "free") != 0)
            good = wrong(mix, "slot %s is taken, and is offered instead, or one that is not free", slot->id);
    }
    json_decref(body);
    return good;
}

static bool on_taken(mix_booking_t *mix, slot_row_t *slot, const load_answer_t *answer)
{
    // By whom is known, or nobody here may count on it any more.
    slot->taken = slot->taken || slot->live == NULL;
    return check_alternatives(mix, slot, answer);
}

static bool on_hold(mix_booking_t *mix, deed_t *deed, const load_answer_t *answer)
{
    if (answer->status == 201) {
        phase_take_id(answer, deed->hold->id);
        deed->hold->used = false;
        // Nobody else gets it while it is held.
        deed->slot->taken = true;
    } else if (answer->status == 0) {
        deed->slot->taken = true;
    } else if (answer->status == 409) {
        return on_taken(mix, deed->slot, answer);
    }
    return true;
}

// ---- appointments ----

static bool set_booking(mix_booking_t *mix, load_request_t *request, deed_t *deed, json_t *body)
{
    booking_row_t *booking = row_add(&mix->world.bookings, sizeof *booking);
    booking->patient = deed->patient;
    booking->slot = deed->slot;
    booking->token = booker_of(mix, deed);
    booking->busy = true;
    deed->booking = booking;
    phase_change(request, "/v1/appointments", "appointments/");
    request->token = booking->token;
    return phase_body(request, body);
}

static bool make_book(mix_booking_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    if (!choose(mix, random, deed, draw_reach(random)))
        return false;
    deed->unclear = deed->slot->live != NULL && deed->slot->live->busy;
    return set_booking(mix, request, deed,
                       json_pack("{s:[s], s:s, s:s}", "slots", deed->slot->id, "patient", deed->patient->id, "description", "By the load"));
}

static bool make_book_held(mix_booking_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    deed->hold = row_draw(&mix->world.holds, random);
    if (deed->hold == NULL || deed->hold->used)
        return false;
    deed->hold->used = true;
    deed->slot = deed->hold->slot;
    deed->patient = deed->hold->patient;
    return set_booking(mix, request, deed, json_pack("{s:s, s:s}", "hold", deed->hold->id, "patient", deed->patient->id));
}

// A slot that has a live appointment, about which nothing is on its way, has no second one.
static bool take_slot(mix_booking_t *mix, const deed_t *deed, slot_row_t *slot)
{
    const booking_row_t *other = slot->live;
    slot->live = deed->booking;
    slot->taken = false;
    if (other == NULL || other == deed->booking || other->busy || other->state == BOOKING_UNSURE || deed->unclear)
        return true;
    return wrong(mix, "slot %s has two live appointments, %s and %s", slot->id, other->id, deed->booking->id);
}

static bool on_book(mix_booking_t *mix, deed_t *deed, const load_answer_t *answer)
{
    booking_row_t *booking = deed->booking;
    booking->busy = false;
    if (answer->status == 201) {
        phase_take_id(answer, booking->id);
        booking->version = answer->version;
        booking->state = BOOKING_BOOKED;
        return take_slot(mix, deed, deed->slot);
    }
    booking->state = answer->status == 0 ? BOOKING_UNSURE : BOOKING_OVER;
    deed->slot->taken = deed->slot->taken || answer->status == 0;
    return answer->status != 409 || on_taken(mix, deed->slot, answer);
}

static bool choose_booking(mix_booking_t *mix, load_random_t *random, deed_t *deed, booking_state_t state)
{
    deed->booking = booking_world_booking(&mix->world, random, state);
    if (deed->booking == NULL)
        return false;
    deed->booking->busy = true;
    deed->slot = deed->booking->slot;
    return true;
}

static bool make_cancel(mix_booking_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    return choose_booking(mix, random, deed, BOOKING_BOOKED) &&
           set_verb(request, "appointments", deed->booking->id, "cancel", deed->booking->token,
                    json_pack("{s:s, s:s}", "by", load_draw(random, 4) == 0 ? "provider" : "patient", "reason", "Not needed any more"));
}

// The change of an appointment that only this client changes: it is done, or refused for a reason of time.
static bool on_change(mix_booking_t *mix, deed_t *deed, const load_answer_t *answer, booking_state_t state)
{
    booking_row_t *booking = deed->booking;
    booking->busy = false;
    if (journal_is_success(answer->status)) {
        const bool later = answer->version > booking->version;
        booking->version = answer->version;
        booking->state = state;
        return later || wrong(mix, "%s did not grow with its change: version %" PRId64, booking->id, answer->version);
    }
    if (answer->status == 0)
        booking->state = BOOKING_UNSURE;
    else if (answer->status == 404)
        return wrong(mix, "%s was acknowledged and is not there", booking->id);
    return true;
}

static bool on_cancel(mix_booking_t *mix, deed_t *deed, const load_answer_t *answer)
{
    const bool good = on_change(mix, deed, answer, BOOKING_OVER);
    if (journal_is_success(answer->status) && deed->slot->live == deed->booking)
        deed->slot->live = NULL;
    return good;
}

static bool make_reschedule(mix_booking_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    booking_row_t *booking = booking_world_booking(&mix->world, random, BOOKING_BOOKED);
    deed->slot = booking != NULL ? booking_world_slot(&mix->world, random, booking->slot->reach, false) : NULL;
    if (deed->slot == NULL || deed->slot->performer != booking->slot->performer)
        return false;
    deed->booking = booking;
    booking->busy = true;
    return set_verb(request, "appointments", booking->id, "reschedule", booking->token, json_pack("{s:[s]}", "slots", deed->slot->id));
}

static bool on_reschedule(mix_booking_t *mix, deed_t *deed, const load_answer_t *answer)
{
    booking_row_t *booking = deed->booking;
    slot_row_t *before = booking->slot;
    bool good = on_change(mix, deed, answer, BOOKING_BOOKED);
    if (journal_is_success(answer->status)) {
        if (before->live == booking)
            before->live = NULL;
        booking->slot = deed->slot;
        good = take_slot(mix, deed, deed->slot) && good;
    } else if (answer->status == 0) {
        deed->slot->taken = true;
    } else if (answer->status == 409) {
        good = on_taken(mix, deed->slot, answer) && good;
    }
    return good;
}

static bool make_amend(mix_booking_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    if (!choose_booking(mix, random, deed, BOOKING_BOOKED))
        return false;
    request->method = "PATCH";
    request->token = deed->booking->token;
    request->match = deed->booking->version;
    snprintf(request->path, sizeof request->path, "/v1/appointments/%s", deed->booking->id);
    snprintf(request->subjects[request->subject_count++], LOAD_SUBJECT_SIZE, "appointments/%s", deed->booking->id);
    return phase_body(request, json_pack("{s:o}", "comment", json_sprintf("Comment %" PRIu64, load_draw(random, 1000000))));
}

static bool on_amend(mix_booking_t *mix, deed_t *deed, const load_answer_t *answer)
{
    return on_change(mix, deed, answer, BOOKING_BOOKED);
}

static bool make_step(mix_booking_t *mix, load_random_t *random, load_request_t *request, deed_t *deed, booking_state_t from,
                      const char *verb)
{
    if (!choose_booking(mix, random, deed, from))
        return false;
    return set_verb(request, "appointments", deed->booking->id, verb, deed->slot->performer->token, json_object());
}

static bool make_arrive(mix_booking_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    return make_step(mix, random, request, deed, BOOKING_BOOKED, "arrive");
}

static bool on_arrive(mix_booking_t *mix, deed_t *deed, const load_answer_t *answer)
{
    return on_change(mix, deed, answer, BOOKING_ARRIVED);
}

static bool make_complete(mix_booking_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    return make_step(mix, random, request, deed, BOOKING_ARRIVED, "complete");
}

static bool make_miss(mix_booking_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    return make_step(mix, random, request, deed, BOOKING_BOOKED, "didNotAttend");
}

static bool on_end(mix_booking_t *mix, deed_t *deed, const load_answer_t *answer)
{
    return on_change(mix, deed, answer, BOOKING_OVER);
}

static bool make_read(mix_booking_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    deed->booking = row_draw(&mix->world.bookings, random);
    if (deed->booking == NULL || deed->booking->version == 0)
        return false;
    request->floor = deed->booking->version;
    set_read(request, deed->booking->token);
    snprintf(request->path, sizeof request->path, "/v1/appointments/%s", deed->booking->id);
    return true;
}

// ---- online consultations ----

static bool make_consult(mix_booking_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    deed->patient = booking_world_patient(&mix->world, random, NULL);
    if (deed->patient == NULL)
        return false;
    deed->consultation = row_add(&mix->world.consultations, sizeof *deed->consultation);
    deed->consultation->patient = deed->patient;
    deed->consultation->busy = true;
    phase_change(request, "/v1/online-consultations", "online-consultations/");
    request->token = deed->patient->practice->token;
    return phase_body(request, json_pack("{s:s, s:s, s:[{s:s, s:s}]}", "patient", deed->patient->id, "service",
                                         deed->patient->practice->services[0].id, "answers", "question", "symptom", "answer", "A cough"));
}

static bool make_go_on_consulting(mix_booking_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    static const char *const verbs[] = {"triage", "answer", "close"};
    consultation_row_t *consultation = row_draw(&mix->world.consultations, random);
    if (consultation == NULL || consultation->busy || consultation->step >= sizeof verbs / sizeof *verbs)
        return false;
    deed->consultation = consultation;
    consultation->busy = true;
    json_t *const bodies[] = {json_pack("{s:s}", "urgency", "soon"), json_pack("{s:s}", "text", "Rest and drink a lot"),
                              json_pack("{s:s}", "reason", "Better")};
    json_t *body = json_incref(bodies[consultation->step]);
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        json_decref(bodies[i]);
    return set_verb(request, "online-consultations", consultation->id, verbs[consultation->step], consultation->patient->practice->token,
                    body);
}

// One that nobody is sure of stays busy, and is left alone.
static bool on_consultation(mix_booking_t *mix, deed_t *deed, const load_answer_t *answer)
{
    consultation_row_t *consultation = deed->consultation;
    (void)mix;
    if (!journal_is_success(answer->status))
        return true;
    if (consultation->id[0] == '\0')
        phase_take_id(answer, consultation->id);
    else
        consultation->step++;
    consultation->busy = false;
    return true;
}

// ---- the table ----

typedef bool make_deed_t(mix_booking_t *mix, load_random_t *random, load_request_t *request, deed_t *deed);
typedef bool on_deed_t(mix_booking_t *mix, deed_t *deed, const load_answer_t *answer);

static const struct {
    make_deed_t *make;
    on_deed_t *answered; // NULL: on_read
} deeds[DAY_KINDS] = {
    [DAY_register_patient] = {make_register_patient, on_register_patient},
    [DAY_search] = {make_search, on_search},
    [DAY_find_patient] = {make_find_patient, on_find_patient},
    [DAY_hold] = {make_hold, on_hold},
    [DAY_book] = {make_book, on_book},
    [DAY_book_held] = {make_book_held, on_book},
    [DAY_open_case] = {make_open_case, on_open_case},
    [DAY_cancel] = {make_cancel, on_cancel},
    [DAY_reschedule] = {make_reschedule, on_reschedule},
    [DAY_amend] = {make_amend, on_amend},
    [DAY_arrive] = {make_arrive, on_arrive},
    [DAY_complete] = {make_complete, on_end},
    [DAY_miss] = {make_miss, on_end},
    [DAY_read] = {make_read, NULL},
    [DAY_consult] = {make_consult, on_consultation},
    [DAY_go_on_consulting] = {make_go_on_consulting, on_consultation},
};

static bool on_read(mix_booking_t *mix, const deed_t *deed, const load_request_t *request, const load_answer_t *answer)
{
    if (answer->status == 0 || (answer->status == 200 && answer->version >= request->floor))
        return true;
    return wrong(mix, "%s was acknowledged with version %" PRId64 ", and is answered %ld with %" PRId64, deed->booking->id, request->floor,
                 answer->status, answer->version);
}

// A request that could not be made after all leaves nothing busy behind.
static bool begin(mix_booking_t *mix, load_random_t *random, load_request_t *request, day_kind_t kind, size_t practice)
{
    deed_t *deed = calloc(1, sizeof *deed);
    if (deed == NULL)
        return false;
    deed->kind = kind;
    deed->practice = mix->world.practices[practice];
    deed->practice_number = practice;
    request->about = deed;
    if (deeds[kind].make(mix, random, request, deed))
        return true;
    free(deed);
    *request = (load_request_t){0};
    return false;
}

static bool on_answer(void *data, const load_request_t *request, const load_answer_t *answer)
{
    mix_booking_t *mix = data;
    deed_t *deed = request->about;
    mix->counts[deed->kind] += journal_is_success(answer->status);
    const bool good =
        deeds[deed->kind].answered != NULL ? deeds[deed->kind].answered(mix, deed, answer) : on_read(mix, deed, request, answer);
    free(deed);
    return good;
}

#define BEGIN(name, weight)                                                                                                                \
    static bool begin_##name(void *data, load_random_t *random, load_request_t *request)                                                   \
    {                                                                                                                                      \
        mix_booking_t *mix = data;                                                                                                         \
        return begin(mix, random, request, DAY_##name, (size_t)load_draw(random, mix->world.practice_count));                              \
    }
DAY_ACTS(BEGIN)

#define OPERATION(name, weight) {#name, weight, begin_##name, on_answer},
const load_operation_t mix_booking_all[] = {DAY_ACTS(OPERATION){NULL, 0, NULL, NULL}};

// The next act, once it is time for it. Where it is not possible, since nothing is there that it could be about, somebody is registered or
// slots are looked at: an act is one request.
static bool begin_act(void *data, load_random_t *random, load_request_t *request)
{
    mix_booking_t *mix = data;
    if (mix->next_act == mix->options.acts)
        return false;
    const day_act_t *act = &mix->acts[mix->next_act];
    const int64_t now_us = clock_steady_us();
    if (mix->begun_us == 0)
        mix->begun_us = now_us;
    const double due_s = mix->options.speed > 0 ? (double)(act->second - mix->acts[0].second) / mix->options.speed : 0;
    if ((double)(now_us - mix->begun_us) / 1e6 < due_s)
        return false;
    const bool made = begin(mix, random, request, act->kind, act->practice) ||
                      (load_draw(random, 3) == 0 && begin(mix, random, request, DAY_register_patient, act->practice)) ||
                      begin(mix, random, request, DAY_search, act->practice);
    mix->next_act += made;
    return made;
}

const load_operation_t mix_booking_day[] = {{"act", 1, begin_act, on_answer}, {NULL, 0, NULL, NULL}};

mix_booking_t *mix_booking_new(const mix_booking_options_t *options)
{
    mix_booking_t *mix = calloc(1, sizeof *mix);
    if (mix == NULL)
        return NULL;
    mix->options = *options;
    booking_world_open(&mix->world, options->scene, options->practices, options->first_person);
    if (options->acts > 0 && mix->world.practice_count > 0)
        mix->acts = day_make(options->seed, mix->world.practice_count, options->acts);
    if (mix->world.practice_count == 0 || (options->acts > 0 && mix->acts == NULL))
        mix_booking_destroy(&mix);
    return mix;
}

void mix_booking_destroy(mix_booking_t **mix)
{
    if (*mix == NULL)
        return;
    booking_world_clear(&(*mix)->world);
    free((*mix)->acts);
    free(*mix);
    *mix = NULL;
}

size_t mix_booking_count(const mix_booking_t *mix, day_kind_t kind)
{
    return mix->counts[kind];
}

const char *mix_booking_first_wrong(const mix_booking_t *mix)
{
    return mix->first_wrong;
}

// "": it is as it was acknowledged.
static void check_booking(mix_booking_t *mix, const booking_row_t *booking, char finding[FINDING_SIZE])
{
    static const char *const states[] = {[BOOKING_BOOKED] = "booked", [BOOKING_ARRIVED] = "arrived"};
    char path[LOAD_PATH_SIZE];
    snprintf(path, sizeof path, "/v1/appointments/%s", booking->id);
    finding[0] = '\0';
    json_t *body = scene_get(mix->world.scene, booking->token, path);
    const char *status = json_string_value(json_object_get(body, "status"));
    const json_t *slots = json_object_get(body, "slots");
    const char *slot = json_string_value(json_array_get(slots, 0));
    if (body == NULL)
        snprintf(finding, FINDING_SIZE, "%.*s", FINDING_SIZE - 1, mix->world.scene->problem);
    else if (status == NULL || strcmp(status, states[booking->state]) != 0 || json_array_size(slots) != 1 || slot == NULL ||
             strcmp(slot, booking->slot->id) != 0 || json_integer_value(json_object_get(body, "version")) != booking->version)
        snprintf(finding, FINDING_SIZE, "%s was %s on slot %s with version %" PRId64 " and is not any more", booking->id,
                 states[booking->state], booking->slot->id, booking->version);
    json_decref(body);
}

size_t mix_booking_check(mix_booking_t *mix, size_t most, char *finding, size_t size)
{
    load_random_t random = {.state = mix->options.seed};
    size_t found = 0, left = mix->world.bookings.count, wanted = left < most ? left : most;
    char one[FINDING_SIZE];
    finding[0] = '\0';
    for (size_t i = 0; i < mix->world.bookings.count && wanted > 0; i++, left--) {
        const booking_row_t *booking = mix->world.bookings.rows[i];
        if (load_draw(&random, left) >= wanted)
            continue;
        wanted--;
        if ((booking->state != BOOKING_BOOKED && booking->state != BOOKING_ARRIVED) || booking->busy)
            continue;
        check_booking(mix, booking, one);
        if (one[0] != '\0' && found++ == 0)
            snprintf(finding, size, "%s", one);
    }
    return found;
}
