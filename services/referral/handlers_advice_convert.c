// A request for advice becomes a referral, where the referrer agreed beforehand.
#include <string.h>

#include "common/base/clock.h"
#include "common/pb/message.h"
#include "services/referral/handlers_advice.h"
#include "services/referral/referrals.h"

typedef Pcn__Referral__V1__ReferralStep step_t;
typedef Pcn__Referral__V1__ReferralBy by_t;

#define TEXT(text) ((char *)(uintptr_t)(text))

static step_t *new_step(service_call_t *call, referral_state_t from, referral_state_t to, char *subject, char *organisation)
{
    step_t *step = pb_new(&pcn__referral__v1__referral_step__type, call->arena);
    by_t *by = pb_new(&pcn__referral__v1__referral_by__type, call->arena);
    if (step == NULL || by == NULL)
        return NULL;
    by->subject = subject;
    by->organisation = organisation;
    step->has_from = from != REFERRAL_STATE(UNSPECIFIED);
    step->from = from;
    step->has_to = 1;
    step->to = to;
    step->at = TEXT(call->now);
    step->by = by;
    return step;
}

// Who asked wrote it; who converts sends it.
static bool begin_history(service_call_t *call, const advice_t *advice, referral_t *referral)
{
    const Pcn__Common__V1__Principal *principal = call->header->principal;
    referral->history = arena_alloc(call->arena, 2 * sizeof(void *));
    if (referral->history == NULL)
        return false;
    referral->history[0] = new_step(call, REFERRAL_STATE(UNSPECIFIED), REFERRAL_STATE(DRAFT), advice->recorded_by, advice->recorded_from);
    referral->history[1] = new_step(call, REFERRAL_STATE(DRAFT), REFERRAL_STATE(TRIAGE), principal->subject, principal->organisations[0]);
    if (referral->history[0] == NULL || referral->history[1] == NULL)
        return false;
    referral->history[1]->reason = TEXT("Converted from a request for advice");
    referral->n_history = 2;
    return true;
}

// Of what a consultant leads: it reaches the provider today.
static bool start_clock(service_call_t *call, const loaded_advice_t *row, referral_t *referral)
{
    if (!row->consultant_led)
        return true;
    const wait_standard_t standard = {.days = row->standard_days};
    referral->clock = pb_new(&pcn__referral__v1__referral_clock__type, call->arena);
    if (referral->clock == NULL)
        return false;
    referral->clock->started_on = referral_date(call, call->today);
    referral->clock->breach_on = referral_date(call, wait_breach_day(call->today, &standard));
    return referral->clock->started_on != NULL && referral->clock->breach_on != NULL;
}

static referral_t *new_referral(service_call_t *call, const loaded_advice_t *row, const advice_t *advice)
{
    const Pcn__Referral__V1__ConvertAdviceRequest *request = call->request;
    char reference[REFERENCE_SIZE];
    referral_t *referral = pb_new(REFERRAL_TYPE, call->arena);
    if (referral == NULL)
        return NULL;
    referral_reference(row->referral_number, reference);
    referral->id = new_id(call);
    referral->reference = arena_string(call->arena, reference);
    referral->patient = advice->patient;
    referral->specialty = advice->specialty;
    referral->has_priority = 1;
    referral->priority = request->has_priority ? request->priority : advice->priority;
    referral->reason = advice->question;
    referral->referrer = advice->referrer;
    referral->service = advice->service;
    referral->performer = advice->provider;
    referral->triager = row->support;
    referral->has_state = 1;
    referral->state = REFERRAL_STATE(TRIAGE);
    referral->contact_by = advice_due(call, row->contact_days, row->holidays, row->n_holidays);
    referral->has_synthetic = referral->synthetic = advice->synthetic;
    referral->has_version = 1;
    referral->version = 1;
    referral->created_at = referral->updated_at = TEXT(call->now);
    const bool whole = referral->id != NULL && referral->reference != NULL && referral->contact_by != NULL &&
                       begin_history(call, advice, referral) && start_clock(call, row, referral);
    return whole ? referral : NULL;
}

status_t decide_convert_advice(service_call_t *call)
{
    const Pcn__Referral__V1__ConvertAdviceRequest *request = call->request;
    status_t status;
    advice_change_t *change = begin_advice_step(call, request->id, ADVICE_CONVERT, &status);
    if (change == NULL)
        return status;
    const loaded_advice_t *row = call->rows[0];
    status = advice_check_consent(row->may_convert, call->problem);
    if (status != STATUS_OK)
        return status;
    if (row->patient_gone)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "patient",
                           "The patient has died, or the record was merged into another");
    if (!row->has_contact_days || !row->has_standard_days)
        return problem_set(call->problem, STATUS_INTERNAL, NULL, "No rule says by when the patient is to be contacted and treated");
    status = say_advice_step(call, change, ADVICE_CONVERT, request->text);
    if (status != STATUS_OK)
        return status;
    change->referral = new_referral(call, row, change->advice);
    if (change->referral == NULL)
        return refuse_memory(call);
    change->advice->referral = change->referral->id;
    change->advice->overdue = false;
    status = emit_advice(call, "pcn.referral.advice-request.converted", change);
    return status == STATUS_OK ? referral_event(call, "pcn.referral.referral.submitted", change->referral) : status;
}
