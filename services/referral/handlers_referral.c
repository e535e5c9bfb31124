// Referrals: how one begins, and how they are looked at.
#include "services/referral/referrals.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/pb/message.h"
#include "common/service/page.h"
#include "services/referral/about.h"

typedef Pcn__Referral__V1__ReferralDuplicate duplicate_t;
typedef Pcn__Referral__V1__ReferralStep step_t;
typedef Pcn__Referral__V1__ReferralBy by_t;
typedef Pcn__Referral__V1__ListedReferral listed_t;
typedef Pcn__Referral__V1__ListReferralsRequest list_request_t;
typedef Pcn__Referral__V1__ListReferralsReply list_t;
typedef Pcn__Referral__Store__V1__ReferralReferences references_t;

#define DUPLICATE_TYPE (&pcn__referral__v1__referral_duplicate__type)
#define CANDIDATE_TYPE (&pcn__referral__store__v1__referral_candidate__type)
#define CLOCK_TYPE (&pcn__referral__v1__referral_clock__type)
#define LIST_TYPE (&pcn__referral__v1__list_referrals_reply__type)

#define TEXT(text) ((char *)(uintptr_t)(text))

// ---- what all files share ----

status_t refuse_referral(service_call_t *call, const char *id)
{
    return problem_set(call->problem, STATUS_NOT_FOUND, "id", "There is no referral %s", id);
}

status_t refuse_pathway(service_call_t *call, const char *code)
{
    return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "pathway", "There is no pathway %s in force today", code);
}

char *referral_date(service_call_t *call, int32_t day)
{
    char text[DATE_SIZE];
    date_format(day, text);
    return arena_string(call->arena, text);
}

// A day of a row; 0 for none.
static int32_t day_of(const char *text)
{
    int32_t day = 0;
    return text != NULL && date_parse(text, &day) ? day : 0;
}

// What may be the same.
static bool point_out(service_call_t *call, referral_candidate_t *const *candidates, size_t count, int32_t days, referral_t *referral)
{
    referral->n_duplicates = 0;
    referral->duplicates = arena_alloc(call->arena, (count + 1) * sizeof(void *));
    if (referral->duplicates == NULL)
        return false;
    for (size_t i = 0; i < count && referral_open(referral->state); i++) {
        if (!referral_duplicate(candidates[i]->state, day_of(candidates[i]->closed_on), call->today, days))
            continue;
        duplicate_t *duplicate = pb_new(DUPLICATE_TYPE, call->arena);
        if (duplicate == NULL)
            return false;
        pb_merge(DUPLICATE_TYPE, duplicate, CANDIDATE_TYPE, candidates[i]);
        referral->duplicates[referral->n_duplicates++] = duplicate;
    }
    return true;
}

// What it lacks to be submitted, while it is still with the referrer.
static bool find_missing(service_call_t *call, const loaded_referral_t *row, referral_t *referral)
{
    referral->n_missing = 0;
    if (referral->state != REFERRAL_STATE(DRAFT) && referral->state != REFERRAL_STATE(RETURNED))
        return true;
    return referral_lacks(referral, row->ground, row->sensitive, row->support, call->today, call->arena, &referral->missing,
                          &referral->n_missing);
}

// The clock with what it comes to today; a copy, since a row is nobody's to change.
static bool tell_clock(service_call_t *call, const loaded_referral_t *row, referral_t *referral)
{
    if (referral->clock == NULL)
        return true;
    referral_clock_t *told = pb_new(CLOCK_TYPE, call->arena);
    if (told == NULL)
        return false;
    pb_merge(CLOCK_TYPE, told, CLOCK_TYPE, referral->clock);
    const wait_standard_t standard = {.days = row->standard_days};
    const wait_clock_t clock = {.state = told->stopped_on != NULL ? WAIT_STOPPED : WAIT_RUNNING,
                                .started = day_of(told->started_on),
                                .stopped = day_of(told->stopped_on)};
    told->has_weeks = 1;
    told->weeks = wait_weeks(wait_days(&clock, call->today));
    told->breach_on = referral_date(call, wait_breach_day(clock.started, &standard));
    referral->clock = told;
    return told->breach_on != NULL;
}

static bool overdue(const service_call_t *call, referral_state_t state, const char *contact_by)
{
    return state == REFERRAL_STATE(TRIAGE) && contact_by != NULL && day_of(contact_by) < call->today;
}

bool referral_work_out(service_call_t *call, const loaded_referral_t *row, referral_t *referral)
{
    const bool same = row->appointment != NULL && referral->appointment != NULL && strcmp(row->appointment, referral->appointment) == 0;
    referral->ers_state =
        TEXT(referral_ers_state(referral->state, same ? row->appointment_status : 0, same ? row->appointment_cancelled_by : 0));
    referral->has_overdue = referral->contact_by != NULL;
    referral->overdue = overdue(call, referral->state, referral->contact_by);
    return tell_clock(call, row, referral) && find_missing(call, row, referral) &&
           point_out(call, row->candidates, row->n_candidates, row->duplicate_days, referral);
}

