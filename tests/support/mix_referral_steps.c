#include "tests/support/mix_referral_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/simulator/phase.h"

#define OF(state) (1u << (state))

enum { WRONG_ONE_OF = 15, MEETING_ONE_OF = 4 };

const course_t mix_referrals = {
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

const course_t mix_requests = {.resource = "advice-requests",
                               .states = {"provider-response-required", "referrer-to-review-response",
                                          "referrer-to-submit-further-information", "advice-converted", "conversation-ended"},
                               .verbs = {{"respond", OF(ASKED), REVIEWED, SIDE_DESK, "text", 30},
                                         {"askForInformation", OF(ASKED), UNCLEAR, SIDE_DESK, "text", 20},
                                         {"submitInformation", OF(REVIEWED) | OF(UNCLEAR), ASKED, SIDE_PRACTICE, "text", 20},
                                         {"convert", OF(ASKED), CONVERTED, SIDE_DESK, NULL, 15},
                                         {"close", OF(REVIEWED) | OF(UNCLEAR), ENDED, SIDE_PRACTICE, NULL, 10},
                                         {"cancel", OF(ASKED) | OF(REVIEWED) | OF(UNCLEAR), ENDED, SIDE_PRACTICE, "reason", 10}},
                               .record = "thread"};

size_t mix_referral_state(const course_t *course, const char *text)
{
    for (size_t i = 0; i < STATES_MOST && course->states[i] != NULL; i++) {
        if (text != NULL && strcmp(course->states[i], text) == 0)
            return i;
    }
    return STATES_MOST;
}

bool mix_referral_take(mix_referral_t *mix, course_row_t *row, int64_t version, const json_t *body)
{
    const size_t state = mix_referral_state(row->course, json_string_value(json_object_get(body, "state")));
    const char *reference = json_string_value(json_object_get(body, "reference"));
    if (state == STATES_MOST || (row->course == &mix_referrals && (reference == NULL || strlen(reference) != REFERENCE_ROOM - 2)))
        return mix_referral_wrong(mix, "%s/%s has no state, or no reference", row->course->resource, row->id);
    if (row->reference[0] != '\0' && strcmp(row->reference, reference) != 0)
        return mix_referral_wrong(mix, "%s had the reference %s, and has %s", row->id, row->reference, reference);
    if (row->course == &mix_referrals)
        snprintf(row->reference, sizeof row->reference, "%s", reference);
    row->changes++;
    if (version > row->version) {
        row->version = version;
        row->state = state;
    }
    return true;
}

course_row_t *mix_referral_draw(const row_list_t *list, load_random_t *random)
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
    course_row_t *row = mix_referral_draw(list, random);
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
    if (row->course == &mix_requests && verb->to == CONVERTED) {
        request->named_by[request->subject_count] = "referral";
        snprintf(request->subjects[request->subject_count++], LOAD_SUBJECT_SIZE, "referrals/");
    }
    request->token = verb->side == SIDE_DESK ? mix->desk : row->clinician;
    if (verb->field == NULL)
        return phase_body(request, json_object());
    const bool when = strcmp(verb->field, "bookedFor") == 0;
    return phase_body(request, json_pack("{s:s}", verb->field, when ? mix->booked_for : "About the " MIX_REFERRAL_WORD));
}

bool mix_referral_make_step(mix_referral_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    return make_verb(mix, random, request, deed, &mix->referrals);
}

bool mix_referral_make_talk(mix_referral_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    return make_verb(mix, random, request, deed, &mix->requests);
}

bool mix_referral_make_amendment(mix_referral_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    course_row_t *row = mix_referral_draw(&mix->referrals, random);
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
        (course_row_t){.course = &mix_referrals, .clinician = row->clinician, .state = TRIAGE, .version = 1, .changes = 1, .records = 2};
    snprintf(referral->id, sizeof referral->id, "%s", id != NULL ? id : "");
}

static bool on_taken(mix_referral_t *mix, const deed_t *deed, const load_answer_t *answer)
{
    course_row_t *row = deed->row;
    const verb_t *verb = deed->verb;
    json_t *body = json_loadb(answer->body, answer->size, 0, NULL);
    const char *state = json_string_value(json_object_get(body, "state"));
    bool good = mix_referral_take(mix, row, answer->version, body);
    row->records += verb != NULL;
    if (verb != NULL) {
        mix->steps++;
        mix->counts[row->course == &mix_requests][verb - row->course->verbs]++;
        if (good && strcmp(state, row->course->states[verb->to]) != 0)
            good = mix_referral_wrong(mix, "%s brought %s to %s", verb->name, row->id, state);
        if (row->course == &mix_requests && verb->to == CONVERTED)
            keep_converted(mix, row, body);
    }
    json_decref(body);
    if (deed->refusable && !row->meeting)
        return mix_referral_wrong(mix, "%s of %s was taken from %s", verb->name, row->id, row->course->states[row->state]);
    return good;
}

bool mix_referral_on_step(mix_referral_t *mix, const deed_t *deed, const load_answer_t *answer)
{
    course_row_t *row = deed->row;
    bool good = true;
    row->flights--;
    if (journal_is_success(answer->status))
        good = on_taken(mix, deed, answer);
    else if ((answer->status != 409 && answer->status != 412) || (!row->meeting && !deed->refusable))
        good = mix_referral_wrong(mix, "%s of %s/%s, which is %s: %ld %.100s", deed->verb != NULL ? deed->verb->name : "PATCH",
                                  row->course->resource, row->id, row->course->states[row->state], answer->status, answer->body);
    if (row->flights > 0)
        return good;
    row->meeting = false;
    if (row->version != row->changes)
        good = mix_referral_wrong(mix, "%s has version %" PRId64 " by %" PRId64 " changes", row->id, row->version, row->changes);
    return good;
}
