#include "tests/support/mix_referral.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "tests/support/simulator/people.h"
#include "tests/support/simulator/phase.h"

#define FINDING_SIZE 256
#define REFERENCE_ROOM 16
#define SYSTEM "ics-llr"
#define COUNT_OF(list) (sizeof(list) / sizeof *(list))

enum { DRAWS = 16, WRONG_ONE_OF = 15, MEETING_ONE_OF = 4, VERBS_MOST = 12, STATES_MOST = 16, PHARMACIST = 2 };

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

#define OF(state) (1u << (state))

static const course_t referrals = {
    .resource = "referrals",
    .states = {"draft", "triage", "accepted", "deferred", "booked", "completed", "returned", "rejected", "redirected", "cancelled"},
    .verbs = {{"submit", OF(DRAFT), TRIAGE, SIDE_PRACTICE, NULL, 30},
              {"resubmit", OF(RETURNED), TRIAGE, SIDE_PRACTICE, "reason", 30},
              {"accept", OF(TRIAGE), ACCEPTED, SIDE_DESK, NULL, 30},
              {"returnWithAdvice", OF(TRIAGE), RETURNED, SIDE_DESK, "reason", 15},
              {"reject", OF(TRIAGE), REJECTED, SIDE_DESK, "reason", 10},
              {"redirect", OF(TRIAGE), REDIRECTED, SIDE_DESK, "reason", 10},
              {"defer", OF(TRIAGE) | OF(ACCEPTED), DEFERRED, SIDE_DESK, "reason", 10},
              {"book", OF(ACCEPTED) | OF(DEFERRED), BOOKED, SIDE_PRACTICE, "bookedFor", 30},
              {"complete", OF(BOOKED), COMPLETED, SIDE_DESK, NULL, 30},
              {"cancel", OF(DRAFT) | OF(TRIAGE) | OF(ACCEPTED) | OF(DEFERRED) | OF(BOOKED) | OF(RETURNED), CANCELLED, SIDE_PRACTICE,
               "reason", 6}},
    .record = "history"};

static const course_t requests = {.resource = "advice-requests",
                                  .states = {"provider-response-required", "referrer-to-review-response",
                                             "referrer-to-submit-further-information", "advice-converted", "conversation-ended"},
                                  .verbs = {{"respond", OF(ASKED), REVIEWED, SIDE_DESK, "text", 30},
                                            {"askForInformation", OF(ASKED), UNCLEAR, SIDE_DESK, "text", 20},
                                            {"submitInformation", OF(REVIEWED) | OF(UNCLEAR), ASKED, SIDE_PRACTICE, "text", 20},
                                            {"convert", OF(ASKED), CONVERTED, SIDE_DESK, NULL, 15},
                                            {"close", OF(REVIEWED) | OF(UNCLEAR), ENDED, SIDE_PRACTICE, NULL, 10},
                                            {"cancel", OF(ASKED) | OF(REVIEWED) | OF(UNCLEAR), ENDED, SIDE_PRACTICE, "reason", 10}},
                                  .record = "thread"};

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

static bool mix_wrong(mix_referral_t *mix, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool mix_wrong(mix_referral_t *mix, const char *format, ...)
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
        return mix_wrong(mix, "a patient is not registered: %ld", answer->status);
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
    deed->row = begin_course(mix, &mix->referrals, &referrals, person);
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
    deed->row = begin_course(mix, &mix->requests, &requests, person);
    phase_change(request, "/v1/advice-requests", "advice-requests/");
    request->token = deed->row->clinician;
    return phase_body(request, json_pack("{s:s, s:s, s:s, s:s, s:b}", "patient", person->id, "service", network->services[PHARMACIST].id,
                                         "specialty", "rheumatology", "question", "What about the " MIX_REFERRAL_WORD, "mayConvert", 1));
}

static size_t state_of(const course_t *course, const char *text)
{
    for (size_t i = 0; i < STATES_MOST && course->states[i] != NULL; i++) {
        if (text != NULL && strcmp(course->states[i], text) == 0)
            return i;
    }
    return STATES_MOST;
}

