#include "tests/support/mix_referral_internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/simulator/people.h"
#include "tests/support/simulator/phase.h"

#define SYSTEM "ics-llr"

enum { PHARMACIST = 2 };

bool mix_referral_wrong(mix_referral_t *mix, const char *format, ...)
{
    if (mix->wrong++ == 0) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(mix->first_wrong, sizeof mix->first_wrong, format, arguments);
        va_end(arguments);
    }
    return false;
}

// ---- patients ----

static bool make_registration(mix_referral_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    const size_t number = (size_t)load_draw(random, mix->world.practice_count);
    scene_place_t *practice = mix->world.practices[number];
    size_t *next = &mix->world.next_person[number];
    if (*next >= mix->options.first_person + mix->options.people || *next >= PEOPLE_STRIDE)
        return false;
    person_row_t *row = deed->person = row_add(&mix->people, sizeof *row);
    row->practice = number;
    row->person = practice->number * PEOPLE_STRIDE + (*next)++;
    const person_t person = person_make(mix->options.scene->seed, row->person, PEOPLE_BORN_BY);
    phase_change(request, "/v1/patients", "patients/");
    request->token = practice->token;
    return phase_body(request, person_registration(&person, practice->code, NULL));
}

static bool on_registration(mix_referral_t *mix, const deed_t *deed, const load_answer_t *answer)
{
    if (answer->status != 201)
        return mix_referral_wrong(mix, "a patient is not registered: %ld", answer->status);
    phase_take_id(answer, deed->person->id);
    return true;
}

static person_row_t *draw_person(const mix_referral_t *mix, load_random_t *random)
{
    for (unsigned i = 0; i < DRAWS; i++) {
        person_row_t *row = row_draw(&mix->people, random);
        if (row != NULL && row->id[0] != '\0')
            return row;
    }
    return NULL;
}

// ---- what begins ----

static course_row_t *begin_course(mix_referral_t *mix, row_list_t *list, const course_t *course, const person_row_t *person)
{
    course_row_t *row = row_add(list, sizeof *row);
    row->course = course;
    row->clinician = mix->clinicians[person->practice];
    row->flights = 1;
    return row;
}

static bool make_referral(mix_referral_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    // Consultants lead all of these but the last one.
    static const char *const specialties[] = {"dermatology", "cardiology", "trauma-and-orthopaedics", "physiotherapy"};
    static const char *const priorities[] = {"routine", "urgent", "two-week-wait"};
    const person_row_t *person = draw_person(mix, random);
    if (person == NULL)
        return false;
    deed->row = begin_course(mix, &mix->referrals, &mix_referrals, person);
    phase_change(request, "/v1/referrals", "referrals/");
    request->token = deed->row->clinician;
    return phase_body(request, json_pack("{s:s, s:s, s:s, s:s}", "patient", person->id, "specialty",
                                         specialties[load_draw(random, COUNT_OF(specialties))], "priority",
                                         priorities[load_draw(random, COUNT_OF(priorities))], "reason", "Of the " MIX_REFERRAL_WORD));
}

// Of the pharmacist of the practice's network, who takes everybody.
static bool make_request(mix_referral_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    const person_row_t *person = draw_person(mix, random);
    const scene_place_t *network = person != NULL ? scene_find(mix->options.scene, mix->world.practices[person->practice]->network) : NULL;
    if (network == NULL || network->services[PHARMACIST].id[0] == '\0')
        return false;
    deed->row = begin_course(mix, &mix->requests, &mix_requests, person);
    phase_change(request, "/v1/advice-requests", "advice-requests/");
    request->token = deed->row->clinician;
    return phase_body(request, json_pack("{s:s, s:s, s:s, s:s, s:b}", "patient", person->id, "service", network->services[PHARMACIST].id,
                                         "specialty", "rheumatology", "question", "What about the " MIX_REFERRAL_WORD, "mayConvert", 1));
}

static bool on_begun(mix_referral_t *mix, const deed_t *deed, const load_answer_t *answer)
{
    course_row_t *row = deed->row;
    row->flights = 0;
    if (answer->status != 201)
        return mix_referral_wrong(mix, "%s: %ld %.120s", row->course->resource, answer->status, answer->body);
    json_t *body = json_loadb(answer->body, answer->size, 0, NULL);
    phase_take_id(answer, row->id);
    row->records = row->course == &mix_referrals; // its history begins with the draft
    const bool good = mix_referral_take(mix, row, answer->version, body) && row->state == 0 && row->version == 1;
    json_decref(body);
    return good || mix_referral_wrong(mix, "%s/%s begins as %s with version %" PRId64, row->course->resource, row->id,
                                      row->course->states[row->state], row->version);
}

static bool make_look(mix_referral_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    course_row_t *row = mix_referral_draw(load_draw(random, 4) == 0 ? &mix->requests : &mix->referrals, random);
    if (row == NULL)
        return false;
    deed->row = row;
    request->method = "GET";
    request->token = load_draw(random, 2) == 0 && row->state != DRAFT ? mix->desk : row->clinician;
    request->floor = row->version;
    snprintf(request->path, sizeof request->path, "/v1/%s/%s", row->course->resource, row->id);
    return true;
}

