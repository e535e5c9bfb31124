// What is done with a referral, step by step.
#include <string.h>

#include "common/base/buf.h"
#include "common/base/clock.h"
#include "common/pb/json.h"
#include "common/pb/message.h"
#include "common/service/patch.h"
#include "services/referral/referrals.h"

typedef Pcn__Referral__V1__EndReferralRequest end_request_t;
typedef Pcn__Referral__V1__ReferralMessage message_t;

#define MESSAGE_TYPE (&pcn__referral__v1__referral_message__type)
#define MISSING_TYPE (&pcn__referral__v1__referral_missing__type)
#define CLOCK_TYPE (&pcn__referral__v1__referral_clock__type)
#define MISSING_BYTES ((size_t)64 * 1024)
// Steps of a history, and so messages of a thread, that an answer has room for.
#define STEPS_MAX 30

#define TEXT(text) ((char *)(uintptr_t)(text))
#define EVENT(name) "pcn.referral.referral." name

static const loaded_referral_t *row_of(const service_call_t *call)
{
    return call->row_count > 0 ? call->rows[0] : NULL;
}

// ---- how each begins and ends ----

static status_t check_step(service_call_t *call, const loaded_referral_t *row, referral_verb_t verb, referral_state_t *to)
{
    status_t status = referral_permits(verb, row->refers, row->triages, row->patient_seen, call->problem);
    if (status == STATUS_OK && call->header->has_expected_version && call->header->expected_version != row->version)
        status = problem_set(call->problem, STATUS_ABORTED, NULL, "The referral is at version %lld now", (long long)row->version);
    if (status == STATUS_OK)
        status = referral_go(row->state, verb, to, call->problem);
    if (status == STATUS_OK && row->n_history >= STEPS_MAX && verb == REFERRAL_RESUBMIT)
        status = problem_set(call->problem, STATUS_FAILED_PRECONDITION, NULL,
                             "It was sent back and forth too often: cancel it and begin another");
    return status;
}

// The referral to be changed by a verb, with its next version and state and all that it has; NULL with the refusal in *status.
static referral_change_t *begin(service_call_t *call, const char *id, referral_verb_t verb, status_t *status)
{
    const loaded_referral_t *row = row_of(call);
    if (row != NULL && !about_patient(call, row->about)) {
        *status = refuse_memory(call);
        return NULL;
    }
    if (row == NULL || row->id == NULL) {
        *status = refuse_referral(call, id);
        return NULL;
    }
    referral_state_t to;
    *status = check_step(call, row, verb, &to);
    if (*status != STATUS_OK)
        return NULL;
    referral_change_t *change = pb_new(REFERRAL_CHANGE_TYPE, call->arena);
    if (change == NULL || (change->referral = referral_of(call, row)) == NULL) {
        *status = refuse_memory(call);
        return NULL;
    }
    change->referral->state = to;
    change->referral->version++;
    change->referral->updated_at = TEXT(call->now);
    change->submitted_at = row->submitted_at;
    change->overdue_at = row->overdue_at;
    return change;
}

// The clock stops today, where the verb stops it and it runs.
static bool stop_clock(service_call_t *call, referral_change_t *change, referral_verb_t verb)
{
    const loaded_referral_t *row = row_of(call);
    referral_clock_t *clock = change->referral->clock;
    wait_event_kind_t stop;
    if (clock == NULL || clock->stopped_on != NULL || !referral_stop(verb, change->referral->outcome, &stop))
        return true;
    clock->stopped_on = referral_date(call, call->today);
    clock->stop = TEXT(wait_event_text(stop));
    change->has_clock_number = 1;
    change->clock_number = row->clock_number;
    change->clock_stopped_on = clock->stopped_on;
    change->clock_stop = clock->stop;
    return clock->stopped_on != NULL;
}

// The step into the history, what follows from the state, and the event.
static status_t end(service_call_t *call, referral_change_t *change, referral_verb_t verb, char *reason, const char *event)
{
    const loaded_referral_t *row = row_of(call);
    status_t status = referral_step(call, change, verb, row->state, reason);
    if (status != STATUS_OK)
        return status;
    if (!referral_open(change->referral->state) && (change->closed_on = referral_date(call, call->today)) == NULL)
        return refuse_memory(call);
    return referral_work_out(call, row, change->referral) ? emit_referral(call, event, change) : refuse_memory(call);
}