// The answer's version, state and reference; false where they cannot be.
static bool take(mix_referral_t *mix, course_row_t *row, int64_t version, const json_t *body)
{
    const size_t state = state_of(row->course, json_string_value(json_object_get(body, "state")));
    const char *reference = json_string_value(json_object_get(body, "reference"));
    if (state == STATES_MOST || (row->course == &referrals && (reference == NULL || strlen(reference) != REFERENCE_ROOM - 2)))
        return mix_wrong(mix, "%s/%s has no state, or no reference", row->course->resource, row->id);
    if (row->reference[0] != '\0' && strcmp(row->reference, reference) != 0)
        return mix_wrong(mix, "%s had the reference %s, and has %s", row->id, row->reference, reference);
    if (row->course == &referrals)
        snprintf(row->reference, sizeof row->reference, "%s", reference);
    row->changes++;
    if (version > row->version) {
        row->version = version;
        row->state = state;
    }
    return true;
}

static bool on_begun(mix_referral_t *mix, const deed_t *deed, const load_answer_t *answer)
{
    course_row_t *row = deed->row;
    row->flights = 0;
    if (answer->status != 201)
        return mix_wrong(mix, "%s: %ld %.120s", row->course->resource, answer->status, answer->body);
    json_t *body = json_loadb(answer->body, answer->size, 0, NULL);
    phase_take_id(answer, row->id);
    row->records = row->course == &referrals; // its history begins with the draft
    const bool good = take(mix, row, answer->version, body) && row->state == 0 && row->version == 1;
    json_decref(body);
    return good || mix_wrong(mix, "%s/%s begins as %s with version %" PRId64, row->course->resource, row->id,
                             row->course->states[row->state], row->version);
}

// ---- steps ----

// One that nothing is on its way about; now and then one that something is.
static course_row_t *draw_row(const row_list_t *list, load_random_t *random)
{
    for (unsigned i = 0; i < DRAWS; i++) {
        course_row_t *row = row_draw(list, random);
        if (row == NULL || row->id[0] == '\0' || row->flights > 1)
            continue;
        if (row->flights == 0 || load_draw(random, MEETING_ONE_OF) == 0)
            return row;
    }
    return NULL;
}

static const verb_t *draw_verb(const course_row_t *row, load_random_t *random, bool allowed)
{
    unsigned sum = 0;
    const verb_t *verb;
    for (verb = row->course->verbs; verb->name != NULL; verb++)
        sum += ((verb->from & OF(row->state)) != 0) == allowed ? verb->weight : 0;
    if (sum == 0)
        return NULL;
    uint64_t drawn = load_draw(random, sum);
    for (verb = row->course->verbs; verb->name != NULL; verb++) {
        const unsigned weight = ((verb->from & OF(row->state)) != 0) == allowed ? verb->weight : 0;
        if (drawn < weight)
            return verb;
        drawn -= weight;
    }
    return NULL;
}

static void take_off(course_row_t *row)
{
    row->meeting = row->meeting || row->flights > 0;
    row->flights++;
}

static bool make_verb(mix_referral_t *mix, load_random_t *random, load_request_t *request, deed_t *deed, const row_list_t *list)
{
    course_row_t *row = draw_row(list, random);
    deed->refusable = row != NULL && load_draw(random, WRONG_ONE_OF) == 0;
    const verb_t *verb = row != NULL ? draw_verb(row, random, !deed->refusable) : NULL;
    char path[LOAD_PATH_SIZE], subject[LOAD_SUBJECT_SIZE];
    if (verb == NULL)
        return false;
    deed->row = row;
    deed->verb = verb;
    take_off(row);
    snprintf(path, sizeof path, "/v1/%s/%s:%s", row->course->resource, row->id, verb->name);
    snprintf(subject, sizeof subject, "%s/%s", row->course->resource, row->id);
    phase_change(request, path, subject);
    if (row->course == &requests && verb->to == CONVERTED) {
        request->named_by[request->subject_count] = "referral";
        snprintf(request->subjects[request->subject_count++], LOAD_SUBJECT_SIZE, "referrals/");
    }
    request->token = verb->side == SIDE_DESK ? mix->desk : row->clinician;
    if (verb->field == NULL)
        return phase_body(request, json_object());
    const bool when = strcmp(verb->field, "bookedFor") == 0;
    return phase_body(request, json_pack("{s:s}", verb->field, when ? mix->booked_for : "About the " MIX_REFERRAL_WORD));
}