referral_t *referral_of(service_call_t *call, const loaded_referral_t *row)
{
    referral_t *referral = pb_new(REFERRAL_TYPE, call->arena);
    if (referral == NULL)
        return NULL;
    pb_merge(REFERRAL_TYPE, referral, LOADED_REFERRAL_TYPE, row);
    return referral_work_out(call, row, referral) ? referral : NULL;
}

static step_t *new_step(service_call_t *call, referral_state_t to, char *reason)
{
    const Pcn__Common__V1__Principal *principal = call->header->principal;
    step_t *step = pb_new(&pcn__referral__v1__referral_step__type, call->arena);
    by_t *by = pb_new(&pcn__referral__v1__referral_by__type, call->arena);
    if (step == NULL || by == NULL)
        return NULL;
    by->subject = principal->subject;
    by->organisation = principal->organisations[0];
    step->has_to = 1;
    step->to = to;
    step->at = TEXT(call->now);
    step->by = by;
    step->reason = reason;
    return step;
}

status_t referral_step(service_call_t *call, referral_change_t *change, referral_verb_t verb, referral_state_t from, char *reason)
{
    referral_t *referral = change->referral;
    if (call->header->principal == NULL || call->header->principal->n_organisations == 0)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, NULL,
                           "Who refers or triages does so for an organisation: the token names none");
    if (verb == REFERRAL_AMEND)
        return STATUS_OK;
    step_t *step = new_step(call, referral->state, reason);
    step_t **history = arena_alloc(call->arena, (referral->n_history + 1) * sizeof(void *));
    if (step == NULL || history == NULL)
        return refuse_memory(call);
    step->has_from = from != REFERRAL_STATE(UNSPECIFIED);
    step->from = from;
    if (referral->n_history > 0)
        memcpy(history, referral->history, referral->n_history * sizeof(void *));
    history[referral->n_history++] = step;
    referral->history = history;
    change->step = step;
    change->has_step_number = 1;
    change->step_number = (uint32_t)referral->n_history;
    return STATUS_OK;
}

status_t referral_event(service_call_t *call, const char *type, const referral_t *referral)
{
    referral_told_t *told = pb_new(REFERRAL_TOLD_TYPE, call->arena);
    const char *subject = arena_printf(call->arena, "referrals/%s", referral->id);
    if (told == NULL || subject == NULL)
        return refuse_memory(call);
    pb_merge(REFERRAL_TOLD_TYPE, told, REFERRAL_TYPE, referral);
    told->ers_state = TEXT(referral_ers_state(referral->state, 0, 0));
    if (referral->clock != NULL) {
        // How long it is by now is true today alone.
        if ((told->clock = pb_new(CLOCK_TYPE, call->arena)) == NULL)
            return refuse_memory(call);
        pb_merge(CLOCK_TYPE, told->clock, CLOCK_TYPE, referral->clock);
        told->clock->has_weeks = 0;
    }
    return service_event(call, type, subject, referral->version, REFERRAL_TOLD_TYPE, told) ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
}

status_t emit_referral(service_call_t *call, const char *type, referral_change_t *change)
{
    call->reply = change->referral;
    call->after = change;
    call->key = change->referral->id;
    call->version = change->referral->version;
    return referral_event(call, type, change->referral);
}

// ---- creation ----

static status_t check_new(service_call_t *call, const references_t *row, const referral_t *asked)
{
    if (call->header->principal == NULL || call->header->principal->n_organisations == 0)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, NULL, "Who refers does so for an organisation: the token names none");
    if (row->patient == NULL)
        return refuse_patient(call, "patient");
    if (row->patient_gone)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "patient",
                           "The patient has died, or the record was merged into another");
    if (!row->referrer_reached)
        return problem_set(call->problem, STATUS_NOT_FOUND, "referrer", "There is no organisation %s",
                           asked->referrer != NULL ? asked->referrer : call->header->principal->organisations[0]);
    if (asked->pathway != NULL && row->ground->pathway == NULL)
        return refuse_pathway(call, asked->pathway);
    if (asked->redirected_from != NULL && !row->former_fits)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "redirectedFrom",
                           "The patient has no redirected referral %s from which none goes on yet", asked->redirected_from);
    return asked->service != NULL ? referral_check_target(row->target, asked->service, call->today, call->problem) : STATUS_OK;
}

static referral_t *new_referral(service_call_t *call, const references_t *row, const referral_t *asked)
{
    char reference[REFERENCE_SIZE];
    referral_t *referral = pb_new(REFERRAL_TYPE, call->arena);
    if (referral == NULL)
        return NULL;
    pb_merge(REFERRAL_TYPE, referral, REFERRAL_TYPE, asked);
    referral_reference(row->number, reference);
    referral->id = new_id(call);
    referral->reference = arena_string(call->arena, reference);
    if (referral->referrer == NULL)
        referral->referrer = call->header->principal->organisations[0];
    if (asked->service != NULL)
        referral->performer = row->target->provider;
    referral->has_state = 1;
    referral->state = REFERRAL_STATE(DRAFT);
    referral->has_synthetic = referral->synthetic = row->patient_synthetic;
    referral->has_version = 1;
    referral->version = 1;
    referral->created_at = referral->updated_at = TEXT(call->now);
    return referral->id != NULL && referral->reference != NULL ? referral : NULL;
}