// Words at the end of the thread.
static bool write_message(service_call_t *call, referral_change_t *change, const char *from, char *text)
{
    referral_t *referral = change->referral;
    const Pcn__Common__V1__Principal *principal = call->header->principal;
    message_t *message = pb_new(MESSAGE_TYPE, call->arena);
    message_t **thread = arena_alloc(call->arena, (referral->n_thread + 1) * sizeof(void *));
    if (message == NULL || thread == NULL)
        return false;
    if (principal == NULL || principal->n_organisations == 0)
        return true; // the step is refused
    message->at = TEXT(call->now);
    message->from = TEXT(from);
    message->text = text;
    message->subject = principal->subject;
    message->organisation = principal->organisations[0];
    if (referral->n_thread > 0)
        memcpy(thread, referral->thread, referral->n_thread * sizeof(void *));
    thread[referral->n_thread++] = message;
    referral->thread = thread;
    change->message = message;
    change->has_message_number = 1;
    change->message_number = (uint32_t)referral->n_thread;
    return true;
}

// ---- the referrer's ----

status_t decide_update_referral(service_call_t *call)
{
    const Pcn__Referral__V1__UpdateReferralRequest *request = call->request;
    status_t status;
    referral_change_t *change = begin(call, request->id, REFERRAL_AMEND, &status);
    if (change == NULL)
        return status;
    void *patched;
    status = message_patch(REFERRAL_TYPE, change->referral, request->referral, request->clear, request->n_clear, call->arena, &patched,
                           call->problem);
    if (status == STATUS_OK && request->referral->service != NULL)
        status = referral_check_target(row_of(call)->target, request->referral->service, call->today, call->problem);
    if (status == STATUS_OK && request->referral->pathway != NULL && row_of(call)->ground->pathway == NULL)
        status = refuse_pathway(call, request->referral->pathway);
    if (status != STATUS_OK)
        return status;
    change->referral = patched;
    if (request->referral->service != NULL)
        change->referral->performer = row_of(call)->target->provider;
    else if (change->referral->service == NULL)
        change->referral->performer = NULL;
    return end(call, change, REFERRAL_AMEND, NULL, EVENT("updated"));
}

// FAILED_PRECONDITION with all that is missing.
static status_t refuse_incomplete(service_call_t *call, const referral_t *referral)
{
    const Pcn__Referral__V1__ReferralMissing *first = referral->missing[0];
    status_t status = problem_set(call->problem, STATUS_FAILED_PRECONDITION, first->field, "%s", first->what);
    buf_t text;
    buf_init(&text, MISSING_BYTES);
    buf_add_string(&text, "\"missing\":[");
    for (size_t i = 0; i < referral->n_missing; i++) {
        if (i > 0)
            buf_add_char(&text, ',');
        pb_json_write(MISSING_TYPE, referral->missing[i], &text);
    }
    buf_add_char(&text, ']');
    call->problem->members = buf_ok(&text) ? arena_copy(call->arena, text.data, text.size) : NULL;
    buf_deinit(&text);
    return status;
}

// From today on; of what was redirected here, from the day on which that one's clock started.
static bool start_clock(service_call_t *call, referral_change_t *change, referral_verb_t verb)
{
    const loaded_referral_t *row = row_of(call);
    referral_clock_t *clock = pb_new(CLOCK_TYPE, call->arena);
    if (clock == NULL || (clock->started_on = referral_date(call, call->today)) == NULL)
        return false;
    change->referral->clock = clock;
    if (verb == REFERRAL_SUBMIT && row->former_started_on != NULL) {
        change->clock_continued_on = clock->started_on;
        clock->started_on = row->former_started_on;
    }
    change->has_clock_number = 1;
    change->clock_number = row->clock_number + 1;
    change->clock_started_on = clock->started_on;
    return true;
}

// By which day the patient is to be contacted; NULL without memory.
static char *contact_by(service_call_t *call)
{
    const loaded_referral_t *row = row_of(call);
    int32_t *days = arena_alloc(call->arena, (row->n_bank_holidays_on + 1) * sizeof *days);
    if (days == NULL)
        return NULL;
    holidays_t holidays = {.days = days};
    for (size_t i = 0; i < row->n_bank_holidays_on; i++)
        holidays.count += date_parse(row->bank_holidays_on[i], &days[holidays.count]) ? 1 : 0;
    return referral_date(call, wait_working_day_after(call->today, (int32_t)row->working_days, &holidays));
}

