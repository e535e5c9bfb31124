// What is done with a request for advice, step by step.
#include <string.h>

#include "common/pb/message.h"
#include "services/referral/handlers_advice.h"
#include "services/referral/rules_consultation.h"

#define MESSAGE_TYPE (&pcn__referral__v1__advice_message__type)

typedef Pcn__Referral__V1__AdviceMessage message_t;

advice_change_t *begin_advice_step(service_call_t *call, const char *id, advice_step_t step, status_t *status)
{
    const loaded_advice_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    if (row == NULL || row->id == NULL) {
        *status = row != NULL && !about_patient(call, row->about) ? refuse_memory(call) : refuse_advice(call, id);
        return NULL;
    }
    advice_change_t *change = pb_new(ADVICE_CHANGE_TYPE, call->arena);
    if (change == NULL || !about_patient(call, row->about) || (change->advice = advice_of(call, row)) == NULL) {
        *status = refuse_memory(call);
        return NULL;
    }
    advice_t *advice = change->advice;
    *status = advice_permits(step, row->refers, row->provides, call->problem);
    if (*status == STATUS_OK && call->header->has_expected_version && call->header->expected_version != row->version)
        *status = problem_set(call->problem, STATUS_ABORTED, NULL, "It is at version %lld now", (long long)row->version);
    if (*status == STATUS_OK)
        *status = advice_go(row->state, step, &advice->state, call->problem);
    advice->end = advice_end(step);
    advice->has_end = advice->end != ADVICE_END(UNSPECIFIED);
    advice->version++;
    advice->updated_at = (char *)(uintptr_t)call->now;
    return *status == STATUS_OK ? change : NULL;
}

status_t say_advice_step(service_call_t *call, advice_change_t *change, advice_step_t step, char *text)
{
    advice_t *advice = change->advice;
    const Pcn__Common__V1__Principal *principal = call->header->principal;
    size_t bytes = 0;
    for (size_t i = 0; i < advice->n_thread; i++)
        bytes += advice->thread[i]->text != NULL ? strlen(advice->thread[i]->text) : 0;
    // One that is full can still come to its end.
    const bool ends = advice->has_end || step == ADVICE_CONVERT;
    status_t status = ends ? STATUS_OK : consultation_room(advice->n_thread, bytes, strlen(text), call->problem);
    if (status != STATUS_OK)
        return status;
    if (principal == NULL || principal->n_organisations == 0)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, NULL, "Who writes does so for an organisation: the token names none");
    message_t *message = pb_new(MESSAGE_TYPE, call->arena);
    message_t **thread = arena_alloc(call->arena, (advice->n_thread + 1) * sizeof(void *));
    if (message == NULL || thread == NULL)
        return refuse_memory(call);
    message->at = (char *)(uintptr_t)call->now;
    message->from = (char *)(uintptr_t)(advice_is_providers(step) ? "provider" : "referrer");
    message->has_kind = 1;
    message->kind = advice_message_kind(step);
    message->text = text;
    message->subject = principal->subject;
    message->organisation = principal->organisations[0];
    if (advice->n_thread > 0)
        memcpy(thread, advice->thread, advice->n_thread * sizeof(void *));
    thread[advice->n_thread++] = message;
    advice->thread = thread;
    change->message = message;
    change->has_number = 1;
    change->number = (uint32_t)advice->n_thread;
    return STATUS_OK;
}

static status_t take_step(service_call_t *call, const char *id, advice_step_t step, char *text, const char *type)
{
    status_t status;
    advice_change_t *change = begin_advice_step(call, id, step, &status);
    if (change == NULL)
        return status;
    status = say_advice_step(call, change, step, text);
    if (status != STATUS_OK)
        return status;
    const loaded_advice_t *row = call->rows[0];
    // Asked again, its time begins anew.
    if (step == ADVICE_SUBMIT_INFORMATION &&
        (change->advice->response_due = advice_due(call, row->working_days, row->holidays, row->n_holidays)) == NULL)
        return refuse_memory(call);
    change->advice->overdue = false;
    return emit_advice(call, type, change);
}

status_t decide_respond_to_advice(service_call_t *call)
{
    const Pcn__Referral__V1__WriteAdviceRequest *request = call->request;
    return take_step(call, request->id, ADVICE_RESPOND, request->text, "pcn.referral.advice-request.responded");
}

status_t decide_ask_for_information(service_call_t *call)
{
    const Pcn__Referral__V1__WriteAdviceRequest *request = call->request;
    return take_step(call, request->id, ADVICE_ASK_FOR_INFORMATION, request->text, "pcn.referral.advice-request.information-asked");
}

status_t decide_submit_information(service_call_t *call)
{
    const Pcn__Referral__V1__WriteAdviceRequest *request = call->request;
    return take_step(call, request->id, ADVICE_SUBMIT_INFORMATION, request->text, "pcn.referral.advice-request.information-submitted");
}

status_t decide_close_advice(service_call_t *call)
{
    const Pcn__Referral__V1__CloseAdviceRequest *request = call->request;
    return take_step(call, request->id, ADVICE_CLOSE, request->reason, "pcn.referral.advice-request.closed");
}

status_t decide_cancel_advice(service_call_t *call)
{
    const Pcn__Referral__V1__CancelAdviceRequest *request = call->request;
    return take_step(call, request->id, ADVICE_CANCEL, request->reason, "pcn.referral.advice-request.cancelled");
}