status_t decide_create_referral(service_call_t *call)
{
    const Pcn__Referral__V1__CreateReferralRequest *request = call->request;
    const references_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    if (!about_patient(call, request->referral->patient))
        return refuse_memory(call);
    if (row == NULL)
        return problem_set(call->problem, STATUS_INTERNAL, NULL, "What the referral refers to is missing");
    status_t status = check_new(call, row, request->referral);
    if (status != STATUS_OK)
        return status;
    loaded_referral_t met = PCN__REFERRAL__STORE__V1__LOADED_REFERRAL__INIT;
    met.sensitive = row->sensitive;
    met.ground = row->ground;
    met.support = row->support;
    met.candidates = row->candidates;
    met.n_candidates = row->n_candidates;
    met.duplicate_days = row->duplicate_days;
    referral_change_t *change = pb_new(REFERRAL_CHANGE_TYPE, call->arena);
    if (change == NULL || (change->referral = new_referral(call, row, request->referral)) == NULL ||
        !referral_work_out(call, &met, change->referral))
        return refuse_memory(call);
    status = referral_step(call, change, REFERRAL_VERBS, REFERRAL_STATE(UNSPECIFIED), NULL);
    return status == STATUS_OK ? emit_referral(call, "pcn.referral.referral.created", change) : status;
}

// ---- reads ----

status_t decide_get_referral(service_call_t *call)
{
    const Pcn__Referral__V1__GetReferralRequest *request = call->request;
    const loaded_referral_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    if (row != NULL && !about_patient(call, row->about))
        return refuse_memory(call);
    if (row == NULL || row->id == NULL)
        return refuse_referral(call, request->id);
    referral_t *referral = referral_of(call, row);
    if (referral == NULL)
        return refuse_memory(call);
    call->reply = referral;
    call->version = referral->version;
    return STATUS_OK;
}

static const page_part_t parts_of_list[] = {PAGE_INSTANT, PAGE_ID}, parts_of_queue[] = {PAGE_DATE, PAGE_ID};

#define PARTS (sizeof parts_of_list / sizeof *parts_of_list)

static const char *field_of(const list_request_t *request)
{
    return request->patient != NULL ? "patient" : request->queue != NULL ? "queue" : "organisation";
}

status_t prepare_list_referrals(service_call_t *call)
{
    const list_request_t *request = call->request;
    if ((request->organisation != NULL) + (request->patient != NULL) + (request->queue != NULL) != 1)
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, field_of(request),
                           "Those of an organisation, those of a patient or those of a queue are asked for");
    if (request->queue != NULL && !service_may(call, SCOPE_TRIAGE))
        return problem_set(call->problem, STATUS_PERMISSION_DENIED, "queue", "The token lacks the scope %s", SCOPE_TRIAGE);
    if (request->queue != NULL && request->has_state && request->state != REFERRAL_STATE(TRIAGE))
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, "state", "What is in a queue is in triage");
    if (request->has_age_from && request->has_age_to && request->age_from > request->age_to)
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, "ageTo", "It is below ageFrom");
    return page_prepare(call, request->queue != NULL ? parts_of_queue : parts_of_list, PARTS);
}

status_t decide_list_referrals(service_call_t *call)
{
    const list_request_t *request = call->request;
    list_t *list = pb_new(LIST_TYPE, call->arena);
    if (list == NULL || (list->referrals = arena_alloc(call->arena, (call->row_count + 1) * sizeof(void *))) == NULL)
        return refuse_memory(call);
    page_t page = page_begin(call);
    for (size_t i = 0; i < call->row_count; i++) {
        const loaded_referral_t *row = call->rows[i];
        listed_t *listed = pb_new(LISTED_REFERRAL_TYPE, call->arena);
        if (listed == NULL)
            return refuse_memory(call);
        pb_merge(LISTED_REFERRAL_TYPE, listed, LOADED_REFERRAL_TYPE, row);
        listed->ers_state = TEXT(referral_ers_state(row->state, row->appointment_status, row->appointment_cancelled_by));
        listed->has_overdue = row->contact_by != NULL;
        listed->overdue = overdue(call, row->state, row->contact_by);
        if (!page_take(&page, LISTED_REFERRAL_TYPE, listed))
            break;
        list->referrals[list->n_referrals++] = listed;
    }
    if (!about_listed(call, LISTED_REFERRAL_TYPE, list->referrals, list->n_referrals, request->patient))
        return refuse_memory(call);
    call->reply = list;
    if (list->n_referrals == call->row_count)
        return STATUS_OK;
    const loaded_referral_t *last = call->rows[list->n_referrals - 1];
    return page_end(call, (const char *const[PARTS]){request->queue != NULL ? last->contact_by : last->created_at, last->id}, PARTS,
                    &list->next_page_token);
}