// Into triage, with its clock. What it lacked is what was worked out of it before.
static status_t send_to_triage(service_call_t *call, referral_change_t *change, referral_verb_t verb, char *reason, const char *event)
{
    const loaded_referral_t *row = row_of(call);
    referral_t *referral = change->referral;
    if (row->patient_gone)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "patient",
                           "The patient has died, or the record was merged into another");
    if (!row->has_working_days)
        return problem_set(call->problem, STATUS_INTERNAL, NULL, "No rule says by when the patient is to be contacted");
    if (referral->n_missing > 0)
        return refuse_incomplete(call, referral);
    // The pathway says whether a consultant leads it; the specialty does where it has none.
    const Pcn__Referral__V1__Pathway *pathway = referral->pathway != NULL ? row->ground->pathway : NULL;
    referral->has_pathway_version = pathway != NULL;
    referral->pathway_version = pathway != NULL ? pathway->version : 0;
    const bool led = pathway != NULL ? pathway->consultant_led : row->consultant_led;
    referral->triager = row->support;
    change->submitted_at = TEXT(call->now);
    change->overdue_at = NULL;
    if ((referral->contact_by = contact_by(call)) == NULL || (led && !start_clock(call, change, verb)))
        return refuse_memory(call);
    return end(call, change, verb, reason, event);
}

status_t decide_submit_referral(service_call_t *call)
{
    const Pcn__Referral__V1__SubmitReferralRequest *request = call->request;
    status_t status;
    referral_change_t *change = begin(call, request->id, REFERRAL_SUBMIT, &status);
    return change != NULL ? send_to_triage(call, change, REFERRAL_SUBMIT, NULL, EVENT("submitted")) : status;
}

status_t decide_resubmit_referral(service_call_t *call)
{
    const Pcn__Referral__V1__ResubmitReferralRequest *request = call->request;
    status_t status;
    referral_change_t *change = begin(call, request->id, REFERRAL_RESUBMIT, &status);
    if (change == NULL)
        return status;
    if (request->n_answers > 0) {
        change->referral->answers = request->answers;
        change->referral->n_answers = request->n_answers;
    }
    // What it lacks is judged as if it were still with the referrer, with the answers that it has now.
    change->referral->state = REFERRAL_STATE(RETURNED);
    if (!referral_work_out(call, row_of(call), change->referral) || !write_message(call, change, "referrer", request->reason))
        return refuse_memory(call);
    change->referral->state = REFERRAL_STATE(TRIAGE);
    return send_to_triage(call, change, REFERRAL_RESUBMIT, request->reason, EVENT("resubmitted"));
}

// ---- the triage desk's ----

status_t decide_accept_referral(service_call_t *call)
{
    const Pcn__Referral__V1__AcceptReferralRequest *request = call->request;
    status_t status;
    referral_change_t *change = begin(call, request->id, REFERRAL_ACCEPT, &status);
    if (change == NULL)
        return status;
    const loaded_referral_t *row = row_of(call);
    if (request->service != NULL) {
        status = referral_check_target(row->target, request->service, call->today, call->problem);
        if (status != STATUS_OK)
            return status;
        if (!row->keeps_sight && !row->target->reached)
            return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "service",
                               "Who performs it accepts it for services of their own: for another's it is redirected");
        change->referral->service = request->service;
        change->referral->performer = row->target->provider;
    }
    if (request->has_priority)
        change->referral->priority = request->priority;
    return end(call, change, REFERRAL_ACCEPT, NULL, EVENT("accepted"));
}

// A verb that takes a reason and nothing else.
static status_t finish(service_call_t *call, referral_verb_t verb, const char *event)
{
    const end_request_t *request = call->request;
    status_t status;
    referral_change_t *change = begin(call, request->id, verb, &status);
    if (change == NULL)
        return status;
    if (!stop_clock(call, change, verb) || (verb == REFERRAL_RETURN && !write_message(call, change, "triage", request->reason)))
        return refuse_memory(call);
    return end(call, change, verb, request->reason, event);
}

status_t decide_return_referral(service_call_t *call)
{
    return finish(call, REFERRAL_RETURN, EVENT("returned"));
}

