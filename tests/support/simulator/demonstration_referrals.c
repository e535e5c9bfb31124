#include "tests/support/simulator/demonstration_referrals.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/base/clock.h"

#define SYSTEM "ics-llr"

enum {
    FATES = 12,
    BOOKED_IN = 14 // days
};

// How far each goes: one fate after the other.
typedef struct fate {
    bool sent;
    const char *decision, *reason; // of the triage desk; NULL: it waits there
    bool booked, completed, again; // again: it was returned, and is sent once more
} fate_t;

static const fate_t fates[FATES] = {
    {.sent = false},
    {.sent = true},
    {.sent = true, .decision = "accept", .booked = true, .completed = true},
    {.sent = true, .decision = "returnWithAdvice", .reason = "A course of physiotherapy first", .again = true},
    {.sent = true, .decision = "accept", .booked = true},
    {.sent = true},
    {.sent = true, .decision = "defer", .reason = "The clinic has no place to book yet", .booked = true},
    {.sent = true, .decision = "accept"},
    {.sent = true, .decision = "returnWithAdvice", .reason = "A blood test is missing"},
    {.sent = true, .decision = "defer", .reason = "The clinic has no place to book yet"},
    {.sent = true, .decision = "redirect", .reason = "For the community clinic"},
    {.sent = true, .decision = "reject", .reason = "Treated by the practice itself"},
};

typedef struct referrals {
    scene_t *scene;
    int32_t today;
    char *desk;        // token of the system's triage desk
    char **clinicians; // by a practice's number
    size_t practices;
    errand_t *errands;
    size_t count;
} referrals_t;

static const fate_t *fate_of(const errand_t *errand)
{
    return &fates[(errand->place->number * DEMONSTRATION_REFERRALS + errand->service) % FATES];
}

// POST of a verb of the referral.
static void make_verb(const errand_t *errand, load_request_t *request, const char *verb)
{
    char path[LOAD_PATH_SIZE], subject[LOAD_SUBJECT_SIZE];
    snprintf(path, sizeof path, "/v1/referrals/%s:%s", errand->slot, verb);
    snprintf(subject, sizeof subject, "referrals/%s", errand->slot);
    phase_change(request, path, subject);
}

static char *clinician_of(const referrals_t *referrals, const errand_t *errand)
{
    return referrals->clinicians[errand->place->number];
}

static bool make_referral(void *context, errand_t *errand, load_request_t *request)
{
    static const struct {
        const char *specialty, *priority, *reason;
    } needs[] = {{"dermatology", "two-week-wait", "A mole that has grown and changed its colour"},
                 {"trauma-and-orthopaedics", "routine", "A painful hip for a year, worse on stairs"},
                 {"ear-nose-and-throat", "routine", "Hears worse on both sides"},
                 {"cardiology", "urgent", "Palpitations, more often of late"},
                 {"physiotherapy", "routine", "A stiff shoulder"}};
    const size_t need = (errand->place->number + errand->service) % (sizeof needs / sizeof *needs);
    phase_change(request, "/v1/referrals", "referrals/");
    request->token = clinician_of(context, errand);
    return phase_body(request, json_pack("{s:s, s:s, s:s, s:s}", "patient", errand->id, "specialty", needs[need].specialty, "priority",
                                         needs[need].priority, "reason", needs[need].reason));
}

// What is referred keeps its patient's id, and has the referral's where slots have theirs.
static void on_referral(void *context, errand_t *errand, const load_answer_t *answer)
{
    (void)context;
    errand->slot[0] = '\0';
    if (answer->status == 201)
        phase_take_id(answer, errand->slot);
}

static bool make_submission(void *context, errand_t *errand, load_request_t *request)
{
    make_verb(errand, request, "submit");
    request->token = clinician_of(context, errand);
    return phase_body(request, json_object());
}

static bool make_decision(void *context, errand_t *errand, load_request_t *request)
{
    const referrals_t *referrals = context;
    const fate_t *fate = fate_of(errand);
    make_verb(errand, request, fate->decision);
    request->token = referrals->desk;
    return phase_body(request, fate->reason != NULL ? json_pack("{s:s}", "reason", fate->reason) : json_object());
}

static bool make_resubmission(void *context, errand_t *errand, load_request_t *request)
{
    make_verb(errand, request, "resubmit");
    request->token = clinician_of(context, errand);
    return phase_body(request, json_pack("{s:s}", "reason", "It was tried, without success"));
}