// ---- the table ----

static make_deed_t *const makers[KINDS] = {
    [KIND_REGISTER] = make_registration,        [KIND_REFER] = make_referral, [KIND_STEP] = mix_referral_make_step,
    [KIND_AMEND] = mix_referral_make_amendment, [KIND_LOOK] = make_look,      [KIND_ASK] = make_request,
    [KIND_TALK] = mix_referral_make_talk,
};

static bool begin(mix_referral_t *mix, load_random_t *random, load_request_t *request, kind_t kind)
{
    deed_t *deed = calloc(1, sizeof *deed);
    if (deed == NULL)
        return false;
    deed->kind = kind;
    request->about = deed;
    if (makers[kind](mix, random, request, deed))
        return true;
    free(deed);
    *request = (load_request_t){0};
    return false;
}

static bool on_deed(mix_referral_t *mix, const deed_t *deed, const load_request_t *request, const load_answer_t *answer)
{
    switch (deed->kind) {
    case KIND_REGISTER:
        return on_registration(mix, deed, answer);
    case KIND_REFER:
    case KIND_ASK:
        return on_begun(mix, deed, answer);
    case KIND_STEP:
    case KIND_AMEND:
    case KIND_TALK:
        return mix_referral_on_step(mix, deed, answer);
    case KIND_LOOK:
    case KINDS:
        break;
    }
    if (answer->status == 200 && answer->version >= request->floor)
        return true;
    return mix_referral_wrong(mix, "%s was acknowledged with version %" PRId64 ", and is answered %ld with %" PRId64, deed->row->id,
                              request->floor, answer->status, answer->version);
}

// What was given up is nobody's to judge: the load counts it.
static bool on_answer(void *data, const load_request_t *request, const load_answer_t *answer)
{
    deed_t *deed = request->about;
    const bool good = answer->status == 0 || on_deed(data, deed, request, answer);
    free(deed);
    return good;
}

#define BEGIN(name, kind)                                                                                                                  \
    static bool begin_##name(void *data, load_random_t *random, load_request_t *request)                                                   \
    {                                                                                                                                      \
        return begin(data, random, request, kind);                                                                                         \
    }
BEGIN(registration, KIND_REGISTER)
BEGIN(referral, KIND_REFER)
BEGIN(step, KIND_STEP)
BEGIN(amendment, KIND_AMEND)
BEGIN(look, KIND_LOOK)
BEGIN(request, KIND_ASK)
BEGIN(talk, KIND_TALK)

const load_operation_t mix_referral_all[] = {{"register", 60, begin_registration, on_answer},
                                             {"refer", 150, begin_referral, on_answer},
                                             {"step", 550, begin_step, on_answer},
                                             {"amend", 40, begin_amendment, on_answer},
                                             {"look", 60, begin_look, on_answer},
                                             {"ask", 50, begin_request, on_answer},
                                             {"talk", 150, begin_talk, on_answer},
                                             {NULL, 0, NULL, NULL}};

// ---- before and after ----

mix_referral_t *mix_referral_new(const mix_referral_options_t *options)
{
    mix_referral_t *mix = calloc(1, sizeof *mix);
    if (mix == NULL)
        return NULL;
    mix->options = *options;
    instant_format(options->booked_for_us, mix->booked_for);
    booking_world_open(&mix->world, options->scene, options->practices, options->first_person);
    mix->clinicians = calloc(mix->world.practice_count + 1, sizeof *mix->clinicians);
    mix->desk = scene_token(options->scene, "referral-triage", SYSTEM);
    bool good = mix->clinicians != NULL && mix->desk != NULL && mix->world.practice_count > 0;
    for (size_t i = 0; good && i < mix->world.practice_count; i++) {
        mix->clinicians[i] = scene_token(options->scene, "practice-clinician", mix->world.practices[i]->code);
        good = mix->clinicians[i] != NULL;
    }
    if (!good)
        mix_referral_destroy(&mix);
    return mix;
}

void mix_referral_destroy(mix_referral_t **mix)
{
    if (*mix == NULL)
        return;
    for (size_t i = 0; (*mix)->clinicians != NULL && i < (*mix)->world.practice_count; i++)
        free((*mix)->clinicians[i]);
    free((*mix)->clinicians);
    free((*mix)->desk);
    row_list_clear(&(*mix)->people);
    row_list_clear(&(*mix)->referrals);
    row_list_clear(&(*mix)->requests);
    booking_world_clear(&(*mix)->world);
    free(*mix);
    *mix = NULL;
}

const char *mix_referral_untried(const mix_referral_t *mix)
{
    const course_t *const courses[] = {&mix_referrals, &mix_requests};
    for (size_t i = 0; i < COUNT_OF(courses); i++) {
        for (size_t k = 0; courses[i]->verbs[k].name != NULL; k++) {
            if (mix->counts[i][k] == 0)
                return courses[i]->verbs[k].name;
        }
    }
    return NULL;
}

size_t mix_referral_steps(const mix_referral_t *mix)
{
    return mix->steps;
}

const char *mix_referral_first_wrong(const mix_referral_t *mix)
{
    return mix->first_wrong;
}