status_t decide_reject_referral(service_call_t *call)
{
    return finish(call, REFERRAL_REJECT, EVENT("rejected"));
}

status_t decide_defer_referral(service_call_t *call)
{
    return finish(call, REFERRAL_DEFER, EVENT("deferred"));
}

status_t decide_redirect_referral(service_call_t *call)
{
    const Pcn__Referral__V1__RedirectReferralRequest *request = call->request;
    status_t status;
    referral_change_t *change = begin(call, request->id, REFERRAL_REDIRECT, &status);
    if (change == NULL)
        return status;
    const Pcn__Referral__Store__V1__ReferralTarget *target = row_of(call)->target;
    if (request->service != NULL) {
        status = referral_check_target(target, request->service, call->today, call->problem);
        if (status != STATUS_OK)
            return status;
        change->referral->redirected_to = request->service;
        change->referral->redirected_provider = target->provider;
    }
    if (!stop_clock(call, change, REFERRAL_REDIRECT))
        return refuse_memory(call);
    return end(call, change, REFERRAL_REDIRECT, request->reason, EVENT("redirected"));
}

// ---- either side's ----

status_t decide_cancel_referral(service_call_t *call)
{
    return finish(call, REFERRAL_CANCEL, EVENT("cancelled"));
}

// The appointment that it is booked with, and who sees the patient there.
static status_t take_appointment(service_call_t *call, referral_t *referral, char *appointment)
{
    const loaded_referral_t *row = row_of(call);
    if (row->appointment_patient == NULL)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "appointment", "There is no appointment %s", appointment);
    if (strcmp(row->appointment_patient, row->patient) != 0)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "appointment", "It is another patient's");
    if (!row->appointment_live)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "appointment", "The appointment does not take place");
    if (referral->performer != NULL && strcmp(referral->performer, row->appointment_organisation) != 0)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "appointment", "It is with another provider than the referral");
    if (referral->performer == NULL) {
        referral->performer = row->appointment_organisation;
        referral->service = row->appointment_service;
    }
    referral->appointment = appointment;
    referral->booked_for = row->appointment_start;
    return STATUS_OK;
}

status_t decide_book_referral(service_call_t *call)
{
    const Pcn__Referral__V1__BookReferralRequest *request = call->request;
    status_t status;
    referral_change_t *change = begin(call, request->id, REFERRAL_BOOK, &status);
    if (change == NULL)
        return status;
    if (request->appointment != NULL && request->booked_for != NULL)
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, "bookedFor",
                           "An appointment of this platform says by itself when it is");
    change->referral->booked_for = request->booked_for;
    status = request->appointment != NULL ? take_appointment(call, change->referral, request->appointment) : STATUS_OK;
    return status == STATUS_OK ? end(call, change, REFERRAL_BOOK, NULL, EVENT("booked")) : status;
}

status_t decide_complete_referral(service_call_t *call)
{
    const Pcn__Referral__V1__CompleteReferralRequest *request = call->request;
    status_t status;
    referral_change_t *change = begin(call, request->id, REFERRAL_COMPLETE, &status);
    if (change == NULL)
        return status;
    change->referral->has_outcome = 1;
    change->referral->outcome = request->has_outcome ? request->outcome : REFERRAL_OUTCOME(TREATED);
    if (!stop_clock(call, change, REFERRAL_COMPLETE))
        return refuse_memory(call);
    return end(call, change, REFERRAL_COMPLETE, NULL, EVENT("completed"));
}

// ---- the service's own ----

status_t decide_tell_overdue_referral(service_call_t *call)
{
    const Pcn__Referral__V1__TellOverdueReferralRequest *request = call->request;
    const loaded_referral_t *row = row_of(call);
    if (row == NULL || row->id == NULL)
        return refuse_referral(call, request->id);
    referral_change_t *change = pb_new(REFERRAL_CHANGE_TYPE, call->arena);
    if (change == NULL || (change->referral = referral_of(call, row)) == NULL)
        return refuse_memory(call);
    if (row->overdue_at != NULL || !change->referral->overdue) {
        call->reply = change->referral;
        call->unchanged = true;
        return STATUS_OK;
    }
    change->submitted_at = row->submitted_at;
    change->overdue_at = TEXT(call->now);
    change->referral->version++;
    change->referral->updated_at = TEXT(call->now);
    return emit_referral(call, EVENT("overdue"), change);
}