static bool make_step(mix_referral_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    return make_verb(mix, random, request, deed, &mix->referrals);
}

static bool make_talk(mix_referral_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    return make_verb(mix, random, request, deed, &mix->requests);
}

static bool make_amendment(mix_referral_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    course_row_t *row = draw_row(&mix->referrals, random);
    if (row == NULL || row->flights > 0 || (row->state != DRAFT && row->state != RETURNED))
        return false;
    deed->row = row;
    take_off(row);
    request->method = "PATCH";
    request->token = row->clinician;
    request->match = row->version;
    snprintf(request->path, sizeof request->path, "/v1/referrals/%s", row->id);
    snprintf(request->subjects[request->subject_count++], LOAD_SUBJECT_SIZE, "referrals/%s", row->id);
    return phase_body(request, json_pack("{s:o}", "reason", json_sprintf(MIX_REFERRAL_WORD " %" PRIu64, load_draw(random, 1000000))));
}

// What advice was converted to goes on as a referral.
static void keep_converted(mix_referral_t *mix, const course_row_t *row, const json_t *body)
{
    const char *id = json_string_value(json_object_get(body, "referral"));
    course_row_t *referral = row_add(&mix->referrals, sizeof *referral);
    *referral =
        (course_row_t){.course = &referrals, .clinician = row->clinician, .state = TRIAGE, .version = 1, .changes = 1, .records = 2};
    snprintf(referral->id, sizeof referral->id, "%s", id != NULL ? id : "");
}

static bool on_taken(mix_referral_t *mix, const deed_t *deed, const load_answer_t *answer)
{
    course_row_t *row = deed->row;
    const verb_t *verb = deed->verb;
    json_t *body = json_loadb(answer->body, answer->size, 0, NULL);
    const char *state = json_string_value(json_object_get(body, "state"));
    bool good = take(mix, row, answer->version, body);
    row->records += verb != NULL;
    if (verb != NULL) {
        mix->steps++;
        mix->counts[row->course == &requests][verb - row->course->verbs]++;
        if (good && strcmp(state, row->course->states[verb->to]) != 0)
            good = mix_wrong(mix, "%s brought %s to %s", verb->name, row->id, state);
        if (row->course == &requests && verb->to == CONVERTED)
            keep_converted(mix, row, body);
    }
    json_decref(body);
    if (deed->refusable && !row->meeting)
        return mix_wrong(mix, "%s of %s was taken from %s", verb->name, row->id, row->course->states[row->state]);
    return good;
}

// One change at a time is taken or not as its state says; of two that meet, the later one may be refused.
static bool on_step(mix_referral_t *mix, const deed_t *deed, const load_answer_t *answer)
{
    course_row_t *row = deed->row;
    bool good = true;
    row->flights--;
    if (journal_is_success(answer->status))
        good = on_taken(mix, deed, answer);
    else if ((answer->status != 409 && answer->status != 412) || (!row->meeting && !deed->refusable))
        good = mix_wrong(mix, "%s of %s/%s, which is %s: %ld %.100s", deed->verb != NULL ? deed->verb->name : "PATCH",
                         row->course->resource, row->id, row->course->states[row->state], answer->status, answer->body);
    if (row->flights > 0)
        return good;
    row->meeting = false;
    if (row->version != row->changes)
        good = mix_wrong(mix, "%s has version %" PRId64 " by %" PRId64 " changes", row->id, row->version, row->changes);
    return good;
}