static bool make_booking(void *context, errand_t *errand, load_request_t *request)
{
    const referrals_t *referrals = context;
    char at[INSTANT_SIZE];
    int64_t at_us;
    (void)instant_of_local(referrals->today + BOOKED_IN, 10 * 60, &at_us);
    instant_format(at_us, at);
    make_verb(errand, request, "book");
    request->token = clinician_of(context, errand);
    return phase_body(request, json_pack("{s:s}", "bookedFor", at));
}

static bool make_completion(void *context, errand_t *errand, load_request_t *request)
{
    make_verb(errand, request, "complete");
    request->token = ((const referrals_t *)context)->desk;
    return phase_body(request, json_pack("{s:s}", "outcome", errand->place->number % 2 == 0 ? "treated" : "active-monitoring"));
}

// 404, 409 and 422: somebody was faster, or the patient is not the practice's any more.
static const phase_kind_t referral_kind = {.name = "referrals", .make = make_referral, .done = on_referral, .good = {404, 409, 422}};
static const phase_kind_t submission_kind = {.name = "submissions", .make = make_submission, .good = {404, 409, 422}};
static const phase_kind_t decision_kind = {.name = "decisions of triage", .make = make_decision, .good = {404, 409}};
static const phase_kind_t resubmission_kind = {.name = "resubmissions", .make = make_resubmission, .good = {404, 409, 422}};
static const phase_kind_t booking_kind = {.name = "bookings of referrals", .make = make_booking, .good = {404, 409}};
static const phase_kind_t completion_kind = {.name = "completions", .make = make_completion, .good = {404, 409}};

// ---- the steps ----

static bool is_there(const errand_t *errand)
{
    return errand->slot[0] != '\0';
}

static bool is_sent(const errand_t *errand)
{
    return fate_of(errand)->sent;
}

static bool is_decided(const errand_t *errand)
{
    return fate_of(errand)->decision != NULL;
}

static bool is_sent_again(const errand_t *errand)
{
    return fate_of(errand)->again;
}

static bool is_booked(const errand_t *errand)
{
    return fate_of(errand)->booked;
}

static bool is_completed(const errand_t *errand)
{
    return fate_of(errand)->completed;
}

typedef struct step {
    bool (*wanted)(const errand_t *errand);
    const phase_kind_t *kind;
} step_t;

static const step_t steps[] = {{is_sent, &submission_kind},
                               {is_decided, &decision_kind},
                               {is_sent_again, &resubmission_kind},
                               {is_booked, &booking_kind},
                               {is_completed, &completion_kind}};

// What is wanted of all stands in front; the others behind them.
static size_t sort(errand_t *errands, size_t count, bool (*wanted)(const errand_t *errand))
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (!wanted(&errands[i]))
            continue;
        const errand_t one = errands[kept];
        errands[kept++] = errands[i];
        errands[i] = one;
    }
    return kept;
}

static bool go_on(referrals_t *referrals)
{
    if (!phase_run(referrals->scene, &referral_kind, referrals, referrals->errands, referrals->count))
        return false;
    const size_t there = sort(referrals->errands, referrals->count, is_there);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        const size_t count = sort(referrals->errands, there, steps[i].wanted);
        if (!phase_run(referrals->scene, steps[i].kind, referrals, referrals->errands, count))
            return false;
    }
    return true;
}

static bool sign_in(referrals_t *referrals)
{
    for (size_t i = 0; i < referrals->count; i++) {
        if (referrals->errands[i].place->number >= referrals->practices)
            referrals->practices = referrals->errands[i].place->number + 1;
    }
    referrals->clinicians = calloc(referrals->practices + 1, sizeof *referrals->clinicians);
    referrals->desk = scene_token(referrals->scene, "referral-triage", SYSTEM);
    if (referrals->clinicians == NULL)
        return scene_fail(referrals->scene, "no memory");
    for (size_t i = 0; i < referrals->count && referrals->desk != NULL; i++) {
        const scene_place_t *place = referrals->errands[i].place;
        char **token = &referrals->clinicians[place->number];
        if (*token == NULL && (*token = scene_token(referrals->scene, "practice-clinician", place->code)) == NULL)
            return false;
    }
    return referrals->desk != NULL;
}

bool demonstration_referrals(scene_t *scene, int32_t today, errand_t *errands, size_t count)
{
    referrals_t referrals = {.scene = scene, .today = today, .errands = errands, .count = count};
    const bool good = count == 0 || (sign_in(&referrals) && go_on(&referrals));
    for (size_t i = 0; i < referrals.practices && referrals.clinicians != NULL; i++)
        free(referrals.clinicians[i]);
    free(referrals.clinicians);
    free(referrals.desk);
    return good;
}