static bool make_look(mix_referral_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    course_row_t *row = draw_row(load_draw(random, 4) == 0 ? &mix->requests : &mix->referrals, random);
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

typedef bool make_deed_t(mix_referral_t *mix, load_random_t *random, load_request_t *request, deed_t *deed);

static make_deed_t *const makers[KINDS] = {
    [KIND_REGISTER] = make_registration,
    [KIND_REFER] = make_referral,
    [KIND_STEP] = make_step,
    [KIND_AMEND] = make_amendment,
    [KIND_LOOK] = make_look,
    [KIND_ASK] = make_request,
    [KIND_TALK] = make_talk,
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
        return on_step(mix, deed, answer);
    case KIND_LOOK:
    case KINDS:
        break;
    }
    if (answer->status == 200 && answer->version >= request->floor)
        return true;
    return mix_wrong(mix, "%s was acknowledged with version %" PRId64 ", and is answered %ld with %" PRId64, deed->row->id, request->floor,
                     answer->status, answer->version);
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
    const course_t *const courses[] = {&referrals, &requests};
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

// Its history leads from one state to the next, up to the one that it has.
static bool is_chained(const json_t *body)
{
    const char *at = NULL;
    size_t i;
    const json_t *step;
    json_array_foreach(json_object_get(body, "history"), i, step)
    {
        const char *from = json_string_value(json_object_get(step, "from")), *to = json_string_value(json_object_get(step, "to"));
        if (to == NULL || (at == NULL) != (from == NULL) || (at != NULL && strcmp(at, from) != 0))
            return false;
        at = to;
    }
    return at != NULL && strcmp(at, json_string_value(json_object_get(body, "state"))) == 0;
}

// "": it is as it was acknowledged.
static void check_row(mix_referral_t *mix, const course_row_t *row, char finding[FINDING_SIZE])
{
    const course_t *course = row->course;
    char path[LOAD_PATH_SIZE];
    snprintf(path, sizeof path, "/v1/%s/%s", course->resource, row->id);
    finding[0] = '\0';
    json_t *body = scene_get(mix->options.scene, row->clinician, path);
    const char *reference = json_string_value(json_object_get(body, "reference"));
    const size_t records = json_array_size(json_object_get(body, course->record));
    const json_int_t version = json_integer_value(json_object_get(body, "version"));
    if (body == NULL)
        snprintf(finding, FINDING_SIZE, "%.*s", FINDING_SIZE - 1, mix->options.scene->problem);
    else if (state_of(course, json_string_value(json_object_get(body, "state"))) != row->state || version != row->version ||
             records != row->records)
        snprintf(finding, FINDING_SIZE,
                 "%s/%s was %s with version %" PRId64 " after %zu, and is %s with %" JSON_INTEGER_FORMAT " after %zu", course->resource,
                 row->id, course->states[row->state], row->version, row->records, json_string_value(json_object_get(body, "state")),
                 version, records);
    else if (course == &referrals &&
             (!is_chained(body) || reference == NULL || (row->reference[0] != '\0' && strcmp(reference, row->reference) != 0)))
        snprintf(finding, FINDING_SIZE, "%s has another reference, or a history with a gap", row->id);
    json_decref(body);
}

size_t mix_referral_check(mix_referral_t *mix, size_t most, uint64_t seed, char *finding, size_t size)
{
    const row_list_t *const lists[] = {&mix->referrals, &mix->requests};
    load_random_t random = {.state = seed};
    char one[FINDING_SIZE];
    size_t found = 0;
    finding[0] = '\0';
    for (size_t k = 0; k < COUNT_OF(lists); k++) {
        size_t left = lists[k]->count, wanted = left < most ? left : most;
        for (size_t i = 0; i < lists[k]->count && wanted > 0; i++, left--) {
            if (load_draw(&random, left) >= wanted)
                continue;
            wanted--;
            check_row(mix, lists[k]->rows[i], one);
            if (one[0] != '\0' && found++ == 0)
                snprintf(finding, size, "%s", one);
        }
    }
    return found;
}
